"""Time stamps in the background: at most one question in a while, told once, and never in the way."""

import asyncio
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support_core import ManualClock
from support_settings import load
from time_stamper import Stamper, stamping
from waiting import until_so

from spentkey.adapters.timestamp.authority import TimeStampAuthority
from spentkey.adapters.timestamp.stamping import LOOK_EVERY_S, Stamping
from spentkey.adapters.timestamp.tokens import Stamp
from spentkey.bootstrap.context import connected_for
from spentkey.bootstrap.timestamps import check_of_timestamps
from spentkey.bootstrap.timestamps import stamping as stamping_for
from spentkey.core.checkpoint import VerifierKey, checkpoint_text, signed_note
from spentkey.core.errors import EvidenceBroken, Misconfigured, Outage
from spentkey.core.finding import FindingState
from spentkey.http.sessions import connected
from spentkey.ports.evidence_tree import Anchor
from spentkey.ports.read_only import UNMEASURED
from spentkey.settings.schema import Settings
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.tree import SqliteTree
from spentkey.system import SystemClock

HOUR = 3600.0
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@dataclass
class Log:
    """A store with a tree, and signed checkpoints when a test likes."""

    evidence: SqliteEvidence
    tree: SqliteTree

    async def signs(self) -> str:
        """One record more, and a checkpoint over all."""
        await self.evidence.append("heartbeat", {})
        head, origin = await self.tree.head(), await self.tree.origin()
        text = checkpoint_text(origin, head)
        note = signed_note(text, [(VerifierKey(origin, KEY.public_key().public_bytes_raw()), KEY.sign(text.encode()))])
        await self.tree.keep_checkpoint(head.size, note, AT)
        return note


@dataclass
class Scripted:
    """An authority that stamps, or raises what it is told."""

    problems: list[Exception | None] = field(default_factory=list[Exception | None])
    asked: list[bytes] = field(default_factory=list[bytes])

    async def stamp(self, data: bytes) -> Stamp:
        self.asked.append(data)
        problem = self.problems.pop(0) if self.problems else None
        if problem is not None:
            raise problem
        return Stamp(b"token", AT)


