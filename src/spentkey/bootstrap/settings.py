"""The configuration with the tables of the desk and the vault that it names."""

from collections.abc import Mapping
from pathlib import Path

from spentkey.bootstrap.registry import AnyDesk, desk_kind, desk_names, settings_of
from spentkey.core.errors import Misconfigured
from spentkey.core.task import TaskRef
from spentkey.settings.load import read_settings
from spentkey.settings.schema import Chosen, Settings, entries_of


def load_settings(file: Path, environment: Mapping[str, str], *, as_owner: bool = False) -> Settings:
    """Read the configuration; raises `Misconfigured` with one line for each problem.

    `engine.owner_url` is read `as_owner` alone; else it is None.
    """
    return read_settings(file, environment, settings_of, _titles, as_owner=as_owner)


def _titles(settings: Settings) -> Mapping[str, str]:
    """The titles of vault entries that the desk's table names."""
    if settings.desk is None:
        return {}
    kind = desk_kind(settings.desk.name)
    return kind.entries(settings.desk.section) if kind is not None else {}


def titles_of(settings: Settings) -> dict[str, str]:
    """Every title of a vault entry that the configuration names, by the setting."""
    return {**entries_of(settings.tenants), **_titles(settings)}


def reference_of(settings: Settings, text: str) -> TaskRef:
    """A task's reference as the configured desk writes it; raises `Misconfigured` for a text that it never has."""
    chosen, kind = needs_desk(settings)
    found = kind.reference(text)
    if found is None:
        raise Misconfigured(f"task: {text!r} is not a task of [{chosen.name}], such as {kind.example}")
    return TaskRef(found)


def needs_desk(settings: Settings) -> tuple[Chosen, AnyDesk]:
    """The configured desk; raises `Misconfigured` where there is none."""
    kind = desk_kind(settings.desk.name) if settings.desk is not None else None
    if settings.desk is None or kind is None:
        tables = " or ".join(f"[{name}]" for name in desk_names())
        raise Misconfigured(f"no service desk is configured; {tables} names one")
    return settings.desk, kind
