"""Who signs, and what continues what: a tree that does not go on from the last checkpoint is never signed unseen."""

import asyncio
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from evidence_store import lines_in, put_lines
from signing_world import ORIGIN, Machine, drawn, forget, mode_of, private_texts

from spentkey.core.checkpoint import Checkpoint, checkpoint_text, in_base64, read_checkpoint, signed_note
from spentkey.core.checkpoint_end import NothingToSign, NotSigned, SignedHead, UnsignedHead
from spentkey.core.errors import Busy, EvidenceBroken, Misconfigured
from spentkey.core.note_key import NoteKey
from spentkey.storage.checkpoints import Checkpoints


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine that has recorded and signed nothing."""
    return Machine(tmp_path / "state")


async def made(machine: Machine) -> SignedHead:
    """A checkpoint of a process that starts now."""
    end = await machine.signer().make()
    assert isinstance(end, SignedHead)
    return end


async def refused(machine: Machine) -> NotSigned:
    """Why a process that starts now signs nothing; what is there stays as it is."""
    before = [*machine.tree.notes]
    end = await machine.signer().make()
    assert isinstance(end, NotSigned)
    assert machine.tree.notes == before
    return end


async def test_the_first_checkpoint_makes_the_key_and_is_the_last_one_of_this_machine(machine: Machine) -> None:
    """All four files are for this account alone."""
    await machine.record(3)
    end = await made(machine)
    key = machine.key()
    assert (end.head.size, end.key, end.is_new) == (3, key, True)
    assert machine.last().note == end.note == machine.tree.notes[0][1]
    assert machine.last().signed_by(key) is True
    assert machine.last().head == await machine.tree.head()
    modes = {name: mode_of(machine.state / name) for name in machine.names()}
    assert modes == {
        "signing.key": 0o600,
        "signing.key.pub": 0o600,
        "signing.key.last": 0o600,
        "signing.key.lock": 0o600,
    }
    assert (machine.state / "signing.key.pub").read_text() == f"{key}\n"


def test_openssl_verifies_it(machine: Machine, tmp_path: Path) -> None:
    """With the public key as everybody writes one, over the text of the note; another text does not verify."""
    asyncio.run(machine.record(2))
    checkpoint = read_checkpoint(asyncio.run(made(machine)).note)
    public, body, signature = (tmp_path / name for name in ("pub.pem", "body", "sig"))
    key = machine.state / "signing.key"
    openssl = shutil.which("openssl") or "openssl"
    subprocess.run([openssl, "pkey", "-in", key, "-pubout", "-out", public], check=True, timeout=60)
    body.write_text(checkpoint.text)
    signature.write_bytes(checkpoint.signatures[0].value)
    verify = [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", body, "-sigfile", signature]
    assert subprocess.run(verify, capture_output=True, check=False, timeout=60).returncode == 0
    body.write_text(checkpoint.text.replace("\n2\n", "\n3\n"))
    assert subprocess.run(verify, capture_output=True, check=False, timeout=60).returncode != 0


async def test_a_second_one_without_new_records_is_the_same(machine: Machine) -> None:
    """Nothing is signed twice."""
    await machine.record()
    first, second = await made(machine), await made(machine)
    assert (second.note, second.is_new, len(machine.tree.notes)) == (first.note, False, 1)


async def test_without_a_record_nothing_is_signed_and_no_key_is_made(machine: Machine) -> None:
    """A command that finds nothing to do leaves no trace."""
    assert isinstance(await machine.signer().make(), NothingToSign)
    assert machine.names() == set()


async def test_without_a_key_the_head_is_told_and_not_stored(machine: Machine) -> None:
    """With a database and no key."""
    await machine.record(2)
    signer = machine.signer()
    signer.keys = None
    end = await signer.make()
    assert end == UnsignedHead(await machine.tree.head())
    assert "not signed: 2 records" in end.shown()
    assert (machine.tree.notes, machine.names()) == ([], set())
    for asked in (signer.restored("ops", "why"),):
        with pytest.raises(Misconfigured, match=r"evidence\.signing_key: is not set"):
            await asked


async def test_a_tree_that_grows_is_signed_on_and_on(machine: Machine) -> None:
    """By processes that start anew each time."""
    for count in range(1, 6):
        await machine.record(count)
        await made(machine)
    assert [size for size, _, _ in machine.tree.notes] == [1, 3, 6, 10, 15]


async def test_a_restored_backup_is_not_signed(machine: Machine) -> None:
    """It is shorter than what was signed; the line says so, and what to do."""
    await machine.record(3)
    await made(machine)
    await machine.record(3)
    await made(machine)
    machine.cut(3)
    end = await refused(machine)
    assert "that was over 6 records, and now there are 3" in end.reason
    assert "--restored --why" in end.fix


async def test_a_restored_backup_that_has_outgrown_what_was_signed_is_not_signed_either(machine: Machine) -> None:
    """Its size says nothing; its root does."""
    await machine.record(3)
    await made(machine)
    machine.cut(2)
    await machine.record(5)
    assert "the first of them are other ones now" in (await refused(machine)).reason


async def test_an_end_that_was_written_anew_is_not_signed(machine: Machine) -> None:
    """As many records as before, and other ones."""
    await machine.record(3)
    await made(machine)
    machine.cut(2)
    await machine.record()
    assert "the first of them are other ones now" in (await refused(machine)).reason


async def test_restored_is_on_record_and_signing_goes_on(machine: Machine) -> None:
    """With what was signed last; once, however often the command is repeated."""
    await machine.record(6)
    lost = await made(machine)
    machine.cut(3)
    end = await machine.signer().restored("ops", "disk failed")
    assert isinstance(end, SignedHead)
    assert end.head.size == 4
    (record,) = machine.records("restored")
    wanted = ("ops", "disk failed", 6, in_base64(lost.head.root), ORIGIN, str(machine.key()))
    assert tuple(record[name] for name in ("who", "why", "size", "root", "origin", "key")) == wanted
    again_asked = await machine.signer().restored("ops", "disk failed")
    assert isinstance(again_asked, SignedHead)
    assert (again_asked.note, again_asked.is_new, len(machine.records("restored"))) == (end.note, False, 1)
    await machine.record()
    assert (await made(machine)).head.size == 5


async def test_restored_that_died_before_it_signed_puts_nothing_on_record_twice(machine: Machine) -> None:
    """The next try finds the record."""
    await machine.record(6)
    await made(machine)
    machine.cut(3)
    signer = machine.signer()
    signer.keys = replace(machine.keys, beside=machine.state)

    async def dies(size: int, note: str, at: object) -> None:
        raise EvidenceBroken("no disk")

    machine.tree.keep_checkpoint, whole = dies, machine.tree.keep_checkpoint
    with pytest.raises(EvidenceBroken):
        await signer.restored("ops", "x")
    machine.tree.keep_checkpoint = whole
    assert isinstance(await machine.signer().restored("ops", "x"), SignedHead)
    assert (len(machine.records("restored")), machine.tree.notes[-1][0]) == (1, 4)


async def test_restored_that_died_before_this_machine_remembered_is_on_record_once(machine: Machine) -> None:
    """The record is there, and nothing is signed yet: the next try signs over it."""
    await machine.record(6)
    await made(machine)
    machine.cut(3)
    in_the_way = machine.state / "signing.key.last.half"
    in_the_way.mkdir()
    with pytest.raises(EvidenceBroken, match="cannot be written"):
        await machine.signer().restored("ops", "x")
    in_the_way.rmdir()
    assert len(machine.records("restored")) == 1
    assert isinstance(await machine.signer().restored("ops", "x"), SignedHead)
    assert (len(machine.records("restored")), machine.tree.notes[-1][0]) == (1, 4)


async def test_restored_twice_is_on_record_twice(machine: Machine) -> None:
    """Two backups were restored."""
    await machine.record(6)
    await made(machine)
    for _ in range(2):
        machine.cut(3)
        assert isinstance(await machine.signer().restored("ops", "x"), SignedHead)
        await machine.record(4)
        await made(machine)
    assert len(machine.records("restored")) == 1  # the first one went with the second backup
    assert machine.records("restored")[0]["size"] == 8


async def test_restored_is_not_put_on_record_where_nothing_was_restored(machine: Machine) -> None:
    """It makes a checkpoint as always."""
    await machine.record(2)
    await made(machine)
    assert isinstance(await machine.signer().restored("ops", "x"), SignedHead)
    assert machine.records("restored") == []


@pytest.mark.parametrize(
    "content", [b"", b"nonsense\n", b"\xff\xfe", b"a\n1\nAAAA\n\n"], ids=["empty", "text", "bytes", "cut"]
)
async def test_a_damaged_memory_is_not_signed_over(machine: Machine, content: bytes) -> None:
    """Nobody knows what was signed; people say what became of it, and that is on record."""
    await machine.record(2)
    await made(machine)
    (machine.state / "signing.key.last").write_bytes(content)
    await machine.record()
    end = await refused(machine)
    assert "signing.key.last is damaged" in end.reason
    assert isinstance(await machine.signer().restored("ops", "x"), SignedHead)
    (record,) = machine.records("restored")
    assert (record["size"], record["root"], record["origin"]) == (None, None, None)


async def test_without_the_memory_the_newest_checkpoint_of_the_store_is_continued(machine: Machine) -> None:
    """A new machine, or one whose file was deleted: the store at least must agree with itself."""
    await machine.record(3)
    await made(machine)
    forget(machine.state / "signing.key.last")
    lines = lines_in(machine.state)
    put_lines(machine.state, lines[:2])
    assert "over 3 records" in (await refused(machine)).reason
    put_lines(machine.state, lines)
    await machine.record()
    assert (await made(machine)).head.size == 4


async def test_a_crash_before_the_store_has_it_is_made_good(machine: Machine) -> None:
    """FILE.last was written first; the same note is stored then."""
    await machine.record(3)
    first = await made(machine)
    machine.tree.notes.clear()
    second = await made(machine)
    assert (second.note, [note for _, note, _ in machine.tree.notes]) == (first.note, [first.note])


async def test_this_machine_remembers_what_it_signs_before_the_store_has_it(machine: Machine) -> None:
    """A crash comes in between: a backup that is restored then is not signed, although the store knows of no checkpoint."""
    await machine.record(3)

    async def dies(size: int, note: str, at: object) -> None:
        raise EvidenceBroken("no disk")

    machine.tree.keep_checkpoint, whole = dies, machine.tree.keep_checkpoint
    with pytest.raises(EvidenceBroken, match="no disk"):
        await machine.signer().make()
    machine.tree.keep_checkpoint = whole
    assert (machine.last().head, machine.tree.notes) == (await machine.tree.head(), [])
    machine.cut(2)
    assert "that was over 3 records, and now there are 2" in (await refused(machine)).reason


async def test_a_missing_key_is_never_replaced_in_silence(machine: Machine) -> None:
    """Something was signed, so a new key needs a word of people."""
    await machine.record()
    await made(machine)
    forget(machine.state / "signing.key")
    end = await refused(machine)
    assert "signing.key is missing" in end.reason
    assert "--new-key --lost --why" in end.fix
    assert "signing.key" not in machine.names()
    forget(machine.state / "signing.key.last")
    assert "signing.key is missing" in (await refused(machine)).reason


async def test_a_missing_key_beside_a_damaged_memory_is_not_replaced(machine: Machine) -> None:
    """Also where the store has no checkpoint."""
    await machine.record()
    (machine.state / "signing.key.last").write_text("nonsense")
    assert isinstance(await machine.signer().restored("ops", "x"), NotSigned)
    assert machine.names() == {"signing.key.last", "signing.key.lock"}
    assert machine.records("restored") == []


async def test_another_key_signs_nothing(machine: Machine) -> None:
    """Who puts a key there must say so."""
    await machine.record()
    await made(machine)
    (machine.state / "signing.key").write_bytes(NoteKey.from_seed(drawn(32)).pem())
    end = await refused(machine)
    assert (
        f"holds key {machine.key().id.hex()}, and key {machine.last().signatures[0].key_id.hex()} signed" in end.reason
    )


async def test_a_forged_memory_is_not_believed(machine: Machine) -> None:
    """It names our key, and the signature is nobody's."""
    await machine.record(5)
    await made(machine)
    last = machine.last()
    forged = Checkpoint(last.origin, last.head, last.text, last.signatures, last.note.replace("\n5\n", "\n4\n"))
    (machine.state / "signing.key.last").write_text(forged.note)
    machine.tree.notes.clear()
    await refused(machine)


