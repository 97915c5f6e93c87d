"""Where nobody counts and times what is asked of outside systems; and how a path is named without its objects."""

import re
from contextlib import AbstractContextManager, nullcontext

from spentkey.ports import Call, Meter

_IDS = (
    (re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "{id}"),
    (re.compile(r"\('[^']*'\)"), "('{id}')"),
    (re.compile(r"/[0-9]+(?=/|$)"), "/{id}"),
)


class Unmeasured:
    """The `Meter` port for nobody."""

    def call(self, system: str, route: str, client_request_id: str | None = None) -> AbstractContextManager[Call]:
        """Count nothing."""
        del system, route, client_request_id
        return nullcontext(Call())

    def throttled(self, system: str) -> None:
        """Count nothing."""


UNMEASURED: Meter = Unmeasured()


def route_of(method: str, path: str) -> str:
    """The method and the path, with `{id}` in the place of ids, so that there are few routes and no object in them."""
    for pattern, instead in _IDS:
        path = pattern.sub(instead, path)
    return f"{method} {path}"
