"""The story on real parts: a lost survivor stops its application and its tenant's route, and who did it narrows that."""

from typing import Any

from fault_rules import fault
from real_simulator import QuickClock, RealSimulator, Steps
from test_story_limits import lose_the_live_secret
from worlds import (
    CANARIES,
    LIVE_SECRET,
    OTHER_APP,
    TASK,
    certificate_parameters,
    parameters,
    sales,
    world,
)

from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.service import worker_for
from spentkey.core.task import TaskRef
from spentkey.steps.context import Context
from spentkey.steps.stops import Lifted, lift, pause, standing_stops
from spentkey.worker.narrowing import Narrowing

OWNER = "11111111-1111-4111-8111-333333333333"
OTHER_SECRET = "33333333-3333-4333-8333-555555555555"
ROLES = ["Application.ReadWrite.All", "AuditLog.Read.All", "Directory.Read.All"]
SAME_APPLICATION, SAME_ROUTE, ELSEWHERE = TASK + 1, TASK + 2, TASK + 3


def many() -> dict[str, Any]:
    """Besides the task whose survivor is lost: one on the same application, one by the same route, one elsewhere."""
    other: dict[str, Any] = {
        "app_id": OTHER_APP,
        "object_id": "2b2b2b2b-2222-4222-8222-333333333333",
        "display_name": "Other",
        "passwords": [{"key_id": OTHER_SECRET, "display_name": "old", "start": "-400d", "end": "-30d"}],
    }
    elsewhere = {**other, "object_id": "2b2b2b2b-2222-4222-8222-444444444444", "app_id": OWNER[:-1] + "4"}
    elsewhere["passwords"] = [{**other["passwords"][0], "key_id": OTHER_SECRET[:-1] + "6"}]
    made = world()
    asked = [
        certificate_parameters(),
        parameters(AppDisplayName="Other", AppID=OTHER_APP, SecretID=OTHER_SECRET),
        parameters(
            AppDisplayName="Other", AppID=elsewhere["app_id"], SecretID=OTHER_SECRET[:-1] + "6", Onderwijs="Yes"
        ),
    ]
    for number, one in enumerate(asked, 1):
        made["ivanti"]["requests"].append({"number": 20000 + number, "parameters": one})
        made["ivanti"]["tasks"].append({"number": TASK + number, "parent": 20000 + number})
    production, onderwijs = made["tenants"]
    production["applications"] = [sales(), other]
    onderwijs["applications"] = [elsewhere]
    production["clients"][0]["roles"] = ROLES
    production["clients"].append({"app_id": OWNER, "secret": CANARIES["onderwijs secret"], "entry": "Owner"})
    made["passwordstate"]["entries"].append(
        {"id": 1299, "list": 8620, "title": "Owner", "username": OWNER, "password": CANARIES["onderwijs secret"]}
    )
    made["entra"] = {"audit_delay_s": 0}
    return made


async def lose_a_survivor(sim: RealSimulator, by: str) -> None:
    """A removal whose verification an outage interrupts, a survivor that `by` removes, and the run that finds out."""
    sim.reset(many())
    sim.faults(fault("graph", "read-application", "503"))
    assert (await sim.run(TASK)).outcome == "cannot-tell"
    sim.faults()
    if by == OWNER:
        settings = sim.settings(SPENTKEY_TENANTS__PRODUCTION__ENTRY="Owner")
        async with context_for(settings, Steps(), use_proxies=False, clock=QuickClock()) as context:
            directory = await context.directories.open(context.rules.tenants[0])
            application = (await directory.look(sales()["app_id"])).application
            assert application is not None
            await directory.remove_secret(application, LIVE_SECRET, context.ids.new())
    else:
        await lose_the_live_secret(sim)
    found = await sim.run(TASK)
    assert (found.outcome, found.ticket.value) == ("failed", "handed-off")


async def stops(sim: RealSimulator) -> list[str]:
    """What is stopped."""
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=QuickClock()) as context:
        return [one.scope.partition(":")[0] for one in await standing_stops(context.evidence)]


def narrowing_in(context: Context) -> Narrowing:
    """What a worker does when it looks at the queue."""
    return Narrowing(context.evidence, context.directories, context.rules.tenants, context.clock)


async def tried(sim: RealSimulator, *tasks: int) -> list[str | None]:
    """The guard that holds each task up, by a plan and then by a run, which say the same."""
    found: list[str | None] = []
    for task in tasks:
        plan, result = await sim.plan(task), await sim.run(task)
        assert plan.result.guard == result.guard
        found.append(result.guard)
    return found


async def test_a_lost_survivor_stops_its_application_and_its_tenants_route_and_nothing_else(
    sim: RealSimulator,
) -> None:
    """The other tenant goes on."""
    await lose_a_survivor(sim, "us")
    assert await stops(sim) == ["application", "route"]
    assert await tried(sim, SAME_APPLICATION, SAME_ROUTE, ELSEWHERE) == ["G8", "G8", None]
    assert [sim.task(one)["status"] for one in (SAME_APPLICATION, SAME_ROUTE)] == ["Logged", "Logged"]


