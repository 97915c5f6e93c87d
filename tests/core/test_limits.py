"""Guard G8: every limit at its boundary, the hour, runs, hand-overs, and the stop."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import APP_ID, LIMITS, NOW, OTHER_APP_ID, SECOND

from spentkey.core.credential import SKEW
from spentkey.core.limits import HOUR, BlastRadius, FoldedPast, HandOverLimit
from spentkey.core.outcome import Refused
from spentkey.core.reason import reason_for
from spentkey.core.rules import Limits
from spentkey.core.stops import About

WIDE = Limits(per_run=1000, per_app=1000, per_hour=1000, hand_overs_per_hour=1000)
"""Limits that nothing here reaches; each test narrows one."""
MINUTE = timedelta(minutes=1)


def record(what: str, at: datetime = NOW, **facts: Any) -> dict[str, Any]:
    """A record as the evidence holds it."""
    return {"what": what, "at": at.isoformat(), **facts}


def intent(at: datetime = NOW, app_id: str = APP_ID, run: str = "run") -> dict[str, Any]:
    """The intent of a removal."""
    return record("intent", at, app_id=app_id, run=run)


def handing_over(task: int, at: datetime = NOW, assignment: int = 1) -> dict[str, Any]:
    """The beginning of a hand-over."""
    return record("handing-over", at, task=task, assignment=assignment)


def fed(records: Iterable[dict[str, Any]]) -> BlastRadius:
    """The radius that knows these records."""
    past = FoldedPast()
    for one in records:
        past.note(one)
    return BlastRadius(past)


def then(blast_radius: BlastRadius, record: dict[str, Any]) -> None:
    """One record more."""
    assert isinstance(blast_radius.past, FoldedPast)
    blast_radius.past.note(record)


def asked(
    blast_radius: BlastRadius, limits: Limits, now: datetime = NOW, app_id: str = APP_ID, run: str = "run"
) -> Refused | None:
    """Whether one removal more is refused."""
    return blast_radius.refuse_intent(run, app_id, now, limits)


LIMITED = pytest.mark.parametrize(
    ("limits", "where"),
    [
        (replace(WIDE, per_run=3), "in this run"),
        (replace(WIDE, per_app=3), "on this application in the last hour"),
        (replace(WIDE, per_hour=3), "in the last hour"),
    ],
)


@LIMITED
@pytest.mark.parametrize("begun", [0, 1, 2])
def test_below_a_limit_one_more_may_be_begun(limits: Limits, where: str, begun: int) -> None:
    """The last one that fits included."""
    assert asked(fed([intent()] * begun), limits) is None


@LIMITED
@pytest.mark.parametrize("begun", [3, 4, 100])
def test_at_a_limit_no_more_is_begun(limits: Limits, where: str, begun: int) -> None:
    """The reason says which limit it was; also where it was lowered under way."""
    expected = Refused("G8", reason_for(f"3 removals {where} are allowed, and as many were begun"))
    assert expected == asked(fed([intent()] * begun), limits)


def test_without_records_everything_may_begin() -> None:
    """A new installation."""
    blast_radius = fed([])
    assert (
        asked(blast_radius, LIMITS),
        blast_radius.refuse_any(About()),
        blast_radius.refuse_hand_over("1/1", NOW, LIMITS),
    ) == (None,) * 3


def test_another_run_has_its_own_count() -> None:
    """What an earlier run began does not use up this one's."""
    blast_radius, limits = fed([intent(run="earlier")] * 3), replace(WIDE, per_run=3)
    assert asked(blast_radius, limits) is None
    assert asked(blast_radius, limits, run="earlier") is not None


def test_a_run_counts_as_long_as_it_lasts() -> None:
    """The limit of a run is not one of an hour."""
    blast_radius = fed([intent(NOW - 10 * HOUR)] * 3)
    assert asked(blast_radius, replace(WIDE, per_run=3)) is not None


def test_another_application_has_its_own_count() -> None:
    """Five for each, not five in all."""
    blast_radius, limits = fed([intent(app_id=OTHER_APP_ID)] * 3), replace(WIDE, per_app=3)
    assert asked(blast_radius, limits) is None
    assert asked(blast_radius, limits, app_id=OTHER_APP_ID) is not None


