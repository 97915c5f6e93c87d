"""Real processes that open requests in a folder, ended by SIGKILL at any moment; and what they leave."""

import asyncio
import json
import random
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opening_cases import Told
from opening_world import wanted

from spentkey.adapters.files.request_file import names_in, read_request_file
from spentkey.core.opening import otherwise_in
from spentkey.core.task import request_of
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.system import SystemClock

KILLS = 6
LONGEST_S = 0.25
"""About how long an undisturbed run of a few credentials takes."""


class Loaded:
    """The process that forks."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("opening_fork.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **order: Any) -> int:
        """One order, and its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def stop(self) -> None:
        """End it."""
        self._process.communicate(timeout=10)


@dataclass
class KillCase:
    """Some killed runs, sometimes two at once, then one that nobody kills."""

    seed: int
    folder: Path
    loaded: Loaded
    lots: random.Random = field(init=False)
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.lots = random.Random(self.seed)  # noqa: S311
        (self.folder / "requests").mkdir(mode=0o770)

    def play(self) -> Told:
        """The whole case, and its judge."""
        these = [wanted(number) for number in range(1, self.lots.randint(1, 3) + 1)]
        self.asked = [
            {"app_id": one.app_id, "app_name": one.app_name, "key_id": one.key_id, "end": one.end.isoformat()}
            for one in these
        ]
        for _ in range(KILLS):
            self._killed()
        states = self._undisturbed()
        fine = sorted(states) == sorted(one.key_id for one in these) and set(states.values()) <= {"opened", "known"}
        if not fine:
            self.told.faults.append(f"not all are open: {states}")
        self._judge([one.key_id for one in these])
        return self.told

    def _start(self, name: str, **more: float) -> int:
        self.told.runs += 1
        return self.loaded.ask(folder=str(self.folder), wanted=self.asked, out=str(self.folder / name), **more)

    def _killed(self) -> None:
        moments = [self.lots.uniform(0, LONGEST_S) for _ in range(self.lots.choice([1, 1, 2]))]
        runs = [self._start(f"out-{number}", kill_after_s=moment) for number, moment in enumerate(moments)]
        self.told.deaths += sum(self.loaded.ask(wait=run) == -signal.SIGKILL for run in runs)

    def _undisturbed(self) -> dict[str, str]:
        if self.loaded.ask(wait=self._start("out")) != 0:
            self.told.faults.append((self.folder / "out").read_text("utf-8"))
            return {}
        return json.loads((self.folder / "out").read_text("utf-8"))

    def _judge(self, key_ids: list[str]) -> None:
        evidence = SqliteEvidence(self.folder / "state", SystemClock())
        asyncio.run(evidence.verify())
        records = asyncio.run(evidence.openings())
        evidence.close()
        files = {name: read_request_file(self.folder / "requests", name) for name in names_in(self.folder / "requests")}
        self.told.sent = len(files)
        for key_id in key_ids:
            mine = [name for name, file in files.items() if file and file.table.get("SecretID") == key_id]
            if len(mine) != 1:
                self.told.faults.append(f"{key_id} is asked for by {mine}")
        for name, file in files.items():
            read = [one for one in records if one.get("request") == name and one["state"] == "opened"]
            asked = [one["values"] for one in records if one["state"] == "sending" and name.endswith(one["key_id"])]
            values = request_of(file.table.items()) if file else None
            if values is None or len(read) != 1 or otherwise_in(values, asked[-1]):
                self.told.faults.append(f"{name} was read back {len(read)} times, or says something else")
            else:
                self.told.read_back += 1
