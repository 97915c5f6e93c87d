"""A start reads the end of the chain, not all of it, and still counts and checks what decisions rest on."""

import asyncio
import subprocess
import sys
from datetime import datetime
from typing import Any, LiteralString

import pytest
from evidence_rows import EvidenceRows, intents, many
from real_postgres import RealPostgres
from support_core import NOW, ManualClock

from spentkey.core.errors import EvidenceBroken
from spentkey.core.limits import HOUR, BlastRadius
from spentkey.core.outcome import Refused
from spentkey.core.reason import reason_for
from spentkey.core.rules import Limits
from spentkey.core.secret import Secret
from spentkey.core.stops import About
from spentkey.storage.postgres import rows as stored
from spentkey.storage.postgres.connection import Postgres, opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.tree_nodes import PAGE

LIMITS = Limits(per_run=2, per_app=100, per_hour=3, hand_overs_per_hour=2)
LEFT = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'spentkey' AND datname = current_database()"
READ = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'spentkey_evidence'"


@pytest.fixture
def rows(connections: Postgres, database: str, postgres: RealPostgres) -> EvidenceRows:
    """The table, made and empty."""
    del connections
    return EvidenceRows(postgres, database)


def evidence(connections: Postgres, clock: ManualClock | None = None) -> PostgresEvidence:
    """One worker's view of the evidence, just started."""
    return PostgresEvidence(connections, clock or ManualClock())


async def refused(log: PostgresEvidence, now: datetime = NOW, run: str = "mine") -> Refused | None:
    """Whether one removal more is refused."""
    return await log.ask(lambda blast_radius: blast_radius.refuse_intent(run, "a", now, LIMITS))


async def works(log: PostgresEvidence) -> None:
    """What one task asks and appends."""

    def may(blast_radius: BlastRadius) -> Refused | None:
        return blast_radius.refuse_intent("mine", "nobody", NOW, LIMITS)

    assert not (await log.history(40021)).known
    assert await log.removals("nobody") == {}
    assert len(await log.recent(10)) <= 10
    assert await log.append_unless(may, "intent", {"task": 40021, "app_id": "nobody", "key_id": "k"}) is None
    for _ in range(8):
        await log.append("step", {"task": 40021})


async def test_a_start_reads_few_rows_however_many_there_are(
    rows: EvidenceRows, database: str, postgres: RealPostgres
) -> None:
    """By the server's own count of the rows that it read; it knows its tables, as autovacuum sees to."""
    rows.put(many(2_000, NOW - 1000 * HOUR))
    postgres.rows(database, "ANALYZE spentkey_evidence")
    before, left = postgres.rows(database, READ)[0][0], postgres.rows(database, LEFT)
    async with opened(Secret(database)) as fresh:
        await works(evidence(fresh))
    while postgres.rows(database, LEFT) != left:  # a connection says what it read when it ends
        pass
    assert 0 < postgres.rows(database, READ)[0][0] - before < 100


FOUND: dict[str, tuple[LiteralString, dict[str, Any]]] = {
    "the last": (stored.LAST, {}),
    "those that follow": (stored.AFTER, {"first": 1_999, "page": PAGE}),
    "what counts": (stored.COUNTED, {"since": NOW - HOUR}),
    "stops": (stored.STOPPED, {"end": 2_000}),
    "a task by number": (stored.OF_NUMBER, {"of": 50_000}),
    "a task by text": (stored.OF_TEXT, {"of": "INC1"}),
    "an application": (stored.OF_APP, {"of": "a1"}),
    "results": (stored.RESULTS, {"before": 2**62, "limit": 10}),
}


@pytest.mark.parametrize("what", FOUND)
@pytest.mark.parametrize("analyzed", [False, True])
async def test_everything_is_found_by_an_index(
    rows: EvidenceRows, connections: Postgres, what: str, analyzed: bool
) -> None:
    """The plan of the query reads no table from end to end."""
    rows.put(many(2_000, NOW - 1000 * HOUR))
    if analyzed:
        await connections.rows("ANALYZE spentkey_evidence")
    condition, values = FOUND[what]
    plan = "\n".join(str(row[0]) for row in await connections.rows("EXPLAIN " + stored.SELECT + condition, **values))
    assert "Index" in plan, plan
    assert "Seq Scan" not in plan, plan


