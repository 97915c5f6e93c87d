"""A meter that counts nothing, for callers without metrics; and how a path is named without its objects."""

import re

_IDS = (
    (re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "{id}"),
    (re.compile(r"\('[^']*'\)"), "('{id}')"),
    (re.compile(r"/[0-9a-fA-F]{32}(?=/|$)"), "/{id}"),
    (re.compile(r"/[0-9]+(?=/|$)"), "/{id}"),
)


def route_of(method: str, path: str) -> str:
    """The method and the path, with `{id}` in the place of ids, so that there are few routes and no object in them.

    A query is no part of a route: the link of a page has a token in it.
    """
    path = path.partition("?")[0]
    for pattern, instead in _IDS:
        path = pattern.sub(instead, path)
    return f"{method} {path}"
