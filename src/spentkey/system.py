"""The machine's own clock, ids, randomness and processes: the only file that asks for them."""

import asyncio
import os
import random
import resource
import secrets
import socket
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path


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


def random_bytes(count: int) -> bytes:
    """Bytes that nobody can guess, for keys."""
    return secrets.token_bytes(count)


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


BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SAME_BOOT_S = 10.0
"""How far apart two calculations of the time of a start may be: clocks are set while a machine runs."""


def this_boot() -> str:
    """Since when the machine runs: the kernel's own id where it can be read, and the time of the start.

    A sandbox may hide the id, and a clock that is set moves the time; so `same_boot` takes what both have.
    """
    try:
        known = BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        known = ""
    if not hasattr(time, "CLOCK_BOOTTIME"):  # no Linux
        return known
    return f"{known} {time.time() - time.clock_gettime(time.CLOCK_BOOTTIME):.0f}"  # noqa: TID251


def same_boot(one: str, other: str) -> bool:
    """Whether a machine was not started anew between two moments; where that is not known it counts as started."""
    try:
        (first, began), (second, begun) = (text.rsplit(" ", 1) for text in (one, other))
        return first == second if first and second else abs(float(began) - float(begun)) <= SAME_BOOT_S
    except ValueError:
        return False


def this_process_in_its_namespace() -> str:
    """Which process this is, so that no later one of the same number is taken for it: namespace, number, start."""
    return f"{_namespace()} {os.getpid()} {_started(os.getpid())}"


def has_ended(process: str) -> bool | None:
    """Whether a process of this machine has ended; None where its numbers mean nothing here."""
    namespace, _, rest = process.partition(" ")
    number, _, started = rest.partition(" ")
    if not namespace or namespace != _namespace() or not number.isascii() or not number.isdigit():
        return None
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False  # another account's: it is not known to have ended
    now = _started(int(number))
    return bool(now and started) and now != started  # another process has its number by now


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _started(number: int) -> str:
    """When a process was started, in ticks since the machine's start (proc_pid_stat(5), field 22); empty if not shown."""
    try:
        state, *fields = Path(f"/proc/{number}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return "ended" if state in ("Z", "X") else fields[18]
    except (OSError, ValueError, IndexError):
        return ""
