"""Where our clock and the directory's are apart: a third clock says which of the two is wrong (guard G5)."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta

from spentkey.core.errors import Outage, SpentkeyError
from spentkey.core.guard_reasons import G5_OUR_CLOCK
from spentkey.core.guards import clocks_apart, g5_our_clock_alone
from spentkey.ports.directory import Directory
from spentkey.steps.attempt import Attempt


async def see_our_clock(attempt: Attempt, directory: Directory, from_directory: timedelta) -> None:
    """Raise `Outage` where our clock alone is wrong: that is no fault of the task, and nobody is to be told by a hand-over.

    The service desk is asked, else the vault, else sign-in; where none agrees with one of the two, guard G5 refuses.
    """
    for system, ask in _clocks(attempt, directory):
        try:
            theirs = await ask()
        except SpentkeyError:
            continue
        ours = attempt.context.clock.now()
        if theirs is None:
            continue
        if g5_our_clock_alone(from_directory, ours - theirs):
            raise Outage(G5_OUR_CLOCK(apart=round(abs(from_directory).total_seconds()), system=system))
        if not clocks_apart(ours, theirs):
            return  # it agrees with ours, so the directory's is the one that differs


def _clocks(attempt: Attempt, directory: Directory) -> Iterator[tuple[str, Callable[[], Awaitable[datetime | None]]]]:
    yield "the service desk", attempt.context.desk.time
    yield "the vault", attempt.context.vault.time
    yield "sign-in", directory.sign_in_time
