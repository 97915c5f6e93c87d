"""The check-up of the folder: whether it can be used, and what is in it. Only reads."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

from spentkey.adapters.files.client import SYSTEM, FilesDesk, own
from spentkey.adapters.files.request_file import strays_in
from spentkey.core.errors import SpentkeyError
from spentkey.core.finding import Finding, FindingState
from spentkey.core.sanitize import plain
from spentkey.core.task import Task

MODE = "install -d -m 2770 -o ACCOUNT -g GROUP DIRECTORY makes a folder for ACCOUNT and the people of GROUP"
FIX = "correct the file, or take it away; the other requests are worked on all the same"
NAME = "a request is called NAME.toml: letters, digits, `.`, `_` and `-`, at most 64, the first a letter or a digit"


@dataclass(frozen=True)
class FilesCheck:
    """What must be in place in the folder."""

    desk: FilesDesk

    async def findings(self) -> AsyncIterator[Finding]:
        """The folder first; then each request that cannot be read, and how many wait."""
        directory = self.desk.directory
        what = f"directory {directory}"
        try:
            tasks, strays = await self.desk.all(), strays_in(directory)
        except SpentkeyError as problem:
            yield Finding(SYSTEM, what, FindingState.FAIL, str(problem).removeprefix("files.directory: "), MODE)
            return
        if not os.access(directory, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            yield Finding(SYSTEM, what, FindingState.FAIL, "cannot be written by this account", MODE)
            return
        yield Finding(SYSTEM, what, FindingState.OK, "can be read and written")
        for name in strays:
            yield Finding(SYSTEM, f"file {plain(name)}", FindingState.WARN, "is not read: no name of a request", NAME)
        for task in tasks:
            problem = _problem(task)
            if problem:
                yield Finding(SYSTEM, f"request {task.ref}", FindingState.WARN, problem, FIX)
        yield _queue(tasks, approve=self.desk.approve)


def _problem(task: Task) -> str:
    """Why people must look at it; a finished request needs nobody, even if it changed since."""
    pair = own(task)
    if pair.problem:
        return pair.problem
    if pair.log.torn:
        return f"{task.ref}.log: its last line has no line feed, so it does not count"
    return "changed after it was first seen, so it is not worked on" if pair.changed and task.is_open else ""


def _queue(tasks: list[Task], *, approve: bool) -> Finding:
    open_tasks = [task for task in tasks if task.is_open and not own(task).problem]
    ready = sum(task.is_ours and not own(task).changed for task in open_tasks)
    message = f"{ready} of {len(tasks)} requests can be worked on"
    if approve:
        message += f", {sum(not task.is_ours for task in open_tasks)} wait for approval"
    return Finding(SYSTEM, "queue", FindingState.OK, message)
