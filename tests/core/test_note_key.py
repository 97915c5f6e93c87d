"""The signing key: what it reads, and that nobody gets it out by accident."""

import copy
import json
import pickle
import shutil
import subprocess
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from spentkey.core.note_key import NoteKey

SEED = bytes(range(32))
KEY = NoteKey.from_seed(SEED)


def test_a_key_is_the_same_after_it_was_written_and_read() -> None:
    """As PKCS #8 in PEM."""
    pem = KEY.pem()
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert NoteKey.read(pem).verifier("x") == KEY.verifier("x")


def test_its_signature_verifies_over_that_text_alone() -> None:
    """By the public half."""
    verifier, signature = KEY.verifier("x"), KEY.sign("text\n")
    assert (verifier.verifies("text\n", signature), verifier.verifies("text", signature)) == (True, False)


def test_a_key_that_openssl_made_is_read() -> None:
    """As the guide says to make one."""
    command = [shutil.which("openssl") or "openssl", "genpkey", "-algorithm", "ed25519"]
    pem = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    assert NoteKey.read(pem).pem() == pem


WRONG: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is no private key in PEM"),
    "text": (b"nonsense", "is no private key in PEM"),
    "cut": (KEY.pem()[:80], "is no private key in PEM"),
    "public": (
        Ed25519PrivateKey.from_private_bytes(SEED)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "is no private key in PEM",
    ),
    "other type": (
        generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "another type than Ed25519",
    ),
    "password": (
        Ed25519PrivateKey.from_private_bytes(SEED).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
        ),
        "has a password",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_such_key_is_refused_without_being_quoted(what: str) -> None:
    """Neither in the message, nor in a cause behind it."""
    pem, message = WRONG[what]
    with pytest.raises(ValueError, match=message) as caught:
        NoteKey.read(pem)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert not any(part in str(caught.value) for part in pem.decode().splitlines()[1:-1])


@pytest.mark.parametrize(
    "take", [str, "{}".format, json.dumps, pickle.dumps, copy.copy, copy.deepcopy], ids=lambda one: one.__name__
)
def test_it_cannot_be_turned_into_something_else(take: Callable[[object], object]) -> None:
    """Each way ends with a `TypeError`."""
    with pytest.raises(TypeError):
        take(KEY)


def test_what_a_debugger_shows_is_a_mask() -> None:
    """Also inside a list."""
    assert repr([KEY]) == "[<NoteKey hidden>]"
