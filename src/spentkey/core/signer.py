"""The signer: which of the PFX files at hand holds a certificate that may sign for the application now.

Entra accepts a proof only from a certificate that is registered on that application and valid now
(learn.microsoft.com/graph/application-rollkey-prooftoken); an expired one cannot sign.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from spentkey.core.credential import Credential, Target
from spentkey.core.pkcs12_cost import costliest_iteration_count
from spentkey.core.secret import Secret

MOST_BYTES = 1_000_000
"""Largest PFX file that is opened, in bytes; a file with a long chain has about 20,000."""
MOST_ITERATIONS = 1_000_000
"""Highest key-derivation count that is computed: about half a second; Windows and OpenSSL write 2,000 to 10,000."""
FEWEST_BITS = 1024
"""Shortest RSA key that is used: a much shorter one cannot hold a PS256 signature at all."""
NOT_RSA = "the key is not an RSA key"


class KeyInVault(Protocol):
    """A private key that never leaves its vault; `sign` is RSASSA-PKCS1-v1_5 with SHA-256 (RS256)."""

    @property
    def name(self) -> str:
        """What people find it by."""
        ...

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate of the key."""
        ...

    async def sign(self, data: bytes) -> bytes:
        """The signature over the data."""
        ...


@dataclass(frozen=True, eq=False)
class Signer:
    """A private key, held in memory only or in its vault, whose certificate is on the application as `key_id`."""

    key: RSAPrivateKey | KeyInVault = field(repr=False)
    certificate: x509.Certificate
    key_id: str
    document: str

    @property
    def valid_until(self) -> datetime:
        """When the certificate ends."""
        return self.certificate.not_valid_after_utc


@dataclass(frozen=True)
class Unusable:
    """Why a document gives no signer, in words for people; `locked` when only the password was wrong."""

    document: str
    reason: str
    locked: bool = False


def open_signer(
    document: str, content: bytes, passwords: Sequence[Secret], application: Target, now: datetime
) -> Signer | Unusable:
    """Open one PFX with the first password that fits, and match its certificate with the application's own."""
    opened = open_pfx(document, content, passwords)
    return opened if isinstance(opened, Unusable) else _match(document, *opened, application, now)


def open_pfx(
    document: str, content: bytes, passwords: Sequence[Secret]
) -> tuple[RSAPrivateKey, x509.Certificate] | Unusable:
    """The RSA key and certificate in a PFX, whose size and cost are bounded before any password is tried."""
    if len(content) > MOST_BYTES:
        return Unusable(document, f"the file is larger than {MOST_BYTES} bytes")
    iterations = costliest_iteration_count(content) if content.startswith(b"\x30") else None
    if iterations is None:
        return Unusable(document, "the file is not a readable PFX (PKCS#12) file")
    if iterations > MOST_ITERATIONS:
        return Unusable(document, f"the file asks for {iterations} key-derivation rounds, which is refused")
    for password in passwords:
        pair = _unlock(content, password)
        if pair is not None:
            return _rsa_pair(document, *pair)
    return Unusable(document, "no password at hand opens the file", locked=True)


def _unlock(content: bytes, password: Secret) -> tuple[object, x509.Certificate | None] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # BER instead of DER is common in old files and harmless here
            key, certificate, _ = pkcs12.load_key_and_certificates(content, password.reveal().encode("utf-8"))
    except (ValueError, TypeError, UnicodeEncodeError, OverflowError):
        return None
    return key, certificate


def _rsa_pair(
    document: str, key: object, certificate: x509.Certificate | None
) -> tuple[RSAPrivateKey, x509.Certificate] | Unusable:
    if key is None or certificate is None:
        return Unusable(document, "the file holds no private key with its certificate")
    if not isinstance(key, RSAPrivateKey):
        return Unusable(document, NOT_RSA)
    return _too_short(document, key.key_size) or (key, certificate)


def _too_short(document: str, bits: int) -> Unusable | None:
    return (
        Unusable(document, f"the RSA key has {bits} bits, which is too short to sign") if bits < FEWEST_BITS else None
    )


def match_key(key: KeyInVault, application: Target, now: datetime) -> Signer | Unusable:
    """Match the certificate of a key in the vault with the application's own."""
    public = key.certificate.public_key()
    if not isinstance(public, RSAPublicKey):
        return Unusable(key.name, NOT_RSA)
    return _too_short(key.name, public.key_size) or _match(key.name, key, key.certificate, application, now)


def _match(
    document: str,
    key: RSAPrivateKey | KeyInVault,
    certificate: x509.Certificate,
    application: Target,
    now: datetime,
) -> Signer | Unusable:
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        return Unusable(
            document, f"the certificate is not valid now (it ends {certificate.not_valid_after_utc:%Y-%m-%d})"
        )
    der = certificate.public_bytes(Encoding.DER)
    registrations = [registered for registered in application.certificates if registered.key == der]
    problems = {registered.key_id: _cannot_sign(registered, now) for registered in registrations}
    for key_id, problem in problems.items():
        if problem is None:
            return Signer(key, certificate, key_id, document)
    reasons = [problem for problem in problems.values() if problem is not None]
    return Unusable(document, "; ".join(reasons) or "the certificate is not registered on the application")


def _cannot_sign(registered: Credential, now: datetime) -> str | None:
    """Why this registration of the certificate does not let it sign, or None when it does."""
    if (registered.type, registered.usage) != ("AsymmetricX509Cert", "Verify"):
        return f"the certificate is registered as {registered.type}/{registered.usage}, which cannot sign"
    if registered.end is None or registered.end <= now:
        return "the certificate's registration on the application has expired"
    return None


def choose_signer(signers: Sequence[Signer]) -> Signer | None:
    """Of several signers, the one that lives longest."""
    return max(signers, key=lambda signer: signer.valid_until, default=None)
