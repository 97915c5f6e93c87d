"""The whole lists of one tenant through Microsoft Graph: the `DirectoryLists` of a scan."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from spentkey.adapters.entra.authorised import Headers, with_token
from spentkey.adapters.entra.credential_use import PATH as USE
from spentkey.adapters.entra.credential_use import add_rows
from spentkey.adapters.entra.list_reasons import USE_NOT_AVAILABLE
from spentkey.adapters.entra.listed_wire import read_entry
from spentkey.adapters.entra.many import Body, read_many
from spentkey.adapters.entra.owners import SELECT, read_owners
from spentkey.adapters.entra.paging import NEXT, Paging, entries_and_link
from spentkey.adapters.entra.quota import Quota
from spentkey.adapters.entra.reasons import LOG_NOT_GRANTED
from spentkey.adapters.entra.wire import canonical_id, read_moment
from spentkey.core.credential import AUDIT_LOG, TargetKind
from spentkey.core.errors import Outage, SpentkeyError
from spentkey.core.listed import CredentialUse, ListedObject, ListedPage, Owner
from spentkey.core.reason import Reason
from spentkey.http.client import Response
from spentkey.http.retry import with_retries

PATHS = {TargetKind.APPLICATION: "applications", TargetKind.SERVICE_PRINCIPAL: "servicePrincipals"}
FIELDS = {
    TargetKind.APPLICATION: "id,appId,displayName,createdDateTime,tokenEncryptionKeyId,isDisabled,"
    "serviceManagementReference,notes,tags,createdByAppId,passwordCredentials,keyCredentials",
    TargetKind.SERVICE_PRINCIPAL: "id,appId,displayName,servicePrincipalType,appOwnerOrganizationId,accountEnabled,"
    "tags,passwordCredentials,keyCredentials",
}
LARGEST_PAGE = 999
DELETED = "/v1.0/directory/deletedItems/microsoft.graph.application"
EVENTUAL = {"ConsistencyLevel": "eventual"}
"""Without it Graph does not count (learn.microsoft.com/graph/aad-advanced-queries)."""
_LONGEST_COUNT = 20


@dataclass(frozen=True)
class EntraLists:
    """The lists of one tenant, read with the automation's token and within its quota."""

    paging: Paging
    quota: Quota
    page_size: int = LARGEST_PAGE

    async def pages(self, kind: TargetKind) -> AsyncIterator[ListedPage]:
        """Every page of the list, in order; raises as the port says."""
        query = {"$select": FIELDS[kind], "$top": str(self.page_size)}
        async for raw in self.paging.walk(f"/v1.0/{PATHS[kind]}", query, self.quota.list_page):
            read = [read_entry(one, kind, raw.number, nth) for nth, one in enumerate(raw.entries, 1)]
            raw.entries = []  # not held while the page is looked at
            objects = tuple(one for one in read if isinstance(one, ListedObject))
            unreadable = tuple(one for one in read if isinstance(one, Reason))
            del read
            yield ListedPage(raw.number, objects, unreadable, raw.retried)
            del objects

    async def count(self, kind: TargetKind) -> int | None:
        """The directory's own counter; None where it cannot be read."""

        async def send(headers: Headers) -> Response:
            await self.quota.read()
            path = f"/v1.0/{PATHS[kind]}/$count"
            return await self.paging.http.read_try("GET", path, None, None, lambda: {**headers(), **EVENTUAL})

        async def once() -> Response:
            return self.paging.http.usable(await with_token(self.paging.tokens, self.paging.ids, send))

        try:
            response = await with_retries(once, self.paging.clock, self.paging.jitter)
        except SpentkeyError:
            return None
        text = response.body.removeprefix(b"\xef\xbb\xbf").strip()
        whole = response.status == 200 and text.isdigit() and len(text) < _LONGEST_COUNT
        return int(text) if whole else None

    async def owners(self, kind: TargetKind, object_ids: Sequence[str]) -> Mapping[str, tuple[Owner, ...] | None]:
        """The owners of each object; the few with more than one page of them are read by themselves."""
        query = f"$select={SELECT}&$top={self.page_size}"
        urls = {one: f"/{PATHS[kind]}/{one}/owners?{query}" for one in map(_exactly, object_ids)}
        bodies = await read_many(self.paging, urls, self.quota.read)
        return {one: await self._owners_in(kind, one, body) for one, body in bodies.items()}

    async def _owners_in(self, kind: TargetKind, object_id: str, body: Body | None) -> tuple[Owner, ...] | None:
        if body is None:
            return None
        try:
            entries, link = entries_and_link(body)
            if link is not None:
                path = f"/v1.0/{PATHS[kind]}/{object_id}/owners"
                entries = await self._whole(path, {"$select": SELECT, "$top": str(self.page_size)})
        except SpentkeyError:
            return None
        return read_owners(entries)

    async def _whole(self, path: str, query: Mapping[str, str]) -> list[Any]:
        """Every entry of a list that is not long."""
        return [one async for page in self.paging.walk(path, query, self.quota.read) for one in page.entries]

    async def federated(self, object_ids: Sequence[str]) -> Mapping[str, int | None]:
        """How many federated credentials each application has: at most twenty, so always one page."""
        urls = {
            one: f"/applications/{one}/federatedIdentityCredentials?$select=id" for one in map(_exactly, object_ids)
        }
        bodies = await read_many(self.paging, urls, self.quota.read)
        return {one: _counted(body) for one, body in bodies.items()}

    async def credential_use(self) -> Mapping[str, CredentialUse] | Reason:
        """The whole report, or why it is not available: a part of it is none."""
        found = dict[str, CredentialUse]()
        try:
            if not await self.reads_audit_log():
                return USE_NOT_AVAILABLE(why=LOG_NOT_GRANTED(role=AUDIT_LOG))
            async for page in self.paging.walk(USE, {"$top": str(self.page_size)}, self._report_read):
                add_rows(found, page.entries)
        except SpentkeyError as problem:
            return USE_NOT_AVAILABLE(why=problem.reason)
        return found

    async def _report_read(self) -> None:
        await self.quota.audit_read(wait=True)

    async def deleted_applications(self) -> Mapping[str, datetime | None] | None:
        """The deleted applications; None also where one entry has no id, since it may be any of them."""
        try:
            entries = await self._whole(DELETED, {"$select": "id,deletedDateTime", "$top": str(self.page_size)})
        except SpentkeyError:
            return None
        records = [cast("Mapping[str, Any]", one) for one in entries if isinstance(one, dict)]
        found = {canonical_id(one.get("id")): read_moment(one.get("deletedDateTime")) for one in records}
        whole = {name: when for name, when in found.items() if name is not None}
        return whole if len(records) == len(entries) and None not in found else None

    async def reads_audit_log(self) -> bool:
        """By the permissions in our token."""
        return (await self.paging.tokens.token_claims()).reads_audit_log


def _exactly(object_id: str) -> str:
    """The last gate before an id becomes a part of a path."""
    if canonical_id(object_id) != object_id:
        raise ValueError("not a canonical UUID")
    return object_id


def _counted(body: Body | None) -> int | None:
    if body is None or NEXT in body:
        return None
    try:
        return len(entries_and_link(body)[0])
    except Outage:
        return None
