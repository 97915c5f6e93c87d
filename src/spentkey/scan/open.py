"""Opens one request for each lapsed credential, whatever crashes, is lost or is delivered twice.

For each credential: a lock across processes, a look for requests of everybody, the intent on record, one sending, and
every answer read back. A reply that was lost is looked for, and nothing is sent meanwhile; what still does not show then
is looked for first by the next scan.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from spentkey.core.errors import Busy, EvidenceBroken, OddData, SpentkeyError, Stopping
from spentkey.core.evidence import Facts
from spentkey.core.limits import HOUR, BlastRadius, HandOver
from spentkey.core.opening import (
    DAY,
    Opened,
    OpenedState,
    OpeningHistory,
    OpeningState,
    OpenRules,
    ToOpen,
    room,
    stopped_since,
)
from spentkey.core.opening_reasons import CAPPED, NOT_ALLOWED, STOPPED_IN_TENANT
from spentkey.core.reason import Reason
from spentkey.core.records import OpeningRecord
from spentkey.core.task import TaskRef
from spentkey.ports.evidence import EvidenceLog
from spentkey.scan.open_one import OneOpening, OpenContext

COUNTS = "counts"
"""The lock under which requests are counted and the next one is put on record."""


@dataclass
class _Run:
    """What one run has found and may still do."""

    context: OpenContext
    rules: OpenRules
    by_command: bool
    stopped: dict[str, Reason] = field(default_factory=dict[str, Reason])
    away: Reason | None = None
    full: bool = False
    begun: int = 0

    async def counted(self, record: OpeningRecord) -> bool:
        """Put an intent on record if there is room for it, as one step across processes; False where there is none."""
        evidence = self.context.evidence
        async with self.context.locks.opening(COUNTS):
            now = self.context.clock.now()
            sent = await evidence.openings(since=now - DAY, state=OpeningState.SENDING)
            in_hour = sum(str(one["at"]) >= (now - HOUR).isoformat() for one in sent)
            hand_overs = await hand_overs_since(evidence, now - HOUR)
            most = self.context.limits.hand_overs_per_hour
            self.full = room(self.rules, self.begun, len(sent), in_hour, len(hand_overs), most) == 0
            if not self.full:
                self.begun += 1
                await evidence.append(record.what, {"run": self.context.run, **record.facts()})
        return not self.full


async def hand_overs_since(evidence: EvidenceLog, since: datetime) -> list[HandOver]:
    """The hand-overs that were begun since then, each once."""
    found: dict[str, HandOver] = {}

    def look(recent: BlastRadius) -> None:
        found.update({one.which: one for one in recent.past.hand_overs_since(since)})

    await evidence.ask(look)
    return [*found.values()]


async def open_requests(
    context: OpenContext,
    wanted: Sequence[ToOpen],
    rules: OpenRules,
    *,
    asked_by_command: bool,
    named: Collection[str] = (),
) -> Mapping[tuple[str, str], Opened]:
    """Open what may be opened; gives what became of each credential, by tenant and key id.

    `named` are the tenants of `scan --open --tenant NAME`, which allows opening in them from then on.
    """
    run = _Run(context, rules, asked_by_command)
    if asked_by_command:
        for tenant in named:
            await _allow(context, tenant)
    allowed = await context.evidence.openings(state=OpeningState.ALLOWED)
    stops = await context.evidence.openings(state=OpeningState.STOPPED)
    if not asked_by_command:
        for tenant in {one.tenant for one in wanted}:
            why = stopped_since(stops, allowed, tenant)
            if why is not None:
                run.stopped[tenant] = STOPPED_IN_TENANT(tenant=tenant, why=why)
    may = {str(one.get("tenant")) for one in allowed}
    found: dict[tuple[str, str], Opened] = {}
    for one, history in await _in_order(context, wanted):
        if not asked_by_command and one.tenant not in may:
            found[one.key] = Opened(OpenedState.NO, reason=NOT_ALLOWED(tenant=one.tenant))
        else:
            found[one.key] = await _one(run, one, history)
    return found


async def _allow(context: OpenContext, tenant: str) -> None:
    nothing = dict.fromkeys(("app_id", "key_id", "kind", "ended", "values", "before", "follows"))
    record = OpeningRecord(OpeningState.ALLOWED, tenant, **nothing, by="command")
    await context.evidence.append(record.what, {"run": context.run, **record.facts()})


async def _in_order(context: OpenContext, wanted: Sequence[ToOpen]) -> list[tuple[ToOpen, OpeningHistory]]:
    """What an earlier scan left unclear comes first; then what lapsed first."""
    once = {one.key: one for one in wanted}.values()
    with_history = [(one, await history_of(context.evidence, one)) for one in once]
    return sorted(with_history, key=lambda pair: (pair[1].intended is None, pair[0].end, pair[0].key))


async def history_of(evidence: EvidenceLog, wanted: ToOpen) -> OpeningHistory:
    """What is on record about the requests for one credential."""
    records = await evidence.openings(key_id=wanted.key_id)
    return OpeningHistory([one for one in records if _is_about(one, wanted)])


def _is_about(record: Facts, wanted: ToOpen) -> bool:
    return (record.get("tenant"), record.get("app_id")) == (wanted.tenant, wanted.app_id)


async def _one(run: _Run, wanted: ToOpen, history: OpeningHistory) -> Opened:
    """One credential; a desk that is away is not asked for the others."""
    if wanted.tenant in run.stopped:
        return Opened(OpenedState.STOPPED, reason=run.stopped[wanted.tenant])
    if run.away is not None:
        return Opened(OpenedState.UNCLEAR, reason=run.away)
    if run.full and history.intended is None:
        return _known_on_record(history) or Opened(OpenedState.CAPPED, reason=CAPPED())
    try:
        async with run.context.locks.opening(f"{wanted.tenant}/{wanted.app_id}/{wanted.key_id}"):
            history = await history_of(run.context.evidence, wanted)  # another process may have been quicker
            opened = await OneOpening(run.context, run.rules, wanted, history, run.by_command, run.counted).open()
    except (EvidenceBroken, Stopping):
        raise
    except (Busy, OddData) as problem:
        return Opened(OpenedState.UNCLEAR, reason=problem.reason)
    except SpentkeyError as problem:
        run.away = problem.reason
        return Opened(OpenedState.UNCLEAR, reason=problem.reason)
    if opened.state is OpenedState.STOPPED and opened.reason is not None:
        run.stopped[wanted.tenant] = STOPPED_IN_TENANT(tenant=wanted.tenant, why=opened.reason)
    if opened.state is OpenedState.UNCLEAR:
        run.away = opened.reason  # where one reply was lost, nothing more is sent
    return opened


def _known_on_record(history: OpeningHistory) -> Opened | None:
    """What was opened once, by the record alone: where there is no room, the desk is not asked."""
    record = history.opened
    if record is None:
        return None
    task = record.get("opened_task")
    return Opened(OpenedState.KNOWN, TaskRef(str(task)) if task else None, str(record.get("request")))
