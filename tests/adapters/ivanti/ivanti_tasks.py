"""Tasks as Ivanti's desk shows them to the core, and an Ivanti that answers one row of each kind."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from real_simulator import QuickClock

from spentkey.adapters.ivanti.client import Fields, IvantiDesk, TaskForms
from spentkey.core.secret import Secret
from spentkey.core.task import Task, TaskRef
from spentkey.http.client import Response

REC_ID = "0123456789ABCDEF0123456789ABCDEF"
FORMS = TaskForms(
    queue_team="Spentkey",
    escalation_team="Systeemsoftware",
    login_id="svc-spentkey",
    open_statuses=("Logged", "Assigned", "Accepted"),
    completed="Completed",
    handed_off="Logged",
    minutes=1,
)
ROW: dict[str, Any] = {
    "RecId": REC_ID,
    "AssignmentID": 40021,
    "Subject": "Remove",
    "Status": "Logged",
    "Owner": None,
    "OwnerTeam": "Spentkey",
    "ReadOnly": False,
    "ParentLink_RecID": REC_ID,
    "ParentLink_Category": "ServiceReq",
    "ActualEffort": 5,
    "CloseText": None,
    "LastModDateTime": "2026-07-01T12:00:00Z",
}


@dataclass
class OneRow:
    """An Ivanti that has one row of each kind; the queries are noted, and its headers can be changed."""

    row: dict[str, Any] = field(default_factory=lambda: dict(ROW))
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    clock: QuickClock = field(default_factory=QuickClock)
    seen: list[str] = field(default_factory=list[str])

    async def read(self, path: str, query: Mapping[str, str] | None, *_: object) -> Response:
        """The row, in a collection or by itself."""
        self.seen.append((query or {}).get("$filter", path))
        shown = {"value": [self.row]} if query else self.row
        return Response(200, self.headers, json.dumps(shown).encode())


def one_row_desk(server: Any = None, resolution: str = "", **forms: Any) -> IvantiDesk:
    """The real desk on that Ivanti, with some forms changed."""
    known = {**vars(FORMS), **forms}
    names = Fields("ActualEffort", resolution, "Status Update", "Task.Assignment")
    return IvantiDesk(cast("Any", server if server is not None else OneRow()), Secret("k"), TaskForms(**known), names)


def without_minutes(server: OneRow) -> IvantiDesk:
    """The same for tasks that have no field for minutes."""
    return IvantiDesk(cast("Any", server), Secret("k"), FORMS, Fields("", "", "Status Update", "Task.Assignment"))


async def shown_task(desk: IvantiDesk | None = None, **changes: Any) -> Task:
    """The task as the desk finds it, with some fields of its row changed."""
    found = await (desk or one_row_desk(OneRow({**ROW, **changes}))).find(
        TaskRef(str({**ROW, **changes}["AssignmentID"]))
    )
    assert found is not None
    return found
