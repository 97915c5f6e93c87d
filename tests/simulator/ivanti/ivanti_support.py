"""What the tests of Ivanti share: a world with two tasks, and a client that has the key."""

from dataclasses import dataclass, field
from typing import Any

from aiohttp.test_utils import TestClient

from spentkey_sim.clock import SimClock
from spentkey_sim.faults import Faults
from spentkey_sim.journal import Journal
from spentkey_sim.world import Holder, load

KEY = "0123456789ABCDEF0123456789ABCDEF"
TASK, CLOSED = "A" * 32, "B" * 32
REQUEST = "C" * 32
NOTE = "D" * 32
WORLD: dict[str, Any] = {
    "seed": 7,
    "ivanti": {
        "api_key": KEY,
        "task_fields": ["CloseText"],
        "requests": [
            {
                "rec_id": REQUEST,
                "number": 10196,
                "parameters": [
                    ["AppDisplayName", "Sales"],
                    ["SecretType", "Secret"],
                    ["Onderwijs", "No"],
                    ["Remark", None],
                ],
            },
            {"rec_id": "E" * 32, "number": 10197},
        ],
        "tasks": [
            {"rec_id": TASK, "number": 40021, "subject": "Remove it", "parent": 10196, "minutes": 2},
            {"rec_id": CLOSED, "number": 40022, "status": "Completed", "owner": "a.person", "read_only": True},
        ],
        "notes": [
            {"rec_id": NOTE, "task": 40022, "subject": "Done", "body": "by hand", "parent_category": "Task.Assignment"}
        ],
    },
}


@dataclass
class Equipment:
    """Everything that the simulated Ivanti is given."""

    clock: SimClock = field(default_factory=SimClock)
    journal: Journal = field(default_factory=Journal)
    faults: Faults = field(default_factory=lambda: Faults(seed=7, calm=True))
    holder: Holder = field(init=False)

    def __post_init__(self) -> None:
        self.holder = Holder(load(WORLD, self.clock))

    def fault(self, kind: str, **rule: Any) -> None:
        """Add one fault rule."""
        self.faults.add({"kind": kind, "system": "ivanti", **rule})

    def routes(self) -> list[tuple[str, str, int]]:
        """What the journal holds: route, object, status."""
        return [(each.route, each.object, each.status) for each in self.journal.entries]


@dataclass
class Answer:
    """Status and body of an answer."""

    status: int
    body: Any


@dataclass
class Desk:
    """A client of the simulated Ivanti that has the key."""

    client: TestClient[Any, Any]

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> Answer:
        """One request below the business objects; `query` names go without their dollar sign."""
        parameters = {f"${name}": value for name, value in query.items()}
        address = f"/HEAT/api/odata/businessobject/{path}"
        headers = {"Authorization": f"rest_api_key={KEY}"}
        async with self.client.request(method, address, params=parameters, json=body, headers=headers) as response:
            text = await response.text()
            return Answer(response.status, await response.json() if text else None)

    async def get(self, path: str, **query: str) -> Answer:
        """Read."""
        return await self.call("GET", path, **query)

    async def found(self, path: str, wish: str) -> list[int]:
        """The task numbers that a filter lets through."""
        answer = await self.get(path, filter=wish)
        return sorted(row["AssignmentID"] for row in answer.body["value"]) if answer.body else []

    async def patch(self, rec_id: str, body: Any) -> Answer:
        """Change a task."""
        return await self.call("PATCH", f"Task__Assignments('{rec_id}')", body)

    async def note(self, parent: str, **fields: Any) -> Answer:
        """Write a note on a record."""
        body = {"Subject": "Hello", "NotesBody": "text", "ParentLink_RecID": parent, **fields}
        return await self.call("POST", "Journal__Notess", body)
