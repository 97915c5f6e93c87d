"""Step 5: the plan, and for a certificate the signer that proves possession of a valid one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from spentkey.core.credential import Application, Credential, Kind
from spentkey.core.errors import SpentkeyError
from spentkey.core.outcome import Cause, End, Failed, RemovalRoute, hand_over
from spentkey.core.plan import Plan, by_patch, make_plan
from spentkey.core.redaction import without_values
from spentkey.core.secret import Secret
from spentkey.core.signer import Signer, Unusable, choose_signer, open_signer
from spentkey.core.task import RemovalRequest, Task
from spentkey.ports.directory import Directory
from spentkey.ports.vault import CertificateEntry, DocumentRef
from spentkey.steps.attempt import Attempt
from spentkey.steps.see import Seen

MOST_DOCUMENTS = 10
"""Most PFX documents that are opened for one application."""


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


async def find_signer(attempt: Attempt, application: Application) -> Signer | Failed:
    """Open the application's PFX documents and choose the certificate that may sign, or say what was tried."""
    entries = await attempt.context.vault.certificate_entries(application.app_id, application.display_name)
    if not entries:
        return _no_signer("the vault has no certificate entry for this application")
    documents = [(entry, ref) for entry in entries for ref in await attempt.context.vault.documents(entry)]
    if not documents:
        titles = ", ".join(entry.title for entry in entries)
        return _no_signer(f"the vault's entry {titles} has no PFX document")
    if len(documents) > MOST_DOCUMENTS:
        return _no_signer(f"the vault has {len(documents)} PFX documents for it; at most {MOST_DOCUMENTS} are tried")
    opened = [await _open(attempt, application, entry, ref) for entry, ref in documents]
    signer = choose_signer([one for one in opened if isinstance(one, Signer)])
    return signer or _no_signer(_tried([one for one in opened if isinstance(one, Unusable)]))


@without_values(SpentkeyError)
async def _open(
    attempt: Attempt, application: Application, entry: CertificateEntry, document: DocumentRef
) -> Signer | Unusable:
    content = await attempt.context.vault.download(document)
    opened = await _try_passwords(attempt, application, document, content, [entry.password])
    if isinstance(opened, Unusable) and opened.locked:
        pki = await attempt.context.vault.pki_password()
        opened = await _try_passwords(attempt, application, document, content, [pki])
    return opened


async def _try_passwords(
    attempt: Attempt, application: Application, document: DocumentRef, content: bytes, passwords: Sequence[Secret]
) -> Signer | Unusable:
    name = f"{document.name} (document {document.document_id})"
    now = attempt.context.clock.now()
    return await asyncio.to_thread(open_signer, name, content, passwords, application, now)


def _tried(unusable: Sequence[Unusable]) -> str:
    return "; ".join(f"{one.document}: {one.reason}" for one in unusable)


def _no_signer(tried: str) -> Failed:
    return Failed(
        "the application has no valid signer: removeKey needs a proof by a certificate that is registered on it and "
        f"valid now ({tried})",
        cause=Cause.NO_SIGNER,
    )
