"""Step 6: read the ticket once more, put the intent on record, and ask Graph for exactly this removal."""

from dataclasses import replace

from spentkey.core.errors import SpentkeyError
from spentkey.core.notes import reason_of
from spentkey.core.outcome import CannotTell, Cause, End, Failed, Refused, RemovalRoute, hand_over, leave_open
from spentkey.core.plan import certificates_fingerprint
from spentkey.core.reason import ReasonKind, several
from spentkey.core.records import AnswerRecord, IntentRecord
from spentkey.core.step_reasons import CHANGED_WHILE_VERIFIED, HELD_UP, WITH_CERTIFICATE
from spentkey.ports.directory import Answer, Reply, Sending
from spentkey.ports.evidence import Question
from spentkey.steps.attempt import Attempt
from spentkey.steps.canary import patch_alone
from spentkey.steps.confirm import Confirmation, ListsChanged, Withheld, stopped_meanwhile
from spentkey.steps.plan import Removal, signed_in

REFUSALS = {
    Answer.FORBIDDEN: Cause.FORBIDDEN,
    Answer.PROOF_REJECTED: Cause.PROOF_REJECTED,
    Answer.REJECTED: Cause.REJECTED,
}
"""Answers by which Graph refuses and has done nothing; every other answer is only a hint, and reads decide."""
NOT_REPEATED = ReasonKind(
    "sent-and-not-repeated",
    en="the removal was sent, and whether it took effect is not known; it was not repeated",
    nl="de verwijdering is verstuurd, en of ze gelukt is, is niet bekend; ze is niet herhaald",
    fr="la suppression a été envoyée, et l'on ne sait pas si elle a pris effet ; elle n'a pas été répétée",
)


async def remove(attempt: Attempt, removal: Removal) -> Reply | End | ListsChanged:
    """Record the intent, send the removal, record the answer; a refusal by Graph is handed over with its cause.

    After a proof that Graph rejects nothing was done, so the next valid signer is tried, from the last look on.
    """
    while True:
        reply = await _look_and_send(attempt, removal)
        if not isinstance(reply, Reply):
            return not_repeated(reply) if attempt.intent_made else reply
        cause = REFUSALS.get(reply.answer)
        if cause is None:
            return reply
        if cause is Cause.FORBIDDEN and removal.plan.route is RemovalRoute.REMOVE_KEY:
            cause = Cause.FORBIDDEN_ITSELF  # it asked with its own token, so no right of the automation's is missing
        if cause is not Cause.PROOF_REJECTED or removal.signer is None:
            return hand_over(Failed(reply.detail, asked=attempt.intent_made, cause=cause))
        problem = WITH_CERTIFICATE(document=removal.signer.document, why=reply.detail)
        following = await signed_in(replace(removal, tried=(problem, *removal.tried)))
        if not isinstance(following, Removal):
            return hand_over(Failed(several(following), asked=attempt.intent_made, cause=cause))
        removal = following


async def _look_and_send(attempt: Attempt, removal: Removal) -> Reply | End | ListsChanged:
    closed = attempt.context.rules.schedule.refuse(attempt.context.clock.now())
    if closed is not None:  # known without asking anybody
        return leave_open(closed)
    await removal.directory.room_to_write(removal.plan.route)
    confirmation = Confirmation(attempt, removal)
    found = await confirmation.ask()
    if found is not None:
        return found
    attempt.step("remove", removal.plan.route.value)
    return await _send_removal(attempt, removal, confirmation)


async def _send_removal(attempt: Attempt, removal: Removal, confirmation: Confirmation) -> Reply | End | ListsChanged:
    """One removal with its records before and after; nothing is sent unless the intent is safely on disk.

    The repeat of one that may have taken counts as the same, so the limits are not asked for it again.
    """
    asked_before, client_request_id = attempt.intent_made, attempt.context.ids.new()
    route = removal.plan.route.value
    question = too_many_removals(attempt, removal.plan.application.app_id)
    intent = _intent(attempt, removal, client_request_id)
    too_many = await attempt.record_unless(stopped_meanwhile(attempt, removal) if asked_before else question, intent)
    if too_many is not None:
        return leave_open(too_many)
    attempt.sends()
    attempt.intent_made, sending = True, Sending(confirmation.before_try)
    try:
        reply = await _send(removal, client_request_id, sending)
    except (Withheld, SpentkeyError) as problem:
        answer = Answer.LOST if sending.may_have_taken else Answer.NOT_DONE
        await attempt.try_to_record(AnswerRecord(answer.value, _why_given_up(problem), client_request_id, None, route))
        attempt.intent_made = asked_before or sending.may_have_taken
        if isinstance(problem, Withheld):
            return problem.found
        raise
    refused = reply.answer in REFUSALS  # which says nothing of an earlier try that may have taken
    answer = Answer.LOST if refused and sending.may_have_taken else reply.answer
    await attempt.record(AnswerRecord(answer.value, reply.detail, reply.client_request_id, reply.request_id, route))
    attempt.intent_made = asked_before or sending.may_have_taken or not refused
    return reply


async def _send(removal: Removal, client_request_id: str, sending: Sending) -> Reply:
    plan, directory = removal.plan, removal.directory
    application, key_id = plan.application, plan.key_id
    if plan.route is RemovalRoute.PATCH:
        return await directory.replace_certificates(application, key_id, client_request_id, sending)
    if removal.signer is None:
        return await directory.remove_secret(application, key_id, client_request_id, sending)
    return await directory.remove_certificate(application, key_id, removal.signer, client_request_id, sending)


def not_repeated(found: End | ListsChanged) -> End:
    """What keeps a removal from being repeated says nothing about whether the first one took."""
    if isinstance(found, ListsChanged):
        return leave_open(CannotTell(CHANGED_WHILE_VERIFIED()))
    if not isinstance(found.outcome, Refused):
        return found
    trouble = HELD_UP(guard=found.outcome.guard, why=found.outcome.reason)
    return replace(found, outcome=CannotTell(NOT_REPEATED()), trouble=trouble)


def _why_given_up(problem: Withheld | SpentkeyError) -> str:
    if not isinstance(problem, Withheld):
        return str(problem)
    found = problem.found
    outcome = found.refusal if isinstance(found, ListsChanged) else found.outcome
    return reason_of(outcome) or str(problem)


def too_many_removals(attempt: Attempt, app_id: str) -> Question:
    """Guard G8 for one removal more on that application: stops, windows and limits."""
    rules, run = attempt.context.rules, attempt.context.run
    now, alone = attempt.context.clock.now(), patch_alone(attempt)
    tenant, route = attempt.tenant, attempt.route
    by = (tenant.name if tenant is not None else None, route.value if route is not None else None)
    return lambda blast_radius: (
        blast_radius.refuse_intent(run, app_id, now, rules.limits, *by)
        or rules.schedule.refuse(now)
        or alone(blast_radius)
    )


def _intent(attempt: Attempt, removal: Removal, client_request_id: str) -> IntentRecord:
    plan, signer, asked = removal.plan, removal.signer, attempt.provenance
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
        program=attempt.context.program,
        request=asked.request or None,
        requested_by=asked.requested_by or None,
        approved_by=asked.approved_by or None,
        listed=certificates_fingerprint(plan.application) if plan.route is RemovalRoute.PATCH else None,
    )
