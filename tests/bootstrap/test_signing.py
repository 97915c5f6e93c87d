"""When checkpoints are made, and that nothing about them stands in the way of work."""

import asyncio
import io
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from evidence_store import evidence_in, lines_in, put_lines, records_in
from support_core import ManualClock
from support_settings import load

from spentkey.bootstrap.checkpoints import Signing, checkpoints_of, key_file_of, newest_in, sign_what_was_added, signing
from spentkey.bootstrap.notices import checkpoints_overdue
from spentkey.bootstrap.storage import storage_for
from spentkey.core.checkpoint import read_checkpoint
from spentkey.core.checkpoint_end import CheckpointEnd, SignedHead, UnsignedHead
from spentkey.core.errors import EvidenceBroken, Outage
from spentkey.core.tree import TreeHead
from spentkey.observe.logs import Logged, logging_to
from spentkey.observe.metrics import Metrics
from spentkey.observe.observer import Observers
from spentkey.settings.schema import Settings

DATABASE = {"engine": {"database_url": {"env": "URL"}}}
URL = "postgresql://spentkey@127.0.0.1/spentkey"


@dataclass
class Heard:
    """What was told."""

    ends: list[CheckpointEnd] = field(default_factory=list[CheckpointEnd])
    failures: list[str] = field(default_factory=list[str])

    def checkpointed(self, end: CheckpointEnd) -> None:
        """Note it."""
        self.ends.append(end)

    def not_checkpointed(self, why: str) -> None:
        """Note it."""
        self.failures.append(why)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a state directory of its own."""
    tmp_path.chmod(0o700)
    return load(tmp_path, {"state": {"directory": "state"}, "evidence": {"checkpoint_every": "10m"}})


def state_of(settings: Settings) -> Path:
    """Where it is."""
    assert settings.state.directory is not None
    return settings.state.directory


async def record(settings: Settings) -> None:
    """One record more."""
    await evidence_in(state_of(settings)).append("paused", {"who": "ops", "why": "x"})


async def test_what_was_added_is_signed_once(settings: Settings) -> None:
    """A second time there is nothing new, and nothing is told."""
    heard, clock = Heard(), ManualClock()
    await record(settings)
    for _ in range(2):
        async with storage_for(settings, clock) as storage:
            await sign_what_was_added(settings, storage, clock, heard)
    assert [(end.head.size, end.is_new) for end in heard.ends if isinstance(end, SignedHead)] == [(1, True)]
    assert heard.failures == []


async def test_an_empty_log_is_nothing_to_tell(settings: Settings) -> None:
    """Neither a checkpoint nor a failure, and no key."""
    heard, clock = Heard(), ManualClock()
    async with storage_for(settings, clock) as storage:
        await sign_what_was_added(settings, storage, clock, heard)
    assert (heard.ends, heard.failures) == ([], [])
    assert not list(state_of(settings).glob("signing.key*"))


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (EvidenceBroken("no disk"), "no checkpoint: no disk"),
        (Outage("the database is away"), "no checkpoint: the database is away"),
        (ZeroDivisionError("secret"), "no checkpoint: a bug in Spentkey, ZeroDivisionError"),
        (MemoryError(), "no checkpoint: this process has no memory left"),
    ],
    ids=["broken", "outage", "bug", "memory"],
)
async def test_a_failure_is_told_once_and_raises_nothing(settings: Settings, problem: Exception, told: str) -> None:
    """Another reason, and the same one after a success, are told again; each counts."""
    heard, clock = Heard(), ManualClock()
    await record(settings)
    async with storage_for(settings, clock) as storage:
        made = Signing(checkpoints_of(settings, storage, clock), heard)

        async def fails() -> CheckpointEnd:
            raise problem

        whole = made.checkpoints.make
        for make in (fails, fails, whole, fails):
            made.checkpoints.make = make
            await made.sign()
    assert heard.failures == [told, "", told]
    assert len(heard.ends) == 1


async def test_a_restored_backup_is_told_and_removals_go_on(settings: Settings) -> None:
    """Nothing is raised, and nothing is signed."""
    heard, clock = Heard(), ManualClock()
    await record(settings)
    await record(settings)
    async with storage_for(settings, clock) as storage:
        await sign_what_was_added(settings, storage, clock, heard)
    put_lines(state_of(settings), lines_in(state_of(settings))[:1])
    async with storage_for(settings, clock) as storage:
        await sign_what_was_added(settings, storage, clock, heard)
    assert len(heard.ends) == 1
    (line,) = heard.failures
    assert line.startswith("no checkpoint: the evidence does not continue")
    assert "spentkey evidence checkpoint --restored --why" in line


async def test_a_service_signs_at_its_end_what_came_since(settings: Settings) -> None:
    """Its heartbeats end first."""
    heard, clock = Heard(), ManualClock()
    async with storage_for(settings, clock) as storage, signing(settings, storage, StillClock(), heard):
        await record(settings)
    assert [type(end) for end in heard.ends] == [SignedHead]
    assert read_checkpoint((state_of(settings) / "signing.key.last").read_text()).head.size == 1


class EndedEarly(BaseException):
    """As a second signal does."""


class StillClock(ManualClock):
    """Nobody who sleeps wakes by himself."""

    async def sleep(self, seconds: float) -> None:
        """For ever."""
        self.slept.append(seconds)
        await asyncio.get_running_loop().create_future()


async def test_a_service_that_is_torn_down_signs_nothing_more(settings: Settings) -> None:
    """A second signal, or a bug: the next start signs."""
    heard, clock = Heard(), ManualClock()

    async def torn_down() -> None:
        async with storage_for(settings, clock) as storage, signing(settings, storage, StillClock(), heard):
            await record(settings)
            raise EndedEarly

    with pytest.raises(EndedEarly):
        await torn_down()
    assert (heard.ends, heard.failures) == ([], [])


async def test_heartbeats_are_signed_while_a_service_runs(settings: Settings) -> None:
    """One each interval, and a checkpoint over each."""
    heard = Heard()
    clock = Steps(3)
    async with storage_for(settings, clock) as storage, signing(settings, storage, clock, heard):
        await clock.over.wait()
    beats = [one for one in records_in(state_of(settings)) if one["what"] == "heartbeat"]
    assert [one["every_s"] for one in beats] == [600] * 3
    assert [end.head.size for end in heard.ends if isinstance(end, SignedHead)] == [1, 2, 3]


class Steps(ManualClock):
    """So many sleeps pass at once; then `over` is set, and nobody wakes any more."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.over, self._left = asyncio.Event(), count

    async def sleep(self, seconds: float) -> None:
        """Move on."""
        self._left -= 1
        if self._left < 0:
            self.over.set()
            await asyncio.get_running_loop().create_future()
        await super().sleep(seconds)


