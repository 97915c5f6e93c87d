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
    """Answers as an Ivanti that respells the category of a note's parent; it counts what is written."""

    category: str
    clock: QuickClock = field(default_factory=QuickClock)
    kept: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def write(self, _method: str, _path: str, body: dict[str, Any], *_: object) -> Response:
        self.kept.append({**body, "RecId": f"{len(self.kept):032X}", "ParentLink_Category": self.category})
        return Response(201, {}, json.dumps(self.kept[-1]).encode())

    async def read(self, _path: str, query: Mapping[str, str] | None, *_: object) -> Response:
        shown = {"value": self.kept} if query else self.kept[-1]
        return Response(200, {}, json.dumps(shown).encode())


def desk(odd: OddDesk) -> IvantiDesk:
    """The real desk on that line."""
    names = Fields("ActualEffort", "", "Status Update", "Task.Assignment")
    return IvantiDesk(cast("Any", odd), Secret("k"), FORMS, names)


async def test_a_respelt_parent_is_refused_after_one_note() -> None:
    """The people who run it are told which setting to look at."""
    odd = OddDesk("Task#Assignment")
    with pytest.raises(WriteRefused, match="note_parent_category"):
        await desk(odd).add_note(await shown_task(), NOTE)
    assert len(odd.kept) == 1


async def test_a_note_that_is_kept_as_written_is_written_once() -> None:
    """The control."""
    odd = OddDesk("Task.Assignment")
    await desk(odd).add_note(await shown_task(), NOTE)
    assert len(odd.kept) == 1
