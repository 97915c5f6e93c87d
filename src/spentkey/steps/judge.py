"""Step 4: the guards G3 to G6 on what was seen, and what it means when the credential is not there."""

from collections.abc import Set
from dataclasses import dataclass

from spentkey.core.credential import Credential
from spentkey.core.guards import (
    Absent,
    Unread,
    clocks_apart,
    g3_name,
    g4_locate,
    g4_not_a_typo,
    g5_expired,
    g6_not_protected,
    unread_name,
)
from spentkey.core.outcome import (
    AlreadyGone,
    CannotTell,
    End,
    Failed,
    Refused,
    close,
    hand_over,
    leave_open,
)
from spentkey.core.step_reasons import SHOWN_THEN_NOT
from spentkey.core.task import RemovalRequest
from spentkey.steps.attempt import Attempt
from spentkey.steps.clocks import see_our_clock
from spentkey.steps.resume import recorded_fingerprints, removed_earlier, removed_for
from spentkey.steps.see import Seen, look


@dataclass(frozen=True)
class Judged:
    """A credential that every guard allows to be removed, and the look at the directory that showed it."""

    seen: Seen
    credential: Credential


async def judge(attempt: Attempt, request: RemovalRequest, seen: Seen) -> Judged | End:
    """Find the credential and let every guard agree, or say why nothing is to be removed.

    A credential that does not show is looked for in `verify_reads` spaced looks; if one of them shows it, that look
    is the one that is judged.
    """
    attempt.step("judge")
    known = recorded_fingerprints(attempt, request)
    located = _g3_then_g4(seen, request, known)
    rules = attempt.context.rules.verify
    for _ in range(rules.reads - 1):
        if not isinstance(located, Absent):
            break
        await attempt.context.clock.sleep(rules.interval_s)
        next_look = await look(attempt, request, seen.tenant, seen.directory)
        if isinstance(next_look, End):
            return leave_open(CannotTell(SHOWN_THEN_NOT()))
        seen, located = next_look, _g3_then_g4(next_look, request, known)
    if isinstance(located, Absent):
        attempt.reads = rules.reads
        return await _absent(attempt, request, seen)
    if isinstance(located, Refused):
        return hand_over(located)
    if isinstance(located, Unread):
        return leave_open(Failed(located.reason))
    return await _judge_present(attempt, seen, located)


def _g3_then_g4(seen: Seen, request: RemovalRequest, known: Set[str]) -> Credential | Absent | Refused | Unread:
    named = unread_name(seen.application) or g3_name(seen.application, request)
    return named or g4_locate(seen.application, seen.snapshot, request, known)


async def _judge_present(attempt: Attempt, seen: Seen, credential: Credential) -> Judged | End:
    rules, now, directory_time = attempt.context.rules, attempt.context.clock.now(), seen.snapshot.directory_time
    own_apps = rules.own_apps | {seen.directory.client_id.lower()}
    if directory_time is not None and clocks_apart(now, directory_time):
        await see_our_clock(attempt, seen.directory, now - directory_time)
    refusal = g5_expired(credential, now, directory_time, rules.grace) or g6_not_protected(
        credential, seen.application, rules.protected, own_apps
    )
    return hand_over(refusal) if refusal is not None else Judged(seen, credential)


async def _absent(attempt: Attempt, request: RemovalRequest, seen: Seen) -> End:
    """All looks agree that it is absent: removed by us earlier, a typing error, or already gone."""
    intent = attempt.history.intended(request.app_id, request.key_id)
    if intent is not None:
        return await removed_earlier(attempt, request, seen, intent)
    others = (await attempt.context.evidence.removals(request.app_id)).get(request.key_id)
    if others:
        return await removed_for(attempt, request, seen, others[-1])
    now, name = attempt.context.clock.now(), request.names.secret_id
    typo = g4_not_a_typo(seen.application, request.kind, now, attempt.context.rules.grace, name)
    return hand_over(typo) if typo is not None else close(AlreadyGone())