def test_the_key_of_one_machine_lies_beside_the_store(settings: Settings) -> None:
    """And is made there."""
    keys = key_file_of(settings, {})
    assert keys is not None
    assert (keys.file, keys.last, keys.made_here) == (
        state_of(settings) / "signing.key",
        state_of(settings) / "signing.key.last",
        True,
    )


def test_a_configured_key_has_its_memory_beside_it(tmp_path: Path) -> None:
    """On one machine."""
    keys = key_file_of(load(tmp_path, {"evidence": {"signing_key": {"file": "k/own.key"}}}), {})
    assert keys is not None
    assert (keys.file, keys.last, keys.made_here) == (tmp_path / "k/own.key", tmp_path / "k/own.key.last", False)


def test_with_a_database_no_key_is_made(tmp_path: Path) -> None:
    """Each machine would have another one."""
    assert key_file_of(load(tmp_path, DATABASE, URL=URL), {}) is None


def test_with_a_database_each_machine_has_its_memory_in_its_state_directory(tmp_path: Path) -> None:
    """The key's folder may be the same for all; without a directory this process alone knows."""
    shared = {**DATABASE, "evidence": {"signing_key": {"file": "own.key"}}}
    alone = key_file_of(load(tmp_path, shared, URL=URL), {})
    keys = key_file_of(load(tmp_path, {**shared, "state": {"directory": "here"}}, URL=URL), {})
    assert alone is not None
    assert keys is not None
    assert (alone.last, alone.lock, keys.last) == (None, None, tmp_path / "here" / "own.key.last")


async def test_where_nobody_signs_status_shows_the_tree(settings: Settings, tmp_path: Path) -> None:
    """Not signed, and at no time; before there is a record, nothing."""
    clock, with_database = ManualClock(), load(tmp_path, DATABASE, URL=URL)
    async with storage_for(settings, clock) as storage:
        assert await newest_in(with_database, storage.tree) is None
        await record(settings)
        found = await newest_in(with_database, storage.tree)
        assert await newest_in(settings, storage.tree) is None
    assert found is not None
    shown = found.as_json()
    assert (shown["size"], shown["at"], shown["key"], shown["signed"]) == (1, None, None, False)


