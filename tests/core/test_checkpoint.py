"""Checkpoints and proofs, in the formats of C2SP."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from spentkey.core.checkpoint import (
    VerifierKey,
    checkpoint_text,
    proof_text,
    read_checkpoint,
    read_proof,
    signed_note,
)
from spentkey.core.tree import TreeHead

ORIGIN = "spentkey/0123456789abcdef"
HEAD = TreeHead(418, bytes(range(32)))
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
KEY = VerifierKey(ORIGIN, PRIVATE.public_key().public_bytes_raw())
OTHER_PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
OTHER = VerifierKey(ORIGIN, OTHER_PRIVATE.public_key().public_bytes_raw())
TEXT = checkpoint_text(ORIGIN, HEAD)
NOTE = signed_note(TEXT, [(KEY, PRIVATE.sign(TEXT.encode()))])
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
"""The key of the example in the documentation of golang.org/x/mod/sumdb/note, and its note."""
NEUMANNS_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NEUMANNS_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="


def test_a_key_and_a_signature_of_another_program_verify() -> None:
    """The published example of the Go implementation."""
    key, raw = VerifierKey.parse(NEUMANN), base64.b64decode(NEUMANNS_SIGNATURE)
    assert raw[:4] == key.id
    assert key.verifies(NEUMANNS_TEXT, raw[4:])
    assert not key.verifies(NEUMANNS_TEXT + "\n", raw[4:])


def test_a_proof_out_of_a_million_records_has_little_more_than_a_kilobyte() -> None:
    """The longest that there is, with its checkpoint, as the page on evidence says."""
    text = checkpoint_text(ORIGIN, TreeHead(1_000_000, bytes(32)))
    note = signed_note(text, [(KEY, PRIVATE.sign(text.encode()))])
    assert (len(note.encode()), len(proof_text(999_999, [bytes(32)] * 20, note).encode())) == (203, 1_140)


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    """Origin, size, root, and a signature that holds."""
    read = read_checkpoint(NOTE)
    assert (read.origin, read.head, read.text, read.note) == (ORIGIN, HEAD, TEXT, NOTE)
    assert read.signed_by(KEY) is True
    assert read.signed_by(OTHER) is None


def test_two_keys_sign_one_checkpoint() -> None:
    """Each is found by its name and its id."""
    both = signed_note(TEXT, [(KEY, PRIVATE.sign(TEXT.encode())), (OTHER, OTHER_PRIVATE.sign(TEXT.encode()))])
    assert [read_checkpoint(both).signed_by(one) for one in (KEY, OTHER)] == [True, True]


def test_a_signature_over_something_else_does_not_hold() -> None:
    """It names the key, and is not its."""
    forged = read_checkpoint(signed_note(TEXT, [(KEY, OTHER_PRIVATE.sign(TEXT.encode()))]))
    assert forged.signed_by(KEY) is False
    moved = read_checkpoint(NOTE.replace("\n418\n", "\n419\n"))
    assert moved.signed_by(KEY) is False


@pytest.mark.parametrize(
    "note",
    {
        "no empty line": TEXT + NOTE[len(TEXT) + 1 :],
        "no signature": TEXT + "\n",
        "cut off": NOTE[:-1],
        "a size with a zero before it": NOTE.replace("\n418\n", "\n0418\n"),
        "a size in other digits": NOTE.replace("\n418\n", "\n٤١٨\n"),
        "no size": NOTE.replace("\n418\n", "\n-1\n"),
        "a short root": NOTE.replace(TEXT, checkpoint_text(ORIGIN, TreeHead(418, b"short"))),
        "a root in another base64": NOTE.replace("Hh8=", "Hh9="),
        "no origin": NOTE.replace(ORIGIN + "\n418", "\n418"),
        "a tab": NOTE.replace(ORIGIN + "\n418", ORIGIN + "\t\n418"),
        "a hyphen for the dash": NOTE.replace("\u2014 ", "- "),
        "a signature that is none": NOTE[:-4] + "***\n",
        "a line of something else": NOTE + "and more\n",
        "too many signatures": NOTE + NOTE[len(TEXT) + 1 :] * 16,
        "far too long": NOTE.replace(ORIGIN, ORIGIN * 5000),
        "nothing": "",
    }.values(),
    ids=range(16),
)
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    """With the form that it should have."""
    with pytest.raises(ValueError, match=r"^(a|at most) "):
        read_checkpoint(note)


def test_a_key_is_read_as_it_was_written() -> None:
    """Blanks around it do not count."""
    assert VerifierKey.parse(f" {KEY}\n") == KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        ORIGIN,
        f"{ORIGIN}+00000000+{str(KEY).rpartition('+')[2]}",
        f"{ORIGIN}+{KEY.id.hex()}+AQID",
        str(KEY).replace(ORIGIN, "two words"),
        f"{KEY}=",
    ],
    ids=range(6),
)
def test_what_is_no_key_is_refused(text: str) -> None:
    """The reason says how one is written, or which id it has."""
    with pytest.raises(ValueError, match=r"^(a key is written|the key's id is)"):
        VerifierKey.parse(text)


def test_a_proof_is_read_as_it_was_written() -> None:
    """The line that others may add does not count."""
    path = [b"a" * 32, b"b" * 32]
    written = proof_text(417, path, NOTE)
    assert read_proof(written) == (417, path, read_checkpoint(NOTE))
    assert read_proof(written.replace("index", "extra AAAA\nindex")) == read_proof(written)
    assert read_proof(proof_text(0, [], NOTE))[:2] == (0, [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        proof_text(417, [b"short"], NOTE),
        proof_text(-1, [b"a" * 32], NOTE),
        proof_text(417, [], NOTE).replace("@v1", "@v2"),
        proof_text(417, [], "no checkpoint"),
    ],
    ids=range(5),
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    """Whatever of it is not as it must be."""
    with pytest.raises(ValueError, match=r"^a "):
        read_proof(text)
