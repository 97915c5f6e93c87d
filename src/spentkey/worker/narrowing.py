"""While the stop of a lost survivor stands: ask the audit log who removed it. Somebody else's doing narrows the stop.

An owner may delete a secret of their own while Spentkey removes another one. What they did stops their application
until people have looked, and no longer the route of the whole tenant.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from spentkey.core.audit_event import AuditEvent, Shows
from spentkey.core.credential import Kind, Target, TargetKind
from spentkey.core.errors import PROBLEMS, known
from spentkey.core.evidence import Facts
from spentkey.core.limits import NARROWED_WITHIN, BlastRadius
from spentkey.core.outcome import RemovalRoute
from spentkey.core.records import StopNarrowedRecord
from spentkey.core.rules import TenantRules
from spentkey.ports.directory import Directories, Directory
from spentkey.ports.evidence import EvidenceLog
from spentkey.ports.runtime import Clock

EVERY_S = 300.0
BEFORE = timedelta(hours=1)
"""How long before the loss was found the log is searched, where no intent says when the credential was last seen."""
OURS_OF_SECRETS = (RemovalRoute.REMOVE_PASSWORD,)
OURS_OF_CERTIFICATES = (RemovalRoute.PATCH, RemovalRoute.REMOVE_KEY)
"""By whom a removal of ours may be: the automation, and for a certificate the application itself too."""
logger = logging.getLogger(__name__)


@dataclass
class Narrowing:
    """Asks at most every five minutes, when a worker looks at the queue."""

    evidence: EvidenceLog
    directories: Directories
    tenants: Sequence[TenantRules]
    clock: Clock
    _asked: float | None = None

    async def when_due(self) -> None:
        """Ask about each stop, if it is time; whatever goes wrong leaves the stops as they are."""
        now = self.clock.monotonic()
        if self._asked is not None and now - self._asked < EVERY_S:
            return
        self._asked = now
        try:
            for lost in await self._unexplained():
                await self._narrow(lost)
        except PROBLEMS as problem:
            logger.warning("the stops stay as they are: %s", known(problem))

    async def _unexplained(self) -> list[Facts]:
        """The lost survivors of the last two hours that nobody has been found for, and whose stop stands."""
        found: list[Facts] = []
        since = self.clock.now() - NARROWED_WITHIN

        def look(blast_radius: BlastRadius) -> None:
            found.extend(blast_radius.past.lost_to_narrow(since))

        await self.evidence.ask(look)
        return found

    async def _narrow(self, lost: Facts) -> None:
        """Put on record that others removed every credential that was lost, if the audit log says so."""
        tenant = next((one for one in self.tenants if one.name == lost.get("tenant")), None)
        if tenant is None:
            return
        try:
            events = await self._events(tenant, lost)
        except PROBLEMS as problem:
            logger.warning("who removed what was lost is not known: %s", known(problem))
            return
        if not events or any(one.shows is not Shows.OTHERS for one in events):
            return
        stop, now = str(lost["seq"]), self.clock.now()
        record = StopNarrowedRecord(
            stop=stop,
            task=lost.get("task"),
            tenant=tenant.name,
            app_id=str(lost.get("app_id")),
            detail="; ".join(dict.fromkeys(one.detail for one in events)),
            events=list(dict.fromkeys(one.event for one in events if one.event is not None)),
        )
        await self.evidence.append_unless(
            lambda blast_radius: blast_radius.refuse_to_narrow(stop, now), record.what, record.facts()
        )

    async def _events(self, tenant: TenantRules, lost: Facts) -> list[AuditEvent]:
        """What the log shows of each credential that was lost; nothing where the application is not found."""
        directory = await self.directories.open(tenant)
        application = await _application(directory, lost)
        since = await self._last_seen(lost)
        missing: list[Mapping[str, Any]] = list(lost.get("lost") or ())
        if application is None:
            return []
        return [
            await directory.audit_event(application, str(one["key_id"]), route, since)
            for one in missing
            for route in (OURS_OF_CERTIFICATES if one.get("kind") == Kind.CERTIFICATE else OURS_OF_SECRETS)
        ]

    async def _last_seen(self, lost: Facts) -> datetime:
        """When the survivors were put on record, with the intent."""
        task = lost.get("task")
        if isinstance(task, int | str):
            history = await self.evidence.history(task)
            sent = history.sendings(str(lost.get("app_id")), str(lost.get("key_id")))
            if sent:
                return datetime.fromisoformat(str(sent[0]["at"]))
        return datetime.fromisoformat(str(lost["at"])) - BEFORE


async def _application(directory: Directory, lost: Facts) -> Target | None:
    app_id = str(lost.get("app_id"))
    if lost.get("object_id"):
        return Target(TargetKind.APPLICATION, str(lost["object_id"]), app_id, "", ())
    return (await directory.look(app_id)).application
