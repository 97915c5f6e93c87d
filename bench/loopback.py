"""The simulator in its own process, and what its control port tells."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR")


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of everything that is measured: nothing inherited that could change what is measured.

    Proxies, CA variables, settings of Spentkey and of Python (PYTHONDONTWRITEBYTECODE above all) stay out.
    """
    return {**{name: os.environ[name] for name in _KEPT if name in os.environ}, "HOME": str(home), **more}


@dataclass(frozen=True)
class Loopback:
    """A running simulator: the folder with the configuration that it wrote, its control port and its proxy."""

    process: subprocess.Popen[str]
    folder: Path
    addresses: dict[str, str]

    @classmethod
    def start(cls, folder: Path, world: dict[str, Any], latency_ms: float) -> Self:
        """Start it, calm, with that wait before every answer, and come back when every port answers."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "world.json").write_text(json.dumps(world), "utf-8")
        serve = ["-m", "spentkey_sim.cli", "serve", "--calm", "--proxy-port", "0", "--latency-ms", str(latency_ms)]
        files = ["--world", str(folder / "world.json"), "--config-out", str(folder / "spentkey.toml")]
        process = subprocess.Popen(
            [sys.executable, *serve, *files],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=clean_environment(folder),
            text=True,
        )
        addresses: dict[str, str] = {}
        for line in cast("Any", process.stdout):
            if line.strip() == "ready":
                refuse_strangers(addresses)
                return cls(process, folder, addresses)
            name, _, value = line.strip().partition(" ")
            addresses[name] = value
        raise RuntimeError(f"the simulator did not start (exit code {process.wait()})")

    def stop(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.communicate()

    @property
    def config(self) -> Path:
        """The configuration that points here."""
        return self.folder / "spentkey.toml"

    @property
    def authority(self) -> Path:
        """The certificate of the authority that the simulator made."""
        return self.folder / "ca.pem"

    def reset(self, world: dict[str, Any]) -> None:
        """Another world and an empty journal."""
        self._post("/reset", {"world": world})

    def requests(self) -> list[str]:
        """The requests so far, in order, each as `system route`; the parts of a batch are not requests of their own."""
        entries = cast("list[dict[str, Any]]", self._get("/journal")["entries"])
        return [f"{one['system']} {one['route']}" for one in entries if not one["route"].startswith("batch:")]

    def journal_after(self, number: int) -> list[dict[str, Any]]:
        """The entries that came after the one with that number, the parts of batches among them."""
        return self._get(f"/journal?after={number}")["entries"]

    def truth(self) -> dict[str, Any]:
        """Everything that is really so."""
        return self._get("/truth")

    def cpu(self) -> float:
        """The CPU time of the simulator so far, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def removed(self) -> set[str]:
        """The key ids that are really gone."""
        tenants = cast("dict[str, Any]", self._get("/truth")["tenants"])
        return {one["key_id"] for tenant in tenants.values() for one in tenant["removals"]}

    def closed(self) -> set[int]:
        """The numbers of the tasks that are really closed."""
        tasks = cast("dict[str, Any]", self._get("/truth")["ivanti"]["tasks"])
        return {int(number) for number, task in tasks.items() if task["status"] == "Completed"}

    def _get(self, path: str) -> dict[str, Any]:
        with _OPENER.open(self.addresses["control"] + path, timeout=60) as response:
            return json.loads(response.read())

    def _post(self, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(self.addresses["control"] + path, json.dumps(body).encode(), method="POST")  # noqa: S310
        with _OPENER.open(request, timeout=60) as response:
            response.read()


def refuse_strangers(addresses: dict[str, str]) -> None:
    """Nothing but this machine is ever talked to: an address that is not loopback ends the run."""
    for name in ("control", "entra", "ivanti", "passwordstate", "sql", "proxy"):
        if not _LOOPBACK.match(addresses[name]):
            raise RuntimeError(f"the simulator's {name} is not on the loopback interface: {addresses[name]}")


_LOOPBACK = re.compile(r"(https?://)?(localhost|127\.0\.0\.1)[:,]\d+(/|$)")
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
