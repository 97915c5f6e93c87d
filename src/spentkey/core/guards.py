"""The guards G0, G2 to G7 and G10: one function each, and nothing happens unless all agree.

G1 is `core.task.read_request`, G8 is `core.limits`, and the `Locks` port keeps G9.

Every guard returns None when it agrees, or a value that says no and why. None of them does any input or output.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from spentkey.core.credential import SKEW, Credential, Kind, Snapshot, Target, TokenClaims
from spentkey.core.outcome import NotOurs, Refused
from spentkey.core.rules import RequestRules, TenantRules
from spentkey.core.saml import signing_group
from spentkey.core.sanitize import plain
from spentkey.core.task import RemovalRequest, Request, Task, folded_name, folded_value, read_request, trimmed

PROTECTED_NAMES = ("CWAP_AuthSecret", "ConnectSyncProvisioning_*")
"""Credentials that Microsoft's own services keep: Application Proxy's secret must not be altered or deleted
(learn.microsoft.com/entra/identity/app-proxy/application-proxy-faq); Connect Sync renews its own certificates."""


@dataclass(frozen=True)
class Absent:
    """G4's third answer: the key id is nowhere on the application or its service principal."""


def g0_task_is_ours(task: Task, request: Request | None, rules: RequestRules) -> NotOurs | None:
    """G0: the task is open, with us, not somebody else's, and what it asks for has one of our parameters.

    `request` is None while it has not been read; then only the task itself is judged.
    """
    if not (task.is_open and task.is_ours):
        return NotOurs(task.why_not or "the task is not open and with us")
    wanted = (*rules.names.in_order(), *rules.when)
    if request is not None and request.names().isdisjoint(map(folded_name, wanted)):
        return NotOurs(f"the request has none of the parameters {', '.join(dict.fromkeys(wanted))}")
    return None


def g2_tenant(request: RemovalRequest, tenants: Sequence[TenantRules]) -> TenantRules | Refused:
    """G2: exactly one tenant's `when` matches what the task says."""
    only = len(tenants) == 1
    matching = [one for one in tenants if (only and not one.when) or _when_matches(one.when, request)]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        return Refused("G2", "no configured tenant matches the task's parameters")
    return Refused("G2", f"more than one tenant matches: {', '.join(tenant.name for tenant in matching)}")


def _when_matches(when: Mapping[str, str], request: RemovalRequest) -> bool:
    message = ((request.says(name), value) for name, value in when.items())
    return bool(when) and all(says is not None and says == folded_value(value) for says, value in message)


def g2_identity(token_claims: TokenClaims, tenant_id: str, client_id: str) -> Refused | None:
    """G2: the token was issued in that tenant, to the client that asked for it."""
    if token_claims.tenant_id.lower() != tenant_id.lower():
        return Refused("G2", f"the token is for tenant {token_claims.tenant_id}, not for {tenant_id}")
    if token_claims.app_id.lower() != client_id.lower():
        return Refused("G2", f"the token is for client {token_claims.app_id}, not for {client_id}")
    return None


def g2_application(snapshot: Snapshot, request: RemovalRequest, tenant: TenantRules) -> Target | Refused:
    """G2: the application exists in that tenant, and is the one that was asked for."""
    application = snapshot.application
    if application is None:
        return Refused("G2", f"no application with AppID {request.app_id} exists in tenant {tenant.name}")
    if application.app_id != request.app_id:
        return Refused("G2", f"the directory answered with another application, {application.app_id}")
    return application


def folded(name: str) -> str:
    """A display name as G3 compares it: trimmed, NFC, casefolded; never NFKC, which would merge look-alikes."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", trimmed(name)).casefold())


def g3_name(application: Target, request: RemovalRequest) -> Refused | None:
    """G3: the application's display name is the one that the task gives."""
    if folded(application.name) == folded(request.app_display_name):
        return None
    asked, shown = plain(request.app_display_name), plain(application.name)
    unseen = " (they differ in characters that cannot be seen)" if asked == shown else ""
    return Refused(
        "G3",
        f"AppDisplayName is '{asked}', but the application with this AppID is called '{shown}'{unseen}",
    )


def g4_locate(application: Target, snapshot: Snapshot, request: RemovalRequest) -> Credential | Absent | Refused:
    """G4: the key id stands exactly once, in the list that SecretType names, and nowhere else."""
    if snapshot.principal is not None and snapshot.principal.holding(request.key_id):
        return _on_the_principal(snapshot.principal, request.key_id)
    held = application.holding(request.key_id)
    if not held:
        return Absent()
    if len(held) > 1:
        return Refused("G4", f"{request.key_id} stands {len(held)} times on the application")
    if held[0].kind is not request.kind:
        article = {Kind.SECRET: "client secret", Kind.CERTIFICATE: "certificate"}
        return Refused(
            "G4",
            f"SecretType says {article[request.kind]}, but {request.key_id} is a {article[held[0].kind]}",
        )
    group = signing_group(application, request.key_id)
    return Refused("G4", f"{request.key_id} {_in_group(group)}") if group else held[0]


