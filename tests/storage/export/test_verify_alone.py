"""verify.py as an auditor runs it: in a fresh process, with Python's own library alone; and the recipe without Python."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import TypeGuard

import pytest
from export_world import as_bytes, key_of, lines_of, note_of, unzipped, with_manifest, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from spentkey.core.tree import TreeHead
from spentkey.storage.export import verify
from spentkey.storage.export.readme import CUT

KEY, OTHER = key_of(1)[1], key_of(2)[1]
ANOTHER_ID = "+".join([KEY.name, "00000000", str(KEY).split("+", 2)[2]])
ANOTHER_NAME = "+".join(["spentkey/other", *str(KEY).split("+", 2)[1:]])
"""The id of a key is made of its name and its bytes."""
FILE = Path(verify.__file__)
MOST_LINES, MOST_LINES_OF_CODE = 360, 300
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
"""Section 7.1, tests 1 to 3: public key, message, signature."""


def unpacked(folder: Path, files: dict[str, bytes]) -> Path:
    """The files in a folder, as any unzip leaves them."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def alone(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script in a process of its own, without this project and its packages."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    command = [sys.executable, "-I", "-S", "-W", "error", str(script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd="/", timeout=60)


@pytest.mark.parametrize("name", ["all", "period", "filtered", "unsigned"])
def test_an_export_verifies_itself_in_its_folder(exports: Path, tmp_path: Path, name: str) -> None:
    """Unpacked, without an argument: its own folder is meant. Nothing is written into it."""
    folder = unpacked(tmp_path, unzipped(exports / f"{name}.zip"))
    before = sorted(folder.rglob("*"))
    ended = alone(folder / "verify.py")
    assert (ended.returncode, ended.stderr, ended.stdout.rstrip().endswith(": it holds")) == (0, "", True), ended.stdout
    assert ended.stdout.startswith("the key was not given")
    assert sorted(folder.rglob("*")) == before


def test_a_zip_is_verified_with_the_key(exports: Path) -> None:
    """It need not be unpacked; with the key there is no warning about it."""
    ended = alone(FILE, str(exports / "period.zip"), "--key", str(KEY))
    assert (ended.returncode, "not given" in ended.stdout) == (0, False)


def test_another_key_is_a_fault(exports: Path) -> None:
    """People must look."""
    ended = alone(FILE, str(exports / "period.zip"), "--key", str(OTHER))
    assert (ended.returncode, "other-key" in ended.stdout) == (3, True)


@pytest.mark.parametrize("key", ["x", "a+b+c", f"{KEY}x", "a+00000000+AAAA", ANOTHER_ID, ANOTHER_NAME])
def test_a_key_that_is_none_is_wrong_usage(exports: Path, key: str) -> None:
    """One line, and 2."""
    ended = alone(FILE, str(exports / "all.zip"), "--key", key)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + bytes(100)], ids=["empty", "text", "torn"])
def test_what_is_no_export_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    """One line, and 4."""
    (tmp_path / "x.zip").write_bytes(content)
    for path in (tmp_path / "x.zip", tmp_path, tmp_path / "missing"):
        ended = alone(FILE, str(path))
        assert (ended.returncode, len(ended.stderr.splitlines()), ended.stdout) == (4, 1, ""), path


def test_a_changed_record_is_named(whole: dict[str, bytes], tmp_path: Path) -> None:
    """Kind, file, number, and what is wrong."""
    lines = [one.replace("removed", "refused") for one in lines_of(whole)]
    ended = alone(FILE, str(zipped(tmp_path / "x.zip", with_manifest({**whole, "records.jsonl": as_bytes(lines)}))))
    assert (ended.returncode, "changed: records.jsonl, record 7: " in ended.stdout) == (3, True)


def test_a_link_in_the_folder_is_not_followed(whole: dict[str, bytes], tmp_path: Path) -> None:
    """What it points to is not in the export."""
    folder = unpacked(tmp_path / "a", whole)
    (tmp_path / "elsewhere").write_bytes(whole["records.jsonl"])
    (folder / "records.jsonl").unlink()
    (folder / "records.jsonl").symlink_to(tmp_path / "elsewhere")
    assert alone(folder / "verify.py").returncode == 3


def test_the_verifier_needs_pythons_own_library_alone() -> None:
    """Each module that it imports is part of Python; it is short enough to be read: what is code, and all of it."""
    tree = ast.parse(FILE.read_text("utf-8"), feature_version=(3, 9))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names
    lines = FILE.read_text("utf-8").splitlines()
    prose = {one for node in ast.walk(tree) if is_prose(node) for one in range(node.lineno, (node.end_lineno or 0) + 1)}
    code = [
        one for number, one in enumerate(lines, 1) if number not in prose and one.strip() and one.lstrip()[0] != "#"
    ]
    assert (len(lines) < MOST_LINES, len(code) < MOST_LINES_OF_CODE, max(map(len, lines)) <= 120) == (True, True, True)