START = """
import asyncio, sys, time
from spentkey.core.rules import Limits
from spentkey.core.secret import Secret
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.system import SystemClock
async def main():
    async with opened(Secret(sys.argv[1])) as database:
        log, limits, now = PostgresEvidence(database, SystemClock()), Limits(9, 9, 9, 9), SystemClock().now()
        began, cpu = time.monotonic(), time.process_time()
        await log.history(40021)
        await log.removals("nobody")
        await log.recent(10)
        await log.append_unless(
            lambda blast_radius: blast_radius.refuse_intent("x", "nobody", now, limits), "step", {"task": 7}
        )
        print(time.monotonic() - began, time.process_time() - cpu)
asyncio.run(main())
"""


@pytest.mark.parametrize("count", [2_000, pytest.param(200_000, marks=[pytest.mark.long, pytest.mark.timeout(300)])])
def test_a_start_costs_the_same_however_much_is_on_record(
    rows: EvidenceRows, database: str, postgres: RealPostgres, count: int
) -> None:
    """At most 0.1 s of CPU time and half a second more than when nothing is on record."""

    def costs() -> tuple[float, float]:
        command = [sys.executable, "-c", START, database]
        found = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() for _ in range(3)]
        return min(float(waited) for waited, _ in found), min(float(cpu) for _, cpu in found)

    empty = costs()
    rows.put(many(count, NOW - 1000 * HOUR))
    postgres.rows(database, "ANALYZE spentkey_evidence")
    full = costs()
    assert postgres.rows(database, "SELECT count(*) FROM spentkey_evidence") == [(count + 6,)]
    assert (full[0] - empty[0] < 0.5, full[1] - empty[1] < 0.1) == (True, True)


async def test_what_was_begun_in_the_last_hour_counts(rows: EvidenceRows, connections: Postgres) -> None:
    """Whoever began it; what is older does not."""
    rows.put([*intents(5, NOW - 1.5 * HOUR), *intents(2, NOW - 0.5 * HOUR)])
    assert await refused(evidence(connections)) is None
    rows.put(intents(1, NOW - 0.5 * HOUR))
    found = await refused(evidence(connections))
    assert found is not None
    assert (found.guard, found.until) == ("G8", NOW + 0.5 * HOUR)


@pytest.mark.parametrize("first", [False, True], ids=["before older ones", "after older ones"])
async def test_what_lies_in_the_future_counts(rows: EvidenceRows, connections: Postgres, first: bool) -> None:
    """A clock was wrong for a while: wherever such a record stands, it is not forgotten, and the old ones are."""
    ahead, old = intents(3, NOW + 5 * HOUR), intents(3, NOW - 3 * HOUR)
    rows.put([*ahead, *old] if first else [*old, *ahead])
    log = evidence(connections)
    assert await refused(log) is not None
    assert await refused(log, NOW + 7 * HOUR) is None


async def test_hand_overs_of_others_count(rows: EvidenceRows, connections: Postgres) -> None:
    """Two are allowed in an hour; one that was begun may be finished."""
    rows.put((NOW - 0.5 * HOUR, "handing-over", {"task": task, "assignment": 1}) for task in (1, 2))
    log = evidence(connections)
    third = await log.ask(lambda blast_radius: blast_radius.refuse_hand_over("3/1", NOW, LIMITS))
    again = await log.ask(lambda blast_radius: blast_radius.refuse_hand_over("2/1", NOW, LIMITS))
    assert (third is not None, again) == (True, None)


async def test_a_stop_of_long_ago_still_stands(rows: EvidenceRows, connections: Postgres) -> None:
    """Until it is lifted; a pause before it does not hide it."""
    long_ago = NOW - 1000 * HOUR
    rows.put([(long_ago, "paused", {"why": "a"}), (long_ago, "resumed", {}), (long_ago, "paused", {"why": "b"})])
    rows.put([(long_ago, "survivor-lost", {"task": 7, "lost": []}), *many(100, long_ago)])
    stopped = await evidence(connections).ask(lambda blast_radius: blast_radius.refuse_any(About()))
    assert stopped is not None
    assert "task 7" in stopped.reason
    rows.put([(NOW, "resumed", {"who": "ops", "why": "c"})])
    assert await evidence(connections).ask(lambda blast_radius: blast_radius.refuse_any(About())) is None


