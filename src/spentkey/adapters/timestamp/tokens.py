"""Time stamps as RFC 3161 has them: what is asked, and whether what came back can be believed.

What is kept is the whole answer (TimeStampResp, DER), as `openssl ts -verify -in` reads it. Before it is kept it must be
granted, be over our SHA-256, hold our nonce (so it was made for this question), be signed by a certificate for time
stamps alone that the given authorities vouch for, which was valid then, and its time must be ours to 300 s: else whoever
got hold of an old key of the authority could date as he likes.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from spentkey.core.credential import SKEW
from spentkey.core.errors import Misconfigured, SpentkeyError, Who
from spentkey.core.sanitize import plain

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampRequest, TimeStampResponse

SYSTEM = "time stamp authority"
"""What it is called in metrics, logs, traces, messages and findings."""
LARGEST = 65_000
"""Largest answer that is kept, in bytes; one with three certificates has about 6,000."""
SHA256_OID = "2.16.840.1.101.3.4.2.1"
GRANTED = 0
WORDS = {
    1: "it granted something else than what was asked",
    2: "it refused",
    3: "it wants to be asked later",
    4: "its certificate is about to be revoked",
    5: "its certificate was revoked",
}
"""What another status says (RFC 3161, section 2.4.2)."""


class NoTimeStamp(SpentkeyError):
    """No time stamp that can be believed came; it is asked for again later. No note ever tells of it."""

    who = Who.NOBODY


@dataclass(frozen=True)
class Question:
    """What is asked: the request, and the bytes that it is over."""

    request: "TimeStampRequest"
    data: bytes

    @property
    def body(self) -> bytes:
        """The request in DER. It holds a hash and a nonce, nothing else."""
        return self.request.as_bytes()


@dataclass(frozen=True)
class Stamp:
    """A token that was verified."""

    token: bytes
    """The whole answer, in DER."""
    at: datetime
    """When it was made, by the authority's clock."""


def question_over(data: bytes) -> Question:
    """A request over the SHA-256 of these bytes, with a nonce, that asks for the certificate."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder  # noqa: PLC0415  # only who has an authority loads it

    return Question(TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build(), data)


def authorities_in(file: Path) -> list["Certificate"]:
    """The certificates that are believed; raises `Misconfigured` where the file has none, or something else."""
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415  # as above

    try:
        return load_pem_x509_certificates(file.read_bytes())
    except OSError as problem:
        raise Misconfigured(f"evidence.timestamp_ca: the file {file} cannot be read: {problem.strerror}") from None
    except ValueError:
        raise Misconfigured(f"evidence.timestamp_ca: the file {file} holds no certificates in PEM") from None


def verified(question: Question, answer: bytes, authorities: list["Certificate"], now: datetime) -> Stamp:
    """The token in an answer; raises `NoTimeStamp` with what is wrong with it."""
    if len(answer) > LARGEST:
        raise NoTimeStamp(f"{SYSTEM}: its answer has {len(answer)} bytes, and {LARGEST} are read")
    try:
        return _verified(question, answer, authorities, now)
    except NoTimeStamp:
        raise
    except BaseException as problem:  # a panic of the package's Rust part is no Exception
        if isinstance(problem, Exception) or type(problem).__name__ == "PanicException":
            raise NoTimeStamp(f"{SYSTEM}: its answer is no time stamp that can be read") from None
        raise


def _verified(question: Question, answer: bytes, authorities: list["Certificate"], now: datetime) -> Stamp:
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response  # noqa: PLC0415  # as above

    response = decode_timestamp_response(answer)
    if response.status != GRANTED:
        raise NoTimeStamp(_why_not(response))
    if response.tst_info.message_imprint.hash_algorithm.dotted_string != SHA256_OID:
        raise NoTimeStamp(f"{SYSTEM}: its time stamp is over another kind of hash than SHA-256")
    verifier = VerifierBuilder(roots=authorities, nonce=question.request.nonce).build()
    try:
        verifier.verify(response, sha256(question.data).digest())
    except VerificationError as problem:
        raise NoTimeStamp(f"{SYSTEM}: its time stamp cannot be believed: {plain(str(problem))}") from None
    at = response.tst_info.gen_time
    if abs(at - now) > SKEW:
        apart = (at - now).total_seconds()
        raise NoTimeStamp(
            f"{SYSTEM}: its time stamp is {abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} our clock"
        )
    return Stamp(answer, at)


def _why_not(response: "TimeStampResponse") -> str:
    why = WORDS.get(response.status, f"it answered status {response.status}")
    texts = plain("; ".join(response.status_string))
    return f"{SYSTEM}: {why}{f': {texts}' if texts else ''}"
