"""Ivanti as a service desk: whose a task is, what a close and a hand-over write, and what shows that one took."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from ivanti_tasks import REC_ID, ROW, OneRow, one_row_desk, shown_task, without_minutes

from spentkey.adapters.ivanti.client import own
from spentkey.adapters.ivanti.judging import otherwise
from spentkey.adapters.ivanti.register import LARGEST, reference
from spentkey.core.task import Fault, FaultKind, Provenance, Request, TaskRef
from spentkey.ports.service_desk import Note


@pytest.mark.parametrize("status", ["Logged", "Assigned", "ACCEPTED", "logged"])
@pytest.mark.parametrize("owner", [None, "", "svc-spentkey", "SVC-Spentkey"])
async def test_an_open_task_of_our_queue_is_ours(status: str, owner: str | None) -> None:
    """Every configured open status counts; Ivanti does not tell log-in names apart by case."""
    task = await shown_task(Status=status, Owner=owner)
    assert (task.is_open, task.is_ours, task.why_not) == (True, True, "")
    assert (task.ref, task.team, task.owner) == ("40021", "Spentkey", owner or "")
    assert task.version.startswith("2026-07-01T12:00:00Z ")


@pytest.mark.parametrize("status", ["Completed", "Cancelled", "Waiting", "Logged ", ""])
async def test_a_task_in_another_status_is_not_open(status: str) -> None:
    """The reason says which status was found and which were expected."""
    task = await shown_task(Status=status)
    expected = f"the task's status is {status or 'empty'}, not one of Logged, Assigned, Accepted"
    assert (task.is_open, task.is_ours, task.why_not) == (False, True, expected)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ReadOnly": True}, "the task is read-only"),
        ({"OwnerTeam": "Systeemsoftware"}, "the task is with the team Systeemsoftware, not Spentkey"),
        ({"OwnerTeam": "Spentkey "}, "the task is with the team Spentkey , not Spentkey"),
        ({"OwnerTeam": "Spentkey 2"}, "the task is with the team Spentkey 2, not Spentkey"),
        ({"OwnerTeam": None}, "the task is with the team (none), not Spentkey"),
        ({"Owner": "jdoe"}, "the task is already owned by somebody"),
        ({"Owner": "svc-spentkey2"}, "the task is already owned by somebody"),
        ({"Owner": " "}, "the task is already owned by somebody"),
        ({"ParentLink_Category": "Incident"}, "the task does not belong to a service request"),
        ({"ParentLink_Category": None}, "the task does not belong to a service request"),
        ({"ParentLink_RecID": None}, "the task does not belong to a service request"),
    ],
)
async def test_a_task_that_is_not_with_us_is_not_ours(changes: dict[str, Any], reason: str) -> None:
    """The name of the team must be ours, in any case; the owner's name is not repeated."""
    task = await shown_task(**changes)
    assert (task.is_open, task.is_ours, task.why_not) == (True, False, reason)


async def test_a_status_comes_before_whose_it_is() -> None:
    """Of several reasons one is told."""
    task = await shown_task(Status="Completed", Owner="jdoe", ReadOnly=True)
    assert (task.is_open, task.is_ours, task.why_not.partition(",")[0]) == (
        False,
        False,
        "the task's status is Completed",
    )


@pytest.mark.parametrize("asked", ["40022", "4002", "400210"])
async def test_a_row_of_another_number_is_no_task(asked: str) -> None:
    """A filter may be ignored, so the row is checked again."""
    assert await one_row_desk().find(TaskRef(asked)) is None


@pytest.mark.parametrize("text", ["1", "40021", "9007199254740992"])
def test_a_reference_is_a_number(text: str) -> None:
    """Up to what every JSON reader holds exactly."""
    assert reference(text) == text
    assert int(text) <= LARGEST


@pytest.mark.parametrize(
    "text", ["", "0", "007", "-1", "+1", "1.0", "1e3", " 1", "1\n", "٤٢", "x", "SCTASK1", "9007199254740993", "9" * 40]
)
def test_another_text_is_no_reference(text: str) -> None:
    """Each task has one spelling."""
    assert reference(text) is None


@pytest.mark.parametrize(
    ("minutes", "forms", "sum_"),
    [(5, {}, "6"), (None, {}, "1"), ("1.0000", {}, "2.0000"), (2.5, {}, "3.5"), (5, {"minutes": 0}, "5")],
)
async def test_a_close_adds_our_minutes_to_what_was_read(minutes: Any, forms: dict[str, Any], sum_: str) -> None:
    """Completed, owned by us, in one change; the team stays."""
    desk = one_row_desk(**forms)
    change = desk.closing(await shown_task(ActualEffort=minutes), "done", None)
    assert change.facts == {"status": "Completed", "owner": "svc-spentkey", "minutes": sum_}
    assert change.team is None


