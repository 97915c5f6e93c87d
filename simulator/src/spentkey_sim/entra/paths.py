"""What a path means: one table for the router, for the names in the journal, and for the requests inside a batch."""

import re
from dataclasses import dataclass

_ADDRESS = re.compile(
    r"/(?P<collection>applications|servicePrincipals)"
    r"(?:/(?P<id>[^/()]+)|\((?P<by>appId)='(?P<app_id>[^']*)'\))?"
    r"(?:/(?P<action>removePassword|removeKey|owners))?/?",
    re.IGNORECASE,
)
OWNERS = "owners"
AUDITS = "auditLogs/directoryAudits"
_COLLECTIONS = {"applications": "applications", "serviceprincipals": "servicePrincipals"}
_NOUNS = {"applications": "application", "servicePrincipals": "service-principal"}
_ACTIONS = {"removepassword": "removePassword", "removekey": "removeKey", "owners": OWNERS}


@dataclass(frozen=True)
class Operation:
    """A Graph request by its meaning. `by` is "id", "appId" or "" for the collection itself."""

    route: str
    collection: str = ""
    by: str = ""
    value: str = ""
    write: bool = False


def tidy(path: str) -> str:
    """The path with doubled slashes folded, as Graph's own front end does."""
    return re.sub(r"/{2,}", "/", path)


def understand(method: str, path: str) -> Operation:
    """The operation behind a method and a path that starts after `/v1.0`; the route is "other" when there is none."""
    if path.rstrip("/") == "/$batch" and method == "POST":
        return Operation("batch", write=False)
    if path.strip("/").lower() == AUDITS.lower():
        return Operation("list-directory-audits" if method == "GET" else "wrong-method", AUDITS)
    found = _ADDRESS.fullmatch(path)
    if found is None:
        return Operation("other")
    collection = _COLLECTIONS[found["collection"].lower()]
    by = "appId" if found["by"] else "id" if found["id"] else ""
    value = found["app_id"] or found["id"] or ""
    route, write = _route(method, collection, by, _ACTIONS.get((found["action"] or "").lower()))
    return Operation(route, collection, by, value.lower(), write)


def _route(method: str, collection: str, by: str, action: str | None) -> tuple[str, bool]:
    on_application = collection == "applications"
    if action == OWNERS:
        return (f"{_NOUNS[collection]}-owners" if by and method == "GET" else "wrong-method"), False
    if action and by and method == "POST":
        return (action if on_application else f"sp-{action}"), True
    if action:
        return "other", False
    if method == "PATCH" and by and on_application:
        return "patch", True
    if method != "GET":
        return "wrong-method", False
    return (f"read-{_NOUNS[collection]}" if by else f"list-{_NOUNS[collection]}s"), False