@pytest.mark.parametrize("limits", [replace(WIDE, per_app=1), replace(WIDE, per_hour=1)])
@pytest.mark.parametrize(("age", "refused"), [(HOUR - SECOND, True), (HOUR, True), (HOUR + SECOND, False)])
def test_an_hour_is_an_hour(limits: Limits, age: timedelta, refused: bool) -> None:
    """To the second; exactly an hour ago still counts."""
    assert refused == (asked(fed([intent(NOW - age)]), limits) is not None)


def test_the_hour_moves_on() -> None:
    """One place is free again for each removal that is an hour old, and no more."""
    blast_radius = fed(intent(NOW - HOUR + n * MINUTE) for n in range(3))
    limits = replace(WIDE, per_hour=3)
    assert asked(blast_radius, limits) is not None
    later = NOW + SECOND
    assert asked(blast_radius, limits, later) is None
    then(blast_radius, intent(later))
    assert asked(blast_radius, limits, later) is not None


@pytest.mark.parametrize("what", ["answer", "verified", "result", "closed", "torn-line-cut", "noting"])
def test_only_intents_count(what: str) -> None:
    """Whatever else is on record: a removal counts once, by its intent."""
    assert asked(fed([record(what, app_id=APP_ID, run="run")] * 5), replace(WIDE, per_app=1)) is None


@given(
    st.lists(st.tuples(st.integers(0, 7200), st.sampled_from([APP_ID, OTHER_APP_ID])), max_size=30),
    st.integers(1, 8),
    st.integers(1, 8),
)
def test_a_refusal_is_what_counting_says(ages: list[tuple[int, str]], per_app: int, per_hour: int) -> None:
    """For any past: refused exactly when as many lie within the hour as are allowed."""
    records = [intent(NOW - age * SECOND, app) for age, app in sorted(ages, reverse=True)]
    limits = replace(WIDE, per_app=per_app, per_hour=per_hour)
    recent = [app for age, app in ages if age <= 3600]
    full = recent.count(APP_ID) >= per_app or len(recent) >= per_hour
    assert full == (asked(fed(records), limits) is not None)


@pytest.mark.parametrize("begun", [0, 1])
def test_below_the_limit_a_task_may_be_handed_over(begun: int) -> None:
    """Two an hour are allowed here."""
    blast_radius = fed(handing_over(task) for task in range(begun))
    assert blast_radius.refuse_hand_over("9/1", NOW, LIMITS) is None


@pytest.mark.parametrize("begun", [2, 3])
def test_at_the_limit_no_more_tasks_are_handed_over(begun: int) -> None:
    """With the number in the reason."""
    blast_radius = fed(handing_over(task) for task in range(begun))
    expected = Refused("G8", reason_for("2 hand-overs in an hour are allowed, and as many were begun"))
    assert expected == blast_radius.refuse_hand_over("9/1", NOW, LIMITS)


def test_a_hand_over_that_was_begun_may_be_finished() -> None:
    """A crash between the note and the reassignment must not leave it half done; its repeat does not count twice."""
    blast_radius = fed([handing_over(1), handing_over(1), handing_over(1)])
    assert blast_radius.refuse_hand_over("1/1", NOW, LIMITS) is None
    assert blast_radius.refuse_hand_over("2/1", NOW, LIMITS) is None
    then(blast_radius, handing_over(2))
    assert blast_radius.refuse_hand_over("1/1", NOW, LIMITS) is None
    assert blast_radius.refuse_hand_over("3/1", NOW, LIMITS) is not None


def test_another_assignment_of_a_task_is_another_hand_over() -> None:
    """A task that comes back counts again."""
    blast_radius = fed([handing_over(1), handing_over(1, assignment=2)])
    assert blast_radius.refuse_hand_over("1/3", NOW, LIMITS) is not None


