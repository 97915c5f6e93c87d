"""A simulator in its own process, over TLS, and a clock that never waits: the real parts that tests run against."""

import json
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

from evidence_store import records_in

from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.settings import load_settings
from spentkey.core.outcome import Result
from spentkey.core.planned import Planned
from spentkey.core.task import TaskRef
from spentkey.dry_run import dry_run
from spentkey.settings.schema import Settings
from spentkey.story import work_on

FAST = {
    "SPENTKEY_POLICY__VERIFY_READS": "3",
    "SPENTKEY_POLICY__VERIFY_INTERVAL_S": "5",
    "SPENTKEY_POLICY__VERIFY_TIMEOUT_S": "60",
}


class QuickClock:
    """The machine's time, but sleeping only moves the clock on."""

    def __init__(self) -> None:
        self.slept = 0.0
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251

    def monotonic(self) -> float:
        return self.slept

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.sleeps.append(seconds)


class SteppingClock(QuickClock):
    """Sleeping moves the simulator's clock on too: for servers that count the seconds that a client waits."""

    def __init__(self, sim: "RealSimulator") -> None:
        super().__init__()
        self._sim = sim

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self._sim.step_clock(seconds)


class ShiftedClock(QuickClock):
    """A clock that is wrong by a fixed amount."""

    def __init__(self, wrong_by: timedelta) -> None:
        super().__init__()
        self._wrong_by = wrong_by

    def now(self) -> datetime:
        return super().now() + self._wrong_by


@dataclass
class Steps:
    """Remembers the steps that were shown."""

    seen: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    told: list[str] = field(default_factory=list[str])

    def step(self, task: TaskRef, step: str, detail: str = "") -> None:
        del detail
        self.seen.append((task, step))

    def tell(self, message: str) -> None:
        self.told.append(message)


@dataclass
class RealSimulator:
    """The process, the configuration that it wrote, and its control port."""

    process: subprocess.Popen[str]
    config: Path
    control: str
    environment: dict[str, str] = field(default_factory=lambda: dict(FAST))
    printed: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def start(cls, folder: Path, world: dict[str, Any], *options: str) -> "RealSimulator":
        """Start it and wait until every port answers; `printed` is where each of them is."""
        (folder / "world.json").write_text(json.dumps(world))
        config = folder / "spentkey.toml"
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "spentkey_sim.cli", "serve", "--calm"),
                *("--world", str(folder / "world.json"), "--config-out", str(config), *options),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        printed: dict[str, str] = {}
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "ready":
                return cls(process, config, printed["control"], printed=printed)
            name, _, value = line.strip().partition(" ")
            printed[name] = value
        raise AssertionError("the simulator did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate()

    def settings(self, **environment: str) -> Settings:
        """The configuration that the simulator wrote, with quick verification and what the test sets."""
        return load_settings(self.config, {**self.environment, **environment})

    def url_of(self, part: Literal["desk", "vault"]) -> str:
        """Where the configured desk or vault is."""
        chosen: Any = getattr(self.settings(), part)
        return str(chosen.section.url)

    async def run(self, number: int, clock: QuickClock | None = None, **environment: str) -> Result:
        """One task, from ticket to report, with all the real adapters."""
        settings = self.settings(**environment)
        async with context_for(settings, Steps(), use_proxies=False, clock=clock or QuickClock()) as context:
            return await work_on(TaskRef(str(number)), context)

    async def plan(self, number: int, **environment: str) -> Planned:
        """What would be done to one task."""
        settings = self.settings(**environment)
        async with context_for(settings, Steps(), use_proxies=False, clock=QuickClock(), read_only=True) as context:
            return await dry_run(TaskRef(str(number)), context)

    def reset(self, world: dict[str, Any]) -> None:
        """Another world in the same process, and an empty state directory."""
        self.post_reset(world)
        shutil.rmtree(self.config.parent / "state", ignore_errors=True)

    def post_reset(self, world: dict[str, Any]) -> None:
        """Another world in the same process; what Spentkey remembers stays."""
        self._post("/reset", {"world": world})

    def faults(self, *rules: dict[str, Any]) -> None:
        """Set faults, in place of those that were set."""
        self._post("/faults", {"clear": True, "rules": list(rules)})

    def behave(self, **behaviour: Any) -> None:
        """What Ivanti makes of what is written to it from now on."""
        self._post("/behaviour", behaviour)

    def step_clock(self, seconds: float) -> None:
        """Move the simulator's clock on."""
        self._post("/clock", {"step": seconds})

    def live(self, *acts: dict[str, Any]) -> list[dict[str, Any]]:
        """What people do in the tenants, as `/life` of the control port has it; what each act made."""
        return self._post("/life", {"acts": list(acts)})["done"]

    def population(self, tenant: str) -> dict[str, Any]:
        """Every application that a tenant has or had, generated ones too, and what it really has."""
        return self._get(f"/population?tenant={tenant}")

    def truth(self) -> dict[str, Any]:
        """What is really there."""
        return self._get("/truth")

    def task(self, number: int) -> dict[str, Any]:
        """A task as it really is."""
        return self.truth()["ivanti"]["tasks"][str(number)]

    def removals(self) -> list[dict[str, Any]]:
        """Every credential that was really removed."""
        return [one for tenant in self.truth()["tenants"].values() for one in tenant["removals"]]

    def journal(self) -> list[dict[str, Any]]:
        """Every request so far; the parts of a batch are not requests of their own."""
        entries = cast("list[dict[str, Any]]", self._get("/journal")["entries"])
        return [entry for entry in entries if not entry["route"].startswith("batch:")]

    def writes(self) -> list[str]:
        """The routes of every request that writes."""
        return [entry["route"] for entry in self.journal() if entry["write"]]

    def evidence(self) -> list[dict[str, Any]]:
        """The records on record."""
        return records_in(self.state)

    @property
    def state(self) -> Path:
        """The state directory."""
        return self.config.parent / "state"

    def _get(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(self.control + path) as response:  # noqa: S310
            return json.loads(response.read())

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(self.control + path, json.dumps(body).encode(), method="POST")  # noqa: S310
        with urllib.request.urlopen(request) as response:  # noqa: S310
            return json.loads(response.read())
