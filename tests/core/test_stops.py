"""Guard G8: what stops what, that stops stand beside one another, and that none is lifted that nobody has seen."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from support_core import APP_ID, NOW, OTHER_APP_ID, SECOND

from spentkey.core.limits import HOUR, NARROWED_WITHIN, BlastRadius, FoldedPast
from spentkey.core.outcome import Refused
from spentkey.core.rules import Limits
from spentkey.core.stops import ONE_FAULT, About, Stop

WIDE = Limits(per_run=1000, per_app=1000, per_hour=1000, hand_overs_per_hour=1000)
PASSWORD, KEY = "removePassword", "removeKey"
HERE = About("production", PASSWORD, APP_ID)
SAME_APPLICATION = About("elsewhere", KEY, APP_ID)
SAME_ROUTE = About("production", PASSWORD, OTHER_APP_ID)
ELSEWHERE = [
    About("production", KEY, OTHER_APP_ID),
    About("elsewhere", PASSWORD, OTHER_APP_ID),
    About(app_id=OTHER_APP_ID),
    About(),
]


def lost(seq: int = 7, at: datetime = NOW, app_id: str | None = APP_ID, **changed: Any) -> dict[str, Any]:
    """A lost survivor on record."""
    facts = {"tenant": "production", "route": PASSWORD, "task": 40021, "lost": [{"kind": "secret", "key_id": "k"}]}
    return {"what": "survivor-lost", "seq": seq, "at": at.isoformat(), "app_id": app_id, **facts, **changed}


def lost_by_0_1(seq: int = 7) -> dict[str, Any]:
    """The same as version 0.1 wrote it: the tenant and the application, and no route."""
    return {name: value for name, value in lost(seq).items() if name != "route"}


def paused(seq: int = 8, who: str = "ops", why: str = "change of keys") -> dict[str, Any]:
    """Somebody paused everything."""
    return {"what": "paused", "seq": seq, "at": NOW.isoformat(), "who": who, "why": why}


def resumed(*stops: int, seq: int = 20) -> dict[str, Any]:
    """Somebody lifted these."""
    named = [str(one) for one in stops]
    return {"what": "resumed", "seq": seq, "at": NOW.isoformat(), "who": "a", "why": "b", "stops": named, "left": []}


def resumed_by_0_1(seq: int = 20) -> dict[str, Any]:
    """Version 0.1 named nothing."""
    return {"what": "resumed", "seq": seq, "at": NOW.isoformat(), "who": "a", "why": "b"}


def narrowing(stop: int, seq: int = 15, task: object = 40021) -> dict[str, Any]:
    """Somebody else removed what was lost."""
    return {"what": "stop-narrowed", "seq": seq, "at": NOW.isoformat(), "stop": str(stop), "task": task}


def after(*records: dict[str, Any]) -> BlastRadius:
    """The radius that knows these records."""
    past = FoldedPast()
    for one in records:
        past.note(one)
    return BlastRadius(past)


def scopes(blast_radius: BlastRadius) -> list[tuple[str, str]]:
    """The stops that stand, by id and scope."""
    return [(one.id, one.scope) for one in blast_radius.stops()]


def held_up(blast_radius: BlastRadius, abouts: Iterable[About]) -> list[bool]:
    """Whether each of these is held up: before its removal, and as a removal."""
    found: list[bool] = []
    for one in abouts:
        first = blast_radius.refuse_any(one)
        assert first is None or first == removal(blast_radius, one)
        found.append(first is not None)
    return found


def removal(blast_radius: BlastRadius, about: About) -> Refused | None:
    """Whether one removal is refused."""
    return blast_radius.refuse_intent("run", about.app_id or "x", NOW, WIDE, about.tenant, about.route)


def test_a_lost_survivor_stops_its_application_and_its_tenants_route() -> None:
    """The application in every tenant, and the route for every application of the tenant."""
    blast_radius = after(lost())
    assert scopes(blast_radius) == [("7", f"application:{APP_ID}"), ("7", f"route:production/{PASSWORD}")]
    assert held_up(blast_radius, [HERE, SAME_APPLICATION, SAME_ROUTE]) == [True] * 3


@pytest.mark.parametrize("about", ELSEWHERE)
def test_a_lost_survivor_stops_nothing_else(about: About) -> None:
    """One application's owner who deletes a secret of his own does not stop all tenants."""
    assert held_up(after(lost()), [about]) == [False]


@pytest.mark.parametrize("known", [{}, {"tenant": "elsewhere"}, {"route": PASSWORD}])
def test_a_removal_whose_route_is_not_known_is_refused_by_the_stop_of_any(known: dict[str, str]) -> None:
    """When in doubt, nothing is removed."""
    assert after(lost()).refuse_intent("run", OTHER_APP_ID, NOW, WIDE, **known) is not None


