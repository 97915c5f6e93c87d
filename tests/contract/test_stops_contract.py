"""Guard G8 wherever evidence is kept: what a process finds at its start is what one knows that saw every record."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from evidence_rig import Evidence, Shelf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support_core import LIMITS, NOW, ManualClock

from spentkey.core.limits import HOUR, BlastRadius, FoldedPast, HandOverLimit
from spentkey.core.outcome import Refused
from spentkey.core.stops import Stop
from spentkey.steps.stops import Lifted, lift, pause, standing_stops

MINUTE = HOUR / 60
LOST: dict[str, Any] = {"task": 7, "tenant": "production", "route": "removePassword", "app_id": "a", "lost": []}
OTHER: dict[str, Any] = {**LOST, "task": "T8", "app_id": "b"}
Known = tuple[Sequence[Stop], list[str], list[tuple[str, Refused | None, datetime | None]], int]


async def known(log: Evidence, clock: ManualClock) -> Known:
    """Everything that guard G8 knows."""
    found: list[Known] = []

    def look(blast_radius: BlastRadius) -> None:
        found.append(what_is_known(blast_radius, clock))

    await log.ask(look)
    return found[0]


def what_is_known(blast_radius: BlastRadius, clock: ManualClock) -> Known:
    """The stops, what may be narrowed, each limit of hand-overs with its moment, and the removals of an hour."""
    now = clock.now()
    refused = [(one.value, blast_radius.refuse_hand_over("9/9", now, LIMITS, one)) for one in HandOverLimit]
    unexplained = [str(one["seq"]) for one in blast_radius.past.lost_to_narrow(now - 2 * HOUR)]
    moments = [(name, one, one.until if one is not None else None) for name, one in refused]
    return blast_radius.stops(), unexplained, moments, len(blast_radius.past.removals_since(now - HOUR))


RECORD = st.one_of(
    st.just(("survivor-lost", LOST)),
    st.just(("survivor-lost", OTHER)),
    st.just(("survivor-lost", {"task": 7, "lost": []})),
    st.just(("paused", {"who": "ops", "why": '"left":[] "stops":[ x'})),
    st.just(("resumed", {"who": "ops", "why": '"stops":[', "task": None})),
    st.lists(st.integers(0, 12), max_size=2).map(
        lambda ids: ("resumed", {"who": "ops", "why": "x", "stops": [str(one) for one in ids], "left": ["1"]})
    ),
    st.integers(0, 12).map(lambda one: ("stop-narrowed", {"task": 7, "stop": str(one), "app_id": "a"})),
    st.tuples(st.just("handing-over"), st.sampled_from(["G1", "G5", None])).map(
        lambda one: (one[0], {"task": 3, "assignment": 1, "guard": one[1]})
    ),
    st.integers(1, 4).map(lambda task: ("handing-over", {"task": task, "assignment": 1, "limit": "request"})),
    st.just(("intent", {"task": 1, "app_id": "a", "key_id": "k", "run": "r"})),
    st.just(("result", {"task": 1})),
)
STEPS = st.sampled_from([0, 1, 4, 10, 40, 61, 130, 600, -2, -10, -61, -600])


@given(records=st.lists(st.tuples(STEPS, RECORD), min_size=1, max_size=14), ask_after=st.sampled_from([0, 30, 61]))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_a_start_finds_what_was_noted(
    fresh_shelf: Any, records: list[tuple[int, tuple[str, dict[str, Any]]]], ask_after: int
) -> None:
    """Whatever is on record, and whatever clocks did meanwhile."""
    async with fresh_shelf() as shelf:
        clock, past = ManualClock(), FoldedPast()
        log = await shelf.log(clock=clock)
        for minutes, (what, facts) in records:
            await clock.sleep(60 * minutes)
            await log.append(what, facts)
        for one in shelf.chained():
            past.note(one)
        await clock.sleep(60 * ask_after)
        folded = what_is_known(BlastRadius(past), clock)
        assert await known(await shelf.log(clock=clock), clock) == folded


async def test_a_clock_that_was_wrong_blocks_hand_overs_for_an_hour(shelf: Shelf) -> None:
    """Also for processes that start after it was set right; a result on record then shows when that was."""
    clock = ManualClock(NOW + 5 * HOUR)
    ahead = await shelf.log(clock=clock)
    for task in (1, 2):
        await ahead.append("handing-over", {"task": task, "assignment": 1, "limit": "request"})
    await clock.sleep(-5 * 3600)
    await (await shelf.log(clock=clock)).append("result", {"task": 3})
    for seconds, blocked in ((0, True), (3500, True), (200, False), (4 * 3600, False)):
        await clock.sleep(seconds)
        (_, _, ((_, refused, _), *_), _) = await known(await shelf.log(clock=clock), clock)
        assert (refused is not None) == blocked


async def test_the_record_that_frees_hand_overs_is_checked(shelf: Shelf) -> None:
    """Nobody frees a limit by a changed time in a column."""
    log = await shelf.log()
    for task in (1, 2):
        await log.append("handing-over", {"task": task, "assignment": 1, "limit": "request"})
    await log.append("result", {"task": 3})
    set_back(shelf)
    with pytest.raises(Exception, match="the columns of record 2 are not what it says"):
        await known(await shelf.log(), ManualClock())


def set_back(shelf: Shelf) -> None:
    """Change the time of the last record, and not its line."""
    if shelf.database:
        change = "UPDATE spentkey_evidence SET at = at - interval '5 hours' WHERE seq = 2"
        shelf.postgres.tamper(shelf.database, change)
    else:
        shelf.in_sqlite("DROP TRIGGER spentkey_evidence_stays")
        shelf.in_sqlite("UPDATE spentkey_evidence SET at = at - 18000 WHERE seq = 2")


async def test_a_stop_that_others_lifted_partly_stands_on(shelf: Shelf) -> None:
    """For a process that starts later, and for one that runs."""
    log, other = await shelf.log(), await shelf.log()
    await log.append("survivor-lost", LOST)
    assert (await pause(other, "ops", "x")).paused
    seen = await standing_stops(log)
    ended = await lift(other, "ops", "y", seen, ["1"])
    assert isinstance(ended, Lifted)
    assert (ended.lifted, {one.id for one in ended.left}) == (("1",), {"0"})
    for one in (log, await shelf.log(), await shelf.log(read_only=True)):
        assert {stop.id for stop in await standing_stops(one)} == {"0"}


async def test_all_that_was_seen_is_lifted_and_nothing_more(shelf: Shelf) -> None:
    """What another process stopped since then refuses it, and after another look it goes."""
    log, other = await shelf.log(), await shelf.log()
    await log.append("survivor-lost", LOST)
    seen = await standing_stops(log)
    await pause(other, "ops", "x")
    refused = await lift(log, "ops", "y", seen)
    assert isinstance(refused, Refused)
    assert "what nobody has seen is not lifted" in refused.reason
    assert [record["what"] for record in shelf.chained()] == ["survivor-lost", "paused"]
    ended = await lift(log, "ops", "y", await standing_stops(log))
    assert isinstance(ended, Lifted)
    assert (ended.lifted, ended.left, await standing_stops(other)) == (("0", "1"), (), [])


async def test_what_somebody_else_lifted_meanwhile_is_lifted_once(shelf: Shelf) -> None:
    """Two people who look at the same time do not lift the same stop twice."""
    log, other = await shelf.log(), await shelf.log()
    await pause(log, "ops", "x")
    await pause(log, "night shift", "x")
    seen = await standing_stops(log)
    await lift(other, "ops", "y", seen, ["0"])
    ended, again = await lift(log, "ops", "z", seen), await lift(log, "ops", "z", seen)
    assert isinstance(ended, Lifted)
    assert ((ended.lifted, ended.left), again) == ((("1",), ()), Lifted(None, (), ()))
    assert [record["stops"] for record in shelf.chained() if record["what"] == "resumed"] == [["0"], ["1"]]


async def test_a_narrowed_stop_is_narrow_for_who_starts_later(shelf: Shelf) -> None:
    """By a record of its own; one about another stop of that task narrows nothing."""
    log = await shelf.log()
    for what, facts in (("survivor-lost", LOST), ("survivor-lost", {**LOST, "task": "7"})):
        await log.append(what, facts)
    await log.append("stop-narrowed", {"task": 7, "stop": "0", "app_id": "a"})
    for one in (log, await shelf.log()):
        found = [(stop.id, stop.scope) for stop in await standing_stops(one)]
        route = ("1", "route:production/removePassword")
        assert found == [("0", "application:a"), ("1", "application:a"), route]
