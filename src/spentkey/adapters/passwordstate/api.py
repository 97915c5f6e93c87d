"""Passwordstate's API: entries by exact title, certificate entries of an application, and documents.

A search matches what contains a value; a value in double quotes matches exactly; either way the hits are compared
here, and more than one exact hit is an error that names the candidates.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from spentkey.adapters.passwordstate.entries import CertificateEntries, CertificateEntry, DocumentRef
from spentkey.adapters.passwordstate.reasons import NO_ENTRY, SEVERAL_ENTRIES
from spentkey.adapters.passwordstate.wire import SYSTEM, Entries, PasswordEntry, document_of, entries_of
from spentkey.core.errors import AccessRefused
from spentkey.core.guards import folded
from spentkey.core.reason import several
from spentkey.core.secret import Secret
from spentkey.core.task import trimmed
from spentkey.http.client import HttpClient

REASON = "Spentkey: removal of an expired credential"
"""Sent in the header `Reason`, so that it stands in Passwordstate's audit records."""


@dataclass(frozen=True)
class ApiKeys:
    """The API keys by what they open; a key for each list is the least that serves."""

    credentials: Secret
    certificates: Secret
    documents: Secret


@dataclass(frozen=True)
class PasswordstateApi:
    """The calls that Spentkey makes; keys travel in the header alone, and nothing is written."""

    http: HttpClient
    keys: ApiKeys
    credentials_list: int
    certificates_list: int

    async def entry(self, title: str) -> PasswordEntry:
        """The one entry of the credentials list with exactly that title."""
        found = await self._titled(self.credentials_list, title, self.keys.credentials)
        exact = [entry for entry in found.readable if entry.title == title] or [
            entry for entry in found.readable if trimmed(entry.title) == title
        ]
        if len(exact) == 1:
            return exact[0]
        where = {"system": SYSTEM, "number": self.credentials_list, "title": repr(title)}
        if not exact:
            raise AccessRefused(several((NO_ENTRY(**where), *found.unreadable)))
        ids = ", ".join(str(entry.entry_id) for entry in exact)
        raise AccessRefused(SEVERAL_ENTRIES(**where, count=len(exact), ids=ids))

    async def look_for(self, title: str) -> None:
        """Search for an entry without its password and without an audit record, to see that the key is taken."""
        query = {"title": f'"{title}"', "ExcludePassword": "true", "PreventAuditing": "true"}
        await self._search(self.credentials_list, query, self.keys.credentials)

    async def certificate_entries(self, rule: str, app_id: str, display_name: str) -> CertificateEntries:
        """The entries of the certificates list that belong to the application, by one rule: `appid` or `title`."""
        if rule == "appid":
            hits = await self._search(self.certificates_list, {"search": app_id}, self.keys.certificates)
            mine = [entry for entry in hits.readable if any(app_id in text for text in entry.texts)]
        else:
            hits = await self._titled(self.certificates_list, display_name, self.keys.certificates)
            mine = [entry for entry in hits.readable if folded(entry.title) == folded(display_name)]
        return _certificate_entries(mine, hits.unreadable)

    async def all_certificate_entries(self) -> CertificateEntries:
        """Every entry of the certificates list, without passwords and without an audit record for each."""
        query = {"QueryAll": "true", "ExcludePassword": "true", "PreventAuditing": "true"}
        response = await self.http.read(
            f"/api/passwords/{self.certificates_list}", query, self._headers(self.keys.certificates)
        )
        found = entries_of(response)
        return _certificate_entries(found.readable, found.unreadable)

    async def build(self) -> int | None:
        """The build number on the page at /api/, or None when it is not shown."""
        response = await self.http.read("/api/", None, self._headers(self.keys.credentials))
        found = re.search(rb"Build\s+(\d{4,6})", response.body)
        return int(found[1]) if found else None

    async def time(self) -> datetime | None:
        """The clock of the web server, by the answer to a page that needs no key."""
        return (await self.http.read_once("/api/", {}, dict)).time()

    async def download(self, document: DocumentRef) -> bytes:
        """The bytes of a document that hangs on a password entry."""
        path = f"/api/document/password/{document.document_id}"
        response = await self.http.read(path, None, self._headers(self.keys.documents))
        return document_of(response, f"{document.name} ({document.document_id})")

    def left_out(self, what: str, problem: str) -> None:
        """Count and name an `entry` or a `document` that cannot be read."""
        self.http.meter.left_out(SYSTEM, what, problem)

    async def _titled(self, list_id: int, title: str, key: Secret) -> Entries:
        """Search by title: exactly where the title can be put in quotes, else by what it contains."""
        wanted = title if '"' in title else f'"{title}"'
        return await self._search(list_id, {"title": wanted}, key)

    async def _search(self, list_id: int, query: Mapping[str, str], key: Secret) -> Entries:
        found = entries_of(await self.http.read(f"/api/searchpasswords/{list_id}", query, self._headers(key)))
        return replace(found, readable=tuple(entry for entry in found.readable if entry.list_id == list_id))

    def _headers(self, key: Secret) -> Callable[[], Mapping[str, str]]:
        return lambda: {"APIKey": key.reveal(), "Reason": REASON, "Accept": "application/json, */*"}


def _certificate_entries(entries: Sequence[PasswordEntry], unreadable: Sequence[str]) -> CertificateEntries:
    """An entry whose password is no text is tried with an empty one, like an entry without one."""
    made = [CertificateEntry(one.entry_id, one.title, one.password or Secret("")) for one in entries]
    odd = [f"entry {one.entry_id} has a Password that is no text" for one in entries if one.password is None]
    return CertificateEntries(tuple(made), (*unreadable, *odd))
