"""The stage of one measurement: a simulator with a fresh world, and what the measured programs are told about it."""

import ctypes
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.installs import Installed
from bench.loopback import Loopback, clean_environment
from bench.world import (
    AUTOMATION,
    AUTOMATION_SECRET,
    DATABASE_ENTRY,
    DESK_KEY,
    ENTRY,
    LOGIN_ID,
    TENANT,
    VAULT_KEY,
    Kind,
    Removal,
    removals,
)

READS = 5
"""Verification reads of Spentkey and of the bare script: the product's default."""
POLICY = {
    "SPENTKEY_POLICY__VERIFY_READS": str(READS),
    "SPENTKEY_POLICY__VERIFY_INTERVAL_S": "0.000001",
    "SPENTKEY_POLICY__WRITE_SPACING_S": "0",
    **{f"SPENTKEY_POLICY__MAX_{what}": "1000000" for what in ("REMOVALS_PER_RUN", "REMOVALS_PER_HOUR")},
}
"""The waits of verification are left out, because they are the same for whoever waits as long; no limit stops a run."""


@dataclass(frozen=True)
class Stage:
    """One measurement: the simulator with a fresh world, and what is to be removed there."""

    loopback: Loopback
    kind: Kind
    count: int
    """How many removals are measured in one process, after one to warm up; 0: one process for one removal."""
    latency: float
    installed: Mapping[str, Installed]

    @property
    def home(self) -> Path:
        """A home directory for what is measured."""
        return self.loopback.folder / "home"

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of what is measured."""
        return clean_environment(self.home, **more)

    def microsoft(self) -> dict[str, str]:
        """What leads an unchanged client of Microsoft's addresses to the simulator."""
        ca = str(self.loopback.authority)
        return {
            "HTTPS_PROXY": self.loopback.addresses["proxy"],
            "NO_PROXY": "localhost,127.0.0.1",
            "REQUESTS_CA_BUNDLE": ca,
            "SSL_CERT_FILE": ca,
        }

    def order(self, **more: Any) -> Path:
        """The job file of the scripts: addresses, keys and every id."""
        return job_for(self.loopback, removals(self.kind, self.count + 1), **more)


def job_for(loopback: Loopback, each: Sequence[Removal], **more: Any) -> Path:
    """A job file for these removals."""
    addresses = loopback.addresses
    database = tomllib.loads(loopback.config.read_text("utf-8"))["passwordstate"]["database"]
    order = {
        "ca": str(loopback.authority),
        **{name: addresses[name] for name in ("entra", "ivanti", "passwordstate")},
        "database": {
            "server": database["server"],
            "port": database["port"],
            "name": database["database"],
            "query": database["query"],
            "entry": DATABASE_ENTRY,
            "provider": None if _loads("libltdl.so.7") else "mssql-odbc",
        },
        "tenant": TENANT,
        "client": AUTOMATION,
        "secret": AUTOMATION_SECRET,
        "entry": ENTRY,
        "desk_key": DESK_KEY,
        "vault_key": VAULT_KEY,
        "login_id": LOGIN_ID,
        "reads": READS,
        "removals": [one.knowledge() for one in each],
        **more,
    }
    path = loopback.folder / "job.json"
    path.write_text(json.dumps(order), "utf-8")
    return path


def _loads(facade: str) -> bool:
    """Whether the machine has that library; the database driver's default native part needs libltdl."""
    try:
        ctypes.CDLL(facade)
    except OSError:
        return False
    return True
