"""The files of the signing key: who may read them, and that each is there whole or not at all."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from stat import S_IMODE

import pytest
from signing_world import drawn

from spentkey.core.checkpoint import checkpoint_text, signed_note
from spentkey.core.errors import EvidenceBroken, Misconfigured
from spentkey.core.note_key import NoteKey
from spentkey.core.tree import TreeHead
from spentkey.settings.modes import Modes
from spentkey.storage.key_file import KeyFile
from spentkey.storage.small_file import MOST_BYTES, written_whole

KEY = NoteKey.from_seed(bytes(range(32)))


def keys(folder: Path, *, made_here: bool = True, me: int | None = None) -> KeyFile:
    """The files in that folder."""
    modes = Modes({}) if me is None else Modes({}, me=me)
    return KeyFile(folder / "signing.key", folder, modes, drawn, made_here)


def put(folder: Path, mode: int = 0o600) -> Path:
    """A key with that mode."""
    file = folder / "signing.key"
    file.write_bytes(KEY.pem())
    file.chmod(mode)
    return file


@pytest.mark.parametrize("mode", [0o600, 0o400], ids=oct)
def test_a_key_for_this_account_alone_is_read(tmp_path: Path, mode: int) -> None:
    """Also one that may not be written."""
    put(tmp_path, mode)
    found = keys(tmp_path).read()
    assert found is not None
    assert found.verifier("x") == KEY.verifier("x")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o610, 0o601, 0o666], ids=oct)
def test_a_key_that_others_may_read_or_write_is_refused_in_the_state_directory(tmp_path: Path, mode: int) -> None:
    """With the command that mends it."""
    file = put(tmp_path, mode)
    with pytest.raises(Misconfigured, match=f"evidence.signing_key: {file} may be .*chmod"):
        keys(tmp_path).read()


@pytest.mark.parametrize(("mode", "taken"), [(0o440, True), (0o640, True), (0o644, False), (0o660, False)])
def test_a_key_elsewhere_is_judged_as_every_secret(tmp_path: Path, mode: int, *, taken: bool) -> None:
    """Its group may read it, as with the credentials of systemd."""
    put(tmp_path, mode)
    if taken:
        assert keys(tmp_path, made_here=False).read() is not None
    else:
        with pytest.raises(Misconfigured, match=r"evidence\.signing_key"):
            keys(tmp_path, made_here=False).read()


def test_a_key_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever owns it can change it; in a container that is not compared, as for every secret."""
    owner = put(tmp_path).stat().st_uid or 12345
    os.chown(tmp_path / "signing.key", owner, -1)
    with monkeypatch.context() as patched:
        patched.setattr("spentkey.settings.modes.container", _none)
        with pytest.raises(Misconfigured, match="belongs to the account"):
            keys(tmp_path, me=owner + 1).read()


def _none(environment: Mapping[str, str]) -> None:
    """No container."""
    del environment


def test_a_link_is_refused_in_the_state_directory_and_followed_elsewhere(tmp_path: Path) -> None:
    """Mounted secrets are links; in the state directory one chooses what is read."""
    put(tmp_path).rename(tmp_path / "elsewhere")
    (tmp_path / "signing.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Misconfigured, match="is a link, and nothing is opened through one"):
        keys(tmp_path).read()
    assert keys(tmp_path, made_here=False).read() is not None


STRANGE: dict[str, Callable[[Path], object]] = {
    "folder": lambda file: file.mkdir(),
    "pipe": os.mkfifo,
    "large": lambda file: file.write_bytes(b"x" * (MOST_BYTES + 1)),
    "empty": lambda file: file.touch(0o600),
    "text": lambda file: file.write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"),
}


@pytest.mark.parametrize("what", STRANGE)
@pytest.mark.parametrize("made_here", [True, False], ids=["here", "elsewhere"])
def test_what_is_no_key_is_refused_and_not_quoted(tmp_path: Path, what: str, *, made_here: bool) -> None:
    """Nor waited for."""
    file = tmp_path / "signing.key"
    STRANGE[what](file)
    if file.is_file():
        file.chmod(0o600)
    with pytest.raises(Misconfigured, match=r"evidence\.signing_key: .*signing\.key ") as caught:
        keys(tmp_path, made_here=made_here).read()
    assert "c2VjcmV0" not in str(caught.value)


def test_without_a_file_there_is_no_key(tmp_path: Path) -> None:
    """That is no fault."""
    assert (keys(tmp_path).read(), keys(tmp_path).read_next(), keys(tmp_path).read_last()) == (None, None, None)


def test_a_key_is_made_for_this_account_whatever_the_umask(tmp_path: Path) -> None:
    """Mode 0600, PKCS #8, another one each time."""
    before = os.umask(0)
    try:
        made = keys(tmp_path).make()
    finally:
        os.umask(before)
    assert S_IMODE((tmp_path / "signing.key").stat().st_mode) == 0o600
    found = keys(tmp_path).read()
    assert found is not None
    assert found.verifier("x") == made.verifier("x") != keys(tmp_path).make_next().verifier("x")


def test_what_a_crash_left_half_written_is_replaced(tmp_path: Path) -> None:
    """And never taken for a key."""
    half = tmp_path / "signing.key.half"
    half.write_bytes(b"-----BEGIN PRIV")
    assert keys(tmp_path).read() is None
    keys(tmp_path).make()
    assert (half.exists(), keys(tmp_path).read() is not None) == (False, True)


def test_a_link_that_lies_in_wait_is_not_written_through(tmp_path: Path) -> None:
    """Neither the half file, nor the last checkpoint."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in ("signing.key.half", "signing.key.last.half", "signing.key.last"):
        (tmp_path / name).symlink_to(victim)
    made = keys(tmp_path)
    made.make()
    made.write_last("note")
    assert (victim.read_text(), (tmp_path / "signing.key.last").is_symlink()) == ("mine", False)


def test_the_last_checkpoint_is_read_as_it_was_written(tmp_path: Path) -> None:
    """And it is for this account alone."""
    text = checkpoint_text("spentkey/a", TreeHead(3, bytes(32)))
    note = signed_note(text, [(KEY.verifier("spentkey/a"), KEY.sign(text))])
    keys(tmp_path).write_last(note)
    found = keys(tmp_path).read_last()
    assert found is not None
    assert (found.note, found.signed_by(KEY.verifier("spentkey/a"))) == (note, True)
    assert S_IMODE((tmp_path / "signing.key.last").stat().st_mode) == 0o600


def test_a_last_checkpoint_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    """A link is none of ours."""
    (tmp_path / "signing.key.last").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EvidenceBroken, match=r"signing\.key\.last cannot be read"):
        keys(tmp_path).read_last()


def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old checkpoint is still the last one."""
    text = checkpoint_text("spentkey/a", TreeHead(3, bytes(32)))
    note = signed_note(text, [(KEY.verifier("spentkey/a"), KEY.sign(text))])
    keys(tmp_path).write_last(note)

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(EvidenceBroken, match=r"cannot be written \(No space left on device\)"):
            keys(tmp_path).write_last(note.replace("\n3\n", "\n4\n"))
    found = keys(tmp_path).read_last()
    assert found is not None
    assert found.note == note


def test_a_file_is_written_in_pieces_where_the_system_takes_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short write is no end."""
    whole = os.write

    def short(file: int, content: memoryview) -> int:
        return whole(file, bytes(content)[:3])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", short)
        written_whole(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_a_public_key_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    """The commands print it too."""
    made = keys(tmp_path)
    (tmp_path / "signing.key.pub").mkdir()
    made.publish(KEY.verifier("x"))
    assert made.published() is None