@pytest.mark.parametrize(("field", "facts"), [("CloseText", {"resolution": "done"}), ("", {})])
async def test_a_close_says_its_resolution_where_a_field_takes_it(field: str, facts: dict[str, str]) -> None:
    """Elsewhere it has gone into a note."""
    desk = one_row_desk(resolution=field)
    change = desk.closing(await shown_task(desk), "done", None)
    assert {name: value for name, value in change.facts.items() if name == "resolution"} == facts


async def test_a_hand_over_gives_the_task_to_people() -> None:
    """To the team of the settings and to nobody in it, with our minutes, and those that were read before."""
    desk = one_row_desk()
    change = desk.handing_over(await shown_task(), None)
    wanted = {"status": "Logged", "owner": "", "minutes": "6", "team": "Systeemsoftware", "from": "5"}
    assert (change.facts, change.team) == (wanted, "Systeemsoftware")


async def test_a_write_that_was_begun_keeps_its_sum() -> None:
    """Whether or not it took, so that minutes are not booked twice; a record of 0.1 has nothing but minutes."""
    desk = one_row_desk()
    for begun in ({"minutes": "6", "team": "A", "from": "5"}, {"minutes": "6"}, {"minutes": 6}):
        took = await shown_task(ActualEffort=6)
        assert desk.closing(took, "done", begun).facts["minutes"] == "6"
        assert desk.handing_over(took, begun).facts["minutes"] == "6"


@pytest.mark.parametrize("begun", [None, {}, {"minutes": None}, {"status": "Completed"}])
async def test_a_write_that_began_without_a_sum_adds_to_what_is_read(begun: Mapping[str, Any] | None) -> None:
    """There is nothing to keep."""
    desk = one_row_desk()
    assert desk.closing(await shown_task(), "done", begun).facts["minutes"] == "6"
    assert desk.handing_over(await shown_task(), begun).facts["minutes"] == "6"


async def test_a_task_that_was_given_back_shows_that_its_hand_over_took() -> None:
    """By its minutes, which are written together with the team."""
    desk = one_row_desk()
    assert desk.took(await shown_task(ActualEffort=6), {"minutes": "6", "from": "5", "team": "Systeemsoftware"})
    assert desk.took(await shown_task(ActualEffort="6.0"), {"minutes": "6", "from": "5"})


@pytest.mark.parametrize(
    ("minutes", "begun"),
    [
        (5, {"minutes": "6", "from": "5"}),
        (7, {"minutes": "6", "from": "5"}),
        (6, {"minutes": "6", "from": "6"}),  # nothing was to be added, so nothing shows
        (6, {"minutes": "6"}),
        (6, {"from": "5"}),
        (6, {"minutes": None, "from": None}),
        (6, {}),
    ],
)
async def test_minutes_that_prove_nothing_show_no_hand_over(minutes: int, begun: dict[str, Any]) -> None:
    """It is then done again, which writes the same."""
    assert not one_row_desk().took(await shown_task(ActualEffort=minutes), begun)


async def test_the_request_is_what_the_parameters_of_the_parent_say() -> None:
    """A row of another parent does not count, though Ivanti answers it."""
    row = {"ParameterName": "AppID", "ParameterValue": "x"}
    task = await shown_task()
    parent = own(task).service_request
    assert await one_row_desk(OneRow({**row, "ParentLink_RecID": parent})).request(task) == Request({"AppID": "x"})
    assert await one_row_desk(OneRow({**row, "ParentLink_RecID": "F" * 32})).request(task) == Request()


async def provenance(created_by: object, parent: object = "10196") -> Provenance:
    """Who asked, where that stands at the parameter and the number at the task."""
    task = await shown_task(ParentObjectDisplayID=parent)
    row = {"ParameterName": "AppID", "ParameterValue": "x", "ParentLink_RecID": own(task).service_request}
    return (await one_row_desk(OneRow({**row, "CreatedBy": created_by})).request(task)).provenance


async def test_a_request_has_the_number_and_the_login_id_that_ivanti_shows() -> None:
    """The number of the service request, and who wrote its parameters."""
    assert await provenance("JJansen") == Provenance("10196", "JJansen")
    assert (await provenance("JJansen", 10196)).request == "10196"


