"""Trees of every kind for the suite that ships, and what an attacker does to their tables."""

import sqlite3
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from memory_tree import MemoryTree
from real_postgres import RealPostgres
from support_core import ManualClock

from spentkey.core.secret import Secret
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.storage.postgres.connection import Postgres, opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.schema import prepare
from spentkey.storage.postgres.tree import PostgresTree
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.store import FILE
from spentkey.storage.sqlite.tree import SqliteTree


@dataclass
class InMemory:
    """The fake."""

    whole: MemoryTree = field(default_factory=MemoryTree)

    async def append(self, at: datetime, what: str, facts: dict[str, Any]) -> None:
        self.whole.add(at, what, facts)

    async def tree(self, *, read_only: bool = False) -> EvidenceTree:
        return replace(self.whole, read_only=read_only)

    async def verify(self) -> int:
        return self.whole.verify()

    async def stored(self) -> Sequence[str]:
        return self.whole.records

    async def put_line(self, seq: int, record_line: str) -> None:
        self.whole.records[seq] = record_line

    async def put_nodes(self, seq: int, nodes: bytes | None) -> None:
        self.whole.nodes.pop(seq, None)
        if nodes is not None:
            self.whole.nodes[seq] = nodes

    async def nodes(self, seq: int) -> bytes:
        return self.whole.nodes.get(seq, b"")


@dataclass
class InSqlite:
    """A state directory; whoever may write the file takes the triggers away first."""

    folder: Path

    async def append(self, at: datetime, what: str, facts: dict[str, Any]) -> None:
        await SqliteEvidence(self.folder, ManualClock(at)).append(what, facts)

    async def tree(self, *, read_only: bool = False) -> EvidenceTree:
        return SqliteTree(SqliteEvidence(self.folder, ManualClock(), read_only=read_only))

    async def verify(self) -> int:
        return await SqliteEvidence(self.folder, ManualClock(), read_only=True).verify()

    async def stored(self) -> Sequence[str]:
        return [line for (line,) in self._do("SELECT line FROM spentkey_evidence ORDER BY seq")]

    async def put_line(self, seq: int, record_line: str) -> None:
        self._do("DROP TRIGGER IF EXISTS spentkey_evidence_stays")
        self._do("UPDATE spentkey_evidence SET line = ? WHERE seq = ?", record_line, seq)

    async def put_nodes(self, seq: int, nodes: bytes | None) -> None:
        self._do("DROP TRIGGER IF EXISTS spentkey_tree_remains")
        self._do("DELETE FROM spentkey_tree WHERE seq = ?", seq)
        if nodes is not None:
            self._do("INSERT INTO spentkey_tree VALUES (?, ?)", seq, nodes)

    async def nodes(self, seq: int) -> bytes:
        found = self._do("SELECT nodes FROM spentkey_tree WHERE seq = ?", seq)
        return found[0][0] if found else b""

    def _do(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / FILE, timeout=60)) as connection, connection:
            return connection.execute(statement, values).fetchall()


@dataclass
class InPostgres:
    """A database; whoever is its superuser gets past the triggers."""

    postgres: RealPostgres
    owned: str
    """The address for its superuser."""
    url: str
    """And for a worker."""
    stack: AsyncExitStack
    connections: Postgres | None = None

    async def append(self, at: datetime, what: str, facts: dict[str, Any]) -> None:
        await PostgresEvidence(await self._connected(), ManualClock(at)).append(what, facts)

    async def tree(self, *, read_only: bool = False) -> EvidenceTree:
        database = await self._connected()
        return PostgresTree(database, PostgresEvidence(database, ManualClock(), read_only=read_only))

    async def verify(self) -> int:
        return await PostgresEvidence(await self._connected(), ManualClock(), read_only=True).verify()

    async def stored(self) -> Sequence[str]:
        rows = self.postgres.rows(self.owned, "SELECT line FROM spentkey_evidence ORDER BY seq")
        return [line for (line,) in rows]

    async def put_line(self, seq: int, record_line: str) -> None:
        self.postgres.tamper(self.owned, "UPDATE spentkey_evidence SET line = %s WHERE seq = %s", record_line, seq)

    async def put_nodes(self, seq: int, nodes: bytes | None) -> None:
        self.postgres.tamper(self.owned, "DELETE FROM spentkey_tree WHERE seq = %s", seq)
        if nodes is not None:
            self.postgres.tamper(self.owned, "INSERT INTO spentkey_tree VALUES (%s, %s)", seq, nodes)

    async def nodes(self, seq: int) -> bytes:
        found = self.postgres.rows(self.owned, "SELECT nodes FROM spentkey_tree WHERE seq = %s", seq)
        return found[0][0] if found else b""

    async def _connected(self) -> Postgres:
        """One pool for all processes, so that a test does not open many."""
        if self.connections is None:
            self.connections = await self.stack.enter_async_context(opened(Secret(self.url)))
            await prepare(self.connections)
        return self.connections
