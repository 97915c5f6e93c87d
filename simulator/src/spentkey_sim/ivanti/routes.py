"""The wire of Ivanti: one handler that finds the record set, then reads or writes it.

Paths and verbs are those of help.ivanti.com/ht/help/en_US/ISM (Get-All-Business-Objects, Update-a-Business-Object).
"""

import json
from datetime import datetime
from typing import Any

from aiohttp import web

from spentkey_sim.clock import SimClock
from spentkey_sim.faults import Faults
from spentkey_sim.ivanti import behaviour, errors, odata, offerings, paths, records, rules, state
from spentkey_sim.ivanti.meddling import meddle
from spentkey_sim.ivanti.paths import Target
from spentkey_sim.ivanti.tables import Tables
from spentkey_sim.journal import Journal
from spentkey_sim.model import Holder, Note, ServiceRequest, Task, World
from spentkey_sim.wire import Call, System, body_of, call, make_app

CONTEXT = "https://{host}{base}/api/odata/$metadata#{name}"


class IvantiSystem(System):
    """Ivanti as faults and journal know it."""

    name = "ivanti"

    def __init__(self, holder: Holder) -> None:
        self.holder = holder

    def identify(self, request: web.Request) -> tuple[str, str, bool]:
        """The route, the object, and whether it is a write."""
        return paths.route_of(self.holder.world, request, body_of(request))

    def caller(self, request: web.Request) -> str:
        """LEDGER: I-37, whoever holds the key."""
        return request.headers.get("Authorization", "")

    def refusal(self, request: web.Request, status: int) -> web.Response:
        """The body that goes with an injected status."""
        del request
        return errors.injected(status)


