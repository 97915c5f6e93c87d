"""Evidence as a real installation leaves it: several runs against the simulator, with a folder as service desk."""

import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from commands import BIN, QUICK, environment
from spoilt_store import DATABASE, Server, SpoiltDatabase, SpoiltFile, SpoiltStore

SINGLE = ("task-40021", "task-40032", "task-40026")
"""Tasks that are run by themselves first, so that there are several checkpoints: two removals and a hand-over."""
START_S, LONGEST_S = 60.0, 240.0


@dataclass(frozen=True)
class Harvest:
    """The folder of a configuration after its runs: state, requests with their logs, secrets."""

    folder: Path
    database: SpoiltDatabase | None = None
    """Where the evidence is, if not in the state directory."""

    @property
    def store(self) -> SpoiltStore:
        return self.database or SpoiltFile(self.state / DATABASE)

    @property
    def config(self) -> Path:
        return self.folder / "spentkey.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def copied_to(self, folder: Path, server: Server | None = None) -> "Harvest":
        """A copy to spoil, with its evidence in a database of that server, if there is one."""
        shutil.copytree(self.folder, folder, symlinks=True)
        text = (folder / "spentkey.toml").read_text("utf-8").replace(str(self.folder), str(folder))
        (folder / "spentkey.toml").write_text(text, "utf-8")
        if server is None:
            return Harvest(folder)
        log = self.store.read()
        return Harvest(folder, server.takes_in(folder, log, log.origin()))


def harvest_in(folder: Path, seed: int) -> Harvest:
    """Run the tasks of the seeded world; all that ended stays in the folder."""
    folder.mkdir()
    harvest = Harvest(folder)
    with _simulator(harvest.config, seed):
        for command in (*(("run", task) for task in SINGLE), ("work", "--once")):
            _run(harvest, *command)
    return harvest


@contextmanager
def _simulator(config: Path, seed: int) -> Generator[None]:
    command = [str(BIN / "spentkey-sim"), "serve", "--calm", "--seed", str(seed), "--desk", "files"]
    process = subprocess.Popen([*command, "--config-out", str(config)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.strip() == "ready":
                break
        yield
    finally:
        process.terminate()
        process.communicate()


def _run(harvest: Harvest, *words: str) -> None:
    command = [str(BIN / "spentkey"), *words, "--config", str(harvest.config)]
    ended = subprocess.run(
        command,
        cwd=harvest.folder,
        env=environment(harvest.folder, **QUICK),
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S,
    )
    assert ended.returncode in (0, 2, 3, 4), ended.stderr
