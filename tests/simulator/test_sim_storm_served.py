"""Every cell of the storm's table on the wire: the fault comes as it is named, and nothing breaks in the simulator."""

from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from spentkey_sim.clock import SimClock
from spentkey_sim.entra import routes as entra
from spentkey_sim.faults import Faults
from spentkey_sim.ivanti import routes as ivanti
from spentkey_sim.journal import Journal, JournalEntry
from spentkey_sim.passwordstate import routes as passwordstate
from spentkey_sim.storm import ROUTES, cells
from spentkey_sim.world import Holder, load

APP, OBJECT, PRINCIPAL = (f"5a1e5000-0000-4000-8000-00000000000{n}" for n in "123")
CLIENT, SECRET, TENANT = (f"0a0a0a0a-0000-4000-8000-00000000000{n}" for n in "123")
TASK, REQUEST, NOTE = "A" * 32, "C" * 32, "D" * 32
WORLD: dict[str, Any] = {
    "seed": 7,
    "tenants": [
        {
            "name": "production",
            "tenant_id": TENANT,
            "clients": [
                {
                    "app_id": CLIENT,
                    "secret": "automation's secret",
                    "roles": ["Application.ReadWrite.All", "AuditLog.Read.All"],
                }
            ],
            "applications": [
                {
                    "app_id": APP,
                    "object_id": OBJECT,
                    "display_name": "Sales",
                    "passwords": [{"key_id": SECRET, "end": "-30d"}],
                    "service_principal": {"object_id": PRINCIPAL, "passwords": [{"key_id": SECRET, "end": "-30d"}]},
                }
            ],
        }
    ],
    "ivanti": {
        "api_key": "K" * 32,
        "requests": [{"rec_id": REQUEST, "number": 10196, "parameters": [["AppDisplayName", "Sales"]]}],
        "tasks": [{"rec_id": TASK, "number": 40021, "parent": 10196}],
        "notes": [{"rec_id": NOTE, "task": 40021}],
    },
    "passwordstate": {
        "api_keys": [{"key": "key"}],
        "entries": [{"id": 1201, "title": "Sales"}],
        "documents": [{"id": 501, "owner": 1201, "name": "a.txt", "content": {"text": "text"}}],
    },
}
REMOVE = {"keyId": SECRET}
PATCH: dict[str, Any] = {"keyCredentials": []}
KEY = {"keyId": SECRET, "proof": "none"}
GRAPH: dict[str, tuple[str, str, Any]] = {
    "list-applications": ("GET", "/applications", None),
    "list-service-principals": ("GET", "/servicePrincipals", None),
    "read-application": ("GET", f"/applications/{OBJECT}", None),
    "read-service-principal": ("GET", f"/servicePrincipals/{PRINCIPAL}", None),
    "removePassword": ("POST", f"/applications/{OBJECT}/removePassword", REMOVE),
    "sp-removePassword": ("POST", f"/servicePrincipals/{PRINCIPAL}/removePassword", REMOVE),
    "removeKey": ("POST", f"/applications/{OBJECT}/removeKey", KEY),
    "sp-removeKey": ("POST", f"/servicePrincipals/{PRINCIPAL}/removeKey", KEY),
    "patch": ("PATCH", f"/applications/{OBJECT}", PATCH),
    "list-directory-audits": ("GET", "/auditLogs/directoryAudits", None),
    "count-applications": ("GET", "/applications/$count", None),
    "count-service-principals": ("GET", "/servicePrincipals/$count", None),
    "application-owners": ("GET", f"/applications/{OBJECT}/owners", None),
    "service-principal-owners": ("GET", f"/servicePrincipals/{PRINCIPAL}/owners", None),
    "application-federated": ("GET", f"/applications/{OBJECT}/federatedIdentityCredentials", None),
    "list-deleted-applications": ("GET", "/directory/deletedItems/microsoft.graph.application", None),
    "list-credential-use": ("GET", "/beta/reports/appCredentialSignInActivities", None),
    "list-principal-use": ("GET", "/beta/reports/servicePrincipalSignInActivities", None),
}
DESK = "/HEAT/api/odata/businessobject"
IVANTI: dict[str, tuple[str, str, Any]] = {
    "task-query": ("GET", "Task__Assignments?$filter=AssignmentID eq 40021", None),
    "task-read": ("GET", f"Task__Assignments('{TASK}')", None),
    "task-write": ("PATCH", f"Task__Assignments('{TASK}')", {"Status": "Accepted"}),
    "note-query": ("GET", f"Journal__Notess?$filter=ParentLink_RecID eq '{TASK}'", None),
    "note-read": ("GET", f"Journal__Notess('{NOTE}')", None),
    "note-create": ("POST", "Journal__Notess", {"Subject": "a", "NotesBody": "b", "ParentLink_RecID": TASK}),
    "params-query": ("GET", f"ServiceReqParams?$filter=ParentLink_RecID eq '{REQUEST}'", None),
    "request-read": ("GET", f"ServiceReqs('{REQUEST}')", None),
    "team-query": ("GET", "StandardUserTeams", None),
    "employee-query": ("GET", "Employees", None),
}
VAULT = {
    "version": "/api/",
    "search": "/api/searchpasswords/8620?title=Sales",
    "list": "/api/passwords/8620?QueryAll",
    "entry": "/api/passwords/1201",
    "document": "/api/document/password/501",
}
LOGIN: dict[str, tuple[str, str]] = {
    "token": ("POST", f"/{TENANT}/oauth2/v2.0/token"),
    "openid-configuration": ("GET", f"/{TENANT}/v2.0/.well-known/openid-configuration"),
    "instance-discovery": ("GET", "/common/discovery/instance?authorization_endpoint=https://localhost/x"),
}
CERTAIN = ("removePassword", "sp-removePassword", "task-write", "note-create")
"""Writes that take effect when nothing befalls them."""
CASES = [one for one in cells() if one[0] != "sql"]


