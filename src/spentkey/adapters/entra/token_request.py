"""One request for a token, by Microsoft's own library, on our session. The only file that imports it.

`azure.identity.aio` makes exactly one request for a token and takes our own client assertion by a callback. Its retries
and redirects are turned off: there is one retry policy, and a secret is never sent elsewhere. What it raises is turned
into plain causes here; its texts may echo an assertion, so they are neither passed on nor logged.

Its import takes as long as all other imports of a command (docs/adr/0017), so this module is imported at the first sign-in.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import aiohttp
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, IncompleteReadError
from azure.core.pipeline.transport import AioHttpTransport
from azure.identity.aio import ClientAssertionCredential, ClientSecretCredential

from spentkey.adapters.entra.assertions import UnusableProof
from spentkey.adapters.entra.sign_in import ROUTE, SYSTEM, KeyRefused, Proof, SignIn
from spentkey.core.errors import AccessRefused, Outage, SpentkeyError
from spentkey.core.redaction import without_values
from spentkey.core.secret import Secret
from spentkey.core.unlogged import unlogged
from spentkey.http.client import AGAIN_READ
from spentkey.http.retry import Retryable, retry_after
from spentkey.ports.runtime import Call, Clock, Meter

CAUSES = {
    "7000215": "the client secret is not valid",
    "7000222": "the client secret has expired",
    "700027": "sign-in does not know the certificate, or takes it for expired; a new one becomes known within minutes",
    "700024": "the client assertion is outside its time: the clock of this machine may be wrong",
    "700016": "the application does not exist in that tenant",
    "90002": "the tenant does not exist",
    "50048": "the client assertion names another client",
}
"""Plain causes by AADSTS number (learn.microsoft.com/entra/identity-platform/reference-error-codes)."""
KEY_REFUSED = "700027"
"""Sign-in does not take this certificate; a new one is not known at once (microsoftgraph/microsoft-graph-docs#17966)."""


class TokenRequest:
    """Asks for tokens for one client in one tenant, one request each time; who calls stores them."""

    def __init__(
        self, sign_in: SignIn, session: aiohttp.ClientSession, clock: Clock, proof: Proof, meter: Meter
    ) -> None:
        self._sign_in, self._session, self._clock, self._meter = sign_in, session, clock, meter
        self._proof = proof
        self._assertion = Secret("")
        """Made anew for each request, before the library asks for it."""
        self._credential = _credential_for(sign_in, session, proof, lambda: self._assertion.reveal())  # noqa: PLW0108  # the one of that moment

    @without_values(Retryable, SpentkeyError, UnusableProof)
    async def send(self) -> tuple[Secret, float]:
        """A token and its end; raises `Retryable`, `Outage`, or `AccessRefused` when sign-in is refused."""
        who = f"sign-in as {self._sign_in.client_id} in tenant {self._sign_in.tenant_id}"
        if not isinstance(self._proof, Secret):
            self._assertion = Secret(await self._proof())
        try:
            async with asyncio.timeout(self._session.timeout.total):  # the library has limits for silence alone
                with self._meter.call(SYSTEM, ROUTE) as call:
                    return _hidden(await self._asked(call))
        except ClientAuthenticationError as problem:
            raise self._classified(problem, who) from None
        except HttpResponseError as problem:
            raise self._classified(problem, who) from None
        except (AzureError, aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise Retryable(f"{who}: no answer ({type(problem).__name__})") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Outage(f"{who}: the answer is not a token reply") from None

    async def _asked(self, call: Call) -> AccessToken:
        """Ask the library, and note the status of what came. Its modules log why it failed, each under its own name."""
        get_token = self._credential.get_token
        try:
            with unlogged(get_token.__module__), unlogged(AioHttpTransport.__module__):
                token = await get_token(self._sign_in.scope)
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
        refused = KeyRefused if found[1] == KEY_REFUSED else AccessRefused
        return refused(f"{who} was refused: {cause} (AADSTS{found[1]})")


def _credential_for(
    sign_in: SignIn, session: aiohttp.ClientSession, proof: Proof, assertion: Callable[[], str]
) -> ClientSecretCredential | ClientAssertionCredential:
    options: dict[str, Any] = {
        "authority": sign_in.authority,
        "transport": AioHttpTransport(session=session, session_owner=False),
        "retry_total": 0,
        "permit_redirects": False,
        "proxies": {"https": sign_in.proxy} if sign_in.proxy else {},
    }
    where = (sign_in.tenant_id, sign_in.client_id)
    if isinstance(proof, Secret):
        return ClientSecretCredential(*where, proof.reveal(), **options)
    return ClientAssertionCredential(*where, assertion, **options)


def _hidden(token: AccessToken) -> tuple[Secret, float]:
    """The token and its end; the library's own pair would show it in a traceback with variables."""
    return Secret(token.token), float(token.expires_on)


def _status(problem: HttpResponseError) -> int | None:
    return problem.status_code or getattr(problem.response, "status_code", None)
