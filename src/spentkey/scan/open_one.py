"""Opens the request for one credential, or finds the one that there is, while its lock is held."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from spentkey.core.evidence import Facts
from spentkey.core.guards import g0_task_is_ours, g2_tenant
from spentkey.core.history import History
from spentkey.core.opening import (
    Anew,
    EarlierRequest,
    Opened,
    OpenedState,
    OpeningHistory,
    OpeningState,
    OpenRules,
    ToOpen,
    asked_in,
    decide,
    otherwise_in,
    parameters_of,
)
from spentkey.core.opening_reasons import (
    ALREADY_OPEN,
    CAPPED,
    NO_TASK_CAME,
    NOT_FOR_US,
    OTHER_ANSWERS,
    OTHER_CREDENTIAL,
    REPLY_LOST,
)
from spentkey.core.outcome import Refused
from spentkey.core.reason import Reason, reason_for, recorded_reason
from spentkey.core.records import OpenedRecord, OpeningRecord
from spentkey.core.rules import DeskRules, Limits, RequestRules, TenantRules
from spentkey.core.task import Task, read_request, recorded
from spentkey.ports.evidence import EvidenceLog
from spentkey.ports.locks import Locks
from spentkey.ports.runtime import Clock
from spentkey.ports.service_desk import FoundRequest, NewRequest, Sent, SentState, ServiceDesk

LOOKS_AFTER_DEATH = 2
"""How many looks in a row must not show a request whose sender is gone, before another one is sent."""


@dataclass(frozen=True)
class OpenContext:
    """Everything that opening works with."""

    desk: ServiceDesk
    evidence: EvidenceLog
    locks: Locks
    clock: Clock
    desk_rules: DeskRules
    request_rules: RequestRules
    tenants: tuple[TenantRules, ...]
    limits: Limits
    run: str


class _Full(Exception):
    """There is no room for one request more; nothing was sent."""


Counted = Callable[[OpeningRecord], Awaitable[bool]]
"""Puts an intent on record if there is room for it."""


@dataclass
class OneOpening:
    """One credential, what is on record about it, and how its request comes to be."""

    context: OpenContext
    rules: OpenRules
    wanted: ToOpen
    history: OpeningHistory
    by_command: bool
    counted: Counted

    async def open(self) -> Opened:
        """Find the request, or open it; raises what the desk raises while nothing was sent."""
        intended = self.history.intended
        if intended is not None:
            opened = await self._of_the_dead(intended)
            if opened is not None:
                return opened
        found = await self._look()
        decision = decide(
            self.wanted, await self._earlier(found), self.history, self.context.clock.now(), self.rules.reopen_after
        )
        if isinstance(decision, Opened):
            return decision
        return await self._anew(decision, found)

    async def _look(self, reference: str | None = None) -> Sequence[FoundRequest]:
        also = (*self.history.references, *((reference,) if reference is not None else ()))
        return await self.context.desk.requests_for(self.wanted.key_id, also)

    async def _of_the_dead(self, intended: Facts) -> Opened | None:
        """What became of an intent whose end is not on record; None where its request does not show, for long enough."""
        asked, before = asked_in(intended), [str(one) for one in intended.get("before") or ()]
        began = datetime.fromisoformat(str(intended["at"]))
        left_s = self.rules.look_for_s - max(0.0, (self.context.clock.now() - began).total_seconds())
        least = (LOOKS_AFTER_DEATH - 1) * self.rules.look_every_s
        found = await self._await(asked, before, max(left_s, least))
        return None if found is None else await self._read_back(found, asked)

    async def _await(
        self, asked: Mapping[str, str], before: Collection[str], seconds: float, reference: str | None = None
    ) -> FoundRequest | None:
        """The new request: by its reference where the reply told it, else one that says exactly what was asked.

        None where none shows in that time. One that says something else is another person's.
        """
        until = self.context.clock.monotonic() + seconds
        while True:
            new = [one for one in await self._look(reference) if one.reference not in before]
            for one in new:
                if one.reference == reference if reference is not None else not otherwise_in(one.asks, asked):
                    return one
            if self.context.clock.monotonic() >= until:
                return None
            await self.context.clock.sleep(self.rules.look_every_s)

    async def _anew(self, decision: Anew, found: Sequence[FoundRequest]) -> Opened:
        """Send one request, once its intent is on record."""
        before = [one.reference for one in found]
        tenant = next(one for one in self.context.tenants if one.name == self.wanted.tenant)
        values = parameters_of(self.wanted, self.context.desk_rules, tenant)
        new = NewRequest(
            values, self.wanted.tenant, self.wanted.key_id, len(before) + 1, decision.names, self.wanted.team
        )
        asked: Mapping[str, str] = values

        async def intend(everything: Mapping[str, str]) -> None:
            nonlocal asked
            asked = everything
            if not await self.counted(self._intent(everything, before, decision.names)):
                raise _Full

        try:
            sent = await self.context.desk.open_request(new, intend)
        except _Full:
            return Opened(OpenedState.CAPPED, reason=CAPPED())
        return await self._after_sending(sent, asked, before)

    async def _after_sending(self, sent: Sent, asked: Mapping[str, str], before: Collection[str]) -> Opened:
        why = sent.reason or reason_for("")
        if sent.state is SentState.REFUSED:
            return await self._end(OpeningState.REFUSED, OpenedState.STOPPED, None, None, why)
        if sent.missing and sent.reference is not None:
            other = OTHER_ANSWERS(request=sent.reference, names=", ".join(sent.missing))
            return await self._end(OpeningState.STOPPED, OpenedState.STOPPED, sent.reference, None, other)
        found = await self._await(asked, before, self.rules.look_for_s, sent.reference)
        if found is None:
            lost = REPLY_LOST(why=why)
            return await self._end(OpeningState.UNCLEAR, OpenedState.UNCLEAR, None, None, lost)
        return await self._read_back(found, asked)

    async def _read_back(self, found: FoundRequest, asked: Mapping[str, str]) -> Opened:
        """Wait for the answers and the task, and judge them by the guards that every task meets first."""
        until = self.context.clock.monotonic() + self.rules.look_for_s
        while (found.task is None or otherwise_in(found.asks, asked)) and self.context.clock.monotonic() < until:
            await self.context.clock.sleep(self.rules.look_every_s)
            same = [one for one in await self._look(found.reference) if one.reference == found.reference]
            found = same[0] if same else found
        problem = self._problem(found, asked, worked_on=await self._is_worked_on(found))
        if problem is not None:
            return await self._end(OpeningState.STOPPED, OpenedState.STOPPED, found.reference, found.task, problem)
        why = ALREADY_OPEN(request=found.reference)
        return await self._end(OpeningState.OPENED, OpenedState.OPENED, found.reference, found.task, why)

    async def _is_worked_on(self, found: FoundRequest) -> bool:
        """Whether its task was with us, though it need not be any more: it was ended, or a try at it is on record."""
        if not found.is_open or found.task is None:
            return not found.is_open
        return (await self._history_of(found.task)).known

    def _problem(self, found: FoundRequest, asked: Mapping[str, str], *, worked_on: bool) -> Reason | None:
        """Why the request is not what was asked for; None where it is."""
        reference, rules = found.reference, self.context.request_rules
        other = otherwise_in(found.asks, asked)
        if other:
            return OTHER_ANSWERS(request=reference, names=", ".join(other))
        if found.task is None:
            return NO_TASK_CAME(request=reference, seconds=int(self.rules.look_for_s))
        task = replace(found.task, is_ours=True) if found.awaits_approval else found.task
        not_ours = g0_task_is_ours(task, found.asks, rules)
        if not_ours is not None and not worked_on:
            return NOT_FOR_US(request=reference, why=not_ours.reason)
        read = read_request(found.asks, rules)
        if isinstance(read, Refused):
            return NOT_FOR_US(request=reference, why=read.reason)
        tenant = g2_tenant(read, self.context.tenants)
        if isinstance(tenant, Refused):
            return NOT_FOR_US(request=reference, why=tenant.reason)
        mine = (self.wanted.app_id.lower(), self.wanted.key_id.lower(), self.wanted.kind, self.wanted.tenant)
        if (read.app_id, read.key_id, read.kind, tenant.name) != mine:
            return NOT_FOR_US(request=reference, why=OTHER_CREDENTIAL())
        return None

    async def _earlier(self, found: Sequence[FoundRequest]) -> list[EarlierRequest]:
        return [
            EarlierRequest(
                one.reference,
                one.is_open,
                one.asks,
                one.ended,
                one.task.ref if one.task is not None else None,
                await self._removed(one.task),
            )
            for one in found
        ]

    async def _removed(self, task: Task | None) -> datetime | None:
        """When this credential was proven gone for that task."""
        if task is None:
            return None
        proven = (await self._history_of(task)).proven(self.wanted.app_id, self.wanted.key_id)
        return datetime.fromisoformat(str(proven["at"])) if proven is not None else None

    async def _history_of(self, task: Task) -> History:
        return await self.context.evidence.history(recorded(task.ref, self.context.desk_rules.numbers))

    def _intent(self, asked: Mapping[str, str], before: Sequence[str], follows: str | None) -> OpeningRecord:
        return OpeningRecord(
            state=OpeningState.SENDING,
            tenant=self.wanted.tenant,
            app_id=self.wanted.app_id,
            key_id=self.wanted.key_id,
            kind=self.wanted.kind.value,
            ended=self.wanted.end.isoformat(),
            values=asked,
            before=before,
            follows=follows,
            by="command" if self.by_command else "service",
        )

    async def _end(
        self, recorded_as: OpeningState, state: OpenedState, reference: str | None, task: Task | None, why: Reason
    ) -> Opened:
        """Put the end on record."""
        well = state is OpenedState.OPENED
        record = OpenedRecord(
            state=recorded_as,
            tenant=self.wanted.tenant,
            app_id=self.wanted.app_id,
            key_id=self.wanted.key_id,
            ended=self.wanted.end.isoformat(),
            request=reference,
            opened_task=task.ref if task is not None else None,
            said=None if well else why,
            reason=None if well else recorded_reason(why),
        )
        await self.context.evidence.append(record.what, {"run": self.context.run, **record.facts()})
        return Opened(state, task.ref if task is not None else None, reference, None if well else why)
