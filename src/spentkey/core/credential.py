"""What the directory shows: applications, service principals and their credentials."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

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
    JSON of the entry as read, by which survivors are compared; `key` is the certificate in DER where the read selected
    it (learn.microsoft.com/graph/api/resources/keycredential).
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

    @property
    def fingerprint(self) -> str:
        """SHA-256 of `raw` in hexadecimal: enough to tell later whether the entry is unchanged."""
        return hashlib.sha256(self.raw.encode()).hexdigest()

    def names(self) -> list[str]:
        """Every name the credential goes by; old tools kept a secret's name in `customKeyIdentifier`."""
        names = [self.display_name] if self.display_name else []
        if self.kind is Kind.SECRET and self.custom_key_identifier:
            names += _decoded_names(self.custom_key_identifier)
        return names

    def expired(self, now: datetime, grace: timedelta) -> bool:
        """Whether the end, the grace and the skew all lie before `now`; False when the end is not known."""
        return self.end is not None and now - self.end > grace + SKEW


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
    """Its display name."""
    credentials: tuple[Credential, ...]
    token_encryption_key_id: str | None = None

    def holding(self, key_id: str) -> list[Credential]:
        """All credentials with that key id, of either kind."""
        return [credential for credential in self.credentials if credential.key_id == key_id]

    @property
    def certificates(self) -> list[Credential]:
        """Its key credentials."""
        return [credential for credential in self.credentials if credential.kind is Kind.CERTIFICATE]

    def live_secret_ends(self, now: datetime) -> list[datetime]:
        """When its live secrets end, the soonest first."""
        ends = [one.end for one in self.credentials if one.kind is Kind.SECRET and one.end is not None]
        return sorted(end for end in ends if end > now)


@dataclass(frozen=True)
class Snapshot:
    """One look at the directory: the application, its service principal, and the directory's own time (`Date`)."""

    application: Target | None
    principal: Target | None
    directory_time: datetime | None
    request_id: str | None = None


@dataclass(frozen=True)
class TokenClaims:
    """Who a token says it is for: the tenant it was issued in, and the client that asked."""

    tenant_id: str
    app_id: str
