"""A plan as people read it: names of others are harmless, long lists are cut, and nothing is invented."""

from datetime import UTC, datetime, timedelta

import pytest

from spentkey.cli.plan_text import MOST_NAMED, show_plan, totals_of
from spentkey.core.credential import Credential, Kind, Target, TargetKind
from spentkey.core.outcome import Result, TicketState
from spentkey.core.plan import by_patch, make_plan
from spentkey.core.planned import Action, Planned, PlannedRemoval

NAMELESS = "certificate without a name (00000003) (no end that can be read)"
NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
APP = "11111111-1111-4111-8111-111111111111"


def credential(number: int, name: str | None, ends: timedelta | None, kind: Kind = Kind.SECRET) -> Credential:
    """A credential that ends so long after now."""
    key_id = f"{number:08x}-2222-4222-8222-222222222222"
    return Credential(key_id, kind, name, None if ends is None else NOW + ends, f'{{"n": {number}}}')


def removal(*others: Credential, name: str | None = "old", ago: timedelta = timedelta(days=40)) -> PlannedRemoval:
    """The removal of a secret of that name from an application with these others."""
    spent = credential(1, name, -ago)
    return PlannedRemoval(make_plan(Target(TargetKind.APPLICATION, APP, APP, "Sales", (spent, *others)), spent), NOW)


def planned(action: Action, found: PlannedRemoval | None = None, reason: str | None = None) -> Planned:
    """A line of a plan; with a reason it is refused."""
    guard = "G5" if reason else None
    one = Result(
        "40021", "not-ours", TicketState.OPEN, tenant="production", app_name="Sales", guard=guard, reason=reason
    )
    return Planned(action, one, removal=found)


def shown(capsys: pytest.CaptureFixture[str], *plans: Planned) -> list[str]:
    """What is printed in a pipe."""
    show_plan(plans)
    return capsys.readouterr().out.splitlines()


def test_what_survives_is_named_with_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    """The credential itself is not among them."""
    found = removal(credential(2, "new", timedelta(days=10)), credential(3, None, None, Kind.CERTIFICATE))
    assert shown(capsys, planned(Action.REMOVE, found))[2:4] == [
        '    "old", ended 40 days ago, on 2026-10-18; by removePassword',
        f'    must still be there afterwards: secret "new" (ends 2026-12-07), {NAMELESS}',
    ]


@pytest.mark.parametrize(("ago", "days"), [(timedelta(days=1), "1 day ago"), (timedelta(hours=47), "1 day ago")])
def test_days_are_whole_days(capsys: pytest.CaptureFixture[str], ago: timedelta, days: str) -> None:
    """One of them is a day."""
    assert f"ended {days}, on" in shown(capsys, planned(Action.REMOVE, removal(ago=ago)))[2]


def test_many_survivors_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """An application may have hundreds; JSON has every one."""
    found = removal(*(credential(number, f"k{number}", timedelta(days=9)) for number in range(2, 2 + MOST_NAMED + 3)))
    line = shown(capsys, planned(Action.REMOVE, found))[3]
    assert line.endswith(", and 3 more")
    assert line.count("secret ") == MOST_NAMED
    assert len(found.as_json()["survivors"]) == MOST_NAMED + 3


def test_a_name_cannot_draw_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters and unseen ones are left out, and markup is text."""
    found = removal(name="\x1b[31mred\u202e[bold]x[/bold]\nTo remove (0)")
    lines = shown(capsys, planned(Action.REMOVE, found))
    assert lines[2].startswith('    "[31mred[bold]x[/bold]To remove (0)", ended 40 days ago')


def test_an_application_with_nothing_else_is_said_to_be_left_empty(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody may be about to take the last one away."""
    assert shown(capsys, planned(Action.REMOVE, removal()))[3] == "    nothing else is on the application"


def test_the_route_that_writes_a_list_again_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """A PATCH is told apart from a removal by its key id."""
    found = removal()
    line = shown(capsys, planned(Action.REMOVE, PlannedRemoval(by_patch(found.plan), NOW)))[2]
    assert line.endswith("by PATCH: the list of certificates is written again without it")


def test_what_is_not_removed_has_no_removal(capsys: pytest.CaptureFixture[str]) -> None:
    """Its guard and its reason stand on one line, however long."""
    reason = "because " * 60
    lines = shown(capsys, planned(Action.HAND_OFF, reason=reason.strip()))
    assert lines[0] == "To hand over to people (1)"
    assert lines[2] == f"    G5 {reason.strip()}"
    assert "must still be there" not in "".join(lines)


def test_the_totals_leave_out_what_there_is_none_of() -> None:
    """In the order of the sections."""
    plans = [planned(Action.PASS), planned(Action.REMOVE, removal()), planned(Action.LEAVE), planned(Action.LEAVE)]
    assert totals_of(plans) == "4 tasks: 1 to remove, 2 left open, 1 left alone."
    assert totals_of(plans[:1]) == "1 task: 1 left alone."