class Desk:
    """Answers requests."""

    def __init__(self, holder: Holder, clock: SimClock) -> None:
        self.holder = holder
        self.clock = clock

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request: is it ours, may it in, what does it want."""
        world, now, this = self.holder.world, self.clock.now(), call(request)
        if not paths.in_interface(world, request.path):
            return errors.outside()
        if not rules.key_is_right(world, request.headers.get("Authorization", "")):
            return errors.unauthorised()
        offerings.arrive(world, now)
        self._grow_stale(this, "before", now)
        meddle(world, this.fault, "before", this.object, now)
        try:
            response = Request(world, now, request, this).answer()
        except errors.RefusedError as refusal:
            response = errors.answer(refusal.status, refusal.message)
        meddle(world, this.fault, "after", this.object, now)
        self._grow_stale(this, "after", now)
        return response

    def _grow_stale(self, this: Call, when: str, now: datetime) -> None:
        """From now on reads of this object are old ones, beginning with this one or with the next."""
        if this.fault is not None and (this.fault.kind, this.fault.when) == ("stale", when):
            state.begin_staleness(self.holder.world, this.object, this.fault.params, now)


class Request:
    """One request against one world at one moment."""

    def __init__(self, world: World, now: datetime, request: web.Request, this: Call) -> None:
        self.world = world
        self.now = now
        self.request = request
        self.call = this

    def answer(self) -> web.Response:
        """Read or write what the path addresses."""
        rest = offerings.rest_target(self.world, self.request.path)
        if rest is not None:
            return self._rest(rest)
        target = paths.target_of(self.world, self.request.path)
        if target is None:
            raise errors.no_such_path()
        match self.request.method:
            case "GET":
                return self._read(target)
            case "PATCH" | "PUT":
                return self._update(target)
            case "POST":
                return self._create(target)
            case "DELETE":
                raise rules.no_right("delete object", target.set)
            case _:
                raise errors.RefusedError(404, "Invalid Path")

    def _rest(self, target: offerings.RestTarget) -> web.Response:
        """Request offerings, which have an interface of their own."""
        method = self.request.method
        if target.employee is not None and method == "GET":
            return web.json_response(offerings.offerings_for(self.world, target.employee))
        if target.question is not None and method == "POST":
            return web.json_response(offerings.options_of(self.world, target.question))
        if target.is_new and method == "POST":
            body, applies = rules.body_object(self._json()), not self.call.fault_is("noop")
            reply = offerings.submit(self.world, body, self.now, applies=applies)
            self.call.applied = applies and bool(reply["IsSuccess"])
            return web.json_response(reply)
        raise errors.no_such_path()

    def _read(self, target: Target) -> web.Response:
        stale = state.is_stale(self.world, self.call.object, self.now)
        tables = Tables(self.world, self.now, stale=stale)
        if target.relation is not None:
            return self._related(tables, target)
        if target.key is None:
            return self._collection(tables, target.set)
        row = tables.row(target.set, rules.key_of_record(target.key))
        if row is None:
            raise errors.bad_request("Invalid key")
        if "$select" in self.request.query:
            return self._entity(target.set, {})  # LEDGER: I-32, a selection on one record selects nothing
        return self._entity(target.set, row)

    def _collection(self, tables: Tables, name: str) -> web.Response:
        query = dict(self.request.query)
        if "$search" in query:
            raise errors.bad_request("Invalid Request Payload")
        page, known = odata.page(query), tables.names(name)
        wish = query.get("$filter", "")
        rows = odata.matching(tables.rows(name, odata.pinned(wish)), wish, known)
        if self.call.fault_is("task-twice") and name == paths.TASKS:
            rows = [row for row in rows for _ in range(2)]  # LEDGER: I-38, one row may come twice
        placed = odata.ordered(rows, query.get("$orderby", ""), known)
        if placed is None:
            return web.Response(status=204)
        shown = odata.selected(placed[page.skip : page.skip + page.top], query.get("$select", ""), known)
        if not shown:
            # LEDGER: I-33, nothing found is no list but no body, with 200 or 204
            return web.Response(
                status=204 if self.world.ivanti.empty == "204" else 200, content_type="application/json"
            )
        # LEDGER: I-34, the count comes unasked
        return web.json_response({"@odata.context": self._context(name), "@odata.count": len(rows), "value": shown})

    def _related(self, tables: Tables, target: Target) -> web.Response:
        key = rules.key_of_record(target.key or "")
        if tables.row(target.set, key) is None:
            raise errors.bad_request("Invalid key")
        rows = tables.related(target.set, key, target.relation or "")
        if rows is None:
            raise errors.no_such_path()
        page = odata.page(dict(self.request.query))
        shown = rows[page.skip : page.skip + page.top]
        # LEDGER: I-35, nothing related is a sentence where a list belongs
        return web.json_response({"value": shown or "No instances found."})

    def _update(self, target: Target) -> web.Response:
        # LEDGER: I-36, a partial PUT merges like a PATCH, and a closed record takes both
        key = rules.key_of_record(target.key or "")
        body = rules.body_object(self._json())
        if target.set != paths.TASKS or target.relation is not None:
            raise rules.no_right("update following fields", ", ".join(sorted(body)))
        task = state.task_by_id(self.world, key)
        if task is None:
            raise errors.bad_request(f"Record '{key}' cannot be found in the business object 'Task#Assignment'")
        changes = rules.task_changes(
            self.world, task, body, records.task_row(self.world, task, _parent(self.world, task))
        )
        changes = behaviour.stored(self.world, task, changes, self.now)
        after = state.merged(self.world, task, changes, self.world.ivanti.login_id, self.now)
        after = behaviour.moved_on(self.world, after)
        if not self.call.fault_is("noop"):
            state.store(self.world, task, after)
            state.record_write(after, body, self.now)
            self.call.applied = True
        return self._entity(target.set, records.task_row(self.world, after, _parent(self.world, after)))

    def _create(self, target: Target) -> web.Response:
        if target.set != paths.NOTES or target.key is not None:
            raise rules.no_right("create object", target.set)
        fields = rules.note_fields(self.world, rules.body_object(self._json()))
        note = behaviour.kept_note(self.world, self._note(fields))
        if not self.call.fault_is("noop"):
            state.store_note(self.world, note)
            self.call.applied = True
        return self._entity(target.set, records.note_row(self.world, note), status=201)

    def _note(self, fields: dict[str, Any]) -> Note:
        stored = state.memory(self.world)
        stored.notes_made += 1
        return Note(
            rec_id=records.made_id(self.world, "new note", stored.notes_made),
            parent=str(fields["ParentLink_RecID"]).upper(),
            parent_category=fields.get("ParentLink_Category", ""),
            category=fields.get("Category", records.NOTE_CATEGORY),
            subject=fields.get("Subject", ""),
            body=fields.get("NotesBody", ""),
            created=self.now,
            created_by=self.world.ivanti.login_id,
            fields={name: fields[name] for name in ("Source", "PublishToWeb") if name in fields},
        )

    def _json(self) -> Any:
        try:
            return json.loads(self.call.body)
        except ValueError:
            return None

    def _entity(self, name: str, row: dict[str, Any], status: int = 200) -> web.Response:
        return web.json_response({"@odata.context": f"{self._context(name)}/$entity", **row}, status=status)

    def _context(self, name: str) -> str:
        return CONTEXT.format(host=self.request.host, base=self.world.ivanti.base, name=name)


def app(holder: Holder, journal: Journal, faults: Faults, clock: SimClock, latency: float) -> web.Application:
    """The application that answers as Ivanti."""
    desk = Desk(holder, clock)
    return make_app(IvantiSystem(holder), [web.route("*", "/{path:.*}", desk.handle)], journal, faults, clock, latency)


def _parent(world: World, task: Task) -> ServiceRequest | None:
    return state.parent_of(world, task)
