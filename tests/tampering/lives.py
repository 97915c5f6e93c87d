"""A log that nobody tampered with, through whatever a life has: crashes, several processes, new keys, restored backups.

Whatever happened, verification holds, with the present key and with each earlier checkpoint that is still of this log.
"""

import asyncio
import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from harvest import Harvest
from support_core import ManualClock
from waiting import lasts

from spentkey.core.checkpoint_end import NotSigned, SignedHead
from spentkey.settings.modes import Modes
from spentkey.settings.surroundings import ProcessView
from spentkey.storage.checkpoints import Checkpoints
from spentkey.storage.key_change import change_key
from spentkey.storage.key_file import KEY_NAME, KeyFile
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.tree import SqliteTree
from spentkey.system import random_bytes
from tampering import Told, verdict

DATABASE = "spentkey.db"
MOST_STEPS = 12


@dataclass
class Life:
    """One log, on one machine."""

    rng: random.Random
    folder: Path
    clock: ManualClock = field(default_factory=ManualClock)
    held: list[str] = field(default_factory=list[str])
    """Checkpoints that somebody holds, of the log as it is now."""
    backup: tuple[Path, list[str]] | None = None
    number: int = 0
    happened: list[str] = field(default_factory=list[str])

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def evidence(self) -> SqliteEvidence:
        return SqliteEvidence(self.state, self.clock)

    def checkpoints(self, evidence: SqliteEvidence) -> Checkpoints:
        keys = KeyFile(self.state / KEY_NAME, self.state, Modes(ProcessView({})), random_bytes, made_here=True)
        return Checkpoints(SqliteTree(evidence), evidence, self.clock, keys)

    async def append(self, count: int) -> None:
        """Some records, some of them at the same time."""
        evidence = self.evidence()
        numbers = range(self.number, self.number + count)
        self.number += count
        await asyncio.gather(*(evidence.append("paused", {"who": "ops", "why": f"{number} é"}) for number in numbers))
        evidence.close()

    async def sign(self) -> None:
        """A checkpoint, which somebody gets."""
        evidence = self.evidence()
        self._takes(await self.checkpoints(evidence).make())
        evidence.close()

    async def new_key(self) -> None:
        """The old one says who follows; now and then it is lost before."""
        evidence = self.evidence()
        checkpoints = self.checkpoints(evidence)
        lost = bool(self.held) and self.rng.random() < 0.3
        if lost:
            (self.state / KEY_NAME).unlink(missing_ok=True)
        self._takes(await change_key(checkpoints, "ops", "a drill", lost=lost))
        evidence.close()

    def _takes(self, end: object) -> None:
        assert not isinstance(end, NotSigned), end
        if isinstance(end, SignedHead):
            self.held.append(end.note)

    async def copy(self) -> None:
        """A backup, of the database alone, as the guide says."""
        copy = self.folder / "backup.db"
        copy.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.state / DATABASE)) as live, closing(sqlite3.connect(copy)) as made:
            live.backup(made)
        self.backup = (copy, list(self.held))

    async def restore(self) -> None:
        """The backup is put back, and somebody says so; what was signed since is of a log that is gone."""
        if self.backup is None:
            return
        copy, held = self.backup
        (self.state / f"{DATABASE}-journal").unlink(missing_ok=True)
        shutil.copyfile(copy, self.state / DATABASE)
        evidence = self.evidence()
        self.held = list(held)
        self._takes(await self.checkpoints(evidence).restored("ops", "the disk was broken"))
        evidence.close()

    def killed(self) -> None:
        """Another process appends and signs until it is killed, wherever it is."""
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(self._busy())
            finally:
                os._exit(0)
        lasts(self.rng.random() * 0.04)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    async def _busy(self, times: int = 50) -> None:
        for _ in range(times):
            await self.append(3)
            await self.sign()

    def crowded(self) -> None:
        """Two processes append and sign at once."""
        children = list[int]()
        for _ in range(2):
            child = os.fork()
            if child == 0:
                try:
                    asyncio.run(self._busy(3))
                finally:
                    os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)


STEPS: dict[str, Callable[[Life], None]] = {
    "records": lambda life: asyncio.run(life.append(life.rng.randrange(1, 12))),
    "a checkpoint": lambda life: asyncio.run(life.sign()),
    "a process killed": Life.killed,
    "two processes": Life.crowded,
    "a new key": lambda life: asyncio.run(life.new_key()),
    "a backup": lambda life: asyncio.run(life.copy()),
    "a backup put back": lambda life: asyncio.run(life.restore()),
}


def lived(seed: int, harvest: Harvest, folder: Path) -> Told:
    """Live in that folder, which is made and removed, under the configuration of real evidence."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "state").mkdir(parents=True, mode=0o700)
    text = harvest.config.read_text("utf-8").replace(str(harvest.folder), str(folder))
    (folder / "spentkey.toml").write_text(text, "utf-8")
    (folder / "spentkey.toml").chmod(0o600)
    life = Life(random.Random(seed), folder)  # noqa: S311  # a replayable case
    try:
        asyncio.run(life.append(2))
        for _ in range(life.rng.randrange(2, MOST_STEPS)):
            name = life.rng.choice(sorted(STEPS))
            life.happened.append(name)
            STEPS[name](life)
        asyncio.run(life.sign())
        return _judged(life)
    finally:
        shutil.rmtree(folder)


def _judged(life: Life) -> Told:
    what = f"a life of {', '.join(life.happened)}"
    words = ["--key", (life.state / f"{KEY_NAME}.pub").read_text("utf-8").strip()] if life.rng.random() < 0.5 else []
    for number, note in enumerate(life.rng.sample(life.held, min(2, len(life.held)))):
        (life.folder / f"held-{number}").write_text(note, "utf-8")
        words += ["--checkpoint", str(life.folder / f"held-{number}")]
    code, told = verdict(Harvest(life.folder), *words)
    wrong = "" if (code, told["holds"]) == (0, True) else f"accused, with {words}: exit {code}, {told}"
    return Told(what, "lived, and not accused", wrong[:900])
