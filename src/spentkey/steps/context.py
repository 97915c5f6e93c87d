"""Everything that a story works with."""

from dataclasses import dataclass

from spentkey import __version__
from spentkey.core.rules import Rules
from spentkey.ports.directory import Directories
from spentkey.ports.evidence import EvidenceLog
from spentkey.ports.locks import Locks
from spentkey.ports.pfx import PfxOpener
from spentkey.ports.runtime import Clock, Ids, Progress
from spentkey.ports.service_desk import ServiceDesk
from spentkey.ports.vault import Vault


@dataclass(frozen=True)
class Context:
    """Everything that a story works with, put together by `spentkey.bootstrap.context`."""

    desk: ServiceDesk
    vault: Vault
    directories: Directories
    locks: Locks
    evidence: EvidenceLog
    clock: Clock
    progress: Progress
    ids: Ids
    rules: Rules
    run: str
    """The id of this run, by which guard G8 counts."""
    pfx: PfxOpener
    program: str = __version__
    """The version of Spentkey, without its commit: a new one proves itself by its first removal."""
