"""Lists of applications and service principals, page by page, and their counts.

A page of what is generated and was never touched is written once and then given out as it is: tenants of 100,000
applications are read at the speed of the wire.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from spentkey_sim.clock import SimClock
from spentkey_sim.entra import errors, positions, query, rules
from spentkey_sim.entra.asks import Answer, Ask, context, listing
from spentkey_sim.entra.page_faults import ListPage, bent
from spentkey_sim.entra.positions import APPLICATIONS
from spentkey_sim.entra.query import QueryOptions
from spentkey_sim.entra.skips import Skips
from spentkey_sim.model import Application, Holder, Tenant, World

Shape = Callable[..., dict[str, Any]]
_MOST_PAGES = 1000


@dataclass
class PageMemory:
    """The written pages of one world."""

    written: dict[tuple[object, ...], bytes] = field(default_factory=dict[tuple[object, ...], bytes])


@dataclass(frozen=True)
class Lists:
    """The two collections. `shape` writes one object as the request may see it."""

    holder: Holder
    clock: SimClock
    shape: Shape

    @property
    def world(self) -> World:
        """The present world."""
        return self.holder.world

    def page(self, ask: Ask) -> Answer:
        """LEDGER: E-38, a page of the collection, and the link to the next one."""
        rules.require_reader(ask.grant)
        eventual = ask.headers.get("ConsistencyLevel", "").lower() == "eventual"
        collection, skips, now = (
            ask.operation.collection,
            Skips(self.world, ask.grant.tenant.tenant_id),
            self.clock.now(),
        )
        first = skips.first(collection, ask.query, now)
        options = query.for_list(ask.query, self.world.entra.page_size, first, eventual=eventual)
        count = {"@odata.count": self._counted(ask, options)} if options.count else dict[str, Any]()

        def link(at: int) -> str:
            return ask.link(skips.token(collection, ask.query, at, now))

        ready = None if ask.call.fault else self._written(ask, options)
        if ready is not None:
            head = {"@odata.context": context(ask), **count, "@odata.nextLink": link(first + options.size)}
            return Answer(200, raw=json.dumps(head).encode()[:-1] + b', "value": ' + ready + b"}")
        page = bent(ask.call.fault, lambda at: self._page(ask, options, at), first, options.size)
        following = {"@odata.nextLink": link(page.next_at)} if page.next_at is not None else dict[str, Any]()
        return listing(ask, count | following | page.changes | page.value)

    def count(self, ask: Ask) -> Answer:
        """LEDGER: E-82, how many there are, as a text; an index that lags counts otherwise."""
        rules.require_reader(ask.grant)
        if ask.headers.get("ConsistencyLevel", "").lower() != "eventual":
            raise errors.no_count()
        query.only(ask.query, frozenset())
        counted = self._counted(ask, QueryOptions(())) + self.world.entra.count_lag
        return Answer(200, raw=str(max(0, counted)).encode(), type="text/plain")

    def _page(self, ask: Ask, options: QueryOptions, first: int) -> ListPage:
        """The page that begins at a position, and where the next one does, if there is anything on it."""
        found = islice(self._matching(ask, options, first), options.size + 1)
        records = [(at, record) for at, record in found]
        following = records[options.size][0] if len(records) > options.size else None
        return ListPage([record for _, record in records[: options.size]], following)

    def _matching(self, ask: Ask, options: QueryOptions, first: int) -> Iterator[tuple[int, dict[str, Any]]]:
        collection = ask.operation.collection
        kind = collection.removesuffix("s")
        wanted = ("", "") if options.how == "any" else (options.field, options.wanted)
        for at, app in positions.holders(ask.grant.tenant, collection, first, wanted):
            if options.field == "displayName" and not options.keeps({"displayName": app.display_name}):
                continue
            target = app if collection == APPLICATIONS else app.service_principal
            if target is None:
                continue
            record = self.shape(ask, app, target, with_keys=options.keys_asked)
            if options.keeps(record):
                yield at, options.narrow(record, kind, target.omits)

    def _counted(self, ask: Ask, options: QueryOptions) -> int:
        tenant, collection = ask.grant.tenant, ask.operation.collection
        if options.field:
            return sum(1 for _ in self._matching(ask, options, 0))
        return counted(tenant, collection)

    def _written(self, ask: Ask, options: QueryOptions) -> bytes | None:
        """The objects of a page as bytes, if all of it, and the beginning of the next, is generated and untouched."""
        tenant, collection = ask.grant.tenant, ask.operation.collection
        made, end = tenant.population, options.offset + options.size
        if made is None or options.field or end >= positions.generated(tenant, collection):
            return None
        if not made.unchanged(collection, options.offset, end + 1):
            return None
        written = self.world.memory.setdefault("pages", PageMemory()).written
        key = (tenant.tenant_id, collection, options.select, options.offset, end)
        if key not in written:
            if len(written) >= _MOST_PAGES:
                written.pop(next(iter(written)))
            written[key] = json.dumps(self._page(ask, options, options.offset).records).encode()
        return written[key]


def counted(tenant: Tenant, collection: str) -> int:
    """How many objects the collection has."""
    made = positions.generated(tenant, collection)
    gone = sum(1 for app in _held(tenant) if app.soft_deleted and _is_in(app, collection)) if made else 0
    listed = sum(1 for _ in positions.holders(tenant, collection, made))
    return made - gone + listed


def _held(tenant: Tenant) -> list[Application]:
    return list(tenant.population.held()) if tenant.population is not None else []


def _is_in(app: Application, collection: str) -> bool:
    return collection == APPLICATIONS or app.service_principal is not None
