"""What becomes of a task after a try whose only fault is this machine's clock."""

from typing import Any, cast

import pytest
from real_simulator import QuickClock
from support_core import PRODUCTION

from spentkey.core.guard_reasons import G5_OUR_CLOCK
from spentkey.core.outcome import Result, TicketState
from spentkey.core.reason import Reason, reason_for
from spentkey.core.task import TaskRef
from spentkey.worker.after_try import RetryIn, Tries
from spentkey.worker.concurrency import Slots
from spentkey.worker.routing import Route

POLL_S = 30.0
ROUTE = Route(PRODUCTION.name)
OURS = G5_OUR_CLOCK(apart=3600, system="the service desk")


class OneRoute:
    """A router whose tasks all go one way."""

    queues = (ROUTE.queue,)


def tries(reason: Reason) -> Tries:
    """Tries that all end open for that reason, as if a system were away."""

    async def work(ref: TaskRef) -> Result:
        return Result(
            task=ref, outcome="failed", ticket=TicketState.OPEN, outage=True, reason=reason, reason_code=reason.code
        )

    return Tries(cast("Any", OneRoute()), work, Slots(4), QuickClock(), POLL_S)


async def afterwards(tried: Tries, *numbers: int) -> list[RetryIn]:
    """What became of tries at these tasks, one after the other."""
    return [cast("RetryIn", await tried.after_try(TaskRef(str(one)), ROUTE, routed=True)) for one in numbers]


async def test_others_may_try_it_soon_however_often_it_was_tried_here() -> None:
    """Here the wait grows, as after an outage."""
    found = await afterwards(tries(OURS), 1, 1, 1)
    assert [(one.seconds, one.elsewhere_s) for one in found] == [(30, 30), (60, 30), (120, 30)]


async def test_it_rests_and_stops_no_route() -> None:
    """Ten poll intervals without a task; what somebody else then brings forward may start at once."""
    tried = tries(OURS)
    await afterwards(tried, 1, 2, 3, 4)
    assert (tried.rest_s(), tried.wait_s(TaskRef("9"), ROUTE.queue)) == (10 * POLL_S, 0)


@pytest.mark.parametrize("why", ["the service desk is away", "this machine's clock is fine"])
async def test_an_outage_stops_the_route_and_rests_nobody(why: str) -> None:
    """Every other reason is a system's."""
    tried = tries(reason_for(why))
    found = await afterwards(tried, 1, 2, 3)
    assert [one.elsewhere_s for one in found] == [None] * 3
    assert (tried.rest_s(), tried.wait_s(TaskRef("9"), ROUTE.queue)) == (0, POLL_S)
