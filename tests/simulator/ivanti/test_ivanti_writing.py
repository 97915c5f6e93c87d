"""Writing to Ivanti: closing, handing over, notes, and what other people do meanwhile."""

from typing import Any

import aiohttp
import pytest
from ivanti_support import CLOSED, REQUEST, TASK, Desk, Equipment

from spentkey_sim.ivanti import state


def truth(equipment: Equipment, number: int = 40021) -> dict[str, Any]:
    """What is really there."""
    return state.truth(equipment.holder.world)["tasks"][str(number)]


CLOSE = {"Status": "Completed", "Owner": "svc-spentkey", "ActualEffort": 3, "CloseText": "gone"}


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_a_partial_write_merges(desk: Desk, equipment: Equipment, method: str) -> None:
    """The full record comes back, stamped and read-only; fields that were not sent stay."""
    answer = await desk.call(method, f"Task__Assignments('{TASK}')", CLOSE)
    assert answer.status == 200
    assert (answer.body["Subject"], answer.body["ReadOnly"], answer.body["CloseText"]) == ("Remove it", True, "gone")
    assert (answer.body["LastModBy"], answer.body["ResolvedDateTime"]) == (
        "svc-spentkey",
        answer.body["LastModDateTime"],
    )
    task = truth(equipment)
    assert (task["status"], task["owner"], task["minutes"], task["fields"]) == (
        "Completed",
        "svc-spentkey",
        3,
        {"CloseText": "gone"},
    )
    assert [write["fields"] for write in task["writes"]] == [CLOSE]
    entry = equipment.journal.entries[-1]
    assert (entry.route, entry.object, entry.write, entry.applied) == ("task-write", "40021", True, True)


async def test_a_closed_task_still_takes_a_write(desk: Desk, equipment: Equipment) -> None:
    """Ivanti does not stop a second close; and once read-only, always read-only."""
    answer = await desk.patch(CLOSED, {"Status": "Logged", "Owner": ""})
    assert (answer.status, answer.body["Status"], answer.body["ReadOnly"]) == (200, "Logged", True)
    assert len(truth(equipment, 40022)["writes"]) == 1


async def test_a_task_is_handed_over(desk: Desk, equipment: Equipment) -> None:
    """Another team, nobody as owner, minutes as a text."""
    body = {"OwnerTeam": "Systeemsoftware", "Owner": None, "Status": "Logged", "ActualEffort": "3.0000"}
    answer = await desk.patch(TASK, body)
    companion = answer.body["OwnerTeam_Valid"]
    assert (answer.body["OwnerTeam"], answer.body["Owner"]) == ("Systeemsoftware", None)
    assert (await desk.patch(TASK, {"OwnerTeam": "Systeemsoftware", "OwnerTeam_Valid": companion})).status == 200
    assert truth(equipment)["minutes"] == 3


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"Status": "Completed"}, 400, "Required field Task.Owner value must be provided."),
        ({"Status": "Completed", "Owner": ""}, 400, "Required field Task.Owner"),
        ({"Status": "Done"}, 500, ""),
        ({"Status": "completed", "Owner": "svc-spentkey"}, 500, ""),
        ({"OwnerTeam": "Nobody"}, 500, ""),
        ({"OwnerTeam": "Servicedesk", "OwnerTeam_Valid": "F" * 32}, 500, ""),
        ({"Owner": "no.such.person"}, 500, ""),
        ({"Resolution": "gone"}, 400, "Field 'Resolution'"),
        ({"status": "Logged"}, 400, "Field 'status'"),
        ({"LastModBy": "me"}, 400, "does not have rights"),
        ({"Subject": "other"}, 400, "does not have rights"),
        ({"ActualEffort": "a while"}, 400, "Invalid Request Payload"),
        ({"ActualEffort": -1}, 400, "Invalid Request Payload"),
        ({"ActualEffort": True}, 400, "Invalid Request Payload"),
        ({"CloseText": 5}, 400, "Invalid Request Payload"),
        ({}, 400, "Message body cannot be empty"),
        ([], 400, "Message body cannot be empty"),
    ],
)
async def test_writes_that_are_refused(desk: Desk, equipment: Equipment, body: Any, status: int, words: str) -> None:
    """Refused as a whole: nothing has changed afterwards."""
    before = truth(equipment)
    answer = await desk.patch(TASK, body)
    assert (answer.status, answer.body["code"]) == (status, f"ISM_{status}0")
    assert answer.body["message"] == [""] if not words else words in answer.body["message"][0]
    assert truth(equipment) == before
    assert not equipment.journal.entries[-1].applied


async def test_the_owner_may_be_optional(desk: Desk, equipment: Equipment) -> None:
    """A world may leave the rule out."""
    equipment.holder.world.ivanti.owner_required_to_close = False
    assert (await desk.patch(TASK, {"Status": "Completed"})).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"Task__Assignments('{'F' * 32}')"),
        ("PATCH", f"ServiceReqs('{REQUEST}')"),
        ("POST", "Task__Assignments"),
        ("POST", "Journal__Notes"),
        ("DELETE", f"Task__Assignments('{TASK}')"),
        ("OPTIONS", f"Task__Assignments('{TASK}')"),
    ],
)
async def test_what_the_role_may_not_do(desk: Desk, equipment: Equipment, method: str, path: str) -> None:
    """Other records, other verbs."""
    answer = await desk.call(method, path, {"Status": "Waiting"})
    assert answer.status in (400, 404)
    assert not equipment.journal.entries[-1].applied


