"""The control port: what is true, what was asked, and how to change the conditions. Plain HTTP on loopback, JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, cast

from aiohttp import web

from spentkey_sim.clock import SimClock, wire_time
from spentkey_sim.entra import federation, life, managed
from spentkey_sim.entra.state import population_truth
from spentkey_sim.faults import KINDS, FaultError, Faults
from spentkey_sim.ivanti.behaviour import behaviour
from spentkey_sim.journal import Journal
from spentkey_sim.model import Behaviour, Holder, World
from spentkey_sim.storm import PAGE_KINDS, RATE, Storm
from spentkey_sim.world import WorldError, load, schema

BEHAVIOUR = {one.name for one in fields(Behaviour)}
_BODY_BYTES = 64 * 1024 * 1024
Truth = Callable[[World], dict[str, Any]]


class ControlError(ValueError):
    """A request to the control port that cannot be understood; the text is one line."""


@dataclass
class Control:
    """What the control port works on. `start` is the world as it was given at the start."""

    holder: Holder
    journal: Journal
    faults: Faults
    clock: SimClock
    start: dict[str, Any]
    truth: Truth
    storm: Storm | None = field(init=False)
    """The storm, as it was at the start."""

    def __post_init__(self) -> None:
        self.storm = self.faults.storm

    async def get_truth(self, request: web.Request) -> web.Response:
        """What is really there now, whatever the systems' answers say."""
        del request
        world = self.holder.world
        body = {"clock": wire_time(self.clock.now()), **self.truth(world), "expect": world.expect}
        return web.json_response(body)

    async def get_journal(self, request: web.Request) -> web.Response:
        """Every request so far, or with `after=N` those that came after number N."""
        after = request.query.get("after", "0")
        if not (after.isascii() and after.isdigit()):
            raise ControlError("after is not the number of an entry")
        return web.json_response({"entries": [entry.to_json() for entry in self.journal.entries[int(after) :]]})

    async def get_seed(self, request: web.Request) -> web.Response:
        """The seed that replays the present faults."""
        del request
        return web.json_response({"seed": self.faults.seed})

    async def post_faults(self, request: web.Request) -> web.Response:
        """Add rules, or clear them; begin a storm, or end it."""
        body = await _body(request, {"rules", "clear", "storm"})
        rules: Any = body.get("rules", [])
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in cast("list[Any]", rules)):
            raise ControlError("rules is not a list of objects")
        storm = _storm(body["storm"]) if "storm" in body else self.faults.storm
        if body.get("clear"):
            self.faults.clear()
        added = cast("list[dict[str, Any]]", rules)
        self.faults.add_all(added)
        self.faults.storm = storm
        return web.json_response({"added": len(added)})

    async def post_clock(self, request: web.Request) -> web.Response:
        """Set or step the clock."""
        body = await _body(request, {"set", "step"})
        if len(body) != 1:
            raise ControlError("the clock takes either set or step")
        if "step" in body:
            self.clock.step(_seconds(body["step"]))
        else:
            self.clock.set(_moment(body["set"]))
        return web.json_response({"clock": wire_time(self.clock.now())})

    async def post_federated_token(self, request: web.Request) -> web.Response:
        """A token of the issuer that every federated credential here trusts, for these claims; `seconds` is its life."""
        body = await _body(request, {"issuer", "subject", "audience", "seconds"})
        claims = {"iss": body.get("issuer"), "sub": body.get("subject"), "aud": body.get("audience")}
        given = {name: value for name, value in claims.items() if isinstance(value, str)}
        lifetime = timedelta(seconds=_seconds(body.get("seconds", 3600)))
        made = federation.token(self.holder.world, given, self.clock.now(), lifetime)
        return web.json_response({"token": made})

    async def post_behaviour(self, request: web.Request) -> web.Response:
        """What Ivanti makes of what is written to it from now on; all that is not named is as usual again."""
        raw = await _body(request, BEHAVIOUR)
        self.holder.world.ivanti.behaviour = behaviour(raw)
        return web.json_response({"behaviour": raw})

    async def post_life(self, request: web.Request) -> web.Response:
        """What people do in a tenant: applications and credentials that are made, changed, removed and deleted."""
        body = await _body(request, {"acts"})
        acts: Any = body.get("acts", [])
        if not isinstance(acts, list) or not all(isinstance(act, dict) for act in cast("list[Any]", acts)):
            raise ControlError("acts is not a list of objects")
        given = cast("list[dict[str, Any]]", acts)
        return web.json_response({"done": life.live(self.holder.world, given, self.clock.now(), schema())})

    async def get_population(self, request: web.Request) -> web.Response:
        """Every application of a tenant, generated ones and deleted ones too, and what it really has."""
        name = request.query.get("tenant", "")
        tenant = next((one for one in self.holder.world.tenants if name in (one.name, "")), None)
        if tenant is None:
            raise ControlError(f"there is no tenant {name!r}")
        return web.json_response(population_truth(tenant))

    async def post_reset(self, request: web.Request) -> web.Response:
        """Another world, or the first one again, with journal, fault rules and clock as at the start."""
        body = await _body(request, {"world"})
        raw: Any = body.get("world", self.start)
        if not isinstance(raw, dict):
            raise ControlError("world is not an object")
        world = load({"seed": self.faults.seed, **cast("dict[str, Any]", raw)}, SimClock())
        self.clock.reset()
        self.journal.clear()
        self.faults.clear()
        self.faults.seed, self.faults.storm = world.seed, self.storm
        self.holder.world = world
        return web.json_response({"seed": self.faults.seed})


