"""What a path means: one table for the router, for the names in the journal, and for the requests inside a batch."""

import re
from dataclasses import dataclass

_ADDRESS = re.compile(
    r"/(?P<collection>applications|servicePrincipals)"
    r"(?:/(?P<id>[^/()$]+)|\((?P<by>appId)='(?P<app_id>[^']*)'\))?"
    r"(?:/(?P<action>removePassword|removeKey|owners|federatedIdentityCredentials|\$count))?/?",
    re.IGNORECASE,
)
OWNERS = "owners"
FEDERATED = "federatedIdentityCredentials"
COUNT = "$count"
AUDITS = "auditLogs/directoryAudits"
CREDENTIAL_USE = "reports/appCredentialSignInActivities"
PRINCIPAL_USE = "reports/servicePrincipalSignInActivities"
DELETED = "directory/deletedItems/microsoft.graph.application"
BETA = "/beta/"
LOGS = frozenset({AUDITS, CREDENTIAL_USE, PRINCIPAL_USE})
"""What the quota of logs and reports counts."""
_FIXED = {
    f"/{AUDITS}": ("list-directory-audits", AUDITS),
    f"/{DELETED}": ("list-deleted-applications", DELETED),
    f"{BETA}{CREDENTIAL_USE}": ("list-credential-use", CREDENTIAL_USE),
    f"{BETA}{PRINCIPAL_USE}": ("list-principal-use", PRINCIPAL_USE),
}
_BY_PATH = {path.lower(): found for path, found in _FIXED.items()}
_COLLECTIONS = {"applications": "applications", "serviceprincipals": "servicePrincipals"}
_NOUNS = {"applications": "application", "servicePrincipals": "service-principal"}
_ACTIONS = {one.lower(): one for one in ("removePassword", "removeKey", OWNERS, FEDERATED, COUNT)}


@dataclass(frozen=True)
class Operation:
    """A Graph request by its meaning. `by` is "id", "appId" or "" for the collection itself.

    `part` is what is asked of an object: its owners, its federated credentials.
    """

    route: str
    collection: str = ""
    by: str = ""
    value: str = ""
    write: bool = False
    part: str = ""

    @property
    def version(self) -> str:
        """The version of Graph that has it."""
        return "beta" if self.collection in (CREDENTIAL_USE, PRINCIPAL_USE) else "v1.0"

    @property
    def address(self) -> str:
        """The path of the collection, after the version."""
        if not self.part:
            return self.collection
        key = f"(appId='{self.value}')" if self.by == "appId" else f"/{self.value}"
        return f"{self.collection}{key}/{self.part}"


def tidy(path: str) -> str:
    """The path with doubled slashes folded, as Graph's own front end does."""
    return re.sub(r"/{2,}", "/", path)


def understand(method: str, path: str) -> Operation:
    """The operation behind a method and a path that starts after `/v1.0`; the route is "other" when there is none."""
    if path.rstrip("/") == "/$batch" and method == "POST":
        return Operation("batch", write=False)
    fixed = _BY_PATH.get(path.rstrip("/").lower())
    if fixed is not None:
        return Operation(fixed[0] if method == "GET" else "wrong-method", fixed[1])
    found = _ADDRESS.fullmatch(path)
    if found is None:
        return Operation("other")
    collection = _COLLECTIONS[found["collection"].lower()]
    by = "appId" if found["by"] else "id" if found["id"] else ""
    value = found["app_id"] or found["id"] or ""
    action = _ACTIONS.get((found["action"] or "").lower())
    route, write = _route(method, collection, by, action)
    return Operation(
        route, collection, by, value.lower(), write, action if by and action in (OWNERS, FEDERATED) else ""
    )


def _route(method: str, collection: str, by: str, action: str | None) -> tuple[str, bool]:
    on_application = collection == "applications"
    if action in (OWNERS, FEDERATED, COUNT):
        return _reading(method, collection, by, action), False
    if action and by and method == "POST":
        return (action if on_application else f"sp-{action}"), True
    if action:
        return "other", False
    if method == "PATCH" and by and on_application:
        return "patch", True
    if method != "GET":
        return "wrong-method", False
    return (f"read-{_NOUNS[collection]}" if by else f"list-{_NOUNS[collection]}s"), False


def _reading(method: str, collection: str, by: str, action: str) -> str:
    """The route of what hangs on an object, or of the count of a collection."""
    if action == FEDERATED and collection != "applications":
        return "other"
    if method != "GET" or bool(by) == (action == COUNT):
        return "wrong-method"
    if action == COUNT:
        return f"count-{_NOUNS[collection]}s"
    return f"{_NOUNS[collection]}-{'owners' if action == OWNERS else 'federated'}"
