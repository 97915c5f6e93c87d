"""The simulator's own clock: real time plus an offset that a test may set or step."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


class SimClock:
    """Time as every simulated system sees it.

    It runs at the speed of real time, so that clients which wait need no special mode, and it may be moved in
    either direction to let credentials, tokens and certificates expire.
    """

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return _machine_time() + self._offset

    def set(self, moment: datetime) -> None:
        """Move the clock to `moment`, which must carry a zone."""
        if moment.tzinfo is None:
            raise ValueError("the clock can only be set to a time with a zone")
        self._offset = moment - _machine_time()

    def step(self, seconds: float) -> None:
        """Move the clock by `seconds`; a negative number moves it back."""
        self._offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        """Back to real time."""
        self._offset = timedelta()

    def http_date(self) -> str:
        """The present moment as the `Date` header of RFC 9110, section 5.6.7."""
        return format_datetime(self.now().replace(microsecond=0), usegmt=True)


async def wait_real_time(seconds: float) -> None:
    """Let real time pass: latency and hanging answers are felt by real clients, so they do not follow the clock."""
    if seconds > 0:
        await asyncio.sleep(seconds)  # noqa: TID251 - this module is where the simulator meets real time


def wire_time(moment: datetime) -> str:
    """A moment in the form of Microsoft Graph and of the journal: ISO 8601, UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _machine_time() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - this module is where the simulator meets real time
