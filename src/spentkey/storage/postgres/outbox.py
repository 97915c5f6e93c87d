"""Notices of several machines that are to be sent. The server's clock alone says whose turn it is."""

from datetime import UTC, datetime

from spentkey.core.notices import Notice
from spentkey.ports.outbox import (
    FIRST_DELAY_S,
    GIVEN_UP_AFTER,
    LONGEST_DELAY_S,
    MOST_WAITING,
    REMEMBERED,
    Put,
    Taken,
)
from spentkey.storage.postgres.connection import Postgres


class PostgresOutbox:
    """The `Outbox` port on the shared database."""

    def __init__(self, database: Postgres) -> None:
        self._database = database

    async def put(self, notice: Notice) -> Put:
        """Keep it; of several machines that see the same event at once, the first one's counts."""
        rows = await self._database.rows(
            """
            WITH known AS (SELECT 1 FROM spentkey_notices WHERE key = %(key)s),
            waiting AS (SELECT count(*) AS number FROM spentkey_notices WHERE NOT done),
            made AS (
                INSERT INTO spentkey_notices (key, id, at, event, body)
                SELECT %(key)s, %(id)s, %(at)s, %(event)s, %(body)s FROM waiting
                WHERE number < %(most)s AND NOT EXISTS (SELECT 1 FROM known)
                ON CONFLICT (key) DO NOTHING RETURNING 1)
            SELECT EXISTS (SELECT 1 FROM made), EXISTS (SELECT 1 FROM known), number >= %(most)s FROM waiting
            """,
            key=notice.key,
            id=notice.id,
            at=notice.at,
            event=notice.event,
            body=notice.body,
            most=MOST_WAITING,
        )
        ((made, known, full),) = rows
        return Put.NEW if made else Put.FULL if full and not known else Put.KNOWN

    async def take(self) -> Taken | None:
        """The oldest one that is due, past those that others are taking."""
        rows = await self._database.rows(
            """
            UPDATE spentkey_notices SET tries = tries + 1,
                due = clock_timestamp() + interval '1 s' * least(%(longest)s, %(first)s * 2 ^ least(tries, 10))
            WHERE key = (
                SELECT key FROM spentkey_notices WHERE NOT done AND due <= clock_timestamp()
                ORDER BY at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING key, id, at, event, body, tries
            """,
            longest=LONGEST_DELAY_S,
            first=FIRST_DELAY_S,
        )
        if not rows:
            return None
        key, notice_id, at, event, body, tries = rows[0]
        assert isinstance(at, datetime)  # noqa: S101  # timestamptz
        return Taken(Notice(str(key), str(notice_id), at.astimezone(UTC), str(event), str(body)), int(tries))

    async def sent(self, key: str) -> None:
        """It has arrived."""
        await self._database.rows("UPDATE spentkey_notices SET done = true WHERE key = %(key)s", key=key)

    async def tidy(self) -> int:
        """Give up and forget, by the server's clock."""
        rows = await self._database.rows(
            """
            WITH forgotten AS (DELETE FROM spentkey_notices WHERE at < clock_timestamp() - %(remembered)s::interval)
            UPDATE spentkey_notices SET done = true WHERE NOT done AND at < clock_timestamp() - %(old)s::interval
                AND at >= clock_timestamp() - %(remembered)s::interval RETURNING 1
            """,
            remembered=REMEMBERED,
            old=GIVEN_UP_AFTER,
        )
        return len(rows)
