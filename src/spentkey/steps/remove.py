"""Step 6: read the ticket once more, put the intent on record, and ask Graph for exactly this removal."""

from dataclasses import dataclass, replace

from spentkey.core.guards import g7_still_ours, g7_still_says_the_same, g10_lists_unchanged
from spentkey.core.outcome import Cause, End, Failed, Refused, RemovalRoute, hand_over, leave_open, leave_untouched
from spentkey.core.plan import Plan
from spentkey.core.reason import several
from spentkey.core.records import AnswerRecord, IntentRecord
from spentkey.core.signer import Signer
from spentkey.core.step_reasons import WITH_CERTIFICATE
from spentkey.ports.directory import Answer, Reply
from spentkey.ports.evidence import Question
from spentkey.steps.attempt import Attempt
from spentkey.steps.plan import Removal, signed_in

NOTHING_DONE = {
    Answer.FORBIDDEN: Cause.FORBIDDEN,
    Answer.PROOF_REJECTED: Cause.PROOF_REJECTED,
    Answer.REJECTED: Cause.REJECTED,
}
"""Answers after which Graph has done nothing; every other answer is only a hint, and reads decide."""


@dataclass(frozen=True)
class ListsChanged:
    """Guard G10: the lists are not those that were judged, so they must be judged again."""

    refusal: Refused


async def confirm_ticket(attempt: Attempt, removal: Removal) -> End | None:
    """Guard G7: read again, the task and its parameters still ask for the same; without a task there is none to read."""
    if removal.task is None:
        return None
    desk = attempt.context.desk
    rules = attempt.context.rules.request
    now = await desk.find(attempt.ref)
    changed = g7_still_ours(now, rules)
    if changed is None:
        shown = await desk.request(now or removal.task)
        changed = g7_still_says_the_same(now, shown, removal.request, rules)
    return leave_untouched(changed) if changed is not None else None


async def confirm_lists(attempt: Attempt, removal: Removal) -> ListsChanged | None:
    """Guard G10: the lists read just before the write are those that were judged.

    Before a PATCH, which writes the whole list, `verify_reads` spaced reads must all agree: one that came from an older
    replica would bring back what was removed, or drop what was added.
    """
    rules = attempt.context.rules.verify
    for nth in range(rules.reads if removal.plan.route is RemovalRoute.PATCH else 1):
        if nth:
            await attempt.context.clock.sleep(rules.interval_s)
        changed = g10_lists_unchanged(removal.plan.application, await removal.directory.look(removal.request.app_id))
        if changed is not None:
            return ListsChanged(changed)
    return None


async def remove(attempt: Attempt, removal: Removal) -> Reply | End | ListsChanged:
    """Record the intent, send the removal, record the answer; a refusal by Graph is handed over with its cause.

    After a proof that Graph rejects nothing was done, so the next valid signer is tried, from the last look on.
    """
    asked_before = attempt.intent_made
    while True:
        reply = await _look_and_send(attempt, removal)
        cause = NOTHING_DONE.get(reply.answer) if isinstance(reply, Reply) else None
        if not isinstance(reply, Reply) or cause is None:
            return reply
        if cause is Cause.FORBIDDEN and removal.plan.route is RemovalRoute.REMOVE_KEY:
            cause = Cause.FORBIDDEN_ITSELF  # it asked with its own token, so no right of the automation's is missing
        if cause is not Cause.PROOF_REJECTED or removal.signer is None:
            return hand_over(Failed(reply.detail, asked=asked_before, cause=cause))
        problem = WITH_CERTIFICATE(document=removal.signer.document, why=reply.detail)
        following = await signed_in(replace(removal, tried=(problem, *removal.tried)))
        if not isinstance(following, Removal):
            return hand_over(Failed(several(following), asked=asked_before, cause=cause))
        removal = following


async def _look_and_send(attempt: Attempt, removal: Removal) -> Reply | End | ListsChanged:
    await removal.directory.room_to_write(removal.plan.route)
    changed = await confirm_ticket(attempt, removal)
    if changed is not None:
        return changed
    lists_changed = await confirm_lists(attempt, removal)
    if lists_changed is not None:
        return lists_changed
    attempt.step("remove", removal.plan.route.value)
    return await _send_removal(attempt, removal)


async def _send_removal(attempt: Attempt, removal: Removal) -> Reply | End:
    """One removal with its records before and after; nothing is sent unless the intent is safely on disk."""
    client_request_id, plan, application = attempt.context.ids.new(), removal.plan, removal.plan.application
    attempt.asked_since = attempt.asked_since or attempt.context.clock.now()
    intent = _intent(plan, removal.signer, client_request_id)
    too_many = await attempt.record_unless(too_many_removals(attempt, application.app_id), intent)
    if too_many is not None:
        return leave_open(too_many)
    attempt.intent_made = True
    if plan.route is RemovalRoute.PATCH:
        reply = await removal.directory.replace_certificates(application, plan.key_id, client_request_id)
    elif removal.signer is None:
        reply = await removal.directory.remove_secret(application, plan.key_id, client_request_id)
    else:
        reply = await removal.directory.remove_certificate(application, plan.key_id, removal.signer, client_request_id)
    await attempt.record(AnswerRecord(reply.answer.value, reply.detail, reply.client_request_id, reply.request_id))
    return reply


def too_many_removals(attempt: Attempt, app_id: str) -> Question:
    """Guard G8 for one removal more on that application."""
    now, limits, run = attempt.context.clock.now(), attempt.context.rules.limits, attempt.context.run
    return lambda blast_radius: blast_radius.refuse_intent(run, app_id, now, limits)


def _intent(plan: Plan, signer: Signer | None, client_request_id: str) -> IntentRecord:
    end = plan.credential.end
    return IntentRecord(
        route=plan.route.value,
        kind=plan.credential.kind.value,
        object_id=plan.application.object_id,
        ended=end.isoformat() if end else None,
        seen="present",
        signer=signer.key_id if signer else None,
        survivors=[
            {"kind": one.kind.value, "key_id": one.key_id, "fingerprint": one.fingerprint} for one in plan.survivors
        ],
        client_request_id=client_request_id,
    )
