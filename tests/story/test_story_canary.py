"""The story on real parts: guard G8, canary. The first removal of its kind by a version goes alone until it is proven."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from fault_rules import fault
from real_simulator import QuickClock, RealSimulator, ShiftedClock, Steps
from test_story_limits import KEYS, ends
from test_story_patch import PATCH, ROLES, later
from worlds import (
    EXPIRED_CERT,
    EXPIRED_SECRET,
    LIVE_SECRET,
    REF,
    REQUEST,
    TASK,
    certificate_parameters,
    parameters,
    world,
)

from spentkey.bootstrap.context import context_for
from spentkey.core.outcome import Result
from spentkey.core.task import TaskRef
from spentkey.steps.context import Context
from spentkey.storage.files.locks import FileLocks
from spentkey.story import work_on
from spentkey.worker.local import in_parallel

OFF = {"SPENTKEY_POLICY__CANARY": "false"}
ROUTE = "removePassword"
READS = 3
"""As many as `real_simulator.FAST` asks for."""


def apps(count: int) -> dict[str, Any]:
    """So many applications with an expired secret each, and a task for each."""
    made = world()
    ids = [f"22222222-2222-4222-8222-{number:012d}" for number in range(count)]
    made["tenants"][0]["applications"] = [
        {
            "app_id": app,
            "display_name": "Sales",
            "passwords": [{"key_id": key, "display_name": "old", "start": "-400d", "end": "-30d"}],
        }
        for app, key in zip(ids, KEYS, strict=False)
    ]
    asked = [parameters(AppID=app, SecretID=key) for app, key in zip(ids, KEYS, strict=False)]
    made["ivanti"]["requests"] = [{"number": 1000 + n, "parameters": one} for n, one in enumerate(asked)]
    made["ivanti"]["tasks"] = [{"number": TASK + n, "parent": 1000 + n} for n in range(count)]
    return made


@asynccontextmanager
async def at_work(sim: RealSimulator, **environment: str) -> AsyncGenerator[Context]:
    """One process. Its tasks share a clock that only their sleeps move, so these are short: what is read stays fresh."""
    settings = sim.settings(**{"SPENTKEY_POLICY__VERIFY_INTERVAL_S": "0.1"} | environment)
    async with context_for(settings, Steps(), use_proxies=False, clock=QuickClock()) as context:
        yield context


async def all_at_once(context: Context, *numbers: int) -> list[Result]:
    """These tasks in parallel."""
    return await in_parallel([TaskRef(str(TASK + n)) for n in numbers], lambda ref: work_on(ref, context), len(numbers))


def held_by_another(sim: RealSimulator, tenant: str = "production", route: str = ROUTE) -> Any:
    """Another process has the canary."""
    return FileLocks(sim.state, QuickClock(), 0, 1).canary(tenant, route)


def reads_between(sim: RealSimulator) -> list[int]:
    """How many reads of applications there were before each removal, since the one before."""
    counts, seen = list[int](), 0
    for entry in sim.journal():
        seen += entry["route"] == "read-application"
        if entry["route"] == ROUTE:
            counts.append(seen)
            seen = 0
    return counts


async def test_the_first_goes_alone_and_then_all_at_once(sim: RealSimulator) -> None:
    """The reads of the first one agree before a second removal is sent; after that nobody waits for anybody."""
    sim.reset(apps(4))
    async with at_work(sim) as context:
        results = await all_at_once(context, 0, 1, 2, 3)
    assert ends(results) == [("removed", "closed", None)] * 4
    assert reads_between(sim)[:2] == [0, READS]
    assert sum(reads_between(sim)) < 4 * READS - 1
    (first, *_) = [one for one in sim.evidence() if one["what"] == "verified"]
    assert (first["route"], first["program"], first["tenant"]) == (ROUTE, context.program, "production")


async def test_without_the_setting_all_go_at_once(sim: RealSimulator) -> None:
    """An operator may turn it off."""
    sim.reset(apps(2))
    async with held_by_another(sim), at_work(sim, **OFF) as context:
        results = await all_at_once(context, 0, 1)
    assert ends(results) == [("removed", "closed", None)] * 2


async def test_who_cannot_wait_any_longer_leaves_its_task_open(sim: RealSimulator) -> None:
    """G8 says so, nothing was sent, and the try does not count."""
    async with held_by_another(sim):
        result = await sim.run(TASK, None, SPENTKEY_POLICY__MAX_ATTEMPTS="1")
    assert (result.outcome, result.guard, result.ticket.value, result.exit_code) == ("refused", "G8", "open", 4)
    assert f"the first removal by {ROUTE} with this version in the tenant production" in (result.reason or "")
    assert sim.removals() == []
    assert (await sim.run(TASK)).outcome == "removed"


async def test_a_proof_of_today_is_enough(sim: RealSimulator) -> None:
    """Also for another process that starts later: it waits for nobody."""
    sim.reset(apps(2))
    await sim.run(TASK)
    async with held_by_another(sim):
        assert (await sim.run(TASK + 1)).outcome == "removed"


async def test_another_version_proves_itself_anew(sim: RealSimulator) -> None:
    """Whatever the one before removed today."""
    sim.reset(apps(2))
    await sim.run(TASK)
    async with held_by_another(sim), at_work(sim) as context:
        result = await work_on(TaskRef(str(TASK + 1)), replace(context, program="99.0"))
    assert (result.guard, result.ticket.value) == ("G8", "open")


async def test_another_route_and_another_tenant_prove_themselves(sim: RealSimulator) -> None:
    """A secret says nothing of certificates."""
    made = world()
    made["ivanti"]["requests"].append({"number": REQUEST + 1, "parameters": certificate_parameters()})
    made["ivanti"]["tasks"].append({"number": TASK + 1, "parent": REQUEST + 1})
    sim.reset(made)
    assert (await sim.run(TASK)).outcome == "removed"
    async with held_by_another(sim, route="removeKey"):
        assert (await sim.run(TASK + 1)).guard == "G8"
    async with held_by_another(sim, tenant="onderwijs", route="removeKey"):
        assert (await sim.run(TASK + 1)).outcome == "removed"


async def test_after_a_canary_that_failed_the_next_one_is_the_canary(sim: RealSimulator) -> None:
    """What was not gone proves nothing, so one more goes alone, and costs no more than itself."""
    sim.reset(apps(3))
    sim.faults(fault("graph", ROUTE, "noop", nth=1))
    async with at_work(sim) as context:
        results = await all_at_once(context, 0, 1, 2)
    assert sorted(one.outcome for one in results) == ["failed", "removed", "removed"]
    before_second, before_third = reads_between(sim)[1:]
    assert before_second > READS
    assert before_third == READS


async def test_a_removal_that_was_sent_and_must_wait_is_not_called_refused(sim: RealSimulator) -> None:
    """An earlier try sent it and met an outage; it may have taken effect."""
    sim.faults(fault("graph", ROUTE, "reset", "before"), fault("graph", "read-application", "503"))
    assert (await sim.run(TASK)).outcome == "cannot-tell"
    sim.faults()
    async with held_by_another(sim):
        second = await sim.run(TASK, None, SPENTKEY_POLICY__MAX_ATTEMPTS="1")
    assert (second.outcome, second.ticket.value, second.guard) == ("cannot-tell", "open", None)
    assert (await sim.run(TASK)).outcome == "removed"


async def test_what_is_gone_already_waits_for_nobody(sim: RealSimulator) -> None:
    """Nothing is removed, so nothing has to be proven."""
    sim.reset(world(application={"passwords": [{"key_id": LIVE_SECRET, "start": "-1d", "end": "+1y"}]}))
    async with held_by_another(sim):
        assert (await sim.run(TASK)).outcome == "already-gone"


def two_lists() -> dict[str, Any]:
    """Two applications without a signer, a task for the expired certificate of each."""
    made = world(certificate_parameters(), entries=[], documents=[])
    (first,) = made["tenants"][0]["applications"]
    other, key_id = "22222222-2222-4222-8222-333333333333", "44444444-4444-4444-8444-666666666666"
    certificates = [{"key_id": key_id, "certificate": "old"}]
    second = {**first, "app_id": other, "object_id": other.replace("2222-3", "2222-4"), "certificates": certificates}
    made["tenants"][0]["applications"].append({**second, "passwords": []})
    made["tenants"][0]["clients"][0]["roles"] = ROLES
    asked = certificate_parameters(AppID=other, SecretID=key_id)
    made["ivanti"]["requests"].append({"number": REQUEST + 1, "parameters": asked})
    made["ivanti"]["tasks"].append({"number": TASK + 1, "parent": REQUEST + 1})
    return made


async def test_the_next_patch_waits_for_the_proof_of_the_first(sim: RealSimulator) -> None:
    """Nobody holds a lock for a quarter of an hour: the second task stays open for five minutes, and says why."""
    sim.reset(two_lists())
    assert (await sim.run(TASK, None, **PATCH)).outcome == "cannot-tell"
    second = await sim.run(TASK + 1, None, **PATCH, SPENTKEY_POLICY__MAX_ATTEMPTS="1")
    assert (second.outcome, second.guard, second.ticket.value) == ("refused", "G8", "open")
    assert second.not_before is not None
    assert f"for task {TASK}" in (second.reason or "")
    planned = await sim.plan(TASK + 1, **PATCH)
    assert (planned.action.value, planned.result.guard) == ("leave", "G8")
    assert sim.writes().count("patch") == 1
    assert (await later(sim, 20)).outcome == "removed"
    then = ShiftedClock(timedelta(minutes=20))
    assert (await sim.run(TASK + 1, then, **PATCH)).outcome == "cannot-tell"
    assert sim.writes().count("patch") == 2


async def test_two_patches_at_once_are_one(sim: RealSimulator) -> None:
    """Whether another one is under way is asked in the step that puts the intent on record."""
    sim.reset(two_lists())
    async with at_work(sim, **PATCH) as context:
        results = await all_at_once(context, 0, 1)
    assert sorted(one.outcome for one in results) == ["cannot-tell", "refused"]
    assert sim.writes().count("patch") == 1


async def test_a_patch_that_was_refused_holds_up_no_other(sim: RealSimulator) -> None:
    """Nothing was written."""
    made = two_lists()
    made["tenants"][0]["applications"][0]["owners_only"] = True
    sim.reset(made)
    assert (await sim.run(TASK, None, **PATCH)).ticket.value == "handed-off"
    assert (await sim.run(TASK + 1, None, **PATCH)).outcome == "cannot-tell"


async def test_a_patch_without_a_proof_is_followed_by_another_canary(sim: RealSimulator) -> None:
    """It was handed over; the version is as unproven as before, and the next one goes alone."""
    sim.reset(two_lists())
    sim.faults(fault("graph", "patch", "unlogged"))
    await sim.run(TASK, None, **PATCH)
    assert (await later(sim, 121)).ticket.value == "handed-off"
    then = ShiftedClock(timedelta(minutes=121))
    assert (await sim.run(TASK + 1, then, **PATCH)).outcome == "cannot-tell"


async def test_without_the_setting_patches_do_not_wait_either(sim: RealSimulator) -> None:
    """Each waits for its own event alone."""
    sim.reset(two_lists())
    await sim.run(TASK, None, **PATCH, **OFF)
    assert (await sim.run(TASK + 1, None, **PATCH, **OFF)).outcome == "cannot-tell"


def test_the_tasks_of_this_file_are_different() -> None:
    """A world whose ids collide would prove nothing."""
    assert len({*KEYS, EXPIRED_SECRET, EXPIRED_CERT, LIVE_SECRET, REF}) == 10
