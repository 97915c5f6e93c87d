"""The wire of the vault's web interface: searches, entries, documents.

Paths are those that public clients use (github.com/dnewsholme/PasswordState-Management, github.com/ananace/ruby-passwordstate);
the vendor's own reference ships inside each installation (clickstudios.com.au/api).
"""

import re
from urllib.parse import quote

from aiohttp import web

from spentkey_sim import material
from spentkey_sim.clock import SimClock
from spentkey_sim.faults import Faults
from spentkey_sim.journal import Journal
from spentkey_sim.model import ApiKey, Entry, Holder, World
from spentkey_sim.passwordstate import errors, rules, state
from spentkey_sim.wire import System, make_app

_PATHS = {
    "version": re.compile(r"/api/?", re.I),
    "search": re.compile(r"/api/searchpasswords/(?P<id>\d*)/?", re.I),
    "entry": re.compile(r"/api/passwords/(?P<id>\d+)/?", re.I),
    "document": re.compile(r"/api/document/(?P<store>password|passwordlist|folder)/(?P<id>\d+)/?", re.I),
}


class VaultSystem(System):
    """Passwordstate as faults and journal know it."""

    name = "passwordstate"

    def identify(self, request: web.Request) -> tuple[str, str, bool]:
        """The route, the object (an id, or the text that is looked for, without quotes), and whether it is a write."""
        route, found = _route(request)
        write = request.method not in ("GET", "HEAD")
        if found is None or route == "version":
            return route, "", write
        if route != "search":
            return route, found["id"], write
        wishes = {name.lower(): value for name, value in request.query.items()}
        return route, wishes.get("title", wishes.get("search", "")).strip('"'), write

    def caller(self, request: web.Request) -> str:
        """LEDGER: P-28, whoever holds the key."""
        return request.headers.get("APIKey", "")

    def refusal(self, request: web.Request, status: int) -> web.Response:
        """The body that goes with an injected status."""
        del request
        return errors.refused(status)


class Vault:
    """Answers requests."""

    def __init__(self, holder: Holder, clock: SimClock) -> None:
        self.holder = holder
        self.clock = clock

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request: who asks, and for what."""
        path = request.path.lower()
        if path.startswith("/winapi"):
            return errors.negotiate()
        route, found = _route(request)
        if not re.match(r"/api(/|$)", path):
            return errors.outside()
        if route == "version" and request.method == "GET":
            return errors.build_page(self.holder.world.passwordstate.build)
        key = rules.key_of(self.holder.world.passwordstate, request.headers.get("APIKey", ""))
        if key is None or rules.key_in_query(request.query):
            return errors.refused(401)
        if found is None or request.method != "GET":
            return errors.refused(404)
        return self._answer(request, key, route, found)

    def _answer(self, request: web.Request, key: ApiKey, route: str, found: re.Match[str]) -> web.Response:
        world = self.holder.world
        number = int(found["id"]) if found["id"] else None
        match route:
            case "search":
                return self._search(request, world, key, number)
            case "list":
                return self._list(request, world, key, number or 0)
            case "entry":
                return self._entry(request, world, key, number or 0)
            case _:
                return _document(world, key, found["store"].lower(), number or 0)

    def _search(self, request: web.Request, world: World, key: ApiKey, number: int | None) -> web.Response:
        if number is not None and number not in key.lists:
            return errors.refused(403)
        try:
            entries = rules.search(world, key, number, request.query)
        except rules.UnknownParameterError as unknown:
            # LEDGER: P-11, an unknown search field is refused and does not find everything
            return errors.refused(400, f"The parameter '{unknown}' is missing or not known.")
        if not entries and world.passwordstate.empty_search == "404":
            return errors.refused(404)  # LEDGER: P-09, nothing found is an error, or an empty list
        return self._entries(request, world, entries, "search")

    def _list(self, request: web.Request, world: World, key: ApiKey, number: int) -> web.Response:
        if number not in key.lists:
            return errors.refused(403)
        entries = state.in_list(world, number)
        return self._entries(request, world, entries, "list") if entries else errors.refused(404)

    def _entry(self, request: web.Request, world: World, key: ApiKey, number: int) -> web.Response:
        entry = state.entry_by_id(world, number)
        if entry is None:
            return errors.no_password(str(number))
        if not rules.may_see(key, entry):
            return errors.no_password(str(number), status=403)
        return self._entries(request, world, [entry], "entry")

    def _entries(self, request: web.Request, world: World, entries: list[Entry], action: str) -> web.Response:
        # LEDGER: P-10, reading one entry by its id is always audited
        if action == "entry" or not rules.flag(request.query, "PreventAuditing"):
            state.record(world, self.clock.now(), action, entries, request.headers.get("Reason", ""))
        password = not rules.flag(request.query, "ExcludePassword")
        return web.json_response([state.entry_json(entry, password=password) for entry in entries])


def _route(request: web.Request) -> tuple[str, re.Match[str] | None]:
    """The name of the route. One path serves two id spaces: with QueryAll the number is a list, else an entry."""
    # LEDGER: P-14, QueryAll turns a PasswordID into a PasswordListID
    for name, pattern in _PATHS.items():
        found = pattern.fullmatch(request.path)
        if found is not None:
            listed = name == "entry" and rules.flag(request.query, "QueryAll")
            return ("list" if listed else name), found
    return "other", None


def _document(world: World, key: ApiKey, store: str, number: int) -> web.Response:
    # LEDGER: P-15, raw bytes, and one text for an unknown id and another store
    document = state.document_by_id(world, store, number)
    if document is None:
        return errors.refused(404)
    owner = state.entry_by_id(world, document.owner) if store == "password" else None
    if not key.documents or (owner is not None and not rules.may_see(key, owner)):
        return errors.refused(403)
    content_type = document.content_type or "application/octet-stream"
    headers = {
        "Content-Type": content_type,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.name)}",
    }
    return web.Response(body=material.document_bytes(world, document.content), headers=headers)


def app(holder: Holder, journal: Journal, faults: Faults, clock: SimClock, latency: float) -> web.Application:
    """The application that answers as Passwordstate."""
    vault = Vault(holder, clock)
    return make_app(VaultSystem(), [web.route("*", "/{path:.*}", vault.handle)], journal, faults, clock, latency)
