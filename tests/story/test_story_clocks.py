"""The story on real parts, with a clock that is wrong: ours, the directory's, or nobody knows whose."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from real_simulator import QuickClock, RealSimulator, ShiftedClock, Steps
from worlds import REF, TASK, certificate_parameters, world

from spentkey.bootstrap.context import context_for
from spentkey.core.errors import Outage
from spentkey.core.outcome import Result
from spentkey.dry_run import dry_run
from spentkey.ports.directory import Directories
from spentkey.story import work_on

HOUR = timedelta(hours=1)


@dataclass
class Says:
    """A part of the outside whose clock says what a test wants; everything else is the real part's."""

    real: Any
    shown: datetime | Outage | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def time(self) -> datetime | None:
        if isinstance(self.shown, Outage):
            raise self.shown
        return self.shown


@dataclass
class SignsIn:
    """Directories whose sign-in tells this time."""

    real: Directories
    shown: datetime | None

    async def open(self, tenant: Any) -> Any:
        directory: Any = await self.real.open(tenant)

        async def sign_in_time() -> datetime | None:
            return self.shown

        directory.sign_in_time = sign_in_time
        return directory


async def run(
    sim: RealSimulator,
    clock: QuickClock,
    desk: datetime | Outage | None,
    vault: datetime | Outage | None = None,
    sign_in: datetime | None = None,
) -> Result:
    """One task, with what the other clocks say."""
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=clock) as context:
        told: dict[str, Any] = {"desk": Says(context.desk, desk), "vault": Says(context.vault, vault)}
        told["directories"] = SignsIn(context.directories, sign_in)
        return await work_on(REF, replace(context, **told))


@pytest.mark.parametrize("wrong_by", [HOUR, -HOUR, timedelta(minutes=6), -timedelta(minutes=6), timedelta(days=400)])
async def test_where_our_clock_alone_is_wrong_the_task_stays_open(sim: RealSimulator, wrong_by: timedelta) -> None:
    """An hour ahead handed over every task, twenty in an hour: it is this machine's fault, and told as an outage."""
    result = await sim.run(TASK, clock=ShiftedClock(wrong_by))
    assert (result.outcome, result.ticket.value, result.guard, result.exit_code) == ("failed", "open", None, 4)
    assert result.outage
    assert (result.reason or "").startswith("this machine's clock is wrong")
    assert result.reason_code == "our-clock"  # by which an engine leaves it to other machines
    assert sim.removals() == []
    task = sim.task(TASK)
    assert (task["owner_team"], task["notes"]) == ("Spentkey", [])


async def test_a_wrong_clock_never_hands_over_however_often_it_is_tried(sim: RealSimulator) -> None:
    """It counts for no try of the task; once it is right, the credential is removed."""
    ends = [await sim.run(TASK, clock=ShiftedClock(HOUR), SPENTKEY_POLICY__MAX_ATTEMPTS="2") for _ in range(4)]
    assert {one.ticket.value for one in ends} == {"open"}
    assert (await sim.run(TASK)).outcome == "removed"


async def test_a_wrong_clock_holds_a_certificate_up_as_well(sim: RealSimulator) -> None:
    """It is seen before any signer is judged by that clock."""
    sim.reset(world(certificate_parameters()))
    result = await sim.run(TASK, clock=ShiftedClock(HOUR))
    assert (result.ticket.value, result.outage) == ("open", True)


async def test_what_the_guards_before_refuse_is_refused_under_a_wrong_clock(sim: RealSimulator) -> None:
    """A wrong name has nothing to do with time."""
    sim.reset(world(application={"display_name": "Billing"}))
    result = await sim.run(TASK, clock=ShiftedClock(HOUR))
    assert (result.guard, result.ticket.value) == ("G3", "handed-off")


async def test_a_plan_says_that_our_clock_is_wrong(sim: RealSimulator) -> None:
    """The same decision, and nothing is written."""
    async with context_for(
        sim.settings(), Steps(), use_proxies=False, clock=ShiftedClock(HOUR), read_only=True
    ) as context:
        planned = await dry_run(REF, context)
    assert planned.action.value == "leave"
    assert "this machine's clock" in (planned.result.reason or "")


async def test_the_vaults_clock_counts_where_the_desk_has_none(sim: RealSimulator) -> None:
    """A folder of requests shows no time."""
    clock = ShiftedClock(HOUR)
    result = await run(sim, clock, None, clock.now() - HOUR)
    assert (result.ticket.value, result.outage) == ("open", True)
    assert "the vault agrees with the directory" in (result.reason or "")


async def test_the_clock_of_sign_in_counts_where_desk_and_vault_have_none(sim: RealSimulator) -> None:
    """The last that is asked; an answer that does not come is passed over."""
    clock = ShiftedClock(HOUR)
    result = await run(sim, clock, Outage("away"), None, clock.now() - HOUR)
    assert (result.ticket.value, result.outage) == ("open", True)
    assert "sign-in agrees" in (result.reason or "")


async def test_a_third_clock_that_agrees_with_neither_is_passed_over(sim: RealSimulator) -> None:
    """The desk's is wrong as well, otherwise; the vault's decides."""
    clock = ShiftedClock(HOUR)
    result = await run(sim, clock, clock.now() + 5 * HOUR, clock.now() - HOUR)
    assert (result.ticket.value, result.outage) == ("open", True)


HANDED_OVER = ("refused", "handed-off", "G5")


async def test_where_the_directorys_clock_alone_differs_the_task_is_handed_over(sim: RealSimulator) -> None:
    """The desk's agrees with ours: nothing of this machine explains it."""
    clock = ShiftedClock(HOUR)
    result = await run(sim, clock, clock.now(), clock.now() - HOUR)
    assert (result.outcome, result.ticket.value, result.guard) == HANDED_OVER
    assert sim.removals() == []


async def test_without_a_third_clock_the_task_is_handed_over(sim: RealSimulator) -> None:
    """Two that differ, and nobody knows which is wrong."""
    result = await run(sim, ShiftedClock(HOUR), None)
    assert (result.outcome, result.ticket.value, result.guard) == HANDED_OVER


async def test_clocks_that_all_differ_hand_the_task_over(sim: RealSimulator) -> None:
    """No two of them agree."""
    clock = ShiftedClock(HOUR)
    result = await run(sim, clock, clock.now() + 5 * HOUR, clock.now() + 9 * HOUR, clock.now() - 20 * HOUR)
    assert (result.outcome, result.ticket.value, result.guard) == HANDED_OVER
