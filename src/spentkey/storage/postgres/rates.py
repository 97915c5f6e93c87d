"""The state of each rate limit in PostgreSQL, one row each, so that the workers of all machines share it."""

from spentkey.core.errors import EvidenceBroken, Outage
from spentkey.http.rate_limit import RateStates, State, Step
from spentkey.storage.postgres.connection import SYSTEM, Postgres

FIRST = "INSERT INTO spentkey_paces (name) VALUES (%(name)s) ON CONFLICT DO NOTHING"
HOLD = """
    SET LOCAL synchronous_commit TO off;
    SELECT numbers, (extract(epoch FROM clock_timestamp()) * 1000)::bigint
    FROM spentkey_paces WHERE name = %(name)s FOR UPDATE
"""
KEEP = "UPDATE spentkey_paces SET numbers = %s::float8[] WHERE name = %s"


class SharedRates:
    """Kept in the database, by its clock; what a crash of the server loses is a moment's worth."""

    def __init__(self, database: Postgres, alone: RateStates | None = None) -> None:
        self._database, self._there = database, set[str]()
        self._alone = alone
        """Where a reader, for whom nothing is made, goes on by itself."""

    async def advance(self, name: str, step: Step) -> float:
        """One step under the row's lock; returns how many seconds to wait for the time that it assigns."""
        try:
            return await self._together(name, step)
        except EvidenceBroken:  # the table is not there, or this role may not write
            if self._alone is None:
                raise
            return await self._alone.advance(name, step)

    async def _together(self, name: str, step: Step) -> float:
        if name not in self._there:
            await self._database.rows(FIRST, name=name)
            self._there.add(name)
        async with self._database.begun(HOLD, {"name": name}) as begun:
            *_, held = await begun.results()
            if not held:
                self._there.discard(name)
                raise Outage(f"{SYSTEM}: the pace {name} is not there any more")
            numbers, now = held[0]
            stored: State | None = tuple(numbers) if numbers else None
            state, at = step(stored, int(now))
            await begun.commit(KEEP, (list(state), name))
        return (at - int(now)) / 1000
