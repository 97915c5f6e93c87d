"""Refusals as Ivanti words them: a code, a description, a list of messages.

The shape is that of the business object API pages in help.ivanti.com/ht/help/en_US/ISM.
"""

from http import HTTPStatus
from typing import Any

from aiohttp import web

JSON_TYPE = "application/json"
_DESCRIPTIONS = {400: "Invalid Request Payload", 404: "Requested resource does not exist", 500: "Internal Server Error"}
_OUTSIDE = (
    "<!DOCTYPE html><html><head><title>404 - File or directory not found.</title></head>"
    "<body><h2>404 - File or directory not found.</h2></body></html>"
)
_LEAK = (
    "Unhandled system exception: {&quot;error&quot;:{&quot;SessionId&quot;:&quot;0TQ9SESSIONTHATMUSTNOTBELOGGED&quot;,"
    "&quot;TenantId&quot;:&quot;itsm.example.org&quot;,&quot;Hostname&quot;:&quot;ITSM-APP-01&quot;}}"
)


class RefusedError(Exception):
    """A rule refuses the request; `status` and `message` make the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def answer(status: int, message: str) -> web.Response:
    """The wire form of a refusal."""
    # LEDGER: I-10, the four keys of every error
    if status == HTTPStatus.UNAUTHORIZED:
        return unauthorised()
    description = _DESCRIPTIONS.get(status, HTTPStatus(status).phrase)
    return _body(status, f"ISM_{status // 100}0{status % 100:02}", description, [message])


def unauthorised() -> web.Response:
    """No key, or a wrong one."""
    # LEDGER: I-02, one answer for every log-in that fails
    text = "Invalid Session key or Authentication token or Host"
    return _body(401, "ISM_4001", "Invalid session key or session timed out", [text])


def bad_request(message: str) -> RefusedError:
    """400 ISM_4000."""
    return RefusedError(400, message)


def no_such_path() -> RefusedError:
    """404 ISM_4004: the path names nothing that this interface serves."""
    # LEDGER: I-05, an unknown set is a path error
    return RefusedError(404, "No service for the resource is registered.")


def unresolved() -> RefusedError:
    """500 ISM_5000 with an empty message: a validated field got a value that its list does not have."""
    # LEDGER: I-24, the emptiest error of all
    return RefusedError(500, "")


def outside() -> web.Response:
    """The web server's own page, for paths that are not the application's."""
    # LEDGER: I-04, HTML where a client hopes for JSON
    return web.Response(status=404, text=_OUTSIDE, content_type="text/html")


def injected(status: int) -> web.Response:
    """The body that goes with a status which a fault asks for; a 500 leaks, as real ones do."""
    # LEDGER: I-11, internals in a 500
    return answer(status, _LEAK if status == HTTPStatus.INTERNAL_SERVER_ERROR else HTTPStatus(status).phrase)


def _body(status: int, code: str, description: str, messages: list[str]) -> web.Response:
    body: dict[str, Any] = {"code": code, "description": description, "message": messages, "help": ""}
    return web.json_response(body, status=status)
