"""`spentkey serve` in a process of its own, and what a test sees of it from outside."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands import BIN, QUICK, environment
from real_simulator import RealSimulator
from web_support import SERVICE

HttpClient = dict[str, Any]


@dataclass(frozen=True)
class Serving:
    """The process, where it listens, and its log."""

    process: subprocess.Popen[str]
    url: str
    log: list[HttpClient]

    def lines(self) -> Iterator[HttpClient]:
        """Further lines of its log, as they come; to its end."""
        assert self.process.stderr is not None
        for text in self.process.stderr:
            line = json.loads(text)
            self.log.append(line)
            yield line

    def until(self, event: str, **facts: Any) -> HttpClient:
        """The next line of that event with those facts."""
        return next(line for line in self.lines() if {"event": event, **facts}.items() <= line.items())

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, Any]:
        """One request: its status and JSON; a body is JSON."""
        said = {"Content-Type": "application/json"} if body is not None else {}
        request = urllib.request.Request(self.url + path, body, said | headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read())

    def end(self, *signals: signal.Signals) -> int:
        """Send signals, and give the exit code; what it says until then is in the log."""
        for one in signals:
            self.process.send_signal(one)
        list(self.lines())
        return self.process.wait(60)


@contextmanager
def serving(sim: RealSimulator, home: Path, most_files: int | str | None = None, **more: str) -> Generator[Serving]:
    """Start it against the simulator, with quick verification, and wait until it listens; with so many descriptors."""
    command = [str(BIN / "spentkey"), "serve", "--config", str(sim.config)]
    if most_files is not None:
        command = ["/bin/sh", "-c", f'ulimit -n {most_files}; exec "$@"', "sh", *command]
    variables = environment(home, **(QUICK | SERVICE | more))
    with subprocess.Popen(command, cwd=home, env=variables, stderr=subprocess.PIPE, text=True) as process:
        started = Serving(process, "", [])
        try:
            address = started.until("listening")["address"]
            yield Serving(process, address, started.log)
        finally:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
