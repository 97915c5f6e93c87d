"""Notices against a real receiver over TLS: signed, once, again with the same id, and never in the way."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from notice_receiver import SECRET, Received, receiving
from support_core import ManualClock

from spentkey.core.errors import Outage
from spentkey.core.notices import Event, Occurrence
from spentkey.core.secret import Secret
from spentkey.http.client import HttpClient
from spentkey.http.sessions import open_session
from spentkey.http.tls import trust
from spentkey.observe.last_calls import LastKnown
from spentkey.observe.metrics import Metrics
from spentkey.observe.notify import Notifier
from spentkey.observe.observer import Observers
from spentkey.storage.sqlite.outbox import SqliteOutbox
from spentkey.storage.sqlite.store import FILE
from spentkey.system import SystemIds, jitter

STOP = Occurrence("stop 7", Event.STOP, "all removals are stopped (stop 7)", {"stop": "7"})
OTHER = replace(STOP, key="stop 8")


@dataclass
class Process:
    """A notifier as one process has it, and what was heard."""

    notifier: Notifier
    clock: ManualClock
    metrics: Metrics
    heard: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])

    async def tell(self, *occurrences: Occurrence) -> None:
        """See these, and send what is due."""

        async def source() -> Sequence[Occurrence]:
            return occurrences

        await self.notifier.look(source)
        await self.notifier.send()


@asynccontextmanager
async def processes(folder: Path, received: Received, count: int = 1) -> AsyncGenerator[list[Process]]:
    """So many of them, on one state directory."""
    clock = ManualClock()
    async with AsyncExitStack() as stack:
        made: list[Process] = []
        for _ in range(count):
            session = await stack.enter_async_context(open_session(trust(received.ca_file)))
            outbox, metrics = SqliteOutbox(folder, clock), Metrics(clock)
            stack.callback(outbox.close)
            observers = Observers((metrics, LastKnown(clock)), clock)
            http = HttpClient("notify", received.url, session, clock, jitter, meter=observers)
            process = Process(Notifier(outbox, http, Secret(SECRET), clock, SystemIds(), _nobody), clock, metrics)
            process.notifier.heard = lambda event, result, why, mine=process.heard: mine.append((event, result, why))
            made.append(process)
        yield made


def _nobody(event: str, result: str, why: str) -> None:
    del event, result, why


async def test_a_notice_arrives_signed(tmp_path: Path) -> None:
    """As one JSON object, at the address as it stands."""
    with receiving(tmp_path) as received:
        async with processes(tmp_path, received) as (one,):
            await one.tell(STOP)
    (body,) = received.bodies
    assert (body["event"], body["message"], body["about"]) == ("stop", STOP.message, {"stop": "7"})
    assert (received.paths, received.unsigned, one.heard) == (["/hook/api"], [], [("stop", "sent", "")])


async def test_what_several_processes_see_is_sent_once(tmp_path: Path) -> None:
    """At the same time, and again and again."""
    with receiving(tmp_path) as received:
        async with processes(tmp_path, received, 4) as several:
            for _ in range(3):
                await asyncio.gather(*(one.tell(STOP, OTHER) for one in several))
                await several[0].clock.sleep(7200)
    assert sorted(body["about"]["stop"] for body in received.bodies) == ["7", "7"]
    assert len({body["id"] for body in received.bodies}) == 2


@pytest.mark.parametrize("status", [301, 400, 401, 404, 408, 429, 500, 503])
async def test_a_refused_notice_is_sent_again_with_the_same_id(tmp_path: Path, status: int) -> None:
    """Later, and until it is taken; then no more."""
    with receiving(tmp_path) as received:
        received.answers += [status, status]
        async with processes(tmp_path, received) as (one,):
            for _ in range(6):
                await one.tell(STOP)
                await one.clock.sleep(600)
    assert len(received.bodies) == 3
    assert len({json.dumps(body) for body in received.bodies}) == 1
    assert [result for _, result, _ in one.heard] == ["failed", "failed", "sent"]


async def test_after_a_crash_the_same_id_comes_again(tmp_path: Path) -> None:
    """One process dies after the receiver has taken the notice, before that is noted; another one goes on."""
    with receiving(tmp_path) as received:
        async with processes(tmp_path, received, 2) as (first, second):
            await first.tell(STOP)
            with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
                connection.execute("UPDATE spentkey_notices SET done = 0")  # as if it had died
            await second.tell(STOP)
            assert len(received.bodies) == 1  # the first one may still be sending
            await second.clock.sleep(61)
            await second.tell(STOP)
    assert [body["id"] for body in received.bodies] == [received.bodies[0]["id"]] * 2


async def test_a_receiver_that_is_away_is_told_once_a_minute(tmp_path: Path) -> None:
    """Each failure is counted, and no line names the address, which may be a secret of its own."""
    with receiving(tmp_path, "/hook/canary-token") as received:
        pass
    async with processes(tmp_path, received) as (one,):
        for number in range(20):
            await one.tell(replace(STOP, key=str(number)))
    failed = [why for _, result, why in one.heard if result == "failed"]
    assert (len(failed), sum(bool(why) for why in failed)) == (20, 1)
    assert "canary" not in json.dumps(one.heard) + one.metrics.text().decode()


async def test_the_secret_of_another_is_of_no_use(tmp_path: Path) -> None:
    """The receiver refuses it, so it is not sent."""
    with receiving(tmp_path) as received:
        async with processes(tmp_path, received) as (one,):
            one.notifier.secret = Secret("x" * 40)
            await one.tell(STOP)
    assert (received.bodies, len(received.unsigned), one.heard[0][1]) == ([], 1, "failed")


async def test_a_receiver_of_another_authority_gets_nothing(tmp_path: Path) -> None:
    """Its certificate is not ours."""
    (tmp_path / "other").mkdir()
    with receiving(tmp_path) as received, receiving(tmp_path / "other") as other:
        received.ca_file = other.ca_file
        async with processes(tmp_path, received) as (one,):
            await one.tell(STOP)
    assert (received.bodies, one.heard[0][1]) == ([], "failed")


async def test_a_source_that_is_away_ends_nothing(tmp_path: Path) -> None:
    """What waits is sent meanwhile; a bug in it neither."""
    with receiving(tmp_path) as received:
        async with processes(tmp_path, received) as (one,):
            looks = 0

            async def broken() -> Sequence[Occurrence]:
                nonlocal looks
                looks += 1
                if looks == 1:
                    raise Outage("the evidence does not answer")
                if looks == 2:
                    raise ZeroDivisionError
                if looks == 4:
                    raise asyncio.CancelledError
                return [STOP]

            with pytest.raises(asyncio.CancelledError):
                await one.notifier.watch(broken, 61)
    assert [result for _, result, _ in one.heard] == ["failed", "failed", "sent"]
    assert [why for _, _, why in one.heard[:2]] == [
        "cannot be looked for: the evidence does not answer",
        "a bug in Spentkey: ZeroDivisionError",
    ]


async def test_what_a_full_outbox_drops_is_counted(tmp_path: Path) -> None:
    """And those that wait are kept."""
    with receiving(tmp_path) as received:
        async with processes(tmp_path, received) as (one,):
            await one.tell(STOP)
            with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
                connection.executemany(
                    "INSERT INTO spentkey_notices (key, id, at, event, body, due) VALUES (?, ?, 0, 'stop', '{}', ?)",
                    [(f"k{number}", f"i{number}", one.clock.now().timestamp() + 3600) for number in range(1000)],
                )
            await one.tell(OTHER)
    assert one.heard[-1] == ("stop", "dropped", "too many notices wait already")
