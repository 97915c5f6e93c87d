"""The story on real parts: what was asked before a wait is asked again before the removal goes out, each time."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fault_rules import fault
from real_simulator import QuickClock, RealSimulator, SteppingClock, Steps
from worlds import (
    APP,
    EXPIRED_CERT,
    EXPIRED_SECRET,
    REF,
    TASK,
    certificate_parameters,
    parameters,
    world,
)

from spentkey.adapters.entra.client import EntraDirectory
from spentkey.bootstrap.context import context_for
from spentkey.core.credential import Kind
from spentkey.core.errors import Busy
from spentkey.core.outcome import Result
from spentkey.core.task import RemovalRequest
from spentkey.ports.fencing import holding
from spentkey.step_by_step import Asked, remove_asked
from spentkey.story import work_on

Does = Callable[[RealSimulator], Awaitable[None]]
WAIT = 12.0
PATCH = {"SPENTKEY_POLICY__CERTIFICATE_FALLBACK": "patch"}
DENIED_TOKEN = '{"error":{"code":"InvalidAuthenticationToken","message":"Lifetime validation failed."}}'


class Meanwhile(SteppingClock):
    """Once, in the first wait of that length (any length, if 0), something happens; `shift` is by how much it is later."""

    def __init__(self, sim: RealSimulator, seconds: float, does: Does | None, shift: timedelta = timedelta(0)) -> None:
        super().__init__(sim)
        self._seconds, self._does, self._later, self._shift = seconds, does, shift, timedelta(0)
        self.armed = True

    def now(self) -> datetime:
        return super().now() + self._shift

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if self.armed and self._seconds in (0, seconds):
            self.armed, self._shift = False, self._later
            if self._does is not None:
                await self._does(self._sim)


def throttled(route: str = "removePassword", **more: Any) -> dict[str, Any]:
    """Graph answers 429 once, and asks for a long wait."""
    return fault("graph", route, "429", nth=1, params={"retry_after": WAIT}, **more)


async def moved(sim: RealSimulator) -> None:
    """Somebody gives the task to another team."""
    sim.faults(fault("ivanti", "task-query", "move-task", times=1, params={"team": "Servicedesk"}))


async def taken(sim: RealSimulator) -> None:
    """Somebody takes the task."""
    sim.faults(fault("ivanti", "task-query", "edit-task", times=1, params={"fields": {"Owner": "an.other"}}))


async def rewritten(sim: RealSimulator) -> None:
    """Somebody changes the request to another key id."""
    edit = {"parameters": {"SecretID": "33333333-3333-4333-8333-444444444444"}}
    sim.faults(fault("ivanti", "task-query", "edit-task", times=1, params=edit))


async def paused(sim: RealSimulator) -> None:
    """An operator pauses everything, in another process."""
    await on_record(sim, "paused", {"who": "duty officer", "why": "a change at the bank"})


async def stopped(sim: RealSimulator) -> None:
    """Another worker loses a survivor."""
    await on_record(sim, "survivor-lost", {"task": 1, "lost": []})


async def on_record(sim: RealSimulator, what: str, facts: dict[str, Any]) -> None:
    """Append a record in another process."""
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=QuickClock()) as other:
        await other.evidence.append(what, facts)


async def removed_by_hand(sim: RealSimulator) -> None:
    """Somebody removes the credential in the portal."""
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=QuickClock()) as other:
        directory = await other.directories.open(other.rules.tenants[0])
        application = (await directory.look(APP)).application
        assert application is not None
        await directory.remove_secret(application, EXPIRED_SECRET, f"somebody-else-{other.ids.new()}")


def ours(sim: RealSimulator) -> list[str]:
    """The key ids that we removed."""
    removals = [one for one in sim.removals() if not one["client_request_id"].startswith("somebody-else")]
    return [one["key_id"] for one in removals]


def replies(sim: RealSimulator) -> list[str]:
    """What the records say of each removal that was begun."""
    return [one["answer"] for one in sim.evidence() if one["what"] == "answer"]


def end(result: Result) -> tuple[str, str, str | None, int]:
    """Outcome, ticket, guard, exit code."""
    return result.outcome, result.ticket.value, result.guard, result.exit_code


@pytest.mark.parametrize(
    ("does", "wanted"),
    [
        (moved, ("refused", "untouched", "G7", 4)),
        (taken, ("refused", "untouched", "G7", 4)),
        (rewritten, ("refused", "untouched", "G7", 4)),
        (paused, ("refused", "open", "G8", 4)),
        (stopped, ("refused", "open", "G8", 4)),
    ],
)
@pytest.mark.parametrize("route", ["removePassword", "removeKey"])
async def test_no_removal_goes_out_on_old_leave(
    sim: RealSimulator, route: str, does: Does, wanted: tuple[str, str, str, int]
) -> None:
    """Graph asks for 12 s; what happens meanwhile keeps the repeat from being sent, and that is on record."""
    sim.reset(world(certificate_parameters() if route == "removeKey" else parameters()))
    sim.faults(throttled(route))
    result = await sim.run(TASK, Meanwhile(sim, WAIT, does))
    assert end(result) == wanted, result.reason
    assert (ours(sim), sim.writes().count(route), replies(sim)) == ([], 1, ["not-done"])


@pytest.mark.parametrize("route", ["removePassword", "removeKey"])
async def test_where_nothing_changed_the_repeat_goes_out(sim: RealSimulator, route: str) -> None:
    """It was asked again, and both said the same."""
    sim.reset(world(certificate_parameters() if route == "removeKey" else parameters()))
    sim.faults(throttled(route))
    result = await sim.run(TASK, Meanwhile(sim, WAIT, None))
    assert end(result) == ("removed", "closed", None, 0), result.reason
    routes = [entry["route"] for entry in sim.journal()]
    first = routes.index(route)
    assert sorted(routes[first + 1 : routes.index(route, first + 1)]) == ["batch", "params-query", "task-query"]
    assert replies(sim) == ["accepted"]


async def test_a_short_wait_needs_no_second_question(sim: RealSimulator) -> None:
    """What was answered less than 5 s ago still holds."""
    sim.faults(fault("graph", "removePassword", "429", nth=1, params={"retry_after": 4}))
    assert (await sim.run(TASK, Meanwhile(sim, 4, None))).outcome == "removed"
    routes = [entry["route"] for entry in sim.journal()]
    assert routes[routes.index("removePassword") + 1] == "removePassword"


async def test_a_pause_counts_after_a_short_wait_too(sim: RealSimulator) -> None:
    """A stop is asked before every repeat, however soon it comes."""
    sim.faults(fault("graph", "removePassword", "429", nth=1, params={"retry_after": 1}))
    result = await sim.run(TASK, Meanwhile(sim, 1, paused))
    assert end(result) == ("refused", "open", "G8", 4)
    assert (ours(sim), replies(sim)) == ([], ["not-done"])


async def test_what_others_removed_during_the_wait_is_not_ours(sim: RealSimulator) -> None:
    """Graph refused our one try before any effect, so it was the other one's."""
    sim.faults(throttled())
    result = await sim.run(TASK, Meanwhile(sim, WAIT, removed_by_hand))
    assert end(result) == ("already-gone", "closed", None, 0), result.reason
    assert (ours(sim), replies(sim)) == ([], ["not-done"])


