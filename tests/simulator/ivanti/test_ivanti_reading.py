"""Reading from Ivanti: records, pages, the three ways to say nothing, and filters that mislead."""

import pytest
from ivanti_support import CLOSED, KEY, NOTE, REQUEST, TASK, Desk, Equipment

from spentkey_sim.ivanti import state


async def test_a_task_is_read_by_its_number(desk: Desk, equipment: Equipment) -> None:
    """The count comes unasked, the parent by its RecId, and the names of sets have no case."""
    answer = await desk.get("task__ASSIGNMENTS", filter="AssignmentID eq 40021")
    assert answer.body["@odata.count"] == 1
    (row,) = answer.body["value"]
    assert (row["RecId"], row["ParentLink_RecID"], row["ParentLink_Category"]) == (TASK, REQUEST, "ServiceReq")
    assert (row["Status"], row["Owner"], row["OwnerTeam"], row["ActualEffort"]) == ("Logged", None, "Spentkey", 2)
    assert row["LastModDateTime"].endswith("+01:00")
    assert equipment.routes() == [("task-query", "40021", 200)]


async def test_a_task_is_read_by_its_key(desk: Desk, equipment: Equipment) -> None:
    """A flat object with many fields; the final-state flag lies."""
    answer = await desk.get(f"Task__Assignments('{CLOSED}')")
    assert (answer.body["AssignmentID"], answer.body["ReadOnly"], answer.body["IsInFinalState"]) == (40022, True, False)
    assert answer.body["@odata.context"].endswith("#task__assignments/$entity")
    assert len(answer.body) > 30
    assert equipment.routes() == [("task-read", "40022", 200)]


async def test_minutes_may_be_a_text(desk: Desk, equipment: Equipment) -> None:
    """A tenant may write decimals as texts."""
    equipment.holder.world.ivanti.minutes_as = "string"
    assert (await desk.get(f"Task__Assignments('{TASK}')")).body["ActualEffort"] == "2.0000"


async def test_parameters_are_found_by_their_request(desk: Desk, equipment: Equipment) -> None:
    """By a filter, or as related records of the request."""
    answer = await desk.get("ServiceReqParams", filter=f"ParentLink_RecID eq '{REQUEST}'")
    pairs = {row["ParameterName"]: row["ParameterValue"] for row in answer.body["value"]}
    assert pairs == {"AppDisplayName": "Sales", "SecretType": "Secret", "Onderwijs": "No", "Remark": None}
    related = await desk.get(f"ServiceReqs('{REQUEST}')/ServiceReqContainsServiceReqParam")
    assert len(related.body["value"]) == 4
    assert equipment.routes() == [("params-query", REQUEST, 200)] * 2


async def test_the_other_sets_can_be_read(desk: Desk, equipment: Equipment) -> None:
    """Request, note, team, employee."""
    assert (await desk.get(f"ServiceReqs('{REQUEST}')")).body["ServiceReqNumber"] == 10196
    assert (await desk.get(f"Journal__Notess('{NOTE}')")).body["NotesBody"] == "by hand"
    teams = await desk.get("StandardUserTeams", filter="Team eq 'systeemsoftware'")
    assert [row["Team"] for row in teams.body["value"]] == ["Systeemsoftware"]
    people = await desk.get("Employees", filter="LoginID eq 'svc-spentkey'")
    assert people.body["@odata.count"] == 1
    assert [route for route, _, _ in equipment.routes()] == [
        "request-read",
        "note-read",
        "team-query",
        "employee-query",
    ]


async def test_notes_hang_on_their_task(desk: Desk, equipment: Equipment) -> None:
    """By a filter on the parent, or as related records."""
    answer = await desk.get("Journal__Notess", filter=f"ParentLink_RecID eq '{CLOSED}'")
    assert [row["Subject"] for row in answer.body["value"]] == ["Done"]
    related = await desk.get(f"Task__Assignments('{CLOSED}')/TaskContainsJournal")
    assert [row["RecId"] for row in related.body["value"]] == [NOTE]
    assert equipment.routes() == [("note-query", "40022", 200)] * 2


