"""Every service desk of ours passes the suite that ships: Ivanti on the simulator, and the folder."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fault_rules import fault
from real_simulator import RealSimulator
from support_core import ManualClock
from support_settings import toml
from worlds import world

from spentkey.adapters.files.client import FilesDesk
from spentkey.adapters.files.register import reference as files_reference
from spentkey.adapters.files.request_log import append
from spentkey.adapters.ivanti.register import open_desk
from spentkey.adapters.ivanti.register import reference as ivanti_reference
from spentkey.adapters.ivanti.requests import IvantiOpeningDesk
from spentkey.bootstrap.context import connected_for, outside_of
from spentkey.core.task import TaskRef
from spentkey.testing.desk import DeskContract, DeskRig

FIRST = 41001


@dataclass
class IvantiRig:
    """Ivanti in the simulator; each filed task makes the world anew."""

    sim: RealSimulator
    desk: IvantiOpeningDesk
    tasks: list[tuple[dict[str, object], Mapping[str, str]]] = field(
        default_factory=list[tuple[dict[str, object], Mapping[str, str]]]
    )

    @property
    def reference(self) -> Callable[[str], str | None]:
        return ivanti_reference

    @property
    def unknown(self) -> TaskRef:
        return TaskRef("49999")

    async def file(self, values: Mapping[str, str], **more: object) -> TaskRef:
        self.tasks.append((more, values))
        made = world()
        numbers = range(FIRST, FIRST + len(self.tasks))
        made["ivanti"]["requests"] = [
            {"number": number + 10_000, "parameters": [list(pair) for pair in asked.items()]}
            for number, (_, asked) in zip(numbers, self.tasks, strict=True)
        ]
        made["ivanti"]["tasks"] = [
            {"number": number, "parent": number + 10_000, **other}
            for number, (other, _) in zip(numbers, self.tasks, strict=True)
        ]
        self.sim.post_reset(made)
        return TaskRef(str(numbers[-1]))

    async def file_for_others(self, values: Mapping[str, str]) -> TaskRef:
        return await self.file(values, owner_team="Servicedesk")

    async def give_back(self, ref: TaskRef) -> None:
        fields = {"OwnerTeam": "Spentkey", "Status": "Logged", "Owner": ""}
        self.sim.faults(fault("ivanti", "task-query", "edit-task", nth=1, params={"task": ref, "fields": fields}))

    async def keep_otherwise(self) -> bool:
        self.sim.behave(minutes="computed")
        return True


@dataclass
class FilesRig:
    """A folder."""

    desk: FilesDesk
    number: int = 0

    @property
    def reference(self) -> Callable[[str], str | None]:
        return files_reference

    @property
    def unknown(self) -> TaskRef:
        return TaskRef("nobody")

    async def file(self, values: Mapping[str, str]) -> TaskRef:
        return self._file(values, 'approved_by = "the owner"\n')

    async def file_for_others(self, values: Mapping[str, str]) -> TaskRef:
        return self._file(values, "")

    def _file(self, values: Mapping[str, str], head: str) -> TaskRef:
        self.number += 1
        ref = TaskRef(f"request-{self.number}")
        table = "".join(f"{json.dumps(name)} = {toml(value)}\n" for name, value in values.items())
        (self.desk.directory / f"{ref}.toml").write_text(f"{head}[request]\n{table}")
        return ref

    async def give_back(self, ref: TaskRef) -> None:
        facts = {"at": "2026-07-01T12:00:00+00:00", "what": "status", "by": "somebody", "status": "open", "owner": ""}
        append(self.desk.directory, ref, facts, lambda _: False)

    async def keep_otherwise(self) -> bool:
        return False  # what is written is what the log holds


class TestIvanti(DeskContract):
    """Over OData, TLS and a process of its own."""

    sim: RealSimulator

    @pytest.fixture(autouse=True)
    def _simulator(self, sim: RealSimulator) -> None:
        self.sim = sim

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[DeskRig]:
        settings = self.sim.settings()
        assert settings.desk is not None
        async with connected_for(settings, ManualClock(), use_proxies=False) as connections:
            desk = await open_desk(settings.desk.section, outside_of(settings, connections))  # pyright: ignore[reportArgumentType]
            yield IvantiRig(self.sim, desk)


class TestFiles(DeskContract):
    """The folder."""

    folder: Path

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o700)
        self.folder = tmp_path

    @asynccontextmanager
    async def rig(self) -> AsyncGenerator[DeskRig]:
        yield FilesRig(FilesDesk(self.folder, approve=True, clock=ManualClock()))
