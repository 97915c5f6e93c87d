"""Marks of tries under way, shared by several machines.

Whether a process died is known on its own machine alone: others see that its leases have lapsed, which a network can do as
well. So each machine counts the deaths of its own processes; for the others such a task is a suspect that nothing counts
against.
"""

import asyncio
from collections.abc import Sequence

from spentkey.core.task import TaskRef
from spentkey.ports.try_marks import TryMark
from spentkey.storage.postgres.connection import Postgres
from spentkey.storage.postgres.locks import SHARE
from spentkey.system import has_ended, same_boot

FORGOTTEN = "1 day"
"""After so long without another death a task is no suspect any more, and a mark means nothing."""


class PostgresTryMarks:
    """The `TryMarks` port. `holder` is this process as its leases name it: its host, a slash, and its number there."""

    def __init__(self, database: Postgres, holder: str, process: str, boot: str, take_over_s: float) -> None:
        self._database, self._holder, self._process, self._boot = database, holder, process, boot
        self._stale_s = take_over_s / SHARE
        self._one_at_a_time = asyncio.Lock()
        """So that of two tries that begin together neither is taken for alone."""

    async def begin(self, task: TaskRef, attempt: str) -> None:
        """A try is under way in this process."""
        async with self._one_at_a_time:
            await self._database.rows(
                """
                WITH others AS (
                    UPDATE spentkey_tries SET alone = false WHERE host = %(host)s AND process = %(process)s AND alone)
                INSERT INTO spentkey_tries (attempt, task, host, process, boot, alone)
                SELECT %(attempt)s, %(task)s, %(host)s, %(process)s, %(boot)s, NOT EXISTS (
                    SELECT 1 FROM spentkey_tries WHERE host = %(host)s AND process = %(process)s)
                """,
                attempt=attempt,
                task=task,
                host=self._holder,
                process=self._process,
                boot=self._boot,
            )

    async def end(self, task: TaskRef, attempt: str, *, cleared: bool) -> None:
        """It has ended; where it cleared the task, what others left of it counts no longer."""
        async with self._one_at_a_time:
            await self._database.rows(
                """
                WITH ended AS (
                    DELETE FROM spentkey_tries WHERE attempt = %(attempt)s OR (task = %(task)s AND %(cleared)s)),
                clear AS (DELETE FROM spentkey_suspects WHERE task = %(task)s AND %(cleared)s),
                left_over AS (
                    SELECT attempt AS last FROM spentkey_tries
                    WHERE host = %(host)s AND process = %(process)s AND attempt <> %(attempt)s)
                UPDATE spentkey_tries SET alone = true FROM left_over
                WHERE attempt = last AND (SELECT count(*) FROM left_over) = 1
                """,
                attempt=attempt,
                task=task,
                cleared=cleared,
                host=self._holder,
                process=self._process,
            )

    async def end_all(self) -> None:
        """All tries of this process are marked no longer, and what is old is cleared away."""
        await self._database.rows(
            """
            WITH old AS (DELETE FROM spentkey_suspects WHERE at < clock_timestamp() - %(old)s::interval)
            DELETE FROM spentkey_tries
            WHERE (host = %(host)s AND process = %(process)s) OR at < clock_timestamp() - %(old)s::interval
            """,
            host=self._holder,
            process=self._process,
            old=FORGOTTEN,
        )

    async def left_behind(self) -> Sequence[TryMark]:
        """Those of dead processes of this machine; what is of an earlier run of it is forgotten.

        A process of another container cannot be seen; it has died when its lease has lapsed.
        """
        rows = await self._database.rows(
            """
            SELECT task, attempt, alone, process, boot, NOT EXISTS (
                SELECT 1 FROM spentkey_claims
                WHERE name = 'task ' || task AND until > clock_timestamp() AND holder = tries.host)
            FROM spentkey_tries AS tries
            WHERE split_part(host, '/', 1) = %(machine)s AND process <> %(process)s
            AND at >= clock_timestamp() - %(old)s::interval
            """,
            machine=self._holder.partition("/")[0],
            process=self._process,
            old=FORGOTTEN,
        )
        past = [attempt for _, attempt, _, _, boot, _ in rows if not same_boot(boot, self._boot)]
        if past:
            await self._database.rows("DELETE FROM spentkey_tries WHERE attempt = ANY(%(past)s)", past=past)
        return [
            TryMark(TaskRef(task), attempt, bool(alone))
            for task, attempt, alone, process, _, lapsed in rows
            if attempt not in past and (lapsed if (known := has_ended(process)) is None else known)
        ]

    async def settle(self, mark: TryMark, *, counts: bool) -> None:
        """Once for each mark, whoever is first."""
        await self._database.rows(
            """
            WITH found AS (DELETE FROM spentkey_tries WHERE attempt = %(attempt)s RETURNING task)
            INSERT INTO spentkey_suspects AS held (task, deaths) SELECT task, %(deaths)s FROM found
            ON CONFLICT (task) DO UPDATE SET at = clock_timestamp(), deaths = excluded.deaths
                + CASE WHEN held.at >= clock_timestamp() - %(old)s::interval THEN held.deaths ELSE 0 END
            """,
            attempt=mark.attempt,
            deaths=int(counts),
            old=FORGOTTEN,
        )

    async def deaths(self, task: TaskRef) -> int | None:
        """What counts against it."""
        rows = await self._database.rows(
            "SELECT deaths FROM spentkey_suspects"
            " WHERE task = %(task)s AND at >= clock_timestamp() - %(old)s::interval",
            task=task,
            old=FORGOTTEN,
        )
        return int(rows[0][0]) if rows else None

    async def elsewhere(self, task: TaskRef) -> Sequence[str]:
        """Those of processes elsewhere whose lease is not renewed any more."""
        rows = await self._database.rows(
            """
            SELECT attempt FROM spentkey_tries
            WHERE task = %(task)s AND process <> %(process)s AND at >= clock_timestamp() - %(old)s::interval
            AND NOT EXISTS (
                SELECT 1 FROM spentkey_claims WHERE name = 'task ' || %(task)s
                AND until > clock_timestamp() + %(stale)s * interval '1 s')
            """,
            task=task,
            process=self._process,
            stale=self._stale_s,
            old=FORGOTTEN,
        )
        return [str(attempt) for (attempt,) in rows]