@pytest.mark.parametrize(("age", "refused"), [(HOUR, True), (HOUR + SECOND, False)])
def test_hand_overs_count_for_an_hour(age: timedelta, refused: bool) -> None:
    """To the second."""
    blast_radius = fed(handing_over(task, NOW - age) for task in (1, 2))
    assert refused == (blast_radius.refuse_hand_over("9/1", NOW, LIMITS) is not None)


def test_removals_and_hand_overs_do_not_use_up_one_another() -> None:
    """Each has its own limit."""
    blast_radius = fed([*[handing_over(task) for task in range(5)], *[intent(app_id=OTHER_APP_ID, run="x")] * 4])
    assert asked(blast_radius, LIMITS) is None
    assert fed([intent()] * 9).refuse_hand_over("1/1", NOW, LIMITS) is None


@pytest.mark.parametrize(
    ("limit", "other"),
    [(HandOverLimit.REQUEST, HandOverLimit.OTHER), (HandOverLimit.OTHER, HandOverLimit.REQUEST)],
)
def test_senseless_requests_and_other_hand_overs_do_not_use_up_one_another(
    limit: HandOverLimit, other: HandOverLimit
) -> None:
    """Each has as many as the setting says."""
    blast_radius = fed({**handing_over(task), "limit": limit.value} for task in range(9))
    assert blast_radius.refuse_hand_over("9/1", NOW, LIMITS, limit) is not None
    assert blast_radius.refuse_hand_over("9/1", NOW, LIMITS, other) is None


def test_a_lost_survivor_or_a_credential_on_the_principal_is_handed_over_whatever_the_count() -> None:
    """And uses up nothing."""
    full = fed([*(handing_over(task) for task in range(9)), *({**handing_over(n), "guard": "G1"} for n in range(9))])
    assert full.refuse_hand_over("9/1", NOW, LIMITS, HandOverLimit.NONE) is None
    many = fed({**handing_over(task), "limit": "none"} for task in range(9))
    assert [many.refuse_hand_over("9/1", NOW, LIMITS, one) for one in HandOverLimit] == [None] * 3


ON_PRINCIPAL = "k is a credential of the service principal, not of the app registration: the security team must look"


@pytest.mark.parametrize(
    ("facts", "limit"),
    [
        ({"guard": "G1"}, HandOverLimit.REQUEST),
        ({"guard": "G2", "said": "x"}, HandOverLimit.REQUEST),
        ({"guard": "G4", "said": "x"}, HandOverLimit.REQUEST),
        ({"guard": "G5"}, HandOverLimit.OTHER),
        ({"guard": "G9"}, HandOverLimit.OTHER),
        ({"guard": None, "cause": "no-signer"}, HandOverLimit.OTHER),
    ],
)
def test_a_hand_over_of_version_0_1_counts_by_what_it_carries(facts: dict[str, Any], limit: HandOverLimit) -> None:
    """Its guard and its cause."""
    blast_radius = fed({**handing_over(task), **facts} for task in range(2))
    refused = [one for one in HandOverLimit if blast_radius.refuse_hand_over("9/1", NOW, LIMITS, one) is not None]
    assert refused == [limit]


def test_a_hand_over_that_does_not_say_why_counts_for_either_limit() -> None:
    """When in doubt, fewer are handed over."""
    blast_radius = fed(handing_over(task) for task in range(2))
    refused = [one for one in HandOverLimit if blast_radius.refuse_hand_over("9/1", NOW, LIMITS, one) is not None]
    assert refused == [HandOverLimit.REQUEST, HandOverLimit.OTHER]


@pytest.mark.parametrize("facts", [{"guard": "G4", "said": ON_PRINCIPAL}, {"guard": None, "cause": "survivor-lost"}])
def test_a_hand_over_of_version_0_1_that_has_no_limit_now_counts_for_none(facts: dict[str, Any]) -> None:
    """The same, for the two kinds without one."""
    blast_radius = fed({**handing_over(task), **facts} for task in range(9))
    assert [blast_radius.refuse_hand_over("9/1", NOW, LIMITS, one) for one in HandOverLimit] == [None] * 3


def many_ahead(ahead: timedelta) -> list[dict[str, Any]]:
    """Hand-overs that a clock put into the future."""
    return [handing_over(task, NOW + ahead) for task in range(2)]


