"""One request for a token, by Microsoft's own library, on our session. The only file that imports it.

`azure.identity.aio` makes exactly one request for a token and takes our own client assertion by a callback. Its retries
and redirects are turned off: there is one retry policy, and a secret is never sent elsewhere. What it raises is turned
into plain causes here; its texts may echo an assertion, so they are neither passed on nor logged.

Its import takes as long as all other imports of a command (docs/adr/0017), so this module is imported at the first sign-in.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

import aiohttp
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError, IncompleteReadError
from azure.core.pipeline.transport import AioHttpTransport
from azure.identity.aio import ClientAssertionCredential, ClientSecretCredential

from spentkey.adapters.entra.assertions import UnusableProof
from spentkey.adapters.entra.sign_in import ROUTE, SYSTEM, KeyRefused, Proof, SignIn
from spentkey.core.errors import AccessRefused, Outage, SpentkeyError
from spentkey.core.redaction import without_values
from spentkey.core.secret import Secret
from spentkey.core.unlogged import unlogged
from spentkey.http.client import AGAIN_READ, Response, json_object
from spentkey.http.retry import Retryable, retry_after
from spentkey.ports.runtime import Call, Clock, Meter

_CONDITIONAL_ACCESS = (
    "conditional access blocks it: a policy for workload identities or locations applies to the application"
)
CAUSES = {
    "7000215": "the client secret is not valid",
    "7000222": "the client secret has expired",
    "7000112": "the application is disabled in that tenant",
    "7000214": "the certificate has been revoked by its authority",
    "7000229": "the application has no service principal in that tenant (az ad sp create --id AppID makes one)",
    "700027": "sign-in does not know the certificate, or takes it for expired; a new one becomes known within minutes",
    "700024": "the client assertion is outside its time: the clock of this machine may be wrong",
    "700016": "the application does not exist in that tenant",
    "90002": "the tenant does not exist",
    "50048": "the client assertion names another client",
    "50049": "the authority does not know this instance: the address of sign-in is not the one of the tenant's cloud",
    "50196": "Entra counted too many equal requests in a row (a loop) and refuses for some minutes",
    "53003": _CONDITIONAL_ACCESS,
    "530003": _CONDITIONAL_ACCESS,
    "500011": "the tenant does not know Microsoft Graph under the address that is configured",
    "650052": "the tenant has no subscription to the service, or has not enabled it",
}
"""Plain causes by AADSTS number (learn.microsoft.com/entra/identity-platform/reference-error-codes)."""
KEY_REFUSED = "700027"
"""Sign-in does not take this certificate; a new one is not known at once (microsoftgraph/microsoft-graph-docs#17966)."""
AWAY = frozenset({"90033", "90024"})
"""MsodsServiceUnavailable and RequestBudgetExceededError: an outage under whatever status, also 400."""


class Watched(AioHttpTransport):
    """The transport, which keeps the last answer: what the library raises does not always tell its status."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        super().__init__(session=session, session_owner=False)  # pyright: ignore[reportUnknownMemberType]
        self.answer: Response | None = None

    async def send(self, request: Any, **config: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Send as it always does."""
        self.answer = None
        transport: Any = super()
        response: Any = await transport.send(request, **config)
        self.answer = Response(int(response.status_code or 0), response.headers, response.body())
        return response


class TokenRequest:
    """Asks for tokens for one client in one tenant, one request each time; who calls stores them."""

    def __init__(
        self, sign_in: SignIn, session: aiohttp.ClientSession, clock: Clock, proof: Proof, meter: Meter
    ) -> None:
        self._sign_in, self._session, self._clock, self._meter = sign_in, session, clock, meter
        self._proof = proof
        self._assertion = Secret("")
        """Made anew for each request, before the library asks for it."""
        self.date: datetime | None = None
        """The clock of sign-in, by its last answer."""
        self._transport = Watched(session)
        self._credential = _credential_for(sign_in, self._transport, proof, lambda: self._assertion.reveal())  # noqa: PLW0108  # the one of that moment

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
        except IncompleteReadError:
            raise Retryable(f"{who}: the answer broke off") from None
        except (AzureError, aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise self._classified(who) or Retryable(f"{who}: no answer ({type(problem).__name__})") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise self._classified(who) or Outage(f"{who}: the answer is not a token reply") from None

    async def _asked(self, call: Call) -> AccessToken:
        """Ask the library, and note the status of what came. Its modules log why it failed, each under its own name."""
        get_token = self._credential.get_token
        try:
            with unlogged(get_token.__module__), unlogged(AioHttpTransport.__module__):
                token = await get_token(self._sign_in.scope)
        except Exception:
            answer = self._transport.answer
            call.status = str(answer.status if answer is not None else "none")
            raise
        self.date = self._transport.answer.time() if self._transport.answer is not None else None
        self._transport.answer, call.status = None, "200"  # what holds the token is not kept
        return token

    def _classified(self, who: str) -> Exception | None:
        """What the answer that came says, whatever the library made of it; None when none came."""
        answer = self._transport.answer
        if answer is None:
            return None
        if answer.status == 429:
            self._meter.throttled(SYSTEM)
        wait_s = retry_after(answer.headers.get("Retry-After"), self._clock.now())
        if answer.status in AGAIN_READ:
            return Retryable(f"{who}: answered {answer.status}", wait_s)
        if answer.is_html():
            return Outage(f"{who}: answered with an HTML page ({answer.status}) instead of JSON")
        number = _aadsts(answer)
        if number is None:
            return Outage(f"{who}: the answer ({answer.status}) is not one that Entra gives")
        if number in AWAY:
            return Retryable(f"{who}: Entra is away for the moment (AADSTS{number})", wait_s)
        refused = KeyRefused if number == KEY_REFUSED else AccessRefused
        return refused(f"{who} was refused: {CAUSES.get(number, 'Entra gave the code alone')} (AADSTS{number})")


def _aadsts(answer: Response) -> str | None:
    """The number of a refusal: what `error_codes` says, else what the description begins with."""
    try:
        fields = json_object(answer, SYSTEM)
    except Outage:
        return None
    numbers, words = fields.get("error_codes"), fields.get("error_description")
    for number in cast("list[object]", numbers) if isinstance(numbers, list) else []:
        if isinstance(number, int) and not isinstance(number, bool):
            return str(number)
    found = re.match(r"\s*AADSTS(\d{1,12})\b", words, re.ASCII) if isinstance(words, str) else None
    return found[1] if found is not None else None


def _credential_for(
    sign_in: SignIn, transport: Watched, proof: Proof, assertion: Callable[[], str]
) -> ClientSecretCredential | ClientAssertionCredential:
    options: dict[str, Any] = {
        "authority": sign_in.authority,
        "transport": transport,
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
