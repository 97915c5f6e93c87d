"""An HTTP client for one system: its base address, its name, and how its answers are classified."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from yarl import URL

from spentkey.core.errors import Outage, SpentkeyError
from spentkey.core.reason import reason_for
from spentkey.core.redaction import without_values
from spentkey.http.metering import route_of
from spentkey.http.reasons import (
    ANSWERED,
    HTML_PAGE,
    NO_ANSWER,
    NO_JSON_OBJECT,
    NOT_JSON,
    REDIRECT,
    REFUSED_AFTER_EFFECT,
    TLS_REFUSED,
    TOO_LARGE,
    TOO_MANY_VALUES,
)
from spentkey.http.retry import Retryable, retry_after, with_retries
from spentkey.http.why import why_no_answer
from spentkey.ports.fencing import check_fence
from spentkey.ports.read_only import UNMEASURED
from spentkey.ports.runtime import BeforeTry, Clock, Meter, allowed

LARGEST_ANSWER = 16_000_000
"""Largest answer that is read, in bytes; an application with 600 credentials has about 2,000,000."""
MOST_VALUES = 400_000
"""Most values of an answer in JSON, names included: each takes up to 250 bytes of memory, whatever its size in the answer.
A page of 100 records with 300 fields has 60,000."""
AGAIN_READ = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which a read is sent again."""


class ReplyLost(Exception):
    """A write was sent and its reply did not come, or does not say what happened: it may have been applied."""

    def __init__(self, message: str, response: "Response | None" = None) -> None:
        super().__init__(message)
        self.reason = reason_for(message)
        self.response = response
        """What came, where something did: its status alone does not say whether it was applied."""


class Redirected(Outage):
    """Somebody in between answered with a redirect: of a write it does not say whether it was applied."""


class TooLarge(Outage):
    """An answer is larger than is read: a smaller page may do."""


class NotJson(Outage):
    """An answer is not the JSON that was asked for, and no page for people."""


