"""The files of a first configuration: folders of 0700, secrets of 0600, and the TOML itself."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret

HEAD = """# Made by `spentkey init`. All settings: docs/reference/settings.md in the repository.
# Secrets stand in files of their own, or in the environment; this file has none.
"""


def made_by_us(folders: Iterable[Path]) -> list[Path]:
    """Make the folders that are missing, for this account alone; gives those that were made."""
    made: list[Path] = []
    for folder in folders:
        if folder.is_dir():
            continue
        try:
            folder.mkdir(mode=0o700, parents=True)
            folder.chmod(0o700)
        except OSError as problem:
            raise Misconfigured(f"{folder}: cannot be made ({problem.strerror})") from None
        made.append(folder)
    return made


def put_secret(path: Path, value: Secret) -> Path:
    """A new file that only its owner may read; one that is there is left as it is."""
    made_by_us([path.parent])
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise Misconfigured(f"{path}: cannot be made ({problem.strerror})") from None
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(f"{value.reveal()}\n")
    return path


def to_toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """TOML of these tables; a table in a table becomes one of its own, a mapping of secrets stands inline."""
    blocks: list[str] = []
    for name, table in tables.items():
        inner: dict[str, Any] = {
            key: value for key, value in table.items() if isinstance(value, dict) and not _is_source(value)
        }
        plain = [f"{_key(key)} = {_value(value)}" for key, value in table.items() if key not in inner]
        blocks.append("\n".join([f"[{name}]", *plain]))
        blocks += [
            "\n".join([f"[{name}.{key}]", *(f"{_key(one)} = {_value(value)}" for one, value in rest.items())])
            for key, rest in inner.items()
        ]
    return HEAD + "\n" + "\n\n".join(blocks) + "\n"


def _is_source(value: Any) -> bool:
    return isinstance(value, dict) and set(cast("dict[str, Any]", value)) <= {"file", "env", "entry"}


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in cast("Mapping[str, Any]", value).items())
        return f"{{ {pairs} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)
