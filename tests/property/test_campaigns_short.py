"""The two campaigns in short, each in a process of its own, because the database driver believes one CA in a process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WHOLE = dict(os.environ)


def campaign(name: str, **settings: str) -> tuple[int, str]:
    """The exit code of a campaign, and what it printed."""
    command = [sys.executable, str(HERE / f"campaign_{name}.py")]
    ended = subprocess.run(command, env={**WHOLE, **settings}, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize("cases", [8, pytest.param(80, marks=pytest.mark.long)])
def test_whatever_happens_the_invariants_hold(cases: int) -> None:
    """Any world, runs, duplicates, other people, faults and crashes: checked after every step, and it comes to rest."""
    code, message = campaign("property", CASES=str(cases), SEED="500")
    assert code == 0, message
    assert f"{cases} cases (seeds 500 to {499 + cases}), {cases} held" in message


@pytest.mark.parametrize("cases", [6, pytest.param(80, marks=pytest.mark.long)])
def test_whatever_happens_the_invariants_hold_on_a_database_too(cases: int) -> None:
    """The same with evidence, locks and limits in PostgreSQL, where a death leaves leases."""
    code, message = campaign("property", CASES=str(cases), SEED="500", STORE="postgres")
    assert code == 0, message
    assert f"{cases} cases (seeds 500 to {499 + cases}), {cases} held" in message


@pytest.mark.long
def test_any_request_is_refused_or_meant_on_a_database_too() -> None:
    """The first changes of one parameter each."""
    code, message = campaign("requests", CASES="60", SEED="1", STORE="postgres")
    assert code == 0, message
    assert "60 request parameter sets (seed 1), 60 held" in message


def test_another_store_is_refused() -> None:
    """With the names of those that there are."""
    code, message = campaign("property", CASES="1", STORE="oracle")
    assert (code, message.splitlines()[-1]) == (1, "STORE is one of sqlite, postgres, not oracle")


def test_a_replay_needs_the_store_of_one_machine() -> None:
    """A server has a say in who goes first, so the second time may differ."""
    code, message = campaign("property", CASES="1", STORE="postgres", REPLAY="1")
    assert (code, message.splitlines()[-1]) == (
        1,
        "REPLAY goes with STORE=sqlite alone: a server has a say in who is first",
    )


@pytest.mark.parametrize("cases", [2, pytest.param(8, marks=pytest.mark.long)])
def test_a_case_is_replayed_by_its_seed(cases: int) -> None:
    """Played twice, a case is the same requests in the same order, with the same answers and faults."""
    code, message = campaign("property", CASES=str(cases), SEED="17", REPLAY="1")
    assert code == 0, message


@pytest.fixture(scope="module")
def sampled() -> str:
    """What a small sample of the matrix printed."""
    code, message = campaign("matrix", SAMPLE="2", PAIRS="1", SEED="7")
    assert code == 0, message
    return message


def test_whichever_call_fails_the_invariants_hold(sampled: str) -> None:
    """A sample of single faults and of pairs, in every world: nothing breaks, and calm reruns end it."""
    assert "21 cases, 21 held" in sampled


@pytest.mark.parametrize("sample", [1, pytest.param(12, marks=pytest.mark.long)])
def test_whichever_call_fails_the_invariants_hold_on_a_database_too(sample: int) -> None:
    """A sample of single faults in every world, with PostgreSQL."""
    code, message = campaign("matrix", SAMPLE=str(sample), PAIRS="0", SEED="7", STORE="postgres")
    assert code == 0, message
    assert f"{7 * sample} cases, {7 * sample} held" in message


@pytest.mark.long
def test_whichever_calls_fail_the_invariants_hold() -> None:
    """The same with a larger sample."""
    code, message = campaign("matrix", SAMPLE="20", PAIRS="6", SEED="7")
    assert code == 0, message
    assert "182 cases, 182 held" in message


@pytest.mark.parametrize("call", ["graph removePassword", "graph removeKey", "sql query", "ivanti note-create"])
def test_the_matrix_knows_the_calls_that_are_made(sampled: str, call: str) -> None:
    """The calls are taken from calm runs, so that a new one is in the matrix the same day."""
    assert call in sampled