async def test_what_counts_is_read_again_when_the_clock_is_set_back(rows: EvidenceRows, connections: Postgres) -> None:
    """By more than the hour to spare: what was too old to be read at the start counts then."""
    rows.put(intents(3, NOW - 3 * HOUR))
    clock = ManualClock()
    asks, appends = evidence(connections, clock), evidence(connections, clock)
    for one in (asks, appends):
        assert await refused(one, clock.now()) is None
    await clock.sleep(-2.5 * 3600)
    assert await refused(asks, clock.now()) is not None
    too_many = await appends.append_unless(
        lambda blast_radius: blast_radius.refuse_intent("x", "a", clock.now(), LIMITS), "step", {"task": 1}
    )
    assert too_many is not None


class ClockWhileOthersAppend(ManualClock):
    """A clock by which another worker begins a removal, once, when somebody looks at it."""

    rows: EvidenceRows | None = None

    def now(self) -> datetime:
        """The time, after that removal."""
        rows, self.rows = self.rows, None
        if rows is not None:
            rows.put(intents(1, NOW))
        return super().now()


async def test_what_is_appended_during_a_start_counts_once(rows: EvidenceRows, connections: Postgres) -> None:
    """It came after the record that was the last: two were begun, not three."""
    rows.put(intents(1, NOW))
    clock = ClockWhileOthersAppend()
    clock.rows = rows
    log = evidence(connections, clock)
    for _ in range(2):
        assert await refused(log) is None
    rows.put(intents(1, NOW))
    assert await refused(log) is not None


async def test_a_clock_that_is_set_back_a_little_finds_what_it_had_left_behind(
    rows: EvidenceRows, connections: Postgres
) -> None:
    """By less than an hour: what did not count a moment ago was not forgotten."""
    rows.put(intents(3, NOW - 1.5 * HOUR))
    log = evidence(connections)
    assert await refused(log) is None
    assert await refused(log, NOW - 0.75 * HOUR) is not None


async def test_removals_of_a_run_count_as_long_as_its_process_lives(connections: Postgres) -> None:
    """Also after what counts was read again."""
    clock = ManualClock()
    log = evidence(connections, clock)
    for _ in range(2):
        await log.append("intent", {"task": 1, "app_id": "a", "key_id": "k", "run": "mine"})
    for hours in (5, -2, 3, -6):
        await clock.sleep(hours * 3600)
        found = await refused(log, clock.now())
        assert found is not None
        assert "in this run" in found.reason
    assert await refused(log, NOW + 9 * HOUR, "another") is None


CHANGES = {
    "the last, its line": """UPDATE spentkey_evidence SET line = replace(line, '"n":2', '"n":9') WHERE seq = 4""",
    "the last, a column": "UPDATE spentkey_evidence SET task = 9 WHERE seq = 4",
    "a text for a number": "UPDATE spentkey_evidence SET task = NULL, task_ref = '2' WHERE seq = 4",
    "what counts, its line": """
        UPDATE spentkey_evidence SET line = replace(line, '"run":"other"', '"run":"mine"') WHERE seq = 1
    """,
    "what counts, its time": "UPDATE spentkey_evidence SET at = at + interval '1 second' WHERE seq = 1",
    "what counts, its run": "UPDATE spentkey_evidence SET run = 'mine' WHERE seq = 1",
    "what counts, no time alone": "UPDATE spentkey_evidence SET at = NULL WHERE seq = 1",
    "a stop, its line": "UPDATE spentkey_evidence SET line = replace(line, 'ops', 'all') WHERE seq = 0",
    "a stop, its kind": "UPDATE spentkey_evidence SET what = 'resumed' WHERE seq = 0",
    "no record": "UPDATE spentkey_evidence SET line = '{}' WHERE seq = 4",
}


