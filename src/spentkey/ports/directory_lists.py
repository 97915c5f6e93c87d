"""The whole lists of a directory, for a scan: every page of them, or a plain word that a page is missing."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from spentkey.core.credential import TargetKind
from spentkey.core.errors import Outage
from spentkey.core.listed import CredentialUse, ListedPage, Owner
from spentkey.core.reason import Reason


class ListBroken(Outage):
    """The links of a list lead in a circle, or to somewhere else: what was read is a part of the list, however long."""


class DirectoryLists(Protocol):
    """The whole lists of one tenant's directory, for a scan. Reads only."""

    def pages(self, kind: TargetKind) -> AsyncIterator[ListedPage]:
        """Every page of the list, in order, each retried until it is there; ends only behind a page without a link.

        Raises `Outage` where a page cannot be had (`ListBroken` where the links of the directory lead in a circle or to
        another list or host), and `AccessRefused` where the list may not be read: what was yielded before is then a
        part of the list only.
        """
        ...

    async def count(self, kind: TargetKind) -> int | None:
        """The directory's own counter; None where it has none or cannot be read: never a failure."""
        ...

    async def owners(self, kind: TargetKind, object_ids: Sequence[str]) -> Mapping[str, tuple[Owner, ...] | None]:
        """The owners of each of these objects; None: they could not be read whole."""
        ...

    async def federated(self, object_ids: Sequence[str]) -> Mapping[str, int | None]:
        """How many federated credentials each of these applications has; None: they could not be read whole."""
        ...

    async def credential_use(self) -> Mapping[str, CredentialUse] | Reason:
        """The whole report of use by key id; a `Reason` where it is not available (licence, permission, another cloud)."""
        ...

    async def deleted_applications(self) -> Mapping[str, datetime | None] | None:
        """The deleted applications by object id, and when each was deleted; None where the list cannot be read whole."""
        ...

    async def reads_audit_log(self) -> bool:
        """Whether our token may ask the audit log, and with it the report of use."""
        ...
