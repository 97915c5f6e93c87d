"""Guard G9 on several machines: locks as leases in PostgreSQL, each with a number that is never given twice.

A holder renews its leases three times in each take-over time; a holder that is dead or cut off for longer loses them.
It may return without knowing. So each lease is a claim with a number of its own: the evidence checks the numbers in
the transaction that appends a record, and every write asks for a permit right before it is sent, which checks them too
and holds for a third of the take-over time by this machine's own clock (docs/adr/0013-claims.md).
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import LiteralString

from spentkey.core.errors import Busy, SpentkeyError
from spentkey.core.task import TaskRef
from spentkey.ports.fencing import fencing_tokens, holding
from spentkey.ports.runtime import Clock
from spentkey.storage.named_locks import NamedLocks
from spentkey.storage.postgres.connection import Postgres
from spentkey.storage.reasons import HELD_BY_WORKER, HELD_UP, TAKEN_OVER

POLL_S, LONGEST_POLL_S = 0.25, 2.0
"""How often a lease that another worker holds is tried: first, and when it takes long."""
SHARE = 3
"""Into how many parts the take-over time is cut: leases are renewed in each, and a permit holds for one."""
KEPT = "1 day"
TAKE: LiteralString = """
    INSERT INTO spentkey_claims AS held (name, claim, holder, until)
    VALUES (%(name)s, ('x' || right(replace(gen_random_uuid()::text, '-', ''), 15))::bit(60)::bigint, %(holder)s,
        clock_timestamp() + %(s)s * interval '1 s')
    ON CONFLICT (name) DO UPDATE
    SET claim = excluded.claim, holder = excluded.holder, before = held.until, until = excluded.until
    WHERE held.until <= clock_timestamp()
    RETURNING claim, extract(epoch FROM clock_timestamp() - before)::float8
"""
"""The number of a claim is 60 random bits, and so never given twice: a sequence starts anew where a standby that was behind
takes over."""
RELEASE: LiteralString = """
    UPDATE spentkey_claims SET until = clock_timestamp(),
        claim = ('x' || right(replace(gen_random_uuid()::text, '-', ''), 15))::bit(60)::bigint
    WHERE claim = %(token)s
"""
logger = logging.getLogger(__name__)


class LeaseLocks:
    """The `Locks` port for all workers that share a database."""

    def __init__(
        self, database: Postgres, clock: Clock, holder: str, take_over_s: float, spacing_s: float, patience_s: float
    ) -> None:
        self._database, self._clock, self._holder = database, clock, holder
        self._take_over_s, self._spacing_s, self._patience_s = take_over_s, spacing_s, patience_s
        self._here = NamedLocks()
        self._mine: set[int] = set()

    @asynccontextmanager
    async def task(self, ref: TaskRef) -> AsyncGenerator[None]:
        """One worker on a task."""
        async with self._held(f"task {ref}"):
            yield

    @asynccontextmanager
    async def application(self, app_id: str) -> AsyncGenerator[None]:
        """One writer on an application, and a pause of `spacing_s` after the one before."""
        async with self._held(f"application {app_id}") as since_s:
            if since_s is not None and since_s < self._spacing_s:
                await self._clock.sleep(self._spacing_s - max(0.0, since_s))
            yield

    @asynccontextmanager
    async def canary(self, tenant: str, route: str) -> AsyncGenerator[None]:
        """One unproven removal in a tenant, by a route."""
        async with self._held(f"canary {route} {tenant}"):
            yield

    @asynccontextmanager
    async def opening(self, name: str) -> AsyncGenerator[None]:
        """One process that opens a request of that name."""
        async with self._held(f"opening {name}"):
            yield

    @asynccontextmanager
    async def _held(self, name: str) -> AsyncGenerator[float | None]:
        """Hold a lease; gives how many seconds ago the one before ended."""
        async with self._here.hold(name):
            token, since_s = await self._take(name)
            self._mine.add(token)
            try:
                with holding(token, self._check_fence):
                    yield since_s
            finally:
                self._mine.discard(token)
                await self._release(token)

    async def _take(self, name: str) -> tuple[int, float | None]:
        waited, pause_s = 0.0, POLL_S
        while True:
            rows = await self._database.rows(
                TAKE,
                name=name,
                holder=self._holder,
                s=self._take_over_s,
            )
            if rows:
                return int(rows[0][0]), rows[0][1]
            if waited >= self._patience_s:
                raise Busy(HELD_BY_WORKER(name=name, seconds=f"{waited:.0f}"))
            await self._clock.sleep(pause_s)
            waited, pause_s = waited + pause_s, min(LONGEST_POLL_S, 2 * pause_s)

    async def _release(self, token: int) -> None:
        """Release a lease; where the database is away the lease expires by itself."""
        try:
            await self._database.rows(
                RELEASE,
                token=token,
            )
        except SpentkeyError as problem:
            logger.warning("a lease could not be given back and ends by itself: %s", problem)

    async def _renew(self, held: list[int]) -> int:
        """Renew claims; they are locked in the order in which the evidence locks them, so that neither waits for ever."""
        rows = await self._database.rows(
            """
            WITH held AS (SELECT claim AS held FROM spentkey_claims WHERE claim = ANY(%(held)s) ORDER BY claim FOR UPDATE)
            UPDATE spentkey_claims SET until = clock_timestamp() + %(s)s * interval '1 s'
            FROM held WHERE claim = held RETURNING 1
            """,
            s=self._take_over_s,
            held=held,
        )
        return len(rows)

    async def _check_fence(self) -> None:
        """Raise `Busy` unless every claim of the present work holds, by an answer that is fresh by our own clock."""
        held, asked = fencing_tokens(), self._clock.monotonic()
        if await self._renew(list(held)) != len(held):
            raise Busy(TAKEN_OVER())
        if self._clock.monotonic() - asked > self._take_over_s / SHARE:
            raise Busy(HELD_UP())

    async def keep(self, clock: Clock) -> None:
        """Renew the leases of this process until cancelled, by the machine's own time, and clear away old ones."""
        while True:
            await clock.sleep(self._take_over_s / SHARE)
            try:
                if self._mine:
                    await self._renew(list(self._mine))
                await self._database.rows(
                    "DELETE FROM spentkey_claims WHERE until < clock_timestamp() - %(kept)s::interval", kept=KEPT
                )
            except SpentkeyError as problem:
                logger.warning("leases could not be renewed: %s", problem)