async def test_a_note_is_added(desk: Desk, equipment: Equipment) -> None:
    """201 and the full record; both halves of the link are kept."""
    answer = await desk.note(TASK, Category="Status Update", ParentLink_Category="Task.Assignment")
    assert (answer.status, answer.body["CreatedBy"], answer.body["PublishToWeb"]) == (201, "svc-spentkey", False)
    assert truth(equipment)["notes"] == [
        {
            "subject": "Hello",
            "body": "text",
            "category": "Status Update",
            "parent_category": "Task.Assignment",
            "created_by": "svc-spentkey",
        }
    ]
    assert (await desk.get(f"Journal__Notess('{answer.body['RecId']}')")).body["NotesBody"] == "text"
    assert equipment.routes() == [("note-create", "40021", 201), ("note-read", "40021", 200)]


async def test_a_note_without_a_category_is_linked_by_half(desk: Desk) -> None:
    """It is there, but not among the notes of its task."""
    await desk.note(TASK)
    assert (await desk.get(f"Task__Assignments('{TASK}')/TaskContainsJournal")).body["value"] == "No instances found."
    assert (await desk.get("Journal__Notess", filter=f"ParentLink_RecID eq '{TASK}'")).body["@odata.count"] == 1


@pytest.mark.parametrize(
    ("parent", "fields", "words"),
    [
        (CLOSED, {}, "because the object is in final state"),
        ("F" * 32, {}, "Required field Journal.ParentLink"),
        (TASK, {"Body": "text"}, "Field 'Body'"),
        (TASK, {"NotesBody": None}, "Invalid Request Payload"),
        (TASK, {"PublishToWeb": "no"}, "Field 'PublishToWeb'"),
    ],
)
async def test_notes_that_are_refused(desk: Desk, equipment: Equipment, parent: str, fields: Any, words: str) -> None:
    """A closed record, an unknown one, unknown fields."""
    answer = await desk.note(parent, **fields)
    assert answer.status == 400
    assert words in answer.body["message"][0]
    assert len(equipment.holder.world.ivanti.notes) == 1


async def test_a_closed_record_may_take_notes(desk: Desk, equipment: Equipment) -> None:
    """If the world says so."""
    equipment.holder.world.ivanti.notes_on_closed = "accepted"
    assert (await desk.note(CLOSED)).status == 201


async def test_a_write_may_do_nothing(desk: Desk, equipment: Equipment) -> None:
    """The answer is that of a write that took; the truth is not."""
    equipment.fault("noop")
    assert (await desk.patch(TASK, CLOSE)).body["Status"] == "Completed"
    assert (await desk.note(TASK)).status == 201
    task = truth(equipment)
    assert (task["status"], task["writes"], task["notes"]) == ("Logged", [], [])
    assert [entry.applied for entry in equipment.journal.entries] == [False, False]


async def test_a_reply_may_be_lost_after_the_write(desk: Desk, equipment: Equipment) -> None:
    """The connection drops, the task is closed all the same."""
    equipment.fault("reset", route="task-write", when="after")
    with pytest.raises(aiohttp.ClientError):
        await desk.patch(TASK, CLOSE)
    assert truth(equipment)["status"] == "Completed"
    assert (equipment.journal.entries[-1].status, equipment.journal.entries[-1].applied) == (0, True)


async def test_somebody_closes_the_task_under_way(desk: Desk, equipment: Equipment) -> None:
    """The second read finds another owner; the write log has no entry of ours."""
    equipment.fault("close-task", route="task-read", nth=2)
    before = await desk.get(f"Task__Assignments('{TASK}')")
    after = await desk.get(f"Task__Assignments('{TASK}')")
    assert (before.body["Status"], after.body["Status"], after.body["Owner"]) == ("Logged", "Completed", "an.other")
    assert truth(equipment)["writes"] == []


async def test_somebody_moves_or_edits_the_task_after_an_answer(desk: Desk, equipment: Equipment) -> None:
    """The answer is already old when it arrives; other tasks and parameters change as well."""
    fields = {"Subject": "Other", "Owner": "a.person"}
    equipment.fault("move-task", route="task-read", nth=1, when="after", params={"team": "Servicedesk"})
    equipment.fault(
        "edit-task",
        route="note-query",
        when="after",
        params={"task": 40021, "fields": fields, "parameters": {"SecretType": "Cert"}},
    )
    assert (await desk.get(f"Task__Assignments('{TASK}')")).body["OwnerTeam"] == "Spentkey"
    await desk.get("Journal__Notess")
    now = await desk.get(f"Task__Assignments('{TASK}')")
    assert (now.body["OwnerTeam"], now.body["Subject"], now.body["Owner"]) == ("Servicedesk", "Other", "a.person")
    answer = await desk.get("ServiceReqParams", filter="ParameterName eq 'SecretType'")
    assert [row["ParameterValue"] for row in answer.body["value"]] == ["Cert"]


async def test_a_read_may_be_stale(desk: Desk, equipment: Equipment) -> None:
    """It shows the task, and the notes, from before the latest write; for as many reads as were asked."""
    await desk.note(TASK)
    await desk.patch(TASK, CLOSE)
    equipment.fault("stale", route="task-read", nth=1, params={"reads": 2})
    statuses = [(await desk.get(f"Task__Assignments('{TASK}')")).body["Status"] for _ in range(3)]
    assert statuses == ["Logged", "Logged", "Completed"]
    equipment.fault("stale", route="note-query", nth=1, params={"seconds": 30})
    wish = f"ParentLink_RecID eq '{TASK}'"
    assert (await desk.get("Journal__Notess", filter=wish)).body is None
    equipment.clock.step(31)
    assert (await desk.get("Journal__Notess", filter=wish)).body["@odata.count"] == 1
