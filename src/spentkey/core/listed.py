"""What a list of the directory shows: objects with their credentials, owners, use."""

from dataclasses import dataclass
from datetime import datetime

from spentkey.core.credential import Target
from spentkey.core.reason import Reason


@dataclass(frozen=True)
class ListedObject:
    """An application or a service principal as the list of its tenant shows it."""

    target: Target
    created: datetime | None = None
    service_management_reference: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] = ()
    principal_type: str | None = None
    owner_tenant: str | None = None
    disabled: bool | None = None
    created_by: str | None = None


@dataclass(frozen=True)
class ListedPage:
    """One page of a list, as it was read whole."""

    number: int
    """Counted from 1."""
    objects: tuple[ListedObject, ...]
    unreadable: tuple[Reason, ...] = ()
    """The entries that are no objects which can be read: each of them makes the list incomplete."""
    retried: int = 0
    """How many requests it took beyond the first."""


@dataclass(frozen=True)
class Owner:
    """An owner of an object; name and mail are None where the directory does not show them."""

    object_id: str
    name: str | None
    mail: str | None


@dataclass(frozen=True)
class CredentialUse:
    """Whether a credential signed in, as the directory's report shows it; a missing row never means unused."""

    state: str
    last: datetime | None = None
    why: Reason | None = None
