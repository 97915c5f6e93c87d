"""What runs without anybody watching: the story as work for an engine, and the figures that nobody asks for."""

from collections.abc import Callable

from spentkey.assemble_service import Trying
from spentkey.core.errors import SpentkeyError
from spentkey.core.outcome import Result
from spentkey.core.rules import TenantRules
from spentkey.observe.watch import Watch
from spentkey.ports import Clock
from spentkey.steps.case import Hands
from spentkey.story import work_on

HOUR_S = 3600.0
DAY_S = 86400.0


def watched(watch: Watch) -> Trying:
    """The story as work for an engine, with everybody told who watches."""

    async def trying(number: int, hands: Hands) -> Result:
        attempt = hands.ids.new()
        with watch.working(number, attempt):
            try:
                result = await work_on(number, hands, attempt)
            except Exception as problem:
                watch.crashed(number, problem)
                raise
            watch.ended(result)
        return result

    return trying


async def watch_own_credentials(hands: Hands, clock: Clock, tell: Callable[[str, float | None], None]) -> None:
    """Once an hour, say for each tenant how many days the automation's own secret lives; None where it is not known."""
    while True:
        for tenant in hands.rules.tenants:
            tell(tenant.name, await _days_left(hands, tenant))
        await clock.sleep(HOUR_S)


async def _days_left(hands: Hands, tenant: TenantRules) -> float | None:
    try:
        directory = await hands.directories.open(tenant)
        application = (await directory.look(directory.client_id)).application
    except SpentkeyError:
        return None
    now = hands.clock.now()
    ends = application.live_secret_ends(now) if application is not None else []
    return (ends[0] - now).total_seconds() / DAY_S if ends else None
