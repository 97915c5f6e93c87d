"""What Graph's answer to a removal means, in words for the people who read the ticket.

Graph's code decides. The status alone does not: a gateway in between answers with statuses too, and one code comes under
several of them.
"""

from spentkey.adapters.entra.wire import (
    BAD_REQUEST,
    CONCURRENT,
    DENIED,
    NO_TOKEN,
    NOT_PRESENT,
    SYSTEM,
    error_of,
)
from spentkey.core.errors import AccessRefused
from spentkey.http.client import Response
from spentkey.ports.directory import Answer, Reply


class NeedsNewToken(Exception):
    """Graph no longer takes the access token; nothing was done, and a fresh token may be tried once."""


def reply_of(action: str, response: Response, client_request_id: str, *, app_id: str, last_try: bool) -> Reply:
    """Classify the answer to `removePassword`, `removeKey` or `patch` on the application `app_id`.

    Raises `NeedsNewToken` for a token that Graph does not take, and `AccessRefused` when a fresh one fares no better:
    that is the automation's trouble and not the application's.
    """
    code, message = error_of(response)
    if response.status >= 400 and code == NO_TOKEN:
        if last_try:
            raise AccessRefused(f"{SYSTEM} refuses a fresh access token ({response.status} {code})")
        raise NeedsNewToken
    answer, detail = _meaning(action, response.status, code, message, app_id)
    return Reply(answer, detail, client_request_id, response.headers.get("request-id"))


def _meaning(action: str, status: int, code: str, message: str, app_id: str) -> tuple[Answer, str]:
    if status == 204:
        return Answer.ACCEPTED, "204 No Content"
    if status < 400 or status >= 500:
        return Answer.LOST, f"Graph answered {status}, which does not say whether the credential was removed"
    if not code:
        return Answer.LOST, f"{status} without a code of Graph's, which does not say whether the credential was removed"
    if code == BAD_REQUEST and message.startswith(NOT_PRESENT):
        return Answer.NOT_PRESENT, "Graph no longer finds the credential"
    if action == "removeKey" and code == "Authentication_MissingOrMalformed":
        return Answer.PROOF_REJECTED, (
            'Graph rejected the proof of possession (it says "Access Token missing or malformed", but means the proof: '
            "its audience, issuer, time or signature, or a certificate that it does not know yet)"
        )
    if status == 403 or code == DENIED:
        return Answer.FORBIDDEN, _forbidden(action, f"{status} {code}", app_id)
    if status == 404:
        return Answer.LOST, f"Graph did not find the application, which it had just shown ({status} {code})"
    if status in (408, 409) or code == CONCURRENT:
        return Answer.LOST, f"Graph was at odds with another write ({status} {code})"
    return Answer.REJECTED, f"Graph refused the request ({status} {code})"


def _forbidden(action: str, what: str, app_id: str) -> str:
    if action == "removeKey":
        return (
            f"Graph refuses the application {app_id}, which asked with its own token, to remove its certificate ({what}): "
            "grant it Application.ReadWrite.OwnedBy and make it its own owner, or let the automation do it: "
            'policy.certificate_fallback = "patch"'
        )
    return (
        f"Graph refuses to change this application ({what}): the automation needs "
        "Application.ReadWrite.All, or to own the application with Application.ReadWrite.OwnedBy"
    )