@pytest.mark.parametrize(
    "record", [lost_by_0_1(), lost(tenant=None), lost(route=None), lost(app_id=None), lost(tenant="", route="")]
)
def test_a_lost_survivor_that_does_not_say_where_stops_everything(record: dict[str, Any]) -> None:
    """As all of version 0.1."""
    blast_radius = after(record)
    assert scopes(blast_radius) == [("7", "everything")]
    assert held_up(blast_radius, [HERE, *ELSEWHERE]) == [True] * 5


@pytest.mark.parametrize("apart", [SECOND, ONE_FAULT])
def test_two_lost_survivors_on_two_applications_in_a_day_stop_everything(apart: timedelta) -> None:
    """Two owners may do the same by chance; a fault of ours is the likelier cause."""
    blast_radius = after(lost(1, NOW - apart, OTHER_APP_ID, tenant="elsewhere", route=KEY), lost(2))
    assert scopes(blast_radius) == [("1", "everything"), ("2", "everything")]
    assert held_up(blast_radius, ELSEWHERE) == [True] * 4


@pytest.mark.parametrize(
    "records",
    [
        [lost(1), lost(2)],
        [lost(1, NOW - ONE_FAULT - SECOND, OTHER_APP_ID), lost(2)],
        [lost(1, app_id=OTHER_APP_ID), lost(2), narrowing(1)],
        [lost(1, app_id=OTHER_APP_ID), narrowing(1), lost(2)],
        [lost(1, app_id=OTHER_APP_ID), resumed(1), lost(2)],
        [lost(1, app_id=OTHER_APP_ID), lost(2), resumed(1)],
    ],
    ids=["one application", "more than a day", "one is narrowed", "narrowed before", "lifted before", "lifted after"],
)
def test_two_lost_survivors_that_are_not_one_fault_stop_what_each_stops(records: list[dict[str, Any]]) -> None:
    """Nothing more is stopped than by one of them."""
    assert "everything" not in [scope for _, scope in scopes(after(*records))]


@pytest.mark.parametrize("record", [lost(), lost_by_0_1()])
def test_a_stop_that_somebody_elses_doing_explains_is_narrowed_to_the_application(record: dict[str, Any]) -> None:
    """The route goes on, and the application waits for people."""
    blast_radius = after(record, narrowing(7))
    assert scopes(blast_radius) == [("7", f"application:{APP_ID}")]
    assert held_up(blast_radius, [SAME_APPLICATION, SAME_ROUTE]) == [True, False]


@pytest.mark.parametrize(
    "record", [narrowing(6), narrowing(7, task="40021"), narrowing(7, task=1), narrowing(7, task=None)]
)
def test_narrowing_another_stop_narrows_nothing(record: dict[str, Any]) -> None:
    """By the id and the task, which are both on record."""
    assert len(scopes(after(lost(), record))) == 2


def test_a_stop_is_not_narrowed_before_it_is_made() -> None:
    """Records count in their order."""
    assert len(scopes(after(narrowing(7), lost(7)))) == 2


def test_a_pause_stands_beside_a_stop() -> None:
    """Neither hides the other, whichever came first."""
    for records in ([lost(7), paused(8)], [paused(8), lost(7)]):
        blast_radius = after(*records)
        assert {one for one, _ in scopes(blast_radius)} == {"7", "8"}
        refused = blast_radius.refuse_any(HERE)
        assert refused is not None
        assert "another credential was lost" in refused.reason


@pytest.mark.parametrize(("lifts", "left"), [(7, ["8"]), (8, ["7", "7"])])
def test_whoever_lifts_one_leaves_the_other(lifts: int, left: list[str]) -> None:
    """A pause is not lost with the stop beside it, and a stop not with the pause."""
    blast_radius = after(lost(7), paused(8), resumed(lifts))
    assert [one for one, _ in scopes(blast_radius)] == left
    assert blast_radius.refuse_any(HERE) is not None


def test_two_people_pause_beside_one_another() -> None:
    """The one who is done does not let go on what the other one holds."""
    blast_radius = after(paused(1, "ops"), paused(2, "night shift"), resumed(1))
    assert scopes(blast_radius) == [("2", "everything")]


@pytest.mark.parametrize("records", [[], [resumed()], [resumed_by_0_1()], [lost(), resumed(7)], [paused(), resumed(8)]])
def test_what_was_lifted_holds_nothing_up(records: list[dict[str, Any]]) -> None:
    """And without a stop a lift changes nothing."""
    assert held_up(after(*records), [HERE, *ELSEWHERE]) == [False] * 5


def test_a_lift_of_version_0_1_lifts_all_that_stood_before() -> None:
    """And nothing that comes after it."""
    blast_radius = after(lost(7), paused(8), resumed_by_0_1(), paused(30))
    assert scopes(blast_radius) == [("30", "everything")]


@pytest.mark.parametrize("named", [(), (6,), (70,)])
def test_a_lift_that_names_something_else_lifts_nothing(named: tuple[int, ...]) -> None:
    """Nor one that names nothing."""
    assert len(scopes(after(lost(7), resumed(*named)))) == 2


