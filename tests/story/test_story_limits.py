"""The story on real parts: guards G8 to G10, across runs and processes."""

import asyncio
import json
import subprocess
from typing import Any

import pytest
from commands import BIN, QUICK, environment, spentkey
from fault_rules import fault
from real_simulator import QuickClock, RealSimulator, Steps
from worlds import APP, EXPIRED_CERT, EXPIRED_SECRET, LIVE_SECRET, OTHER_APP, REF, TASK, parameters, sales, world

from spentkey.bootstrap.context import context_for
from spentkey.core.outcome import Result
from spentkey.core.task import TaskRef
from spentkey.story import work_on
from spentkey.worker.local import in_parallel

KEYS = [f"33333333-3333-4333-8333-{number:012d}" for number in range(6)]


def many(count: int, *, bad: int = 0) -> dict[str, Any]:
    """One application with `count` expired secrets and a task for each, then `bad` tasks that G1 refuses."""
    passwords = [{"key_id": key, "display_name": "old", "start": "-400d", "end": "-30d"} for key in KEYS[:count]]
    made = world(application={"passwords": passwords})
    asked = [parameters(SecretID=key) for key in KEYS[:count]] + [parameters(SecretType="x")] * bad
    made["ivanti"]["requests"] = [{"number": 1000 + n, "parameters": one} for n, one in enumerate(asked)]
    made["ivanti"]["tasks"] = [{"number": TASK + n, "parent": 1000 + n} for n in range(len(asked))]
    return made


async def run_all(sim: RealSimulator, count: int, **environment: str) -> list[Result]:
    """All tasks in one run, one after the other."""
    async with context_for(sim.settings(**environment), Steps(), use_proxies=False, clock=QuickClock()) as context:
        return [await work_on(TaskRef(str(TASK + number)), context) for number in range(count)]


def ends(results: list[Result]) -> list[tuple[str, str, str | None]]:
    """Outcome, ticket and guard of each."""
    return [(one.outcome, one.ticket.value, one.guard) for one in results]


REMOVED, STOPPED = ("removed", "closed", None), ("refused", "open", "G8")


@pytest.mark.parametrize("limit", ["PER_RUN", "PER_APP", "PER_HOUR"])
async def test_past_a_limit_tasks_stay_open(sim: RealSimulator, limit: str) -> None:
    """Two removals are allowed: the third task is left open, and nothing of it is removed."""
    sim.reset(many(3))
    results = await run_all(sim, 3, **{f"SPENTKEY_POLICY__MAX_REMOVALS_{limit}": "2"})
    assert ends(results) == [REMOVED, REMOVED, STOPPED]
    assert len(sim.removals()) == 2
    assert results[2].exit_code == 4


async def test_the_limit_of_a_run_is_free_again_in_the_next_run(sim: RealSimulator) -> None:
    """What a limit stops stays open, and a later run takes it up."""
    sim.reset(many(2))
    first = await run_all(sim, 2, SPENTKEY_POLICY__MAX_REMOVALS_PER_RUN="1")
    second = await run_all(sim, 2, SPENTKEY_POLICY__MAX_REMOVALS_PER_RUN="1")
    assert [ends(first)[1], ends(second)[1]] == [STOPPED, REMOVED]


@pytest.mark.parametrize("limit", ["PER_APP", "PER_HOUR"])
async def test_the_limits_of_an_hour_hold_across_runs(sim: RealSimulator, limit: str) -> None:
    """They are counted by the intents on record, so that a restart does not reset them."""
    sim.reset(many(2))
    environment = {f"SPENTKEY_POLICY__MAX_REMOVALS_{limit}": "1"}
    first = await run_all(sim, 2, **environment)
    second = await run_all(sim, 2, **environment)
    assert [ends(first)[1], ends(second)[1]] == [STOPPED, STOPPED]
    assert len(sim.removals()) == 1


async def test_hand_overs_have_a_limit_of_their_own(sim: RealSimulator) -> None:
    """A wrong setting cannot push a whole queue to another team."""
    sim.reset(many(0, bad=3))
    results = await run_all(sim, 3, SPENTKEY_POLICY__MAX_HANDOVERS_PER_HOUR="2")
    assert [one.ticket.value for one in results] == ["handed-off", "handed-off", "open"]
    assert (results[2].outcome, results[2].guard, results[2].exit_code) == ("refused", "G1", 4)
    assert "G8" in (results[2].reason or "")
    assert sim.task(TASK + 2)["notes"] == []


