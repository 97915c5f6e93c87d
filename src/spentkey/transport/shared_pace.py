"""The numbers of a pace in PostgreSQL, one row each, so that the workers of all machines keep it together."""

from spentkey.transport.pace import State, Step
from spentkey.transport.postgres import Postgres

FIRST = "INSERT INTO spentkey_paces (name) VALUES (%s) ON CONFLICT DO NOTHING"
HOLD = """
    SELECT numbers, (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM spentkey_paces WHERE name = %s FOR UPDATE
"""
KEEP = "UPDATE spentkey_paces SET numbers = %s WHERE name = %s"


class SharedStates:
    """Kept in the database, by its clock; what a crash of the server loses is a moment's worth."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def advance(self, name: str, step: Step) -> float:
        """One step under the lock of the row, and how many seconds away its place in time is."""
        async with self._database.transaction() as connection:
            await connection.execute("SET LOCAL synchronous_commit TO off")
            found = await (await connection.execute(HOLD, (name,))).fetchone()
            if found is None:
                await connection.execute(FIRST, (name,))
                found = await (await connection.execute(HOLD, (name,))).fetchone()
            numbers, now = found or (None, 0)
            kept: State | None = tuple(numbers) if numbers else None
            state, at = step(kept, int(now))
            await connection.execute(KEEP, (list(state), name))
        return (at - int(now)) / 1000
