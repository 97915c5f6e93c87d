"""What Graph's answer to a removal means, in words for the people who read the ticket.

Graph's code decides. The status alone does not: a gateway in between answers with statuses too, and one code comes under
several of them.
"""

from spentkey.adapters.entra.reasons import (
    ACCEPTED,
    AT_ODDS,
    FORBIDDEN,
    FORBIDDEN_ITSELF,
    GRAPH_UNCLEAR,
    NO_APPLICATION,
    NO_LONGER_FOUND,
    PROOF_REJECTED,
    REFUSED,
    TOKEN_REFUSED,
    WITHOUT_CODE,
)
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
from spentkey.core.reason import Reason
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
            raise AccessRefused(TOKEN_REFUSED(system=SYSTEM, what=f"{response.status} {code}"))
        raise NeedsNewToken
    answer, detail = _meaning(action, response.status, code, message, app_id)
    return Reply(answer, detail, client_request_id, response.headers.get("request-id"))


def _meaning(action: str, status: int, code: str, message: str, app_id: str) -> tuple[Answer, Reason]:
    if status == 204:
        return Answer.ACCEPTED, ACCEPTED()
    if status < 400 or status >= 500:
        return Answer.LOST, GRAPH_UNCLEAR(status=status)
    if not code:
        return Answer.LOST, WITHOUT_CODE(status=status)
    if code == BAD_REQUEST and message.startswith(NOT_PRESENT):
        return Answer.NOT_PRESENT, NO_LONGER_FOUND()
    if action == "removeKey" and code == "Authentication_MissingOrMalformed":
        return Answer.PROOF_REJECTED, PROOF_REJECTED()
    if status == 403 or code == DENIED:
        return Answer.FORBIDDEN, _forbidden(action, f"{status} {code}", app_id)
    if status == 404:
        return Answer.LOST, NO_APPLICATION(what=f"{status} {code}")
    if status in (408, 409) or code == CONCURRENT:
        return Answer.LOST, AT_ODDS(what=f"{status} {code}")
    return Answer.REJECTED, REFUSED(what=f"{status} {code}")


def _forbidden(action: str, what: str, app_id: str) -> Reason:
    if action == "removeKey":
        return FORBIDDEN_ITSELF(app_id=app_id, what=what)
    return FORBIDDEN(what=what)
