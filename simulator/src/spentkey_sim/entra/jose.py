"""JSON Web Tokens: taken apart, checked against a certificate, and signed. RFC 7515 and RFC 7519."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_URL_SAFE = re.compile(r"[A-Za-z0-9_-]+")


ROUNDED_S = 0.5
"""A client that rounds the present to a whole second, as msal-node does, begins as much as this in the future."""


class MalformedError(ValueError):
    """A token that is not a JSON Web Token in compact form."""


@dataclass(frozen=True)
class Jwt:
    """A token in parts. Nothing about it has been verified yet."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes

    def number(self, claim: str) -> float | None:
        """A numeric claim; RFC 7519 allows fractions and some clients send them."""
        value = self.claims.get(claim)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def lasts_at(self, now: datetime) -> bool:
        """LEDGER: E-08, whether an assertion has begun and not ended; it must say when it ends."""
        expires, begins = self.number("exp"), self.number("nbf")
        begun = begins is None or begins <= now.timestamp() + ROUNDED_S
        return begun and expires is not None and now.timestamp() < expires


def parse(token: str, *, strict: bool) -> Jwt:
    """Take a token apart. `strict` refuses the `=` padding, which RFC 7515 forbids and some clients send all the same."""
    parts = token.split(".")
    if len(parts) != 3:
        raise MalformedError("there are not three parts")
    header, claims, signature = (decode(part, strict=strict) for part in parts)
    return Jwt(_object(header), _object(claims), f"{parts[0]}.{parts[1]}".encode("ascii"), signature)


def decode(text: str, *, strict: bool) -> bytes:
    """The bytes behind base64url."""
    bare = text if strict else text.rstrip("=")
    if not _URL_SAFE.fullmatch(bare) or len(bare) % 4 == 1:
        raise MalformedError("a part is not base64url")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        raise MalformedError("a part is not base64url") from None


def encode(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def sign(claims: dict[str, Any], key: rsa.RSAPrivateKey, key_id: str) -> str:
    """A token signed with RS256."""
    header = {"typ": "JWT", "alg": "RS256", "kid": key_id}
    signed = ".".join(encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{signed}.{encode(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def signed_by(jwt: Jwt, certificate: x509.Certificate) -> bool:
    """Whether the key of that certificate made the signature, with RS256 or PS256."""
    key = certificate.public_key()
    scheme = _scheme(str(jwt.header.get("alg")))
    if scheme is None or not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(jwt.signature, jwt.signed, scheme, hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def names_certificate(jwt: Jwt, certificate: x509.Certificate, *, strict: bool) -> bool:
    """Whether the header points at that certificate, by `x5t#S256` or `x5t`."""
    for name, algorithm in (("x5t#S256", hashes.SHA256()), ("x5t", hashes.SHA1())):  # noqa: S303 - RFC 7515 says SHA-1
        value = jwt.header.get(name)
        if isinstance(value, str):
            return _matches(value, certificate.fingerprint(algorithm), strict=strict)
    return False


def named_thumbprint(jwt: Jwt) -> str | None:
    """The thumbprint in the header as upper-case hexadecimal digits, or None when there is none."""
    value = jwt.header.get("x5t#S256", jwt.header.get("x5t"))
    try:
        return decode(value, strict=False).hex().upper() if isinstance(value, str) else None
    except MalformedError:
        return None


def supported(jwt: Jwt) -> bool:
    """Whether the signature algorithm is one that Entra ID takes."""
    return _scheme(str(jwt.header.get("alg"))) is not None


def _scheme(algorithm: str) -> padding.PKCS1v15 | padding.PSS | None:
    if algorithm == "RS256":
        return padding.PKCS1v15()
    if algorithm == "PS256":
        return padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    return None


def _matches(value: str, fingerprint: bytes, *, strict: bool) -> bool:
    try:
        return decode(value, strict=strict) == fingerprint
    except MalformedError:
        return False


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value: Any = json.loads(raw)
    except ValueError:
        raise MalformedError("a part is not JSON") from None
    if not isinstance(value, dict):
        raise MalformedError("a part is not a JSON object")
    return cast("dict[str, Any]", value)
