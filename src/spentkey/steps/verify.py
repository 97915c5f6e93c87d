"""Step 7: spaced reads until they agree: gone, still there, or cannot tell."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spentkey.core.credential import Credential, Kind, Target
from spentkey.core.guard_reasons import named
from spentkey.core.outcome import CannotTell, Cause, End, Failed, hand_over, leave_open
from spentkey.core.plan import Survivor, lost_survivors
from spentkey.core.reason import Reason, listed
from spentkey.core.records import SurvivorLostRecord, VerifiedRecord
from spentkey.core.step_reasons import READS_DISAGREE, STILL_THERE, SURVIVOR_LOST
from spentkey.core.verification import Verdict, Verification
from spentkey.ports.directory import Answer, Reply
from spentkey.steps.attempt import Attempt
from spentkey.steps.plan import Removal
from spentkey.steps.remove import not_repeated, remove


@dataclass(frozen=True)
class Gone:
    """Reads agree: the credential is gone and every survivor is there. `accepted`: Graph answered 204 to this try."""

    accepted: bool
    application: Target
    """As the last of those reads shows it."""


async def verify(attempt: Attempt, removal: Removal, reply: Reply) -> Gone | End:
    """Read until the reads agree. A removal whose reply was lost is repeated once, when reads keep showing the key."""
    clock, rules = attempt.context.clock, attempt.context.rules.verify
    reading = Verification(rules, may_repeat=reply.answer is Answer.LOST, started_at=clock.monotonic())
    while True:
        await clock.sleep(rules.interval_s)
        attempt.step("verify", f"read {reading.reads + 1}")
        verdict, shown = await _one_read(attempt, removal, reading)
        if verdict is Verdict.REPEAT:
            repeated = await remove(attempt, removal)
            if not isinstance(repeated, Reply):
                return not_repeated(repeated)
            reply = repeated
            reading.repeated(clock.monotonic())
        elif verdict is not Verdict.WAIT:
            break
    attempt.reads = rules.reads
    await attempt.record(VerifiedRecord(verdict.value, reading.seen, removal.plan.route.value, attempt.sent_by))
    if verdict is Verdict.SURVIVOR_LOST and shown is not None:
        lost = lost_survivors(removal.plan.survivors, shown)
        return await survivor_lost(attempt, removal.plan.application, lost)
    if verdict is Verdict.GONE and shown is not None:
        return Gone(reply.answer is Answer.ACCEPTED, shown)
    return _not_gone(verdict, reply)


async def _one_read(attempt: Attempt, removal: Removal, reading: Verification) -> tuple[Verdict, Target | None]:
    snapshot = await removal.directory.read(removal.plan.application)
    now, application = attempt.context.clock.monotonic(), snapshot.application
    if application is None or application.hidden(removal.plan.key_id, removal.plan.fingerprints):
        return reading.unclear(now), None
    lost = lost_survivors(removal.plan.survivors, application)
    present = bool(application.holding(removal.plan.key_id))
    return reading.read(now, present=present, survivors_intact=not lost), application


def _not_gone(verdict: Verdict, reply: Reply) -> End:
    if verdict is Verdict.STILL_THERE:
        found = STILL_THERE(answer=reply.detail)
        return hand_over(Failed(found, asked=True, cause=Cause.STILL_THERE))
    return leave_open(CannotTell(READS_DISAGREE()))


def lost_in_reads(lost: Reason) -> Reason:
    """What reads show of lost survivors."""
    return SURVIVOR_LOST(lost=lost)


async def survivor_lost(
    attempt: Attempt,
    known: Target,
    lost: Sequence[Survivor],
    route: str | None = None,
    found: Callable[[Reason], Reason] = lost_in_reads,
) -> End:
    """The worst case: another credential is gone or changed. Spentkey never restores it; what may have done it stops.

    That is the application, and the route by which the tenant was asked: the one of this try, unless an earlier one
    asked. The public part of a lost certificate goes on record where it is known, so that people can register it again;
    else its thumbprint, by which they can find it. `found` tells how the loss was found.
    """
    entries = {(one.kind, one.key_id): one for one in known.credentials}
    on_record = [_lost(one, entries.get((one.kind, one.key_id))) for one in lost]
    if not attempt.history.lost({one.key_id for one in lost}):  # what was looked into stops nothing a second time
        stopped = route or (attempt.route.value if attempt.route is not None else None)
        await attempt.record(SurvivorLostRecord(on_record, stopped, known.object_id))
    ids = listed(named(one.kind, one.key_id) for one in lost)
    return hand_over(Failed(found(ids), asked=True, cause=Cause.SURVIVOR_LOST))


def _lost(survivor: Survivor, known: Credential | None) -> dict[str, str | None]:
    der = known.key if known is not None else None
    of_certificate = known is not None and known.kind is Kind.CERTIFICATE and der is None
    return {
        "kind": survivor.kind.value,
        "key_id": survivor.key_id,
        "der": base64.b64encode(der).decode() if der else None,
        "thumbprint": known.custom_key_identifier if known is not None and of_certificate else None,
    }
