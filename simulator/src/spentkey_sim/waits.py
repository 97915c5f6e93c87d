"""Who was told to wait, and for how long: whoever asks again before that is refused again, and waits anew.

This is for the 429 that a fault gives; quotas of a system keep their own windows.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

Key = tuple[str, ...]
"""A caller, and the name of what it asked for."""


@dataclass(frozen=True)
class RetryAfter:
    """What a `retry_after` parameter means at a moment: the header, and when the wait is over, if that can be told."""

    header: str
    until: datetime | None

    @classmethod
    def of(cls, given: Any, now: datetime) -> "RetryAfter":
        """The wait of that parameter: seconds as they are, or `date:N` for an HTTP date in N seconds."""
        text = str(given)
        seconds = _seconds(text.removeprefix("date:"))
        if text.startswith("date:") and seconds is not None:
            moment = (now + timedelta(seconds=seconds)).replace(microsecond=0)
            return cls(format_datetime(moment, usegmt=True), moment)
        return cls(text, None if seconds is None else now + timedelta(seconds=seconds))


@dataclass
class Waits:
    """The waits of a simulator."""

    _waits: dict[Key, tuple[datetime, Any]] = field(default_factory=dict[Key, tuple[datetime, Any]])

    def impose(self, key: Key, params: dict[str, Any], now: datetime) -> None:
        """Let a caller wait as the parameters of a 429 say; one that names no time imposes none."""
        given = params.get("retry_after")
        until = None if given is None else RetryAfter.of(given, now).until
        if until is not None:
            self._waits[key] = (until, given)

    def too_early(self, key: Key, now: datetime) -> dict[str, Any] | None:
        """The parameters of the 429 that this caller gets for not waiting, or None. The wait starts anew."""
        if key not in self._waits:
            return None
        until, given = self._waits[key]
        if now >= until:
            del self._waits[key]
            return None
        params = {"retry_after": given}
        self.impose(key, params, now)
        return params

    def keys(self) -> frozenset[Key]:
        """Who was told to wait, and for what."""
        return frozenset(self._waits)

    def clear(self) -> None:
        """Nobody waits any more."""
        self._waits.clear()


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 < seconds < 1e9 else None
