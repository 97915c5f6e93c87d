"""The check-up of Passwordstate and its database: build, keys, entries, log-in, query and rights. Only reads."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from spentkey.adapters.passwordstate.check_certificate import certificate_finding
from spentkey.adapters.passwordstate.entries import CertificateEntry
from spentkey.adapters.passwordstate.reasons import REQUEST_REFUSED
from spentkey.adapters.passwordstate.sql import read_rows
from spentkey.adapters.passwordstate.sql_server import Database
from spentkey.adapters.passwordstate.vault import PasswordstateVault
from spentkey.adapters.passwordstate.wire import SYSTEM
from spentkey.core.errors import AccessRefused, Outage, SpentkeyError
from spentkey.core.finding import Finding, FindingState
from spentkey.ports.vault import Login

QUERY = "let passwordstate.database.query give the DocumentID of a document in each row"
DATABASE = "SQL Server"
"""What Passwordstate's database is called in findings."""
LEAST_BUILD = 9972
"""Builds before this one have published holes, CVE-2025-59453 among them (clickstudios.com.au/security)."""
CANDIDATES = "SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE COLUMN_NAME = 'DocumentID'"
VISIBLE = "SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.COLUMNS"
GRANT = "CREATE VIEW with only DocumentID, PasswordID and DocumentName, and GRANT SELECT on that view alone"


@dataclass(frozen=True)
class PasswordstateCheck:
    """What must be in place in the vault; `entries` are the titles that the configuration names."""

    vault: PasswordstateVault
    entries: tuple[str, ...]
    client_entries: frozenset[str]
    """The titles whose UserName must be a client id."""

    async def findings(self) -> AsyncIterator[Finding]:
        """Look at the API first, then at the database with the log-in that the API gave."""
        yield await self._build()
        login: Login | None = None
        for title in self.entries:
            finding, found = await self._entry(title)
            yield finding
            login = found if title == self.vault.database_entry else login
        certificates, finding = await self._certificates()
        yield finding
        yield await certificate_finding(DATABASE, self.vault.database)
        if login is not None:
            async for found_in_database in self._database(login, certificates):
                yield found_in_database

    async def _build(self) -> Finding:
        what, upgrade = "build", f"upgrade Passwordstate to build {LEAST_BUILD} or later"
        try:
            build = await self.vault.api.build()
        except SpentkeyError as problem:
            return Finding(SYSTEM, what, FindingState.FAIL, str(problem), "check passwordstate.url and tls.ca_file")
        if build is None:
            return Finding(SYSTEM, what, FindingState.WARN, "the page at /api/ does not show it", upgrade)
        state = FindingState.OK if build >= LEAST_BUILD else FindingState.WARN
        return Finding(SYSTEM, what, state, str(build), "" if state is FindingState.OK else upgrade)

    async def _entry(self, title: str) -> tuple[Finding, Login | None]:
        what = f"entry {title}"
        try:
            login = await self.vault.login(title)
        except SpentkeyError as problem:
            number = self.vault.api.credentials_list
            fix = f"create the entry in list {number}, or give the key the right to read it"
            if problem.reason.code == REQUEST_REFUSED.code:
                fix = f"correct passwordstate.api_key, or give that key the right to read list {number}"
            return Finding(SYSTEM, what, FindingState.FAIL, str(problem), fix), None
        if not login.password or (title in self.client_entries and not _is_uuid(login.username)):
            fix = "UserName must be the client id, Password the client secret"
            return Finding(SYSTEM, what, FindingState.FAIL, "its UserName or Password does not fit", fix), None
        return Finding(SYSTEM, what, FindingState.OK, "found, once"), login

    async def _certificates(self) -> tuple[Sequence[CertificateEntry], Finding]:
        what = f"certificates list {self.vault.api.certificates_list}"
        try:
            found = await self.vault.api.all_certificate_entries()
        except SpentkeyError as problem:
            fix = "give passwordstate.certificates_api_key the right to read that list"
            return [], Finding(SYSTEM, what, FindingState.FAIL, str(problem), fix)
        message = _counted(len(found.entries), "entry", "entries")
        if found.unreadable:
            odd = f"{message}; {len(found.unreadable)} cannot be read: {'; '.join(found.unreadable[:5])}"
            fix = "correct these entries in Passwordstate; they are passed over"
            return found.entries, Finding(SYSTEM, what, FindingState.WARN, odd, fix)
        return found.entries, Finding(SYSTEM, what, FindingState.OK, message)

    async def _database(self, login: Login, certificates: Sequence[CertificateEntry]) -> AsyncIterator[Finding]:
        database = self.vault.database
        try:
            visible = await self._names(login, VISIBLE)
            candidates = [] if database.query else await self._names(login, CANDIDATES)
        except (AccessRefused, Outage) as problem:
            fix = "check passwordstate.database.server, port and entry, tls.ca_file, and the log-in's rights"
            yield Finding(DATABASE, "log-in", FindingState.FAIL, str(problem), fix)
            return
        yield Finding(DATABASE, "log-in", FindingState.OK, f"as {login.username} over TLS")
        yield _rights(database, visible)
        if not database.query:
            message = f"is missing; tables and views with a DocumentID: {', '.join(candidates) or 'none is visible'}"
            yield Finding(DATABASE, "query", FindingState.FAIL, message, f"set passwordstate.database.query; {GRANT}")
            return
        async for finding in self._query(certificates):
            yield finding

    async def _names(self, login: Login, statement: str) -> list[str]:
        rows = await read_rows(self.vault.database, login.username, login.password, statement)
        return [f"{row[0]}.{row[1]}" for row in rows]

    async def _query(self, certificates: Sequence[CertificateEntry]) -> AsyncIterator[Finding]:
        """Ask for the documents of a few entries, and fetch one, so that query and documents key are both tried."""
        found, odd = 0, list[str]()
        for entry in certificates[:5]:
            try:
                listed = await self.vault.documents(entry)
                documents, odd = listed.documents, [*odd, *listed.unreadable]
                if documents and not found:
                    await self.vault.download(documents[0])
            except SpentkeyError as problem:
                fix = "check passwordstate.database.query and documents_api_key"
                yield Finding(DATABASE, "query and documents", FindingState.FAIL, str(problem), fix)
                return
            found += len(documents)
        state = FindingState.OK if found else FindingState.WARN
        looked_at = _counted(min(5, len(certificates)), "entry", "entries")
        message = f"{_counted(found, 'PFX document', 'PFX documents')} on {looked_at}"
        if odd:
            yield Finding(DATABASE, "query and documents", FindingState.WARN, f"{message}; {'; '.join(odd)}", QUERY)
            return
        yield Finding(DATABASE, "query and documents", state, message, "" if found else "is the query the right one?")


def _rights(database: Database, visible: list[str]) -> Finding:
    needed = database.query.lower()
    more = [name for name in visible if name.split(".")[-1].lower() not in needed]
    if database.query and more:
        message = f"the log-in can also read {', '.join(sorted(more)[:5])}"
        return Finding(DATABASE, "least rights", FindingState.WARN, message, GRANT)
    return Finding(
        DATABASE,
        "least rights",
        FindingState.OK,
        _counted(len(visible), "readable table or view", "readable tables and views"),
    )


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _is_uuid(text: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text.strip()) is not None