async def test_status_shows_the_newest_checkpoint_with_its_time(settings: Settings) -> None:
    """The key is the one that signs from there on."""
    clock = ManualClock()
    await record(settings)
    async with storage_for(settings, clock) as storage:
        await sign_what_was_added(settings, storage, clock, Heard())
        await clock.sleep(60)
        found = await newest_in(settings, storage.tree)
    assert found is not None
    note = read_checkpoint((state_of(settings) / "signing.key.last").read_text())
    assert (found.at, found.key) == (clock.now() - timedelta(minutes=1), note.signatures[-1].key_id.hex())


async def test_status_names_a_checkpoint_that_is_none(settings: Settings) -> None:
    """Somebody wrote it into the store."""
    clock = ManualClock()
    await record(settings)
    async with storage_for(settings, clock) as storage:
        await storage.tree.keep_checkpoint(1, "nonsense", clock.now())
        with pytest.raises(EvidenceBroken, match="cannot be read"):
            await newest_in(settings, storage.tree)


async def test_an_overdue_checkpoint_is_an_occurrence(settings: Settings, tmp_path: Path) -> None:
    """After twice the interval; where nobody signs it never is."""
    clock = ManualClock()
    async with storage_for(settings, clock) as storage:
        source = checkpoints_overdue(settings, storage, clock)
        never = checkpoints_overdue(load(tmp_path, DATABASE, URL=URL), storage, clock)
        assert await source() == []
        await clock.sleep(20 * 60 + 1)
        assert [one.event.value for one in await source()] == ["checkpoint-overdue"]
        await record(settings)
        await sign_what_was_added(settings, storage, clock, Heard())
        assert (await source(), await never()) == ([], ())


def observed(tell: Callable[[Observers], None]) -> tuple[list[dict[str, Any]], str]:
    """What the log and the metrics have of it."""
    clock, stream = ManualClock(), io.StringIO()
    metrics = Metrics(clock)
    with logging_to(stream, as_json=True, level="info", clock=clock):
        tell(Observers((Logged(), metrics), clock))
    return [json.loads(text) for text in stream.getvalue().splitlines()], metrics.text().decode()


async def test_the_log_has_size_root_and_key(settings: Settings) -> None:
    """At info; the metric has the time."""
    heard, clock = Heard(), ManualClock()
    await record(settings)
    async with storage_for(settings, clock) as storage:
        await sign_what_was_added(settings, storage, clock, heard)
    (end,) = heard.ends
    assert isinstance(end, SignedHead)
    (line,), metrics = observed(lambda observers: observers.checkpointed(end))
    note = end.note.split("\n")
    assert (line["event"], line["level"], line["size"], line["root"]) == ("checkpoint", "info", 1, note[2])
    assert line["key"] == end.key.id.hex()
    (told,) = [one for one in metrics.splitlines() if one.startswith("spentkey_checkpoint_time ")]
    assert float(told.split()[1]) == clock.now().timestamp()


def test_a_head_that_nobody_signs_is_logged_and_no_metric() -> None:
    """A time would say that it was signed."""
    (line,), metrics = observed(lambda observers: observers.checkpointed(UnsignedHead(TreeHead(3, bytes(32)))))
    assert (line["event"], line["size"], line["key"]) == ("checkpoint", 3, None)
    assert "spentkey_checkpoint_time 0.0" in metrics


def test_a_failure_is_a_warning_and_counts_each_time() -> None:
    """Also where it was told before."""

    def tell(observers: Observers) -> None:
        observers.not_checkpointed("no disk")
        observers.not_checkpointed("")

    (line,), metrics = observed(tell)
    assert (line["event"], line["level"], line["said"]) == ("no checkpoint", "warning", "no disk")
    assert "spentkey_checkpoint_failures_total 2.0" in metrics


async def test_a_run_without_a_log_tells_failures_alone(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """By the logger of this program, for whoever embeds it."""
    clock = ManualClock()
    await record(settings)
    with caplog.at_level(logging.INFO, logger="spentkey"):
        async with storage_for(settings, clock) as storage:
            await sign_what_was_added(settings, storage, clock)
            (state_of(settings) / "signing.key.last").write_text("nonsense")
            await sign_what_was_added(settings, storage, clock)
    assert [one.levelname for one in caplog.records] == ["INFO", "WARNING"]
    assert caplog.records[0].getMessage().startswith("checkpoint: 1 records, root ")
    assert "is damaged" in caplog.records[1].getMessage()