async def test_a_forged_memory_does_not_hide_that_the_end_was_cut_off(machine: Machine) -> None:
    """It fits what is left, and names our key; only the signature shows that it is not ours."""
    await machine.record(5)
    await made(machine)
    machine.cut(3)
    machine.tree.notes.clear()
    text = checkpoint_text(ORIGIN, await machine.tree.head())
    (machine.state / "signing.key.last").write_text(signed_note(text, [(machine.key(), bytes(64))]))
    await refused(machine)
    await machine.record()
    await refused(machine)


@pytest.mark.parametrize("origin", ["spentkey/other", "example.org/log"])
async def test_a_changed_origin_is_refused_after_the_first_checkpoint(machine: Machine, origin: str) -> None:
    """The line says which one to set."""
    await machine.record()
    await made(machine)
    machine.origin = origin
    with pytest.raises(Misconfigured, match=f'evidence.origin: is {origin}.*set origin = "{ORIGIN}"'):
        await machine.signer().make()


async def test_a_configured_origin_stands_in_notes_and_keys(machine: Machine) -> None:
    """Before the first checkpoint it may be chosen."""
    machine.origin = "example.org/spentkey"
    await machine.record()
    end = await made(machine)
    assert (end.note.split("\n")[0], end.key.name) == ("example.org/spentkey", "example.org/spentkey")


