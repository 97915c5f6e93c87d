"""`spentkey run TASK` as a process: what it prints, what it leaves behind, and its exit codes."""

import signal
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from commands import BIN, QUICK, against, environment, fits
from evidence_store import lines_in, put_lines
from fault_rules import chain_is_whole, fault
from real_simulator import RealSimulator
from worlds import CANARIES, EXPIRED_CERT, EXPIRED_SECRET, TASK, certificate_parameters, parameters, world

TASK_ARGUMENT = str(TASK)
RECORDED = "and this is the recorded result."


@pytest.mark.parametrize("key_id", [EXPIRED_SECRET, EXPIRED_CERT])
def test_a_removal_prints_one_json_object_and_nothing_else(sim: RealSimulator, tmp_path: Path, key_id: str) -> None:
    """Exit 0, the object fits its schema, stderr is silent, and the truth agrees."""
    sim.reset(world(parameters() if key_id == EXPIRED_SECRET else certificate_parameters()))
    ended = against(sim, tmp_path, "run", TASK_ARGUMENT, "--json")
    assert (ended.code, ended.err) == (0, "")
    told = ended.json()
    fits(told, "result.schema.json")
    assert ("removed", "confirmed", "closed", key_id) == tuple(
        told[name] for name in ("outcome", "attribution", "ticket", "key_id")
    )
    assert [key_id] == [one["key_id"] for one in sim.removals()]
    assert sim.task(TASK)["status"] == "Completed"


def test_without_json_there_is_a_table_and_the_steps_on_stderr(sim: RealSimulator, tmp_path: Path) -> None:
    """Both can be had apart; neither has colours when nobody looks at a terminal."""
    ended = against(sim, tmp_path, "run", TASK_ARGUMENT, COLUMNS="160")
    assert ended.code == 0
    assert "removePassword" in ended.out
    assert "Sales" in ended.out
    steps = [line.split()[1] for line in ended.err.splitlines()]
    assert steps == [
        "task",
        "request",
        "application",
        "guards",
        "plan",
        "remove",
        "verify",
        "verify",
        "verify",
        "report",
        "closed",
    ]
    assert "\x1b" not in ended.out + ended.err


LONG = pytest.mark.long
ENDINGS: dict[str, tuple[dict[str, Any], list[dict[str, Any]], int, str, str]] = {
    "not ours": (world(task={"owner_team": "Servicedesk"}), [], 2, "not-ours", "untouched"),
    "handed over by a guard": (world(parameters(SecretType="Password")), [], 3, "refused", "handed-off"),
    "handed over by Graph": (world(application={"owners_only": True}), [], 3, "failed", "handed-off"),
    "left open": (world(), [fault("graph", "batch", "html")], 4, "failed", "open"),
    "changed meanwhile": (world(), [fault("ivanti", "task-query", "close-task", nth=2)], 4, "refused", "untouched"),
    "Ivanti's key refused": (world(), [fault("ivanti", "task-query", "401")], 4, "failed", "untouched"),
    "not reported": (world(), [fault("ivanti", "note-create", "html")], 4, "removed", "open"),
    "cannot tell": (world(), [fault("graph", "read-application", "html")], 4, "cannot-tell", "open"),
    "removed, then taken over": (
        world(),
        [fault("ivanti", "task-query", "close-task", nth=3)],
        0,
        "removed",
        "untouched",
    ),
}


SHORT = ("not ours", "handed over by a guard", "left open", "cannot tell")
"""One for each exit code and what is least sure; the stories' tests have them all in the same process."""


@pytest.mark.parametrize("scenario", [pytest.param(one, marks=() if one in SHORT else LONG) for one in ENDINGS])
def test_the_exit_code_says_how_it_ended(sim: RealSimulator, tmp_path: Path, scenario: str) -> None:
    """By the table of outcomes; the object fits the schema however it ended, and gives a reason."""
    small_world, rules, code, outcome, ticket = ENDINGS[scenario]
    sim.reset(small_world)
    sim.faults(*rules)
    ended = against(sim, tmp_path, "run", TASK_ARGUMENT, "--json")
    told = ended.json()
    fits(told, "result.schema.json")
    assert (code, outcome, ticket) == (ended.code, told["outcome"], told["ticket"])
    assert told["reason"] or outcome == "removed"
    assert ended.err == ""


def test_an_unknown_task_is_exit_2(sim: RealSimulator, tmp_path: Path) -> None:
    """There is an object all the same, and no evidence of anything."""
    ended = against(sim, tmp_path, "run", "99", "--json")
    assert (ended.code, ended.json()["outcome"]) == (2, "not-ours")
    assert sim.evidence() == []


def test_a_closed_task_gives_the_recorded_result_again(sim: RealSimulator, tmp_path: Path) -> None:
    """The second process says what the first one said, and writes nothing."""
    first = against(sim, tmp_path, "run", TASK_ARGUMENT, "--json")
    writes = sim.writes()
    assert first == against(sim, tmp_path, "run", TASK_ARGUMENT, "--json")
    assert writes == sim.writes()


