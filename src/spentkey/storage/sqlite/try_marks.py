"""Marks of tries under way on one machine, beside the evidence and no part of it."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from spentkey.core.errors import EvidenceBroken
from spentkey.core.task import TaskRef
from spentkey.ports.runtime import Clock
from spentkey.ports.try_marks import TryMark
from spentkey.storage.files.living import Living
from spentkey.storage.group_commit import Ends, GroupCommit
from spentkey.storage.sqlite.store import Store
from spentkey.system import same_boot

Change = Callable[[sqlite3.Connection], None]
FORGOTTEN = timedelta(days=1)
"""After so long without another death a task is no suspect any more."""
STILL_ALONE = """
    UPDATE spentkey_tries SET alone = (SELECT count(*) = 1 FROM spentkey_tries WHERE process = :process)
    WHERE process = :process AND alone <> (SELECT count(*) = 1 FROM spentkey_tries WHERE process = :process)
"""


class SqliteTryMarks:
    """The `TryMarks` port on the database in the state directory. Marks that come together share one flush."""

    def __init__(self, directory: Path, clock: Clock, process: str, boot: str, living: Living | None = None) -> None:
        self._store, self._clock, self._boot = Store(directory), clock, boot
        self._living = living or Living(directory, process)
        self._process = process
        self._guard = threading.Lock()
        self._together = GroupCommit[Change](self._change_all)

    async def begin(self, task: TaskRef, attempt: str) -> None:
        """A try is under way in this process."""
        mark = (attempt, task, self._process, self._boot)

        def change(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO spentkey_tries (attempt, task, process, boot) VALUES (?, ?, ?, ?)", mark)

        await self._together.add(change)

    async def end(self, task: TaskRef, attempt: str, *, cleared: bool) -> None:
        """It has ended."""

        def change(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM spentkey_tries WHERE attempt = ?", (attempt,))
            if cleared:
                connection.execute("DELETE FROM spentkey_suspects WHERE task = ?", (task,))

        await self._together.add(change)

    async def end_all(self) -> None:
        """All tries of this process are marked no longer, and what is old is cleared away."""
        since = (self._clock.now() - FORGOTTEN).timestamp()

        def change(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM spentkey_tries WHERE process = ?", (self._process,))
            connection.execute("DELETE FROM spentkey_suspects WHERE at < ?", (since,))

        await self._together.add(change)

    async def left_behind(self) -> Sequence[TryMark]:
        """Those of dead processes; what an earlier run of the machine left is forgotten."""
        return await asyncio.to_thread(self._left_behind)

    async def settle(self, mark: TryMark, *, counts: bool) -> None:
        """Once for each mark, whoever is first."""
        now = self._clock.now()
        row = {"task": mark.task, "deaths": int(counts), "at": now.timestamp(), "since": (now - FORGOTTEN).timestamp()}

        def change(connection: sqlite3.Connection) -> None:
            if connection.execute("DELETE FROM spentkey_tries WHERE attempt = ?", (mark.attempt,)).rowcount:
                connection.execute(
                    "INSERT INTO spentkey_suspects VALUES (:task, :deaths, :at)"
                    " ON CONFLICT (task) DO UPDATE"
                    " SET deaths = :deaths + CASE WHEN at >= :since THEN deaths ELSE 0 END, at = :at",
                    row,
                )

        await self._together.add(change)

    async def deaths(self, task: TaskRef) -> int | None:
        """What counts against it."""
        return await asyncio.to_thread(self._deaths, task)

    async def elsewhere(self, task: TaskRef) -> Sequence[str]:
        """None: there is one machine."""
        del task
        return ()

    def close(self) -> None:
        """Close the database; this process ends in good order."""
        with self._guard:
            self._store.close()
            self._living.release()

    async def _change_all(self, changes: Sequence[Change]) -> Ends:
        await asyncio.to_thread(self._write, changes)
        return [None] * len(changes)

    def _write(self, changes: Sequence[Change]) -> None:
        with self._guard:
            self._show_that_we_live()
            with self._store.writing() as connection:
                for change in changes:
                    change(connection)
                connection.execute(STILL_ALONE, {"process": self._process})

    def _show_that_we_live(self) -> None:
        try:
            self._living.hold()
        except OSError as problem:
            raise EvidenceBroken(f"no file can be locked beside {self._store.file} ({problem.strerror})") from None

    def _left_behind(self) -> Sequence[TryMark]:
        others = "SELECT task, attempt, alone, process, boot FROM spentkey_tries WHERE process <> ?"
        with self._guard, self._store.reading() as connection:
            rows = connection.execute(others, (self._process,)).fetchall() if connection is not None else []
        past = [attempt for _, attempt, _, _, boot in rows if not same_boot(boot, self._boot)]
        if past:
            self._write([lambda connection, attempt=attempt: _forget(connection, attempt) for attempt in past])
        return [
            TryMark(TaskRef(task), attempt, bool(alone))
            for task, attempt, alone, process, _ in rows
            if attempt not in past and self._living.has_ended(process)
        ]

    def _deaths(self, task: TaskRef) -> int | None:
        since = (self._clock.now() - FORGOTTEN).timestamp()
        suspect = "SELECT deaths FROM spentkey_suspects WHERE task = ? AND at >= ?"
        with self._guard, self._store.reading() as connection:
            found = connection.execute(suspect, (task, since)).fetchone() if connection is not None else None
        return int(found[0]) if found is not None else None


def _forget(connection: sqlite3.Connection, attempt: str) -> None:
    connection.execute("DELETE FROM spentkey_tries WHERE attempt = ?", (attempt,))
