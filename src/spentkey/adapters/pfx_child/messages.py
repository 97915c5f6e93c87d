"""What the child process is asked, and what it answers.

A request is a line of JSON (`size` of the file in bytes, `passwords`, `wanted`: thumbprints in hexadecimal, or null) with
the bytes of the file behind it. An answer is one line of JSON: `unusable` and `locked`, or `pairs`, `alone`, `strangers`
and `unread`, with certificates and keys (PKCS#8) as base64 of their DER. Both travel by pipe, and stand nowhere else.
"""

import base64
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from spentkey.core import signer_reasons
from spentkey.core.pfx import MOST_BYTES, Pfx, Unusable, unfit_length
from spentkey.core.reason import Reason, ReasonKind, read_reason, recorded_reason, several
from spentkey.core.secret import Secret

MOST_HEADER = 1_000_000
"""Longest first line of a request, in bytes."""
MOST_ANSWER = 4_000_000
"""Longest answer, in bytes: every certificate of the largest file, in base64, and its reasons."""

_CODES = frozenset(one.code for one in vars(signer_reasons).values() if isinstance(one, ReasonKind)) | {
    several(["", ""]).code
}
"""The reasons that an answer may give."""


class NoMessage(Exception):
    """What came is not a message; the text holds nothing of it."""


@dataclass(frozen=True)
class PfxRequest:
    """One file, the passwords to be tried on it, and of which certificates the keys are wanted; None of all."""

    content: bytes = field(repr=False)
    passwords: Sequence[Secret]
    wanted: Collection[bytes] | None

    def to_bytes(self) -> bytes:
        """As it goes through the pipe."""
        header = {
            "size": len(self.content),
            "passwords": [one.reveal() for one in self.passwords],
            "wanted": None if self.wanted is None else sorted(one.hex() for one in self.wanted),
        }
        return json.dumps(header).encode() + b"\n" + self.content


def read_request(stream: BinaryIO) -> PfxRequest:
    """The request that stands in a stream; raises `NoMessage` where it is cut off or longer than it says."""
    header = stream.readline(MOST_HEADER)
    try:
        asked = json.loads(header)
        passwords, size = [Secret(str(one)) for one in asked["passwords"]], int(asked["size"])
        wanted = None if asked["wanted"] is None else frozenset(bytes.fromhex(one) for one in asked["wanted"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NoMessage("not a request") from None
    content = stream.read(size + 1) if 0 <= size <= MOST_BYTES else b""
    if len(content) != size:
        raise NoMessage("the file is cut off")
    return PfxRequest(content, passwords, wanted)


def answer_of(opened: Pfx | Unusable) -> bytes:
    """An answer, as it goes through the pipe."""
    if isinstance(opened, Unusable):
        told: dict[str, Any] = {"unusable": _told(opened.reason), "locked": opened.locked}
    else:
        told = {
            "pairs": [[_text(_der(one)), _text(_private(key))] for key, one in opened.pairs],
            "alone": [_text(_der(one)) for one in opened.alone],
            "strangers": [_text(_der(one)) for one in opened.strangers],
            "unread": [_told(one) for one in opened.unread],
        }
    return json.dumps(told).encode() + b"\n"


def read_answer(document: str, answer: bytes) -> Pfx | Unusable:
    """What an answer says; raises `NoMessage` for everything that the child does not say.

    The child has worked on what others made, so it is not believed more than needed: reasons are of the kinds that files
    have, and keys of a length that is used. That key and certificate belong together is checked when something is signed.
    """
    if not answer.endswith(b"\n") or len(answer) > MOST_ANSWER:
        raise NoMessage("not a whole answer")
    try:
        told: dict[str, Any] = json.loads(answer)
        if "unusable" in told:
            return Unusable(document, _reason(told["unusable"]), locked=told["locked"] is True)
        pairs = tuple((_key(key), _certificate(one)) for one, key in told["pairs"])
        alone, strangers = (tuple(_certificate(one) for one in told[name]) for name in ("alone", "strangers"))
        unread = tuple(_reason(one) for one in told["unread"])
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError, UnsupportedAlgorithm):
        raise NoMessage("not an answer") from None
    return Pfx(pairs, alone, unread, strangers)


def _told(reason: Reason) -> list[Any]:
    return [str(reason), recorded_reason(reason)]


def _reason(told: Any) -> Reason:
    text, recorded = told
    _check_codes(recorded)
    read = read_reason(str(text), recorded)
    if read.code not in _CODES:  # the text is another one than that of the record
        raise ValueError("another text")
    return read


def _check_codes(recorded: Any) -> None:
    """Raise ValueError for a kind of reason that is not about files, and for words that are no reason, on any floor."""
    if isinstance(recorded, list):
        parts: list[Any] = recorded  # pyright: ignore[reportUnknownVariableType]
    elif isinstance(recorded, dict):
        if recorded["code"] not in _CODES:
            raise ValueError("another reason")
        parts = list(recorded["parameters"].values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    elif isinstance(recorded, int) or recorded == "":
        return
    else:
        raise ValueError("words of its own")
    for part in parts:
        _check_codes(part)


def _text(der: bytes) -> str:
    return base64.b64encode(der).decode("ascii")


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _private(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _certificate(text: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))


def _key(text: str) -> RSAPrivateKey:
    """The key. The child has checked its numbers, which takes seconds for the longest; once is enough."""
    der = Secret(text)
    key = load_der_private_key(base64.b64decode(der.reveal(), validate=True), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey) or unfit_length(key.key_size) is not None:
        raise ValueError("another key")
    return key
