"""Tokens of somebody else that an application signs in with (workload identity federation), and who issues them here.

learn.microsoft.com/entra/workload-id/workload-identity-federation. One key signs for every issuer of a world.
"""

from datetime import datetime, timedelta
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from spentkey_sim import material
from spentkey_sim.clock import wire_time
from spentkey_sim.entra import errors, jose
from spentkey_sim.model import Application, World


def token(world: World, claims: dict[str, str], now: datetime, lifetime: timedelta) -> str:
    """A token as a cluster projects it; `claims` are at least iss, sub and aud."""
    begin = int(now.timestamp())
    times = {"iat": begin, "nbf": begin, "exp": begin + int(lifetime.total_seconds())}
    return jose.sign({**claims, **times}, material.issuer_key(world.seed), "issuer")


def is_foreign(assertion: str) -> bool:
    """Whether an assertion is issued by a token service, whose name is an address, and not by a client."""
    try:
        issuer = jose.parse(assertion, strict=False).claims.get("iss")
    except (jose.MalformedError, UnicodeEncodeError):
        return False
    return isinstance(issuer, str) and issuer.startswith("https://")


def check(assertion: str, world: World, application: Application, now: datetime) -> None:
    """LEDGER: E-74, issuer, subject and audience must be those of one federated credential, in just that case."""
    jwt = jose.parse(assertion, strict=False)
    issuer, subject, audience = (jwt.claims.get(name) for name in ("iss", "sub", "aud"))
    known = application.federated
    if not known:
        raise errors.no_federated_credential(application.app_id)
    known = [one for one in known if one.issuer == issuer]
    if not known:
        raise errors.federated_mismatch(700211, "issuer", issuer)
    several: list[object] = cast("list[object]", audience if isinstance(audience, list) else [audience])
    heard = several[0] if len(several) == 1 else None
    known = [one for one in known if one.audience == heard]
    if not known:
        raise errors.federated_mismatch(700212, "audience", cast("object", audience))
    if not any(one.subject == subject for one in known):
        raise errors.federated_mismatch(700213, "subject", subject)
    if not _signed(jwt, world):
        raise errors.key_not_found("")
    if not jwt.lasts_at(now):
        raise errors.outside_time_range(wire_time(now))


def _signed(jwt: jose.Jwt, world: World) -> bool:
    public = material.issuer_key(world.seed).public_key()
    try:
        public.verify(jwt.signature, jwt.signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return jwt.header.get("alg") == "RS256"