def is_prose(node: ast.AST) -> TypeGuard[ast.Expr]:
    """A docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def test_the_file_in_the_export_is_the_one_that_the_package_runs(whole: dict[str, bytes]) -> None:
    """Byte for byte."""
    assert whole["verify.py"] == FILE.read_bytes()


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032, ids=["1", "2", "3"])
def test_the_vectors_of_rfc_8032_verify(public: str, message: str, signature: str) -> None:
    """And no bit of them may be another."""
    key, text, value = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert verify.verifies(key, text, value)
    assert not verify.verifies(key, text + b"x", value)
    for at in (0, 31, 32, 63):
        assert not verify.verifies(key, text, value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :])


@given(seed=st.integers(1, 2**200), text=st.text(max_size=50), at=st.integers(0, 511))
@settings(max_examples=40, deadline=None)
def test_signatures_are_those_that_cryptography_makes(seed: int, text: str, at: int) -> None:
    """Made by another implementation they verify; with one bit changed they do not, for both."""
    private, key = key_of(seed)
    message = text.encode("utf-8", "replace")
    value = private.sign(message)
    assert verify.verifies(key.public, message, value)
    other = bytearray(value)
    other[at // 8] ^= 1 << at % 8
    assert verify.verifies(key.public, message, bytes(other)) is key.verifies(message.decode(), bytes(other)) is False


@pytest.mark.parametrize("wrong", [0, 1])
def test_of_two_signatures_by_one_key_both_must_hold(wrong: int) -> None:
    """Whichever stands first."""
    signed = note_of(TreeHead(1, bytes(32)), 1).splitlines(keepends=True)
    other = note_of(TreeHead(2, bytes(32)), 1).splitlines(keepends=True)[-1]
    lines = [*signed[:-1], *([other, signed[-1]] if wrong == 0 else [signed[-1], other])]
    assert verify.SignedNote("".join(signed).encode()).holds_for([str(KEY)]) == {str(KEY): True}
    assert verify.SignedNote("".join(lines).encode()).holds_for([str(KEY)]) == {str(KEY): False}


@pytest.mark.parametrize(
    "value", [b"", bytes(63), bytes(65), bytes(64), b"\xff" * 64], ids=["none", "63", "65", "zeros", "ones"]
)
def test_a_signature_of_another_form_is_none(value: bytes) -> None:
    """It is refused without an exception."""
    assert not verify.verifies(KEY.public, b"", value)


def test_a_signature_whose_number_is_too_large_is_refused() -> None:
    """RFC 8032, 5.1.7: the second half is below the order of the group; otherwise there were two of each."""
    value = key_of(1)[0].sign(b"text")
    large = int.from_bytes(value[32:], "little") + verify.ORDER
    assert not verify.verifies(KEY.public, b"text", value[:32] + large.to_bytes(32, "little"))


PRIME = 2**255 - 19
IDENTITY = 1
"""The point by which every signature of a known form would hold; RFC 8032, 5.1.3, has one way to write it."""


@pytest.mark.parametrize("written", [IDENTITY + PRIME, IDENTITY | 1 << 255], ids=["too-large", "minus-zero"])
def test_a_key_that_is_written_in_another_way_is_none(written: int) -> None:
    """Such a key would have a second name, and what it signs would hold for one verifier and not for the next."""
    base, one = bytes.fromhex("58" + "66" * 31), (1).to_bytes(32, "little")
    assert not verify.verifies(written.to_bytes(32, "little"), b"text", base + one)


def recipe(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """What stands between the two lines of README.txt, run by a shell in that folder."""
    _, script, _ = (folder / "README.txt").read_text("utf-8").split(f"{CUT}\n")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", **variables}
    command = ["/bin/sh", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder, timeout=60)


@pytest.mark.parametrize("name", ["all", "period", "filtered"])
def test_the_recipe_verifies_one_removal_with_openssl_and_sh(exports: Path, tmp_path: Path, name: str) -> None:
    """As it stands there; it leaves nothing behind."""
    folder = unpacked(tmp_path, unzipped(exports / f"{name}.zip"))
    before = sorted(folder.rglob("*"))
    ended = recipe(folder)
    assert (ended.returncode, "Signature Verified Successfully" in ended.stdout) == (0, True), ended.stderr
    assert sorted(folder.rglob("*")) == before


def test_the_recipe_verifies_every_record_that_has_a_proof(period: dict[str, bytes], tmp_path: Path) -> None:
    """By its number."""
    folder = unpacked(tmp_path, period)
    for file in (folder / "proofs").iterdir():
        assert recipe(folder, SEQ=file.stem).returncode == 0, file


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("records.jsonl", b'"seq":2,', b'"sequ":2,"seq":2,'),
        ("proofs/2.tlog-proof", b"\n67\n", b"\n66\n"),
        ("proofs/2.tlog-proof", b"index 2\n", b"index 3\n"),
    ],
    ids=["record", "checkpoint", "index"],
)
def test_the_recipe_refuses_what_was_changed(
    whole: dict[str, bytes], tmp_path: Path, name: str, old: bytes, new: bytes
) -> None:
    """Not in the log, or not signed: 3 either way."""
    assert old in whole[name]
    folder = unpacked(tmp_path, {**whole, name: whole[name].replace(old, new)})
    assert recipe(folder, SEQ="2").returncode == 3


def test_the_recipe_refuses_another_key(whole: dict[str, bytes], tmp_path: Path) -> None:
    """The one that the auditor has, not the one in the file."""
    ended = recipe(unpacked(tmp_path, whole), SEQ="2", KEY=str(OTHER))
    assert (ended.returncode, "NOT signed by that key" in ended.stdout) == (3, True)