async def _body(request: web.Request, known: set[str]) -> dict[str, Any]:
    try:
        body: Any = json.loads(await request.read() or b"{}")
    except ValueError:
        raise ControlError("the body is not JSON") from None
    if not isinstance(body, dict):
        raise ControlError("the body is not a JSON object")
    unknown = sorted(set(cast("dict[str, Any]", body)) - known)
    if unknown:
        raise ControlError(f"there is no {unknown[0]!r} here; there is {', '.join(sorted(known))}")
    return cast("dict[str, Any]", body)


def _storm(value: Any) -> Storm | None:
    """True for the usual storm, a number for how much of all requests it befalls, false or null for none.

    An object has `rate`, and `pages` for how many pages of lists go wrong, in the ways of `kinds` alone if it is there.
    """
    if value is None or value is False:
        return None
    if isinstance(value, dict):
        return _storm_of_pages(cast("dict[str, Any]", value))
    return Storm(_part(RATE if value is True else value, "storm"))


def _storm_of_pages(raw: dict[str, Any]) -> Storm:
    unknown = sorted(raw.keys() - {"rate", "pages", "kinds"})
    if unknown:
        raise ControlError(f"a storm has no {unknown[0]!r}; it has kinds, pages, rate")
    kinds: Any = raw.get("kinds", list(PAGE_KINDS))
    if not isinstance(kinds, list) or not set(cast("list[str]", kinds)) <= KINDS:
        raise ControlError(f"kinds is not a list of kinds of faults; there are {', '.join(sorted(KINDS))}")
    rate, pages = (_part(raw.get(name, 0), name, least=-1) for name in ("rate", "pages"))
    return Storm(rate, pages=pages, page_kinds=tuple(cast("list[str]", kinds)))


def _part(value: Any, name: str, least: float = 0) -> float:
    if not isinstance(value, int | float) or not least < value <= 1:
        raise ControlError(f"{name} is not true, false, or a part of all requests between 0 and 1")
    return float(max(0, value))


def _seconds(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ControlError("step is not a number of seconds")
    return float(value)


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ControlError("set is not an ISO 8601 time with a zone")
    return moment


@web.middleware
async def _plain_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        return await handler(request)
    except (ControlError, FaultError, life.LifeError, WorldError, OverflowError) as why:
        return web.json_response({"error": str(why)}, status=400)


def app(control: Control) -> web.Application:
    """The control port's application."""
    made = web.Application(middlewares=[_plain_errors], client_max_size=_BODY_BYTES)
    made.add_routes(
        [
            web.get("/truth", control.get_truth),
            web.get("/journal", control.get_journal),
            web.get("/seed", control.get_seed),
            web.post("/faults", control.post_faults),
            web.post("/clock", control.post_clock),
            web.post("/reset", control.post_reset),
            web.post("/behaviour", control.post_behaviour),
            web.post("/life", control.post_life),
            web.get("/population", control.get_population),
            web.post("/federated-token", control.post_federated_token),
            web.get("/msi/token", managed.ManagedIdentities(control.holder, control.clock).token),
        ]
    )
    return made
