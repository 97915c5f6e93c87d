"""The vocabulary of the built-in world: applications with their credentials, and what is asked of them.

A label ("spent") names a credential within its application, secrets and certificates alike; ids, keys and passwords
are made from the seed later.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Written = Callable[[str], str]
"""How the requester wrote a value: from the right one to the one that stands in the request."""


@dataclass(frozen=True)
class Location:
    """A tenant. `onderwijs` is the parameter that chooses it, `entry` the vault entry that holds its client."""

    name: str
    tenant_id: str
    domain: str
    subscription_id: str
    entry: str
    onderwijs: str


PRODUCTION = Location(
    name="production",
    tenant_id="c3c1e6bb-1ebf-4335-ad13-3419266a9781",
    domain="gentplus.onmicrosoft.com",
    subscription_id="9f3c9e4f-7451-44cc-80c0-258e49e49192",
    entry="Sys_Azure_AppRegs_PR",
    onderwijs="No",
)
ONDERWIJS = Location(
    name="onderwijs",
    tenant_id="c32c6912-0c85-4d02-8d38-51da93512d64",
    domain="onderwijsstadgent.onmicrosoft.com",
    subscription_id="638468ab-6418-4403-8c17-5a03453d5489",
    entry="Sys_Azure_OND_Admin",
    onderwijs="Yes",
)


@dataclass(frozen=True)
class Secret:
    """A client secret; its label is also its display name. An `end` of None is a directory entry without an end."""

    label: str
    end: str | None = "-30d"
    begin: str = "-760d"


@dataclass(frozen=True)
class Certificate:
    """A certificate; `begin` and `end` are those of the certificate and of its registration alike."""

    label: str
    end: str = "-30d"
    begin: str = "-760d"


LIVE_SECRET = Secret("in use", "+200d", "-165d")
LIVE_CERTIFICATE = Certificate("current", "+300d", "-65d")
OLD_CERTIFICATE = Certificate("previous")
RENEWED = (OLD_CERTIFICATE, LIVE_CERTIFICATE)
"""What an application holds after a renewal: the certificate that has expired, and the one in use."""


class Lock(StrEnum):
    """Whose password opens a PFX."""

    ENTRY = "entry"
    PKI = "pki"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Pfx:
    """A PFX in the vault: the certificate of that label, with its key."""

    label: str = LIVE_CERTIFICATE.label
    lock: Lock = Lock.ENTRY
    suffix: str = ".pfx"


@dataclass(frozen=True)
class VaultEntry:
    """The entry of an application in the list of certificates. By title alone it carries no AppID anywhere."""

    documents: tuple[Pfx, ...] = (Pfx(),)
    by_title: bool = False


@dataclass(frozen=True)
class App:
    """An app registration. One that is not registered is known to requesters only."""

    name: str
    secrets: tuple[Secret, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    location: Location = PRODUCTION
    principal_secrets: tuple[Secret, ...] = ()
    vault: VaultEntry | None = None
    token_encryption: str | None = None
    owners_only: bool = False
    registered: bool = True

    @property
    def slug(self) -> str:
        """The name in plain lower-case letters, for files and certificate subjects."""
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode().lower()
        return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")

    @property
    def labels(self) -> frozenset[str]:
        """The labels of all its credentials."""
        return frozenset(one.label for one in (*self.secrets, *self.certificates, *self.principal_secrets))


@dataclass(frozen=True)
class Ending:
    """What should become of a task: outcome, ticket, and the guard that refuses."""

    outcome: str
    ticket: str
    guard: str | None = None


REMOVED = Ending("removed", "closed")
ALREADY_GONE = Ending("already-gone", "closed")
FAILED = Ending("failed", "handed-off")
NOT_OURS = Ending("not-ours", "untouched")


def refused(guard: str) -> Ending:
    """A refusal by that guard, handed over to people."""
    return Ending("refused", "handed-off", guard)


@dataclass(frozen=True)
class Scene:
    """One task, and what it shows.

    `asks` is the label of the credential that is to go; a label that the application lacks gives an id that is
    nowhere. `written` changes how a parameter is spelt, `repeated` adds parameters that name further labels.
    `reason` is a text that the reason must contain, or the label of a credential whose id it must contain. `task`
    overrides fields of the task.
    """

    number: int
    shows: str
    app: App
    asks: str
    ending: Ending
    type: str = "Secret"
    written: Mapping[str, Written] = field(default_factory=dict[str, Written])
    repeated: tuple[tuple[str, str], ...] = ()
    reason: str | None = None
    task: Mapping[str, str | int] = field(default_factory=dict[str, str | int])
