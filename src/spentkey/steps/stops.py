"""Stops and pauses (guard G8): what they hold up, and how people make, lift and narrow them."""

from collections.abc import Sequence
from dataclasses import dataclass

from spentkey.core.credential import Kind
from spentkey.core.guards import g2_tenant
from spentkey.core.limits import BlastRadius
from spentkey.core.outcome import End, Refused, RemovalRoute, leave_open
from spentkey.core.records import PausedRecord, ResumedRecord
from spentkey.core.rules import TenantRules
from spentkey.core.stops import About, Stop, ids_of, reasons_of
from spentkey.core.task import RemovalRequest
from spentkey.ports.evidence import EvidenceLog
from spentkey.steps.attempt import Attempt

ROUNDS = 5
"""How often the stops are read anew when others change them at the same time."""


async def stopped(attempt: Attempt, about: About) -> End | None:
    """The task stays open while what it is about is stopped."""
    refused = await attempt.context.evidence.ask(lambda blast_radius: blast_radius.refuse_any(about))
    return leave_open(refused) if refused is not None else None


def about(request: RemovalRequest, tenants: Sequence[TenantRules]) -> About:
    """What a request is about; which route a certificate takes is found by the plan, and asked with the intent."""
    tenant = g2_tenant(request, tenants)
    route = RemovalRoute.REMOVE_PASSWORD.value if request.kind is Kind.SECRET else None
    return About(None if isinstance(tenant, Refused) else tenant.name, route, request.app_id)


async def standing_stops(evidence: EvidenceLog) -> Sequence[Stop]:
    """Every stop and pause that stands."""
    found: list[Stop] = []

    def look(blast_radius: BlastRadius) -> None:
        found.extend(blast_radius.stops())

    await evidence.ask(look)
    return found


@dataclass(frozen=True)
class PauseMade:
    """Whether a pause was put on record, and what is stopped now, in words."""

    stopped: str
    paused: bool


async def pause(evidence: EvidenceLog, who: str, why: str) -> PauseMade:
    """Pause everything, beside whatever is stopped already; who has paused it already makes no second pause."""
    record = PausedRecord(who, why)
    already = await evidence.append_unless(
        lambda blast_radius: blast_radius.refuse_to_pause(who), record.what, record.facts()
    )
    return PauseMade(reasons_of(await standing_stops(evidence)) or "", already is None)


@dataclass(frozen=True)
class Lifted:
    """What was lifted, in words and by id, and what stands on; nothing was lifted where nothing stood."""

    stopped: str | None
    lifted: tuple[str, ...]
    left: tuple[Stop, ...]


async def lift(
    evidence: EvidenceLog, who: str, why: str, seen: Sequence[Stop], named: Sequence[str] | None = None
) -> Lifted | Refused:
    """Lift the named stops of those that somebody has seen, or all of these if no other one was made meanwhile.

    What is lifted was read in the very step that puts it on record.
    """
    standing = seen
    for _ in range(ROUNDS):
        wanted = ids_of(seen) if named is None else named
        lifted = tuple(one for one in ids_of(standing) if one in wanted)
        if not lifted:
            return Lifted(None, (), tuple(standing))
        left = tuple(one for one in standing if one.id not in lifted)
        record = ResumedRecord(who, why, lifted, ids_of(left))
        known = ids_of(standing)
        changed = await evidence.append_unless(
            lambda blast_radius, known=known: blast_radius.refuse_to_lift(known), record.what, record.facts()
        )
        if changed is None:
            return Lifted(reasons_of(one for one in standing if one.id in lifted), lifted, left)
        standing = await standing_stops(evidence)
        if named is None and set(ids_of(standing)) - set(ids_of(seen)):
            return changed
    return changed  # pyright: ignore[reportPossiblyUnboundVariable]  # there is at least one round
