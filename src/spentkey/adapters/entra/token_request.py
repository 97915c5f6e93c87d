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
from spentkey.adapters.entra.reasons import (
    CAUSES,
    CODE_ALONE,
    SIGN_IN_ANSWERED,
    SIGN_IN_AS,
    SIGN_IN_AWAY,
    SIGN_IN_BROKE_OFF,
    SIGN_IN_FOREIGN,
    SIGN_IN_HTML,
    SIGN_IN_NO_ANSWER,
    SIGN_IN_NO_TOKEN,
    SIGN_IN_REFUSED,
)
from spentkey.adapters.entra.sign_in import ROUTE, SYSTEM, KeyRefused, Proof, SignIn
from spentkey.core.errors import AccessRefused, Outage, SpentkeyError
from spentkey.core.reason import Reason
from spentkey.core.redaction import without_values
from spentkey.core.secret import Secret
from spentkey.core.unlogged import unlogged
from spentkey.http.client import AGAIN_READ, Response, json_object
from spentkey.http.retry import Retryable, retry_after
from spentkey.http.why import why_no_answer
from spentkey.ports.runtime import Call, Clock, Meter

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
        who = SIGN_IN_AS(client=self._sign_in.client_id, tenant=self._sign_in.tenant_id)
        if not isinstance(self._proof, Secret):
            self._assertion = Secret(await self._proof())
        try:
            async with asyncio.timeout(self._session.timeout.total):  # the library has limits for silence alone
                with self._meter.call(SYSTEM, ROUTE) as call:
                    return _hidden(await self._asked(call))
        except IncompleteReadError:
            raise Retryable(SIGN_IN_BROKE_OFF(who=who)) from None
        except (AzureError, aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise self._classified(who) or Retryable(SIGN_IN_NO_ANSWER(who=who, why=why_no_answer(problem))) from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise self._classified(who) or Outage(SIGN_IN_NO_TOKEN(who=who)) from None

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

    def _classified(self, who: Reason) -> Exception | None:
        """What the answer that came says, whatever the library made of it; None when none came."""
        answer = self._transport.answer
        if answer is None:
            return None
        if answer.status == 429:
            self._meter.throttled(SYSTEM)
        wait_s = retry_after(answer.headers.get("Retry-After"), self._clock.now())
        if answer.status in AGAIN_READ:
            return Retryable(SIGN_IN_ANSWERED(who=who, status=answer.status), wait_s)
        if answer.is_html():
            return Outage(SIGN_IN_HTML(who=who, status=answer.status))
        number = _aadsts(answer)
        if number is None:
            return Outage(SIGN_IN_FOREIGN(who=who, status=answer.status))
        if number in AWAY:
            return Retryable(SIGN_IN_AWAY(who=who, number=number), wait_s)
        refused = KeyRefused if number == KEY_REFUSED else AccessRefused
        return refused(SIGN_IN_REFUSED(who=who, cause=CAUSES.get(number, CODE_ALONE)(), number=number))


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
