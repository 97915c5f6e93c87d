"""`spentkey evidence list` as a process: what was done, newest first, page by page; it reads only."""

from pathlib import Path
from typing import Any

import pytest
from commands import Ended, fits, spentkey
from evidence_store import evidence_in, lines_in, put_lines, snapshot
from real_simulator import RealSimulator
from worlds import APP, EXPIRED_SECRET, TASK

RESULT: dict[str, Any] = {
    "attempt": "5ff382ee-6b0d-4f53-8a39-0d7c4be1f001",
    "tenant": "production",
    "app_id": APP,
    "app_name": "Sales",
    "key_id": EXPIRED_SECRET,
    "kind": "secret",
    "outcome": "removed",
    "attribution": "confirmed",
    "route": "removePassword",
    "ticket": "closed",
    "guard": None,
    "reason": None,
    "reason_code": None,
    "evidence": "5ff382ee-6b0d-4f53-8a39-0d7c4be1f001",
    "warnings": [],
}
REFUSED = {"outcome": "refused", "guard": "G5", "reason": "no", "attribution": None, "ticket": "handed-off"}


def listed(sim: RealSimulator, home: Path, *arguments: str, **more: str) -> Ended:
    """Run the command on the simulator's configuration."""
    return spentkey("evidence", "list", "--config", str(sim.config), *arguments, home=home, **more)


def page(sim: RealSimulator, home: Path, *arguments: str) -> dict[str, Any]:
    """The object that it prints."""
    value = listed(sim, home, "--json", *arguments).json()
    fits(value, "evidence-list.schema.json")
    return value


def tasks(value: dict[str, Any]) -> list[str]:
    """Which tasks it lists, in order."""
    return [one["result"]["task"] for one in value["results"]]


async def record(sim: RealSimulator, *changes: dict[str, Any]) -> None:
    """Put results on record, with something else between them."""
    evidence = evidence_in(sim.state)
    for number, one in enumerate(changes):
        await evidence.append("noted", {"task": TASK + number, "subject": "s"})
        await evidence.append("result", {**RESULT, "task": TASK + number, **one})


async def test_the_newest_result_comes_first(sim: RealSimulator, tmp_path: Path) -> None:
    """Results alone, with all that a result is."""
    await record(sim, {}, REFUSED)
    value = page(sim, tmp_path)
    assert (tasks(value), value["next"]) == (["40022", "40021"], None)
    assert [one["seq"] for one in value["results"]] == [3, 1]
    assert value["results"][1]["app_name"] == "Sales"


async def test_pages_follow_one_another(sim: RealSimulator, tmp_path: Path) -> None:
    """Each names where the next one begins; the last one names nothing."""
    await record(sim, {}, {}, {})
    first = page(sim, tmp_path, "--limit", "2")
    second = page(sim, tmp_path, "--limit", "2", "--before", str(first["next"]))
    assert (tasks(first), tasks(second), second["next"]) == (["40023", "40022"], ["40021"], None)
    assert page(sim, tmp_path, "--limit", "3")["next"] is None
    assert f"there is more: --before {first['next']}" in listed(sim, tmp_path, "--limit", "2").out


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--task", "40021"), ["40021"]),
        (("--outcome", "refused"), ["40022"]),
        (("--tenant", "onderwijs"), ["40023"]),
        (("--app", APP.upper()), ["40022", "40021"]),
        (("--app", "sales"), ["40022", "40021"]),
        (("--since", "2020-01-01", "--until", "2020-01-02"), []),
        (("--since", "2020-01-01"), ["40023", "40022", "40021"]),
        (("--until", "2020-01-01T00:00:00+02:00"), []),
        (("--outcome", "removed", "--tenant", "production"), ["40021"]),
        (("--task", "4002"), []),
        (("--before", "0"), []),
    ],
    ids=lambda value: " ".join(map(str, value)) or "nothing",
)
async def test_filters_hold_together(
    sim: RealSimulator, tmp_path: Path, arguments: tuple[str, ...], found: list[str]
) -> None:
    """What is listed fits all of them."""
    other = {"tenant": "onderwijs", "app_id": APP.replace("2", "9"), "app_name": "Other"}
    await record(sim, {}, REFUSED, {**other, **REFUSED, "outcome": "failed", "guard": None})
    assert tasks(page(sim, tmp_path, *arguments)) == found


async def test_people_get_a_table(sim: RealSimulator, tmp_path: Path) -> None:
    """When, task, outcome, application, credential and the id for `show`, on a wide terminal and on a narrow one."""
    await record(sim, {})
    for columns in ("140", "80"):
        message = listed(sim, tmp_path, COLUMNS=columns)
        words = ("when (UTC)", "40021", "removed", "Sales", f"secret {EXPIRED_SECRET[:8]}", RESULT["evidence"])
        assert (message.code, [one for one in words if one not in message.out]) == (0, [])


async def test_where_nothing_was_ever_recorded_nothing_is_made(sim: RealSimulator, tmp_path: Path) -> None:
    """It says so; no store is there afterwards, and nobody was asked."""
    message = listed(sim, tmp_path)
    assert (message.code, message.out) == (0, "nothing is on record that fits\n")
    assert (page(sim, tmp_path), sim.state.exists(), sim.journal()) == ({"results": [], "next": None}, False, [])


async def test_listing_writes_nothing(sim: RealSimulator, tmp_path: Path) -> None:
    """The store stays as it was, to the byte."""
    await record(sim, {})
    before = snapshot(sim.state)
    page(sim, tmp_path)
    assert snapshot(sim.state) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "yesterday"), "--since: give a date such as 2026-07-01"),
        (("--until", "2026-02-30"), "--until: there is no such time"),
        (("--since", "2026-07-02", "--until", "2026-07-01"), "since must be before until"),
        (("--since", "2026-07-01", "--until", "2026-07-01"), "since must be before until"),
        (("--outcome", "gone"), "--outcome: give one of removed"),
        (("--limit", "0"), "not in the range"),
        (("--limit", "1001"), "not in the range"),
        (("--before", "-1"), "not in the range"),
        (("40021",), "unexpected extra argument"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(
    sim: RealSimulator, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    """One line that says what to give, and exit code 2."""
    message = listed(sim, tmp_path, *arguments)
    assert (message.code, words in message.complaints()[-1]) == (2, True)


async def test_evidence_that_does_not_hold_is_for_people(sim: RealSimulator, tmp_path: Path) -> None:
    """Exit code 3, and nothing is shown as if it were true."""
    await record(sim, {})
    put_lines(sim.state, [line.replace('"removed"', '"refused"') for line in lines_in(sim.state)])
    message = listed(sim, tmp_path, "--json")
    (line,) = message.complaints()
    assert (message.code, "is not the one that was there" in line) == (3, True)
