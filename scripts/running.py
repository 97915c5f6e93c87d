"""Runs commands in process groups of their own, so that all they start can be ended with them."""

import os
import signal
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).parents[1]
GRACE_S = 45
"""How long a command may take to end what it started, once it is told to."""


class StoppedError(Exception):
    """A signal asked for the end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def hear_signals() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP raise `StoppedError`, also where they were ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, frame: object) -> NoReturn:
    del frame
    raise StoppedError(number)


@contextmanager
def started(command: Sequence[str], output: IO[bytes] | None = None) -> Generator["subprocess.Popen[bytes]"]:
    """A command in the repository, with what it says going to `output`; at the end it is over, with all it started."""
    with subprocess.Popen(
        command, cwd=ROOT, stdout=output, stderr=output and subprocess.STDOUT, process_group=0
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                _end(process)
            with suppress(ProcessLookupError):
                # A shell that was starting a process when it was told to end leaves it behind: the signal came too early.
                os.killpg(process.pid, signal.SIGKILL)


def _end(process: "subprocess.Popen[bytes]") -> None:
    os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_S)


def run(command: Sequence[str], seconds: float | None = None) -> int | None:
    """The exit code of a command; None when it took longer than that."""
    with started(command) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
