"""Spentkey's contract suite for service desks, on this one."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from spentkey_json_desk import reference
from spentkey_json_desk.desk import JsonDesk

from spentkey.core.task import TaskRef
from spentkey.testing.desk import DeskContract, DeskRig


@dataclass
class Rig:
    """The desk, and what people do at it."""

    desk: JsonDesk

    @property
    def reference(self) -> Callable[[str], str | None]:
        return reference

    @property
    def unknown(self) -> TaskRef:
        return TaskRef("INC999")

    async def file(self, values: Mapping[str, str], group: str = "automation") -> TaskRef:
        tasks = json.loads(self.desk.file.read_text())
        ref = TaskRef(f"INC{len(tasks) + 1}")
        tasks[ref] = {"state": "open", "group": group, "asks": dict(values), "notes": [], "version": 1}
        self.desk.file.write_text(json.dumps(tasks))
        return ref

    async def file_for_others(self, values: Mapping[str, str]) -> TaskRef:
        return await self.file(values, group="network")

    async def give_back(self, ref: TaskRef) -> None:
        tasks = json.loads(self.desk.file.read_text())
        tasks[ref].update(group="automation", state="open", version=tasks[ref]["version"] + 1)
        self.desk.file.write_text(json.dumps(tasks))

    async def keep_otherwise(self) -> bool:
        return False  # what is written is what the file holds


class TestJsonDesk(DeskContract):
    """Every test of the suite."""

    file: Path

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        self.file = tmp_path / "tasks.json"
        self.file.write_text("{}")

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[DeskRig]:
        yield Rig(JsonDesk(self.file, "automation", "service desk"))