async def test_lists_that_change_during_the_wait_are_judged_again(sim: RealSimulator) -> None:
    """The removal then goes out under a plan that knows them, with an intent of its own."""
    sim.faults(throttled(), fault("graph", "batch:read-application", "stale", nth=3))
    result = await sim.run(TASK, Meanwhile(sim, WAIT, None))
    assert end(result)[:2] == ("removed", "closed"), result.reason


@pytest.mark.parametrize(
    ("does", "wanted"),
    [(moved, ("refused", "untouched", "G7", 4)), (paused, ("refused", "open", "G8", 4))],
)
async def test_a_wait_for_a_fresh_token_is_a_wait(
    sim: RealSimulator, does: Does, wanted: tuple[str, str, str, int]
) -> None:
    """Graph no longer takes the token, and sign-in asks for 12 s."""
    sim.faults(
        fault("graph", "removePassword", "401", nth=1, params={"body": DENIED_TOKEN}),
        fault("login", "token", "429", nth=2, params={"retry_after": WAIT}),
    )
    result = await sim.run(TASK, Meanwhile(sim, WAIT, does))
    assert end(result) == wanted, result.reason
    assert (ours(sim), sim.writes().count("removePassword"), replies(sim)) == ([], 1, ["not-done"])


def without_signer() -> dict[str, Any]:
    """A certificate without a signer, in a tenant where the audit log may be read: it goes by PATCH."""
    made = world(certificate_parameters(), entries=[], documents=[])
    made["tenants"][0]["clients"][0]["roles"] = ["Application.ReadWrite.All", "AuditLog.Read.All"]
    return made