@pytest.mark.parametrize("ahead", [SECOND, HOUR, 1000 * HOUR])
def test_a_hand_over_in_the_future_counts_as_begun_now(ahead: timedelta) -> None:
    """Nothing says yet when it was begun, so the next one may be begun in an hour."""
    refused = fed(many_ahead(ahead)).refuse_hand_over("9/1", NOW, LIMITS)
    assert refused is not None
    assert refused.until == NOW + HOUR


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), HOUR, 1000 * HOUR])
@pytest.mark.parametrize("what", ["result", "answer", "paused", "handing-over"])
def test_a_clock_that_was_wrong_blocks_hand_overs_for_an_hour(ahead: timedelta, what: str) -> None:
    """By whatever was put on record when it was right again, and not for as long as it was wrong."""
    blast_radius = fed([*many_ahead(ahead), record(what, NOW, task=9, assignment=1)])
    refused = blast_radius.refuse_hand_over("8/1", NOW + HOUR - SECOND, LIMITS)
    assert refused is not None
    assert refused.until == NOW + HOUR
    assert blast_radius.refuse_hand_over("8/1", NOW + HOUR + SECOND, LIMITS) is None


def test_what_comes_after_a_wrong_clock_counts_by_its_own_time() -> None:
    """It is not forgotten with it."""
    blast_radius = fed([*many_ahead(5 * HOUR), record("result", NOW), handing_over(8, NOW + HOUR)])
    later = NOW + HOUR + SECOND
    assert blast_radius.refuse_hand_over("9/1", later, LIMITS) is None
    then(blast_radius, handing_over(7, later))
    assert blast_radius.refuse_hand_over("9/1", later, LIMITS) is not None


def test_clocks_may_differ_a_little() -> None:
    """Two machines are never quite together: what is a few minutes earlier proves nothing."""
    blast_radius = fed([*(handing_over(task, NOW) for task in range(2)), record("result", NOW - SKEW)])
    assert blast_radius.refuse_hand_over("9/1", NOW + HOUR, LIMITS) is not None


def test_a_removal_is_not_forgotten_for_the_clock_of_another_record() -> None:
    """Its own was held against the directory's (G5): a machine whose clock is behind does not free the limits."""
    blast_radius = fed([intent(), record("result", NOW - 5 * HOUR)])
    assert asked(blast_radius, replace(WIDE, per_app=1), NOW + HOUR) is not None


def test_a_removal_in_the_future_counts_as_begun_now() -> None:
    """As a hand-over does."""
    refused = asked(fed([intent(NOW + 9 * HOUR)]), replace(WIDE, per_app=1))
    assert refused is not None
    assert refused.until == NOW + HOUR


@pytest.mark.parametrize(
    ("limits", "until"),
    [
        (replace(WIDE, per_app=2), NOW + HOUR - MINUTE),
        (replace(WIDE, per_hour=3), NOW + HOUR - 2 * MINUTE),
        (replace(WIDE, per_hour=1), NOW + HOUR),
        (replace(WIDE, per_run=3), None),
    ],
)
def test_a_limit_says_when_it_allows_one_more(limits: Limits, until: datetime | None) -> None:
    """When so many of the last ones are an hour old; a run has no such moment."""
    blast_radius = fed([intent(NOW - 2 * MINUTE, OTHER_APP_ID), intent(NOW - MINUTE), intent(NOW)])
    refused = asked(blast_radius, limits)
    assert refused is not None
    assert refused.until == until
    if until is not None:
        assert asked(blast_radius, limits, now=until - SECOND) is not None
        assert asked(blast_radius, limits, now=until + SECOND) is None


def test_a_limit_of_hand_overs_says_when_it_allows_one_more() -> None:
    """The same, for the ticket that waits."""
    blast_radius = fed([handing_over(1, NOW - MINUTE), handing_over(2, NOW)])
    refused = blast_radius.refuse_hand_over("3/1", NOW, replace(WIDE, hand_overs_per_hour=2))
    assert refused is not None
    assert refused.until == NOW + HOUR - MINUTE