async def test_an_owner_who_deletes_a_secret_of_his_own_stops_only_his_application(sim: RealSimulator) -> None:
    """The audit log shows who did it; `work --once` asks at its start."""
    await lose_a_survivor(sim, OWNER)
    assert await stops(sim) == ["application", "route"]
    async with worker_for(sim.settings(), Steps(), use_proxies=False, clock=QuickClock()) as worker:
        results = {one.task: one.guard for one in await worker.once()}
    assert results == {str(SAME_APPLICATION): "G8", str(SAME_ROUTE): None, str(ELSEWHERE): None}
    assert await stops(sim) == ["application"]
    (record,) = [one for one in sim.evidence() if one["what"] == "stop-narrowed"]
    assert (record["detail"], len(record["events"])) == (f"initiated by {OWNER}", 1)


async def test_what_was_our_own_doing_narrows_nothing(sim: RealSimulator) -> None:
    """Then the fault may be ours."""
    await lose_a_survivor(sim, "us")
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=QuickClock()) as context:
        await narrowing_in(context).when_due()
    assert await stops(sim) == ["application", "route"]


async def test_what_the_log_does_not_show_yet_narrows_nothing_until_it_does(sim: RealSimulator) -> None:
    """It is asked again, five minutes later and not before."""
    await lose_a_survivor(sim, OWNER)
    clock = QuickClock()
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=clock) as context:
        narrowing = narrowing_in(context)
        sim.faults(fault("graph", "list-directory-audits", "503"))
        await narrowing.when_due()
        sim.faults()
        clock.slept += 299
        await narrowing.when_due()
        assert await stops(sim) == ["application", "route"]
        clock.slept += 1
        await narrowing.when_due()
    assert await stops(sim) == ["application"]


async def test_a_pause_beside_a_stop_outlives_it(sim: RealSimulator) -> None:
    """Whoever looked into the stop has lifted that; nobody has said that the pause is over."""
    await lose_a_survivor(sim, OWNER)
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=QuickClock()) as context:
        seen = await standing_stops(context.evidence)
        assert (await pause(context.evidence, "ops", "change of keys")).paused
        ended = await lift(context.evidence, "ops", "looked into", seen, [seen[0].id])
        assert isinstance(ended, Lifted)
        assert [one.kind for one in ended.left] == ["paused"]
    assert await tried(sim, SAME_APPLICATION, ELSEWHERE) == ["G8", "G8"]


async def test_a_request_that_makes_no_sense_waits_with_the_application_that_it_names(sim: RealSimulator) -> None:
    """One that names another application is handed over."""
    await lose_a_survivor(sim, "us")
    made = [{"AppID": sales()["app_id"]}, {"AppID": OWNER}, {"AppID": "nonsense"}]
    guards: list[str | None] = []
    before = [one for one in sim.evidence() if one["what"] == "survivor-lost"]
    for changes in made:
        senseless = world(parameters(SecretType="Password", **changes))
        sim.reset(senseless)
        await _on_record(sim, before)
        guards.append((await sim.run(TASK)).guard)
    assert guards == ["G8", "G1", "G1"]


async def _on_record(sim: RealSimulator, records: list[dict[str, Any]]) -> None:
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=QuickClock()) as context:
        for one in records:
            facts = {name: one[name] for name in ("tenant", "route", "app_id", "key_id", "lost", "object_id")}
            await context.evidence.append("survivor-lost", {**facts, "task": 1, "run": "x", "attempt": "x"})


async def test_twenty_senseless_requests_hold_up_no_other_hand_over(sim: RealSimulator) -> None:
    """Each kind has the limit of the setting."""
    made = many()
    for number in range(3):
        made["ivanti"]["requests"].append({"number": 30000 + number, "parameters": parameters(SecretType="Password")})
        made["ivanti"]["tasks"].append({"number": TASK + 10 + number, "parent": 30000 + number})
    made["ivanti"]["requests"][0]["parameters"] = parameters(SecretID=LIVE_SECRET)
    sim.reset(made)
    limit = {"SPENTKEY_POLICY__MAX_HANDOVERS_PER_HOUR": "2"}
    results = [await sim.run(TASK + 10 + number, None, **limit) for number in range(3)]
    assert [one.ticket.value for one in results] == ["handed-off", "handed-off", "open"]
    other = await sim.run(int(TaskRef(str(TASK))), None, **limit)
    assert (other.guard, other.ticket.value) == ("G5", "handed-off")
    counted = [one["limit"] for one in sim.evidence() if one["what"] == "handing-over"]
    assert counted == ["request", "request", "other"]
