"""The ports: what the story needs from outside, whoever provides it. Tests and adapters answer the same contract suite.

Unless said otherwise every method may raise `Outage` (wait and try again), and every write has been read back when
its method returns.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from spentkey.core.audit_event import Witness
from spentkey.core.credential import Application, Identity, Sighting
from spentkey.core.evidence import Facts
from spentkey.core.finding import Finding
from spentkey.core.history import History
from spentkey.core.limits import Radius
from spentkey.core.notes import NewNote
from spentkey.core.outcome import Refused, Route
from spentkey.core.rules import TenantRules
from spentkey.core.secret import Secret
from spentkey.core.signer import Signer
from spentkey.core.task import Parameter, Task


class Clock(Protocol):
    """Time, as the machine tells it; tests pass one that never waits."""

    def now(self) -> datetime:
        """The present time in UTC, with its zone."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


@dataclass(frozen=True)
class TaskChange:
    """What one write sets on a task; a field that is None is left alone."""

    status: str
    owner: str
    minutes: Decimal
    owner_team: str | None = None
    resolution: str | None = None


class TaskDesk(Protocol):
    """The service desk (Ivanti). Raises `DeskRefused` when the key is refused."""

    async def find(self, number: int) -> Task | None:
        """The task with that AssignmentID, or None."""
        ...

    async def queue(self) -> list[Task]:
        """The tasks of the queue team whose status is open."""
        ...

    async def parameters(self, task: Task) -> tuple[Parameter, ...]:
        """The request parameters of the task's service request."""
        ...

    async def has_note(self, task: Task, marker: str) -> bool:
        """Whether a note with that marker in its body hangs on the task."""
        ...

    async def add_note(self, task: Task, note: NewNote) -> None:
        """Write the note once; a write whose reply was lost is looked up before it is repeated."""
        ...

    async def change(self, task: Task, change: TaskChange) -> None:
        """Write the change and read it back; raises `Outage` when it did not take."""
        ...


@dataclass(frozen=True)
class CertificateEntry:
    """An entry of the certificates list: its id, and the password that usually opens its documents."""

    entry_id: int
    title: str
    password: Secret


@dataclass(frozen=True)
class DocumentRef:
    """A document of an entry, by its id and file name."""

    document_id: int
    name: str


@dataclass(frozen=True)
class Login:
    """A user name with its password."""

    username: str
    password: Secret


class Vault(Protocol):
    """The password store (Passwordstate). Raises `AccessRefused` when a key, a log-in or an entry is missing."""

    async def login(self, title: str) -> Login:
        """The user name and password of the one entry of the credentials list with that title."""
        ...

    async def certificate_entries(self, app_id: str, display_name: str) -> Sequence[CertificateEntry]:
        """The entries that belong to the application, by the first matching rule of the configuration."""
        ...

    async def documents(self, entry: CertificateEntry) -> Sequence[DocumentRef]:
        """The PFX documents of the entry, by the configured database query."""
        ...

    async def download(self, document: DocumentRef) -> bytes:
        """The bytes of a document."""
        ...

    async def pki_password(self) -> Secret:
        """The password of the PKI entry, which opens documents that their own entry's password does not."""
        ...

    async def reach(self) -> None:
        """See that the vault answers and takes the key, without reading a secret."""
        ...

    async def reach_database(self) -> None:
        """See that the vault's database takes a connection, without logging in."""
        ...


class Answer(StrEnum):
    """What Graph answered to a removal. Whatever it is, only reads prove what happened."""

    ACCEPTED = "accepted"
    NOT_PRESENT = "not-present"
    LOST = "lost"
    FORBIDDEN = "forbidden"
    PROOF_REJECTED = "proof-rejected"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Reply:
    """The answer to a removal, in words, with the ids that find it in Microsoft's logs."""

    answer: Answer
    detail: str
    client_request_id: str
    request_id: str | None = None


