"""Guard G9 on one machine: turns by locks on files, inside one process and across real ones."""

import asyncio
import os
import re
import resource
import subprocess
import sys
from collections.abc import Generator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support_core import NOW, ManualClock

from spentkey.core.errors import Busy, EvidenceBroken, SpentkeyError, Who
from spentkey.core.task import TaskRef
from spentkey.storage.files.locks import POLL_S, FileLocks

APP, OTHER = "22222222-2222-4222-8222-222222222222", "22222222-2222-4222-8222-333333333333"
TASK, NEXT = TaskRef("40021"), TaskRef("40022")
HOLDER = """
import asyncio, sys
from pathlib import Path
from spentkey.storage.files.locks import FileLocks
from support_core import ManualClock

async def main():
    locks = FileLocks(Path(sys.argv[1]), ManualClock(), 5, 0)
    async with locks.task(sys.argv[3]) if sys.argv[2] == "task" else locks.application(sys.argv[3]):
        print("held", flush=True)
        sys.stdin.read()

asyncio.run(main())
"""


def locks_in(directory: Path, clock: ManualClock | None = None, patience_s: float = 2) -> FileLocks:
    """Turns in that state directory, five seconds apart."""
    return FileLocks(directory, clock or ManualClock(), 5, patience_s)


@contextmanager
def another_process(directory: Path, kind: str, name: str) -> Generator[subprocess.Popen[str]]:
    """A real process that holds a turn until its input ends or it is killed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", HOLDER, str(directory), kind, name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


class EndingClock(ManualClock):
    """A clock on which another process ends its turn during the first wait."""

    def __init__(self, holder: subprocess.Popen[str]) -> None:
        super().__init__()
        self._holder = holder

    async def sleep(self, seconds: float) -> None:
        """Let the other end, then move the time on."""
        if self._holder.stdin is not None and not self._holder.stdin.closed:
            self._holder.stdin.close()
            self._holder.wait(30)
        await super().sleep(seconds)


@pytest.mark.parametrize("kind", ["task", "app"])
async def test_inside_one_process_one_holder_has_a_turn_at_a_time(tmp_path: Path, kind: str) -> None:
    """The second waits as long as the first holds it, and then has it."""
    locks = locks_in(tmp_path)

    def hold(kind: str) -> AbstractAsyncContextManager[None]:
        return locks.task(TASK) if kind == "task" else locks.application(APP)

    async def second() -> None:
        async with hold(kind):
            pass

    async with hold(kind):
        waiting = asyncio.create_task(second())
        done, _ = await asyncio.wait({waiting}, timeout=0.05)
        assert done == set()
    async with asyncio.timeout(1):
        await waiting


async def test_different_tasks_and_applications_do_not_wait_for_one_another(tmp_path: Path) -> None:
    """Four turns held at once, without a pause."""
    clock = ManualClock()
    locks = locks_in(tmp_path, clock)
    async with (
        asyncio.timeout(1),
        locks.application(APP),
        locks.application(OTHER),
        locks.task(TASK),
        locks.task(NEXT),
    ):
        assert clock.slept == []


async def test_a_task_and_an_application_of_one_name_are_different_turns(tmp_path: Path) -> None:
    """Somebody who works on a task takes the turn of an application inside it, whatever either is called."""
    locks = locks_in(tmp_path)
    async with asyncio.timeout(1), locks.task(TaskRef("1")), locks.application("1"):
        assert sorted(path.name for path in (tmp_path / "locks").iterdir()) == ["app-1.lock", "task-1.lock"]


def files_in(directory: Path) -> list[str]:
    """Every file below it, by its path from there."""
    return [str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()]


NO_FILE_NAMES = [
    "a/b",
    "../../etc/x",
    "/abs",
    ".",
    "..",
    ".hidden",
    "a b",
    "",
    "\u00e9",
    "a\nb",
    "\ud800",
    "x" * 101,
    "-v",
]


@pytest.mark.parametrize("text", NO_FILE_NAMES, ids=repr)
async def test_a_reference_that_is_no_file_name_is_locked_by_its_hash(tmp_path: Path, text: str) -> None:
    """Its file lies where all locks lie, and another process that means the same task waits for it."""
    ref = TaskRef(text)
    async with locks_in(tmp_path / "state").task(ref):
        (file,) = files_in(tmp_path)
        assert re.fullmatch(r"state/locks/task-sha256-[0-9a-f]{64}\.lock", file)
        with pytest.raises(Busy):
            async with locks_in(tmp_path / "state", patience_s=0).task(ref):
                pass


async def test_every_reference_has_a_lock_of_its_own(tmp_path: Path) -> None:
    """Whether it is a file name or not; names that are stay readable."""
    locks = locks_in(tmp_path)
    texts = ["40021", "SCTASK0010001", "sales-2026-07", "x" * 100, *NO_FILE_NAMES]
    async with asyncio.timeout(5), AsyncExitStack() as stack:
        for text in texts:
            await stack.enter_async_context(locks.task(TaskRef(text)))
        names = {path.name for path in (tmp_path / "locks").iterdir()}
    assert len(names) == len(texts)
    assert {f"task-{text}.lock" for text in texts[:4]} <= names


@pytest.mark.parametrize(("kind", "name"), [("task", TASK), ("app", APP)])
async def test_a_turn_that_another_process_holds_is_waited_for(tmp_path: Path, kind: str, name: str) -> None:
    """It is tried again every half second, and had as soon as the other ends."""
    with another_process(tmp_path, kind, name) as holder:
        clock = EndingClock(holder)
        locks = locks_in(tmp_path, clock)
        async with locks.task(TASK) if kind == "task" else locks.application(APP):
            assert clock.slept[:1] == [POLL_S]
            assert holder.poll() == 0


@pytest.mark.parametrize(("kind", "name"), [("task", TASK), ("app", APP)])
async def test_a_dead_process_frees_its_turn_at_once(tmp_path: Path, kind: str, name: str) -> None:
    """SIGKILL leaves nothing to wait for but the pause between writes to one application."""
    with another_process(tmp_path, kind, name) as holder:
        holder.kill()
        holder.wait(30)
        clock = ManualClock(datetime.now(UTC) + timedelta(days=1))  # noqa: TID251  # the pause is long over
        locks = locks_in(tmp_path, clock, patience_s=0)
        async with locks.task(TASK) if kind == "task" else locks.application(APP):
            assert clock.slept == []


async def test_who_is_held_up_too_long_gives_up(tmp_path: Path) -> None:
    """After the patience, with what it waited for; nobody must act, so the task stays open."""
    with another_process(tmp_path, "task", TASK):
        clock = ManualClock()
        locks = locks_in(tmp_path, clock, patience_s=2)
        with pytest.raises(Busy, match=f"another process has been working on task-{TASK} for 2 s") as refused:
            async with locks.task(TASK):
                pass
        assert (clock.slept, refused.value.who) == ([POLL_S] * 4, Who.NOBODY)
        async with asyncio.timeout(1), locks.task(NEXT), locks.application(APP):
            pass


async def test_without_patience_it_is_tried_once(tmp_path: Path) -> None:
    """The boundary: no wait at all."""
    with another_process(tmp_path, "app", APP):
        clock = ManualClock()
        with pytest.raises(Busy, match=r"for 0 s$"):
            async with locks_in(tmp_path, clock, patience_s=0).application(APP):
                pass
        assert clock.slept == []


async def test_who_gave_up_may_try_again(tmp_path: Path) -> None:
    """Giving up holds nothing back: neither the turn inside this process nor the file."""
    locks = locks_in(tmp_path, patience_s=0)
    with another_process(tmp_path, "task", TASK), pytest.raises(Busy):
        async with locks.task(TASK):
            pass
    async with asyncio.timeout(1), locks.task(TASK):
        pass


async def test_writes_to_one_application_are_spaced(tmp_path: Path) -> None:
    """The pause counts from the end of the last turn, and time that has passed anyway is not waited for again."""
    clock = ManualClock()
    locks = locks_in(tmp_path, clock)
    async with locks.application(APP):
        await clock.sleep(60)
    assert clock.slept == [60]
    async with locks.application(APP):
        assert clock.slept == [60, 5]
    await clock.sleep(3)
    async with locks.application(APP):
        assert clock.slept == [60, 5, 3, 2]


@pytest.mark.parametrize(("passed", "slept"), [(0, [5]), (4.5, [0.5]), (5, []), (6, [])])
async def test_the_pause_holds_across_processes(tmp_path: Path, passed: float, slept: list[float]) -> None:
    """Another object on the same directory, as another process has it, waits for what is left of the pause."""
    async with locks_in(tmp_path).application(APP):
        pass
    later = ManualClock(NOW + timedelta(seconds=passed))
    async with locks_in(tmp_path, later).application(APP):
        assert later.slept == pytest.approx(slept)


async def test_a_clock_that_went_back_asks_for_no_more_than_the_pause(tmp_path: Path) -> None:
    """An hour of wrong time is not waited for."""
    async with locks_in(tmp_path, ManualClock(NOW + timedelta(hours=1))).application(APP):
        pass
    clock = ManualClock()
    async with locks_in(tmp_path, clock).application(APP):
        assert clock.slept == [5]


async def test_a_first_turn_waits_for_nobody(tmp_path: Path) -> None:
    """There is no pause before the first write."""
    clock = ManualClock()
    async with locks_in(tmp_path, clock).application(APP):
        assert clock.slept == []


async def test_turns_on_a_task_are_not_spaced(tmp_path: Path) -> None:
    """Only Graph asks for a pause."""
    clock = ManualClock()
    locks = locks_in(tmp_path, clock)
    for _ in range(3):
        async with locks.task(TASK):
            pass
    assert clock.slept == []


async def test_a_turn_is_given_back_when_its_holder_fails(tmp_path: Path) -> None:
    """An exception does not lock the application for the rest of the run, and the pause still counts."""
    clock = ManualClock()
    locks = locks_in(tmp_path, clock)
    with pytest.raises(ZeroDivisionError):
        async with locks.application(APP):
            raise ZeroDivisionError
    async with asyncio.timeout(1), locks.application(APP):
        assert clock.slept == [5]


async def test_locks_are_for_their_owner_only(tmp_path: Path) -> None:
    """0600 and 0700, also under a mask that would allow everything."""
    before = os.umask(0)
    try:
        async with locks_in(tmp_path / "state").application(APP):
            pass
    finally:
        os.umask(before)
    modes = [(tmp_path / "state" / "locks" / name).stat().st_mode & 0o777 for name in ("", f"app-{APP}.lock")]
    assert modes == [0o700, 0o600]


async def unusable(directory: Path) -> SpentkeyError:
    """What is raised when a turn is asked for there."""
    with pytest.raises(EvidenceBroken) as broken:
        async with locks_in(directory).application(APP):
            pass
    return broken.value


async def test_a_directory_that_cannot_be_made_is_said_to_be_unusable(tmp_path: Path) -> None:
    """One line with the place, and the operator must act; without a lock nothing is removed."""
    (tmp_path / "a-file").write_text("x")
    problem = await unusable(tmp_path / "a-file")
    assert (f"the lock app-{APP} in {tmp_path}/a-file/locks cannot be used" in str(problem), problem.who) == (
        True,
        Who.OPERATOR,
    )


async def test_a_lock_that_is_a_directory_is_said_to_be_unusable(tmp_path: Path) -> None:
    """Not a traceback."""
    (tmp_path / "locks" / f"app-{APP}.lock").mkdir(parents=True)
    assert "cannot be used" in str(await unusable(tmp_path))


async def test_a_full_disk_is_said_so(tmp_path: Path) -> None:
    """Where no byte can be written the turn is not had; here the process may write to no file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        problem = await unusable(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot be written (File too large)" in str(problem)


async def test_a_lock_is_not_opened_through_a_link(tmp_path: Path) -> None:
    """Whoever made it would choose which file is written to."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / f"app-{APP}.lock").symlink_to(tmp_path / "elsewhere")
    assert "cannot be used (Too many levels of symbolic links)" in str(await unusable(tmp_path))
    assert not (tmp_path / "elsewhere").exists()
