"""What can become of each credential of an object, asked of the same guards that judge a removal."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final, Literal

from spentkey.core.classified import Classified, CredentialClass, ScanRules, Successor
from spentkey.core.credential import Credential, Kind, Snapshot, Target, TargetKind, UnreadableCredential
from spentkey.core.guards import (
    Absent,
    Unread,
    g2_application,
    g3_name,
    g4_locate,
    g5_expired,
    g5_plainly_live,
    g6_not_protected,
    unread_name,
)
from spentkey.core.listed import CredentialUse, ListedObject
from spentkey.core.outcome import Refused
from spentkey.core.reason import Reason, listed
from spentkey.core.rules import Rules, TenantRules
from spentkey.core.saml import signing_group
from spentkey.core.scan_reasons import (
    SCAN_BY_PATCH,
    SCAN_NEEDS_SIGNER,
    SCAN_NO_SIGNER,
    SCAN_REMOVABLE,
    SCAN_UNREADABLE,
)
from spentkey.core.signer import valid_signers
from spentkey.core.step_reasons import NO_PRINCIPAL
from spentkey.core.task import RemovalRequest, Request, read_request


class _NotLooked(Enum):
    NOT_LOOKED = "not-looked"


NOT_LOOKED: Final = _NotLooked.NOT_LOOKED
"""Nobody looked yet whether the application has a service principal."""
KnownPrincipal = Target | Literal[_NotLooked.NOT_LOOKED] | None
"""The service principal of an application; None where it has none."""


@dataclass(frozen=True)
class _Inquiry:
    """One object, and everything that decides about its credentials."""

    tenant: TenantRules
    holder: ListedObject
    rules: Rules
    scan: ScanRules
    now: datetime
    directory_time: datetime
    principal: KnownPrincipal

    @property
    def snapshot(self) -> Snapshot:
        """The object as one look of a removal shows it; a service principal beside an application that holds nothing."""
        target = self.holder.target
        if target.kind is TargetKind.SERVICE_PRINCIPAL:
            bare = Target(TargetKind.APPLICATION, "", target.app_id, _asked_name(target), ())
            return Snapshot(bare, target, self.directory_time)
        return Snapshot(target, None if self.principal is NOT_LOOKED else self.principal, self.directory_time)


def classify(
    tenant: TenantRules,
    holder: ListedObject,
    rules: Rules,
    scan: ScanRules,
    now: datetime,
    *,
    principal: KnownPrincipal = NOT_LOOKED,
    directory_time: datetime | None = None,
    with_live: bool = True,
) -> list[Classified]:
    """Every credential of the object, in the order of its lists.

    `rules.own_apps` holds the automation's own client id too. `with_live=False` leaves out what has not ended and does
    not end soon, before anything else is looked at: that is nearly all of a tenant.
    """
    asked = _Inquiry(tenant, holder, rules, scan, now, directory_time or now, principal)
    chosen = [
        one
        for one in holder.target.entries
        if with_live or _class_by_end(one, asked) is not CredentialClass.LIVE or not _not_expired(one, asked)
    ]
    if not chosen:
        return []
    snapshot, team = asked.snapshot, team_of(holder, scan)
    return [_classified(one, asked, snapshot, team) for one in chosen]


def _not_expired(credential: Credential, asked: _Inquiry) -> bool:
    return g5_plainly_live(credential, asked.now, asked.directory_time, asked.rules.grace)


def _class_by_end(credential: Credential, asked: _Inquiry) -> CredentialClass:
    soon = credential.end is not None and credential.end - asked.now <= asked.scan.within
    return CredentialClass.EXPIRING if soon else CredentialClass.LIVE


def _classified(credential: Credential, asked: _Inquiry, snapshot: Snapshot, team: str | None) -> Classified:
    refusal = _refusal(credential, asked, snapshot)
    living = (
        g5_expired(credential, asked.now, asked.directory_time, asked.rules.grace)
        if _not_expired(credential, asked)
        else None
    )
    if living is not None:
        klass, reason = _class_by_end(credential, asked), living.reason
    elif refusal is not None:
        klass, reason = _class_of(refusal, credential, asked), refusal.reason
    else:
        klass, reason = _without_refusal(credential, asked)
    guard = refusal.guard if isinstance(refusal, Refused) else None
    following = None if klass is CredentialClass.LIVE else successor_of(credential, asked.holder.target, asked.now)
    return Classified(asked.tenant.name, asked.holder, credential, klass, reason, team, following, guard)


def _refusal(credential: Credential, asked: _Inquiry, snapshot: Snapshot) -> Refused | Unread | None:
    """What the guards say of a removal, in the order in which a run asks them; None where they all agree."""
    if isinstance(credential, UnreadableCredential):
        return Unread(SCAN_UNREADABLE(where=credential.where))
    target = asked.holder.target
    unnamed = unread_name(target) if target.kind is TargetKind.APPLICATION else None
    request = _request_for(credential, asked)
    if isinstance(request, Refused):
        return unnamed or request
    application = g2_application(snapshot, request, asked.tenant)
    if not isinstance(application, Target):
        return application
    located = unnamed or g3_name(application, request) or g4_locate(application, snapshot, request)
    if isinstance(located, Refused | Unread):
        return located
    if isinstance(located, Absent):  # pragma: no cover  # it stands in the list that was just read
        raise TypeError(credential.key_id)
    return g5_expired(located, asked.now, asked.directory_time, asked.rules.grace) or g6_not_protected(
        located, application, asked.rules.protected, asked.rules.own_apps
    )


def _request_for(credential: Credential, asked: _Inquiry) -> RemovalRequest | Refused:
    """The request that would ask for it, as guard G1 reads it."""
    target, rules = asked.holder.target, asked.rules.request
    names = rules.names
    word = next((word for word, kind in rules.secret_types.items() if kind is credential.kind), credential.kind.value)
    values: Mapping[str, str] = {
        **{one: asked.tenant.when.get(one, "-") for one in rules.when},
        names.app_display_name: _asked_name(target),
        names.app_id: target.app_id,
        names.secret_id: credential.key_id,
        names.secret_type: word,
    }
    return read_request(Request(values), rules)


def _asked_name(target: Target) -> str:
    """The name that a request would give; of a principal no guard compares it, so one without a name is as good."""
    return target.name if target.kind is TargetKind.APPLICATION else target.app_id


def _class_of(refusal: Refused | Unread, credential: Credential, asked: _Inquiry) -> CredentialClass:
    target = asked.holder.target
    if isinstance(refusal, Unread):
        return CredentialClass.DOUBTFUL
    if refusal.guard == "G2" and target.other_kind is not None:
        return CredentialClass.OTHER_KIND
    if refusal.guard == "G6":
        return CredentialClass.PROTECTED
    if refusal.guard == "G4":
        return _class_by_holder(credential, asked)
    return CredentialClass.DOUBTFUL


def _class_by_holder(credential: Credential, asked: _Inquiry) -> CredentialClass:
    target, principal = asked.holder.target, asked.principal
    on_principal = target.kind is TargetKind.SERVICE_PRINCIPAL
    if isinstance(principal, Target) and principal.holding(credential.key_id):
        target, on_principal = principal, True
    if signing_group(target, credential.key_id):
        return CredentialClass.SAML_GROUP
    return CredentialClass.ON_PRINCIPAL if on_principal else CredentialClass.DOUBTFUL


def _without_refusal(credential: Credential, asked: _Inquiry) -> tuple[CredentialClass, Reason]:
    """No guard refuses it: a secret can go; a certificate by a signer, or where it is allowed without one."""
    end, target = f"{credential.end:%Y-%m-%d}", asked.holder.target
    if credential.kind is Kind.SECRET:
        return CredentialClass.REMOVABLE, SCAN_REMOVABLE(end=end)
    if asked.rules.patch_allowed and asked.scan.reads_audit_log and not target.unreadable:
        return CredentialClass.REMOVABLE, SCAN_BY_PATCH(end=end)
    if asked.principal is None:
        return CredentialClass.NO_SIGNER, NO_PRINCIPAL()
    signers = valid_signers(target, asked.now)
    if not signers:
        return CredentialClass.NO_SIGNER, SCAN_NO_SIGNER(end=end)
    names = listed([one.display_name or one.key_id for one in signers])
    return CredentialClass.NEEDS_SIGNER, SCAN_NEEDS_SIGNER(end=end, signers=names)


def team_of(holder: ListedObject, scan: ScanRules) -> str | None:
    """The team that the object's attribute names; None where it names none that is known."""
    found = {
        "serviceManagementReference": holder.service_management_reference,
        "notes": holder.notes,
    }.get(scan.team_from)
    return scan.teams.get(found.strip()) if found else None


def successor_of(credential: Credential, holder: Target, now: datetime) -> Successor | None:
    """The live credential of the same kind that ends last and after this one; of a signing group no other member."""
    group = signing_group(holder, credential.key_id)
    others = [
        (one.end, one.key_id)
        for one in holder.credentials
        if one.kind is credential.kind
        and one.usage == credential.usage
        and one.key_id != credential.key_id
        and one not in group
        and one.end is not None
        and one.end > now
        and (credential.end is None or one.end > credential.end)
    ]
    if not others:
        return None
    end, key_id = max(others)
    return Successor(key_id, end)


def with_use(classified: Classified, use: Mapping[str, CredentialUse]) -> Classified:
    """The same, with what the report of sign-ins shows of its successor; a key id that it does not show is not recorded."""
    following = classified.successor
    if following is None or following.key_id not in use:
        return classified
    return replace(classified, successor=replace(following, use=str(use[following.key_id].state)))
