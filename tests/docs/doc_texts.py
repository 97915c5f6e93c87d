"""What the reference pages must say, made from the code; and how tables and blocks of a page are read.

`python tests/docs/doc_texts.py` prints the help texts and the settings with their defaults, for pasting after a change.
"""

import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import click
from annotated_types import Ge, Gt, Le
from click.testing import CliRunner
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from spentkey.bootstrap.registry import DESKS, VAULTS, settings_of
from spentkey.cli.main import cli
from spentkey.core import records
from spentkey.core.records import Record
from spentkey.core.secret import Secret
from spentkey.settings.schema import Settings
from spentkey.settings.sources import VaultEntry
from spentkey.settings.values import UUID_PATTERN

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
DASH = "–"


def page(*parts: str) -> str:
    """The text of a document, by its path from the root of the repository."""
    return ROOT.joinpath(*parts).read_text("utf-8")


def documents() -> list[Path]:
    """Every Markdown file that belongs to the repository."""
    folders = (ROOT / "docs", ROOT / "simulator", ROOT / "examples", ROOT / "tests")
    found = {*ROOT.glob("*.md"), *(file for folder in folders for file in folder.rglob("*.md"))}
    return sorted(file for file in found if "node_modules" not in file.parts)  # there after `make setup-clients`


def tables(text: str) -> list[list[list[str]]]:
    """Every table of a page as rows of cells, its heading first, its rule left out."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                found[-1].append(cells)
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def command_names() -> list[str]:
    """Every command as it is typed after `spentkey`, each group before its own commands."""
    names: list[str] = []
    for name, command in sorted(cli.commands.items()):
        names.append(name)
        if isinstance(command, click.Group):
            names += [f"{name} {inner}" for inner in sorted(command.commands)]
    return names


@functools.cache
def help_texts() -> dict[str, str]:
    """What each command prints for `--help`, by the command."""
    texts = {"spentkey": _spentkey_help()}
    texts |= {f"spentkey {words}": _spentkey_help(*words.split()) for words in command_names()}
    return texts | {"spentkey-sim": _sim_help(), "spentkey-sim serve": _sim_help("serve")}


def _spentkey_help(*words: str) -> str:
    ended = CliRunner().invoke(cli, [*words, "--help"], prog_name="spentkey", terminal_width=78)
    assert ended.exit_code == 0
    return ended.stdout


def _sim_help(*words: str) -> str:
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "spentkey_sim.cli", *words, "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=60).stdout


def record_kinds() -> dict[str, type[Record]]:
    """The shape of every kind of evidence record, in the order of the code."""
    shapes = [one for one in vars(records).values() if isinstance(one, type) and issubclass(one, Record)]
    return {shape.what.value: shape for shape in shapes if "what" in vars(shape)}


def record_rows() -> list[list[str]]:
    """The table of evidence records: the kind, when it is written, and what it carries beside the try."""
    return [
        [f"`{kind}`", " ".join((shape.__doc__ or "").split()), ", ".join(_carried(shape))]
        for kind, shape in record_kinds().items()
    ]


def _carried(shape: type[Record]) -> Iterator[str]:
    hints = get_type_hints(shape, include_extras=True)
    for one in fields(shape):
        told = get_args(hints[one.name])[1] if get_origin(hints[one.name]) is Annotated else ""
        name = f"`{one.name.rstrip('_')}`"
        yield told if one.name == "result" else f"{name} ({told})" if told else name


Row = tuple[str, str, str]


def settings_rows() -> Iterator[Row]:
    """Name, default and allowed values of every setting: what is in every configuration, then each desk and each vault."""
    yield from _rows(Settings, "")
    for name in (*DESKS, *VAULTS):
        try:
            found = settings_of(name)
        except ModuleNotFoundError:  # not written yet
            continue
        assert found is not None
        yield from _rows(found[0], f"{name}.")


def _rows(model: type[BaseModel], path: str) -> Iterator[Row]:
    for name, field in model.model_fields.items():
        inner = _section(field.annotation)
        if field.exclude:
            continue  # a table that has a name of its own
        if inner is not None:
            yield from _rows(inner, f"{path}{name}.NAME." if _by_name(field.annotation) else f"{path}{name}.")
        else:
            yield f"`{path}{name}`", default_of(field), _kind(field.annotation, field.metadata)


def _by_name(annotation: Any) -> bool:
    """Whether a setting is a table with a section for each name."""
    return getattr(get_origin(annotation), "__name__", "") == "Mapping"


def _section(annotation: Any) -> type[BaseModel] | None:
    """The section that a setting is, or that a table of settings holds one of for each name."""
    candidates = [annotation, *get_args(annotation)]
    return next((one for one in candidates if isinstance(one, type) and issubclass(one, BaseModel)), None)


def default_of(field: FieldInfo) -> str:
    """The default as TOML writes it; a dash where there is none and the setting may be left out."""
    if field.is_required():
        return "needed"
    return DASH if field.default is None else f"`{_toml(field.default)}`"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, Mapping):
        inner = cast("Mapping[str, object]", value).items()
        return f"{{ {', '.join(f'{name} = {_toml(one)}' for name, one in inner)} }}" if inner else "{}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        unit, name = next(one for one in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")) if not value.seconds % one[0])
        return f'"{int(value.total_seconds()) // unit}{name}"'
    return f'"{value}"' if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def _kind(annotation: Any, limits: list[Any]) -> str:
    """The kind of value, and its limits where it has some."""
    names = {
        bool: "`true` or `false`",
        int: "whole number",
        float: "number",
        Path: "path",
        Secret: "secret",
        VaultEntry: "entry",
        timedelta: "number and unit (`s`, `m`, `h` or `d`)",
    }
    if annotation is str:
        return _text_kind(limits)
    if annotation in names:
        return names[annotation] + _range(limits)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(inner[0], list(inner[1:]))
    if origin is Literal:
        return " or ".join(f"`{_toml(one)}`" for one in inner)
    if origin in (Union, UnionType):
        return " or ".join(_kind(one, []) for one in inner if one is not type(None))
    if origin is tuple:
        return f"list of {_kind(inner[0], [])}"
    if origin is Mapping or getattr(origin, "__name__", "") == "Mapping":
        return f"table of {_kind(inner[1], [])}"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return " or ".join(f"`{_toml(one.value)}`" for one in annotation)
    raise TypeError(f"no words for {annotation}")


def _text_kind(limits: list[Any]) -> str:
    message = repr(limits)
    if "_https" in message:
        return "https address"
    if "_signed_answers" in message:
        return "http or https address"
    return "UUID" if UUID_PATTERN in message else "text"


def _range(limits: list[Any]) -> str:
    message = [f"at least {limit.ge:g}" for limit in limits if isinstance(limit, Ge)]
    message += [f"above {limit.gt:g}" for limit in limits if isinstance(limit, Gt)]
    message += [f"at most {limit.le:g}" for limit in limits if isinstance(limit, Le)]
    return f", {', '.join(message)}" if message else ""


if __name__ == "__main__":
    for command, text in help_texts().items():
        print(f"## `{command}`\n\n```text\n{text}```\n")
    for row in settings_rows():
        print("| " + " | ".join(row) + " |")
    for row in record_rows():
        print("| " + " | ".join(row) + " |")
