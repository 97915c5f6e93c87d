"""One suite for both outboxes: each notice once, by one process at a time, and again until it is sent."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from real_postgres import RealPostgres
from support_core import ManualClock

from spentkey.core.notices import Notice
from spentkey.core.secret import Secret
from spentkey.ports.outbox import GIVEN_UP_AFTER, LONGEST_DELAY_S, MOST_WAITING, REMEMBERED, Outbox, Put, Taken, delay_s
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.outbox import PostgresOutbox
from spentkey.storage.postgres.schema import prepare
from spentkey.storage.sqlite.outbox import SqliteOutbox
from spentkey.storage.sqlite.store import FILE


@dataclass
class Office:
    """Where notices wait, as several processes see it."""

    folder: Path
    postgres: RealPostgres
    stack: AsyncExitStack
    clock: ManualClock
    database: str = ""

    async def outbox(self) -> Outbox:
        """That of another process."""
        if self.database:
            connections = await self.stack.enter_async_context(opened(Secret(self.database)))
            await prepare(connections)
            return PostgresOutbox(connections)
        made = SqliteOutbox(self.folder, self.clock)
        self.stack.callback(made.close)
        return made

    def pass_time(self, by: timedelta) -> None:
        """Everything in it is older by so much."""
        seconds = by.total_seconds()
        if self.database:
            later = f"interval '{seconds} s'"
            older = f"UPDATE spentkey_notices SET due = due - {later}, at = at - {later} RETURNING 1"  # noqa: S608
            self.postgres.rows(self.database, older)
            return
        with closing(sqlite3.connect(self.folder / FILE)) as connection, connection:
            connection.execute("UPDATE spentkey_notices SET due = due - ?, at = at - ?", (seconds, seconds))

    def now(self) -> datetime:
        """By the clock that counts there."""
        if not self.database:
            return self.clock.now()
        ((now,),) = self.postgres.rows(self.database, "SELECT clock_timestamp()")
        assert isinstance(now, datetime)
        return now

    def notice(self, key: str = "stop 7") -> Notice:
        """One of now."""
        return Notice(key, f"id of {key}", self.now(), "stop", f'{{"id": "id of {key}"}}')


@pytest.fixture(params=["sqlite", "postgres"])
async def office(request: pytest.FixtureRequest, tmp_path: Path, postgres: RealPostgres) -> AsyncGenerator[Office]:
    """Of one machine, and of several."""
    database = postgres.database() if request.param == "postgres" else ""
    async with AsyncExitStack() as stack:
        yield Office(tmp_path, postgres, stack, ManualClock(), database)


def key_of(taken: Taken | None) -> str | None:
    """Which notice was taken."""
    return taken.notice.key if taken is not None else None


async def test_a_notice_is_taken_as_it_was_put(office: Office) -> None:
    """By another process too; once it is sent, nobody gets it."""
    first, second, notice = await office.outbox(), await office.outbox(), office.notice()
    assert await first.put(notice) is Put.NEW
    taken = await second.take()
    assert taken is not None
    assert (taken.notice.id, taken.notice.body, taken.notice.event, taken.tries) == (notice.id, notice.body, "stop", 1)
    assert abs(taken.notice.at - notice.at) < timedelta(milliseconds=1)
    await second.sent(notice.key)
    office.pass_time(timedelta(days=1))
    assert [await first.take(), await second.take()] == [None, None]


async def test_an_event_that_several_see_is_one_notice(office: Office) -> None:
    """At the same time, and long after it was sent."""
    boxes = [await office.outbox() for _ in range(4)]
    results = await asyncio.gather(*(box.put(office.notice()) for box in boxes))
    assert sorted(results) == [Put.KNOWN, Put.KNOWN, Put.KNOWN, Put.NEW]
    assert sum(taken is not None for taken in await asyncio.gather(*(box.take() for box in boxes))) == 1
    await boxes[0].sent("stop 7")
    office.pass_time(timedelta(days=30))
    assert await boxes[1].put(office.notice()) is Put.KNOWN


async def test_what_was_not_sent_comes_again_with_the_same_id(office: Office) -> None:
    """As after a crash between the two; each time later, and never while the first sending may be under way."""
    box = await office.outbox()
    await box.put(office.notice())
    assert key_of(await box.take()) == "stop 7"
    assert await box.take() is None
    office.pass_time(timedelta(seconds=delay_s(1) + 1))
    again = await (await office.outbox()).take()
    assert again is not None
    assert (again.notice.id, again.tries) == ("id of stop 7", 2)
    office.pass_time(timedelta(seconds=delay_s(1) + 1))
    assert await box.take() is None
    office.pass_time(timedelta(seconds=delay_s(2)))
    assert key_of(await box.take()) == "stop 7"


async def test_the_oldest_goes_first(office: Office) -> None:
    """And one that waits for its time holds up no other."""
    box = await office.outbox()
    await box.put(office.notice("a"))
    office.pass_time(timedelta(seconds=1))
    await box.put(office.notice("b"))
    assert [key_of(await box.take()) for _ in range(3)] == ["a", "b", None]


async def test_a_full_outbox_takes_no_more(office: Office) -> None:
    """What is known stays known; when something is sent, there is room."""
    box = await office.outbox()
    for number in range(MOST_WAITING):
        assert await box.put(office.notice(str(number))) is Put.NEW
    assert await box.put(office.notice("one more")) is Put.FULL
    assert await box.put(office.notice("0")) is Put.KNOWN
    await box.sent("0")
    assert await box.put(office.notice("one more")) is Put.NEW


async def test_what_is_too_old_is_given_up_once(office: Office) -> None:
    """It is not told any more, and its event stays known for a year."""
    box = await office.outbox()
    await box.put(office.notice())
    assert await box.tidy() == 0
    office.pass_time(GIVEN_UP_AFTER + timedelta(minutes=1))
    assert [await box.tidy(), await box.tidy(), await box.take()] == [1, 0, None]
    assert await box.put(office.notice()) is Put.KNOWN
    office.pass_time(REMEMBERED)
    assert await box.tidy() == 0
    assert await box.put(office.notice()) is Put.NEW


def test_delays_grow_to_an_hour() -> None:
    """From a minute, however often it was tried."""
    assert [delay_s(tries) for tries in (1, 2, 3, 7, 100)] == [60, 120, 240, LONGEST_DELAY_S, LONGEST_DELAY_S]