@dataclass(frozen=True)
class Response:
    """A complete answer: status, headers and the whole body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def is_html(self) -> bool:
        """Whether this is a page for people, such as a log-in page that a proxy put in the way."""
        kind = self.headers.get("Content-Type", "").lower()
        return "html" in kind or self.body.lstrip()[:1] == b"<"

    def time(self) -> datetime | None:
        """The sender's clock when it answered, by the header `Date` (RFC 9110, section 6.6.1); None where there is none."""
        try:
            moment = parsedate_to_datetime(self.headers["Date"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        return moment if moment.tzinfo is not None else None


Refused = Callable[[Response], bool]


def throttled(response: Response) -> bool:
    """What a system refuses without looking at it."""
    return response.status == 429


def _unheard(response: Response) -> None:
    """A refusal that nobody asks about."""


@dataclass(frozen=True)
class HttpClient:
    """One system over HTTPS. Redirects are never followed; a path is joined to the base as it is."""

    name: str
    base: str
    session: aiohttp.ClientSession
    clock: Clock
    jitter: Callable[[], float]
    proxy: str | None = None
    refused_before_effect: Refused = throttled
    """Whether an answer says that a request was certainly not carried out, so that it may be sent again."""
    meter: Meter = UNMEASURED

    async def read(
        self, path: str, query: Mapping[str, str] | None = None, headers: Callable[[], Mapping[str, str]] | None = None
    ) -> Response:
        """GET, as often as the retry policy allows; raises `Outage` when no usable answer comes."""

        async def once() -> Response:
            return self.usable(await self._try("GET", path, query, None, headers or _none))

        return await with_retries(once, self.clock, self.jitter)

    async def read_try(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        headers: Callable[[], Mapping[str, str]],
    ) -> Response:
        """One request of a read, for who counts each of them; raises `Retryable` when no answer comes."""
        return await self._try(method, path, query, body, headers)

    def usable(self, response: Response) -> Response:
        """The answer to a read, unless it is one after which the read is sent again: then `Retryable` is raised."""
        if response.status in AGAIN_READ or self.refused_before_effect(response):
            raise self._read_again(response)
        return response

    async def read_once(
        self, path: str, query: Mapping[str, str], headers: Callable[[], Mapping[str, str]]
    ) -> Response:
        """GET a single time, for what is only good to know; raises `Outage` when no answer comes."""
        try:
            return await self._try("GET", path, query, None, headers)
        except Retryable as problem:
            raise Outage(problem.reason) from None

    async def write(
        self,
        method: str,
        path: str,
        body: Any,
        headers: Callable[[], Mapping[str, str]],
        shows: Callable[[], Awaitable[bool]] | None = None,
        before_try: BeforeTry = allowed,
        refused: Callable[[Response], None] = _unheard,
    ) -> Response:
        """Send a write. It is repeated only when it was certainly not applied; else `ReplyLost` is raised.

        `shows` looks whether it was applied: a write that must not happen twice asks that before each repeat, because
        a gateway may say 429 to what the system behind it has done. `before_try` is awaited before every try, the first
        one too, because much may have changed during a wait; what it raises ends the write without that try.
        Every other error but `Redirected` says as well that nothing was applied, as far as the system's refusals say so:
        `refused` hears each of them.
        """
        sent = False

        async def once() -> Response:
            nonlocal sent
            if sent and shows is not None and await shows():
                raise ReplyLost(REFUSED_AFTER_EFFECT(system=self.name))
            await before_try()
            await check_fence()
            sent = True
            try:
                response = await self._try(method, path, None, body, headers)
            except Retryable as problem:
                if isinstance(problem.__cause__, aiohttp.ClientConnectorError):
                    raise  # nothing was sent
                raise ReplyLost(problem.reason) from None
            if self.refused_before_effect(response):
                refused(response)
                raise self._read_again(response)
            if response.status >= 500 or response.status == 408:
                raise ReplyLost(ANSWERED(system=self.name, status=response.status), response)
            return response

        return await with_retries(once, self.clock, self.jitter)

    async def write_once(
        self,
        method: str,
        path: str,
        body: Any,
        headers: Callable[[], Mapping[str, str]],
        before_try: BeforeTry = allowed,
        largest: int = LARGEST_ANSWER,
    ) -> Response:
        """Send a write a single time; whatever does not say plainly what happened raises `ReplyLost`.

        For writes that replace what is there: a repeat minutes later could undo what others did meanwhile. An answer of
        more than `largest` bytes is `TooLarge`.
        """
        await before_try()
        await check_fence()
        try:
            response = await self._try(method, path, None, body, headers, largest)
        except Retryable as problem:
            raise ReplyLost(problem.reason) from None
        if response.status >= 500 or response.status in AGAIN_READ or self.refused_before_effect(response):
            raise ReplyLost(ANSWERED(system=self.name, status=response.status))
        return response

    def _read_again(self, response: Response) -> Retryable:
        wait = retry_after(response.headers.get("Retry-After"), self.clock.now())
        return Retryable(ANSWERED(system=self.name, status=response.status), wait)

    @without_values(Retryable, SpentkeyError)
    async def _try(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        headers: Callable[[], Mapping[str, str]],
        largest: int = LARGEST_ANSWER,
    ) -> Response:
        """One request. Headers, and a body that holds a proof, come as functions: so no frame above this one has them."""
        url = URL(self.base.rstrip("/") + path, encoded=True)
        try:
            sent = headers()
            with self.meter.call(self.name, route_of(method, path), sent.get("client-request-id")) as call:
                content = body() if callable(body) else body
                is_raw = isinstance(content, bytes)  # what is signed byte by byte is sent byte by byte
                async with self.session.request(
                    method,
                    url.with_query(query) if query else url,
                    data=content if is_raw else None,
                    json=None if is_raw else content,
                    headers=sent,
                    proxy=self.proxy,
                    allow_redirects=False,
                ) as reply:
                    response = Response(reply.status, reply.headers, await _body_of(reply, self.name, largest))
                    call.status, call.usable = str(response.status), not response.is_html()
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as problem:
            raise Outage(TLS_REFUSED(system=self.name, why=why_no_answer(problem))) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            raise Retryable(NO_ANSWER(system=self.name, why=why_no_answer(problem))) from problem
        if response.status == 429:
            self.meter.throttled(self.name)
        if 300 <= response.status < 400:
            raise Redirected(REDIRECT(system=self.name))
        return response


async def _body_of(reply: aiohttp.ClientResponse, system: str, largest: int) -> bytes:
    """The whole body; one that never ends is not waited for."""
    parts, size = list[bytes](), 0
    async for part in reply.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > largest:
            raise TooLarge(TOO_LARGE(system=system, most=f"{largest / 1_000_000:g}"))
    return b"".join(parts)


def _none() -> Mapping[str, str]:
    return {}


def json_object(response: Response, system: str) -> dict[str, Any]:
    """The JSON object of an answer; raises `Outage` for HTML, for invalid JSON, and for JSON that is not an object."""
    value = json_value(response, system)
    if not isinstance(value, dict):
        raise Outage(NO_JSON_OBJECT(system=system))
    return value  # pyright: ignore[reportUnknownVariableType]


def json_value(response: Response, system: str) -> Any:
    """The JSON value of an answer; raises `Outage` where there is none. Halves of characters become `?`.

    What JSON leaves open is not guessed: an object with a name twice (RFC 8259, section 4) is refused, as
    are the numbers NaN and Infinity, which JSON does not have.
    JSON can spell half a surrogate pair, which no file, note or terminal can hold; a `?` fails every comparison.
    """
    if response.is_html():
        raise Outage(HTML_PAGE(system=system))
    if _most_values(response.body) > MOST_VALUES:
        raise TooLarge(TOO_MANY_VALUES(system=system, most=MOST_VALUES))
    try:
        value = json.loads(response.body, object_pairs_hook=_each_once, parse_constant=_no_number)
        if b"\\ud" in response.body or b"\\uD" in response.body:
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
        return value
    except (ValueError, RecursionError):
        raise NotJson(NOT_JSON(system=system)) from None


def _most_values(body: bytes) -> int:
    """How many values and names there are at most; the commas and the like inside of texts count as well."""
    return sum(body.count(one) for one in (b",", b":", b"[", b"{"))


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(name)
