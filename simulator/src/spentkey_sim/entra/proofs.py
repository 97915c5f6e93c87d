"""The two things that a private key signs here: a client assertion, and a proof of possession.

Both are really verified. Claims of an assertion: learn.microsoft.com/entra/identity-platform/certificate-credentials;
claims of a proof: learn.microsoft.com/graph/application-rollkey-prooftoken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509

from spentkey_sim import material
from spentkey_sim.clock import wire_time
from spentkey_sim.entra import errors, jose
from spentkey_sim.model import Credentials, KeyCredential, World

PROOF_AUDIENCE = "00000002-0000-0000-c000-000000000000"
PROOF_SECONDS = 600


@dataclass(frozen=True)
class Registered:
    """A certificate that may vouch for an application."""

    credential: KeyCredential
    certificate: x509.Certificate

    def valid(self, now: datetime) -> bool:
        """Whether both the credential's own dates and the certificate's are right."""
        end = parse_time(self.credential.end)
        start = parse_time(self.credential.start)
        if end is None or start is None or not start <= now < end:
            return False
        return self.certificate.not_valid_before_utc <= now < self.certificate.not_valid_after_utc

    def known_to_sign_in(self, now: datetime) -> bool:
        """LEDGER: E-58, sign-in learns of a new certificate later than the directory shows it."""
        begins = parse_time(self.credential.sign_in_from)
        return begins is None or begins <= now

    def known_to_proofs(self, now: datetime) -> bool:
        """LEDGER: E-59, and so may whatever checks proofs."""
        begins = parse_time(self.credential.proof_from)
        return begins is None or begins <= now


def parse_time(text: str | None) -> datetime | None:
    """A time as Graph writes it, or None when it is missing or is no time."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def registered(world: World, owner: Credentials) -> Iterator[Registered]:
    """The certificates of an object that may verify a signature."""
    for credential in owner.certificates:
        if credential.certificate and (credential.type, credential.usage) == ("AsymmetricX509Cert", "Verify"):
            yield Registered(credential, material.certificate(world, credential.certificate))


def check_assertion(
    token: str, world: World, owner: Credentials, client_id: str, audiences: frozenset[str], now: datetime
) -> None:
    """Raise LoginError unless this is a valid client assertion of that client. The same `jti` may come back."""
    try:
        jwt = jose.parse(token, strict=False)
    except (jose.MalformedError, UnicodeEncodeError) as why:
        raise errors.malformed_token(str(why)) from None
    if not jose.supported(jwt):
        raise errors.malformed_token(f"'{jwt.header.get('alg')}' is not a supported signature algorithm.")
    _check_signer(jwt, world, owner, now)
    if jwt.claims.get("sub") != jwt.claims.get("iss"):
        raise errors.subject_mismatch()
    if str(jwt.claims.get("iss")).lower() != client_id.lower():
        raise errors.issuer_mismatch()
    if jwt.claims.get("aud") not in audiences:
        raise errors.audience_mismatch()
    if not jwt.lasts_at(now):
        raise errors.outside_time_range(wire_time(now))


def _check_signer(jwt: jose.Jwt, world: World, owner: Credentials, now: datetime) -> None:
    """LEDGER: E-07, the signer must be registered on that application, be valid now, and have really signed."""
    thumbprint = jose.named_thumbprint(jwt)
    if thumbprint is None:
        raise errors.malformed_token("The header names no certificate.")
    known = [one for one in registered(world, owner) if one.known_to_sign_in(now)]
    named = [one for one in known if jose.names_certificate(jwt, one.certificate, strict=False)]
    if not named:
        raise errors.key_not_found(thumbprint)
    valid = [one for one in named if one.valid(now)]
    if not valid:
        raise errors.key_expired(thumbprint, named[0].credential.start or "", named[0].credential.end or "")
    if not any(jose.signed_by(jwt, one.certificate) for one in valid):
        raise errors.bad_signature(thumbprint)


def check_proof(token: str, world: World, owner: Credentials, issuers: frozenset[str], now: datetime) -> None:
    """LEDGER: E-28, raise the one error that Graph has for a proof, whatever is wrong with it."""
    try:
        jwt = jose.parse(token, strict=True)
    except (jose.MalformedError, UnicodeEncodeError):
        raise errors.proof_refused() from None
    if not (_claims_hold(jwt, issuers, now) and _signer_holds(jwt, world, owner, now)):
        raise errors.proof_refused()


def _claims_hold(jwt: jose.Jwt, issuers: frozenset[str], now: datetime) -> bool:
    begins, expires = jwt.number("nbf"), jwt.number("exp")
    if begins is None or expires is None or not begins <= now.timestamp() < expires:
        return False
    issuer = str(jwt.claims.get("iss")).lower()
    return expires - begins <= PROOF_SECONDS and jwt.claims.get("aud") == PROOF_AUDIENCE and issuer in issuers


def _signer_holds(jwt: jose.Jwt, world: World, owner: Credentials, now: datetime) -> bool:
    return any(
        one.valid(now)
        and one.known_to_proofs(now)
        and jose.names_certificate(jwt, one.certificate, strict=True)
        and jose.signed_by(jwt, one.certificate)
        for one in registered(world, owner)
    )