async def test_a_store_that_was_begun_anew_is_signed_when_people_say_so(machine: Machine) -> None:
    """The memory of the old one is beside the key."""
    await machine.record(4)
    await made(machine)
    machine.cut(0)
    machine.tree.own_origin = "spentkey/8899aabbccddeeff"
    await machine.record()
    assert f"is of another log, {ORIGIN}" in (await refused(machine)).reason
    assert isinstance(await machine.signer().restored("ops", "begun anew"), SignedHead)
    assert machine.records("restored")[0]["origin"] == ORIGIN


async def test_a_checkpoint_of_the_store_that_is_none_is_a_fault(machine: Machine) -> None:
    """Somebody wrote it."""
    await machine.record()
    await machine.tree.keep_checkpoint(1, "nonsense", machine.clock.now())
    with pytest.raises(EvidenceBroken, match="newest checkpoint in the store cannot be read"):
        await machine.signer().make()


async def test_a_key_file_that_is_configured_is_not_made(machine: Machine, tmp_path: Path) -> None:
    """The line says how to make one."""
    machine.file, machine.made_here = tmp_path / "elsewhere.key", False
    await machine.record()
    with pytest.raises(Misconfigured, match=r"elsewhere\.key is not there; make it once.*openssl genpkey"):
        await machine.signer().make()


