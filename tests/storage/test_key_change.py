"""The change of the key: the old one says who follows, and a crash at any step is finished by the same command."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from signing_world import Machine, drawn, forget, mode_of

from spentkey.core.checkpoint import VerifierKey, read_checkpoint
from spentkey.core.checkpoint_end import NotSigned, SignedHead
from spentkey.core.errors import EvidenceBroken, Misconfigured
from spentkey.core.note_key import NoteKey
from spentkey.storage import key_file, small_file
from spentkey.storage.key_change import change_key


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
async def machine(tmp_path: Path) -> Machine:
    """A machine that has signed two records."""
    made = Machine(tmp_path / "state")
    await made.record(2)
    assert isinstance(await made.signer().make(), SignedHead)
    return made


async def changed(machine: Machine, *, lost: bool = False) -> SignedHead:
    """The command, by a process that starts now."""
    end = await change_key(machine.signer(), "ops", "yearly", lost=lost)
    assert isinstance(end, SignedHead)
    return end


async def test_the_old_key_signs_its_successor(machine: Machine) -> None:
    """A record names both, and the checkpoint over it has both signatures, the new one last."""
    old = machine.key()
    end = await changed(machine)
    new = machine.key()
    assert old != new == end.key
    (record,) = machine.records("new-key")
    wanted = ("ops", "yearly", str(old), str(new), False)
    assert tuple(record[name] for name in ("who", "why", "old", "new", "lost")) == wanted
    checkpoint = read_checkpoint(end.note)
    assert (checkpoint.head.size, checkpoint.signed_by(old), checkpoint.signed_by(new)) == (3, True, True)
    assert [one.key_id for one in checkpoint.signatures] == [old.id, new.id]
    assert machine.last().note == end.note
    assert machine.names() == {"signing.key", "signing.key.pub", "signing.key.last", "signing.key.lock"}
    assert ((machine.state / "signing.key.pub").read_text(), mode_of(machine.state / "signing.key")) == (
        f"{new}\n",
        0o600,
    )


async def test_the_new_key_signs_on_alone(machine: Machine) -> None:
    """And may be changed once more."""
    await changed(machine)
    await machine.record()
    end = await machine.signer().make()
    assert isinstance(end, SignedHead)
    assert [one.key_id for one in read_checkpoint(end.note).signatures] == [machine.key().id]
    await changed(machine)
    first, second = machine.records("new-key")
    assert (first["new"], second["new"]) == (second["old"], str(machine.key()))


async def test_a_command_that_is_repeated_changes_nothing_more(machine: Machine) -> None:
    """The last record is that change."""
    first, second = await changed(machine), await changed(machine)
    assert (second.note, second.is_new, len(machine.records("new-key"))) == (first.note, False, 1)


async def test_where_nothing_was_signed_the_first_key_is_made(tmp_path: Path) -> None:
    """There is nothing to change."""
    machine = Machine(tmp_path / "state")
    await machine.record()
    await changed(machine)
    assert machine.records("new-key") == []


async def test_a_lost_key_is_on_record_and_the_new_one_signs_alone(machine: Machine) -> None:
    """The public key was written down beside it."""
    old = machine.key()
    forget(machine.state / "signing.key")
    assert isinstance(await change_key(machine.signer(), "ops", "x", lost=False), NotSigned)
    end = await changed(machine, lost=True)
    (record,) = machine.records("new-key")
    assert (record["old"], record["new"], record["lost"]) == (str(old), str(machine.key()), True)
    assert [one.key_id for one in read_checkpoint(end.note).signatures] == [machine.key().id]


@pytest.mark.parametrize("content", [None, "nonsense", "another"])
async def test_a_lost_key_that_nobody_wrote_down_is_not_made_up(machine: Machine, content: str | None) -> None:
    """What lies there is believed only if it verifies what was signed last."""
    other = str(NoteKey.from_seed(drawn(32)).verifier(machine.key().name))
    forget(machine.state / "signing.key")
    forget(machine.state / "signing.key.pub")
    if content is not None:
        (machine.state / "signing.key.pub").write_text({"another": other}.get(content, content))
    await changed(machine, lost=True)
    assert machine.records("new-key")[0]["old"] is None


async def test_a_key_that_is_there_is_not_lost(machine: Machine) -> None:
    """It can sign its successor."""
    with pytest.raises(Misconfigured, match="leave --lost out"):
        await change_key(machine.signer(), "ops", "x", lost=True)
    assert machine.records("new-key") == []


async def test_no_key_is_overwritten_by_a_loss(machine: Machine) -> None:
    """Another one lies there: somebody may need it."""
    (machine.state / "signing.key").write_bytes(NoteKey.from_seed(drawn(32)).pem())
    before = machine.key()
    with pytest.raises(Misconfigured, match="move that file away first"):
        await change_key(machine.signer(), "ops", "x", lost=True)
    assert (machine.key(), machine.records("new-key")) == (before, [])


async def test_a_key_is_not_changed_over_a_restored_backup(machine: Machine) -> None:
    """First people say what became of the records."""
    machine.cut(1)
    end = await change_key(machine.signer(), "ops", "x", lost=False)
    assert isinstance(end, NotSigned)
    assert ("--restored" in end.fix, machine.records("new-key")) == (True, [])


async def test_without_a_configured_key_there_is_none_to_change(machine: Machine) -> None:
    """With a database."""
    signer = machine.signer()
    signer.keys = None
    with pytest.raises(Misconfigured, match=r"evidence\.signing_key: is not set"):
        await change_key(signer, "ops", "x", lost=False)


async def test_a_machine_with_the_old_key_signs_nothing_after_the_change(machine: Machine, tmp_path: Path) -> None:
    """Its copy has to be replaced; the line says which key signs now."""
    old = (machine.state / "signing.key").read_bytes()
    await changed(machine)
    await machine.record()
    other = Machine(tmp_path / "other", file=tmp_path / "copy.key", made_here=False)
    other.tree = machine.tree
    (tmp_path / "copy.key").write_bytes(old)
    (tmp_path / "copy.key").chmod(0o600)
    end = await other.signer().make()
    assert isinstance(end, NotSigned)
    assert f"key {machine.key().id.hex()} signed until now" in end.reason
    (tmp_path / "copy.key").write_bytes((machine.state / "signing.key").read_bytes())
    assert isinstance(await other.signer().make(), SignedHead)


class Fatal:
    """Ends the process before its n-th step: each call that changes a file, the log or the table of checkpoints."""

    def __init__(self, patched: pytest.MonkeyPatch, at: int) -> None:
        self.left, self._patched = at, patched
        for owner, name in (
            (os, "open"),
            (os, "write"),
            (os, "fsync"),
            (Path, "replace"),
            (Path, "unlink"),
            (small_file, "flush_names"),
            (key_file, "flush_names"),
        ):
            patched.setattr(owner, name, self.step(getattr(owner, name)))

    def step(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same, until it is over."""

        def stepped(*given: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise Killed
            return function(*given, **named)

        return stepped


async def killed(machine: Machine, at: int, *, lost: bool) -> bool:
    """Run the command until that step; whether it got no further."""
    signer = machine.signer()
    await signer.evidence.verify()  # opened before the steps are counted
    with pytest.MonkeyPatch.context() as patched:
        fatal = Fatal(patched, at)
        patched.setattr(signer.evidence, "append_unless", _awaited(fatal, signer.evidence.append_unless))
        patched.setattr(machine.tree, "keep_checkpoint", _awaited(fatal, machine.tree.keep_checkpoint))
        try:
            await change_key(signer, "ops", "yearly", lost=lost)
        except Killed:
            return True
    return False


def _awaited(fatal: Fatal, function: Callable[..., Any]) -> Callable[..., Any]:
    async def stepped(*given: Any, **named: Any) -> Any:
        fatal.step(lambda: None)()
        ended = await function(*given, **named)
        fatal.step(lambda: None)()
        return ended

    return stepped


@pytest.mark.parametrize("how", ["with-the-old-key", "with-the-old-key-and-a-checkpoint-in-between", "lost"])
async def test_a_change_that_is_killed_at_any_step_is_finished(tmp_path: Path, how: str) -> None:
    """With one record and one new key, which signs from then on; at no step is there no key, or a half one."""
    at, got_on, lost = 0, True, how == "lost"
    while got_on:
        at += 1
        machine = Machine(tmp_path / f"{at}")
        await machine.record(2)
        assert isinstance(await machine.signer().make(), SignedHead)
        old = machine.key()
        if lost:
            forget(machine.state / "signing.key")
        got_on = await killed(machine, at, lost=lost)
        if "between" in how and got_on:
            await machine.record()
            assert isinstance(await machine.signer().make(), SignedHead)
        assert isinstance(await change_key(machine.signer(), "ops", "yearly", lost=lost), SignedHead)
        records, new = machine.records("new-key"), machine.key()
        assert records[-1]["new"] == str(new) != str(old)
        assert (
            len(records) == len({one["new"] for one in records}) <= 2
        )  # a second change only after the first was whole
        assert len(records) == 1 or "between" in how
        assert machine.names() == {f"signing.key{end}" for end in ("", ".pub", ".last", ".lock")}
        follow(machine, old)
    assert at > 12


def follow(machine: Machine, old: VerifierKey) -> None:
    """Who starts with the old key and follows the records of changes gets to the key that is in place."""
    key = old
    for record in machine.records("new-key"):
        assert record["old"] == str(key)
        key = VerifierKey.parse(record["new"])
    assert key == machine.key()


async def test_a_folder_that_cannot_be_written_changes_nothing(machine: Machine) -> None:
    """The old key signs on."""
    before = machine.key()
    (machine.state / "signing.key.next.half").mkdir()
    with pytest.raises(EvidenceBroken, match=r"signing\.key\.next cannot be written"):
        await change_key(machine.signer(), "ops", "x", lost=False)
    (machine.state / "signing.key.next.half").rmdir()
    assert (machine.key(), machine.records("new-key")) == (before, [])
    await machine.record()
    assert isinstance(await machine.signer().make(), SignedHead)
