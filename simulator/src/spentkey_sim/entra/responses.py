"""Graph's answers on the wire: the error envelope and the headers that every answer carries.

learn.microsoft.com/graph/errors, learn.microsoft.com/graph/best-practices-concept (request ids).
"""

import json
from collections.abc import Mapping

from aiohttp import web

from spentkey_sim.entra import errors, shapes, state
from spentkey_sim.entra.asks import Answer
from spentkey_sim.model import World

_DIAGNOSTIC = '{"ServerInfo":{"DataCenter":"Loopback","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"SIM"}}'
_CHALLENGE = 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'


def refusal(world: World, error: errors.GraphError, headers: Mapping[str, str], now: str) -> Answer:
    """An error in Graph's envelope; its own request id is the one in the header."""
    request_id = state.fresh_guid(world)
    inner = {
        "date": now.removesuffix("Z"),
        "request-id": request_id,
        "client-request-id": headers.get("client-request-id") or request_id,
    }
    body = {"error": {"code": error.code, "message": error.message, **error.extra, "innerError": inner}}
    challenge = {"WWW-Authenticate": _CHALLENGE} if error.status == 401 else {}
    return Answer(error.status, body, {"request-id": request_id, **challenge, **error.headers})


def respond(world: World, answer: Answer, headers: Mapping[str, str]) -> web.Response:
    """LEDGER: E-44, an answer with its request id, the client's own id, and the diagnostic header."""
    request_id = answer.headers.get("request-id") or state.fresh_guid(world)
    sent = {
        **answer.headers,
        "request-id": request_id,
        "client-request-id": headers.get("client-request-id") or request_id,
        "x-ms-ags-diagnostic": _DIAGNOSTIC,
        "Cache-Control": "no-cache",
    }
    if answer.body is None and answer.raw is None:
        return web.Response(status=answer.status, headers=sent)
    # LEDGER: E-76, the type says how much metadata there is
    sent["Content-Type"] = answer.type or shapes.JSON_TYPE
    written = answer.raw if answer.raw is not None else json.dumps(answer.body).encode()
    return web.Response(body=written, status=answer.status, headers=sent)