async def test_a_list_is_not_written_after_a_wait_for_a_token_either(sim: RealSimulator) -> None:
    """PATCH is sent once, and a renewed token makes that one later."""
    sim.reset(without_signer())
    sim.faults(
        fault("graph", "patch", "401", nth=1, params={"body": DENIED_TOKEN}),
        fault("login", "token", "429", nth=2, params={"retry_after": WAIT}),
    )
    result = await sim.run(TASK, Meanwhile(sim, WAIT, moved), **PATCH)
    assert end(result) == ("refused", "untouched", "G7", 4), result.reason
    assert (ours(sim), sim.writes().count("patch"), replies(sim)) == ([], 1, ["not-done"])


async def test_before_a_list_is_written_the_ticket_is_read_last(sim: RealSimulator) -> None:
    """Not before the spaced reads, which take as long as their spaces."""
    sim.reset(without_signer())
    result = await sim.run(TASK, Meanwhile(sim, 5, moved), **PATCH)
    assert end(result) == ("refused", "untouched", "G7", 4), result.reason
    assert (ours(sim), "patch" in sim.writes(), replies(sim)) == ([], False, [])


async def test_a_wait_for_the_quota_comes_before_the_questions(sim: RealSimulator) -> None:
    """The tenant's writes are used up: the removal waits, and is asked about afterwards."""
    clock = Meanwhile(sim, 0, moved)
    clock.armed = False
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=clock) as context:
        directory = await context.directories.open(context.rules.tenants[0])
        assert isinstance(directory, EntraDirectory)
        await directory.quota.tenant_writes.take(1500)
        clock.armed = True
        result = await work_on(REF, context)
    assert end(result) == ("refused", "untouched", "G7", 4), result.reason
    assert (clock.armed, ours(sim), replies(sim)) == (False, [], [])


async def test_a_lost_lease_ends_the_sending(sim: RealSimulator) -> None:
    """Another worker took over during the wait: no repeat."""
    allowed = [True]

    async def fence() -> None:
        if not allowed:
            raise Busy("another worker has taken over")

    async def lost(_: RealSimulator) -> None:
        allowed.clear()

    sim.faults(throttled())
    with holding(1, fence):
        result = await sim.run(TASK, Meanwhile(sim, WAIT, lost))
    assert end(result) == ("refused", "open", "G9", 4), result.reason
    assert (ours(sim), sim.writes().count("removePassword")) == ([], 1)


@pytest.mark.parametrize(
    ("does", "wanted", "why"),
    [
        (moved, ("cannot-tell", "untouched", None, 4), "G7: "),
        (paused, ("cannot-tell", "open", None, 4), "G8: everything is paused"),
    ],
)
async def test_a_lost_reply_is_not_repeated_on_old_leave(
    sim: RealSimulator, does: Does, wanted: tuple[str, str, str | None, int], why: str
) -> None:
    """Reads show it still, but the first one may yet take: nobody can tell, and nothing more is sent."""
    sim.faults(fault("graph", "removePassword", "reset", nth=1))
    result = await sim.run(TASK, Meanwhile(sim, 5, does))
    assert end(result) == wanted, result.reason
    assert why in (result.reason or "")
    assert (ours(sim), sim.writes().count("removePassword"), replies(sim)) == ([], 1, ["lost"])


async def test_limits_are_not_asked_again_for_a_repeat(sim: RealSimulator) -> None:
    """One removal is allowed, and the repeat is that one."""
    sim.faults(fault("graph", "removePassword", "reset", nth=1))
    result = await sim.run(TASK, None, SPENTKEY_POLICY__MAX_REMOVALS_PER_RUN="1")
    assert end(result) == ("removed", "closed", None, 0), result.reason


async def test_without_a_task_only_the_directory_is_asked(sim: RealSimulator) -> None:
    """Nobody has a ticket that could change; a pause counts all the same."""
    request = RemovalRequest("Sales", APP, EXPIRED_SECRET, Kind.SECRET, "Secret", {"onderwijs": "no"})
    for does, wanted in ((None, ("removed", "closed", None, 0)), (paused, ("refused", "open", "G8", 4))):
        sim.reset(world())
        sim.faults(throttled())
        clock = Meanwhile(sim, WAIT, does)
        async with context_for(sim.settings(), Steps(), use_proxies=False, clock=clock) as context:
            result = await remove_asked(Asked(request, "production"), context)
        assert end(result) == wanted, result.reason
        assert "task-query" not in [entry["route"] for entry in sim.journal()]


