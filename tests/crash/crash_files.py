"""The kill test with folders in place of Ivanti and Passwordstate: killed at each request, record and line of the log.

The judge is the same: the log of the request is shown to it as if it was a task of Ivanti.
"""

import fcntl
import json
import os
import random
import shutil
import signal
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from crash_cases import Moments, at_requests, play
from crash_runs import AtRecord, AtRequest, Blow, Stage
from crash_stories import STORIES, Story
from files_desk import ENTRIES, pfx_of
from files_truth import log_lines, task_of, wrong_in
from real_simulator import RealSimulator
from stores import records_of
from support_settings import toml
from waiting import until
from worlds import APP, CANARIES, TASK

FILES_STORIES = {
    name: STORIES[name]
    for name in (
        "secret",
        "certificate",
        "already gone",
        "hand-over",
        "no signer",
        "not permitted",
        "stale reads",
        "nothing done",
    )
}
BEFORE_A_LINE = ("noting", "closing", "reassigning")
"""The records that stand before a line of the log is written."""
AFTER_A_LINE = ("noted", "closed", "handed-over")


@dataclass(frozen=True)
class AtLine:
    """Kill as soon as a watcher sees the n-th line of the log."""

    nth: int

    def __str__(self) -> str:
        return f"at line {self.nth} of the log"


@dataclass(frozen=True)
class Between:
    """So many records and so many lines are on the disk; with `torn` a part of the next line too, or of the next record."""

    records: int
    lines: int
    torn: int | None = None
    """By which lot the next line is cut."""
    power: int | None = None
    """By which lot the power is cut while the next record is written."""

    def __str__(self) -> str:
        return f"after record {self.records} and line {self.lines}, lots {self.torn} and {self.power}"


@dataclass(frozen=True)
class Held:
    """Kill a process that is held up exactly before or after the n-th line of the log is appended.

    Before: the record that announces the line is there, and the process waits for the log's lock. After: the line is
    there, and the process waits to record it.
    """

    line: int
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} line {self.line} was appended"


FilesBlow = Blow | AtLine | Between | Held


@dataclass
class FilesSim(RealSimulator):
    """The simulator, whose one task is what the log says."""

    log: Path = field(default_factory=Path)
    minutes: float = 0

    def truth(self) -> dict[str, Any]:
        found = super().truth()
        found["ivanti"]["tasks"] = {str(TASK): task_of(log_lines(self.log), self.minutes)}
        return found

    def journal(self) -> list[dict[str, Any]]:
        """Without the requests by which the test itself got the signing files."""
        asked = [entry for entry in super().journal() if entry["system"] != "passwordstate"]
        return [{**entry, "n": number} for number, entry in enumerate(asked, start=1)]


@dataclass
class FilesStage(Stage):
    """Where stories are played with a folder of requests in the home, and a folder of secrets outside of it."""

    @property
    def log(self) -> Path:
        return self.home / "requests" / f"{TASK}.log"

    @property
    def request(self) -> Path:
        return self.log.with_suffix(".toml")

    @property
    def config(self) -> Path:
        return self.sim.config.parent / "files.toml"

    def set(self, story: Story) -> None:
        super().set(story)
        self.request.parent.mkdir(mode=0o770)
        self.request.write_text(_asked(story), "utf-8")
        self.request.chmod(0o640)
        secrets = self.sim.config.parent / "vault"
        shutil.rmtree(secrets, ignore_errors=True)
        secrets.mkdir(mode=0o700)
        contents = {f"{title}.{ending}": text.encode() for title, two in ENTRIES.items() for ending, text in _two(two)}
        if (
            story.made["passwordstate"]["documents"]
            and story.made["ivanti"]["requests"][0]["parameters"][3][1] != "Secret"
        ):
            contents |= {
                f"{APP}.pfx": pfx_of(self.sim, 501),
                f"{APP}.pfx.password": CANARIES["pfx password"].encode(),
            }
        for name, content in contents.items():
            (secrets / name).touch(mode=0o600)
            (secrets / name).write_bytes(content)
        self._write_config(secrets)

    def _write_config(self, secrets: Path) -> None:
        values = tomllib.loads(self.sim.config.read_text("utf-8"))
        del values["ivanti"], values["passwordstate"]
        values |= {"files": {"directory": str(self.log.parent)}, "secrets": {"directory": str(secrets)}}
        self.config.write_text("".join(f"{name} = {toml(value)}\n" for name, value in values.items()), "utf-8")
        self.config.chmod(0o600)

    def strike(self, story: Story, blow: FilesBlow) -> bool:
        if isinstance(blow, AtLine):
            return self._at_line(story, blow)
        if isinstance(blow, Between):
            self.run_to_die(story)
            self._leave(blow)
            return True
        if isinstance(blow, Held):
            return self._held(story, blow)
        return super().strike(story, blow)

    def _at_line(self, story: Story, blow: AtLine) -> bool:
        running, before = self.start(story), len(self._lines())
        while not running.ended(0.0):
            if len(self._lines()) - before >= blow.nth:
                running.kill()
                break
        return running.exit().code == -signal.SIGKILL

    def _lines(self) -> list[bytes]:
        return self.log.read_bytes().split(b"\n")[:-1] if self.log.exists() else []

    def _leave(self, blow: Between) -> None:
        lines = self._lines()
        rest = lines[blow.lines] if blow.torn is not None else b""
        following = self.lines()[blow.records :][:1]
        self.store.keep(blow.records)
        if blow.power is not None:
            self.store.lose(following[0], random.Random(blow.power))  # noqa: S311
        torn = rest[: random.Random(blow.torn).randrange(len(rest) + 1)]  # noqa: S311  # nothing secret hangs on it
        self.log.write_bytes(b"".join(line + b"\n" for line in lines[: blow.lines]) + torn)

    def _held(self, story: Story, blow: Held) -> bool:
        """Let the run come line by line to where it is to die, holding the log or the evidence against it."""
        running = self.start(story)
        until(lambda: len(self._lines()) == 1)
        log = os.open(self.log, os.O_RDWR)
        fcntl.flock(log, fcntl.LOCK_EX)
        with ExitStack() as evidence:
            for number in range(2, blow.line + 1):
                until(lambda at=number: self._announced() == at - 1)
                if number == blow.line and not blow.after:
                    break
                evidence.callback(self.store.hold())
                fcntl.flock(log, fcntl.LOCK_UN)
                until(lambda at=number: len(self._lines()) == at)
                if number < blow.line:
                    fcntl.flock(log, fcntl.LOCK_EX)
                    evidence.close()
            running.kill()
            killed = running.exit().code == -signal.SIGKILL
        os.close(log)
        assert killed, "a process that is held up is killed in time"
        return True

    def _announced(self) -> int:
        return sum(record["what"] in BEFORE_A_LINE for record in records_of(self.store))