def _on_the_principal(principal: Target, key_id: str) -> Refused:
    group = signing_group(principal, key_id)
    saml = f", and {_in_group(group)}" if group else ""
    return Refused(
        "G4",
        f"{key_id} is a credential of the service principal, not of the app registration{saml}: "
        "the security team must look at it",
    )


def _in_group(group: Sequence[Credential]) -> str:
    """What a signing group is, for the people who must decide about all of it at once."""
    entries = ", ".join(f"{one.usage or one.kind} {one.key_id}" for one in group)
    return f"belongs to a SAML signing certificate, whose entries must stay together ({entries})"


def g4_not_a_typo(application: Target, kind: Kind, now: datetime, grace: timedelta) -> Refused | None:
    """G4: an absent key id while another expired credential of that kind remains is probably a typing error."""
    remaining = [c.key_id for c in application.credentials if c.kind is kind and c.expired(now, grace)]
    if not remaining:
        return None
    return Refused(
        "G4",
        "SecretID is not on the application, but other expired credentials of that kind are "
        f"(a typing error?): {', '.join(remaining)}",
    )


def g5_expired(
    credential: Credential, now: datetime, directory_time: datetime | None, grace: timedelta
) -> Refused | None:
    """G5: the end, the grace and 300 s lie in the past by our clock and by the directory's, which agree to 300 s."""
    if credential.end is None:
        return Refused("G5", "the credential's endDateTime is missing or cannot be read, so it may never expire")
    if directory_time is None:
        return Refused("G5", "the directory's answer carries no Date, so its clock cannot be compared with ours")
    if abs(now - directory_time) > SKEW:
        apart = round(abs(now - directory_time).total_seconds())
        return Refused("G5", f"our clock and the directory's are {apart} s apart; at most 300 s are allowed")
    if all(credential.expired(clock, grace) for clock in (now, directory_time)):
        return None
    waiting = f" plus {grace.days} days of grace" if grace else ""
    return Refused("G5", f"the credential has not expired: it ends at {credential.end.isoformat()}{waiting}")


def g6_not_protected(
    credential: Credential, application: Target, protected: Sequence[str], own_apps: frozenset[str]
) -> Refused | None:
    """G6: neither Microsoft's services, nor the operator's list, nor the automation itself depend on it."""
    if application.app_id in own_apps:
        return Refused("G6", "the application is the automation's own")
    if (application.token_encryption_key_id or "").lower() == credential.key_id:
        return Refused("G6", "the certificate is the application's token encryption key (tokenEncryptionKeyId)")
    if application.app_id in (entry.strip().lower() for entry in protected):
        return Refused("G6", "the application is on the operator's list of protected applications")
    listed = [entry.removeprefix("name:").strip() for entry in protected if entry.startswith("name:")]
    for pattern in (*PROTECTED_NAMES, *listed):
        if any(fnmatchcase(name.casefold(), pattern.casefold()) for name in credential.names()):
            return Refused("G6", f"the credential's name matches the protected name {pattern}")
    return None


def g7_still_says_the_same(
    task: Task | None, shown: Request, request: RemovalRequest, rules: RequestRules
) -> Refused | None:
    """G7: read again, the task still passes G0 and its parameters still ask for the same."""
    changed = g7_still_ours(task, rules) or g7_as_first_seen(shown)
    if changed is not None:
        return changed
    if read_request(shown, rules) != request:
        return Refused("G7", "the request's parameters changed while the task was being worked on")
    return None


def g10_lists_unchanged(judged: Target, snapshot: Snapshot) -> Refused | None:
    """G10: the credential lists read just before the write are those that were judged."""
    now = snapshot.application
    if now is not None and _listed(now) == _listed(judged) and now.name == judged.name:
        return None
    return Refused("G10", "the application's credentials changed between judging and removing")


def _listed(application: Target) -> tuple[str | None, frozenset[tuple[Kind, str, str]]]:
    held = frozenset((one.kind, one.key_id, one.fingerprint) for one in application.credentials)
    return application.token_encryption_key_id, held


def g7_as_first_seen(shown: Request) -> Refused | None:
    """G7: the request is what it was when work on it first began, as far as the desk keeps that."""
    return Refused("G7", shown.changed) if shown.changed else None


def g7_still_ours(task: Task | None, rules: RequestRules) -> Refused | None:
    """G7, for the task alone: it still exists and still passes G0."""
    if task is None:
        return Refused("G7", "the task no longer exists")
    not_ours = g0_task_is_ours(task, None, rules)
    if not_ours is not None:
        return Refused("G7", f"the task changed while it was being worked on: {not_ours.reason}")
    return None
