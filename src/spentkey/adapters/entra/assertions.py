"""The two tokens that Spentkey signs itself: the client assertion and the proof of possession.

Client assertion: learn.microsoft.com/entra/identity-platform/certificate-credentials (PS256, `x5t#S256`).
Proof of possession: learn.microsoft.com/graph/application-rollkey-prooftoken (RS256, `x5t`; audience is the AppID of
Windows Azure Active Directory, issuer the object id, ten minutes). Both are checked here before they are sent.
"""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from spentkey.adapters.entra.reasons import KEY_OF_ANOTHER, NOT_VALID_NOW, SAYS_OTHERWISE
from spentkey.core.errors import SpentkeyError
from spentkey.core.reason import Reason, reason_for
from spentkey.core.redaction import without_values
from spentkey.core.signer import KeyInVault

PROOF_AUDIENCE = "00000002-0000-0000-c000-000000000000"
LIFETIME = timedelta(seconds=600)


class UnusableProof(Exception):
    """A token that was just signed does not verify: key and certificate do not belong together."""

    @property
    def reason(self) -> Reason:
        """Why, in words."""
        return reason_for(self.args[0])


async def client_assertion(
    key: RSAPrivateKey | KeyInVault,
    certificate: x509.Certificate,
    client_id: str,
    audience: str,
    token_id: str,
    now: datetime,
) -> str:
    """The assertion with which the application signs in: issuer and subject are its client id."""
    claims = _times(now) | {"aud": audience, "iss": client_id, "sub": client_id, "jti": token_id}
    claims["iat"] = claims["nbf"]
    algorithm = "PS256" if isinstance(key, RSAPrivateKey) else "RS256"  # what a vault signs; Entra takes both
    headers = {"x5t#S256": _thumbprint(certificate, hashes.SHA256())}
    return await _sign(key, certificate, claims, algorithm, headers, now)


async def proof_of_possession(
    key: RSAPrivateKey | KeyInVault,
    certificate: x509.Certificate,
    object_id: str,
    now: datetime,
    audience: str = PROOF_AUDIENCE,
    subject: str | None = None,
) -> str:
    """The proof for `removeKey`: issuer is the object id of the application that is changed; a subject is not needed."""
    claims = _times(now) | {"aud": audience, "iss": object_id} | ({"sub": subject} if subject else {})
    thumbprint = _thumbprint(certificate, hashes.SHA1())  # noqa: S303  # the header `x5t` is defined as SHA-1
    return await _sign(key, certificate, claims, "RS256", {"x5t": thumbprint}, now)


def _times(now: datetime) -> dict[str, Any]:
    return {"nbf": int(now.timestamp()), "exp": int((now + LIFETIME).timestamp())}


def _thumbprint(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).rstrip(b"=").decode()


@without_values(UnusableProof, SpentkeyError)
async def _sign(
    key: RSAPrivateKey | KeyInVault,
    certificate: x509.Certificate,
    claims: dict[str, Any],
    algorithm: str,
    headers: dict[str, str],
    now: datetime,
) -> str:
    if isinstance(key, RSAPrivateKey):
        token = jwt.encode(claims, key, algorithm=algorithm, headers=headers)
    else:
        parts = ({"alg": algorithm, "typ": "JWT", **headers}, claims)
        signed = b".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        token = b".".join((signed, _base64(await key.sign(signed)))).decode()
    _check(token, certificate, claims, algorithm, now)
    return token


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _check(token: str, certificate: x509.Certificate, claims: dict[str, Any], algorithm: str, now: datetime) -> None:
    """Verify the token with the certificate that will be used to verify it, before it is sent."""
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        raise UnusableProof(NOT_VALID_NOW())
    options: Any = {"verify_signature": True, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
    try:
        read = jwt.decode(
            token,
            certificate.public_key(),  # pyright: ignore[reportArgumentType]  # PyJWT refuses keys it does not know
            algorithms=[algorithm],
            audience=claims["aud"],
            issuer=claims["iss"],
            options=options,
        )
    except (jwt.PyJWTError, TypeError):
        raise UnusableProof(KEY_OF_ANOTHER()) from None
    if read != claims or "=" in token:
        raise UnusableProof(SAYS_OTHERWISE())
