"""Changes the signing key in processes that die by SIGKILL, each before another step, and leaves what is on the disk.

`python key_change_kills.py FOLDER` makes a state directory FOLDER/N for each step, the first being 1, until one process
lives to the end. Each is forked from this program, which has no threads at that moment.
"""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / "support")]

from support_core import ManualClock  # noqa: E402

from spentkey.settings.modes import Modes  # noqa: E402
from spentkey.settings.surroundings import ProcessView  # noqa: E402
from spentkey.storage import key_file, small_file  # noqa: E402
from spentkey.storage.checkpoints import Checkpoints  # noqa: E402
from spentkey.storage.key_change import change_key  # noqa: E402
from spentkey.storage.key_file import KEY_NAME, KeyFile  # noqa: E402
from spentkey.storage.sqlite.evidence import SqliteEvidence  # noqa: E402
from spentkey.storage.sqlite.tree import SqliteTree  # noqa: E402
from spentkey.system import random_bytes  # noqa: E402

STEPS: tuple[tuple[Any, str], ...] = (
    (os, "open"),
    (os, "write"),
    (os, "fsync"),
    (Path, "replace"),
    (Path, "unlink"),
    (small_file, "flush_names"),
    (key_file, "flush_names"),
)
"""What changes a file."""


def keys_in(state: Path) -> KeyFile:
    """The files of the key, as one machine has them."""
    return KeyFile(state / KEY_NAME, state, Modes(ProcessView({})), random_bytes, made_here=True)


def signer_of(state: Path) -> Checkpoints:
    """What a process has that starts now; the caller closes its evidence."""
    log = SqliteEvidence(state, ManualClock())
    return Checkpoints(SqliteTree(log), log, ManualClock(), keys_in(state))


def with_signer(state: Path, use: Callable[[Checkpoints], Awaitable[Any]]) -> Any:
    """What comes of it, in an event loop and a connection of its own."""
    signer = signer_of(state)
    assert isinstance(signer.evidence, SqliteEvidence)
    with closing(signer.evidence):

        async def used() -> Any:
            return await use(signer)

        return asyncio.run(used())


async def begin(signer: Checkpoints) -> None:
    """Two records, signed."""
    for number in range(2):
        await signer.evidence.append("note", {"task": 40021, "number": number})
    await signer.make()


def dies(at: int) -> Callable[[Checkpoints], Awaitable[Any]]:
    """Change the key, and be killed before that step."""
    steps = itertools.count(1)

    def step() -> None:
        if next(steps) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def stepped(function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            step()
            return function(*given, **named)

        return counted

    def awaited(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counted(*given: Any, **named: Any) -> Any:
            step()
            ended = await function(*given, **named)
            step()
            return ended

        return counted

    async def change(signer: Checkpoints) -> None:
        await signer.evidence.verify()  # opened before the steps are counted
        for owner, name in STEPS:
            setattr(owner, name, stepped(getattr(owner, name)))
        for owner, name in ((signer.evidence, "append_unless"), (signer.tree, "keep_checkpoint")):
            setattr(owner, name, awaited(getattr(owner, name)))
        await change_key(signer, "ops", "yearly", lost=False)

    return change


def main(folder: Path) -> None:
    """One process for each step; prints how many were killed."""
    for at in itertools.count(1):
        state = folder / str(at)
        state.mkdir(mode=0o700)
        with_signer(state, begin)
        child = os.fork()
        if child == 0:
            with_signer(state, dies(at))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            print(at - 1 if os.WEXITSTATUS(status) == 0 else "a process failed")
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