def around(now: datetime, before: int, after: int) -> str:
    """A window of every day from so many hours before now to so many after."""
    begin, until = now - timedelta(hours=before), now + timedelta(hours=after)
    return f'["Mon-Sun {begin:%H}:00-{until:%H}:00"]'


async def test_a_window_that_closes_during_the_wait_ends_the_sending(sim: RealSimulator) -> None:
    """The repeat waits for the next opening."""
    sim.faults(throttled())
    clock = Meanwhile(sim, WAIT, None, timedelta(hours=6))
    result = await sim.run(TASK, clock, SPENTKEY_POLICY__WINDOW=around(datetime.now(UTC), 1, 2))  # noqa: TID251
    assert end(result) == ("refused", "open", "G8", 4), result.reason
    assert "policy.window" in (result.reason or "")
    assert result.not_before is not None
    assert (ours(sim), replies(sim)) == ([], ["not-done"])


async def test_a_window_that_is_closed_lets_nothing_begin(sim: RealSimulator) -> None:
    """Nothing is sent and no intent recorded, the task stays open however often, and a plan says the same."""
    closed = {"SPENTKEY_POLICY__WINDOW": around(datetime.now(UTC), -3, 5), "SPENTKEY_POLICY__MAX_ATTEMPTS": "1"}  # noqa: TID251
    planned = await sim.plan(TASK, **closed)
    assert (planned.action.value, planned.result.guard) == ("leave", "G8")
    assert "the next window opens at" in (planned.result.reason or "")
    for _ in range(2):
        result = await sim.run(TASK, None, **closed)
        assert end(result) == ("refused", "open", "G8", 4), result.reason
        assert result.not_before is not None
        assert timedelta(hours=1) < result.not_before - datetime.now(UTC) < timedelta(hours=4)  # noqa: TID251
    assert (sim.writes(), [one for one in sim.evidence() if one["what"] == "intent"]) == ([], [])


async def test_a_freeze_lets_nothing_begin(sim: RealSimulator) -> None:
    """It is named."""
    today = datetime.now(UTC).date()  # noqa: TID251
    frozen = f'["{today - timedelta(days=1)}/{today + timedelta(days=1)}"]'
    result = await sim.run(TASK, None, SPENTKEY_POLICY__FREEZE=frozen)
    assert end(result) == ("refused", "open", "G8", 4), result.reason
    assert f"{today - timedelta(days=1)}/{today + timedelta(days=1)}" in (result.reason or "")
    assert sim.writes() == []


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (world(application={"passwords": []}), ("already-gone", "closed", None, 0)),
        (world(parameters(SecretType="Password")), ("refused", "handed-off", "G1", 3)),
    ],
)
async def test_a_closed_window_holds_nothing_else_up(
    sim: RealSimulator, made: dict[str, Any], wanted: tuple[str, str, str | None, int]
) -> None:
    """What was gone already is closed, and what is wrong is handed over."""
    sim.reset(made)
    result = await sim.run(TASK, None, SPENTKEY_POLICY__WINDOW=around(datetime.now(UTC), -3, 5))  # noqa: TID251
    assert end(result) == wanted, result.reason


async def test_a_removal_that_was_sent_is_verified_after_the_window(sim: RealSimulator) -> None:
    """An outage came between; the next run is outside the window, and reads and closes all the same."""
    sim.faults(fault("graph", "read-application", "503"))
    assert (await sim.run(TASK)).outcome == "cannot-tell"
    sim.faults()
    result = await sim.run(TASK, None, SPENTKEY_POLICY__WINDOW=around(datetime.now(UTC), -3, 5))  # noqa: TID251
    assert end(result) == ("removed", "closed", None, 0), result.reason


async def test_a_lost_reply_is_not_repeated_outside_a_window(sim: RealSimulator) -> None:
    """Verification went on; the repeat would be a removal."""
    sim.faults(fault("graph", "removePassword", "reset", nth=1))
    clock = Meanwhile(sim, 5, None, timedelta(hours=6))
    window = around(datetime.now(UTC), 1, 2)  # noqa: TID251
    result = await sim.run(TASK, clock, SPENTKEY_POLICY__WINDOW=window, SPENTKEY_POLICY__MAX_ATTEMPTS="1")
    assert end(result) == ("cannot-tell", "open", None, 4), result.reason
    assert "G8: no removal begins outside policy.window" in (result.reason or "")
    assert result.not_before is not None
    assert (ours(sim), sim.writes().count("removePassword")) == ([], 1)


def test_the_two_credentials_of_this_file_differ() -> None:
    """A world whose ids collide would prove nothing."""
    assert EXPIRED_CERT != EXPIRED_SECRET
