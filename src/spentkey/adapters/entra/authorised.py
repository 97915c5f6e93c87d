"""A request with the automation's token, which is renewed once where Graph no longer takes it."""

from collections.abc import Awaitable, Callable, Mapping

from spentkey.adapters.entra.token import TokenSource
from spentkey.core.secret import Secret
from spentkey.http.client import Response
from spentkey.ports.runtime import Ids

Headers = Callable[[], Mapping[str, str]]
"""Makes headers for the moment of sending, so that no variable holds a token."""
Send = Callable[[Headers], Awaitable[Response]]
"""Sends one request with these headers."""


async def with_token(tokens: TokenSource, ids: Ids, send: Send) -> Response:
    """The answer, also where the renewed token was not taken either; whoever asked says what that means."""
    response = await send(_headers(await tokens.token(), ids))
    if response.status != 401:
        return response
    tokens.renew()
    return await send(_headers(await tokens.token(), ids))


def _headers(token: Secret, ids: Ids) -> Headers:
    return lambda: {"Authorization": f"Bearer {token.reveal()}", "client-request-id": ids.new()}