class EndsAfterThree(ManualClock):
    """A clock on which somebody stops the service after three waits."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if len(self.slept) == 3:
            raise asyncio.CancelledError


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """An empty one."""
    evidence = SqliteEvidence(tmp_path / "state", ManualClock())
    yield Log(evidence, SqliteTree(evidence))
    evidence.close()


def made(log: Log, authority: Scripted, told: list[str] | None = None) -> tuple[Stamping, ManualClock]:
    """One that asks each hour at most."""
    clock = ManualClock()
    return Stamping(log.tree, authority, clock, HOUR, (told if told is not None else []).append), clock


async def test_the_newest_checkpoint_is_stamped_as_it_was_signed(log: Log) -> None:
    """All its bytes, with the signatures; the token is kept for its size."""
    await log.signs()
    note = await log.signs()
    authority = Scripted()
    stamps, _ = made(log, authority)
    assert await stamps.once() == Anchor(2, "rfc3161", AT, b"token")
    assert authority.asked == [note.encode()]
    assert list(await log.tree.anchors()) == [Anchor(2, "rfc3161", AT, b"token")]


async def test_without_a_checkpoint_nothing_is_asked(log: Log) -> None:
    """There is nothing to say yet."""
    authority = Scripted()
    assert await made(log, authority)[0].once() is None
    assert authority.asked == []


async def test_a_checkpoint_is_stamped_once_by_all_processes_together(log: Log) -> None:
    """Whoever comes second sees the token."""
    await log.signs()
    authority = Scripted()
    for _ in range(3):
        await made(log, authority)[0].once()
    assert len(authority.asked) == 1


async def test_an_anchor_of_another_kind_is_no_time_stamp(log: Log) -> None:
    """A checkpoint may have both."""
    await log.signs()
    await log.tree.keep_anchor(Anchor(1, "other", AT, b"x"))
    authority = Scripted()
    assert await made(log, authority)[0].once() == Anchor(1, "rfc3161", AT, b"token")
    assert len(authority.asked) == 1


async def test_a_new_checkpoint_waits_until_the_last_question_is_old_enough(log: Log) -> None:
    """However many are signed meanwhile: then the newest is stamped."""
    await log.signs()
    authority = Scripted()
    stamps, clock = made(log, authority)
    await stamps.once()
    for _ in range(3):
        await log.signs()
        await clock.sleep(HOUR / 4)
        assert await stamps.once() is None
    await clock.sleep(HOUR / 4)
    kept = await stamps.once()
    assert kept is not None
    assert (kept.size, len(authority.asked)) == (4, 2)


@pytest.mark.parametrize("problem", [Outage("the authority answered 503"), Misconfigured("evidence.timestamp_ca: no")])
async def test_what_goes_wrong_is_told_once_and_tried_again_later(log: Log, problem: Exception) -> None:
    """Not sooner than the next question may be asked; another reason is told anew, and so is the same one after a token."""
    await log.signs()
    authority, told = Scripted([problem, problem, Outage("another"), None, problem]), list[str]()
    stamps, clock = made(log, authority, told)
    for _ in range(20):
        await stamps.once()
        await clock.sleep(HOUR / 4)
    assert len(authority.asked) == 4
    await log.signs()
    await stamps.once()
    words = [f"no time stamp, asked for again later: {one}" for one in (problem, "another", problem)]
    assert told == words


async def test_a_bug_ends_neither_the_stamps_nor_the_work(log: Log) -> None:
    """It is told by its name."""
    await log.signs()
    authority, told = Scripted([KeyError("x")]), list[str]()
    stamps, clock = made(log, authority, told)
    await stamps.once()
    await clock.sleep(HOUR)
    assert await stamps.once() is not None
    assert told == ["no time stamp: a bug in Spentkey: KeyError"]


async def test_a_store_that_does_not_hold_is_told(log: Log) -> None:
    """And nothing is asked."""
    await log.signs()
    log.evidence.refuse_all(EvidenceBroken("record 0 is not the one that was there"))
    authority, told = Scripted(), list[str]()
    stamps, _ = made(log, authority, told)
    assert [await stamps.once() for _ in range(3)] == [None] * 3
    assert (authority.asked, len(told)) == ([], 1)


async def test_it_looks_each_minute_until_it_is_cancelled(log: Log) -> None:
    """So a checkpoint is stamped soon after it was signed."""
    await log.signs()
    authority, clock = Scripted(), EndsAfterThree()
    with pytest.raises(asyncio.CancelledError):
        await Stamping(log.tree, authority, clock, HOUR, print).on_and_on()
    assert (clock.slept, len(authority.asked)) == ([LOOK_EVERY_S] * 3, 1)


async def test_openssl_verifies_the_token_of_a_checkpoint(log: Log, tmp_path: Path) -> None:
    """A real authority, a real checkpoint, and the recipe for an auditor."""
    (tmp_path / "tsa").mkdir()
    with stamping(tmp_path / "tsa") as stamper:
        note, kept = await log.signs(), await _stamped(log, stamper)
        data, token = tmp_path / "checkpoint", tmp_path / "1.tsr"
        data.write_text(note, "utf-8")
        token.write_bytes(kept.token)
        assert is_believed_by_openssl(data, token, stamper.ca_file)
        data.write_text(note.replace("\n1\n", "\n2\n"), "utf-8")
        assert not is_believed_by_openssl(data, token, stamper.ca_file)


def is_believed_by_openssl(data: Path, token: Path, ca_file: Path) -> bool:
    """The recipe for an auditor."""
    command = ["openssl", "ts", "-verify", "-data", data, "-in", token, "-CAfile", ca_file]
    return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode == 0


async def _stamped(log: Log, stamper: Stamper) -> Anchor:
    clock = SystemClock()
    async with connected(None, None, clock, lambda _: True, use_proxies=False, meter=UNMEASURED) as connections:
        authority = TimeStampAuthority(connections.http("tsa", stamper.url), stamper.ca_file)
        await Stamping(log.tree, authority, clock, HOUR, print).once()
    (kept,) = await log.tree.anchors(1)
    return kept


def settings_for(folder: Path, stamper: Stamper | None) -> Settings:
    """A configuration, with that authority."""
    evidence = {"timestamp_url": stamper.url, "timestamp_ca": str(stamper.ca_file)} if stamper is not None else {}
    return load(folder, {"evidence": evidence})


async def test_a_service_asks_the_authority_of_its_configuration(log: Log, tmp_path: Path) -> None:
    """While the block lasts; what it tells comes from there."""
    (tmp_path / "tsa").mkdir()
    await log.signs()
    with stamping(tmp_path / "tsa") as stamper:
        settings, told = settings_for(tmp_path, stamper), list[str]()
        stamper.moods.append("is away")
        background = stamping_for(settings, log.tree, SystemClock(), told.append, meter=UNMEASURED, use_proxies=False)
        async with background:
            await until_so(lambda: bool(told))
        assert told == ["no time stamp, asked for again later: time stamp authority answered 503"]
        async with stamping_for(settings, log.tree, SystemClock(), print, meter=UNMEASURED, use_proxies=False):
            await until_so(lambda: len(stamper.asked) == 2)
        assert (len(stamper.asked), stamper.paths) == (2, ["/tsr", "/tsr"])


async def test_without_an_authority_nothing_is_asked_in_a_service(log: Log, tmp_path: Path) -> None:
    """And the block goes on at once."""
    await log.signs()
    settings = settings_for(tmp_path, None)
    async with stamping_for(settings, log.tree, SystemClock(), print, meter=UNMEASURED, use_proxies=False):
        pass
    assert list(await log.tree.anchors()) == []


async def test_the_check_up_has_a_line_for_a_configured_authority_alone(tmp_path: Path) -> None:
    """Named as in metrics."""
    (tmp_path / "tsa").mkdir()
    with stamping(tmp_path / "tsa") as stamper:
        for authority, lines in ((stamper, 1), (None, 0)):
            settings = settings_for(tmp_path, authority)
            async with connected_for(settings, SystemClock(), use_proxies=False) as connections:
                checks = list(check_of_timestamps(settings, connections))
                found = [one for check in checks async for one in check.findings()]
            assert [(one.system, one.state) for one in found] == [("time stamp authority", FindingState.OK)] * lines
