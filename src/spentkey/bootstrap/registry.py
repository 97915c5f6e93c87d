"""Which service desks and vaults there are: ours by this table, others by the entry points of installed packages.

Only the package of what is configured is loaded.
"""

import importlib
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from spentkey.adapters.kinds import DeskKind, VaultKind
from spentkey.core.errors import Misconfigured
from spentkey.settings.section import Section

DESKS = {
    "ivanti": "spentkey.adapters.ivanti.register:DESK",
    "files": "spentkey.adapters.files.register:DESK",
}
VAULTS = {
    "passwordstate": "spentkey.adapters.passwordstate.register:VAULT",
    "secrets": "spentkey.adapters.secret_files.register:VAULT",
}
DESK_GROUP, VAULT_GROUP = "spentkey.desks", "spentkey.vaults"

AnyDesk = DeskKind[Any, Any]
AnyVault = VaultKind[Any, Any]


def desk_kind(name: str) -> AnyDesk | None:
    """The desk whose table has that name; None where there is none."""
    return cast("AnyDesk | None", _kind(name, DESKS, DESK_GROUP, DeskKind))


def vault_kind(name: str) -> AnyVault | None:
    """The vault whose table has that name; None where there is none."""
    return cast("AnyVault | None", _kind(name, VAULTS, VAULT_GROUP, VaultKind))


def desk_names() -> list[str]:
    """Every desk that is installed."""
    return sorted({*DESKS, *(one.name for one in entry_points(group=DESK_GROUP))})


def vault_names() -> list[str]:
    """Every vault that is installed."""
    return sorted({*VAULTS, *(one.name for one in entry_points(group=VAULT_GROUP))})


def _kind(name: str, ours: Mapping[str, str], group: str, kind: type[object]) -> object | None:
    if name in ours:
        module, _, attribute = ours[name].partition(":")
        return getattr(importlib.import_module(module), attribute)
    found = [*entry_points(group=group, name=name)]
    if not found:
        return None
    loaded = _loaded(found[0])
    if not isinstance(loaded, kind):
        raise Misconfigured(f"{name}: the entry point {found[0].value} is no {kind.__name__}")
    return loaded


def _loaded(point: EntryPoint) -> object:
    try:
        return point.load()
    except Exception as problem:  # noqa: BLE001  # a package of others may fail in any way while it is imported
        raise Misconfigured(
            f"{point.name}: the entry point {point.value} cannot be loaded ({type(problem).__name__})"
        ) from None


def settings_of(name: str) -> tuple[type[Section], bool] | None:
    """The settings of the desk or vault of that name, and whether it is a desk; None where there is none."""
    desk = desk_kind(name)
    if desk is not None:
        return desk.settings, True
    vault = vault_kind(name)
    return (vault.settings, False) if vault is not None else None
