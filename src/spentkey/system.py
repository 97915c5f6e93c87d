"""The machine's own clock, ids and randomness: the only file that asks for them."""

import asyncio
import os
import random
import resource
import socket
import time
import uuid
from datetime import UTC, datetime


class SystemClock:
    """The `Clock` port on this machine."""

    def now(self) -> datetime:
        """The present time in UTC."""
        return datetime.now(UTC)  # noqa: TID251

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait without holding up others."""
        await asyncio.sleep(seconds)  # noqa: TID251


class SystemIds:
    """The `Ids` port: random UUIDs."""

    def new(self) -> str:
        """A fresh random UUID."""
        return str(uuid.uuid4())  # noqa: TID251


_random = random.Random()  # noqa: S311  # spreads load, guards nothing; the host's own sequence stays as it is


def jitter() -> float:
    """A random number from 0 up to 1, to spread retries."""
    return _random.random()


def allow_many_files(most: int = 65536) -> None:
    """Open as many files as the machine allows, up to `most`: each task under way has two locks open.

    Many systems let a process open 1,024 at first and far more when it asks.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def this_process() -> str:
    """Which process of which machine this is, for people who look at a lease."""
    return f"{socket.gethostname()}/{os.getpid()}"