@pytest.mark.parametrize("how", CHANGES)
async def test_what_a_start_rests_on_is_checked(
    rows: EvidenceRows, connections: Postgres, database: str, postgres: RealPostgres, how: str
) -> None:
    """Whoever starts answers nothing and appends nothing."""
    rows.put([(NOW - 9 * HOUR, "paused", {"who": "ops", "why": "a"}), *intents(1, NOW), *intents(1, NOW - 9 * HOUR)])
    rows.put((NOW, "step", {"task": 2, "n": number}) for number in (1, 2))
    postgres.tamper(database, CHANGES[how])
    before, log = postgres.everything(database), evidence(connections)
    for asked in (refused(log), log.append("step", {"task": 1}), log.history(3)):
        with pytest.raises(EvidenceBroken, match="nothing is removed"):
            await asked
    assert postgres.everything(database) == before


@pytest.mark.parametrize("change", ["key_id = 'other'", "run = 'other'", "at = at - interval '9 hours'", "line = '{}'"])
@pytest.mark.parametrize("read", ["history", "removals", "recent"])
async def test_what_a_decision_rests_on_is_checked(
    rows: EvidenceRows, connections: Postgres, database: str, postgres: RealPostgres, change: str, read: str
) -> None:
    """By its own hash, and its columns against its line."""
    for what in ("intent", "result"):
        rows.put([(NOW - 9 * HOUR, what, {"task": 1, "app_id": "a", "key_id": "k", "run": "r"})])
    rows.put([(NOW, "step", {"task": 2})])
    log = evidence(connections)
    assert await refused(log) is None
    postgres.tamper(database, f"UPDATE spentkey_evidence SET {change} WHERE seq < 2")  # noqa: S608
    about: dict[str, tuple[Any, ...]] = {"history": (1,), "removals": ("a",), "recent": (10,)}
    with pytest.raises(EvidenceBroken, match="nothing is removed"):
        await getattr(log, read)(*about[read])


async def test_whoever_verifies_disturbs_nobody(rows: EvidenceRows, connections: Postgres) -> None:
    """The whole chain is read while the same process appends and asks; each gets what is true."""
    rows.put(many(4 * PAGE, NOW - 1000 * HOUR))
    log = evidence(connections)
    verifying = asyncio.create_task(log.verify())
    await asyncio.gather(*(log.append("step", {"task": 1, "n": number}) for number in range(30)))
    assert 4 * PAGE <= await verifying <= 4 * PAGE + 30
    assert len((await log.history(1)).records) == 30
    assert await log.verify() == 4 * PAGE + 30


async def test_a_fault_far_back_is_found_by_verification_alone(
    rows: EvidenceRows, connections: Postgres, database: str, postgres: RealPostgres
) -> None:
    """And from then on the process that found it appends nothing."""
    rows.put(many(2 * PAGE, NOW - 1000 * HOUR))
    postgres.tamper(database, "DELETE FROM spentkey_evidence WHERE seq = 10")
    log = evidence(connections)
    await log.append("step", {"task": 1})
    with pytest.raises(EvidenceBroken, match="record 10 does not continue the chain"):
        await log.verify()
    for asked in (log.append("step", {"task": 1}), refused(log), log.verify()):
        with pytest.raises(EvidenceBroken, match="record 10 does not continue the chain"):
            await asked


async def test_a_refusal_is_no_fault(connections: Postgres) -> None:
    """A limit that is reached, or facts that cannot be written, end one call and not the next."""
    log, no = evidence(connections), Refused("G8", reason_for("enough"))
    assert await log.append_unless(lambda _: no, "intent", {"task": 1}) is no
    with pytest.raises(TypeError):
        await log.append("step", {"task": object()})
    await log.append("step", {"task": 1})
    assert await log.verify() == 1


@pytest.mark.parametrize("task", ["a\ud800b", "nul \0", "\\0", "\\ud800", "it's", "漢"])
async def test_a_reference_may_be_any_text(connections: Postgres, task: str) -> None:
    """What a column cannot hold is found all the same, and not mistaken for what it is written as."""
    log = evidence(connections)
    for one in (task, "\\0", "nul \\0", "a\\ud800b"):
        await log.append("intent", {"task": one, "app_id": task, "key_id": "k"})
    found = (await evidence(connections).history(task)).records
    assert {record["task"] for record in found} == {task}
    assert len((await evidence(connections).removals(task))["k"]) == 4
