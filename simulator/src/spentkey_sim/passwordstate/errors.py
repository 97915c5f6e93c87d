"""Refusals as Passwordstate words them: a message and a phrase, in two objects of one array.

The shape is what public clients parse (github.com/dnewsholme/PasswordState-Management, tests).
"""

from http import HTTPStatus

from aiohttp import web

_HTML = "<!DOCTYPE html><html><head><title>Passwordstate</title></head><body>{text}</body></html>"
_PHRASES = {
    401: "The API Key is not valid, or has not been supplied in the request.",
    403: "The API Key does not have the required permissions for this request.",
    404: "The requested resource was not found, or you do not have permissions to it.",
}


def refused(status: int, phrase: str = "") -> web.Response:
    """An error with its two objects."""
    # LEDGER: P-03, message and phrase are two objects
    message = HTTPStatus(status).phrase
    parts = [{"message": message}, {"phrase": phrase or _PHRASES.get(status, message)}]
    return web.json_response([{"errors": parts}], status=status)


def no_password(password_id: str, status: int = 404) -> web.Response:
    """Not there, or not for this key: the two are not told apart."""
    # LEDGER: P-08, one text for absent and forbidden
    text = f"A Password of ID '{password_id}' was not found in the database, or you do not have permissions to it."
    return refused(status, text)


def negotiate() -> web.Response:
    """The answer of the other interface, which wants a Windows log-in."""
    # LEDGER: P-13, Windows authentication under /winapi
    response = web.Response(status=401, text=_HTML.format(text="401 - Unauthorized"), content_type="text/html")
    response.headers.add("WWW-Authenticate", "Negotiate")
    response.headers.add("WWW-Authenticate", "NTLM")
    return response


def build_page(build: str) -> web.Response:
    """The page that names version and build."""
    # LEDGER: P-12, the build stands on the page of the interface
    text = f"<p><span>V</span><span>ersion</span> <b>9.9 (Build {build})</b></p>"
    return web.Response(text=_HTML.format(text=text), content_type="text/html")


def outside() -> web.Response:
    """The web server's own page, for paths that are nobody's."""
    return web.Response(status=404, text=_HTML.format(text="404 - Not Found"), content_type="text/html")
