"""One try at one task: the context that it works in, and what it has learnt so far."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from spentkey.core.audit_event import AuditEvent
from spentkey.core.credential import Target
from spentkey.core.errors import PROBLEMS
from spentkey.core.evidence import Facts
from spentkey.core.history import History
from spentkey.core.notes import Subject, guard_of, reasons_of
from spentkey.core.outcome import Attribution, End, Refused, RemovalRoute, Removed, Result
from spentkey.core.records import Record
from spentkey.core.rules import ParameterNames, TenantRules
from spentkey.core.task import RemovalRequest, TaskRef, Ticket, asked_text, recorded
from spentkey.core.tree import EMPTY, TreeHead
from spentkey.ports.evidence import Question
from spentkey.steps.context import Context

NOTHING_ASKED = ParameterNames("", "", "", "")


@dataclass
class Attempt:
    """One try at one task. Only identifiers are kept, for the result, the notes and the evidence."""

    ref: TaskRef
    attempt_id: str
    context: Context
    history: History = field(default_factory=History)
    secret_type: str = ""
    asked: ParameterNames = NOTHING_ASKED
    """What the requester wrote, as far as it can be read."""
    request: RemovalRequest | None = None
    tenant: TenantRules | None = None
    app_name: str | None = None
    route: RemovalRoute | None = None
    intent_made: bool = False
    no_signer: bool = False
    asked_since: datetime | None = None
    """When this credential's removal was first asked for, by this try or an earlier one."""
    sendings: int = 0
    """How often the removal was sent, by this try or an earlier one."""
    sent_at: datetime | None = None
    """When it was last sent."""
    sent_by: str | None = None
    """The version of Spentkey that last sent it, where that is on record."""
    audit_event: AuditEvent | None = None
    reads: int = 0
    wording: str | None = None
    """The resolution in a caller's own words, where one was given."""
    warnings: list[str] = field(default_factory=list[str])
    """What came out otherwise than it was written, or could not be read; in words."""

    def warn(self, warnings: Iterable[str]) -> None:
        """Keep what the result says besides, each once."""
        self.warnings += [one for one in dict.fromkeys(warnings) if one not in self.warnings]

    def step(self, name: str, detail: str = "") -> None:
        """Report to the observer which step the story has reached."""
        self.context.progress.step(self.ref, name, detail)

    async def record(self, record: Record) -> None:
        """Append a record of this try to the evidence."""
        await self.context.evidence.append(record.what, {**self._known(), **record.facts()})

    async def record_upon(self, record: Callable[[TreeHead], Record]) -> TreeHead:
        """Append a record that says what the log was before it; returns that."""
        what = record(TreeHead(0, EMPTY)).what
        return await self.context.evidence.append_upon(what, lambda head: {**self._known(), **record(head).facts()})

    async def record_unless(self, refuse: Question, record: Record) -> Refused | None:
        """Append a record, unless guard G8 has something against it."""
        return await self.context.evidence.append_unless(refuse, record.what, {**self._known(), **record.facts()})

    @property
    def recorded_ref(self) -> int | str:
        """The task's reference as it stands in records."""
        return recorded(self.ref, self.context.rules.desk.numbers)

    async def on_record(self) -> History:
        """What the evidence says about the task now."""
        return await self.context.evidence.history(self.recorded_ref)

    def _known(self) -> dict[str, Any]:
        return {
            "task": self.recorded_ref,
            "attempt": self.attempt_id,
            "run": self.context.run,
            "tenant": self.tenant.name if self.tenant else None,
            "app_id": self.request.app_id if self.request else None,
            "key_id": self.request.key_id if self.request else None,
        }

    async def try_to_record(self, record: Record) -> None:
        """Append a record where a failure to do so must not hide how the try ended."""
        try:
            await self.record(record)
        except PROBLEMS as problem:
            self.step("evidence", str(problem))

    def learn_parameters(self, ticket: Ticket) -> None:
        """Keep what the requester wrote, as far as it is text, so that a refusal can name it."""
        names = self.context.rules.request.names
        self.asked = ParameterNames(*(asked_text(name, ticket.request) for name in names.in_order()))
        self.secret_type = self.asked.secret_type

    def learn_application(self, application: Target) -> None:
        """Keep the directory's spelling of the name."""
        self.app_name = application.name

    def take_up_sendings(self, history: History, app_id: str, key_id: str) -> None:
        """Keep when and by which version the removal was sent, as it stands on record."""
        sent = history.sendings(app_id, key_id)
        if sent:
            moments = [datetime.fromisoformat(str(one["at"])) for one in sent]
            self.sendings, self.asked_since, self.sent_at = len(sent), moments[0], moments[-1]
            self.sent_by = str(sent[-1]["program"]) if sent[-1].get("program") else None

    def sends(self) -> None:
        """Keep that the removal is sent now, by this version."""
        now = self.context.clock.now()
        self.sendings, self.sent_at, self.sent_by = self.sendings + 1, now, self.context.program
        self.asked_since = self.asked_since or now

    def take_up(self, begun: Facts) -> None:
        """Keep what an earlier try knew, so that what it had begun can be finished without looking again."""
        self.tenant = next((one for one in self.context.rules.tenants if one.name == begun.get("tenant")), None)
        self.app_name = str(begun["app_name"]) if begun.get("app_name") else None
        self.route = RemovalRoute(str(begun["route"])) if begun.get("route") else None

    @property
    def subject(self) -> Subject:
        """What notes about this task are about."""
        return Subject(
            task=self.ref,
            assignment=self.history.assignment,
            secret_type=self.secret_type,
            app_name=self.app_name or (self.asked.app_display_name or None),
            app_id=self.request.app_id if self.request else (self.asked.app_id or None),
            key_id=self.request.key_id if self.request else (self.asked.secret_id or None),
            tenant=self.tenant.name if self.tenant else None,
            wording=self.wording,
        )

    def result(self, end: End) -> Result:
        """The result that the contract's JSON shows."""
        removed = end.outcome if isinstance(end.outcome, Removed) else None
        reasons = reasons_of(end)
        attribution: Attribution | None = removed.attribution if removed else None
        route = removed.route if removed else self.route
        return Result(
            task=str(self.recorded_ref),
            outcome=end.outcome.name,
            ticket=end.ticket,
            tenant=self.tenant.name if self.tenant else None,
            app_id=self.request.app_id if self.request else None,
            app_name=self.app_name or (self.asked.app_display_name or None),
            key_id=self.request.key_id if self.request else None,
            kind=self.request.kind.value if self.request else None,
            attribution=attribution.value if attribution else None,
            route=route.value if route else None,
            guard=guard_of(end.outcome),
            reason="; ".join(reasons) or None,
            reason_code=reasons[0].code if reasons else None,
            evidence=self.attempt_id,
            warnings=tuple(self.warnings),
        )