async def test_pages_are_small_unless_asked(desk: Desk, equipment: Equipment) -> None:
    """25 rows by default; the rest by $skip; the count is of all."""
    requests = equipment.holder.world.ivanti.requests
    requests[0].parameters = [(f"Name{number}", "x") for number in range(60)]
    wish = f"ParentLink_RecID eq '{REQUEST}'"
    first = await desk.get("ServiceReqParams", filter=wish)
    rest = await desk.get("ServiceReqParams", filter=wish, skip="25", top="100")
    assert (first.body["@odata.count"], len(first.body["value"]), len(rest.body["value"])) == (60, 25, 35)
    assert not {row["RecId"] for row in first.body["value"]} & {row["RecId"] for row in rest.body["value"]}


@pytest.mark.parametrize(("option", "status"), [("body", 200), ("204", 204)])
async def test_nothing_found_has_no_body(desk: Desk, equipment: Equipment, option: str, status: int) -> None:
    """Neither an empty list nor an error."""
    equipment.holder.world.ivanti.empty = option
    answer = await desk.get("Task__Assignments", filter="AssignmentID eq 1")
    assert (answer.status, answer.body) == (status, None)


async def test_nothing_related_is_a_sentence(desk: Desk) -> None:
    """A text where a list belongs."""
    answer = await desk.get(f"ServiceReqs('{'E' * 32}')/ServiceReqContainsServiceReqParam")
    assert answer.body == {"value": "No instances found."}


async def test_a_mistyped_order_looks_like_nothing(desk: Desk) -> None:
    """204, although there are tasks; a right one sorts."""
    assert (await desk.get("Task__Assignments", orderby="AssigmentID desc")).status == 204
    answer = await desk.get("Task__Assignments", orderby="AssignmentID desc", select="AssignmentID,RecId")
    assert answer.body["value"] == [{"AssignmentID": 40022, "RecId": CLOSED}, {"AssignmentID": 40021, "RecId": TASK}]


async def test_a_selection_on_one_record_selects_nothing(desk: Desk) -> None:
    """Only the context is left."""
    answer = await desk.get(f"Task__Assignments('{TASK}')", select="Status")
    assert list(answer.body) == ["@odata.context"]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("AssignmentID eq 40021 and Status eq 'LOGGED'", [40021]),
        ("OwnerTeam eq 'Spentkey' and Owner eq '$NULL'", [40021]),
        ("Owner ne '$NULL'", [40022]),
        ("ReadOnly eq false", [40021]),
        ("AssignmentID gt 40021", [40022]),
        ("LastModDateTime gt 2001-01-01T00:00:00Z", [40021, 40022]),
        ("Subject eq 'it''s'", []),
        ("AssignmentID eq '40021'", []),
        ("(AssignmentID eq 40021 or AssignmentID eq 40022) and Status eq 'Logged'", [40021]),
    ],
)
async def test_filters_that_are_read_right(desk: Desk, wish: str, expected: list[int]) -> None:
    """Fields and literals joined by and; a number in quotes meets no number."""
    assert await desk.found("Task__Assignments", wish) == expected


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("contains(Subject,'no such text')", [40021, 40022]),
        ("AssignmentID eq 40021 and startswith(Subject,'(x)') eq true", [40021]),
        ("not Status eq 'Logged'", [40021]),
        ("Status eq 'Waiting' and (AssignmentID eq 40021 or AssignmentID eq 40022)", [40022]),
        ("(AssignmentID eq 40021) or (AssignmentID eq 40022)", []),
        ("AssignmentID eq 40021 or AssignmentID eq 40022 and Status eq 'Waiting'", []),
    ],
)
async def test_filters_that_are_misread(desk: Desk, wish: str, expected: list[int]) -> None:
    """200 and the wrong rows: whoever trusts the filter acts on them."""
    assert await desk.found("Task__Assignments", wish) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "AssigmentID eq 40021"},
        {"filter": "AssignmentID eq"},
        {"filter": "AssignmentID is 40021"},
        {"filter": "LastModDateTime gt datetime'2001-01-01'"},
        {"filter": "Subject eq 'open"},
        {"top": "101"},
        {"top": "0"},
        {"top": "many"},
        {"skip": "-1"},
        {"select": "Statsu"},
        {"search": "Sales"},
    ],
)
async def test_queries_that_are_refused(desk: Desk, query: dict[str, str]) -> None:
    """400 with the error's four keys."""
    answer = await desk.get("Task__Assignments", **query)
    assert (answer.status, answer.body["code"], set(answer.body)) == (
        400,
        "ISM_4000",
        {"code", "description", "message", "help"},
    )


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        (f"Task__Assignments('{'F' * 32}')", 400, "Invalid key"),
        ("Task__Assignments('40021')", 400, "Invalid key"),
        ("Task__Assignments('')", 400, "Key value cannot be empty"),
        (f"ServiceReqs('{'F' * 32}')/ServiceReqContainsServiceReqParam", 400, "Invalid key"),
        (f"ServiceReqs('{REQUEST}')/ServiceReqContainsTask", 404, "No service for the resource is registered."),
        ("Journal__Notes", 404, "No service for the resource is registered."),
        ("Tasks__Assignment", 404, "No service for the resource is registered."),
    ],
)
async def test_paths_that_are_refused(desk: Desk, path: str, status: int, message: str) -> None:
    """No record gives 400 and no 404; no set gives 404."""
    answer = await desk.get(path)
    assert (answer.status, answer.body["code"][:7], answer.body["message"]) == (
        status,
        f"ISM_{status // 100}00",
        [message],
    )


