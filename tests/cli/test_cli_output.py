"""What becomes of a command whose output goes nowhere: a full disk, a closed pipe, a terminal without UTF-8."""

import copy
import fcntl
import json
import os
import subprocess
from pathlib import Path

import pytest
from commands import BIN, QUICK, Ended, environment
from queue_worlds import queue_world
from real_simulator import RealSimulator
from worlds import EXPIRED_SECRET, TASK, world

FULL = "/dev/full"
"""A file of Linux that takes nothing: every write to it ends with "No space left on device"."""
NOWHERE = "spentkey: the output could not be written (No space left on device)"


def printing_to(out: int, sim: RealSimulator, home: Path, *arguments: str, err: int = subprocess.PIPE) -> Ended:
    """Run `spentkey` against the simulator with that file as its stdout."""
    command = [str(BIN / "spentkey"), *arguments, "--config", str(sim.config)]
    process = subprocess.run(
        command, cwd=home, env=environment(home, **QUICK), stdout=out, stderr=err, check=False, timeout=100, text=True
    )
    return Ended(process.returncode, process.stdout or "", process.stderr or "")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_removal_whose_result_cannot_be_printed_keeps_its_exit_code(
    sim: RealSimulator, tmp_path: Path, as_json: bool
) -> None:
    """The task is closed, so 0; stderr says that the output is lost, and nothing of a bug."""
    full = os.open(FULL, os.O_WRONLY)
    ended = printing_to(full, sim, tmp_path, "run", str(TASK), *(["--json"] if as_json else []))
    os.close(full)
    assert ended.code == 0
    assert ended.err.splitlines()[-1].startswith(f"{NOWHERE}; what was done stands")
    assert "bug" not in ended.err
    assert sim.task(TASK)["status"] == "Completed"


def test_progress_that_cannot_be_printed_ends_no_removal(sim: RealSimulator, tmp_path: Path) -> None:
    """Neither stdout nor stderr takes anything; the story is told to its end all the same."""
    full = os.open(FULL, os.O_WRONLY)
    ended = printing_to(full, sim, tmp_path, "run", str(TASK), err=full)
    os.close(full)
    assert ended.code == 0
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]
    assert sim.task(TASK)["status"] == "Completed"


@pytest.mark.parametrize("command", ["plan", "status", "check"])
def test_what_was_only_to_be_read_and_cannot_be_printed_is_exit_4(
    sim: RealSimulator, tmp_path: Path, command: str
) -> None:
    """Whoever asked got nothing, and a 0 would say that they did."""
    full = os.open(FULL, os.O_WRONLY)
    ended = printing_to(full, sim, tmp_path, command, "--json")
    os.close(full)
    assert (ended.code, ended.err.splitlines()) == (4, [NOWHERE])


def test_a_reader_that_goes_away_early_is_no_fault(sim: RealSimulator, tmp_path: Path) -> None:
    """As with `| head -1`: nothing on stderr, and the exit code is that of the command."""
    ours, theirs = os.pipe()
    os.close(ours)
    ended = printing_to(theirs, sim, tmp_path, "run", str(TASK), "--json")
    os.close(theirs)
    assert (ended.code, ended.err) == (0, "")
    assert sim.task(TASK)["status"] == "Completed"


def test_a_pipe_that_does_not_block_gets_everything(sim: RealSimulator, tmp_path: Path) -> None:
    """As a shell or a job runner may leave it: what does not fit now is written when there is room."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    room = fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    os.write(theirs, b"x" * room)  # full to the brim, until somebody reads
    command = [str(BIN / "spentkey"), "run", str(TASK), "--json", "--config", str(sim.config)]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(tmp_path, **QUICK), stdout=theirs) as process:
        os.close(theirs)
        with os.fdopen(ours, "rb") as stream:
            while sim.task(TASK)["status"] != "Completed":
                assert process.poll() is None
            content = stream.read()
    assert (process.returncode, json.loads(content[room:])["outcome"]) == (0, "removed")


def test_a_closed_stdout_is_no_fault_of_the_task(sim: RealSimulator, tmp_path: Path) -> None:
    """As with `>&-`; the next file that is opened must not get its number, and so the table."""
    command = f'exec "{BIN}/spentkey" run {TASK} --config "{sim.config}" >&- 2>&- <&-'
    ended = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, env=environment(tmp_path, **QUICK), check=False)
    assert ended.returncode == 0
    assert sim.task(TASK)["status"] == "Completed"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_utf_8_gets_a_table_that_it_can_show(
    sim: RealSimulator, tmp_path: Path, encoding: str
) -> None:
    """Every character that it does not know has a stand-in; the exit code is that of the tasks."""
    made = copy.deepcopy(queue_world())
    made["tenants"][0]["applications"][1]["display_name"] = "Büro 東京"
    sim.reset(made)
    for command in (["plan"], ["work", "--once"]):
        process = subprocess.run(
            [str(BIN / "spentkey"), *command, "--config", str(sim.config)],
            cwd=tmp_path,
            env=environment(tmp_path, **QUICK, PYTHONIOENCODING=encoding, PYTHONUTF8="0", COLUMNS="100"),
            capture_output=True,
            check=False,
            timeout=100,
        )
        shown = process.stdout.decode(encoding)
        assert b"Traceback" not in process.stderr
        assert process.returncode in (0, 3)
        assert "40021" in shown


def test_json_is_whole_on_a_terminal_without_utf_8(sim: RealSimulator, tmp_path: Path) -> None:
    """A name that it cannot show is escaped, so that the object can be read."""
    made = world()
    made["tenants"][0]["applications"][0]["passwords"][0]["display_name"] = "東京"
    sim.reset(made)
    process = subprocess.run(
        [str(BIN / "spentkey"), "plan", "--json", "--config", str(sim.config)],
        cwd=tmp_path,
        env=environment(tmp_path, **QUICK, PYTHONIOENCODING="ascii", PYTHONUTF8="0"),
        capture_output=True,
        check=False,
        timeout=100,
    )
    assert process.returncode == 0
    assert json.loads(process.stdout.decode("ascii"))["tasks"][0]["task"] == str(TASK)


def test_help_that_cannot_be_printed_is_exit_4(tmp_path: Path) -> None:
    """It was asked for, and did not come."""
    with Path(FULL).open("wb") as full:
        ended = subprocess.run(
            [str(BIN / "spentkey"), "--help"],
            cwd=tmp_path,
            env=environment(tmp_path),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr.splitlines()) == (4, [NOWHERE])
