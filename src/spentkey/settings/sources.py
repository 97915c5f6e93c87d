"""The configuration file and the environment, laid over one another; and secrets, fetched from where they are kept."""

import json
import os
import stat
import tomllib
import unicodedata
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.settings.modes import Modes
from spentkey.settings.surroundings import ProcessView

PREFIX = "SPENTKEY_"
FILE_VARIABLE = "SPENTKEY_CONFIG"
"""The variable that names the file itself, so it is none of the settings."""
LARGEST_SECRET = 65_536
"""Largest secret file, in bytes."""


class FromEnvironment(str):
    """A text that the environment gave, not the file, so that it may be a literal secret whoever can read the file."""

    __slots__ = ()


class NoConfiguration(Misconfigured):
    """There is no such file; who asked for it says how another one is named."""


@dataclass(frozen=True)
class VaultEntry:
    """A secret that is kept in the vault: the title of its entry there."""

    title: str


@dataclass(frozen=True)
class Sources:
    """The merged settings, and what is needed to read the secrets that they point at."""

    values: dict[str, Any]
    file: Path
    private: bool
    """Whether only the owner may read the file, so that it may hold a literal secret."""
    environment: Mapping[str, str]
    variables: Mapping[tuple[str, ...], str] = field(default_factory=dict[tuple[str, ...], str])
    """Which settings, or tables of them, the environment gave, and in which variable."""
    modes: Modes | None = None
    """Judges who may write and read the files that the settings name; None judges nothing."""

    def origin(self, path: tuple[str, ...]) -> str:
        """Where a setting stands: the variable that gives it, a table that it is in, or a part of it; else the file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.variables:
                return self.variables[path[:length]]
        within = (name for given, name in self.variables.items() if given[: len(path)] == path)
        return next(within, str(self.file))

    @property
    def folder(self) -> Path:
        """The folder that relative paths count from."""
        return self.file.parent


def read_sources(file: Path, environment: Mapping[str, str]) -> Sources:
    """Read the file and lay the environment over it."""
    try:
        with file.open("rb") as stream:
            seen = os.fstat(stream.fileno())
            values = tomllib.loads(_as_text(stream.read()))
    except FileNotFoundError:
        raise NoConfiguration(
            f"{file.absolute()}: there is no such configuration file; start one from examples/spentkey.toml "
            "(docs/tutorial/first-day.md)"
        ) from None
    except (ValueError, RecursionError) as problem:  # beside its own error: no UTF-8, endless digits, deep nesting
        raise Misconfigured(f"{file}: not valid TOML: {_without_values(problem)}") from None
    except OSError as problem:
        raise Misconfigured(f"{file}: cannot be read ({problem.strerror})") from None
    modes = Modes(ProcessView(environment))
    if problem := modes.why_not(file.absolute(), seen, secret=False):
        raise Misconfigured(f"{file}: {problem}")
    variables = _overlay(values, environment)
    private = not seen.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return Sources(values, file, private, environment, variables, modes)


def _as_text(content: bytes) -> str:
    """UTF-8, with a byte order mark or without; and what else Windows writes is told."""
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise Utf16("UTF-16 text; save it as UTF-8")
    return content.decode("utf-8-sig")


class Utf16(ValueError):
    """A file in UTF-16, which Windows PowerShell writes by `>`."""


def _without_values(problem: Exception) -> str:
    """TOML errors say where they are; texts of the file are not repeated, since one may be a secret."""
    if isinstance(problem, Utf16):
        return str(problem)
    text = str(problem)
    words = next((words for begin, words in TOML_WORDS.items() if text.startswith(begin)), "")
    place = text[text.rfind("(at ") :] if "(at " in text else type(problem).__name__
    return f"{words} {place}".strip()


def _overlay(values: dict[str, Any], environment: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Lay the environment over the values; gives the variable of each setting that it gave."""
    variables: dict[tuple[str, ...], str] = {}
    for name, text in sorted(environment.items()):
        if name.startswith(PREFIX) and name != FILE_VARIABLE:
            path = _path(name.removeprefix(PREFIX), values)
            _put(values, path, _value(text), name)
            variables[tuple(path)] = name
    return variables


def _path(name: str, values: Mapping[str, Any]) -> list[str]:
    """Settings are lower case; the name of a tenant is kept, or matched with one of the file in any case."""
    parts = name.split("__")
    path = [part.lower() for part in parts]
    if path[0] == "tenants" and len(parts) > 1:
        tenants = values.get("tenants")
        names = list(cast("dict[str, Any]", tenants)) if isinstance(tenants, dict) else []
        known = {tenant.lower(): tenant for tenant in names}
        path[1] = known.get(parts[1].lower(), parts[1])
    return path