def test_a_stop_does_not_wear_off() -> None:
    """Days later it still holds: only somebody lifts it."""
    blast_radius = after(lost(at=NOW - 240 * HOUR))
    assert removal(blast_radius, HERE) is not None


def test_a_lift_does_not_reset_the_counts() -> None:
    """The limits hold on."""
    intent = {"what": "intent", "at": NOW.isoformat(), "app_id": APP_ID, "run": "run"}
    blast_radius = after(intent, lost(), resumed(7))
    assert blast_radius.refuse_intent("run", APP_ID, NOW, replace(WIDE, per_app=1)) is not None


def test_the_task_whose_survivor_was_lost_can_be_handed_over() -> None:
    """The stop holds back removals, and not the note that tells people about it."""
    assert after(lost()).refuse_hand_over("40021/1", NOW, WIDE) is None


@pytest.mark.parametrize(
    ("record", "about", "words"),
    [
        (lost(), SAME_APPLICATION, f"removals on application {APP_ID} are stopped since {NOW.isoformat()}"),
        (lost(), SAME_ROUTE, f"removals by {PASSWORD} in tenant production are stopped since {NOW.isoformat()}"),
        (lost_by_0_1(), HERE, f"everything is stopped since {NOW.isoformat()}, because another credential was lost"),
        (paused(7), HERE, f"since {NOW.isoformat()} by ops: change of keys"),
    ],
)
def test_the_reason_names_what_is_stopped_and_how_it_is_lifted(
    record: dict[str, Any], about: About, words: str
) -> None:
    """By its id, so that a person lifts that one and no other."""
    refused = after(record).refuse_any(about)
    assert refused is not None
    assert words in refused.reason
    assert "spentkey resume --stop 7 --why" in refused.reason


def test_a_stop_is_shown_with_all_that_it_is() -> None:
    """As the commands and the API show it."""
    first, *_, last = [one.as_json() for one in after(lost(), paused()).stops()]
    since = NOW.isoformat()
    why = "another credential is missing or changed: secret k"
    assert first == {
        "id": "7",
        "scope": f"application:{APP_ID}",
        "kind": "survivor-lost",
        "since": since,
        "task": "40021",
        "why": why,
    }
    everything = {"id": "8", "scope": "everything", "kind": "paused", "since": since, "task": None}
    assert last == {**everything, "why": "change of keys"}


def test_a_tenant_may_have_a_stroke_in_its_name() -> None:
    """The route comes last, and has none."""
    (_, stop) = after(lost(tenant="a/b")).stops()
    assert f"by {PASSWORD} in tenant a/b" in stop.reason


def test_who_has_paused_does_not_pause_again() -> None:
    """Somebody else may, beside it, and beside a stop everybody may."""
    blast_radius = after(lost(), paused(who="ops"))
    assert blast_radius.refuse_to_pause("ops") is not None
    assert (blast_radius.refuse_to_pause("night shift"), after(lost()).refuse_to_pause("ops")) == (None, None)


@pytest.mark.parametrize("seen", [(), ("7",), ("7", "8", "9"), ("8", "9")])
def test_what_nobody_has_seen_is_not_lifted(seen: tuple[str, ...]) -> None:
    """Whatever somebody believes to stand, more or less: the reason says what stands now."""
    blast_radius = after(lost(7), paused(8))
    refused = blast_radius.refuse_to_lift(seen)
    assert refused is not None
    assert "stopped now" in refused.reason


def test_what_somebody_has_seen_may_be_lifted() -> None:
    """In whatever order."""
    assert after(lost(7), paused(8)).refuse_to_lift(("8", "7")) is None


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ([lost(at=NOW - NARROWED_WITHIN + SECOND)], ["7"]),
        ([lost(at=NOW - NARROWED_WITHIN)], []),
        ([lost(), narrowing(7)], []),
        ([lost(), resumed(7)], []),
        ([lost(tenant=None)], []),
        ([lost_by_0_1()], ["7"]),
        ([paused()], []),
    ],
)
def test_who_did_it_is_asked_while_a_stop_is_young_and_unexplained(
    records: list[dict[str, Any]], found: list[str]
) -> None:
    """For two hours, where the tenant is known."""
    blast_radius = after(*records)
    unexplained = blast_radius.past.lost_to_narrow(NOW - NARROWED_WITHIN)
    assert [str(one["seq"]) for one in unexplained] == found
    assert (blast_radius.refuse_to_narrow("7", NOW) is None) == bool(found)


def test_a_stop_is_one_value() -> None:
    """Read in the language of whoever reads it."""
    one = Stop("7", "everything", "paused", NOW.isoformat(), None, "x", "ops")
    assert one.reason.in_language("nl").startswith("alles is gepauzeerd")
    assert one.reason.in_language("fr").startswith("tout est en pause")