class Directory(Protocol):
    """One tenant's directory (Entra ID through Microsoft Graph), signed in as the automation."""

    @property
    def client_id(self) -> str:
        """The AppID that the automation signs in with."""
        ...

    async def identity(self) -> Identity:
        """Who the automation's token is for; raises `AccessRefused` when sign-in is refused."""
        ...

    async def look(self, app_id: str) -> Sighting:
        """The application with both credential lists, and its service principal."""
        ...

    async def read(self, application: Application) -> Sighting:
        """The application alone, for verification."""
        ...

    async def room_to_write(self, route: Route) -> None:
        """Wait until one write more fits into the tenant's quota; asked before the last look, so that none is old."""
        ...

    async def remove_secret(self, application: Application, key_id: str, client_request_id: str) -> Reply:
        """`removePassword` of exactly that key id."""
        ...

    async def sign_in_as(self, application: Application, signer: Signer) -> str | None:
        """Get the application's own token with `signer`; None when it is at hand, else why sign-in is refused."""
        ...

    async def replace_certificates(self, application: Application, key_id: str, client_request_id: str) -> Reply:
        """Write the certificate list again as it was read in `application`, without exactly that key id."""
        ...

    async def remove_certificate(
        self, application: Application, key_id: str, signer: Signer, client_request_id: str
    ) -> Reply:
        """`removeKey` of exactly that key id, with the application's own token and a proof by `signer`."""
        ...

    async def witness(self, application: Application, key_id: str, route: Route, since: datetime) -> Witness:
        """What the directory's audit log shows of the removal; asks once, never waits, and never raises an outage."""
        ...


class Directories(Protocol):
    """Signs in to tenants, once for each."""

    async def open(self, tenant: TenantRules) -> Directory:
        """The directory of that tenant; raises `AccessRefused` when its credential cannot be had."""
        ...


class Turns(Protocol):
    """Advisory turns, across processes; raises `Busy` when somebody else does not end in time (guard G9)."""

    def task(self, number: int) -> AbstractAsyncContextManager[None]:
        """One worker at a time on a task."""
        ...

    def turn(self, app_id: str) -> AbstractAsyncContextManager[None]:
        """One writer at a time on an application, with the configured pause between two."""
        ...


Question = Callable[[Radius], Refused | None]
"""Something that guard G8 asks of the recent past."""


class EvidenceLog(Protocol):
    """Where evidence is kept. `append` returns only when the record is safely on disk."""

    async def append(self, what: str, facts: dict[str, Any]) -> None:
        """Add one record to the chain; raises `EvidenceBroken` when it cannot."""
        ...

    async def append_unless(self, refuse: Question, what: str, facts: dict[str, Any]) -> Refused | None:
        """Ask `refuse` and, if it has nothing against it, append, as one step that no other process can come between."""
        ...

    async def ask(self, question: Question) -> Refused | None:
        """Ask something of the recent past without writing."""
        ...

    async def history(self, task: int) -> History:
        """What is on record about a task."""
        ...

    async def removals(self, app_id: str) -> Mapping[str, Sequence[int]]:
        """The key ids of that application that Spentkey ever set out to remove, each with the tasks for which it did."""
        ...

    async def recent(self, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The latest `result` records, newest first, at most `limit`; with `before`, those whose `seq` is lower."""
        ...


class Progress(Protocol):
    """Somebody who watches: a terminal, a log, or nobody."""

    def step(self, task: int, step: str, detail: str = "") -> None:
        """The task has come to that step of the story."""
        ...


@dataclass
class Call:
    """One request to an outside system, under way; whoever sends it says how it ended."""

    status: str = "none"
    """The status of the answer; `none` while there is no answer."""
    usable: bool = True
    """False where a page for people came in the answer's place."""


class Meter(Protocol):
    """Somebody who counts and times what is asked of outside systems: metrics, a log, traces, or nobody."""

    def call(self, system: str, route: str, client_request_id: str | None = None) -> AbstractContextManager[Call]:
        """One request, from its first byte to its answer; `route` names no object."""
        ...

    def throttled(self, system: str) -> None:
        """The system said that too much was asked of it (429)."""
        ...


class Ids(Protocol):
    """Random identifiers, passed in so that tests can repeat them."""

    def new(self) -> str:
        """A fresh UUID in its canonical form."""
        ...


class Checker(Protocol):
    """Looks whether everything that Spentkey needs of one system is in place, and writes nothing."""

    def findings(self) -> AsyncIterator[Finding]:
        """One finding after the other, as they are made."""
        ...
