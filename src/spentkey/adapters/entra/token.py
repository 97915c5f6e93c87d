"""Access tokens, stored until shortly before their end; and what a token says about itself."""

import asyncio
import importlib
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import aiohttp
import jwt

from spentkey.adapters.entra.managed_identity import IdentityRequest, ManagedIdentity
from spentkey.adapters.entra.reasons import TOKEN_UNREADABLE
from spentkey.adapters.entra.sign_in import Proof, SignIn
from spentkey.core.credential import TokenClaims
from spentkey.core.errors import Outage
from spentkey.core.secret import Secret
from spentkey.http.retry import with_retries
from spentkey.ports.read_only import UNMEASURED
from spentkey.ports.runtime import Clock, Meter

FRESH_FOR_S = 300
"""How much longer a token must live to be used again, in seconds."""


class TokenSource:
    """Tokens for one client in one tenant, signed in by a secret, by client assertions, or as a managed identity."""

    def __init__(
        self,
        sign_in: SignIn,
        session: aiohttp.ClientSession,
        clock: Clock,
        jitter: Callable[[], float],
        proof: Proof | ManagedIdentity,
        meter: Meter = UNMEASURED,
    ) -> None:
        self.sign_in, self._clock, self._jitter = sign_in, clock, jitter

        def new_request() -> Any:
            if isinstance(proof, ManagedIdentity):
                return IdentityRequest(proof, clock)
            return _token_request().TokenRequest(sign_in, session, clock, proof, meter)

        self._new_request = new_request
        self._request = new_request()
        self._one_at_a_time = asyncio.Lock()
        self._stored: tuple[Secret, float] | None = None
        self._claims: TokenClaims | None = None
        self._told: tuple[datetime, float] | None = None
        """The `Date` of sign-in's last answer, and when that came."""

    def renew(self) -> None:
        """Forget the stored token, because Graph no longer takes it."""
        self._request, self._stored, self._claims = self._new_request(), None, None

    async def token(self) -> Secret:
        """A token that lives for at least five more minutes; raises `AccessRefused` when sign-in is refused."""
        return await self._fresh()

    async def token_claims(self) -> TokenClaims:
        """Who the token is for; raises `Outage` for a token that cannot be decoded, which allows no write."""
        fresh = await self._fresh()
        if self._claims is None:
            self._claims = read_identity(fresh)
        return self._claims

    def server_time(self) -> datetime | None:
        """Sign-in's clock now: the `Date` of its last answer, and what has passed since then, whatever our clock did."""
        if self._told is None:
            return None
        date, at = self._told
        return date + timedelta(seconds=self._clock.monotonic() - at)

    async def _fresh(self) -> Secret:
        """The stored token while it is fresh; the library stores it too, but asking it costs a millisecond each time."""
        async with self._one_at_a_time:  # tasks that start together share one request
            stored = self._stored
            if stored is None or stored[1] - self._clock.now().timestamp() < FRESH_FOR_S:
                stored = await with_retries(self._request.send, self._clock, self._jitter)
                self._stored, self._claims = stored, None
                date = self._request.date
                self._told = (date, self._clock.monotonic()) if date is not None else None
            return stored[0]


def _token_request() -> Any:
    """The module that imports Microsoft's library, which only those load who sign in.

    Packages that the library imports and that nothing here calls (requests, urllib3) change the filters of warnings.
    """
    with warnings.catch_warnings():
        return importlib.import_module("spentkey.adapters.entra.token_request")


def read_roles(token: Secret) -> frozenset[str]:
    """The application permissions in an access token, read without verifying it."""
    try:
        roles = jwt.decode(token.reveal(), options={"verify_signature": False}).get("roles")
    except jwt.PyJWTError:
        return frozenset()
    return frozenset(str(role) for role in cast("list[object]", roles)) if isinstance(roles, list) else frozenset()


def read_identity(token: Secret) -> TokenClaims:
    """The tenant and client of an access token, read without verifying it: Graph verifies it, we compare it."""
    try:
        claims = jwt.decode(token.reveal(), options={"verify_signature": False})
        tenant, client = claims["tid"], claims["appid"]
    except (jwt.PyJWTError, KeyError, ValueError, TypeError):
        raise Outage(TOKEN_UNREADABLE()) from None
    if not isinstance(tenant, str) or not isinstance(client, str):
        raise Outage(TOKEN_UNREADABLE())
    return TokenClaims(tenant, client, read_roles(token))
