"""What the warm ways share: one removal to warm up, then the measured ones, in one process.

The process says `warm` when the first removal is done and waits for a line; so the bench knows which requests belong
to it. At the end it prints its own figures as JSON.
"""

import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


async def measured_loop(tasks: Sequence[T], work: Callable[[T], Awaitable[None]]) -> None:
    """Work on the first task, wait for the word, work on the others one after another, and print what they took."""
    await work(tasks[0])
    print("warm", flush=True)
    sys.stdin.readline()
    wall, cpu = time.perf_counter(), _cpu()
    for task in tasks[1:]:
        await work(task)
    wall, cpu = time.perf_counter() - wall, _cpu() - cpu
    count = len(tasks) - 1
    print(json.dumps({"wall": wall / count, "cpu": cpu / count, "peak": _peak()}), flush=True)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)  # all threads, user and system
    return used.ru_utime + used.ru_stime


def _peak() -> int:
    status = Path("/proc/self/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
