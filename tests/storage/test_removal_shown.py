"""One removal for people: by which names it is found, and what the newest checkpoint proves of it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from evidence_store import lines_in, put_lines
from support_core import APP_ID, KEY_ID, NOW, OTHER_KEY_ID, ManualClock

from spentkey.core.checkpoint import VerifierKey, checkpoint_text, signed_note
from spentkey.core.errors import EvidenceBroken
from spentkey.core.evidence import GENESIS, seal
from spentkey.core.tree import EMPTY, TreeHead
from spentkey.ports.evidence_tree import EvidenceTree
from spentkey.storage.removal_shown import ProofState, RemovalShown, removal_shown
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.storage.sqlite.tree import SqliteTree

ABOUT: dict[str, Any] = {"task": 40021, "attempt": "one", "tenant": "production", "app_id": APP_ID, "key_id": KEY_ID}
RESULT: dict[str, Any] = {**ABOUT, "kind": "secret", "outcome": "removed", "ticket": "closed", "evidence": "one"}


def store(folder: Path) -> tuple[SqliteEvidence, SqliteTree]:
    """The evidence of one process, and the tree over it."""
    evidence = SqliteEvidence(folder, ManualClock())
    return evidence, SqliteTree(evidence)


async def shown(folder: Path, name: str) -> RemovalShown | None:
    """What a new process shows of it."""
    return await removal_shown(name, *store(folder))


async def removed(folder: Path, **changes: Any) -> None:
    """Two records of a removal."""
    evidence, _ = store(folder)
    await evidence.append("intent", {**ABOUT, "kind": "secret", **changes})
    await evidence.append("result", {**RESULT, **changes})


async def sign(tree: EvidenceTree, head: TreeHead | None = None) -> None:
    """Let a checkpoint be signed, of the tree as it is or of another one."""
    made = Ed25519PrivateKey.generate()
    key = VerifierKey("spentkey/test", made.public_key().public_bytes_raw())
    text = checkpoint_text(await tree.origin(), head or await tree.head())
    size = (head or await tree.head()).size
    await tree.keep_checkpoint(size, signed_note(text, [(key, made.sign(text.encode()))]), NOW)


@pytest.mark.parametrize("name", ["one", "40021"])
async def test_a_removal_is_found_by_its_evidence_id_and_by_its_task(tmp_path: Path, name: str) -> None:
    """The same one."""
    await removed(tmp_path)
    found = await shown(tmp_path, name)
    assert found is not None
    assert ([one["seq"] for one in found.records], found.known("key_id")) == ([0, 1], KEY_ID)
    assert found.end is not None
    assert found.end["what"] == "result"


@pytest.mark.parametrize(
    "name", ["", "0", "4002", "40021 ", "+40021", "040021", "two", "9" * 30, "9" * 9000, "\u0664", "on%", "\x00"]
)
async def test_another_name_finds_nothing(tmp_path: Path, name: str) -> None:
    """Not even one that is nearly the same."""
    await removed(tmp_path)
    assert await shown(tmp_path, name) is None


async def test_where_nothing_was_ever_recorded_nothing_is_found(tmp_path: Path) -> None:
    """And no store is made for it."""
    evidence = SqliteEvidence(tmp_path / "none", ManualClock(), read_only=True)
    assert await removal_shown("40021", evidence, SqliteTree(evidence)) is None
    assert not (tmp_path / "none").exists()


async def test_a_task_that_is_a_text_of_digits_is_found_too(tmp_path: Path) -> None:
    """Of two desks with the same name for a task, the one that was worked on last counts."""
    await removed(tmp_path)
    await removed(tmp_path, task="40021", attempt="two", evidence="two")
    found = await shown(tmp_path, "40021")
    assert found is not None
    assert {one["task"] for one in found.records} == {"40021"}


async def test_a_removal_without_a_task_has_only_its_own_records(tmp_path: Path) -> None:
    """All of those share one history."""
    await removed(tmp_path, task=0, attempt="one", evidence="one")
    evidence, _ = store(tmp_path)
    other = {"task": 0, "attempt": "two", "key_id": OTHER_KEY_ID, "evidence": "two"}
    await evidence.append("step-result", {**RESULT, **other})
    found = await shown(tmp_path, "two")
    assert found is not None
    assert [one["seq"] for one in found.records] == [2]


async def test_a_try_that_crashed_is_shown_without_an_end(tmp_path: Path) -> None:
    """By its task; an id of which there is no result names nothing."""
    evidence, _ = store(tmp_path)
    await evidence.append("intent", {**ABOUT, "kind": "secret"})
    found = await shown(tmp_path, "40021")
    assert found is not None
    assert (found.end, found.as_json()["outcome"], found.as_json()["evidence"]) == (None, None, "one")
    assert await shown(tmp_path, "one") is None


async def test_without_a_checkpoint_nothing_is_proven_and_nothing_fails(tmp_path: Path) -> None:
    """That is no fault of the records."""
    await removed(tmp_path)
    found = await shown(tmp_path, "one")
    assert found is not None
    assert (set(found.proofs.values()), found.holds, found.checkpoint) == ({ProofState.NO_CHECKPOINT}, True, None)


async def test_records_before_the_checkpoint_are_proven_and_later_ones_not_yet(tmp_path: Path) -> None:
    """By the newest checkpoint, whatever came since."""
    evidence, tree = store(tmp_path)
    await evidence.append("intent", {**ABOUT, "kind": "secret"})
    await sign(tree)
    await evidence.append("result", RESULT)
    found = await shown(tmp_path, "one")
    assert found is not None
    assert (list(found.proofs.values()), found.holds) == ([ProofState.HOLDS, ProofState.LATER], True)
    signed = found.as_json()["checkpoint"]
    assert (signed["size"], signed["origin"]) == (1, await tree.origin())


async def test_records_that_were_written_anew_fail(tmp_path: Path) -> None:
    """The chain and the tree hold by themselves; the checkpoint is of another past."""
    await removed(tmp_path)
    _, tree = store(tmp_path)
    await sign(tree)
    prev, lines = GENESIS, list[str]()
    for seq, (what, facts) in enumerate((("intent", ABOUT), ("result", {**RESULT, "outcome": "already-gone"}))):
        made = seal(prev, seq, NOW + timedelta(seconds=seq), what, facts)
        prev = made.hash
        lines.append(made.record_line)
    put_lines(tmp_path, lines)
    found = await shown(tmp_path, "one")
    assert found is not None
    assert (set(found.proofs.values()), found.holds) == ({ProofState.FAILS}, False)


async def test_an_end_that_was_cut_off_fails(tmp_path: Path) -> None:
    """The checkpoint is over more records than there are."""
    await removed(tmp_path)
    await removed(tmp_path, task=40022, attempt="two", evidence="two")
    _, tree = store(tmp_path)
    await sign(tree)
    put_lines(tmp_path, lines_in(tmp_path)[:2])
    found = await shown(tmp_path, "one")
    assert found is not None
    assert (set(found.proofs.values()), found.holds) == ({ProofState.FAILS}, False)


async def test_a_checkpoint_of_nothing_proves_nothing(tmp_path: Path) -> None:
    """Every record came later."""
    await removed(tmp_path)
    _, tree = store(tmp_path)
    await sign(tree, TreeHead(0, EMPTY))
    found = await shown(tmp_path, "one")
    assert found is not None
    assert set(found.proofs.values()) == {ProofState.LATER}


async def test_a_checkpoint_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    """Somebody wrote into that table."""
    await removed(tmp_path)
    _, tree = store(tmp_path)
    await tree.keep_checkpoint(2, "no checkpoint\n", NOW)
    with pytest.raises(EvidenceBroken, match="the newest checkpoint cannot be read"):
        await shown(tmp_path, "one")


async def test_a_record_that_was_changed_is_a_fault(tmp_path: Path) -> None:
    """It is not shown as if it were true."""
    await removed(tmp_path)
    put_lines(tmp_path, [line.replace('"removed"', '"refused"') for line in lines_in(tmp_path)])
    with pytest.raises(EvidenceBroken):
        await shown(tmp_path, "one")


def test_one_record_that_fails_is_enough() -> None:
    """Whatever the others say."""
    sound = RemovalShown([], [], {0: ProofState.HOLDS, 1: ProofState.LATER, 2: ProofState.NO_CHECKPOINT}, None)
    assert (sound.holds, replace(sound, proofs={**sound.proofs, 3: ProofState.FAILS}).holds) == (True, False)
