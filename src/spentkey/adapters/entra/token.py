"""Access tokens, by Microsoft's own library, on our session; and what a token says about itself.

`azure.identity.aio` makes exactly one request for a token, caches it until five minutes before its end, and takes our
own client assertion by a callback. Its retries and redirects are turned off: there is one retry policy, and a secret
is never sent elsewhere. What it raises is turned into plain causes here; its texts may echo an assertion, so they are
never passed on.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
import jwt
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, IncompleteReadError
from azure.core.pipeline.transport import AioHttpTransport
from azure.identity.aio import ClientAssertionCredential, ClientSecretCredential

from spentkey.adapters.entra.assertions import UnusableProof
from spentkey.core.credential import TokenClaims
from spentkey.core.errors import AccessRefused, Outage, SpentkeyError
from spentkey.core.redaction import without_values
from spentkey.core.secret import Secret
from spentkey.http.client import AGAIN_READ
from spentkey.http.retry import Retryable, retry_after, with_retries
from spentkey.ports.read_only import UNMEASURED
from spentkey.ports.runtime import Call, Clock, Meter

logging.getLogger("azure").setLevel(logging.CRITICAL)  # its warnings quote what the server said

SYSTEM = "Microsoft sign-in"
"""What it is called in metrics, logs, traces, messages and findings."""
ROUTE = "POST /{tenant}/oauth2/v2.0/token"
FRESH_FOR_S = 300
"""How much longer a token must live to be used again, in seconds."""

CAUSES = {
    "7000215": "the client secret is not valid",
    "7000222": "the client secret has expired",
    "700027": "the certificate is not registered on the application, or has expired there",
    "700024": "the client assertion is outside its time: the clock of this machine may be wrong",
    "700016": "the application does not exist in that tenant",
    "90002": "the tenant does not exist",
    "50048": "the client assertion names another client",
}
"""Plain causes by AADSTS number (learn.microsoft.com/entra/identity-platform/reference-error-codes)."""


@dataclass(frozen=True)
class SignIn:
    """Where and as whom to sign in; `scope` is the Graph address with `/.default`."""

    authority: str
    tenant_id: str
    client_id: str
    scope: str
    proxy: str | None = None

    @property
    def token_endpoint(self) -> str:
        """The audience of a client assertion."""
        return f"{self.authority.rstrip('/')}/{self.tenant_id}/oauth2/v2.0/token"


class TokenSource:
    """Tokens for one client in one tenant, signed in by a secret or by client assertions."""

    def __init__(
        self,
        sign_in: SignIn,
        session: aiohttp.ClientSession,
        clock: Clock,
        jitter: Callable[[], float],
        proof: Secret | Callable[[], str],
        meter: Meter = UNMEASURED,
    ) -> None:
        self.sign_in, self._meter = sign_in, meter
        self._session, self._clock, self._jitter, self._proof = session, clock, jitter, proof
        self._credential = self._new_credential()
        self._one_at_a_time = asyncio.Lock()
        self._kept: tuple[Secret, float] | None = None
        self._identity: TokenClaims | None = None

    def _new_credential(self) -> ClientSecretCredential | ClientAssertionCredential:
        options: dict[str, Any] = {
            "authority": self.sign_in.authority,
            "transport": AioHttpTransport(session=self._session, session_owner=False),
            "retry_total": 0,
            "permit_redirects": False,
            "proxies": {"https": self.sign_in.proxy} if self.sign_in.proxy else {},
        }
        where = (self.sign_in.tenant_id, self.sign_in.client_id)
        if isinstance(self._proof, Secret):
            return ClientSecretCredential(*where, self._proof.reveal(), **options)
        return ClientAssertionCredential(*where, self._proof, **options)

    def renew(self) -> None:
        """Forget the cached token, because Graph no longer takes it."""
        self._credential, self._kept, self._identity = self._new_credential(), None, None

    async def token(self) -> Secret:
        """A token that lives for at least five more minutes; raises `AccessRefused` when sign-in is refused."""
        return await self._fresh()

    async def token_claims(self) -> TokenClaims:
        """Who the token is for; raises `Outage` for a token that cannot be decoded, which allows no write."""
        fresh = await self._fresh()
        if self._identity is None:
            self._identity = read_identity(fresh)
        return self._identity

    async def _fresh(self) -> Secret:
        """The kept token while it is fresh; the library keeps it too, but asking it costs a millisecond each time."""
        async with self._one_at_a_time:  # tasks that start together share one request
            kept = self._kept
            if kept is None or kept[1] - self._clock.now().timestamp() < FRESH_FOR_S:
                kept = _hidden(await with_retries(self._once, self._clock, self._jitter))
                self._kept, self._identity = kept, None
            return kept[0]

    @without_values(Retryable, SpentkeyError, UnusableProof)
    async def _once(self) -> AccessToken:
        who = f"sign-in as {self.sign_in.client_id} in tenant {self.sign_in.tenant_id}"
        try:
            async with asyncio.timeout(self._session.timeout.total):  # the library has limits for silence alone
                with self._meter.call(SYSTEM, ROUTE) as call:
                    return await self._asked(call)
        except ClientAuthenticationError as problem:
            raise self._classified(problem, who) from None
        except HttpResponseError as problem:
            raise self._classified(problem, who) from None
        except (AzureError, aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise Retryable(f"{who}: no answer ({type(problem).__name__})") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Outage(f"{who}: the answer is not a token reply") from None

    async def _asked(self, call: Call) -> AccessToken:
        """Ask the library, and note the status of what came."""
        try:
            token = await self._credential.get_token(self.sign_in.scope)
        except HttpResponseError as problem:
            call.status = str(_status(problem) or "none")
            raise
        call.status = "200"
        return token

    def _classified(self, problem: HttpResponseError, who: str) -> Exception:
        status = _status(problem)
        if status == 429:
            self._meter.throttled(SYSTEM)
        if isinstance(problem, IncompleteReadError):
            return Retryable(f"{who}: the answer broke off")
        if status in AGAIN_READ:
            headers = getattr(problem.response, "headers", {})
            return Retryable(f"{who}: answered {status}", retry_after(headers.get("Retry-After"), self._clock.now()))
        found = re.search(r"AADSTS(\d+)", problem.message or "")
        if found is None:
            return Outage(f"{who}: the answer ({status}) is not one that Entra gives")
        cause = CAUSES.get(found[1], "Entra gave the code alone")
        return AccessRefused(f"{who} was refused: {cause} (AADSTS{found[1]})")


def _hidden(token: AccessToken) -> tuple[Secret, float]:
    """The token and its end; the library's own pair would show it in a traceback with variables."""
    return Secret(token.token), float(token.expires_on)


def _status(problem: HttpResponseError) -> int | None:
    return problem.status_code or getattr(problem.response, "status_code", None)


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
        raise Outage("the access token cannot be decoded, so it allows no write") from None
    if not isinstance(tenant, str) or not isinstance(client, str):
        raise Outage("the access token cannot be decoded, so it allows no write")
    return TokenClaims(tenant, client)
