"""Step 7: spaced reads until they agree: gone, still there, or cannot tell."""

from collections.abc import Sequence

from spentkey.core.outcome import Attribution, CannotTell, End, Failed, Removed, close, hand_over, leave_open
from spentkey.core.plan import Plan, Survivor, lost_survivors
from spentkey.core.verification import Verdict, Verification
from spentkey.ports import Answer, Reply
from spentkey.steps.case import Case
from spentkey.steps.remove import Job, remove


async def verify(case: Case, job: Job, reply: Reply) -> End:
    """Read until the reads agree. A removal whose reply was lost is repeated once, when reads keep showing the key."""
    clock, rules = case.hands.clock, case.hands.rules.verify
    watch = Verification(rules, may_repeat=reply.answer is Answer.LOST, started_at=clock.monotonic())
    while True:
        await clock.sleep(rules.interval_s)
        case.step("verify", f"read {watch.reads + 1}")
        verdict, lost = await _one_read(case, job, watch)
        if verdict is Verdict.REPEAT:
            again = await remove(case, job)
            if isinstance(again, End):
                return again
            reply = again
            watch.repeated(clock.monotonic())
        elif verdict is not Verdict.WAIT:
            break
    case.reads = rules.reads
    await case.record("verified", verdict=verdict.value, reads=watch.seen)
    return _end(verdict, job.plan, _confirmed(case, job, reply), reply, lost)


async def _one_read(case: Case, job: Job, watch: Verification) -> tuple[Verdict, tuple[Survivor, ...]]:
    sighting = await job.directory.read(job.plan.application)
    now, application = case.hands.clock.monotonic(), sighting.application
    if application is None:
        return watch.unclear(now), ()
    lost = lost_survivors(job.plan.survivors, application)
    present = bool(application.holding(job.plan.key_id))
    return watch.read(now, present=present, survivors_intact=not lost), lost


def _confirmed(case: Case, job: Job, reply: Reply) -> bool:
    """Whether Graph itself said 204 to a removal of ours, in this try or an earlier one."""
    return reply.answer is Answer.ACCEPTED or case.history.confirmed(job.request.app_id, job.request.key_id)


def _end(verdict: Verdict, plan: Plan, confirmed: bool, reply: Reply, lost: Sequence[Survivor]) -> End:
    if verdict is Verdict.GONE:
        return close(Removed(Attribution.CONFIRMED if confirmed else Attribution.PRESUMED, plan.route))
    if verdict is Verdict.SURVIVOR_LOST:
        return survivor_lost(lost)
    if verdict is Verdict.STILL_THERE:
        return hand_over(Failed(f"Graph answered: {reply.detail}; but the credential is still there"))
    return leave_open(CannotTell("reads of the directory disagree on whether the credential is gone"))


def survivor_lost(lost: Sequence[Survivor]) -> End:
    """The worst find: another credential is gone or changed. It is never put back by itself."""
    ids = ", ".join(f"{one.kind} {one.key_id}" for one in lost)
    return hand_over(
        Failed(
            f"ANOTHER CREDENTIAL IS MISSING OR CHANGED after the removal: {ids}. It may be somebody's own change",
            asked=True,
        )
    )