async def test_parallel_tasks_cannot_pass_a_limit_together(sim: RealSimulator) -> None:
    """Counting and recording are one step."""
    made = many(1)
    apps = [f"22222222-2222-4222-8222-{number:012d}" for number in range(6)]
    made["tenants"][0]["applications"] = [
        {
            "app_id": app,
            "display_name": "Sales",
            "passwords": [{"key_id": key, "display_name": "old", "start": "-400d", "end": "-30d"}],
        }
        for app, key in zip(apps, KEYS, strict=True)
    ]
    asked = [parameters(AppID=app, SecretID=key) for app, key in zip(apps, KEYS, strict=True)]
    made["ivanti"]["requests"] = [{"number": 1000 + n, "parameters": one} for n, one in enumerate(asked)]
    made["ivanti"]["tasks"] = [{"number": TASK + n, "parent": 1000 + n} for n in range(6)]
    sim.reset(made)
    settings = sim.settings(SPENTKEY_POLICY__MAX_REMOVALS_PER_RUN="3", SPENTKEY_POLICY__VERIFY_INTERVAL_S="0.1")
    async with context_for(settings, Steps(), use_proxies=False, clock=QuickClock()) as context:
        refs = [TaskRef(str(TASK + n)) for n in range(6)]
        results = await in_parallel(refs, lambda ref: work_on(ref, context), 6)
    assert sorted(ends(results)) == sorted([REMOVED] * 3 + [STOPPED] * 3)
    assert len(sim.removals()) == 3


async def test_a_plan_says_when_a_limit_would_leave_a_task_open(sim: RealSimulator) -> None:
    """The limit of an hour is used up, so the plan says leave."""
    sim.reset(many(2))
    await run_all(sim, 1)
    planned = await sim.plan(TASK + 1, SPENTKEY_POLICY__MAX_REMOVALS_PER_HOUR="1")
    assert (planned.action.value, planned.result.guard) == ("leave", "G8")


async def test_two_runs_of_one_task_at_the_same_time_end_as_one(sim: RealSimulator) -> None:
    """The second waits for the first, then finds the task closed and gives the same result."""
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=QuickClock()) as context:
        first, second = await asyncio.gather(work_on(REF, context), work_on(REF, context))
    assert first.as_json() == second.as_json()
    assert (sim.writes().count("removePassword"), len(sim.task(TASK)["notes"])) == (1, 1)


async def test_lists_that_changed_after_judging_are_judged_again(sim: RealSimulator) -> None:
    """G10: the first look was older than the second, so the application is judged once more, and then removed from."""
    second = "33333333-3333-4333-8333-555555555555"
    passwords = [*sales()["passwords"], {"key_id": second, "display_name": "x", "start": "-400d", "end": "-20d"}]
    both = world(application={"passwords": passwords})
    both["ivanti"]["requests"].append({"number": 10197, "parameters": parameters(SecretID=second)})
    both["ivanti"]["tasks"].append({"number": 40022, "parent": 10197})
    sim.reset(both)
    await sim.run(TASK)
    sim.faults(fault("graph", "batch:read-application", "stale", nth=1))
    result = await sim.run(40022)
    assert (result.outcome, result.ticket.value) == ("removed", "closed"), result.reason
    looks = [entry["route"] for entry in sim.journal() if entry["route"] == "batch"]
    assert len(looks) == 2 + 4


async def test_lists_that_never_agree_leave_the_task_open(sim: RealSimulator) -> None:
    """Judged three times, never the same twice: G10 leaves it for another run, and nothing is removed."""
    second = "33333333-3333-4333-8333-555555555555"
    passwords = [*sales()["passwords"], {"key_id": second, "display_name": "x", "start": "-400d", "end": "-20d"}]
    both = world(application={"passwords": passwords})
    both["ivanti"]["requests"].append({"number": 10197, "parameters": parameters(SecretID=second)})
    both["ivanti"]["tasks"].append({"number": 40022, "parent": 10197})
    sim.reset(both)
    await sim.run(TASK)
    sim.faults(*[fault("graph", "batch:read-application", "stale", nth=number) for number in (1, 3, 5)])
    result = await sim.run(40022)
    assert (result.outcome, result.guard, result.ticket.value) == ("refused", "G10", "open")
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]


def test_the_ids_of_this_file_are_different() -> None:
    """A world whose ids collide would prove nothing."""
    assert len({*KEYS, APP, OTHER_APP, EXPIRED_SECRET, EXPIRED_CERT, LIVE_SECRET}) == 11


async def lose_the_live_secret(sim: RealSimulator) -> None:
    """Somebody removes another credential of the application by hand."""
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=QuickClock()) as context:
        directory = await context.directories.open(context.rules.tenants[0])
        application = (await directory.look(APP)).application
        assert application is not None
        await directory.remove_secret(application, LIVE_SECRET, context.ids.new())


