"""The judge of the kill test can say no: each invariant, broken on purpose in what was found, is named."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commands import loaded
from crash_runs import Stage
from crash_stories import STORIES
from crash_truth import Found, broken, find
from real_simulator import RealSimulator
from stores import StateDirectory
from worlds import CANARIES, EXPIRED_SECRET, LIVE_SECRET

STORY = STORIES["secret"]
Break = Callable[[Found], Found]


@pytest.fixture(scope="module")
def found(simulator_process: RealSimulator, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What an undisturbed run leaves."""
    folder: Path = tmp_path_factory.mktemp("judge")
    fork = loaded(folder)
    stage = Stage(simulator_process, folder / "home", StateDirectory(simulator_process.state), fork)
    stage.set(STORY)
    ended = stage.run(STORY)
    fork.stop()
    return find(stage.sim, stage.store, [stage.home], ended.out, ended.err)


def with_task(found: Found, **changes: Any) -> Found:
    return replace(found, task={**found.task, **changes})


def without_record(found: Found, what: str) -> Found:
    """Evidence in which one kind is called something else; the chain no longer holds."""
    return replace(found, evidence=[line.replace(f'"what":"{what}"', '"what":"x"') for line in found.evidence])


def asked_again(found: Found) -> Found:
    """A second removal right after the first."""
    journal = [again for entry in found.journal for again in [entry] * (1 + (entry["route"] == "removePassword"))]
    return replace(found, journal=journal)


def with_other_id(found: Found) -> Found:
    journal = [{**entry, "client_request_id": "x"} for entry in found.journal]
    return replace(found, journal=journal)


BROKEN: dict[str, tuple[str, Break]] = {
    "nothing is removed": ("1", lambda found: replace(found, removals=[], left={*found.left, EXPIRED_SECRET})),
    "another key is gone": ("1", lambda found: replace(found, left=found.left - {LIVE_SECRET})),
    "two keys are removed": ("1", lambda found: replace(found, removals=found.removals * 2)),
    "it had not expired": ("1", lambda found: replace(found, removals=[{**found.removals[0], "expired": False}])),
    "the task is open": ("2", lambda found: with_task(found, status="Logged")),
    "the task is with others": ("2", lambda found: with_task(found, owner_team="Systeemsoftware")),
    "closed, but still there": ("2", lambda found: replace(found, left={*found.left, EXPIRED_SECRET})),
    "no note": ("3", lambda found: with_task(found, notes=[])),
    "two notes": ("3", lambda found: with_task(found, notes=found.task["notes"] * 2)),
    "two closes": ("3", lambda found: with_task(found, writes=found.task["writes"] * 2)),
    "minutes booked twice": ("3", lambda found: with_task(found, minutes=2)),
    "a canary in a file": ("4", lambda found: replace(found, kept=f"x{CANARIES['automation secret']}x")),
    "a token in a file": ("4", lambda found: replace(found, kept="Authorization: Bearer eyJ0")),
    "a changed record": ("5", lambda found: without_record(found, "intent")),
    "a torn line": ("5", lambda found: replace(found, evidence=[*found.evidence[:-1], found.evidence[-1][:-9]])),
    "a removal without an intent": ("5", with_other_id),
    "a wrong attribution": (
        "5",
        lambda found: replace(found, removals=[{**found.removals[0], "client_request_id": "x"}]),
    ),
    "a second removal": ("6", asked_again),
}


def test_an_undisturbed_run_breaks_nothing(found: Found) -> None:
    """The judge has nothing to say about it."""
    assert broken(STORY, found) == []


@pytest.mark.parametrize("scenario", BROKEN)
def test_what_is_broken_is_named(found: Found, scenario: str) -> None:
    """Each of these is seen, under the number of its invariant."""
    number, spoil = BROKEN[scenario]
    assert number in {problem[0] for problem in broken(STORY, spoil(found))}


@pytest.mark.parametrize("secret", CANARIES.values(), ids=CANARIES)
def test_every_canary_is_looked_for(found: Found, secret: str) -> None:
    """As it stands, and as JSON writes it."""
    for form in (secret, json.dumps({"x": secret})):
        assert [problem[0] for problem in broken(STORY, replace(found, kept=form))] == ["4"]