@pytest.mark.parametrize(
    "created_by", [None, 7, "", "WorkflowEngine", "internalservices", "Jan Jansen", "j@example.org"]
)
async def test_what_is_no_persons_login_id_is_nobodys(created_by: object) -> None:
    """Ivanti's own parts ask for nothing, and names and mail addresses never go on record."""
    assert await provenance(created_by) == Provenance("10196")


@pytest.mark.parametrize("parent", [None, "", "SR 10196", True, 1.5, "\u0661", "9" * 20])
async def test_a_number_that_is_none_is_left_out(parent: object) -> None:
    """The task is worked on all the same."""
    assert await provenance("JJansen", parent) == Provenance("", "JJansen")


async def test_a_parameter_that_is_no_text_is_a_fault() -> None:
    """For guard G1 to name."""
    task = await shown_task()
    row = {"ParameterName": "AppID", "ParameterValue": 7, "ParentLink_RecID": own(task).service_request}
    expected = Request({}, (Fault("AppID", FaultKind.NOT_TEXT),))
    assert await one_row_desk(OneRow(row)).request(task) == expected


@pytest.mark.parametrize("changes", [{"ParentLink_RecID": None}, {"ParentLink_Category": "Incident"}])
async def test_a_task_without_a_service_request_is_not_asked(changes: dict[str, Any]) -> None:
    """No filter is built from nothing, and nothing was asked for."""
    server = OneRow()
    assert (await one_row_desk(server).request(await shown_task(**changes)), server.seen) == (Request(), [])


async def test_notes_are_those_that_hang_on_the_task() -> None:
    """Their subjects and bodies; what is missing is empty."""
    task = await shown_task()
    mine = {"ParentLink_RecID": own(task).rec_id, "Subject": "s", "NotesBody": "b [mark"}
    assert await one_row_desk(OneRow(mine)).notes(task) == [Note("s", "b [mark")]
    bare = {"ParentLink_RecID": own(task).rec_id, "Subject": None}
    assert await one_row_desk(OneRow(bare)).notes(task) == [Note("", "")]
    assert await one_row_desk(OneRow({**mine, "ParentLink_RecID": "F" * 32})).notes(task) == []


@pytest.mark.parametrize(("marker", "there"), [("[mark", True), ("b [mark", True), ("mark]", False), ("s", False)])
async def test_a_note_is_known_by_the_marker_in_its_body(marker: str, there: bool) -> None:
    """Not by its subject."""
    task = await shown_task()
    mine = {"ParentLink_RecID": own(task).rec_id, "Subject": "s", "NotesBody": "b [mark"}
    assert await one_row_desk(OneRow(mine)).has_note(task, marker) is there
    other = {**mine, "ParentLink_RecID": "F" * 32}
    assert not await one_row_desk(OneRow(other)).has_note(task, marker)


async def test_the_desks_clock_is_that_of_its_answers() -> None:
    """By the header `Date`, in UTC."""
    server = OneRow(headers={"Date": "Wed, 01 Jul 2026 12:00:00 GMT"})
    assert await one_row_desk(server).time() == datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("headers", [{}, {"Date": ""}, {"Date": "yesterday"}, {"Date": "2026-07-01T12:00:00Z"}])
async def test_an_answer_without_a_date_shows_no_clock(headers: dict[str, str]) -> None:
    """Nothing is guessed."""
    assert await one_row_desk(OneRow(headers=headers)).time() is None


async def test_texts_of_another_case_are_the_same() -> None:
    """Of the team, and of the record ids, which some tenants show in lower case."""
    task = await shown_task(OwnerTeam="SPENTKEY", RecId=REC_ID.lower(), ParentLink_RecID=REC_ID.lower())
    assert (task.is_ours, own(task).rec_id, own(task).service_request) == (True, REC_ID.lower(), REC_ID.lower())
    row = {"ParentLink_RecID": REC_ID, "ParameterName": "AppID", "ParameterValue": "a"}
    assert (await one_row_desk(OneRow(row)).request(task)).values == {"AppID": "a"}


