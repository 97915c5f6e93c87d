"""An Ivanti with a request offering in this process, and the desk that opens requests there."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer
from support_core import NOW, PRODUCTION, ManualClock

from spentkey.adapters.ivanti.client import Fields, TaskForms
from spentkey.adapters.ivanti.offering import OpenForms
from spentkey.adapters.ivanti.requests import IvantiOpeningDesk
from spentkey.core.secret import Secret
from spentkey.http.client import HttpClient
from spentkey.ports.service_desk import NewRequest
from spentkey_sim.clock import SimClock
from spentkey_sim.faults import Faults
from spentkey_sim.ivanti.routes import app
from spentkey_sim.journal import Journal
from spentkey_sim.model import World
from spentkey_sim.world import Holder, load

KEY = "0123456789ABCDEF0123456789ABCDEF"
KEY_ID = "3c3c3c3c-0000-4000-8000-00000000000a"
VALUES = {
    "AppDisplayName": "Sales",
    "AppID": "1a1a1a1a-0000-4000-8000-00000000000a",
    "SecretID": KEY_ID,
    "SecretType": "Secret",
    "Onderwijs": "No",
}
NEW = NewRequest(VALUES, PRODUCTION.name, KEY_ID, team="Sales team")
OFFERING: dict[str, Any] = {
    "name": "Remove credential",
    "parameters": [
        *({"name": name} for name in ("AppDisplayName", "AppID", "SecretID")),
        {"name": "SecretType", "type": "combo", "options": ["Secret", "Certificaat"]},
        {"name": "Onderwijs"},
        {"name": "Team", "required": False},
        {"name": "Agreed", "type": "checkbox", "required": False},
        {"name": "Due", "type": "date", "required": False},
    ],
}
OTHER: dict[str, Any] = {"name": "New laptop", "parameters": [{"name": "Colour"}]}
FORMS = OpenForms("Remove credential", "svc-spentkey", {"Team": "{team}"}, "Africa/Lagos")
"""Lagos has the offset of the simulated tenant all the year."""


@dataclass
class DeskClock(ManualClock):
    """A clock that the simulator follows."""

    sim: SimClock = field(default_factory=SimClock)

    def __post_init__(self) -> None:
        super().__init__(NOW)

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.sim.step(seconds)


@dataclass
class OfferingWorld:
    """The parts of it."""

    desk: IvantiOpeningDesk
    world: World
    faults: Faults
    journal: Journal
    clock: DeskClock

    def fault(self, route: str, kind: str, **more: Any) -> None:
        """One thing goes wrong."""
        self.faults.add({"system": "ivanti", "route": route, "kind": kind, **more})

    def with_forms(self, **changes: Any) -> IvantiOpeningDesk:
        """The desk with other settings."""
        return replace(self.desk, opens=replace(FORMS, **changes))


@asynccontextmanager
async def offering_world(**changes: Any) -> AsyncGenerator[OfferingWorld]:
    """Running; the offering has those changes."""
    clock = DeskClock()
    raw = {"seed": 7, "ivanti": {"api_key": KEY, "offerings": [{**OFFERING, **changes}, OTHER]}}
    holder, journal, faults = Holder(load(raw, clock.sim)), Journal(), Faults(seed=7, calm=True)
    server = app(holder, journal, faults, clock.sim, 0.0)
    forms = TaskForms(
        "Spentkey", "Systeemsoftware", "svc-spentkey", ("Logged", "Assigned", "Accepted"), "Completed", "Logged", 1
    )
    fields = Fields("ActualEffort", "", "Status Update", "Task.Assignment")
    async with TestServer(server) as running, aiohttp.ClientSession() as session:
        http = HttpClient("Ivanti", str(running.make_url("/HEAT")), session, clock, lambda: 0.0)
        desk = IvantiOpeningDesk(http, Secret(KEY), forms, fields, opens=FORMS)
        yield OfferingWorld(desk, holder.world, faults, journal, clock)
