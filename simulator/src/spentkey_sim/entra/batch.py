"""POST /$batch: up to twenty requests in one envelope, each with its own status, fault and journal entry.

learn.microsoft.com/graph/json-batching.
"""

import json
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from spentkey_sim.entra import errors, paths
from spentkey_sim.entra.asks import Answer
from spentkey_sim.entra.shapes import JSON_TYPE

LARGEST = 20
_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE", "PUT"})
_FAILED_DEPENDENCY = 424

Sub = dict[str, Any]
Serve = Callable[[str, str, dict[str, str], dict[str, str], bytes], Answer]
"""Serves one request: method, path after /v1.0, query, headers, body."""


def serve(raw: bytes, one: Serve) -> Answer:
    """LEDGER: E-41, every request of the batch in the order in which it stands there."""
    statuses: dict[str, int] = {}
    responses: list[dict[str, Any]] = []
    for sub in _requests(raw):
        answer = _answer(sub, statuses, one)
        statuses[sub["id"]] = answer.status
        body = json.loads(answer.raw) if answer.raw is not None else answer.body
        headers = {"Content-Type": answer.type or JSON_TYPE} | answer.headers if body is not None else answer.headers
        responses.append({"id": sub["id"], "status": answer.status, "headers": headers, "body": body})
    return Answer(200, {"responses": responses})


def _answer(sub: Sub, statuses: dict[str, int], one: Serve) -> Answer:
    """One answer; a request whose predecessor failed is not tried."""
    for needed in cast("list[str]", sub.get("dependsOn") or []):
        if statuses[needed] >= 400:
            return Answer(
                _FAILED_DEPENDENCY, {"error": {"code": "FailedDependency", "message": "A dependency failed."}}
            )
    address = urlsplit(str(sub["url"]))
    headers = {name: str(value) for name, value in cast("dict[str, Any]", sub.get("headers") or {}).items()}
    body = json.dumps(sub["body"]).encode() if sub.get("body") is not None else b""
    return one(sub["method"], paths.tidy("/" + address.path), dict(parse_qsl(address.query)), headers, body)


def _requests(raw: bytes) -> list[Sub]:
    """The requests of a batch, checked as far as the envelope goes."""
    try:
        body: Any = json.loads(raw)
    except ValueError:
        raise errors.bad_batch("Unable to read JSON request payload.") from None
    requests: Any = cast("dict[str, Any]", body).get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list) or not requests:
        raise errors.bad_batch("The batch request has no requests.")
    subs = [_sub(one) for one in cast("list[Any]", requests)]
    if len(subs) > LARGEST:
        raise errors.bad_batch(f"Number of batch request steps exceeds the maximum value of {LARGEST}.")
    if len({sub["id"] for sub in subs}) != len(subs):
        raise errors.bad_batch("The id of each request in a batch must be unique.")
    for n, sub in enumerate(subs):
        earlier = {before["id"] for before in subs[:n]}
        for needed in cast("list[Any]", sub.get("dependsOn") or []):
            if needed not in earlier:
                raise errors.bad_batch(f"Request '{sub['id']}' depends on one that does not come before it.")
    return subs


def _sub(value: Any) -> Sub:
    sub = cast("Sub", value) if isinstance(value, dict) else {}
    if not isinstance(sub.get("id"), str) or not isinstance(sub.get("url"), str) or sub.get("method") not in _METHODS:
        raise errors.bad_batch("Each request of a batch needs an id, a method and a url.")
    if not isinstance(sub.get("headers") or {}, dict) or not isinstance(sub.get("dependsOn") or [], list):
        raise errors.bad_batch(f"The headers or the dependsOn of request '{sub['id']}' cannot be read.")
    if sub.get("body") is not None and "application/json" not in json.dumps(sub.get("headers") or {}).lower():
        raise errors.bad_batch(f"Request '{sub['id']}' has a body and no Content-Type header.")
    return sub
