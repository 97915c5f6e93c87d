"""A configuration with a folder as service desk and a folder of secrets as vault, on the tenants of a simulator."""

import json
import ssl
import tomllib
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence_store import records_in
from real_simulator import FAST, QuickClock, RealSimulator, Steps
from support_settings import toml
from worlds import APP, AUTOMATION, AUTOMATION_OND, CANARIES, EXPIRED_CERT, EXPIRED_SECRET

from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.settings import load_settings
from spentkey.core.outcome import Result
from spentkey.core.planned import Planned
from spentkey.core.task import TaskRef
from spentkey.dry_run import dry_run
from spentkey.story import work_on

NAME = "sales-2026-07"
ASKED = {
    "AppDisplayName": "Sales",
    "AppID": APP,
    "SecretID": EXPIRED_SECRET,
    "SecretType": "Secret",
    "Onderwijs": "No",
}
CERTIFICATE = {"SecretID": EXPIRED_CERT, "SecretType": "Cert"}
"""What a request for the expired certificate has otherwise."""
ENTRIES = {
    "Sys_Azure_AppRegs_PR": (AUTOMATION, CANARIES["automation secret"]),
    "Sys_Azure_OND_Admin": (AUTOMATION_OND, CANARIES["onderwijs secret"]),
}


@dataclass(frozen=True)
class FilesDeskOn:
    """The folders, and the configuration that names them."""

    folder: Path
    config: Path

    @property
    def requests(self) -> Path:
        """Where requests are."""
        return self.folder / "requests"

    @property
    def secrets(self) -> Path:
        """Where secrets are."""
        return self.folder / "secrets"

    @property
    def state(self) -> Path:
        """Where the evidence is."""
        return self.folder / "state"

    def ask(self, name: str = NAME, approved_by: str | None = "the owner", **changes: object) -> Path:
        """A request; None leaves a parameter out."""
        values = {key: value for key, value in {**ASKED, **changes}.items() if value is not None}
        head = f"approved_by = {json.dumps(approved_by)}\n" if approved_by is not None else ""
        table = "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in values.items())
        file = self.requests / f"{name}.toml"
        file.write_text(f"{head}[request]\n{table}", "utf-8")
        file.chmod(0o640)
        return file

    def log(self, name: str = NAME) -> list[dict[str, Any]]:
        """The lines of a request's log."""
        file = self.requests / f"{name}.log"
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    def put(self, name: str, content: bytes, mode: int = 0o600) -> Path:
        """A file in the folder of secrets."""
        file = self.secrets / name
        file.write_bytes(content)
        file.chmod(mode)
        return file

    def put_pfx(self, sim: RealSimulator, name: str, document: int = 501, mode: int = 0o600) -> None:
        """A document of the simulator's vault as a signing file, with its password."""
        self.put(name, pfx_of(sim, document), mode)
        self.put(f"{name}.password", f"{CANARIES['pfx password']}\n".encode())

    def say(self, name: str = NAME, **facts: object) -> None:
        """A line that a person appends to a log."""
        file = self.requests / f"{name}.log"
        written = {"at": "2026-07-01T12:00:00Z", "by": "an.other", "version": len(self.log(name)) + 1, **facts}
        with file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(written) + "\n")

    def told(self, name: str = NAME) -> list[str]:
        """The kinds of a log's lines, and what its statuses are."""
        return [str(one.get("status") or one["what"]) for one in self.log(name)]

    def evidence(self) -> list[dict[str, Any]]:
        """The records on record."""
        return records_in(self.state)

    def everything(self) -> dict[str, tuple[bytes, int, int]]:
        """Every file of every folder: content, mode, time of its last change."""
        files = [one for one in self.folder.rglob("*") if one.is_file()]
        seen = [(one, one.stat()) for one in files]
        return {str(one): (one.read_bytes(), stat.st_mode, stat.st_mtime_ns) for one, stat in seen}

    async def run(self, name: str = NAME, clock: QuickClock | None = None, **environment: str) -> Result:
        """One request, from ticket to report, as a process of its own would."""
        settings = load_settings(self.config, {**FAST, **environment})
        async with context_for(settings, Steps(), use_proxies=False, clock=clock or QuickClock()) as context:
            return await work_on(TaskRef(name), context)

    async def plan(self, name: str = NAME) -> Planned:
        """What would be done to one request."""
        settings = load_settings(self.config, FAST)
        async with context_for(settings, Steps(), use_proxies=False, clock=QuickClock(), read_only=True) as context:
            return await dry_run(TaskRef(name), context)


def pfx_of(sim: RealSimulator, document: int) -> bytes:
    """The bytes of a document in the simulator's vault."""
    values = tomllib.loads(sim.config.read_text("utf-8"))
    ca = ssl.create_default_context(cafile=str(sim.config.parent / values["tls"]["ca_file"]))
    url = f"{values['passwordstate']['url']}/api/document/password/{document}"
    request = urllib.request.Request(url, headers={"APIKey": CANARIES["vault key"]})  # noqa: S310
    with urllib.request.urlopen(request, context=ca) as response:  # noqa: S310
        return response.read()


def files_desk_on(sim: RealSimulator, folder: Path, **files: object) -> FilesDeskOn:
    """The simulator's tenants, with a folder for everything else."""
    made = FilesDeskOn(folder, folder / "spentkey.toml")
    for one, mode in ((made.requests, 0o2770), (made.secrets, 0o700)):
        one.mkdir(parents=True)
        one.chmod(mode)
    values = tomllib.loads(sim.config.read_text("utf-8"))
    del values["ivanti"], values["passwordstate"]
    values |= {
        "files": {"directory": "requests", **files},
        "secrets": {"directory": "secrets"},
        "state": {"directory": "state"},
        "tls": {"ca_file": str(sim.config.parent / values["tls"]["ca_file"])},
    }
    made.config.write_text("".join(f"{name} = {toml(value)}\n" for name, value in values.items()), "utf-8")
    made.config.chmod(0o600)
    for title, (username, password) in ENTRIES.items():
        made.put(f"{title}.username", f"{username}\n".encode())
        made.put(f"{title}.password", f"{password}\n".encode())
    return made
