"""Whatever JSON a system could answer: hypothesis strategies for values, and for records with known fields."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from spentkey.core.errors import SpentkeyError
from spentkey.http.client import Response
from spentkey.http.retry import Retryable

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How these are tried: however slow a busy machine is."""
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(["", " ", "NaN", "1e999999999", "-0", "0x10", "9" * 5000, "\ud800", "١٢", "1_0", "' or 1 eq 1"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


def records(good: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The good record with some of its fields left out or replaced by anything."""
    fields = {name: st.just(value) | VALUES for name, value in good.items()}
    return st.fixed_dictionaries({}, optional=fields).map(lambda changed: {**good, **changed}) | st.fixed_dictionaries(
        {}, optional=fields
    )


def response(value: Any, status: int = 200, **headers: str) -> Response:
    """An answer with this JSON."""
    return Response(status, {"Content-Type": "application/json", **headers}, json.dumps(value).encode())


def refusal_of(read: Callable[[], Any]) -> tuple[Any, str | None]:
    """What was read, or the text of the refusal; another exception than those meant goes through."""
    try:
        return read(), None
    except (SpentkeyError, Retryable) as problem:
        return None, str(problem)


def responses() -> st.SearchStrategy[Response]:
    """Any answer at all: any status, any bytes, any kind."""
    bodies = st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode())
    kinds = st.sampled_from(["application/json", "text/html", "application/octet-stream", ""])
    statuses = st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 409, 429, 500, 503])
    return st.builds(_answer, statuses, kinds, bodies)


def _answer(status: int, kind: str, body: bytes) -> Response:
    return Response(status, {"Content-Type": kind}, body)
