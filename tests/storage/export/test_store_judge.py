"""The store itself: whatever is done to it is found and named; one that nobody touched is never accused."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from export_world import LogInATree, key_of, note_of, resealed, sealed, stored, told
from support_core import NOW

from spentkey.core.checkpoint import Checkpoint, VerifierKey, read_checkpoint
from spentkey.ports.evidence_tree import Anchor, EvidenceTree
from spentkey.storage.export.store_judge import KnownBefore, judge_store
from spentkey.storage.sqlite.tree import SqliteTree

KEY, OTHER = key_of(1)[1], key_of(2)[1]
Change = Callable[[list[dict[str, Any]]], object]


async def judged(
    tree: SqliteTree, current: VerifierKey | None = KEY, key: VerifierKey | None = None, **earlier: Checkpoint
) -> dict[str, Any]:
    """What is found in the store."""
    return await judge_store(tree, KnownBefore(current, key, earlier), lambda _, __: None)


async def signed(folder: Path, lines: Sequence[str], by: Sequence[str], *sizes: int, seed: int = 1) -> SqliteTree:
    """A store with these lines, and checkpoints that were signed over the other ones."""
    tree, log = stored(folder / "state", lines), LogInATree(list(by))
    for size in sizes:
        await tree.keep_checkpoint(size, note_of(log.head(size), seed), NOW)
    return tree


def kinds(report: dict[str, Any]) -> list[str]:
    """The kinds of its faults, each once."""
    return sorted({one["kind"] for one in report["faults"]})


@pytest.mark.parametrize("key", [None, KEY], ids=["without-key", "with-key"])
@pytest.mark.parametrize("sizes", [(), (67,), (8, 24, 24, 67), (1, 2, 3)], ids=["none", "end", "several", "early"])
async def test_a_store_that_nobody_touched_holds(
    tmp_path: Path, lines: list[str], sizes: tuple[int, ...], key: VerifierKey | None
) -> None:
    """With a key but without a checkpoint nothing is signed, and that is said."""
    report = await judged(await signed(tmp_path, lines, lines, *sizes), key=key)
    assert kinds(report) == (["bad-signature"] if key is not None and not sizes else [])
    assert (report["records"], report["size"]) == (67, 67)
    assert report["key"] == ("given" if key else "not-given" if sizes else "unsigned")


async def test_a_store_without_a_record_holds(tmp_path: Path) -> None:
    """There is nothing to accuse."""
    report = await judged(await signed(tmp_path, [], []))
    assert (report["faults"], report["size"]) == ([], 0)


@pytest.mark.parametrize("at", [0, 31, 66])
async def test_a_record_that_was_changed_is_named(tmp_path: Path, lines: list[str], at: int) -> None:
    """By its number, with its hash as it was."""
    forged = [one.replace("a-400", "b-400") if number == at else one for number, one in enumerate(lines)]
    report = await judged(await signed(tmp_path, forged, lines, 67))
    assert [(one["kind"], one["seq"]) for one in report["faults"]][:1] == [("changed", at)]


@pytest.mark.parametrize("change", ["key_id", "outcome", "task"])
async def test_everything_written_anew_behind_a_change_is_a_fork(tmp_path: Path, lines: list[str], change: str) -> None:
    """The chain verifies, the tree is made anew: the kept checkpoints show it."""

    def forge(records: list[dict[str, Any]]) -> None:
        records[20][change] = "x"

    report = await judged(await signed(tmp_path, resealed(lines, forge), lines, 8, 24, 67))
    assert [(one["kind"], one["where"]) for one in report["faults"]] == [
        ("fork", "checkpoint over 24"),
        ("fork", "checkpoint over 67"),
    ]


@pytest.mark.parametrize("count", [1, 8, 40])
async def test_an_end_that_was_cut_off_is_found(tmp_path: Path, lines: list[str], count: int) -> None:
    """By a kept checkpoint, or by one that somebody has."""
    report = await judged(await signed(tmp_path, lines[:-count], lines, 67))
    assert kinds(report) == ["cut-off"]


@pytest.mark.parametrize("count", [1, 8, 40])
async def test_an_end_that_was_cut_off_with_its_checkpoints_is_found_by_one_that_somebody_has(
    tmp_path: Path, lines: list[str], count: int
) -> None:
    """Without it nothing shows it."""
    without = await signed(tmp_path, lines[:-count], lines)
    assert kinds(await judged(without)) == []
    last = read_checkpoint(note_of(LogInATree(lines).head(67), 1))
    assert kinds(await judged(without, last=last)) == ["cut-off"]


@pytest.mark.parametrize("size", [8, 24, 67])
async def test_an_earlier_checkpoint_shows_what_was_written_anew(tmp_path: Path, lines: list[str], size: int) -> None:
    """Also where the kept checkpoints were signed anew with the stolen key."""

    def forge(records: list[dict[str, Any]]) -> None:
        records[3]["key_id"] = "x"

    forged = resealed(lines, forge)
    tree = await signed(tmp_path, forged, forged, 8, 24, 67)
    assert kinds(await judged(tree, key=KEY)) == []
    earlier = read_checkpoint(note_of(LogInATree(lines).head(size), 1))
    assert kinds(await judged(tree, key=KEY, earlier=earlier)) == ["fork"]


@pytest.mark.parametrize("size", [1, 24, 67])
async def test_an_earlier_checkpoint_of_the_same_log_is_never_held_against_it(
    tmp_path: Path, lines: list[str], size: int
) -> None:
    """It goes on from there."""
    earlier = read_checkpoint(note_of(LogInATree(lines).head(size), 1))
    assert kinds(await judged(await signed(tmp_path, lines, lines, 67), earlier=earlier)) == []


@pytest.mark.parametrize("seed", [2, 3, 4])
async def test_another_key_is_found_by_who_knows_the_key(tmp_path: Path, lines: list[str], seed: int) -> None:
    """Whoever wrote all of it anew has another one."""
    tree = await signed(tmp_path, lines, lines, 24, 67, seed=seed)
    assert kinds(await judged(tree, current=key_of(seed)[1])) == []
    assert kinds(await judged(tree, current=key_of(seed)[1], key=KEY)) == ["other-key"]


@pytest.mark.parametrize("how", ["zeros", "of-another-size", "half"])
async def test_a_bad_signature_is_found(tmp_path: Path, lines: list[str], how: str) -> None:
    """Of a kept checkpoint."""
    tree = stored(tmp_path / "state", lines)
    note, other = (note_of(LogInATree(lines).head(size), 1) for size in (24, 23))
    text, line = note.split("\n\n")[0], other.split("\n\n")[1]
    made = {
        "zeros": f"{text}\n\n{line[:60]}{'A' * (len(line) - 63)}==\n",
        "of-another-size": f"{text}\n\n{line}",
        "half": note[:-9],
    }
    await tree.keep_checkpoint(24, made[how], NOW)
    assert kinds(await judged(tree)) == ["bad-signature"]


async def keys_changed(folder: Path, *, lost: bool, signers: tuple[int, ...]) -> SqliteTree:
    """A store in which the second key follows the first."""
    facts = {"old": str(KEY), "new": str(OTHER), "lost": lost, "why": "x", "who": "y"}
    lines = sealed([*told(16), ("new-key", facts), *told(8)])
    tree, log = stored(folder / "state", lines), LogInATree(lines)
    await tree.keep_checkpoint(16, note_of(log.head(16), 1), NOW)
    await tree.keep_checkpoint(17, note_of(log.head(17), *signers), NOW)
    await tree.keep_checkpoint(25, note_of(log.head(25), 2), NOW)
    return tree


@pytest.mark.parametrize("key", [None, KEY, OTHER], ids=["no-key", "old-key", "new-key"])
async def test_a_key_that_handed_over_is_believed_on(tmp_path: Path, key: VerifierKey | None) -> None:
    """From the key that was given to the one that signs now."""
    assert kinds(await judged(await keys_changed(tmp_path, lost=False, signers=(1, 2)), OTHER, key)) == []


async def test_a_key_that_nobody_knows_hands_nothing_over_to_who_knows_another(tmp_path: Path) -> None:
    """The change is whole and signed; only it begins with a key that is not the given one."""
    tree = await keys_changed(tmp_path, lost=False, signers=(1, 2))
    assert kinds(await judged(tree, OTHER, key_of(3)[1])) == ["other-key"]


@pytest.mark.parametrize(("key", "expected"), [(None, []), (KEY, ["other-key"]), (OTHER, [])], ids=["no", "old", "new"])
async def test_a_key_that_was_lost_hands_nothing_over(
    tmp_path: Path, key: VerifierKey | None, expected: list[str]
) -> None:
    """The break is named."""
    report = await judged(await keys_changed(tmp_path, lost=True, signers=(2,)), OTHER, key)
    assert kinds(report) == expected
    assert any("a key was lost" in one for one in report["not_checked"])


async def test_a_change_of_keys_that_the_old_one_did_not_sign_is_a_fault(tmp_path: Path) -> None:
    """A record alone is no hand-over."""
    report = await judged(await keys_changed(tmp_path, lost=False, signers=(2,)), OTHER)
    assert kinds(report) == ["bad-signature"]


@pytest.mark.parametrize("over", [24, 23, None], ids=["its-own", "another", "nothing"])
async def test_time_stamps_are_over_kept_checkpoints(tmp_path: Path, lines: list[str], over: int | None) -> None:
    """One that is over something else shows nothing."""
    tree = await signed(tmp_path, lines, lines, 24)
    note = note_of(LogInATree(lines).head(over), 1) if over else ""
    await tree.keep_anchor(Anchor(24, "rfc3161", NOW, b"token" + hashlib.sha384(note.encode()).digest()))
    assert kinds(await judged(tree)) == ([] if over == 24 else ["bad-proof"])


async def test_what_the_desk_shows_is_asked_for_last(tmp_path: Path, lines: list[str]) -> None:
    """Its faults stand among the others, and what it could not say among what was not checked."""

    async def desk(tree: EvidenceTree, fault: Callable[..., None]) -> AsyncIterator[str]:
        fault("ticket", "says another root", 5, (await tree.origin())[:8])
        yield "the ticket 40023"

    tree = await signed(tmp_path, lines, lines, 67)
    report = await judge_store(tree, KnownBefore(KEY), lambda _, __: None, desk)
    assert report["faults"] == [{"kind": "ticket", "seq": 5, "where": "spentkey", "message": "says another root"}]
    assert "the ticket 40023" in report["not_checked"]


async def test_how_far_it_is_is_told(tmp_path: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """For a terminal."""
    monkeypatch.setattr("spentkey.storage.export.store_judge.TOLD_EVERY", 20)
    heard: list[tuple[int, int]] = []
    tree = await signed(tmp_path, lines, lines)
    await judge_store(tree, KnownBefore(), lambda done, of: heard.append((done, of)))
    assert heard == [(20, 67), (40, 67), (60, 67)]
    assert json.loads(lines[0])["seq"] == 0
