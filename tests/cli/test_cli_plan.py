"""`spentkey plan [TASK]` as a process: every `would`, and no trace of it anywhere."""

from pathlib import Path

import pytest
from commands import Ended, against, fits
from evidence_store import snapshot
from fault_rules import fault
from queue_worlds import (
    CERTIFICATE_TASK,
    GONE_TASK,
    LIVE_TASK,
    SECRET_TASK,
    TAKEN_TASK,
    UNSUPPORTED_TASK,
    queue_world,
)
from real_simulator import RealSimulator
from terminals import on_a_terminal
from worlds import TASK, certificate_parameters, world


def action(ended: Ended) -> dict[int, str]:
    """What a plan says of each task; the object fits its schema and the exit code is 0."""
    told = ended.json()
    fits(told, "plan.schema.json")
    assert (ended.code, ended.err) == (0, "")
    return {int(one["task"]): one["would"] for one in told["tasks"]}


def test_a_plan_says_what_would_be_done_to_every_open_task(sim: RealSimulator, tmp_path: Path) -> None:
    """Remove, close as gone, hand over, leave, or pass by; one line for each task of the queue."""
    sim.reset(queue_world())
    sim.faults(fault("passwordstate", "document", "html"))
    never = tmp_path / "never"
    assert action(against(sim, tmp_path, "plan", "--json", SPENTKEY_STATE__DIRECTORY=str(never))) == {
        SECRET_TASK: "remove",
        CERTIFICATE_TASK: "leave",
        GONE_TASK: "close-as-gone",
        LIVE_TASK: "hand-off",
        UNSUPPORTED_TASK: "hand-off",
        TAKEN_TASK: "pass",
    }
    assert sim.writes() == []
    assert sim.removals() == []
    assert not never.exists()


def test_a_certificate_is_planned_with_its_signer(sim: RealSimulator, tmp_path: Path) -> None:
    """The signer is found and signed in with, which writes nothing."""
    sim.reset(world(certificate_parameters()))
    ended = against(sim, tmp_path, "plan", str(TASK), "--json")
    assert action(ended) == {TASK: "remove"}
    (told,) = ended.json()["tasks"]
    assert (told["route"], told["kind"], told["reason"]) == ("removeKey", "certificate", None)
    assert sim.writes() == []


@pytest.mark.parametrize("number", [TASK, 99])
def test_what_is_closed_or_unknown_is_passed_by(sim: RealSimulator, tmp_path: Path, number: int) -> None:
    """With the reason; the evidence of the earlier run is read and stays as it is."""
    against(sim, tmp_path, "run", str(TASK))
    before, writes = snapshot(sim.state), sim.writes()
    ended = against(sim, tmp_path, "plan", str(number), "--json")
    assert {number: "pass"} == action(ended)
    assert ended.json()["tasks"][0]["reason"]
    assert before == snapshot(sim.state)
    assert writes == sim.writes()


def test_a_plan_is_what_a_run_then_does(sim: RealSimulator, tmp_path: Path) -> None:
    """The same tasks end as the plan said, for the same reasons."""
    sim.reset(queue_world())
    planned = against(sim, tmp_path, "plan", "--json")
    worked = against(sim, tmp_path, "work", "--once", "--json").json()["tasks"]
    done = {"closed": {"remove", "close-as-gone"}, "handed-off": {"hand-off"}, "untouched": {"pass"}}
    plans = action(planned)
    assert all(plans[int(one["task"])] in done[one["ticket"]] for one in worked)
    reasons = {one["task"]: one["reason"] for one in planned.json()["tasks"]}
    assert reasons == {one["task"]: one["reason"] for one in worked}


def test_a_plan_for_people_reads_like_one(sim: RealSimulator, tmp_path: Path) -> None:
    """What would be removed, closed as gone, handed over and left, each with its reason on a line of its own; totals."""
    sim.reset(queue_world())
    ended = against(sim, tmp_path, "plan")
    lines = ended.out.splitlines()
    assert ended.code == 0
    assert [line for line in lines if line.endswith(")") and not line.startswith(" ")] == [
        "To remove (2)",
        "To close as already gone (1)",
        "To hand over to people (2)",
        "Left alone (1)",
    ]
    assert lines[-1] == "6 tasks: 2 to remove, 1 to close as gone, 2 to hand over, 1 left alone."
    live = next(at for at, line in enumerate(lines) if line.startswith(f"  {LIVE_TASK} "))
    assert lines[live + 1].startswith("    G5 the credential has not expired")
    assert "\x1b" not in ended.out


def test_a_removal_is_shown_with_its_name_its_age_its_route_and_what_must_survive(
    sim: RealSimulator, tmp_path: Path
) -> None:
    """For people on two lines, for programs in `removal`."""
    ended = against(sim, tmp_path, "plan", str(TASK))
    about, removed, survivors = (line.strip() for line in ended.out.splitlines()[1:4])
    (told,) = against(sim, tmp_path, "plan", str(TASK), "--json").json()["tasks"]
    removal = told["removal"]
    assert about == f"{TASK} · Sales · production · secret {told['key_id']}"
    assert removal["name"] is not None
    assert removed == (
        f'"{removal["name"]}", ended {removal["days_expired"]} days ago, on {removal["end"][:10]}; by removePassword'
    )
    assert survivors.startswith("must still be there afterwards: ")
    assert told["key_id"] not in {one["key_id"] for one in removal["survivors"]}
    assert all(f"{one['kind']} " in survivors for one in removal["survivors"])


def test_on_a_terminal_a_plan_has_colours_unless_they_are_not_wanted(sim: RealSimulator, tmp_path: Path) -> None:
    """NO_COLOR takes them away; no line is wider than the window."""
    sim.reset(queue_world())
    coloured, plain = (
        on_a_terminal(tmp_path, "plan", "--config", str(sim.config), columns=60, more=more)
        for more in (dict[str, str](), {"NO_COLOR": "1"})
    )
    last = plain[1][plain[1].rindex("To remove") :]
    assert "\x1b[1;32mTo remove" in coloured[1]
    assert "32m" not in last
    assert max(map(len, last.splitlines())) <= 60


@pytest.mark.parametrize("command", [("plan",), ("work", "--once")], ids=" ".join)
def test_an_empty_queue_is_said_with_its_team(sim: RealSimulator, tmp_path: Path, command: tuple[str, ...]) -> None:
    """A wrong name of the team shows there, which an empty table does not."""
    ended = against(sim, tmp_path, *command, SPENTKEY_IVANTI__QUEUE_TEAM="No such team")
    assert (ended.code, ended.out) == (0, "no open tasks with the team 'No such team' (ivanti.queue_team)\n")


def test_an_empty_queue_is_an_empty_plan(sim: RealSimulator, tmp_path: Path) -> None:
    """No tasks, no error."""
    sim.reset(world(task={"owner_team": "Servicedesk"}))
    assert action(against(sim, tmp_path, "plan", "--json")) == {}


def test_a_queue_that_cannot_be_read_is_one_line(sim: RealSimulator, tmp_path: Path) -> None:
    """There is nothing to plan: exit 4."""
    sim.faults(fault("ivanti", "task-query", "html"))
    ended = against(sim, tmp_path, "plan", "--json")
    (line,) = ended.complaints()
    assert (ended.code, "HTML page" in line) == (4, True)