class Wire:
    """The three systems, served, and one request for each of their routes."""

    def __init__(self) -> None:
        self.clock, self.journal, self.faults = SimClock(), Journal(), Faults(7, calm=True)
        self.holder = Holder(load(WORLD, self.clock))
        self.clients: dict[str, TestClient[Any, Any]] = {}

    async def start(self) -> None:
        """Open all three."""
        for name, make in (("graph", entra.app), ("ivanti", ivanti.app), ("passwordstate", passwordstate.app)):
            app = make(self.holder, self.journal, self.faults, self.clock, 0.0)
            self.clients[name] = TestClient(TestServer(app))
            await self.clients[name].start_server()

    async def stop(self) -> None:
        """Close them."""
        for client in self.clients.values():
            await client.close()

    async def meet(self, cell: tuple[str, str, str, str]) -> JournalEntry:
        """A new world, the fault of a cell, the request of its route; gives what the journal has of it."""
        system, route, kind, when = cell
        self.holder.world = load(WORLD, self.clock)
        self.faults.clear()
        token = await self._token() if system == "graph" else ""
        params = {"seconds": 0} if kind == "hang" else {}
        self.faults.add({"system": system, "route": route, "kind": kind, "when": when, "params": params})
        self.journal.clear()
        with suppress(aiohttp.ClientError):
            await self._ask(system, route, token)
        return next(one for one in self.journal.entries if (one.system, one.route) == (system, route))

    async def _ask(self, system: str, route: str, token: str) -> None:
        match system:
            case "login":
                method, path = LOGIN[route]
                await self._call("graph", method, path, data=self._form() if method == "POST" else None)
            case "graph":
                method, path, body = self._graph(route)
                headers = {"Authorization": f"Bearer {token}", "ConsistencyLevel": "eventual"}
                where = path if path.startswith("/beta/") else f"/v1.0{path}"
                await self._call("graph", method, where, json=body, headers=headers)
            case "ivanti":
                method, path, body = IVANTI[route]
                headers = {"Authorization": f"rest_api_key={'K' * 32}"}
                await self._call("ivanti", method, f"{DESK}/{path}", json=body, headers=headers)
            case _:
                await self._call("passwordstate", "GET", VAULT[route], headers={"APIKey": "key"})

    async def _call(self, name: str, method: str, path: str, **more: Any) -> None:
        async with self.clients[name].request(method, path, **more) as answer:
            await answer.read()

    def _graph(self, route: str) -> tuple[str, str, Any]:
        """The request itself, or one in an envelope."""
        if route in GRAPH:
            return GRAPH[route]
        method, path, body = GRAPH[route.removeprefix("batch:") if route != "batch" else "read-application"]
        headers = {} if body is None else {"headers": {"Content-Type": "application/json"}, "body": body}
        return "POST", "/$batch", {"requests": [{"id": "1", "method": method, "url": path, **headers}]}

    async def _token(self) -> str:
        async with self.clients["graph"].post(f"/{TENANT}/oauth2/v2.0/token", data=self._form()) as answer:
            return (await answer.json())["access_token"]

    def _form(self) -> dict[str, str]:
        base = str(self.clients["graph"].make_url("/")).rstrip("/")
        who = {"client_id": CLIENT, "client_secret": "automation's secret"}
        return {**who, "scope": f"{base}/.default", "grant_type": "client_credentials"}


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """The systems, served."""
    made = Wire()
    await made.start()
    yield made
    await made.stop()


