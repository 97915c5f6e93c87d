"""Step 4: the guards G3 to G6 on what was seen, and what it means when the credential is not there."""

from spentkey.core.credential import Credential, Kind
from spentkey.core.evidence import Facts
from spentkey.core.guards import Absent, g3_name, g4_locate, g4_not_a_typo, g5_expired, g6_not_protected
from spentkey.core.history import History
from spentkey.core.outcome import (
    AlreadyGone,
    CannotTell,
    End,
    Refused,
    Removed,
    Route,
    close,
    hand_over,
    leave_open,
)
from spentkey.core.plan import Survivor, lost_survivors
from spentkey.core.task import RemovalRequest
from spentkey.steps.case import Case
from spentkey.steps.see import Seen, look
from spentkey.steps.verify import survivor_lost
from spentkey.steps.witness import attribute


async def judge(case: Case, request: RemovalRequest, seen: Seen) -> tuple[Seen, Credential] | End:
    """Find the credential and let every guard agree, or say why nothing is to be removed.

    A credential that does not show is looked for in `verify_reads` spaced looks; if one of them shows it, that look
    is the one that is judged.
    """
    case.step("judge")
    located = _g3_then_g4(seen, request)
    rules = case.hands.rules.verify
    for _ in range(rules.reads - 1):
        if not isinstance(located, Absent):
            break
        await case.hands.clock.sleep(rules.interval_s)
        again = await look(case, request, seen.tenant, seen.directory)
        if isinstance(again, End):
            return leave_open(CannotTell("the application showed in one look at the directory and not in the next"))
        seen, located = again, _g3_then_g4(again, request)
    if isinstance(located, Absent):
        case.reads = rules.reads
        return await _absent(case, request, seen)
    if isinstance(located, Refused):
        return hand_over(located)
    return _judge_present(case, seen, located)


def _g3_then_g4(seen: Seen, request: RemovalRequest) -> Credential | Absent | Refused:
    return g3_name(seen.application, request) or g4_locate(seen.application, seen.sighting, request)


def _judge_present(case: Case, seen: Seen, credential: Credential) -> tuple[Seen, Credential] | End:
    rules = case.hands.rules
    own_apps = rules.own_apps | {seen.directory.client_id.lower()}
    refusal = g5_expired(
        credential, case.hands.clock.now(), seen.sighting.directory_time, rules.grace
    ) or g6_not_protected(credential, seen.application, rules.protected, own_apps)
    return hand_over(refusal) if refusal is not None else (seen, credential)


async def _absent(case: Case, request: RemovalRequest, seen: Seen) -> End:
    """All looks agree that it is absent: removed by us earlier, a typing error, or already gone."""
    intent = case.history.intended(request.app_id, request.key_id)
    if intent is not None:
        return await _removed_earlier(case, request, seen, intent)
    others = (await case.hands.evidence.removals(request.app_id)).get(request.key_id)
    if others:
        return await _removed_for(case, request, seen, others[-1])
    typo = g4_not_a_typo(seen.application, request.kind, case.hands.clock.now(), case.hands.rules.grace)
    return hand_over(typo) if typo is not None else close(AlreadyGone())


async def _removed_earlier(case: Case, request: RemovalRequest, seen: Seen, intent: Facts) -> End:
    """What survived then must still be there, but for what was removed in the work on other tasks meanwhile."""
    ours = await case.hands.evidence.removals(request.app_id)
    lost = lost_survivors(tuple(one for one in _recorded_survivors(intent) if one.key_id not in ours), seen.application)
    if lost:
        return await survivor_lost(case, seen.application, lost)
    return await _removed_by_us(case, request, seen, case.history)


async def _removed_for(case: Case, request: RemovalRequest, seen: Seen, task: int) -> End:
    """Removed in the work on another task that asked for the same; what survived then is no longer of interest."""
    return await _removed_by_us(case, request, seen, await case.hands.evidence.history(task))


async def _removed_by_us(case: Case, request: RemovalRequest, seen: Seen, history: History) -> End:
    intent = history.intended(request.app_id, request.key_id)
    if intent is None:
        return close(AlreadyGone())
    route = Route(str(intent["route"]))
    case.asked_since = history.asked_since(request.app_id, request.key_id)
    attribution = await attribute(case, seen.directory, seen.application, request.key_id, route, accepted=False)
    return close(Removed(attribution, route))


def _recorded_survivors(intent: Facts) -> tuple[Survivor, ...]:
    recorded = intent.get("survivors") or ()
    return tuple(Survivor(Kind(one["kind"]), one["key_id"], one["fingerprint"]) for one in recorded)
