"""When tasks are tried again, and how an outage pauses a lane: by figures, without an engine."""

from datetime import timedelta

import pytest
from support_core import NOW

from spentkey.core.outcome import Result, TicketState
from spentkey.core.task import TaskRef
from spentkey.worker.backoff import TOLERATED, CircuitBreaker, met_outage, retry_delay

POLL_S = 30.0
LOOKS, OTHER, LAST = TaskRef("40007"), TaskRef("SCTASK0010008"), TaskRef("9")
"""Tasks, as one desk or another calls them."""


def refs(count: int) -> list[TaskRef]:
    """So many tasks."""
    return [TaskRef(str(number)) for number in range(count)]


def left(**more: object) -> Result:
    """A task that was left open."""
    return Result(task="1", outcome="failed", ticket=TicketState.OPEN, **more)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("ticket", [TicketState.CLOSED, TicketState.HANDED_OFF, TicketState.UNTOUCHED])
def test_what_ended_is_not_tried_again(ticket: TicketState) -> None:
    """However it ended."""
    assert retry_delay(Result(task="1", outcome="removed", ticket=ticket), 0, NOW, POLL_S) is None


@pytest.mark.parametrize(
    ("tries", "wait"), [(0, 30), (1, 60), (2, 120), (3, 240), (4, 480), (5, 900), (6, 900), (5000, 900)]
)
def test_an_outage_is_waited_out_longer_and_longer(tries: int, wait: float) -> None:
    """From half a minute, doubling, up to a quarter of an hour."""
    assert retry_delay(left(outage=True), tries, NOW, POLL_S) == wait


@pytest.mark.parametrize(
    ("result", "wait"),
    [
        (left(), 300),
        (left(guard="G10"), 300),
        (left(guard="G9", outage=True), 60),
        (left(guard="G8"), 60),
        (left(guard="G8", not_before=NOW + timedelta(minutes=20)), 1200),
        (left(guard="G8", not_before=NOW + timedelta(days=11)), 11 * 86400),
        (left(guard="G8", not_before=NOW + timedelta(seconds=1)), 60),
        (left(not_before=NOW - timedelta(hours=1)), 60),
        (left(outage=True, not_before=NOW + timedelta(minutes=5)), 300),
    ],
)
def test_the_rest_waits_as_long_as_makes_sense(result: Result, wait: float) -> None:
    """A limit until it allows more, but at least a minute; another worker a minute; anything else five."""
    assert retry_delay(result, 0, NOW, POLL_S) == wait


@pytest.mark.parametrize(
    ("result", "is_one"),
    [
        (left(outage=True), True),
        (left(), False),
        (left(guard="G9", outage=True), False),
        (left(outage=True, not_before=NOW), False),
    ],
)
def test_another_worker_is_no_outage(result: Result, is_one: bool) -> None:
    """Only a system that was away pauses a lane; an audit event that is waited for does not."""
    assert met_outage(result) is is_one


def test_a_lane_rests_after_three_outages_in_a_row() -> None:
    """Two are chance; the third pauses the lane for one interval."""
    pause = CircuitBreaker(POLL_S)
    for task in refs(TOLERATED - 1):
        pause.note(task, outage=True, now=100)
    before = pause.wait_s(LAST, 100)
    pause.note(TaskRef("3"), outage=True, now=100)
    assert (before, pause.wait_s(LAST, 100), pause.wait_s(LAST, 129)) == (0, POLL_S, 1)


def test_an_end_without_outage_counts_anew() -> None:
    """Two outages, a success, two outages: nothing rests."""
    pause = CircuitBreaker(POLL_S)
    for outage in (True, True, False, True, True):
        pause.note(TaskRef("1"), outage=outage, now=0)
    assert not pause.resting


def resting() -> CircuitBreaker:
    """A lane that rests until second 30."""
    pause = CircuitBreaker(POLL_S)
    for task in refs(TOLERATED):
        pause.note(task, outage=True, now=0)
    return pause


def test_one_task_at_a_time_looks_whether_it_is_over() -> None:
    """The others wait an interval more."""
    pause = resting()
    assert (pause.wait_s(LOOKS, 31), pause.wait_s(OTHER, 31), pause.wait_s(LOOKS, 31)) == (0, POLL_S, 0)


def test_a_look_that_finds_nothing_doubles_the_rest() -> None:
    """Up to a quarter of an hour."""
    pause, now, rests = resting(), 30.0, list[float]()
    for _ in range(7):
        now = pause.until
        pause.wait_s(LOOKS, now)
        pause.note(LOOKS, outage=True, now=now)
        rests.append(pause.until - now)
    assert rests == [60, 120, 240, 480, 900, 900, 900]


def test_tasks_that_were_under_way_do_not_make_the_rest_longer() -> None:
    """A hundred that all met the same outage count as one."""
    pause = resting()
    for task in refs(100):
        pause.note(task, outage=True, now=1)
    assert pause.until == POLL_S


def test_a_look_that_succeeds_ends_the_rest_at_once() -> None:
    """Everybody may start."""
    pause = resting()
    pause.wait_s(LOOKS, 31)
    pause.note(LOOKS, outage=False, now=32)
    assert [pause.wait_s(task, 32) for task in (OTHER, LAST)] == [0, 0]


def test_who_ended_without_looking_lets_the_next_one_look() -> None:
    """It says nothing about the system."""
    pause = resting()
    pause.wait_s(LOOKS, 31)
    pause.note(LOOKS, outage=None, now=32)
    assert (pause.resting, pause.wait_s(OTHER, 32)) == (True, 0)
