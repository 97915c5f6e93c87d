"""What a package declares to add a service desk or a vault: its settings, and how it is opened, checked and probed.

A desk of ours stands in `bootstrap/registry.py`; one of somebody else is found by the entry point `spentkey.desks` (or
`spentkey.vaults`), whose name is the table in the configuration and whose value is a `DeskKind` (or `VaultKind`).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from spentkey.core.rules import DeskRules
from spentkey.http.sessions import Connections
from spentkey.ports.runtime import Checker, Probe
from spentkey.ports.service_desk import ServiceDesk
from spentkey.ports.vault import Vault
from spentkey.settings.section import Section

S = TypeVar("S", bound=Section)
D = TypeVar("D", bound=ServiceDesk)
V = TypeVar("V", bound=Vault)


@dataclass(frozen=True)
class Outside:
    """What an adapter may use of the process that it runs in."""

    connections: Connections
    """Sessions, the clock, and the meter."""
    ca_file: Path | None
    """The authorities of internal systems; None for the machine's own."""
    vault: Vault
    """For a desk whose key is kept there."""
    titles: Mapping[str, str] = field(default_factory=dict[str, str])
    """The titles of entries that the configuration names, by the setting that names them."""
    parameters: tuple[str, ...] = ()
    """The parameters that the `when` of a tenant names."""


@dataclass(frozen=True)
class DeskKind(Generic[S, D]):
    """A kind of service desk."""

    settings: type[S]
    """Its table in the configuration."""
    reference: Callable[[str], str | None]
    """A task's reference in its only spelling; None for a text that no task of this desk has."""
    example: str
    """A reference, for errors and help."""
    rules: Callable[[S], DeskRules]
    open: Callable[[S, Outside], Awaitable[D]]
    check: Callable[[S, Outside], Checker]
    probes: Callable[[D], Sequence[Probe]]
    entries: Callable[[S], Mapping[str, str]] = lambda _: {}
    """The titles of vault entries that its settings name, by the setting."""
    whose: Callable[[S], str] = lambda _: "in its queue"
    """Whose open tasks its queue has, in words that stand behind "no open tasks"."""


@dataclass(frozen=True)
class VaultKind(Generic[S, V]):
    """A kind of vault."""

    settings: type[S]
    open: Callable[[S, Outside], V]
    """Raises `Misconfigured` where something is missing that the work needs; nothing is asked yet."""
    open_to_check: Callable[[S, Outside], V]
    """The same for `spentkey check`, which says itself what is missing."""
    check: Callable[[S, Outside], Checker]
    probes: Callable[[V], Sequence[Probe]]