async def stopped_simulator(sim: RealSimulator) -> Result:
    """A removal whose verification an outage interrupts, a survivor lost meanwhile, and the run that finds out."""
    made = world()
    made["ivanti"]["requests"].append({"number": 10197, "parameters": parameters(SecretType="Password")})
    made["ivanti"]["tasks"].append({"number": TASK + 1, "parent": 10197})
    sim.reset(made)
    sim.faults(fault("graph", "read-application", "503"))
    assert (await sim.run(TASK)).outcome == "cannot-tell"
    sim.faults()
    await lose_the_live_secret(sim)
    return await sim.run(TASK)


async def test_a_lost_survivor_is_handed_over_and_stops_everything(sim: RealSimulator) -> None:
    """Nobody puts it back; this task goes to people, and every other task stays open until somebody resumes."""
    found = await stopped_simulator(sim)
    assert (found.outcome, found.ticket.value, found.exit_code) == ("failed", "handed-off", 3)
    assert LIVE_SECRET in (found.reason or "")
    other = await sim.run(TASK + 1)
    assert (other.outcome, other.guard, other.ticket.value, other.exit_code) == ("refused", "G8", "open", 4)
    assert "spentkey resume" in (other.reason or "")
    assert sim.task(TASK + 1)["notes"] == []
    (record,) = [record for record in sim.evidence() if record["what"] == "survivor-lost"]
    assert [one["key_id"] for one in record["lost"]] == [LIVE_SECRET]


async def test_resume_lifts_the_stop_with_who_and_why_on_record(sim: RealSimulator) -> None:
    """A process of its own; the next run works again."""
    await stopped_simulator(sim)
    home = sim.config.parent
    resumed = spentkey(
        "resume", "--config", str(sim.config), "--who", "duty officer", "--why", "rotated by hand", home=home
    )
    assert (resumed.code, resumed.out) == (0, "the stop is lifted\n")
    assert (await sim.run(TASK + 1)).ticket.value == "handed-off"
    (record,) = [record for record in sim.evidence() if record["what"] == "resumed"]
    assert (record["who"], record["why"]) == ("duty officer", "rotated by hand")


def test_resume_without_a_stop_changes_nothing(sim: RealSimulator) -> None:
    """It says so, and ends well."""
    resumed = spentkey("resume", "--config", str(sim.config), "--why", "x", home=sim.config.parent)
    assert (resumed.code, resumed.out, sim.evidence()) == (0, "nothing is stopped\n", [])


@pytest.mark.parametrize("arguments", [[], ["--why", " "]])
def test_resume_needs_a_reason(sim: RealSimulator, arguments: list[str]) -> None:
    """Who reads the evidence must find out why work went on."""
    resumed = spentkey("resume", "--config", str(sim.config), *arguments, home=sim.config.parent)
    assert (resumed.code, resumed.out) == (2, "")
    assert "--why" in resumed.err


def test_two_processes_on_one_task_end_as_one(sim: RealSimulator) -> None:
    """The second waits for the first one's lock, and then gives the recorded result."""
    command = [str(BIN / "spentkey"), "run", str(TASK), "--json", "--config", str(sim.config)]
    quick = environment(sim.config.parent, **QUICK)
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, env=quick) for _ in range(2)]
    message = [json.loads(one.communicate()[0]) for one in running]
    assert message[0] == message[1]
    assert message[0]["outcome"] == "removed"
    assert (sim.writes().count("removePassword"), len(sim.task(TASK)["notes"])) == (1, 1)


def test_a_dead_process_frees_its_locks(sim: RealSimulator) -> None:
    """SIGKILL in the middle of the verification; the next process takes over at once."""
    slow = {**QUICK, "SPENTKEY_POLICY__VERIFY_INTERVAL_S": "60", "SPENTKEY_POLICY__VERIFY_TIMEOUT_S": "600"}
    command = [str(BIN / "spentkey"), "run", str(TASK), "--json", "--config", str(sim.config)]
    first = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment(sim.config.parent, **slow))
    while "removePassword" not in sim.writes():
        pass
    first.kill()
    first.communicate()
    second = subprocess.run(command, capture_output=True, env=environment(sim.config.parent, **QUICK), check=True)
    message = json.loads(second.stdout)
    assert (message["outcome"], message["ticket"]) == ("removed", "closed")
    assert (sim.writes().count("removePassword"), len(sim.task(TASK)["notes"])) == (1, 1)
