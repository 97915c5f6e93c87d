"""Passwordstate as a kind of vault."""

from collections.abc import Sequence

from spentkey.adapters.kinds import Outside, VaultKind
from spentkey.adapters.passwordstate.api import ApiKeys, PasswordstateApi
from spentkey.adapters.passwordstate.settings import PasswordstateDatabaseSettings, PasswordstateSettings
from spentkey.adapters.passwordstate.sql_errors import METERED
from spentkey.adapters.passwordstate.sql_server import Database, pinned
from spentkey.adapters.passwordstate.vault import PasswordstateVault
from spentkey.adapters.passwordstate.wire import SYSTEM
from spentkey.core.errors import Misconfigured
from spentkey.ports.runtime import Checker, Probe


def open_vault(settings: PasswordstateSettings, outside: Outside) -> PasswordstateVault:
    """The vault; nothing is asked yet. Raises `Misconfigured` for a pinned certificate that cannot be read."""
    keys = ApiKeys(
        credentials=settings.api_key,
        certificates=settings.certificates_api_key or settings.api_key,
        documents=settings.documents_api_key or settings.api_key,
    )
    http = outside.connections.http(SYSTEM, settings.url)
    return PasswordstateVault(
        api=PasswordstateApi(http, keys, settings.credentials_list, settings.certificates_list),
        database=_database(settings.database, outside),
        database_entry=settings.database.entry,
        pki_entry=settings.pki_entry,
        certificate_match=settings.certificate_match,
    )


def _database(settings: PasswordstateDatabaseSettings, outside: Outside) -> Database:
    pin = settings.server_certificate
    return Database(
        settings.server,
        settings.port,
        settings.database,
        settings.query,
        outside.ca_file,
        outside.connections.meter,
        encrypt=settings.encrypt,
        name_in_certificate=settings.host_name_in_certificate,
        pin=pinned(pin) if pin is not None else None,
        multi_subnet_failover=settings.multi_subnet_failover,
        application_intent=settings.application_intent,
    )


def check(settings: PasswordstateSettings, outside: Outside) -> Checker:
    """The check-up; the entries of tenants must have a client id as their UserName."""
    from spentkey.adapters.passwordstate.check import PasswordstateCheck  # noqa: PLC0415  # only who checks loads it

    vault = open_vault(settings, outside)
    titles = {name: title for name, title in outside.titles.items() if name.startswith("tenants.")}
    clients = frozenset(title for name, title in titles.items() if name.endswith(".entry"))
    entries = (*sorted(set(titles.values())), vault.database_entry, vault.pki_entry)
    return PasswordstateCheck(vault, entries, clients)


def probes(vault: PasswordstateVault) -> Sequence[Probe]:
    """Its API, and its database by itself."""
    return [
        Probe("passwordstate", vault.reach, SYSTEM),
        Probe("passwordstate-database", vault.reach_database, METERED, only_connects=True),
    ]


def open_to_work(settings: PasswordstateSettings, outside: Outside) -> PasswordstateVault:
    """The vault, if it can find documents; `spentkey check` looks without a query, to propose one."""
    if not settings.database.query:
        raise Misconfigured("passwordstate.database.query: is missing; spentkey check lists tables with a DocumentID")
    return open_vault(settings, outside)


VAULT = VaultKind(PasswordstateSettings, open_to_work, open_vault, check, probes)
