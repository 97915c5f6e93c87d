"""When a request may be opened: the rules by themselves."""

from datetime import timedelta

import pytest
from opening_world import wanted
from support_core import DAY, DESK, NOW, PRODUCTION

from spentkey.core.credential import Kind
from spentkey.core.evidence import Facts
from spentkey.core.opening import (
    Anew,
    EarlierRequest,
    Opened,
    OpenedState,
    OpeningHistory,
    OpenRules,
    decide,
    otherwise_in,
    parameters_of,
    room,
    stopped_since,
)
from spentkey.core.task import Request, request_of

MONTH = 30 * DAY
SAYS = request_of([("SecretID", wanted().key_id)])


def earlier(reference: str = "1", **changes: object) -> EarlierRequest:
    """A request that is closed."""
    return EarlierRequest(**{"reference": reference, "is_open": False, "asks": SAYS, "ended": NOW - DAY, **changes})  # pyright: ignore[reportArgumentType]


def decided(*these: EarlierRequest, records: tuple[Facts, ...] = ()) -> Opened | Anew:
    """By these requests and records, now."""
    return decide(wanted(), these, OpeningHistory(records), NOW, MONTH)


def test_without_any_request_one_is_opened() -> None:
    """It follows none."""
    assert decided() == Anew()


def test_an_open_request_is_known_and_several_are_named() -> None:
    """Nothing is opened beside it, whatever was closed before."""
    one = decided(earlier("1", ended=NOW - 99 * DAY), earlier("2", is_open=True))
    assert isinstance(one, Opened)
    assert (one.state, one.request) == (OpenedState.KNOWN, "2")
    two = decided(earlier("1", is_open=True), earlier("2", is_open=True))
    assert isinstance(two, Opened)
    assert str(two.reason) == "several open requests ask for it: 1, 2; close all but one"


@pytest.mark.parametrize(("days", "opens"), [(0, False), (29.99, False), (30, True), (400, True)])
def test_what_people_closed_waits(days: float, opens: bool) -> None:
    """By when it was closed last."""
    this = earlier("2", ended=NOW - days * DAY)
    assert (decided(earlier("1", ended=NOW - 500 * DAY), this) == Anew("2")) is opens


def test_where_nobody_knows_when_it_was_closed_nothing_is_opened() -> None:
    """It may have been today."""
    assert isinstance(decided(earlier(ended=None)), Opened)


@pytest.mark.parametrize("end", ["2020-01-01T00:00:00+00:00", wanted().end.isoformat()])
def test_another_end_is_another_matter(end: str) -> None:
    """By the end that was on record when we asked."""
    record = {"what": "opened", "state": "opened", "request": "1", "ended": end, "at": NOW.isoformat()}
    assert (decided(earlier(), records=(record,)) == Anew("1")) is (end != wanted().end.isoformat())


@pytest.mark.parametrize(("hours", "opens"), [(0.99, False), (1, True)])
def test_what_came_back_is_asked_for_anew(hours: float, opens: bool) -> None:
    """Unless the list may be older than the removal."""
    this = earlier(removed=NOW - timedelta(hours=hours))
    assert (decided(this) == Anew("1")) is opens


@pytest.mark.parametrize(
    ("counts", "left"),
    [((0, 0, 0, 0), 5), ((4, 0, 0, 0), 1), ((0, 9, 0, 0), 1), ((0, 0, 3, 4), 1), ((9, 9, 9, 9), 0)],
)
def test_the_least_room_counts(counts: tuple[int, int, int, int], left: int) -> None:
    """Of the run, the day, and the hand-overs together with what was opened in the hour."""
    assert room(OpenRules(max_per_run=5, max_per_day=10), *counts, most_hand_overs=8) == left


@pytest.mark.parametrize(("kind", "word"), [(Kind.SECRET, "Secret"), (Kind.CERTIFICATE, "Certificaat")])
def test_a_request_says_the_four_and_what_chooses_the_tenant(kind: Kind, word: str) -> None:
    """With the first word for that kind."""
    values = parameters_of(wanted(kind=kind), DESK, PRODUCTION)
    assert list(values) == ["AppDisplayName", "AppID", "SecretID", "SecretType", "Onderwijs"]
    assert (values["SecretType"], values["Onderwijs"]) == (word, "No")


@pytest.mark.parametrize(
    "shown", [Request(), request_of([("A", "2")]), request_of([("A", None)]), request_of([("A", "1"), ("A", "1")])]
)
def test_what_is_missing_repeated_or_changed_is_named(shown: Request) -> None:
    """Spaces around are no change."""
    assert otherwise_in(shown, {"A": "1"}) == ("A",)
    assert otherwise_in(request_of([("a", " 1 ")]), {"A": "1"}) == ()


@pytest.mark.parametrize(("allowed", "tenant", "stands"), [(0, "a", True), (2, "a", False), (2, "b", True)])
def test_a_stop_stands_until_its_tenant_is_allowed(allowed: int, tenant: str, stands: bool) -> None:
    """Of the same tenant, and later."""
    stop = {"seq": 1, "tenant": "a", "said": "no task", "reason": None}
    why = stopped_since([stop], [{"seq": allowed, "tenant": tenant}], "a")
    assert (str(why) == "no task") is stands
    assert stopped_since([stop], [], "c") is None
