"""The guards G0, G2 to G7 and G10: one function each, and nothing happens unless all agree.

G1 is `core.task.read_request`, G8 is `core.limits`, and the `Locks` port keeps G9.

Every guard returns None when it agrees, or a value that says no and why. None of them does any input or output.
"""

import unicodedata
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from spentkey.core.credential import SKEW, Credential, Kind, Snapshot, Target, TokenClaims
from spentkey.core.guard_reasons import (
    AND_SAML_GROUP,
    G0_NO_PARAMETERS,
    G0_NOT_OURS,
    G2_NO_APPLICATION,
    G2_NO_TENANT,
    G2_OTHER_APPLICATION,
    G2_OTHER_KIND,
    G2_SEVERAL_TENANTS,
    G2_TOKEN_OF_OTHER_CLIENT,
    G2_TOKEN_OF_OTHER_TENANT,
    G3_ALIKE_SO_FAR,
    G3_LOOK_ALIKE,
    G3_NAMELESS,
    G3_OTHER_NAME,
    G4_HIDDEN,
    G4_ON_PRINCIPAL,
    G4_OTHER_KIND,
    G4_REPEATED,
    G4_SAML,
    G4_TYPING_ERROR,
    G5_CLOCKS_APART,
    G5_END_BEFORE_START,
    G5_END_MEANS_UNKNOWN,
    G5_NO_DATE,
    G5_NO_END,
    G5_NOT_EXPIRED,
    G6_LISTED,
    G6_OWN_APPLICATION,
    G6_PROTECTED_NAME,
    G6_TOKEN_ENCRYPTION_KEY,
    G7_PARAMETERS_CHANGED,
    G7_TASK_CHANGED,
    G7_TASK_GONE,
    G10_LISTS_CHANGED,
    PLUS_GRACE,
    SAML_GROUP,
    entries_of,
    kind_word,
)
from spentkey.core.outcome import NotOurs, Refused
from spentkey.core.reason import Reason, reason_for
from spentkey.core.rules import ParameterNames, RequestRules, TenantRules
from spentkey.core.saml import signing_group
from spentkey.core.sanitize import plain
from spentkey.core.task import RemovalRequest, Request, Task, folded_name, folded_value, read_request
from spentkey.core.trim import trimmed
from spentkey.core.unseen import as_seen, unseen_differences

PROTECTED_NAMES = ("CWAP_AuthSecret", "ConnectSyncProvisioning_*")
"""Credentials that Microsoft's own services keep: Application Proxy's secret must not be altered or deleted
(learn.microsoft.com/entra/identity/app-proxy/application-proxy-faq); Connect Sync renews its own certificates."""

NO_END_BEFORE = datetime(2013, 1, 1, tzinfo=UTC)
"""The directory's Graph API is of 2013: an earlier end was never meant as one."""


@dataclass(frozen=True)
class Absent:
    """G4's third answer: the key id is nowhere on the application or its service principal."""


@dataclass(frozen=True)
class Unread:
    """What was asked about is there, but cannot be read, so no guard can judge it; people must look if that lasts."""

    reason: Reason


def g0_task_is_ours(task: Task, request: Request | None, rules: RequestRules) -> NotOurs | None:
    """G0: the task is open, with us, not somebody else's, and what it asks for has one of our parameters.

    `request` is None while it has not been read; then only the task itself is judged.
    """
    if not (task.is_open and task.is_ours):
        return NotOurs(reason_for(task.why_not) if task.why_not else G0_NOT_OURS())
    wanted = (*rules.names.in_order(), *rules.when)
    if request is not None and request.names().isdisjoint(map(folded_name, wanted)):
        return NotOurs(G0_NO_PARAMETERS(names=", ".join(dict.fromkeys(wanted))))
    return None


def g2_tenant(request: RemovalRequest, tenants: Sequence[TenantRules]) -> TenantRules | Refused:
    """G2: exactly one tenant's `when` matches what the task says."""
    only = len(tenants) == 1
    matching = [one for one in tenants if (only and not one.when) or _when_matches(one.when, request)]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        return Refused("G2", G2_NO_TENANT())
    return Refused("G2", G2_SEVERAL_TENANTS(tenants=", ".join(tenant.name for tenant in matching)))


def _when_matches(when: Mapping[str, str], request: RemovalRequest) -> bool:
    message = ((request.says(name), value) for name, value in when.items())
    return bool(when) and all(says is not None and says == folded_value(value) for says, value in message)


def g2_identity(token_claims: TokenClaims, tenant_id: str, client_id: str) -> Refused | None:
    """G2: the token was issued in that tenant, to the client that asked for it."""
    if token_claims.tenant_id.lower() != tenant_id.lower():
        return Refused("G2", G2_TOKEN_OF_OTHER_TENANT(found=token_claims.tenant_id, wanted=tenant_id))
    if token_claims.app_id.lower() != client_id.lower():
        return Refused("G2", G2_TOKEN_OF_OTHER_CLIENT(found=token_claims.app_id, wanted=client_id))
    return None


