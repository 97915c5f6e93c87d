"""Archives of somebody who means harm: one clear line, and nothing is ever unpacked."""

import contextlib
import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from export_world import judged, key_of, kinds_in, names_in, with_manifest, zipped

from spentkey.storage.export.verify import Unreadable

KEY = key_of(1)[1]
Files = dict[str, bytes]


def with_one(file: Path, files: Files, info: zipfile.ZipInfo, content: bytes = b"x") -> Path:
    """A ZIP with one file more."""
    zipped(file, files)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(info, content)
    return file


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/passwd", "proofs/../../evil", "..\\evil", "C:\\evil", "C:evil", "proofs/..", "\\\\host\\share"],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(whole: Files, tmp_path: Path, name: str) -> None:
    """It is named in one line, without what a terminal takes for a command."""
    file = with_one(tmp_path / "x.zip", whole, zipfile.ZipInfo(name))
    with pytest.raises(Unreadable, match="leads out of its folder") as refused:
        judged(file, KEY)
    assert str(refused.value).isprintable()
    assert names_in(tmp_path) == ["x.zip"]


@pytest.mark.parametrize("name", ["evil", "proofs/x.tlog-proof", "records.jsonl.bak", "report.html\n", "\x1b[2J"])
def test_a_name_that_no_export_has_is_a_fault(whole: Files, tmp_path: Path, name: str) -> None:
    """Also where the manifest lists it."""
    file = with_one(tmp_path / "x.zip", whole, zipfile.ZipInfo(name))
    report = judged(file, KEY)
    assert kinds_in(report) == {"manifest"}
    assert all(one["where"].isprintable() for one in report["faults"])
    listed = zipped(tmp_path / "y.zip", with_manifest({**whole, name: b"x"}))
    assert "manifest" in kinds_in(judged(listed, KEY))


def test_a_file_that_is_there_twice_is_a_fault(whole: Files, tmp_path: Path) -> None:
    """Two readers might see two of them."""
    with pytest.warns(UserWarning, match="Duplicate"):
        file = with_one(tmp_path / "x.zip", whole, zipfile.ZipInfo("records.jsonl"), b"")
    assert "manifest" in kinds_in(judged(file, KEY))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO], ids=["link", "folder", "pipe"])
def test_a_link_in_a_zip_is_refused(whole: Files, tmp_path: Path, kind: int) -> None:
    """An export has plain files alone."""
    info = zipfile.ZipInfo("anchors/1.rfc3161")
    info.external_attr = (kind | 0o777) << 16
    with pytest.raises(Unreadable, match="is a link or no file"):
        judged(with_one(tmp_path / "x.zip", whole, info, b"/etc/passwd"), KEY)


def test_an_encrypted_file_is_refused(whole: Files, tmp_path: Path) -> None:
    """Nobody is asked for a password."""
    raw = bytearray(zipped(tmp_path / "x.zip", whole).read_bytes())
    at = raw.index(b"PK\x01\x02")
    raw[at + 8] |= 1
    (tmp_path / "y.zip").write_bytes(raw)
    with pytest.raises(Unreadable, match="is encrypted"):
        judged(tmp_path / "y.zip", KEY)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_another_way_of_packing_is_refused(whole: Files, tmp_path: Path, method: int) -> None:
    """An export uses one that every unzip knows."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w", method) as archive:
        for name, content in whole.items():
            archive.writestr(name, content)
    with pytest.raises(Unreadable, match="packed in a way"):
        judged(tmp_path / "x.zip", KEY)


@pytest.mark.parametrize("name", ["records.jsonl", "manifest.json", "report.html"])
def test_a_bomb_is_not_unpacked(whole: Files, tmp_path: Path, name: str) -> None:
    """100 MB of nothing in 100 kB."""
    bomb = zipped(
        tmp_path / "x.zip",
        {
            **with_manifest({**whole, name: bytes(100_000_000)} if name == "report.html" else whole),
            name: bytes(100_000_000),
        },
    )
    with pytest.raises(Unreadable, match="far larger unpacked than packed"):
        judged(bomb, KEY)


def _sized(raw: bytes, size: int) -> bytes:
    """The size that the directory of the ZIP states for its first file, another one."""
    at = raw.index(b"PK\x01\x02")
    return raw[: at + 24] + struct.pack("<I", size) + raw[at + 28 :]


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_a_size_that_lies_is_found(whole: Files, tmp_path: Path, size: int) -> None:
    """No more is read than the manifest says, and less is a fault."""
    first = {"records.jsonl": whole["records.jsonl"], **whole}
    (tmp_path / "x.zip").write_bytes(_sized(zipped(tmp_path / "y.zip", first).read_bytes(), size))
    assert not judged(tmp_path / "x.zip", KEY)["holds"]


def test_a_line_without_an_end_is_not_held_in_memory(whole: Files, tmp_path: Path) -> None:
    """16 MB are enough for any record."""
    noise = os.urandom(1 << 20).replace(b"\n", b"x") * 20
    forged = with_manifest({**whole, "records.jsonl": noise})
    assert "manifest" in kinds_in(judged(zipped(tmp_path / "x.zip", forged), KEY))


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"no archive at all",
    "its-head": lambda raw: raw[: len(raw) // 2],
    "its-tail": lambda raw: raw[len(raw) // 2 :],
    "without-directory": lambda raw: raw[: raw.index(b"PK\x01\x02")],
}


@pytest.mark.parametrize("how", sorted(BROKEN))
def test_what_is_no_zip_cannot_be_read(whole: Files, tmp_path: Path, how: str) -> None:
    """4, or a fault where enough is left to be judged."""
    (tmp_path / "x.zip").write_bytes(BROKEN[how](zipped(tmp_path / "y.zip", whole).read_bytes()))
    with contextlib.suppress(Unreadable):
        assert not judged(tmp_path / "x.zip", KEY)["holds"]


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"format":2}', b'{"format":"1"}', b"[" * 60_000, b"\xff"])
def test_a_manifest_that_is_none_cannot_be_read(whole: Files, tmp_path: Path, content: bytes) -> None:
    """One line says so."""
    with pytest.raises(Unreadable, match="no export that can be read"):
        judged(zipped(tmp_path / "x.zip", {**whole, "manifest.json": content}), KEY)


@pytest.mark.parametrize(
    "files", [None, [], {"records.jsonl": None}, {"records.jsonl": {"size": "x"}}, {"../x": {"size": 1}}]
)
def test_a_manifest_of_another_form_is_a_fault(whole: Files, tmp_path: Path, files: object) -> None:
    """Whatever its types are, it is no bug."""
    assert "manifest" in kinds_in(judged(zipped(tmp_path / "x.zip", with_manifest(whole, files=files)), KEY))


@pytest.mark.parametrize("seed", range(60))
def test_a_zip_with_noise_in_it_never_ends_in_a_bug(whole: Files, tmp_path: Path, seed: int) -> None:
    """Any bytes anywhere: a fault, or one line; and it holds only where what was read is what was there."""
    import random

    rng = random.Random(seed)  # noqa: S311
    raw = bytearray(zipped(tmp_path / "y.zip", whole).read_bytes())
    for _ in range(rng.choice((1, 3, 30))):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    (tmp_path / "x.zip").write_bytes(raw)
    try:
        holds = judged(tmp_path / "x.zip", KEY)["holds"]
    except Unreadable:
        return
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert not holds or all(archive.read(name) == content for name, content in whole.items())