@pytest.mark.parametrize(
    ("category", "configured", "ours"),
    [
        ("ServiceReq#", "ServiceReq", True),
        ("servicereq", "ServiceReq", True),
        ("ServiceReq#Catalog", "ServiceReq#Catalog", True),
        ("ServiceReq#Catalog", "ServiceReq", False),
        ("Incident", "ServiceReq", False),
        ("ServiceReq", "Incident", False),
    ],
)
async def test_the_parent_is_a_request_by_its_category(category: str, configured: str, ours: bool) -> None:
    """As the settings call it, with or without the sign at its end."""
    desk = one_row_desk(OneRow({**ROW, "ParentLink_Category": category}), parent_category=configured)
    assert (await shown_task(desk)).is_ours is ours


async def test_further_fields_are_written_with_a_close_and_with_a_hand_over() -> None:
    """Each with its own; they go on record as one text, from which they can be written again."""
    desk = one_row_desk(close_fields={"Category": "Security", "Checked": True}, hand_over_fields={"Urgency": 2})
    task = await shown_task(desk)
    closing, handing = desk.closing(task, "done", None), desk.handing_over(task, None)
    assert closing.facts["fields"] == '{"Category": "Security", "Checked": true}'
    assert desk.body_of(closing) == {
        "Status": "Completed",
        "Owner": "svc-spentkey",
        "ActualEffort": 6,
        "Category": "Security",
        "Checked": True,
    }
    assert (desk.body_of(handing)["Urgency"], "Category" in desk.body_of(handing)) == (2, False)


async def test_a_hand_over_takes_the_owner_away() -> None:
    """By null: some tenants refuse an empty text."""
    desk = one_row_desk()
    assert desk.body_of(desk.handing_over(await shown_task(desk), None))["Owner"] is None


async def test_a_close_can_leave_the_owner_alone() -> None:
    """Where the user is not in the team, or a rule sets it; then the owner does not count when it is read back."""
    desk = one_row_desk(sets_owner=False)
    change = desk.closing(await shown_task(desk), "done", None)
    assert "Owner" not in desk.body_of(change)
    closed = own(await shown_task(Status="Completed", Owner="somebody", ActualEffort=6))
    assert otherwise(closed, change.facts, "ActualEffort", "") == ()


async def test_without_a_field_no_minutes_are_booked() -> None:
    """Nor read: a task that lacks the field is as good as any."""
    row = {name: value for name, value in ROW.items() if name != "ActualEffort"}
    desk = without_minutes(OneRow(row))
    task = await shown_task(desk)
    change = desk.handing_over(task, None)
    assert {"minutes", "from"} & change.facts.keys() == set()
    assert desk.body_of(change) == {"Status": "Logged", "Owner": None, "OwnerTeam": "Systeemsoftware"}
    assert not desk.took(task, change.facts)


async def test_an_ended_task_shows_a_close_whose_record_is_missing() -> None:
    """By its status, or by what was written with it; what came out otherwise is told."""
    desk = one_row_desk()
    facts = desk.closing(await shown_task(), "done", None).facts
    moved_on = desk.took(await shown_task(Status="Closed", Owner="svc-spentkey", ActualEffort=6), facts)
    assert moved_on is not None
    assert [one.partition(",")[0] for one in moved_on.warnings] == ["Ivanti shows Status as Closed"]
    assert desk.took(await shown_task(Status="Completed", Owner="jdoe", ActualEffort=0), facts) is not None


@pytest.mark.parametrize(
    "changes", [{"Status": "Cancelled"}, {"Status": "Cancelled", "Owner": "jdoe"}, {"Status": "Logged"}, {}]
)
async def test_a_task_that_people_ended_or_that_is_open_shows_no_close(changes: dict[str, Any]) -> None:
    """Nothing on it is ours."""
    desk = one_row_desk()
    assert desk.took(await shown_task(**changes), desk.closing(await shown_task(), "done", None).facts) is None


@pytest.mark.parametrize("team", ["Systeemsoftware", "Servicedesk"])
async def test_a_task_with_another_team_shows_the_hand_over(team: str) -> None:
    """Whichever team it is with by now."""
    desk = one_row_desk()
    facts = desk.handing_over(await shown_task(), None).facts
    assert desk.took(await shown_task(OwnerTeam=team), facts) is not None
    assert desk.took(await shown_task(OwnerTeam=team), {"minutes": "6", "from": "5"}) is not None


async def test_minutes_that_cannot_be_read_are_not_written() -> None:
    """A sum would be a guess."""
    desk = one_row_desk()
    task = await shown_task(ActualEffort="one hour")
    assert desk.closing(task, "done", None).facts == {"status": "Completed", "owner": "svc-spentkey"}
    assert {"minutes", "from"} & desk.handing_over(task, None).facts.keys() == set()
