"""Step 5: the plan, and for a certificate the signer that proves possession of a valid one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from spentkey.core.credential import Credential, Kind, Target
from spentkey.core.errors import AccessRefused, OddData, Outage, SpentkeyError
from spentkey.core.guards import g10_lists_unchanged
from spentkey.core.outcome import Cause, End, Failed, RemovalRoute, hand_over, leave_open
from spentkey.core.pfx import Unusable
from spentkey.core.plan import Plan, by_patch, make_plan
from spentkey.core.reason import Reason, ReasonKind, listed, reason_for, several
from spentkey.core.redaction import without_values
from spentkey.core.signer import Signer, in_order, match_key, open_signers
from spentkey.core.signer_reasons import LOCKED
from spentkey.core.step_reasons import (
    NO_PATCH,
    NO_PRINCIPAL,
    NO_SIGNER,
    NOT_TRIED_ALIKE,
    NOT_TRIED_TOO_MANY,
    OF_DOCUMENT,
    TOO_MANY_FILES,
)
from spentkey.core.task import RemovalRequest, Task
from spentkey.ports.directory import Directory
from spentkey.ports.vault import SigningFile
from spentkey.steps.attempt import Attempt
from spentkey.steps.see import Seen

MOST_FILES = 10
"""Most PFX files that are opened for one application."""
MOST_SIGNERS = 5
"""Most signers that sign in, one after the other, for one removal."""
MOST_KEY_READS = 3
"""Most reads that select `keyCredentials` for one plan; the first one nearly always serves."""
WITHOUT_PRINCIPAL = Failed(NO_PRINCIPAL(), cause=Cause.NO_PRINCIPAL)
"""Seen in the same look as the application: no sign-in has to fail first, and no key is fetched."""
NEEDS_AUDIT_LOG = ReasonKind(
    "fallback-needs-audit-log",
    en="{failed}; the fallback needs AuditLog.Read.All in this tenant, which is not granted: without the audit log nobody "
    "sees what else a written list drops",
    nl="{failed}; voor het alternatief is AuditLog.Read.All nodig in deze tenant, en dat is niet toegekend: zonder het "
    "auditlogboek ziet niemand wat een geschreven lijst nog laat vallen",
    fr="{failed} ; la solution de repli exige AuditLog.Read.All dans ce tenant, qui n'est pas accordé : sans le journal "
    "d'audit, personne ne voit ce qu'une liste écrite supprime d'autre",
)


@dataclass(frozen=True)
class Removal:
    """One removal that every guard agreed to: what is to be done, where, and for which ticket, if there is one."""

    directory: Directory
    plan: Plan
    signer: Signer | None
    task: Task | None
    request: RemovalRequest
    spare: tuple[Signer, ...] = ()
    """The signers that have not been tried yet, the best one first."""
    tried: tuple[Reason, ...] = ()
    """The other files that were tried, and why they do not serve."""


@dataclass(frozen=True)
class Signers:
    """What may sign for an application, the best one first, and why the other files and keys may not."""

    fit: tuple[Signer, ...]
    unfit: tuple[Reason, ...] = ()


async def plan_removal(
    attempt: Attempt, task: Task | None, request: RemovalRequest, seen: Seen, credential: Credential
) -> Removal | End:
    """Settle what will be done; a certificate whose application has no valid signer at hand is handed over."""
    attempt.step("plan")
    directory, application = seen.directory, seen.application
    removed_by_us = await attempt.context.evidence.removals(application.app_id)
    plan = make_plan(application, credential, removed_by_us.keys())
    attempt.route = plan.route
    without = Removal(directory, plan, None, task, request)
    if credential.kind is Kind.SECRET:
        return without
    if seen.snapshot.principal is None and not attempt.context.rules.patch_allowed:
        attempt.no_signer = True
        return hand_over(WITHOUT_PRINCIPAL)
    with_keys = await read_keys(attempt, seen)
    if isinstance(with_keys, End):
        return with_keys
    without = replace(without, plan=replace(plan, application=with_keys))
    signers = await find_signers(attempt, with_keys) if seen.snapshot.principal is not None else WITHOUT_PRINCIPAL
    if isinstance(signers, Failed):
        attempt.no_signer = True
        return await _without_signer(attempt, without, signers)
    removal = await signed_in(replace(without, spare=signers.fit))
    if isinstance(removal, Removal):
        return replace(removal, tried=(*removal.tried, *signers.unfit))
    return hand_over(Failed(several((*removal, *signers.unfit)), cause=Cause.SIGN_IN))


async def _without_signer(attempt: Attempt, removal: Removal, why: Failed) -> Removal | End:
    """By PATCH where that is allowed, but not where nobody would see what else goes, or an unreadable entry is sent again."""
    if not attempt.context.rules.patch_allowed:
        return hand_over(why)
    if not (await removal.directory.token_claims()).reads_audit_log:
        return hand_over(replace(why, reason=NEEDS_AUDIT_LOG(failed=why.reason)))
    unreadable = removal.plan.application.unreadable
    if unreadable:
        entries = ", ".join(one.where for one in unreadable)
        return hand_over(replace(why, reason=NO_PATCH(why=reason_for(why.reason), entries=entries)))
    attempt.route = RemovalRoute.PATCH
    return replace(removal, plan=by_patch(removal.plan))


async def read_keys(attempt: Attempt, seen: Seen) -> Target | End:
    """The application that was judged, read once more with the `key` of its certificates, which the looks do not show.

    A read that shows other lists than were judged may be older or newer, so a few spaced ones are made.
    """
    rules, reads = attempt.context.rules.verify, 1
    while True:
        snapshot = await seen.directory.read_with_keys(seen.application)
        changed = g10_lists_unchanged(seen.application, snapshot)
        if changed is None and snapshot.application is not None:
            return snapshot.application
        if changed is not None and reads == MOST_KEY_READS:
            return leave_open(changed)
        await attempt.context.clock.sleep(rules.interval_s)
        reads += 1


async def signed_in(removal: Removal) -> Removal | tuple[Reason, ...]:
    """The removal with the first spare signer whose sign-in is taken, or in words what was tried.

    Sign-in learns of a new key later than the directory, so that one is refused does not mean that all are.
    """
    tried = removal.tried
    for nth, signer in enumerate(removal.spare):
        refused = await removal.directory.sign_in_as(removal.plan.application, signer)
        rest = removal.spare[nth + 1 :]
        if refused is None:
            return replace(removal, signer=signer, spare=rest, tried=tried)
        tried = (*tried, refused.reason)
        if rest and not refused.another_may:
            return (*tried, NOT_TRIED_ALIKE(names=_named(rest)))
    return tried


async def find_signers(attempt: Attempt, application: Target) -> Signers | Failed:
    """Look at the keys and PFX files of the application: those that may sign, or what was tried."""
    vault, about = attempt.context.vault, (application.app_id, application.name)
    now = attempt.context.clock.now()
    found = [match_key(one, application, now) async for one in vault.signing_keys(*about)]
    files = [one async for one in vault.signing_files(*about)]
    if not files and not found:
        return _no_signer(reason_for(await vault.none_found(*about)))
    if len(files) > MOST_FILES:
        return _no_signer(TOO_MANY_FILES(count=len(files), most=MOST_FILES))
    refused: list[AccessRefused | Outage] = []
    odd: list[Reason] = []
    for one in files:
        try:
            found += await _open(attempt, application, one)
        except OddData as problem:
            found.append(Unusable(one.name, problem.reason))
            odd.append(OF_DOCUMENT(document=one.name, why=problem.reason))
        except (AccessRefused, Outage) as problem:  # such a file is in nobody's way if another one signs
            refused.append(problem)
    fit = in_order([one for one in found if isinstance(one, Signer)], now)
    if not fit and refused:
        raise refused[0]
    unfit = [OF_DOCUMENT(document=one.document, why=one.reason) for one in found if isinstance(one, Unusable)]
    if not fit:
        return _no_signer(several(unfit))
    attempt.warn(odd)  # where nothing fits, the reason has them
    if len(fit) > MOST_SIGNERS:
        unfit.append(NOT_TRIED_TOO_MANY(most=MOST_SIGNERS, names=_named(fit[MOST_SIGNERS:])))
    return Signers(tuple(fit[:MOST_SIGNERS]), (*unfit, *(problem.reason for problem in refused)))


def _named(signers: Sequence[Signer]) -> Reason:
    return listed(one.document for one in signers)


@without_values(SpentkeyError)
async def _open(attempt: Attempt, application: Target, file: SigningFile) -> list[Signer | Unusable]:
    """Try the passwords one after the other; a later one is fetched only when the ones before did not open the file."""
    content, now = await file.read(), attempt.context.clock.now()
    opened: list[Signer | Unusable] = [Unusable(file.name, LOCKED(untried=""), locked=True)]
    async for password in file.passwords():
        opened = await asyncio.to_thread(open_signers, file.name, content, [password], application, now)
        if not any(isinstance(one, Unusable) and one.locked for one in opened):
            break
    return opened


def _no_signer(tried: Reason) -> Failed:
    return Failed(NO_SIGNER(tried=tried), cause=Cause.NO_SIGNER)
