"""Reads the configuration: the file, the environment and the secrets that they name; every problem at once."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from spentkey.core.errors import Misconfigured
from spentkey.settings.schema import Chosen, Settings, entries_of
from spentkey.settings.section import Section
from spentkey.settings.sources import Sources, read_sources
from spentkey.settings.values import UUID_PATTERN

Adapters = Callable[[str], tuple[type[Section], bool] | None]
"""The settings of the desk or vault whose table has that name, and whether it is a desk; None where there is none."""
Titles = Callable[[Settings], Mapping[str, str]]
"""The titles of vault entries that the desk's table names, by the setting."""
CHOSEN = ("desk", "vault")


def read_settings(
    file: Path, environment: Mapping[str, str], adapters: Adapters, titles: Titles, *, as_owner: bool = False
) -> Settings:
    """Read the configuration; raises `Misconfigured` with one line for each problem.

    The address of the owner of the database is read `as_owner` alone, so that no other process ever holds its password.
    """
    sources = read_sources(file, environment)
    engine = sources.values.get("engine")
    if not as_owner and isinstance(engine, dict):
        cast("dict[str, Any]", engine).pop("owner_url", None)
    problems = {f"{name}: is not a known setting" for name in CHOSEN if name in sources.values}
    values = {name: value for name, value in sources.values.items() if name not in CHOSEN}
    values |= _chosen(values, sources, adapters, problems)
    settings = _validated(Settings, values, sources, (), problems)
    if settings is not None and not problems:
        problems |= set(_without_a_vault(settings, titles))
    if settings is None or problems:
        raise Misconfigured("\n".join(f"{file}: {problem}" for problem in sorted(problems)))
    return settings


def _chosen(
    values: dict[str, Any], sources: Sources, adapters: Adapters, problems: set[str]
) -> dict[str, Chosen | None]:
    """Take the tables of desks and vaults out of the values: at most one of each counts."""
    found: dict[str, list[str]] = {"desk": [], "vault": []}
    chosen: dict[str, Chosen | None] = {}
    for name in [name for name in values if name not in Settings.model_fields]:
        adapter = adapters(name)
        if adapter is None:
            continue  # an unknown name, which the settings refuse
        model, is_desk = adapter
        what = "desk" if is_desk else "vault"
        found[what].append(name)
        section = _validated(model, values.pop(name), sources, (name,), problems)
        if section is not None:
            chosen[what] = Chosen(name, section)
    for what, names in found.items():
        if len(names) > 1:
            words = {"desk": "service desk", "vault": "vault"}
            problems.add(f"{', '.join(sorted(names))}: there can be one {words[what]}; leave the others out")
    return chosen


def _validated(
    model: type[Any], values: Any, sources: Sources, where: tuple[str, ...], problems: set[str]
) -> Any:  # of that model; None where there are problems
    try:
        return model.model_validate(values, context={"sources": sources})
    except ValidationError as problem:
        problems |= {_in_words(error, where) for error in problem.errors(include_input=False, include_url=False)}
        return None


def _without_a_vault(settings: Settings, titles: Titles) -> list[str]:
    if settings.vault is not None:
        return []
    named = entries_of(settings.tenants)
    return [f"{name}: names an entry, and no vault is configured" for name in (*named, *titles(settings))]


def _in_words(error: ErrorDetails, where: tuple[str, ...]) -> str:
    *sections, setting = (*where, *(str(part) for part in error["loc"]))
    if error["type"] == "about_another":  # found where the later of two settings was read
        setting = error.get("ctx", {})["setting"]
    words = {"missing": "is missing", "extra_forbidden": "is not a known setting", "model_type": "must be a table"}
    message = words.get(error["type"], error["msg"].removeprefix("Value error, "))
    if error["type"] == "string_pattern_mismatch" and UUID_PATTERN in message:
        message = "must be a UUID such as c3c1e6bb-1ebf-4335-ad13-3419266a9781"
    return f"{'.'.join((*sections, setting))}: {message}"
