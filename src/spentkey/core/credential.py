"""What the directory shows: applications, service principals and their credentials."""

import base64
import binascii
import re
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from spentkey.core.fingerprint import fingerprint_of
from spentkey.core.reason import Reason

SKEW = timedelta(seconds=300)
"""How far clocks may differ, and how long after its end a credential counts as expired at the earliest."""


class Kind(StrEnum):
    """The two kinds of credential on an application: a password credential, or a key credential."""

    SECRET = "secret"  # noqa: S105  # the name of a kind
    CERTIFICATE = "certificate"

    @property
    def other(self) -> "Kind":
        """The kind that this one is not."""
        return Kind.CERTIFICATE if self is Kind.SECRET else Kind.SECRET


@dataclass(frozen=True)
class Credential:
    """One entry of `passwordCredentials` or `keyCredentials`.

    `end` is None when `endDateTime` is null, unreadable or without a zone, and `start` likewise; `raw` is the canonical
    JSON of the entry as read; `key` is the certificate in DER where the read selected it
    (learn.microsoft.com/graph/api/resources/keycredential).
    """

    key_id: str
    kind: Kind
    display_name: str | None
    end: datetime | None
    raw: str
    type: str | None = None
    usage: str | None = None
    custom_key_identifier: str | None = None
    key: bytes | None = None
    start: datetime | None = None

    @cached_property
    def fingerprint(self) -> str:
        """Enough to tell later whether the entry is unchanged, whatever kind of read shows it."""
        return fingerprint_of(self.raw)

    def names(self) -> list[str]:
        """Every name the credential goes by; old tools kept a secret's name in `customKeyIdentifier`."""
        names = [self.display_name] if self.display_name else []
        if self.kind is Kind.SECRET and self.custom_key_identifier:
            names += _decoded_names(self.custom_key_identifier)
        return names

    def expired(self, now: datetime, grace: timedelta) -> bool:
        """Whether the end, the grace and the skew all lie before `now`; False when the end is not known."""
        return self.end is not None and now - self.end > grace + SKEW


UNREADABLE = "unreadable"
"""What stands in the place of a key id that cannot be read."""


@dataclass(frozen=True)
class UnreadableCredential(Credential):
    """An entry without a key id that can be read: no request can name it. `told` is what stands in the key id's place."""

    where: str = ""
    """Which entry of which list it is, for people."""
    told: str | None = None

    def may_be(self, key_id: str) -> bool:
        """Whether it may be that credential all the same: only the digits of another UUID rule it out."""
        digits = _digits(self.told or "")
        return not _UUID_DIGITS.fullmatch(digits) or digits == _digits(key_id)

    def is_said_to_be(self, key_id: str) -> bool:
        """Whether what stands in the key id's place has the digits of that one."""
        return _digits(self.told or "") == _digits(key_id)


_UUID_DIGITS = re.compile(r"[0-9a-f]{32}", re.ASCII)


def _digits(key_id: str) -> str:
    return re.sub(r"[^0-9a-z]", "", key_id.lower())


def _decoded_names(identifier: str) -> list[str]:
    try:
        raw = base64.b64decode(identifier, validate=True)
    except (binascii.Error, ValueError):
        return []
    return [raw.decode(codec, errors="ignore").strip("\0\ufeff ") for codec in ("utf-8", "utf-16-le")]


class TargetKind(StrEnum):
    """What kind of object holds the credentials."""

    APPLICATION = "application"
    SERVICE_PRINCIPAL = "service-principal"


@dataclass(frozen=True)
class Target:
    """An object of the directory that holds credentials: an app registration, or a service principal."""

    kind: TargetKind
    object_id: str
    app_id: str
    name: str
    """Its display name; empty where it cannot be read."""
    credentials: tuple[Credential, ...]
    token_encryption_key_id: str | None = None
    unreadable: tuple[UnreadableCredential, ...] = ()
    """The entries without a key id that can be read. They forbid a PATCH, which would have to send them again."""
    other_kind: str | None = None
    """The type of the object, where it is of another one than its kind."""
    with_keys: bool = False
    """Whether the read selected `keyCredentials`, so that `key` is shown."""

    def hidden(self, key_id: str, known: Set[str] = frozenset()) -> list[UnreadableCredential]:
        """The entries that cannot be read and may be that credential, but for those of which the fingerprint is known."""
        return [one for one in self.unreadable if one.may_be(key_id) and one.fingerprint not in known]

    def holding(self, key_id: str) -> list[Credential]:
        """All credentials with that key id, of either kind."""
        return list(self._by_key_id.get(key_id, ()))

    @cached_property
    def _by_key_id(self) -> dict[str, list[Credential]]:
        found: dict[str, list[Credential]] = {}
        for credential in self.credentials:
            found.setdefault(credential.key_id, []).append(credential)
        return found

    @property
    def entries(self) -> tuple[Credential, ...]:
        """Everything in its lists, what cannot be read included."""
        return (*self.credentials, *self.unreadable)

    @property
    def certificates(self) -> list[Credential]:
        """Its key credentials."""
        return [credential for credential in self.credentials if credential.kind is Kind.CERTIFICATE]


@dataclass(frozen=True)
class Snapshot:
    """One look at the directory: the application, its service principal, and the directory's own time (`Date`)."""

    application: Target | None
    principal: Target | None
    directory_time: datetime | None
    request_id: str | None = None
    fault: Reason | None = None
    """Why an application that is there cannot be read."""


class OwnKind(StrEnum):
    """What the automation signs in with itself."""

    SECRET = "secret"  # noqa: S105  # the name of a kind
    CERTIFICATE = "certificate"
    FEDERATED_TOKEN = "federated-token"  # noqa: S105  # the name of a kind
    MANAGED_IDENTITY = "managed-identity"

    @property
    def ends(self) -> bool:
        """Whether it ends one day, so that somebody must renew it."""
        return self in (OwnKind.SECRET, OwnKind.CERTIFICATE)


@dataclass(frozen=True)
class OwnCredential:
    """What the automation signs in with; `ends` is None for a kind that does not end, and where the end is not known.

    `among` is how many live secrets it may be: the directory does not show which one was used. `note` is what people
    should know of it beside that; mostly nothing.
    """

    kind: OwnKind
    ends: datetime | None = None
    among: int = 1
    note: str = ""


AUDIT_LOG = "AuditLog.Read.All"
"""The application permission that shows the audit log; no other one includes it."""


@dataclass(frozen=True)
class TokenClaims:
    """Who a token says it is for: the tenant it was issued in, and the client that asked; and what it permits."""

    tenant_id: str
    app_id: str
    roles: frozenset[str] = frozenset()
    """The application permissions that were granted."""

    @property
    def reads_audit_log(self) -> bool:
        """Whether the directory's audit log may be asked."""
        return AUDIT_LOG in self.roles