def g2_application(snapshot: Snapshot, request: RemovalRequest, tenant: TenantRules) -> Target | Refused | Unread:
    """G2: the application exists in that tenant, and is the one that was asked for, and an application."""
    application = snapshot.application
    if snapshot.fault is not None:
        return Unread(snapshot.fault)
    if application is None:
        return Refused("G2", G2_NO_APPLICATION(app_id=request.app_id, tenant=tenant.name))
    if application.app_id != request.app_id:
        return Refused("G2", G2_OTHER_APPLICATION(app_id=application.app_id))
    if application.other_kind is not None:
        return Refused("G2", G2_OTHER_KIND(kind=plain(application.other_kind)))
    return application


def folded(name: str) -> str:
    """A display name as G3 compares it: trimmed, NFC, casefolded; never NFKC, which would merge look-alikes."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", trimmed(name)).casefold())


def unread_name(application: Target) -> Unread | None:
    """Before G3: a name that the directory does not show cannot be compared."""
    return Unread(G3_NAMELESS()) if not application.name else None


def g3_name(application: Target, request: RemovalRequest) -> Refused | None:
    """G3: the application's display name is the one that the task gives."""
    if folded(application.name) == folded(request.app_display_name):
        return None
    asked, shown = plain(request.app_display_name), plain(application.name)
    name = request.names.app_display_name
    if folded(as_seen(application.name)) == folded(as_seen(request.app_display_name)):
        differences = unseen_differences(trimmed(request.app_display_name), trimmed(application.name), name)
        return Refused("G3", G3_LOOK_ALIKE(name=name, asked=asked, shown=shown, differences=differences))
    if asked == shown:
        return Refused("G3", G3_ALIKE_SO_FAR(name=name, asked=asked))
    return Refused("G3", G3_OTHER_NAME(name=name, asked=asked, shown=shown))


def g4_locate(
    application: Target, snapshot: Snapshot, request: RemovalRequest, known: Set[str] = frozenset()
) -> Credential | Absent | Refused | Unread:
    """G4: the key id stands exactly once, in the list that SecretType names, and nowhere else.

    An entry that cannot be read may be it, unless its fingerprint is `known` to be that of another one.
    """
    principal = snapshot.principal
    if principal is not None and principal.holding(request.key_id):
        return _on_the_principal(principal, request.key_id)
    held = application.holding(request.key_id)
    hidden = [one for holder in (application, principal) if holder for one in holder.hidden(request.key_id, known)]
    if held:  # then it is named twice at most
        hidden = [one for one in hidden if one.is_said_to_be(request.key_id)]
    if hidden:
        return Unread(G4_HIDDEN(entries=", ".join(one.where for one in hidden)))
    if not held:
        return Absent()
    if len(held) > 1:
        return Refused("G4", G4_REPEATED(key_id=request.key_id, count=len(held)))
    if held[0].kind is not request.kind:
        name, asked, found = request.names.secret_type, kind_word(request.kind), kind_word(held[0].kind)
        return Refused(
            "G4",
            G4_OTHER_KIND(name=name, asked=asked, key_id=request.key_id, found=found),
        )
    group = signing_group(application, request.key_id)
    return Refused("G4", G4_SAML(key_id=request.key_id, group=_in_group(group))) if group else held[0]


def _on_the_principal(principal: Target, key_id: str) -> Refused:
    group = signing_group(principal, key_id)
    saml = AND_SAML_GROUP(group=_in_group(group)) if group else ""
    return Refused(
        "G4",
        G4_ON_PRINCIPAL(key_id=key_id, saml=saml),
    )


def _in_group(group: Sequence[Credential]) -> Reason:
    """What a signing group is, for the people who must decide about all of it at once."""
    return SAML_GROUP(entries=entries_of(group))


def g4_not_a_typo(
    application: Target, kind: Kind, now: datetime, grace: timedelta, name: str = ParameterNames().secret_id
) -> Refused | None:
    """G4: an absent key id while another expired credential of that kind remains is probably a typing error.

    `name` is what the service desk calls the parameter with the key id.
    """
    remaining = [c.key_id for c in application.credentials if c.kind is kind and c.expired(now, grace)]
    if not remaining:
        return None
    return Refused(
        "G4",
        G4_TYPING_ERROR(name=name, others=", ".join(remaining)),
    )


def g5_expired(
    credential: Credential, now: datetime, directory_time: datetime | None, grace: timedelta
) -> Refused | None:
    """G5: the end, the grace and 300 s lie in the past by our clock and by the directory's, which agree to 300 s."""
    if credential.end is None:
        return Refused("G5", G5_NO_END())
    meant_otherwise = _stands_for_unknown(credential.start, credential.end)
    if meant_otherwise is not None:
        return meant_otherwise
    if directory_time is None:
        return Refused("G5", G5_NO_DATE())
    if clocks_apart(now, directory_time):
        apart = round(abs(now - directory_time).total_seconds())
        return Refused("G5", G5_CLOCKS_APART(apart=apart))
    if g5_expired_by_both(credential, now, directory_time, grace):
        return None
    waiting = PLUS_GRACE(days=grace.days) if grace else ""
    return Refused("G5", G5_NOT_EXPIRED(end=credential.end.isoformat(), grace=waiting))


