"""Step 6: read the ticket once more, put the intent on record, and ask Graph for exactly this removal."""

from spentkey.core.guards import g7_still_ours, g7_still_says_the_same
from spentkey.core.outcome import End, Failed, hand_over, leave_untouched
from spentkey.core.plan import Plan
from spentkey.core.signer import Signer
from spentkey.core.task import RemovalRequest, Task
from spentkey.ports import Answer, Directory, Reply
from spentkey.steps.case import Case

NOTHING_DONE = {Answer.FORBIDDEN, Answer.PROOF_REJECTED, Answer.REJECTED}
"""Answers after which Graph has done nothing; every other answer is only a hint, and reads decide."""


async def confirm_ticket(case: Case, task: Task, request: RemovalRequest) -> End | None:
    """Guard G7: read again, the task and its parameters still ask for the same."""
    desk = case.hands.desk
    rules = case.hands.rules.desk
    now = await desk.find(case.number)
    changed = g7_still_ours(now, rules)
    if changed is None:
        parameters = await desk.parameters(now or task)
        changed = g7_still_says_the_same(now, parameters, request, rules)
    return leave_untouched(changed) if changed is not None else None


async def remove(case: Case, directory: Directory, plan: Plan, signer: Signer | None) -> Reply | End:
    """Record the intent, send the removal, record the answer; a refusal by Graph is handed over with its cause."""
    case.step("remove", plan.route.value)
    reply = await send_removal(case, directory, plan, signer)
    if reply.answer in NOTHING_DONE:
        return hand_over(Failed(reply.detail))
    return reply


async def send_removal(case: Case, directory: Directory, plan: Plan, signer: Signer | None) -> Reply:
    """One removal with its records before and after; nothing is sent unless the intent is safely on disk."""
    client_request_id = case.hands.ids.new()
    await case.record("intent", **_intent(plan, signer), client_request_id=client_request_id)
    case.intent_made = True
    if signer is None:
        reply = await directory.remove_secret(plan.application, plan.key_id, client_request_id)
    else:
        reply = await directory.remove_certificate(plan.application, plan.key_id, signer, client_request_id)
    await case.record(
        "answer",
        answer=reply.answer.value,
        detail=reply.detail,
        client_request_id=reply.client_request_id,
        request_id=reply.request_id,
    )
    return reply


def _intent(plan: Plan, signer: Signer | None) -> dict[str, object]:
    end = plan.credential.end
    return {
        "route": plan.route.value,
        "kind": plan.credential.kind.value,
        "object_id": plan.application.object_id,
        "ended": end.isoformat() if end else None,
        "seen": "present",
        "signer": signer.key_id if signer else None,
        "survivors": [
            {"kind": one.kind.value, "key_id": one.key_id, "fingerprint": one.fingerprint} for one in plan.survivors
        ],
    }
