"""`spentkey demo` as a process: it needs nothing, listens to nothing around it, and its table is true."""

import re
from pathlib import Path
from typing import Any

import pytest
from commands import Ended, fits, spentkey
from terminals import on_a_terminal

from spentkey_sim import seeded

ENDS = {"closed", "handed-off", "untouched", "open"}
PLANTED = {
    "SPENTKEY_IVANTI__URL": "http://not.this.example.org",
    "SPENTKEY_POLICY__VERIFY_READS": "none of your business",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "SSL_CERT_FILE": "/nowhere",
    "REQUESTS_CA_BUNDLE": "/nowhere",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """One run with --json, beside a broken configuration and in a hostile environment."""
    home = tmp_path_factory.mktemp("demo")
    (home / "spentkey.toml").write_text("this is = = not TOML")
    (home / "tmp").mkdir()
    message = spentkey("demo", "--json", home=home, stdin=None, **PLANTED, TMPDIR=str(home / "tmp"))
    assert list((home / "tmp").iterdir()) == [], "the demonstration cleans up after itself"
    return message


@pytest.fixture(scope="module")
def demo_for_people(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """One run of another seed without --json, into a pipe."""
    return spentkey("demo", "--seed", "2", home=tmp_path_factory.mktemp("demo"), COLUMNS="160")


def test_the_demonstration_ends_well_whatever_is_around_it(demo: Ended) -> None:
    """A broken configuration, SPENTKEY_ variables, proxies and CA variables are not looked at."""
    assert demo.code == 0, demo.err
    assert "Traceback" not in demo.err


def test_its_object_fits_the_schema(demo: Ended) -> None:
    """Exactly one JSON object with tasks and summary."""
    told = demo.json()
    fits(told, "run-many.schema.json")
    assert len(told["tasks"]) >= 24
    assert len(told["tasks"]) == told["summary"]["tasks"]


def test_every_task_ends_as_its_world_expects(demo: Ended) -> None:
    """Outcome, ticket and guard of each, compared here with the built-in world, and the reason where it names one."""
    expected: dict[str, dict[str, Any]] = seeded.build(1)["expect"]
    told = {one["task"]: one for one in demo.json()["tasks"]}
    assert set(expected) == set(told)
    for number, wanted in expected.items():
        shown = {name: told[number][name] for name in ("outcome", "ticket", "guard")}
        assert {name: wanted[name] for name in shown} == shown, number
        assert (wanted["reason"] or "") in (told[number]["reason"] or ""), number


def test_the_loop_without_ivanti_and_passwordstate(tmp_path: Path) -> None:
    """From two folders; each request ends as its world expects, and those of others are not approved."""
    ended = spentkey("demo", "--desk", "files", "--json", home=tmp_path, stdin=None, **PLANTED)
    tasks = {one["task"]: one for one in ended.json()["tasks"]}
    assert (ended.code, len(tasks)) == (0, 31)
    assert all(name.startswith("task-") for name in tasks)
    kinds = {(one["kind"], one["outcome"], one["ticket"]) for one in tasks.values()}
    assert {("secret", "removed", "closed"), ("certificate", "removed", "closed")} <= kinds
    assert "is not approved" in tasks["task-40040"]["reason"]
    assert ended.err.splitlines() == ["starting the simulator (seed 1)"]


def test_a_desk_that_the_demonstration_does_not_have_is_refused(tmp_path: Path) -> None:
    """Exit 2, and the choice is named."""
    ended = spentkey("demo", "--desk", "jira", home=tmp_path, stdin=None)
    assert (ended.code, "'ivanti', 'files'" in ended.err) == (2, True)


def test_both_tenants_and_both_kinds_are_shown(demo: Ended) -> None:
    """And every ending that the contract knows, but those that need an outage."""
    tasks = demo.json()["tasks"]
    assert {"production", "onderwijs"} <= {one["tenant"] for one in tasks}
    assert {("secret", "removePassword"), ("certificate", "removeKey")} == {
        (one["kind"], one["route"]) for one in tasks if one["outcome"] == "removed"
    }
    assert {"removed", "already-gone", "refused", "failed", "not-ours"} == {one["outcome"] for one in tasks}
    assert {"G1", "G2", "G3", "G4", "G5", "G6"} <= {one["guard"] for one in tasks}


def test_the_tasks_are_worked_on_at_the_same_time(demo_for_people: Ended) -> None:
    """Most tasks have begun before the first one is closed, and several removals are under way together."""
    lines = [line.split() for line in demo_for_people.err.splitlines()]
    steps = [(line[0], line[1]) for line in lines if len(line) > 1 and line[0].isdigit()]
    first_close = next(place for place, (_, step) in enumerate(steps) if step == "closed")
    begun = {number for number, step in steps[:first_close] if step == "task"}
    assert len(begun) >= 24
    assert most_at_once(steps) >= 4


def most_at_once(steps: list[tuple[str, str]]) -> int:
    """How many tasks stood between their removal and their end at the same time, at most."""
    under_way, most = set[str](), 0
    for number, step in steps:
        if step == "remove":
            under_way.add(number)
        elif step in ENDS:
            under_way.discard(number)
        most = max(most, len(under_way))
    return most


def test_another_seed_ends_as_well_and_its_table_names_every_task(demo_for_people: Ended) -> None:
    """Every step is a line on stderr, the table is on stdout, and neither has colours in a pipe."""
    assert demo_for_people.code == 0, demo_for_people.err
    assert all(number in demo_for_people.out for number in seeded.build(2)["expect"])
    count = len(seeded.build(2)["expect"])
    assert f"{count} of {count} as expected (seed 2)." in demo_for_people.out
    assert "Refused and failed tasks belong to the demonstration" in demo_for_people.out
    assert "closed" in demo_for_people.out
    assert "handed-off" in demo_for_people.out
    assert "\x1b" not in demo_for_people.out + demo_for_people.err


def test_a_terminal_shows_the_tasks_moving_and_the_table_in_colours(tmp_path: Path) -> None:
    """The live table is redrawn in place, steps light up, and at the end the closing table stands alone."""
    code, drawn = on_a_terminal(tmp_path, "demo", "--seed", "3")
    assert code == 0
    assert re.search(r"\x1b\[\d*A", drawn), "the cursor goes up to redraw"
    assert "●" in drawn
    assert re.search(r"\x1b\[(\d+;)*3[1-6]m", drawn), "there are colours"
    last = drawn[drawn.rfind("●") :]
    assert all(number in last for number in seeded.build(3)["expect"])
    assert drawn.count("\x1b[?25l") == drawn.count("\x1b[?25h") > 0, "the cursor comes back"