@pytest.mark.parametrize(
    "header", [None, f"Bearer {KEY}", KEY, f"rest_api_key {KEY}", "rest_api_key=", f"rest_api_key={KEY.lower()}"]
)
async def test_only_one_form_of_the_key_is_read(desk: Desk, header: str | None) -> None:
    """Everything else is 401 with the code for log-ins."""
    headers = {"Authorization": header} if header else {}
    address = f"/HEAT/api/odata/businessobject/Task__Assignments('{TASK}')"
    async with desk.client.get(address, headers=headers) as answer:
        assert answer.status == 401
        assert (await answer.json())["code"] == "ISM_4001"


async def test_outside_the_base_there_is_only_html(desk: Desk) -> None:
    """The other base answers, too, but not with JSON."""
    headers = {"Authorization": f"rest_api_key={KEY}"}
    async with desk.client.get("/api/odata/businessobject/Task__Assignments", headers=headers) as answer:
        assert (answer.status, answer.content_type) == (404, "text/html")


async def test_a_500_leaks(desk: Desk, equipment: Equipment) -> None:
    """Clients must keep such a body out of their logs."""
    equipment.fault("500", route="task-read")
    answer = await desk.get(f"Task__Assignments('{TASK}')")
    assert answer.body["code"] == "ISM_5000"
    assert "SessionId" in answer.body["message"][0]


async def test_the_truth_is_what_the_world_holds(equipment: Equipment) -> None:
    """Tasks by their numbers, with their notes and writes."""
    task = state.truth(equipment.holder.world)["tasks"]["40022"]
    assert (task["status"], task["read_only"], task["writes"]) == ("Completed", True, [])
    assert [note["subject"] for note in task["notes"]] == ["Done"]


async def test_who_asks_again_too_early_waits_anew(desk: Desk, equipment: Equipment) -> None:
    """The wait holds for the same thing alone."""
    equipment.fault("429", route="task-read", times=1, params={"retry_after": 10})
    read, statuses = f"Task__Assignments('{TASK}')", list[int]()
    for step in (0, 6, 6, 11):
        equipment.clock.step(step)
        statuses.append((await desk.get(read)).status)
    assert statuses == [429, 429, 429, 200]
    assert (await desk.get(f"Task__Assignments('{CLOSED}')")).status == 200
