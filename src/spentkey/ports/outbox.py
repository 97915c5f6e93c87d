"""The outbox: notices that are to be sent, shared by all processes that share the evidence."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from spentkey.core.notices import Notice

FIRST_DELAY_S, LONGEST_DELAY_S = 60, 3600
"""A notice whose sending did not succeed is tried again after that long; each time after twice as long, up to an hour.

The first is longer than one sending may take, so that two processes do not send the same notice at once.
"""
MOST_WAITING = 1000
"""Notices that may wait to be sent; what happens while so many wait is not told."""
GIVEN_UP_AFTER = timedelta(days=7)
REMEMBERED = timedelta(days=400)
"""How long an event that was told is known, so that it is not told again."""


class Put(StrEnum):
    """What became of a notice that was put into the outbox."""

    NEW = "new"
    KNOWN = "known"
    FULL = "full"


@dataclass(frozen=True)
class Taken:
    """A notice that this process is to send now; `tries` counts this one."""

    notice: Notice
    tries: int


def delay_s(tries: int) -> int:
    """How long after its try number `tries` a notice may be tried again, in seconds."""
    return min(LONGEST_DELAY_S, FIRST_DELAY_S << min(tries - 1, 10))


class Outbox(Protocol):
    """Each notice is taken by one process at a time, and again by any of them until it is sent."""

    async def put(self, notice: Notice) -> Put:
        """Keep it, unless its key is known, or too many wait."""
        ...

    async def take(self) -> Taken | None:
        """The oldest notice whose time has come; for others its time comes again after `delay_s`."""
        ...

    async def sent(self, key: str) -> None:
        """It has arrived."""
        ...

    async def tidy(self) -> int:
        """Give up what is too old to be told, and forget what is much older; how many were given up."""
        ...
