"""Reads the configuration: the file, the environment and the secrets that they name; every problem at once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from spentkey.core.errors import Misconfigured
from spentkey.settings.in_words import UNKNOWN, in_words, path_of, still_to_be_filled_in, unknown
from spentkey.settings.schema import Chosen, Settings, entries_of
from spentkey.settings.section import Section
from spentkey.settings.sources import Sources, read_sources

Adapters = Callable[[str], tuple[type[Section], bool] | None]
"""The settings of the desk or vault whose table has that name, and whether it is a desk; None where there is none."""
Titles = Callable[[Settings], Mapping[str, str]]
"""The titles of vault entries that the desk's table names, by the setting."""
CHOSEN = ("desk", "vault")


def read_settings(
    file: Path,
    environment: Mapping[str, str],
    adapters: Adapters,
    titles: Titles,
    tables: Callable[[], Iterable[str]] = tuple,
    *,
    as_owner: bool = False,
) -> Settings:
    """Read the configuration; raises `Misconfigured` with one line for each problem.

    `tables` are the names of the desks and vaults that there are, for what was probably meant. The address of the owner of
    the database is read `as_owner` alone, so that no other process ever holds its password.
    """
    sources = read_sources(file, environment)
    engine = sources.values.get("engine")
    if not as_owner and isinstance(engine, dict):
        cast("dict[str, Any]", engine).pop("owner_url", None)
    problems = _Problems(sources, set())
    for path in still_to_be_filled_in(sources.values):
        problems.add(path, "is still to be filled in")
    for name in CHOSEN:
        if name in sources.values:
            problems.add((name,), UNKNOWN)
    values = {name: value for name, value in sources.values.items() if name not in CHOSEN}
    values |= _chosen(values, sources, adapters, problems)
    for name in [name for name in values if name not in Settings.model_fields]:
        del values[name]
        problems.add((name,), unknown(name, [*Settings.model_fields, *tables()]))
    settings = _validated(Settings, values, sources, (), problems)
    if settings is not None and not problems.lines:
        problems.lines |= {f"{sources.file}: {problem}" for problem in _without_a_vault(settings, titles)}
    if settings is None or problems.lines:
        raise Misconfigured("\n".join(sorted(problems.lines)))
    remarks = sources.modes.remarks if sources.modes is not None else ()
    return settings.read_from(sources.folder.absolute(), remarks)


@dataclass
class _Problems:
    """The lines that were found, each with the file or the variable in which the value stands."""

    sources: Sources
    lines: set[str]

    def add(self, path: tuple[str, ...], message: str) -> None:
        """A problem with a setting."""
        self.lines.add(f"{self.sources.origin(path)}: {'.'.join(path)}: {message}")


def _chosen(
    values: dict[str, Any], sources: Sources, adapters: Adapters, problems: _Problems
) -> dict[str, Chosen | None]:
    """Take the tables of desks and vaults out of the values: at most one of each counts."""
    found: dict[str, list[str]] = {"desk": [], "vault": []}
    chosen: dict[str, Chosen | None] = {}
    for name in [name for name in values if name not in Settings.model_fields]:
        adapter = adapters(name)
        if adapter is None:
            continue  # an unknown name
        model, is_desk = adapter
        what = "desk" if is_desk else "vault"
        found[what].append(name)
        section = _validated(model, values.pop(name), sources, (name,), problems)
        if section is not None:
            chosen[what] = Chosen(name, section)
    for what, names in found.items():
        if len(names) > 1:
            words = {"desk": "service desk", "vault": "vault"}
            several = f"{', '.join(sorted(names))}: there can be one {words[what]}; leave the others out"
            problems.lines.add(f"{sources.file}: {several}")
    return chosen


def _validated(
    model: type[Any], values: Any, sources: Sources, where: tuple[str, ...], problems: _Problems
) -> Any:  # of that model; None where there are problems
    try:
        return model.model_validate(values, context={"sources": sources})
    except ValidationError as problem:
        unfilled = set(still_to_be_filled_in(sources.values))
        for error in problem.errors(include_input=False, include_url=False):
            path = path_of(error, where)
            if not any(one[: len(path)] == path for one in unfilled):  # that is said already
                problems.add(path, in_words(error, model))
        return None


def _without_a_vault(settings: Settings, titles: Titles) -> list[str]:
    if settings.vault is not None:
        return []
    named = entries_of(settings.tenants)
    return [f"{name}: names an entry, and no vault is configured" for name in (*named, *titles(settings))]
