"""What hangs on applications and service principals, and what logs and reports tell of them."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from spentkey_sim.clock import SimClock, wire_time
from spentkey_sim.entra import audit, query, rules, shapes, use_report
from spentkey_sim.entra.asks import Answer, Ask, context, listing
from spentkey_sim.entra.skips import Skips
from spentkey_sim.entra.state import Target
from spentkey_sim.model import Application, Holder, World

Find = Callable[[Ask], tuple[Application, Target]]
DELETED_DAYS = 30
"""How long a deleted application can be restored."""
_PAGED = frozenset({"$select", "$top", "$skiptoken"})


@dataclass(frozen=True)
class Relations:
    """The lists that belong to one object, the deleted applications, the audit log and the reports of use."""

    holder: Holder
    clock: SimClock
    find: Find

    @property
    def world(self) -> World:
        """The present world."""
        return self.holder.world

    @property
    def table(self) -> dict[str, Callable[[Ask], Answer]]:
        """Each of them by its route."""
        return {
            "application-owners": self.owners,
            "service-principal-owners": self.owners,
            "application-federated": self.federated,
            "list-directory-audits": self.audits,
            "list-deleted-applications": self.deleted,
            "list-credential-use": self.credential_use,
            "list-principal-use": self.principal_use,
        }

    def owners(self, ask: Ask) -> Answer:
        """LEDGER: E-78, E-85, nobody but those that the world names; without a permission to read users, ids alone."""
        rules.require_reader(ask.grant)
        _, target = self.find(ask)
        named = rules.may_read_users(ask.grant)
        records = [shapes.owner(name, named=named) for name in target.owners]
        return self._paged(ask, records, "directoryObject", of="directoryObjects")

    def federated(self, ask: Ask) -> Answer:
        """LEDGER: E-87, whose tokens an application signs in with."""
        rules.require_reader(ask.grant)
        app, _ = self.find(ask)
        records: list[dict[str, Any]] = [
            {
                "id": str(uuid.uuid5(uuid.UUID(app.object_id), f"{one.issuer} {one.subject} {n}")),
                "name": f"federated-{n + 1}",
                "issuer": one.issuer,
                "subject": one.subject,
                "description": None,
                "audiences": [one.audience],
            }
            for n, one in enumerate(app.federated)
        ]
        return self._paged(ask, records, "federatedIdentityCredential")

    def deleted(self, ask: Ask) -> Answer:
        """LEDGER: E-88, the applications that were deleted in the last 30 days."""
        rules.require_reader(ask.grant)
        tenant, since = ask.grant.tenant, self.clock.now() - timedelta(days=DELETED_DAYS)
        made = tenant.population.held() if tenant.population is not None else ()
        gone = [app for app in (*tenant.applications, *made) if app.soft_deleted]
        records = [
            shapes.application(self.world, app, app, with_keys=False)
            | {"deletedDateTime": wire_time(app.deleted_at or self.clock.now())}
            for app in gone
            if app.deleted_at is None or app.deleted_at > since
        ]
        return self._paged(ask, records, "application")

    def audits(self, ask: Ask) -> Answer:
        """LEDGER: E-52, E-54, the directory audit log, some time behind what happened."""
        rules.require_auditor(ask.grant)
        options, entra = audit.search(ask.query, self.world.entra.page_size), self.world.entra
        events = options.found(ask.grant.tenant.audit, self.clock.now(), timedelta(seconds=entra.audit_delay_s))
        page = [options.narrow(event) for event in events[options.offset : options.offset + options.size]]
        after = options.offset + options.size
        link = {"@odata.nextLink": ask.link(query.next_token(after))} if after < len(events) else dict[str, Any]()
        return listing(ask, link | {"value": page})

    def credential_use(self, ask: Ask) -> Answer:
        """LEDGER: E-86, when each credential was last used, as far as anybody wrote it down."""
        rules.require_report(ask.grant, self.world)
        wanted = use_report.filtered(ask.query, ("keyId", "appId"))
        rows = partial(use_report.credential_rows, self.world, ask.grant.tenant, wanted, self.clock.now())
        return self._rows(ask, rows, "appCredentialSignInActivity")

    def principal_use(self, ask: Ask) -> Answer:
        """LEDGER: E-86, when each service principal last signed in."""
        rules.require_report(ask.grant, self.world)
        wanted = use_report.filtered(ask.query, ("appId",))
        rows = partial(use_report.principal_rows, ask.grant.tenant, wanted, self.clock.now())
        return self._rows(ask, rows, "servicePrincipalSignInActivity")

    def _rows(self, ask: Ask, rows: Callable[[int], use_report.Rows], kind: str) -> Answer:
        """A page of a report, whose rows are made as far as the page goes, and one more."""
        query.only(ask.query, use_report.OPTIONS)
        collection, skips, now = ask.operation.address, Skips(self.world, ask.grant.tenant.tenant_id), self.clock.now()
        size = query.size_of(ask.query.get("$top"), self.world.entra.page_size)
        found = list(islice(rows(skips.first(collection, ask.query, now)), size + 1))
        select = query.selected(ask.query)
        value = [query.only_selected(row, select, kind) for _, row in found[:size]]
        link = dict[str, Any]()
        if len(found) > size:
            link["@odata.nextLink"] = ask.link(skips.token(collection, ask.query, found[size - 1][0], now))
        return Answer(200, {"@odata.context": context(ask), **link, "value": value})

    def _paged(self, ask: Ask, records: list[dict[str, Any]], kind: str, of: str = "") -> Answer:
        """A page of these, with a link to the rest; `of` is what the answer calls the collection."""
        query.only(ask.query, _PAGED)
        collection, skips, now = ask.operation.address, Skips(self.world, ask.grant.tenant.tenant_id), self.clock.now()
        first = skips.first(collection, ask.query, now)
        after = first + query.size_of(ask.query.get("$top"), self.world.entra.page_size)
        select = query.selected(ask.query)
        value = [query.only_selected(record, select, kind) for record in records[first:after]]
        more = after < len(records)
        link = {"@odata.nextLink": ask.link(skips.token(collection, ask.query, after, now))} if more else {}
        return Answer(200, {"@odata.context": context(ask, of), **link, "value": value})
