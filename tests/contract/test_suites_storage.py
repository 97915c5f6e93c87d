"""The stores of evidence, the locks and the engines of one machine and of several pass the suites that ship."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from engine_rig import Maker, Rig
from real_postgres import RealPostgres
from support_core import ManualClock
from workers_role import initialised

from spentkey.core.outcome import Result, TicketState
from spentkey.core.secret import Secret
from spentkey.core.task import TaskRef
from spentkey.ports.locks import Locks
from spentkey.ports.queue import Engine
from spentkey.storage.files.locks import FileLocks
from spentkey.storage.postgres.connection import Postgres, opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.locks import LeaseLocks
from spentkey.storage.postgres.schema import prepare
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.store import FILE
from spentkey.system import SystemClock
from spentkey.testing.evidence import EvidenceContract, EvidenceRig, LossyEvidenceContract, LossyEvidenceRig
from spentkey.testing.locks import LocksContract, LocksRig
from spentkey.testing.queue import QueueContract, QueueRig


@dataclass
class OneMachine:
    """A state directory."""

    folder: Path

    async def log(self, *, read_only: bool = False) -> SqliteEvidence:
        return SqliteEvidence(self.folder, ManualClock(), read_only=read_only)

    async def lines(self) -> Sequence[str]:
        if not (self.folder / FILE).exists():
            return []
        with closing(sqlite3.connect(self.folder / FILE)) as connection:
            return [line for (line,) in connection.execute("SELECT line FROM spentkey_evidence ORDER BY seq")]

    async def locks(self) -> Locks:
        return FileLocks(self.folder, SystemClock(), 0, 0.2)


@dataclass
class SeveralMachines:
    """A database."""

    url: str
    stack: AsyncExitStack

    async def connections(self) -> Postgres:
        made = await self.stack.enter_async_context(opened(Secret(self.url)))
        await prepare(made)
        return made

    async def log(self, *, read_only: bool = False) -> PostgresEvidence:
        return PostgresEvidence(await self.connections(), ManualClock(), read_only=read_only)

    async def lines(self) -> Sequence[str]:
        rows = await (await self.connections()).rows("SELECT line FROM spentkey_evidence ORDER BY seq")
        return [line for (line,) in rows]

    async def locks(self) -> Locks:
        return LeaseLocks(await self.connections(), SystemClock(), "a worker", 30.0, 0.0, 0.2)


@dataclass
class Working:
    """An engine of `engine_rig`, and what is done with its tasks."""

    rig: Rig
    worked_on: list[TaskRef] = field(default_factory=list[TaskRef])
    does: Callable[[TaskRef], Awaitable[Result]] | None = None

    @property
    def engine(self) -> Engine:
        return self.rig.engine

    def work(self, does: Callable[[TaskRef], Awaitable[Result]]) -> None:
        self.does = does

    async def do(self, ref: TaskRef) -> Result:
        self.worked_on.append(ref)
        result = Result(ref, "removed", TicketState.CLOSED) if self.does is None else await self.does(ref)
        if result.ticket is not TicketState.OPEN:
            self.rig.desk.tasks.pop(ref, None)
        return result

    async def file(self, ref: TaskRef) -> None:
        self.rig.desk.add(ref, len(self.rig.desk.tasks))


class OnOneMachine:
    """What the suites of one machine have in common."""

    folder: Path

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        self.folder = tmp_path


class OnSeveral:
    """What those of several have in common."""

    url: str

    @pytest.fixture(autouse=True)
    def _database(self, postgres: RealPostgres) -> None:
        self.url = postgres.database()


class OnSeveralAsAWorker:
    """The same by the role of the workers, which owns nothing."""

    @pytest.fixture(autouse=True)
    def _database(self, postgres: RealPostgres) -> None:
        self.url = asyncio.run(initialised(postgres.database()))


class TestSqliteEvidence(OnOneMachine, EvidenceContract):
    """SQLite."""

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[EvidenceRig]:
        yield OneMachine(self.folder)


class TestPostgresEvidence(OnSeveral, EvidenceContract):
    """PostgreSQL."""

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[EvidenceRig]:
        async with AsyncExitStack() as stack:
            yield SeveralMachines(self.url, stack)


class TestPostgresEvidenceOfAWorker(OnSeveralAsAWorker, TestPostgresEvidence):
    """PostgreSQL, after `spentkey database init`."""


@dataclass
class SetBack(SeveralMachines):
    """A database that a failover sets back."""

    postgres: RealPostgres

    async def lose(self, first: int) -> None:
        self.postgres.tamper(self.url, "DELETE FROM spentkey_evidence WHERE seq >= %s", first)
        self.postgres.tamper(self.url, "DELETE FROM spentkey_tree WHERE seq >= %s", first)


class TestPostgresEvidenceThatIsLost(LossyEvidenceContract):
    """PostgreSQL."""

    server: RealPostgres

    @pytest.fixture(autouse=True)
    def _server(self, postgres: RealPostgres) -> None:
        self.server = postgres

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[LossyEvidenceRig]:
        async with AsyncExitStack() as stack:
            yield SetBack(self.server.database(), stack, self.server)


class TestFileLocks(OnOneMachine, LocksContract):
    """Files."""

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[LocksRig]:
        yield OneMachine(self.folder)


class TestLeaseLocks(OnSeveral, LocksContract):
    """Leases in PostgreSQL."""

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[LocksRig]:
        async with AsyncExitStack() as stack:
            yield SeveralMachines(self.url, stack)


class TestLeaseLocksOfAWorker(OnSeveralAsAWorker, TestLeaseLocks):
    """The same, after `spentkey database init`."""


@asynccontextmanager
async def engine_of(maker: Maker) -> AsyncGenerator[QueueRig]:
    """One process of that kind."""
    rig = await maker.rig()
    working = Working(rig)
    rig.acts = Always(working.do)
    yield working


class Always(dict[TaskRef, Callable[[TaskRef], Awaitable[Result]]]):
    """The same act for every task."""

    def __init__(self, act: Callable[[TaskRef], Awaitable[Result]]) -> None:
        super().__init__()
        self._act = act

    def get(self, key: TaskRef, default: object = None) -> Callable[[TaskRef], Awaitable[Result]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        del key, default
        return self._act


class TestLocalEngine(OnOneMachine, QueueContract):
    """Memory."""

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[QueueRig]:
        async with AsyncExitStack() as stack, engine_of(Maker("local", self.folder, "", stack)) as made:
            yield made


class TestDistributedEngine(OnSeveral, QueueContract):
    """Jobs in PostgreSQL."""

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[QueueRig]:
        async with AsyncExitStack() as stack, engine_of(Maker("distributed", Path(), self.url, stack)) as made:
            yield made


class TestDistributedEngineOfAWorker(OnSeveralAsAWorker, TestDistributedEngine):
    """The same, after `spentkey database init`."""


def test_the_suites_leave_no_loop_behind() -> None:
    """Each test has an event loop of its own."""
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
