"""What Graph's answer to a removal means."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from json_soup import CALM, responses

from spentkey.adapters.entra.removal_reply import NeedsNewToken, reply_of
from spentkey.core.errors import AccessRefused
from spentkey.http.client import Response
from spentkey.ports.directory import Answer


def graph(status: int, code: str = "", message: str = "") -> Response:
    """An answer of Graph."""
    body: dict[str, Any] = {"error": {"code": code, "message": message}} if code else {}
    return Response(status, {"request-id": "r-1"}, json.dumps(body).encode() if code else b"")


APP = "22222222-2222-4222-8222-222222222222"
BOTH = ("removePassword", "removeKey")
ALL = (*BOTH, "patch")
NO_PASSWORD = "No password credential found with keyId 3."
NO_KEY = "No credentials found to be removed."
PROOF = ("Authentication_MissingOrMalformed", "Access Token missing or malformed.")
NOT_THERE = "Request_ResourceNotFound"
BUSY = "Directory_ConcurrencyViolation"
PAGE = Response(403, {"Content-Type": "text/html"}, b"<html>403 AADSTS Authorization_RequestDenied</html>")
TABLE: list[tuple[tuple[str, ...], Response, Answer, str]] = [
    (ALL, graph(204), Answer.ACCEPTED, "204"),
    (("removePassword",), graph(400, "Request_BadRequest", NO_PASSWORD), Answer.NOT_PRESENT, "no longer finds"),
    (("removeKey",), graph(400, "Request_BadRequest", NO_KEY), Answer.NOT_PRESENT, "no longer finds"),
    (BOTH, graph(400, "AnotherCode", NO_KEY), Answer.REJECTED, "400 AnotherCode"),
    (ALL, graph(400, "Request_BadRequest", "Invalid value."), Answer.REJECTED, "400 Request_BadRequest"),
    (ALL, graph(400), Answer.LOST, "400 without a code"),
    (("removeKey",), graph(401, *PROOF), Answer.PROOF_REJECTED, "means the proof"),
    (("removeKey",), graph(400, *PROOF), Answer.PROOF_REJECTED, "means the proof"),
    (("removePassword", "patch"), graph(401, *PROOF), Answer.REJECTED, "401"),
    (("removePassword", "patch"), graph(403, "Authorization_RequestDenied"), Answer.FORBIDDEN, "the automation needs"),
    (("removePassword",), graph(403, "AnotherCode"), Answer.FORBIDDEN, "(403 AnotherCode)"),
    (("removeKey",), graph(403, "Authorization_RequestDenied"), Answer.FORBIDDEN, f"refuses the application {APP}"),
    (("removeKey",), graph(403, "Authorization_RequestDenied"), Answer.FORBIDDEN, 'certificate_fallback = "patch"'),
    (ALL, PAGE, Answer.LOST, "403 without a code"),
    (ALL, graph(401), Answer.LOST, "401 without a code"),
    (ALL, graph(404), Answer.LOST, "404 without a code"),
    (ALL, graph(404, NOT_THERE), Answer.LOST, "which it had just shown (404 Request_ResourceNotFound)"),
    (ALL, graph(404, "Directory_ObjectNotFound"), Answer.LOST, "404 Directory_ObjectNotFound"),
    (ALL, graph(400, BUSY), Answer.LOST, "at odds with another write (400"),
    (ALL, graph(409, BUSY), Answer.LOST, "at odds with another write (409"),
    (ALL, graph(409, "AnotherCode"), Answer.LOST, "409 AnotherCode"),
    (ALL, graph(500, "InternalServerError"), Answer.LOST, "does not say"),
    (ALL, graph(502), Answer.LOST, "does not say"),
    (ALL, graph(200), Answer.LOST, "does not say"),
    (ALL, Response(200, {"Content-Type": "text/html"}, b"<html>204</html>"), Answer.LOST, "does not say"),
]
CASES = [(action, response, wanted, words) for actions, response, wanted, words in TABLE for action in actions]


@pytest.mark.parametrize(("action", "response", "wanted", "words"), CASES)
def test_every_answer_has_one_meaning(action: str, response: Response, wanted: Answer, words: str) -> None:
    """Only 204 is a yes, only a refusal before any effect is a no; all else leaves it to the reads."""
    reply = reply_of(action, response, "c-1", app_id=APP, last_try=False)
    assert wanted is reply.answer
    assert words in reply.detail
    assert reply.client_request_id == "c-1"


def test_the_request_id_of_graph_is_kept() -> None:
    """It is what finds the request in Microsoft's logs."""
    assert reply_of("removeKey", graph(204), "c-1", app_id=APP, last_try=True).request_id == "r-1"


@pytest.mark.parametrize("action", BOTH)
def test_a_token_that_graph_no_longer_takes_is_renewed_once(action: str) -> None:
    """Nothing was done; a fresh token may be tried."""
    with pytest.raises(NeedsNewToken):
        reply_of(action, graph(401, "InvalidAuthenticationToken"), "c-1", app_id=APP, last_try=False)


@pytest.mark.parametrize("action", BOTH)
def test_a_fresh_token_that_graph_does_not_take_is_the_operators_business(action: str) -> None:
    """It says nothing about this application, so the task is not handed to its people."""
    with pytest.raises(AccessRefused, match="fresh access token"):
        reply_of(action, graph(401, "InvalidAuthenticationToken"), "c-1", app_id=APP, last_try=True)


@given(st.sampled_from(BOTH), responses())
@CALM
def test_nothing_but_a_204_is_ever_taken_for_a_yes(action: str, response: Response) -> None:
    """Any bytes under any other status."""
    reply = reply_of(action, response, "c-1", app_id=APP, last_try=False)
    assert (reply.answer is Answer.ACCEPTED) == (response.status == 204)
