"""Every kind of reason in the code, as tests/vectors/reasons.jsonl and docs/reference/reasons.md keep them.

After a change of the words, `.venv/bin/python tests/support/reason_kinds.py` writes both again; read the difference.
"""

import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import spentkey
from spentkey.core.reason import ReasonKind

ROOT = Path(__file__).parents[2]
SNAPSHOT = ROOT / "tests" / "vectors" / "reasons.jsonl"
PAGE = ROOT / "docs" / "reference" / "reasons.md"
HEADING = "| code | in English |\n|---|---|\n"

REGISTER = "_KINDS"
"""The register of `spentkey.core.reason`, which has the kinds of tests too."""


def modules() -> Iterator[ModuleType]:
    """Every module of spentkey."""
    for found in pkgutil.walk_packages(spentkey.__path__, "spentkey."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def kinds() -> list[ReasonKind]:
    """Each kind once for each place that defines it, by code; a module may have them under names and in mappings."""
    found: dict[int, ReasonKind] = {}
    for module in modules():
        for name, value in vars(module).items():
            if name == REGISTER:
                continue
            inside = list(cast("Mapping[Any, Any]", value).values()) if isinstance(value, dict) else [value]
            found.update({id(one): one for one in inside if isinstance(one, ReasonKind)})
    return sorted(found.values(), key=lambda one: one.code)


def snapshot() -> str:
    """One line for each code."""
    rows = ({"code": one.code, "en": one.en, "nl": one.nl, "fr": one.fr} for one in kinds())
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def table() -> str:
    """The table of the page."""
    return HEADING + "".join(f"| `{one.code}` | {cell(one.en)} |\n" for one in kinds())


def cell(sentence: str) -> str:
    """A sentence as it stands in a table, with its blanks at the ends."""
    text = sentence.replace("|", r"\|")
    return f"`{text}`" if text.startswith((" ", ":", ",")) else text


def page() -> str:
    """The page with the table of now."""
    return PAGE.read_text("utf-8").split(HEADING)[0] + table()


if __name__ == "__main__":
    SNAPSHOT.write_text(snapshot(), "utf-8")
    PAGE.write_text(page(), "utf-8")
