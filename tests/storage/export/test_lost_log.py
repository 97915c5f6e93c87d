"""What this machine signed of a log that was lost: a signed record of the restore explains it, and nothing else does."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from export_world import BEGAN, ORIGIN, LogInATree, key_of, note_of, sealed, stored, told
from support_core import NOW

from spentkey.core.checkpoint import Checkpoint, VerifierKey, in_base64, read_checkpoint, signed_note
from spentkey.storage.export.lost_log import SignedHere
from spentkey.storage.export.store_judge import KnownBefore, judge_store

KEY = key_of(1)[1]
BEFORE, AFTER = BEGAN + timedelta(minutes=19), BEGAN + timedelta(minutes=21)
"""The restore is record 20, and record N is written in minute N."""
LOST = LogInATree(sealed(list(told(45))))
ANOTHER = LogInATree(sealed([(what, {**facts, "run": "r-2"}) for what, facts in told(45)]))
RESTORE: dict[str, Any] = {
    "who": "ops",
    "why": "the disk failed",
    "size": 40,
    "root": in_base64(LOST.head(40).root),
    "origin": ORIGIN,
    "key": str(KEY),
}


def checkpoint(size: int, log: LogInATree = LOST) -> Checkpoint:
    """What this machine signed of that log."""
    return read_checkpoint(note_of(log.head(size), 1))


def forged(size: int) -> Checkpoint:
    """The same with a signature that is none."""
    made = checkpoint(size)
    return read_checkpoint(signed_note(made.text, [(KEY, bytes(64))]))


@dataclass(frozen=True)
class Restored:
    """A log that a machine lost 40 records of and restored to 20, and what another machine remembers."""

    mine: Checkpoint
    at: datetime = BEFORE
    record: dict[str, Any] = field(default_factory=lambda: RESTORE)
    signed: tuple[int, ...] = (20, 21, 29)
    """The sizes of the checkpoints in the store."""
    key: VerifierKey | None = KEY
    """The key that is known on this machine."""

    async def judged(self, folder: Path) -> dict[str, Any]:
        """What is found."""
        lines = sealed([*told(20), ("restored", self.record), *told(8)])
        tree, log = stored(folder / "state", lines), LogInATree(lines)
        for size in self.signed:
            await tree.keep_checkpoint(size, note_of(log.head(size), 1), NOW)
        known = KnownBefore(self.key, None, {}, SignedHere("signing.key.last", self.mine, self.at))
        return await judge_store(tree, known, lambda _, __: None)


EXPLAINED = {
    "the-one-on-record": Restored(checkpoint(40)),
    "the-one-on-record-whenever-it-was-written": Restored(checkpoint(40), AFTER),
    "an-older-one-behind-the-end": Restored(checkpoint(35)),
    "an-older-one-before-the-end": Restored(checkpoint(24)),
}


@pytest.mark.parametrize("how", sorted(EXPLAINED))
async def test_a_restore_on_record_explains_what_was_signed_before_it(tmp_path: Path, how: str) -> None:
    """The break is named, with the record that tells of it, and is no fault."""
    report = await EXPLAINED[how].judged(tmp_path)
    assert (report["faults"], report["holds"]) == ([], True)
    (named,) = [one for one in report["not_checked"] if one.startswith("signing.key.last")]
    assert "records of a log that was lost: record 20 says who restored a backup" in named


SIGNED_OFF = Restored(checkpoint(35))
UNEXPLAINED = {
    "written-after-the-restore": (replace(SIGNED_OFF, at=AFTER), "cut-off"),
    "over-more-records-than-were-lost": (replace(SIGNED_OFF, mine=checkpoint(41)), "cut-off"),
    "another-root-than-the-one-on-record": (replace(SIGNED_OFF, mine=checkpoint(40, ANOTHER)), "cut-off"),
    "of-another-log": (replace(SIGNED_OFF, record={**RESTORE, "origin": "spentkey/other"}), "cut-off"),
    "the-record-is-not-signed": (replace(SIGNED_OFF, signed=(20,)), "cut-off"),
    "nobody-knows-what-was-lost": (replace(SIGNED_OFF, record={**RESTORE, "size": None, "root": None}), "cut-off"),
    "no-key-is-known": (replace(SIGNED_OFF, key=None), "cut-off"),
    "its-signature-is-none": (replace(SIGNED_OFF, mine=forged(35)), "bad-signature"),
    "before-the-end-and-written-after-it": (replace(SIGNED_OFF, mine=checkpoint(24), at=AFTER), "fork"),
}


@pytest.mark.parametrize("how", sorted(UNEXPLAINED))
async def test_what_no_restore_on_record_explains_stays_a_fault(tmp_path: Path, how: str) -> None:
    """Else whoever cuts the log off would need to wait for a restore alone."""
    world, kind = UNEXPLAINED[how]
    report = await world.judged(tmp_path)
    assert kind in {one["kind"] for one in report["faults"] if one["where"] == "signing.key.last"}


async def test_what_somebody_else_holds_is_never_explained(tmp_path: Path) -> None:
    """Whoever has the key could put such a record into any log."""
    lines = sealed([*told(20), ("restored", RESTORE), *told(8)])
    tree, log = stored(tmp_path / "state", lines), LogInATree(lines)
    await tree.keep_checkpoint(29, note_of(log.head(29), 1), NOW)
    mine = SignedHere("signing.key.last", checkpoint(40), BEFORE)
    report = await judge_store(tree, KnownBefore(KEY, None, {"held": checkpoint(40)}, mine), lambda _, __: None)
    assert [(one["kind"], one["where"]) for one in report["faults"]] == [("cut-off", "held")]


async def test_a_log_that_goes_on_from_what_was_signed_says_nothing_of_a_restore(tmp_path: Path) -> None:
    """There is nothing to explain."""
    lines = sealed([*told(20), ("restored", RESTORE), *told(8)])
    report = await Restored(checkpoint(29, LogInATree(lines)), AFTER).judged(tmp_path)
    assert report["holds"]
    assert not [one for one in report["not_checked"] if "restored" in one]
