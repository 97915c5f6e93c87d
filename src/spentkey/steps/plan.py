"""Step 5: the plan, and for a certificate the signer that proves possession of a valid one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from spentkey.core.credential import Credential, Kind, Target
from spentkey.core.errors import AccessRefused, SpentkeyError
from spentkey.core.outcome import Cause, End, Failed, RemovalRoute, hand_over
from spentkey.core.plan import Plan, by_patch, make_plan
from spentkey.core.redaction import without_values
from spentkey.core.signer import Signer, Unusable, choose_signer, match_key, open_signer
from spentkey.core.task import RemovalRequest, Task
from spentkey.ports.directory import Directory
from spentkey.ports.vault import SigningFile
from spentkey.steps.attempt import Attempt
from spentkey.steps.see import Seen

MOST_FILES = 10
"""Most PFX files that are opened for one application."""


@dataclass(frozen=True)
class Removal:
    """One removal that every guard agreed to: what is to be done, where, and for which ticket, if there is one."""

    directory: Directory
    plan: Plan
    signer: Signer | None
    task: Task | None
    request: RemovalRequest


async def plan_removal(
    attempt: Attempt, task: Task | None, request: RemovalRequest, seen: Seen, credential: Credential
) -> Removal | End:
    """Settle what will be done; a certificate whose application has no valid signer at hand is handed over."""
    attempt.step("plan")
    directory, application = seen.directory, seen.application
    removed_by_us = await attempt.context.evidence.removals(application.app_id)
    plan = make_plan(application, credential, removed_by_us.keys())
    attempt.route = plan.route
    if credential.kind is Kind.SECRET:
        return Removal(directory, plan, None, task, request)
    signer = await find_signer(attempt, application)
    if isinstance(signer, Failed):
        attempt.no_signer = True
        if not attempt.context.rules.patch_allowed:
            return hand_over(signer)
        attempt.route = RemovalRoute.PATCH
        return Removal(directory, by_patch(plan), None, task, request)
    refused = await directory.sign_in_as(application, signer)
    if refused is not None:
        return hand_over(Failed(refused, cause=Cause.SIGN_IN))
    return Removal(directory, plan, signer, task, request)


async def find_signer(attempt: Attempt, application: Target) -> Signer | Failed:
    """Look at the keys and PFX files of the application, and choose the one that may sign, or say what was tried."""
    vault, about = attempt.context.vault, (application.app_id, application.name)
    now = attempt.context.clock.now()
    found = [match_key(one, application, now) async for one in vault.signing_keys(*about)]
    files = [one async for one in vault.signing_files(*about)]
    if not files and not found:
        return _no_signer(await vault.none_found(*about))
    if len(files) > MOST_FILES:
        return _no_signer(f"the vault has {len(files)} PFX files for it; at most {MOST_FILES} are tried")
    refused: list[AccessRefused] = []
    for one in files:
        try:
            found.append(await _open(attempt, application, one))
        except AccessRefused as problem:  # a file that may not be read is in nobody's way if another one signs
            refused.append(problem)
    signer = choose_signer([one for one in found if isinstance(one, Signer)])
    if signer is None and refused:
        raise refused[0]
    return signer or _no_signer(_tried([one for one in found if isinstance(one, Unusable)]))


@without_values(SpentkeyError)
async def _open(attempt: Attempt, application: Target, file: SigningFile) -> Signer | Unusable:
    """Try the passwords one after the other; a later one is fetched only when the ones before did not open the file."""
    content, now = await file.read(), attempt.context.clock.now()
    opened = Unusable(file.name, "no password at hand opens the file", locked=True)
    async for password in file.passwords():
        tried = await asyncio.to_thread(open_signer, file.name, content, [password], application, now)
        if not (isinstance(tried, Unusable) and tried.locked):
            return tried
    return opened


def _tried(unusable: Sequence[Unusable]) -> str:
    return "; ".join(f"{one.document}: {one.reason}" for one in unusable)


def _no_signer(tried: str) -> Failed:
    return Failed(
        "the application has no valid signer: removeKey needs a proof by a certificate that is registered on it and "
        f"valid now ({tried})",
        cause=Cause.NO_SIGNER,
    )
