"""What Graph's answer to a removal means, in words for the people who read the ticket."""

from spentkey.adapters.entra.wire import NOT_PRESENT, SYSTEM, error_of
from spentkey.core.errors import AccessRefused
from spentkey.http.client import Response
from spentkey.ports.directory import Answer, Reply


class NeedsNewToken(Exception):
    """Graph no longer takes the access token; nothing was done, and a fresh token may be tried once."""


def reply_of(action: str, response: Response, client_request_id: str, *, last_try: bool) -> Reply:
    """Classify the answer to `removePassword` or `removeKey`.

    Raises `NeedsNewToken` for a token that Graph does not take, and `AccessRefused` when a fresh one fares no better:
    that is the automation's trouble and not the application's.
    """
    code, message = error_of(response)
    if response.status == 401 and code == "InvalidAuthenticationToken":
        if last_try:
            raise AccessRefused(f"{SYSTEM} refuses a fresh access token (401 InvalidAuthenticationToken)")
        raise NeedsNewToken
    answer, detail = _meaning(action, response, code, message)
    return Reply(answer, detail, client_request_id, response.headers.get("request-id"))


def _meaning(action: str, response: Response, code: str, message: str) -> tuple[Answer, str]:
    status = response.status
    if status == 204:
        return Answer.ACCEPTED, "204 No Content"
    if status == 400 and message.startswith(NOT_PRESENT):
        return Answer.NOT_PRESENT, "Graph no longer finds the credential"
    if status == 401 and action == "removeKey" and code == "Authentication_MissingOrMalformed":
        return Answer.PROOF_REJECTED, (
            'Graph rejected the proof of possession (it says "Access Token missing or malformed", but means the proof: '
            "its audience, issuer, time or signature, or a certificate that it does not know yet)"
        )
    if status == 403:
        return Answer.FORBIDDEN, (
            "Graph refuses to change this application (403 Authorization_RequestDenied): the automation needs "
            "Application.ReadWrite.All, or to own the application with Application.ReadWrite.OwnedBy"
        )
    if 400 <= status < 500:
        return Answer.REJECTED, f"Graph refused the request ({status} {code})".replace(" )", ")")
    return Answer.LOST, f"Graph answered {status}, which does not say whether the credential was removed"