def statuses(kind: str, route: str) -> Iterable[int]:
    """The statuses that a fault of that kind may have in the journal."""
    if kind.isdigit():
        return (int(kind),)
    if kind in ("html", "empty", "garbage"):
        return (200,)
    if kind in ("reset", "hang", "truncate"):
        return (0,)
    refused = (401,) if kind == "expire-token" or route.endswith("removeKey") else ()
    return (200, 201, 204, *refused, *((400,) if kind.endswith("-task") or route.endswith("patch") else ()))


@pytest.mark.parametrize("system", [name for name in ROUTES if name != "sql"])
async def test_every_cell_is_acted_out(wire: Wire, system: str) -> None:
    """The journal has the fault under its name, with a status that goes with it."""
    wrong: list[tuple[Any, ...]] = []
    for cell in (one for one in CASES if one[0] == system):
        entry = await wire.meet(cell)
        if entry.fault != f"{cell[2]} {cell[3]}" or entry.status not in statuses(cell[2], cell[1]):
            wrong.append((*cell, entry.fault, entry.status))
    assert wrong == []


@pytest.mark.parametrize("batched", ["", "batch:"])
async def test_before_means_nothing_happened_and_after_means_it_did(wire: Wire, batched: str) -> None:
    """For every write that would succeed, and every kind that stands in the place of its answer."""
    wrong: list[tuple[Any, ...]] = []
    for cell in (one for one in CASES if one[1] in {f"{batched}{name}" for name in CERTAIN}):
        _, _, kind, when = cell
        if kind in ("twins", "stale", "edit-task", "close-task", "move-task"):
            continue
        entry = await wire.meet(cell)
        if entry.applied is not (when == "after"):
            wrong.append((*cell, entry.applied))
    assert wrong == []


async def test_an_application_of_the_same_name_may_come_at_any_moment(wire: Wire) -> None:
    """Seen by the list that it came before, and not by the one that it came after; and it comes once."""
    names: dict[str, list[int]] = {"before": [], "after": []}
    for when in names:
        entry = await wire.meet(("graph", "list-applications", "twins", when))
        names[when] = [entry.status, len(wire.holder.world.tenants[0].applications)]
    apps = wire.holder.world.tenants[0].applications
    assert names == {"before": [200, 2], "after": [200, 2]}
    assert len({one.app_id for one in apps}) == 2
    assert {one.display_name for one in apps} == {"Sales"}


async def test_a_token_may_expire_with_the_answer(wire: Wire) -> None:
    """One request is served, the next one is not."""
    first = await wire.meet(("graph", "read-application", "expire-token", "after"))
    refused = await wire.meet(("graph", "read-application", "expire-token", "before"))
    assert [first.status, refused.status] == [200, 401]


async def test_somebody_changes_the_task_whose_parameters_are_read(wire: Wire) -> None:
    """A request is known by its RecId, and the task that hangs on it is closed."""
    await wire.meet(("ivanti", "params-query", "close-task", "after"))
    task = wire.holder.world.ivanti.tasks[0]
    assert (task.status, task.owner, task.read_only) == ("Completed", "an.other", True)