async def test_two_machines_with_one_key_continue_one_another(tmp_path: Path) -> None:
    """Each has its own memory, and the store has all checkpoints; a failover that lost records is seen by both."""
    file = tmp_path / "shared.key"
    file.write_bytes(NoteKey.from_seed(drawn(32)).pem())
    file.chmod(0o600)
    machine = Machine(tmp_path / "state", file=file, made_here=False)
    keys = [replace(machine.keys, beside=tmp_path / name) for name in ("one", "two")]
    for beside, count in zip(keys * 2, (2, 3, 4, 5), strict=True):
        await machine.record(count)
        assert isinstance(await machine.signer(beside).make(), SignedHead)
    assert (keys[0].read_last() or machine.last()).head.size == 9
    machine.cut(3)
    for beside in keys:
        assert isinstance(await machine.signer(beside).make(), NotSigned)
        assert isinstance(await machine.signer(beside).restored("ops", "failover"), SignedHead)
    assert [one["size"] for one in machine.records("restored")] == [9, 14]
    assert machine.names() == {"shared.key", "shared.key.pub"}


async def test_without_a_state_directory_a_process_remembers_what_it_signed(tmp_path: Path) -> None:
    """Better than nothing."""
    machine = Machine(tmp_path / "state")
    await machine.record(4)
    await made(machine)
    signer = machine.signer(replace(machine.keys, beside=None))
    assert isinstance(await signer.make(), SignedHead)
    await machine.record()
    assert isinstance(await signer.make(), SignedHead)
    machine.cut(4)
    evidence = machine.evidence()
    assert isinstance(await Checkpoints(machine.tree, evidence, machine.clock, signer.keys).make(), SignedHead)
    assert isinstance(await signer.make(), NotSigned)


async def test_a_directory_that_cannot_be_written_signs_nothing(machine: Machine) -> None:
    """Nothing is used that this machine would not remember."""
    await machine.record()
    await made(machine)
    await machine.record()
    (machine.state / "signing.key.last.half").mkdir()
    with pytest.raises(EvidenceBroken, match=r"signing\.key\.last cannot be written"):
        await machine.signer().make()
    assert len(machine.tree.notes) == 1


async def test_a_process_that_waits_for_another_gives_up_in_time(machine: Machine) -> None:
    """And says why."""
    await machine.record()
    async with machine.signer().held(machine.keys):
        with pytest.raises(Busy, match="another process has been making a checkpoint for 30 s"):
            await machine.signer().make()
    assert isinstance(await machine.signer().make(), SignedHead)


TWO = """
import asyncio, sys
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from signing_world import Machine
from spentkey.system import SystemClock, random_bytes
from dataclasses import replace
machine = Machine(Path(sys.argv[1]))
machine.clock = SystemClock()
print(asyncio.run(machine.signer(replace(machine.keys, draw=random_bytes)).make()).key)
"""


def test_processes_that_start_at_once_make_one_key(machine: Machine) -> None:
    """However many."""
    asyncio.run(machine.record())
    command = [sys.executable, "-c", TWO, str(machine.state), *sys.path]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    told = {one.communicate(timeout=60)[0] for one in running}
    assert told == {f"{machine.key()}\n"}


async def test_the_private_key_is_in_its_own_file_alone(machine: Machine) -> None:
    """Not in the records, the notes, or any other file, nor in what is printed."""
    await machine.record()
    end = await made(machine)
    found = private_texts(machine.state / "signing.key")
    files = [path for path in machine.state.rglob("*") if path.is_file() and path.name != "signing.key"]
    assert len(files) >= 4
    shown = json.dumps([end.note, end.shown(), repr(end), repr(machine.keys.read())]).encode()
    for content in (*(path.read_bytes() for path in files), shown):
        assert not any(one in content for one in found)
