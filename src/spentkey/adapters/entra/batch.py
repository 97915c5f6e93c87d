"""Application and service principal in one request: a JSON batch of two reads (learn.microsoft.com/graph/json-batching).

Each part has a status of its own; a part that was throttled makes the whole batch be sent again. Neither read selects
anything: `$select=keyCredentials` is limited to 150 reads a minute and tenant (learn.microsoft.com/graph/api/application-get).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from spentkey.adapters.entra.reasons import (
    BATCH_ANSWERED,
    BATCH_EMPTY,
    BATCH_INCOMPLETE,
    READ_ANSWERED,
    READ_REFUSED,
    TO_SHOW,
    TOKEN_REFUSED,
)
from spentkey.adapters.entra.wire import (
    CONCURRENT,
    NO_TOKEN,
    NOT_FOUND,
    SYSTEM,
    code_in,
    read_application,
    read_principal,
)
from spentkey.core.credential import Snapshot, Target
from spentkey.core.errors import AccessRefused, Outage
from spentkey.core.reason import Reason
from spentkey.http.client import Response, json_object
from spentkey.http.reasons import ANSWERED
from spentkey.http.retry import Retryable, retry_after

Throttled = Callable[[str, Mapping[str, Any]], None]
"""Told of the code and the headers of a read that was answered with 429."""


def batch_of_two(app_id: str) -> dict[str, Any]:
    """The body of the batch; `app_id` must be a canonical UUID."""
    key = f"(appId='{app_id}')"
    return {
        "requests": [
            {"id": "application", "method": "GET", "url": f"/applications{key}"},
            {"id": "principal", "method": "GET", "url": f"/servicePrincipals{key}"},
        ]
    }


def read_batch(response: Response, now: datetime, throttled: Throttled = lambda _, __: None) -> Snapshot:
    """What the batch shows; raises `Retryable` when a part was throttled, `Outage` when one is missing.

    `throttled` is told of each part that was answered with 429 inside a batch of status 200.
    """
    if response.status != 200:
        raise Outage(BATCH_ANSWERED(system=SYSTEM, status=response.status))
    parts = json_object(response, SYSTEM).get("responses")
    if not isinstance(parts, list):
        raise Outage(BATCH_EMPTY(system=SYSTEM))
    found = [cast("dict[str, Any]", part) for part in cast("list[Any]", parts) if isinstance(part, dict)]
    responses = {str(part.get("id")): part for part in found}
    for part in [part for part in found if part.get("status") == 429]:
        throttled(code_in(part.get("body")), _headers(part))
    application = _part(responses, "application", now)
    principal = _part(responses, "principal", now)
    read = None if application is None else read_application(application)
    return snapshot_of(read, None if principal is None else read_principal(principal), response)


def snapshot_of(application: Target | Reason | None, principal: Target | None, response: Response) -> Snapshot:
    """What was read, with the time and the request id of the answer."""
    return Snapshot(
        application=application if isinstance(application, Target) else None,
        principal=principal,
        directory_time=response.time(),
        request_id=response.headers.get("request-id"),
        fault=application if isinstance(application, Reason) else None,
    )


def _part(responses: Mapping[str, Mapping[str, Any]], name: str, now: datetime) -> Mapping[str, Any] | None:
    response = responses.get(name)
    if response is None or not isinstance(response.get("status"), int):
        raise Outage(BATCH_INCOMPLETE(system=SYSTEM, part=name))
    status, body = cast("int", response["status"]), response.get("body")
    code = code_in(body)
    if status == 429 or status >= 500 or code == CONCURRENT:
        raise Retryable(ANSWERED(system=SYSTEM, status=status), retry_after(_header(response, "Retry-After"), now))
    if status in (401, 403):
        raise refused_read(TO_SHOW(part=name), status, code)
    return found_or_none(status, code, lambda: cast("dict[str, Any]", body) if isinstance(body, dict) else {})


def _header(response: Mapping[str, Any], name: str) -> str | None:
    value = _headers(response).get(name)
    return None if value is None else str(value)


def _headers(response: Mapping[str, Any]) -> Mapping[str, Any]:
    headers = response.get("headers")
    return cast("dict[str, Any]", headers) if isinstance(headers, dict) else {}


def found_or_none(status: int, code: str, body: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """The body of a 200, None for a 404 by which Graph says that the object is not there; another 404 is asked again."""
    if status == 200:
        return body()
    if status == 404 and code == NOT_FOUND:
        return None
    if status == 404:
        raise Retryable(READ_ANSWERED(system=SYSTEM, what=f"{status} {code}".rstrip()))
    raise Outage(READ_ANSWERED(system=SYSTEM, what=f"{status} {code}".rstrip()))


def refused_read(what: Reason, status: int, code: str) -> AccessRefused:
    """A read that Graph refuses: for a token that it does not take, or for want of a permission."""
    if code == NO_TOKEN:
        return AccessRefused(TOKEN_REFUSED(system=SYSTEM, what=f"{status} {code}"))
    shown = f"{status} {code}".rstrip()
    return AccessRefused(READ_REFUSED(system=SYSTEM, what=what, shown=shown))