def _two(login: tuple[str, str]) -> list[tuple[str, str]]:
    return list(zip(("username", "password"), login, strict=True))


def _asked(story: Story) -> str:
    parameters = story.made["ivanti"]["requests"][0]["parameters"]
    table = "".join(f"{json.dumps(name)} = {json.dumps(value)}\n" for name, value in parameters)
    return f'approved_by = "the owner"\n[request]\n{table}'


def files_stage(stage: Stage) -> FilesStage:
    """The same stage with folders."""
    sim, home, store = stage.sim, stage.home, stage.store
    log = home / "requests" / f"{TASK}.log"
    return FilesStage(
        FilesSim(sim.process, sim.config, sim.control, sim.environment, sim.printed, log), home, store, stage.fork
    )


def at_lines() -> list[AtLine]:
    """Every line of a story: the first sight, the note, the end."""
    return [AtLine(nth) for nth in (1, 2, 3)]


def held() -> list[Held]:
    """Exactly before and after the note and the end; not for a run without requests, which is too quick to be held up."""
    return [Held(line, after) for line in (2, 3) for after in (False, True)]


def between(moments: Moments, rolls: random.Random) -> Iterator[Between]:
    """From the last request on: each record and each line, each of them torn too."""
    kinds, lots = moments.kinds, lambda: rolls.randrange(2**31)
    first = moments.lines[-2] if len(moments.lines) > 1 else 0 if not moments.requests else kinds.index("noting")
    for count in range(first, len(kinds) + 1):
        lines = 1 + sum(kind in AFTER_A_LINE for kind in kinds[:count])
        if count == 0:
            yield from (Between(0, 0), Between(0, 0, lots()))
        if count and kinds[count - 1] in BEFORE_A_LINE:
            yield from (Between(count, lines), Between(count, lines, lots()), Between(count, lines, lots()))
            lines += 1
        yield Between(count, lines)
        if count < len(kinds):
            yield Between(count, lines, power=lots())


def every_blow(story: Story, moments: Moments, rolls: random.Random) -> list[FilesBlow]:
    """Every single kill."""
    within = [one for one in moments.within_records(rolls) if one.at is not None]
    return [
        *at_requests(story, moments),
        *moments.at_records(),
        *within,
        *at_lines(),
        *(held() if moments.requests else ()),
        *between(moments, rolls),
    ]


def series_of(story: Story, moments: Moments, rolls: random.Random, count: int) -> Iterator[tuple[FilesBlow, ...]]:
    """Two or three kills in a row, drawn by lot; what looks back at a finished run can only be the first."""
    first = every_blow(story, moments, rolls)
    later: list[AtRequest | AtRecord | AtLine] = [*at_requests(story, moments), *moments.at_records(), *at_lines()]
    for _ in range(count):
        yield (rolls.choice(first), *(rolls.choice(later) for _ in range(rolls.choice((1, 1, 2)))))


def files_failures(stage: FilesStage, story: Story, cases: Iterable[Sequence[FilesBlow]]) -> tuple[int, list[str]]:
    """Play the story with each of these series of kills: how many there were, and every case that does not hold."""
    count, found = 0, list[str]()
    for blows in cases:
        count += 1
        named = ", then ".join(str(blow) for blow in blows) or "never"
        problems = [*play(stage, story, cast("Sequence[Blow]", blows)), *_wrong(stage, story)]
        found += [f"killed {named}: {problem}" for problem in problems[:1]]
    return count, found


def _wrong(stage: FilesStage, story: Story) -> list[str]:
    """What only the folder can show: the log is whole, and the request is as people wrote it."""
    wrong = wrong_in(stage.log)
    if stage.request.read_text("utf-8") != _asked(story):
        wrong.append("7: the request was changed")
    whats = [one["what"] for one in log_lines(stage.log)]
    return wrong if whats == ["seen", "note", "status"] else [*wrong, f"3: the log has the lines {whats}"]
