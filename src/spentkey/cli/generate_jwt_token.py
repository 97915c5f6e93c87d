"""The original script `generate_jwt_token.py`, with the same environment interface: it prints one signed token.

TOKEN_TYPE is `client_assertion` or `pop`. Both need PFX_PATH, PFX_PASSWORD (empty is a password too) and TENANT_ID.
A client assertion also needs CLIENT_ID, and takes AUTHORITY (default: the public cloud); a proof of possession needs
SUB_ID and ISS_ID, the object id of the application, and takes AUD (default: the one that `removeKey` demands).
Exit code 2 and one line on stderr for anything that is missing or does not fit.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from spentkey.adapters.entra.assertions import PROOF_AUDIENCE, UnusableProof, client_assertion, proof_of_possession
from spentkey.adapters.pfx_child.opener import PfxInChild
from spentkey.core.errors import Outage
from spentkey.core.pfx import Unusable
from spentkey.core.secret import Secret
from spentkey.system import SystemClock, SystemIds

PUBLIC_CLOUD = "https://login.microsoftonline.com"


class Unfit(Exception):
    """A variable is missing or does not fit; the text names it and says what to do."""


async def token(environment: Mapping[str, str], now: datetime, token_id: str) -> str:
    """The token that the environment asks for."""
    kind = _needed(environment, "TOKEN_TYPE")
    if kind not in ("client_assertion", "pop"):
        raise Unfit("TOKEN_TYPE must be client_assertion or pop")
    tenant = _needed(environment, "TENANT_ID")
    key, certificate = await _open(environment)
    if kind == "client_assertion":
        authority = environment.get("AUTHORITY", "").strip().rstrip("/") or PUBLIC_CLOUD
        audience = f"{authority}/{tenant}/oauth2/v2.0/token"
        return await client_assertion(key, certificate, _uuid(environment, "CLIENT_ID"), audience, token_id, now)
    subject, issuer = _uuid(environment, "SUB_ID"), _uuid(environment, "ISS_ID")
    audience = environment.get("AUD", "").strip() or PROOF_AUDIENCE
    return await proof_of_possession(key, certificate, issuer, now, audience, subject)


def _needed(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise Unfit(f"{name} is missing: set it in the environment")
    return value


def _uuid(environment: Mapping[str, str], name: str) -> str:
    try:
        return str(UUID(_needed(environment, name)))
    except ValueError:
        raise Unfit(f"{name} must be a UUID") from None


async def _open(environment: Mapping[str, str]) -> tuple[RSAPrivateKey, x509.Certificate]:
    path = Path(_needed(environment, "PFX_PATH"))
    try:
        content = path.read_bytes()  # noqa: ASYNC240  # nothing else waits here
    except OSError as problem:
        raise Unfit(f"PFX_PATH: {path} cannot be read ({problem.strerror})") from None
    if "PFX_PASSWORD" not in environment:
        raise Unfit("PFX_PASSWORD is missing: set it in the environment, empty if the file has none")
    opened = await PfxInChild().open(path.name, content, _one(Secret(environment["PFX_PASSWORD"])), None)
    if isinstance(opened, Unusable):
        raise Unfit(f"PFX_PATH: {opened.reason}")
    return opened.pairs[0]


async def _one(password: Secret) -> AsyncIterator[Secret]:
    yield password


def main() -> None:
    """Print the token alone on stdout."""
    try:
        print(asyncio.run(token(os.environ, SystemClock().now(), SystemIds().new())))
    except (Unfit, UnusableProof, Outage) as problem:
        print(f"generate_jwt_token.py: {problem}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