def _value(text: str) -> Any:
    """Lists and tables are JSON; everything else is the text itself."""
    if text[:1] in ("[", "{"):
        try:
            return _marked(json.loads(text))
        except (ValueError, RecursionError):
            pass
    return FromEnvironment(text)


def _marked(value: Any) -> Any:
    """The same value, each of its texts marked as the environment's."""
    if isinstance(value, dict):
        return {name: _marked(inner) for name, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_marked(inner) for inner in cast("list[Any]", value)]
    return FromEnvironment(value) if isinstance(value, str) else value


def _put(values: dict[str, Any], path: list[str], value: Any, name: str) -> None:
    table = values
    for part in path[:-1]:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            raise Misconfigured(f"{name}: {part} is not a table of settings")
        table = cast("dict[str, Any]", inner)
    table[path[-1]] = value


TOML_WORDS = {
    "Invalid value": "a value that is none; is it a text without quotes?",
    "Expected '='": "a name without =",
    "Invalid initial character": "a name cannot begin so; are quotes missing?",
    "Invalid statement": "neither a setting nor a [table]",
    "Expected newline or end": "something stands behind a value; there is one setting in each line",
    "Cannot overwrite": "a setting that stands there twice",
    "Cannot declare": "a [table] that stands there twice",
    "Cannot mutate": "a table that is already complete",
    "Illegal character": "a text that is not ended in its line, or a control character; is a quote missing?",
    "Unterminated string": "a text whose end is missing",
    "Expected ']'": "a ] is missing",
    "Unclosed": "a list or table whose end is missing",
    "Unescaped": "a \\ in a text: double it, or put the text into single quotes",
    "Invalid hex": "a \\ in a text: double it, or put the text into single quotes",
}
"""How Python's messages about TOML begin, which may go on with a text of the file, and what they mean."""


class SecretProblem(ValueError):
    """Why a secret cannot be read, without its value."""


def read_secret(given: object, sources: Sources) -> Secret | VaultEntry:
    """Fetch a secret from its file or variable; `{ entry = … }` is left for the vault."""
    if isinstance(given, str):
        if not isinstance(given, FromEnvironment) and not sources.private:
            raise SecretProblem(
                'a literal secret needs a file of mode 0600; better use { file = "…" } or { env = "…" }'
            )
        return _not_empty(given)
    if not isinstance(given, dict) or len(cast("dict[str, object]", given)) != 1:
        raise SecretProblem('must be { file = "…" }, { env = "…" } or a text')
    ((how, what),) = cast("dict[str, object]", given).items()
    if not isinstance(what, str) or not what:
        raise SecretProblem(f"{how} must be a text")
    if how == "file":
        return _not_empty(_file_text((sources.folder / what).absolute(), sources.modes))
    if how == "env":
        return _not_empty(sources.environment.get(what, ""))
    if how == "entry":
        return VaultEntry(what)
    raise SecretProblem(f"{how} is not a way to give a secret; use file or env")


def _file_text(path: Path, modes: Modes | None) -> str:
    try:
        with path.open("rb") as stream:
            if modes is not None and (problem := modes.why_not(path, os.fstat(stream.fileno()), secret=True)):
                raise SecretProblem(f"the file {path} {problem}")
            content = stream.read(LARGEST_SECRET + 1)
        text = _as_text(content)
    except OSError as problem:
        raise SecretProblem(f"the file {path} cannot be read ({problem.strerror})") from None
    except UnicodeDecodeError:
        raise SecretProblem(f"the file {path} is not a UTF-8 text") from None
    except Utf16 as problem:
        raise SecretProblem(f"the file {path} is {problem}") from None
    except SecretProblem:
        raise
    except ValueError:
        raise SecretProblem("the name of its file cannot be a file's name") from None
    if len(content) > LARGEST_SECRET:
        raise SecretProblem(f"the file {path} is too large for a secret")
    return text


def _not_empty(text: str) -> Secret:
    value = text.removeprefix("\ufeff").rstrip("\r\n")
    if not value:
        raise SecretProblem("the secret is empty or its variable is not set")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
        raise SecretProblem("the secret contains control characters or is not UTF-8")
    return Secret(value)