def g5_expired_by_both(credential: Credential, now: datetime, directory_time: datetime, grace: timedelta) -> bool:
    """Whether the end, the grace and 300 s lie in the past by both clocks, whatever else G5 says of them."""
    return credential.expired(now, grace) and credential.expired(directory_time, grace)


def g5_plainly_live(credential: Credential, now: datetime, directory_time: datetime, grace: timedelta) -> bool:
    """Whether G5 refuses for the one reason that it has not expired; for a scan, which asks this of every credential."""
    if credential.end is None or g5_expired_by_both(credential, now, directory_time, grace):
        return False
    return _stands_for_unknown(credential.start, credential.end) is None and not clocks_apart(now, directory_time)


def clocks_apart(ours: datetime, theirs: datetime | None) -> bool:
    """Whether two clocks, read at one moment, are more than 300 s apart; False where there is only one."""
    return theirs is not None and abs(ours - theirs) > SKEW


def g5_our_clock_alone(from_directory: timedelta, from_third: timedelta) -> bool:
    """Whether a third clock says that ours is the one that is wrong, by how far ours is ahead of the other two."""
    return min(abs(from_directory), abs(from_third)) > SKEW and abs(from_directory - from_third) <= SKEW


def _stands_for_unknown(start: datetime | None, end: datetime) -> Refused | None:
    """An end that nobody can have meant as one; a start that is null or unreadable refuses nothing."""
    if end < NO_END_BEFORE:
        return Refused("G5", G5_END_MEANS_UNKNOWN(end=end.isoformat()))
    if start is not None and end <= start:
        return Refused("G5", G5_END_BEFORE_START(end=end.isoformat(), start=start.isoformat()))
    return None


def g6_not_protected(
    credential: Credential, application: Target, protected: Sequence[str], own_apps: frozenset[str]
) -> Refused | None:
    """G6: neither Microsoft's services, nor the operator's list, nor the automation itself depend on it."""
    if application.app_id in own_apps:
        return Refused("G6", G6_OWN_APPLICATION())
    if (application.token_encryption_key_id or "").lower() == credential.key_id:
        return Refused("G6", G6_TOKEN_ENCRYPTION_KEY())
    if application.app_id in (entry.strip().lower() for entry in protected):
        return Refused("G6", G6_LISTED())
    listed = [entry.removeprefix("name:").strip() for entry in protected if entry.startswith("name:")]
    for pattern in (*PROTECTED_NAMES, *listed):
        if any(fnmatchcase(name.casefold(), pattern.casefold()) for name in credential.names()):
            return Refused("G6", G6_PROTECTED_NAME(pattern=pattern))
    return None


def g7_still_says_the_same(
    task: Task | None, shown: Request, request: RemovalRequest, rules: RequestRules
) -> Refused | None:
    """G7: read again, the task still passes G0 and its parameters still ask for the same."""
    changed = g7_still_ours(task, rules) or g7_as_first_seen(shown)
    if changed is not None:
        return changed
    if read_request(shown, rules) != request:
        return Refused("G7", G7_PARAMETERS_CHANGED())
    return None


def g10_lists_unchanged(judged: Target, snapshot: Snapshot, *, raw: bool = False) -> Refused | None:
    """G10: the credential lists read just before the write are those that were judged.

    With `raw` every byte of them is compared, as is due before a PATCH, which writes the list as it was read.
    """
    now = snapshot.application
    if now is not None and _listed(now, raw) == _listed(judged, raw) and now.name == judged.name:
        return None
    return Refused("G10", G10_LISTS_CHANGED())


def _listed(application: Target, raw: bool) -> tuple[str | None, list[tuple[Kind, str, str]]]:
    held = [(one.kind, one.key_id, one.raw if raw else one.fingerprint) for one in application.entries]
    return application.token_encryption_key_id, sorted(held)


def g7_as_first_seen(shown: Request) -> Refused | None:
    """G7: the request is what it was when work on it first began, as far as the desk keeps that."""
    return Refused("G7", reason_for(shown.changed)) if shown.changed else None


def g7_still_ours(task: Task | None, rules: RequestRules) -> Refused | None:
    """G7, for the task alone: it still exists and still passes G0."""
    if task is None:
        return Refused("G7", G7_TASK_GONE())
    not_ours = g0_task_is_ours(task, None, rules)
    if not_ours is not None:
        return Refused("G7", G7_TASK_CHANGED(why=not_ours.reason))
    return None