def test_a_repeated_run_says_that_nothing_was_done(sim: RealSimulator, tmp_path: Path) -> None:
    """For people only: below the table of the recorded result, and not below that of the first run."""
    first, second = (against(sim, tmp_path, "run", TASK_ARGUMENT) for _ in range(2))
    assert "Nothing was done this time" not in first.out
    assert second.out == f"{first.out}Nothing was done this time: the task was closed earlier, {RECORDED}\n"


def test_the_state_directory_is_for_its_owner_alone(sim: RealSimulator, tmp_path: Path) -> None:
    """Directories 0700, files 0600, locks included, whatever the umask; the chain is whole."""
    state = tmp_path / "deep" / "state"
    assert against(sim, tmp_path, "run", TASK_ARGUMENT, SPENTKEY_STATE__DIRECTORY=str(state)).code == 0
    inside = list(state.rglob("*"))
    assert {stat.S_IMODE(one.stat().st_mode) for one in (state, *inside) if one.is_dir()} == {0o700}
    assert {stat.S_IMODE(one.stat().st_mode) for one in inside if one.is_file()} == {0o600}
    assert {one.name for one in inside if one.is_dir()} == {"locks"}
    assert chain_is_whole(state)


def test_evidence_that_cannot_be_kept_stops_everything(sim: RealSimulator, tmp_path: Path) -> None:
    """A file where the directory should be: one line, exit 4, and not one request."""
    (tmp_path / "state").write_text("in the way")
    ended = against(sim, tmp_path, "run", TASK_ARGUMENT, SPENTKEY_STATE__DIRECTORY=str(tmp_path / "state"))
    (line,) = ended.complaints()
    assert (ended.code, "cannot be used" in line) == (4, True)
    assert sim.journal() == []


def test_evidence_that_was_tampered_with_stops_everything(sim: RealSimulator, tmp_path: Path) -> None:
    """Nothing is removed when the chain does not hold."""
    against(sim, tmp_path, "run", TASK_ARGUMENT)
    changed = [line.replace('"confirmed"', '"presumed"') for line in lines_in(sim.state)]
    sim.reset(world())
    put_lines(sim.state, changed)
    ended = against(sim, tmp_path, "run", TASK_ARGUMENT, "--json")
    assert (ended.code, ended.json()["ticket"]) == (4, "open")
    assert "record 8 is not the one that was there, nothing is removed" in ended.json()["reason"]
    assert sim.writes() == []


@pytest.mark.parametrize("field", ["minutes", "resolution"])
@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_field_that_no_task_has_is_a_problem_of_the_configuration(
    sim: RealSimulator, tmp_path: Path, command: str, field: str
) -> None:
    """Found only when a task is read: one line, exit 2, nothing on stdout, and the ticket untouched."""
    fields = f'{{"{field}": "NoSuchField"}}'
    ended = against(sim, tmp_path, command, TASK_ARGUMENT, "--json", SPENTKEY_IVANTI__FIELDS=fields)
    (line,) = ended.complaints()
    assert ended.code == 2
    assert "NoSuchField" in line
    assert sim.writes() == []


def key_in_the_vault(title: str) -> dict[str, Any]:
    """A world whose vault also holds Ivanti's key."""
    made = world()
    entry = {"id": 1299, "list": 8620, "title": title, "username": "", "password": CANARIES["ivanti key"]}
    made["passwordstate"]["entries"].append(entry)
    return made


def test_ivantis_key_may_be_an_entry_of_the_vault(sim: RealSimulator, tmp_path: Path) -> None:
    """`{ entry = … }` names it by its title."""
    sim.reset(key_in_the_vault("sys_ivanti"))
    key = '{"entry": "sys_ivanti"}'
    assert against(sim, tmp_path, "run", TASK_ARGUMENT, "--json", SPENTKEY_IVANTI__API_KEY=key).code == 0


def test_an_entry_that_is_not_there_is_one_line(sim: RealSimulator, tmp_path: Path) -> None:
    """Nothing can be read from Ivanti then, so there is no result."""
    sim.reset(key_in_the_vault("sys_other"))
    ended = against(sim, tmp_path, "run", TASK_ARGUMENT, "--json", SPENTKEY_IVANTI__API_KEY='{"entry": "sys_ivanti"}')
    (line,) = ended.complaints()
    assert (ended.code, "sys_ivanti" in line) == (4, True)


def test_an_interrupted_run_says_so_and_a_later_one_ends_it(sim: RealSimulator, tmp_path: Path) -> None:
    """Ctrl-C while Graph hangs: where the task was, one more line and no traceback; the task is found again."""
    sim.faults(fault("graph", "removePassword", "hang", "after", params={"seconds": 3}))
    command = [str(BIN / "spentkey"), "run", TASK_ARGUMENT, "--json", "--config", str(sim.config)]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(tmp_path, **QUICK), stdout=-1, stderr=-1, text=True
    ) as process:
        while "removePassword" not in sim.writes():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines() == [
        f"spentkey: {TASK} was under way (remove); the next run goes on from there",
        "spentkey: interrupted; open tasks stay open and are found again",
    ]
    sim.faults()
    again = against(sim, tmp_path, "run", TASK_ARGUMENT, "--json").json()
    assert (again["outcome"], again["attribution"], again["ticket"]) == ("removed", "presumed", "closed")
    assert len(sim.removals()) == 1
