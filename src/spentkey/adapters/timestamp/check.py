"""Whether the time stamp authority stamps, and whether its stamps are believed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from spentkey.adapters.timestamp.authority import TimeStampAuthority
from spentkey.adapters.timestamp.tokens import SYSTEM
from spentkey.core.errors import Misconfigured, SpentkeyError
from spentkey.core.finding import Finding, FindingState

DATA = b"a look whether this authority stamps, by spentkey check\n"
FIX = "check evidence.timestamp_url, and that evidence.timestamp_ca holds the root (and what stands between) of its tokens"


@dataclass(frozen=True)
class TimestampCheck:
    """Asks for one time stamp, and keeps nothing."""

    authority: TimeStampAuthority

    async def findings(self) -> AsyncIterator[Finding]:
        """One line. Without stamps everything else goes on, so it is no failure; a file that cannot be used is one."""
        try:
            stamp = await self.authority.stamp(DATA)
        except Misconfigured as problem:
            yield Finding(SYSTEM, "a time stamp", FindingState.FAIL, str(problem), FIX)
        except SpentkeyError as problem:
            yield Finding(SYSTEM, "a time stamp", FindingState.WARN, str(problem), FIX)
        else:
            message = f"is granted and verifies, made at {stamp.at:%Y-%m-%d %H:%M:%S} UTC"
            yield Finding(SYSTEM, "a time stamp", FindingState.OK, message)
