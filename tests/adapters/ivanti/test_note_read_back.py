"""A note that Ivanti keeps otherwise than it was written is not written a second time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from ivanti_tasks import FORMS, shown_task
from real_simulator import QuickClock

from spentkey.adapters.ivanti.client import Fields, IvantiDesk
from spentkey.core.errors import WriteRefused
from spentkey.core.notes import NewNote
from spentkey.core.secret import Secret
from spentkey.http.client import Response

NOTE = NewNote("Secret removal failed", "text [spentkey task=1 assignment=1 done x]", "[spentkey task=1 ")


@dataclass
class OddDesk:
    """Answers as an Ivanti that keeps a note otherwise than it was written; it counts what is written."""

    changes: dict[str, Any]
    tells_id: bool = True
    clock: QuickClock = field(default_factory=QuickClock)
    kept: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def write(self, _method: str, _path: str, body: dict[str, Any], *_: object) -> Response:
        self.kept.append({**body, "RecId": f"{len(self.kept):032X}", **self.changes})
        told = self.kept[-1] if self.tells_id else {}
        return Response(201, {}, json.dumps(told).encode())

    async def read(self, _path: str, query: Mapping[str, str] | None, *_: object) -> Response:
        shown = {"value": self.kept} if query else self.kept[-1]
        return Response(200, {}, json.dumps(shown).encode())


def desk(odd: OddDesk) -> IvantiDesk:
    """The real desk on that line."""
    names = Fields("ActualEffort", "", "Status Update", "Task.Assignment")
    return IvantiDesk(cast("Any", odd), Secret("k"), FORMS, names)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ParentLink_Category": "Task#Assignment"}, "note_parent_category"),
        ({"Category": "Memo"}, "note_category"),
        ({"NotesBody": "text"}, "only a part"),
        ({"NotesBody": ""}, "only a part"),
    ],
)
async def test_a_note_that_is_kept_otherwise_is_written_once(changes: dict[str, Any], words: str) -> None:
    """It is found by its RecId, and what differs is told; another one would be a second note."""
    odd = OddDesk(changes)
    added = await desk(odd).add_note(await shown_task(), NOTE)
    assert (len(odd.kept), added.note_id, len(added.warnings)) == (1, f"{0:032X}", 1)
    assert words in added.warnings[0]


async def test_a_note_whose_answer_told_no_id_is_found_by_its_marker() -> None:
    """And its id is known from there."""
    odd = OddDesk({}, tells_id=False)
    added = await desk(odd).add_note(await shown_task(), NOTE)
    assert (len(odd.kept), added.note_id, added.warnings) == (1, f"{0:032X}", ())


async def test_a_note_on_another_record_is_none() -> None:
    """It is sent again at most twice, then refused."""
    odd = OddDesk({"ParentLink_RecID": "F" * 32})
    with pytest.raises(WriteRefused, match="does not show the note"):
        await desk(odd).add_note(await shown_task(), NOTE)
    assert len(odd.kept) == 3


async def test_a_note_that_is_kept_as_written_is_written_once() -> None:
    """The control."""
    odd = OddDesk({})
    added = await desk(odd).add_note(await shown_task(), NOTE)
    assert (len(odd.kept), added.warnings) == (1, ())
