"""The machine itself: how many files a process may open, whether a process has ended, whether it was started anew."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spentkey import system
from spentkey.system import allow_many_files, has_ended, same_boot, this_boot, this_process_in_its_namespace


@pytest.fixture
def hard() -> Iterator[int]:
    """A process that begins with leave for 1,024 files, as many systems have it; afterwards the limit is as it was."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_more_files_are_allowed_when_the_machine_allows_them(hard: int) -> None:
    """Up to what was asked for, and never beyond what the machine allows."""
    allow_many_files(2000)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (
        2000 if hard == resource.RLIM_INFINITY else min(2000, hard),
        hard,
    )


def test_a_higher_limit_stays(hard: int) -> None:
    """Nothing is taken away."""
    allow_many_files(100)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1024, hard)


@pytest.fixture
def other() -> Iterator["subprocess.Popen[bytes]"]:
    """Another process of ours."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def named(number: int) -> str:
    """A process by its number, as it would name itself."""
    namespace = this_process_in_its_namespace().split()[0]
    started = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    return f"{namespace} {number} {started}"


def test_a_process_that_runs_has_not_ended(other: "subprocess.Popen[bytes]") -> None:
    """Neither we nor another one; one that is only stopped lives."""
    assert has_ended(this_process_in_its_namespace()) is False
    os.kill(other.pid, signal.SIGSTOP)
    assert has_ended(named(other.pid)) is False


def test_a_process_that_was_killed_has_ended_also_before_anybody_noticed(other: "subprocess.Popen[bytes]") -> None:
    """A zombie is no process any more."""
    name = named(other.pid)
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert has_ended(name) is True
    other.wait()
    assert has_ended(name) is True


def test_a_later_process_with_the_same_number_is_another_one(other: "subprocess.Popen[bytes]") -> None:
    """Numbers come round, and in a container the first one is always 1."""
    namespace, number, started = named(other.pid).split()
    assert has_ended(f"{namespace} {number} {int(started) - 1}") is True


@pytest.mark.parametrize("process", ["", "pid:[1] 1 500", "x", "pid:[1]", " 1 2"])
def test_a_process_that_cannot_be_seen_from_here_is_not_known_to_have_ended(process: str) -> None:
    """Another container's, or no process at all."""
    assert has_ended(process) is None


def test_a_process_of_another_account_is_not_taken_for_dead() -> None:
    """Process 1 is always there."""
    namespace = this_process_in_its_namespace().split()[0]
    assert has_ended(f"{namespace} 1 ") is False


def test_a_machine_that_runs_on_is_the_same() -> None:
    """Asked twice."""
    assert same_boot(this_boot(), this_boot())


@pytest.mark.parametrize(
    ("one", "other_one", "same"),
    [
        ("id 1000", "id 5000", True),
        ("id 1000", "other 1000", False),
        ("id 1000", " 1009", True),
        (" 1000", " 1009", True),
        (" 1000", " 1011", False),
        ("", "", False),
        ("id", "id", False),
        ("id x", " y", False),
    ],
)
def test_a_machine_is_known_by_the_kernels_id_else_by_the_time_of_its_start(
    one: str, other_one: str, same: bool
) -> None:
    """A sandbox hides the id; a clock that is set moves the time, and then it counts as started anew."""
    assert same_boot(one, other_one) is same


def test_without_the_kernels_id_the_time_of_the_start_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the shipped unit, whose ProcSubset hides everything but processes."""
    known = this_boot()
    monkeypatch.setattr(system, "BOOT_ID", tmp_path / "hidden")
    assert this_boot().startswith(" ")
    assert same_boot(known, this_boot())
