"""What the bare script needs for a certificate only: the document's id, and the two signed tokens."""

import base64
import time
import uuid
from typing import Any

import jwt
import mssql_python
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import pkcs12

PROOF_AUDIENCE = "00000002-0000-0000-c000-000000000000"
_DRIVER: Any = mssql_python


class Signer:
    """The key and certificate of a PFX."""

    def __init__(self, pfx: bytes, password: str) -> None:
        self._key, certificate, _ = pkcs12.load_key_and_certificates(pfx, password.encode())
        if certificate is None:
            raise SystemExit("the PFX holds no certificate")
        self._certificate = certificate

    def assertion(self, client: str, audience: str) -> str:
        """The client assertion."""
        claims = {"aud": audience, "iss": client, "sub": client, "jti": str(uuid.uuid4())}  # noqa: TID251
        return self._sign(claims, "PS256", "x5t#S256", hashes.SHA256())

    def proof(self, object_id: str) -> str:
        """The proof of possession."""
        return self._sign({"aud": PROOF_AUDIENCE, "iss": object_id}, "RS256", "x5t", hashes.SHA1())  # noqa: S303

    def _sign(self, claims: dict[str, Any], algorithm: str, name: str, digest: hashes.HashAlgorithm) -> str:
        thumbprint = base64.urlsafe_b64encode(self._certificate.fingerprint(digest)).rstrip(b"=").decode()
        now = int(time.time())  # noqa: TID251
        key: Any = self._key
        return jwt.encode({**claims, "nbf": now, "exp": now + 600}, key, algorithm, {name: thumbprint})


def document_id(database: dict[str, Any], login: dict[str, Any], entry: int) -> int:
    """The PFX document of an entry, by the product's driver and query."""
    _DRIVER.pooling(enabled=False)
    if database["provider"]:
        _DRIVER.native_provider = database["provider"]
    connection = _DRIVER.connect(
        server=f"{database['server']},{database['port']}",
        database=database["name"],
        uid=login["UserName"],
        pwd=login["Password"],
        Encrypt="yes",
        TrustServerCertificate="no",
    )
    cursor = connection.cursor()
    cursor.execute(database["query"], (entry,))
    found = cursor.fetchmany(50)
    connection.close()
    return int(found[0][0])
