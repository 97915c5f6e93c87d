"""Small reads about many objects, twenty in one request (learn.microsoft.com/graph/json-batching).

Each part has a status of its own: the parts that were throttled are sent once more, the others are settled. What could
not be had is None, and no reason to end.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from spentkey.adapters.entra.authorised import Headers, with_token
from spentkey.adapters.entra.paging import Paging, refused
from spentkey.adapters.entra.reasons import BATCH_ANSWERED, BATCH_EMPTY
from spentkey.adapters.entra.wire import SYSTEM
from spentkey.core.errors import SpentkeyError
from spentkey.http.client import Response, json_object
from spentkey.http.retry import Retryable, retry_after, with_retries

AT_ONCE = 20
"""The most requests that one batch takes."""
Body = Mapping[str, Any]


@dataclass
class _Unsettled:
    """The parts of one batch that are still to be had, by their id, and what came of the others."""

    pending: dict[str, str]
    bodies: dict[str, Body] = field(default_factory=dict[str, Body])


async def read_many(
    paging: Paging, urls: Mapping[str, str], room: Callable[[int], Awaitable[object]]
) -> Mapping[str, Body | None]:
    """The body of each of these reads, None where it could not be had; `room` waits until so many requests fit."""
    found = dict[str, Body | None]()
    for names in _twenties(list(urls)):
        asked = _Unsettled({name: urls[name] for name in names})
        with suppress(SpentkeyError):  # what is still pending was not had
            await with_retries(lambda a=asked: _send(paging, a, room), paging.clock, paging.jitter, paging.tries)
        found.update({name: asked.bodies.get(name) for name in names})
    return found


def _twenties(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE))


async def _send(paging: Paging, asked: _Unsettled, room: Callable[[int], Awaitable[object]]) -> None:
    """Ask for what is pending; raises `Retryable` while something still is."""
    body = {"requests": [{"id": name, "method": "GET", "url": url} for name, url in asked.pending.items()]}

    async def send(headers: Headers) -> Response:
        await room(len(asked.pending))
        return await paging.http.read_try("POST", "/v1.0/$batch", None, body, headers)

    response = paging.http.usable(await with_token(paging.tokens, paging.ids, send))
    if response.status != 200:
        refused(response)
    try:
        parts = json_object(response, SYSTEM).get("responses")
    except SpentkeyError as problem:
        raise Retryable(problem.reason) from None
    if not isinstance(parts, list):
        raise Retryable(BATCH_EMPTY(system=SYSTEM))
    waits = [_settle(asked, cast("Body", part), paging) for part in cast("list[Any]", parts) if isinstance(part, dict)]
    if asked.pending:
        raise Retryable(BATCH_ANSWERED(system=SYSTEM, status=429), max((one for one in waits if one), default=None))


def _settle(asked: _Unsettled, part: Body, paging: Paging) -> float | None:
    """Take note of one part; how long to wait before it is asked for once more, where it says so."""
    name, status, body = str(part.get("id")), part.get("status"), part.get("body")
    if name not in asked.pending or not isinstance(status, int):
        return None
    if status == 429 or status >= 500:
        headers = part.get("headers")
        told = cast("Body", headers).get("Retry-After") if isinstance(headers, dict) else None
        return retry_after(None if told is None else str(told), paging.clock.now())
    del asked.pending[name]
    if status == 200 and isinstance(body, dict):
        asked.bodies[name] = cast("Body", body)
    return None
