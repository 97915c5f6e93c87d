"""Reads of whole sets go on where a page or a record cannot be read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from ivanti_tasks import ROW, one_row_desk, shown_task
from real_simulator import QuickClock

from spentkey.adapters.ivanti.rows import MOST_ROWS, all_rows
from spentkey.core.errors import OddData, Outage
from spentkey.core.task import TaskRef
from spentkey.http.client import Response, TooLarge
from spentkey.ports.read_only import Unmeasured


@dataclass
class Pages:
    """A set of so many records, of which some are too large, or no JSON; pages of more than `most` are too large."""

    count: int
    most: int = 100
    odd: frozenset[int] = frozenset()
    answer: Response | None = None
    asked: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    async def read(self, path: str, query: Mapping[str, str]) -> Response:
        del path
        skip, top = int(query.get("$skip", "0")), int(query["$top"])
        self.asked.append((skip, top))
        numbers = range(skip, min(skip + top, self.count))
        if top > self.most or self.odd & set(numbers):
            if self.answer is None:
                raise TooLarge("Ivanti answered more than 64 MB")
            return self.answer
        return Response(200, {}, json.dumps({"value": [{"RecId": str(one)} for one in numbers]}).encode())


async def numbers_of(pages: Pages) -> tuple[list[int], list[str], bool]:
    """The records that were read, what was left out, and whether that is all there is."""
    found = await all_rows(pages.read, "Task__Assignments", {"$filter": "x"})
    return [int(row["RecId"]) for row in found.rows], [str(one) for one in found.left_out], found.whole


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
async def test_every_record_is_read_once(count: int) -> None:
    """In pages of 100."""
    assert await numbers_of(Pages(count)) == (list(range(count)), [], True)


@pytest.mark.parametrize("most", [1, 3, 50, 99])
@pytest.mark.parametrize("answer", [None, Response(413, {}, b"")])
async def test_a_page_that_is_too_large_is_asked_for_in_halves(most: int, answer: Response | None) -> None:
    """Until it fits."""
    assert await numbers_of(Pages(130, most=most, answer=answer)) == (list(range(130)), [], True)


@pytest.mark.parametrize("answer", [None, Response(413, {}, b""), Response(200, {}, b'{"value": [{"a": 1, "a": 2}]}')])
async def test_a_record_that_cannot_be_read_alone_is_left_out_and_named(answer: Response | None) -> None:
    """The others are there."""
    rows, left_out, whole = await numbers_of(Pages(130, odd=frozenset({7, 129}), answer=answer))
    assert (rows, whole) == ([one for one in range(130) if one not in (7, 129)], True)
    assert [one.split(" cannot")[0] for one in left_out] == [
        "record 8 of Task__Assignments",
        "record 130 of Task__Assignments",
    ]


async def test_a_set_of_which_nothing_can_be_read_is_an_outage_and_not_empty() -> None:
    """Else a task would seem not to be there."""
    with pytest.raises(Outage, match="cannot be read"):
        await numbers_of(Pages(1, odd=frozenset({0})))


async def test_an_answer_that_is_never_readable_is_an_outage() -> None:
    """It is not worked through record by record."""
    pages = Pages(5000, odd=frozenset(range(5000)))
    with pytest.raises(Outage, match="cannot be read"):
        await numbers_of(pages)
    assert len(pages.asked) < 100


@pytest.mark.parametrize("count", [MOST_ROWS, MOST_ROWS + 1])
async def test_of_too_many_records_the_first_are_read(count: int) -> None:
    """And it is said where there are more."""
    rows, left_out, whole = await numbers_of(Pages(count))
    assert (len(rows), whole, bool(left_out)) == (MOST_ROWS, count == MOST_ROWS, count > MOST_ROWS)


@dataclass
class Queue:
    """An Ivanti with these tasks, which knows `$select` or refuses it."""

    rows: list[dict[str, Any]]
    selects: bool = True
    clock: QuickClock = field(default_factory=QuickClock)
    meter: Unmeasured = field(default_factory=Unmeasured)
    asked: list[str] = field(default_factory=list[str])

    async def read(self, _path: str, query: Mapping[str, str] | None, *_: object) -> Response:
        names = (query or {}).get("$select", "")
        self.asked.append(names)
        if names and not self.selects:
            return Response(400, {}, b'{"code": "ISM_4000", "message": ["Invalid Request Payload"]}')
        asked = (query or {}).get("$filter", "")
        queued, status = "Status eq " in asked, asked.rpartition("Status eq ")[2].strip("'")
        rows = [row for row in self.rows if not queued or row.get("Status") == status]
        shown = [{name: row[name] for name in names.split(",") if name in row} if names else row for row in rows]
        return Response(200, {}, json.dumps({"value": shown}).encode())


async def test_a_queue_asks_for_the_fields_that_it_uses() -> None:
    """No text of the task among them."""
    server = Queue([ROW])
    assert [task.ref for task in await one_row_desk(server).queue()] == ["40021"]
    assert {"RecId", "OwnerTeam", "ActualEffort"} <= set(server.asked[0].split(","))
    assert "Details" not in server.asked[0]


async def test_an_ivanti_that_refuses_the_selection_is_asked_for_everything() -> None:
    """One of the fields may not be there."""
    server = Queue([ROW], selects=False)
    assert [task.ref for task in await one_row_desk(server).queue()] == ["40021"]


@pytest.mark.parametrize(
    ("odd", "named"),
    [
        ({"Owner": {"a": 1}}, "task 40099, whose Owner"),
        ({"RecId": "short"}, "task 40099, whose RecId"),
        ({"AssignmentID": None}, "whose AssignmentID"),
        ({"ParentLink_Category": 5}, "task 40099, whose ParentLink_Category"),
    ],
)
async def test_an_unreadable_task_is_named_and_the_others_are_there(odd: dict[str, Any], named: str) -> None:
    """One with a readable number is in the queue, so that a try at it says why it cannot be worked on."""
    look = await one_row_desk(Queue([{**ROW, "AssignmentID": 40099, **odd}, ROW])).look()
    assert [named in one for one in look.odd] == [True]
    assert [task.ref for task in look.tasks] == (["40021"] if "AssignmentID" in odd else ["40021", "40099"])


async def test_a_parameter_whose_name_cannot_be_read_is_left_out() -> None:
    """It is named in the result; the others are asked for."""
    parent = ROW["ParentLink_RecID"]
    rows = [
        {"ParentLink_RecID": parent, "ParameterName": 7, "ParameterValue": "x"},
        {"ParentLink_RecID": parent, "ParameterName": "AppID", "ParameterValue": "y"},
    ]
    request = await one_row_desk(Queue(rows)).request(await shown_task())
    assert (request.value("AppID"), len(request.odd)) == ("y", 1)
    assert "a parameter of task 40021, whose ParameterName" in request.odd[0]


@pytest.mark.parametrize("odd", [{}, {"Subject": "x"}])
async def test_a_record_in_the_place_of_the_task_is_not_called_missing(odd: dict[str, Any]) -> None:
    """The task that is asked about may be it."""
    with pytest.raises(OddData, match="AssignmentID"):
        await one_row_desk(Queue([odd])).find(TaskRef("40021"))


async def test_a_note_that_is_no_record_may_be_ours() -> None:
    """So none is written, and people look in the end."""
    with pytest.raises(OddData, match="a note on task 40021"):
        await one_row_desk(Queue([{}])).notes(await shown_task())
