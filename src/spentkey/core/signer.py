"""The signer: which of the PFX files at hand holds a certificate that may sign for the application now.

Entra accepts a proof only from a certificate that is registered on that application and valid now
(learn.microsoft.com/graph/application-rollkey-prooftoken); an expired one cannot sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from spentkey.core.credential import Credential, Target
from spentkey.core.pfx import Pfx, Unusable, unfit_length
from spentkey.core.reason import Reason, several
from spentkey.core.signer_reasons import (
    CANNOT_SIGN,
    CERTIFICATE_IN,
    NO_KEY,
    NOT_REGISTERED,
    NOT_RSA,
    NOT_VALID_NOW,
    REGISTRATION_EXPIRED,
)

NEW_FOR = timedelta(minutes=15)
"""How long after the start of its registration a key counts as new: sign-in learns of one seconds to minutes later
(the simulator's ledger, E-58, has the sources)."""


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
    since: datetime | None = None
    """When its registration on the application began, where that is known."""

    @property
    def valid_until(self) -> datetime:
        """When the certificate ends."""
        return self.certificate.not_valid_after_utc


def wanted_by(application: Target) -> frozenset[bytes]:
    """The thumbprints, by SHA-256, of the certificates that are on the application."""
    return frozenset(sha256(one.key).digest() for one in application.certificates if one.key is not None)


def match_pfx(document: str, opened: Pfx | Unusable, application: Target, now: datetime) -> list[Signer | Unusable]:
    """Match each certificate of an open file with the application's own."""
    if isinstance(opened, Unusable):
        return [opened]
    several = len(opened.pairs) + len(opened.strangers) > 1
    found = [
        _match(_name_in(document, certificate) if several else document, key, certificate, application, now)
        for key, certificate in opened.pairs
    ]
    found += [
        Unusable(_name_in(document, one) if several else document, _dates(one, now) or NOT_REGISTERED())
        for one in opened.strangers
    ]
    keyless = [one for one in opened.alone if _registrations(one, application) and _dates(one, now) is None]
    found += [Unusable(_name_in(document, one), NO_KEY()) for one in keyless]
    return found + [Unusable(document, reason) for reason in opened.unread]


def _name_in(document: str, certificate: x509.Certificate) -> Reason:
    """One certificate of a file that holds several, by the beginning of the thumbprint that the portal shows."""
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303  # the portal's thumbprint is SHA-1
    return CERTIFICATE_IN(document=document, thumbprint=thumbprint[:8])


def match_key(key: KeyInVault, application: Target, now: datetime) -> Signer | Unusable:
    """Match the certificate of a key in the vault with the application's own."""
    public = key.certificate.public_key()
    if not isinstance(public, RSAPublicKey):
        return Unusable(key.name, NOT_RSA())
    unfit = unfit_length(public.key_size)
    return Unusable(key.name, unfit) if unfit is not None else _match(key.name, key, key.certificate, application, now)


def _match(
    document: str,
    key: RSAPrivateKey | KeyInVault,
    certificate: x509.Certificate,
    application: Target,
    now: datetime,
) -> Signer | Unusable:
    dated = _dates(certificate, now)
    if dated is not None:
        return Unusable(document, dated)
    problems = [(registered, _cannot_sign(registered, now)) for registered in _registrations(certificate, application)]
    for registered, problem in problems:
        if problem is None:
            return Signer(key, certificate, registered.key_id, document, registered.start)
    reasons = [problem for _, problem in problems if problem is not None]
    return Unusable(document, several(reasons or [NOT_REGISTERED()]))


def _dates(certificate: x509.Certificate, now: datetime) -> Reason | None:
    """Why the certificate's own dates keep it from signing now, or None when they do not."""
    if certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        return None
    return NOT_VALID_NOW(end=f"{certificate.not_valid_after_utc:%Y-%m-%d}")


def _registrations(certificate: x509.Certificate, application: Target) -> list[Credential]:
    der = certificate.public_bytes(Encoding.DER)
    return [registered for registered in application.certificates if registered.key == der]


def _cannot_sign(registered: Credential, now: datetime) -> Reason | None:
    """Why this registration of the certificate does not let it sign, or None when it does."""
    if (registered.type, registered.usage) != ("AsymmetricX509Cert", "Verify"):
        return CANNOT_SIGN(registered=f"{registered.type}/{registered.usage}")
    if registered.end is None or registered.end <= now:
        return REGISTRATION_EXPIRED()
    return None


def valid_signers(application: Target, now: datetime) -> list[Credential]:
    """The registrations whose certificate may sign for the application now, if somebody has its private key.

    Where the certificate itself is not shown, the registration alone is judged.
    """
    return [one for one in application.certificates if _cannot_sign(one, now) is None and _may_sign(one.key, now)]


def _may_sign(der: bytes | None, now: datetime) -> bool:
    if der is None:
        return True
    try:
        certificate = x509.load_der_x509_certificate(der)
        public = certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    fit = isinstance(public, RSAPublicKey) and unfit_length(public.key_size) is None
    return fit and _dates(certificate, now) is None


def in_order(signers: Sequence[Signer], now: datetime) -> list[Signer]:
    """The best one first: the longest-lived, but one that is new on the application after all others.

    A certificate that stands in several files is there once.
    """
    once = {one.certificate: one for one in reversed(signers)}.values()
    return sorted(once, key=lambda one: (_new(one, now), -one.valid_until.timestamp()))


def _new(signer: Signer, now: datetime) -> bool:
    return signer.since is not None and signer.since > now - NEW_FOR
