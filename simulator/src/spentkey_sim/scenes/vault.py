"""Unfolds the scenes' applications into the vault: credentials in one list, certificates and their PFX in another."""

from collections.abc import Sequence
from itertools import count

from spentkey_sim.making import Raw
from spentkey_sim.scenes.directory import app_id, certificate_name, client_id, client_secret
from spentkey_sim.scenes.names import Names
from spentkey_sim.scenes.scene import App, Location, Lock, Pfx, VaultEntry
from spentkey_sim.world_systems import CERTIFICATES_LIST, CREDENTIALS_LIST, DATABASE_ENTRY

PKI_ENTRY = "sys_srvaapwin_pki"
"""The title of the entry whose password the certificate authority's people use for PFX files."""

_DATABASE_LOGIN = "spentkey_reader"
_FIRST_CREDENTIAL, _FIRST_CERTIFICATE, _FIRST_DOCUMENT = 1201, 1301, 501


def passwordstate(locations: Sequence[Location], apps: Sequence[App], names: Names) -> Raw:
    """The vault, with one API key for each list; only the certificates' key may fetch documents."""
    stored = [(app, app.vault) for app in apps if app.vault is not None]
    return {
        "api_keys": [
            {"key": names.api_key("vault", CREDENTIALS_LIST), "lists": [CREDENTIALS_LIST], "documents": False},
            {"key": names.api_key("vault", CERTIFICATES_LIST), "lists": [CERTIFICATES_LIST], "documents": True},
        ],
        "database": {
            "name": "passwordstate",
            "login": _DATABASE_LOGIN,
            "password": names.password("entry", DATABASE_ENTRY),
        },
        "entries": [*_credentials(locations, names), *_certificates(stored, names)],
        "documents": _documents(stored, names),
    }


def _credentials(locations: Sequence[Location], names: Names) -> list[Raw]:
    logins = [(location.entry, client_id(location, names), client_secret(location, names)) for location in locations]
    logins.append((PKI_ENTRY, "srvaapwin_pki", names.password("entry", PKI_ENTRY)))
    logins.append((DATABASE_ENTRY, _DATABASE_LOGIN, names.password("entry", DATABASE_ENTRY)))
    return [
        {"id": number, "list": CREDENTIALS_LIST, "title": title, "username": username, "password": password}
        for number, (title, username, password) in enumerate(logins, _FIRST_CREDENTIAL)
    ]


def _certificates(stored: Sequence[tuple[App, VaultEntry]], names: Names) -> list[Raw]:
    return [_certificate(number, app, entry, names) for number, (app, entry) in enumerate(stored, _FIRST_CERTIFICATE)]


def _certificate(number: int, app: App, entry: VaultEntry, names: Names) -> Raw:
    return {
        "id": number,
        "list": CERTIFICATES_LIST,
        "title": app.name if entry.by_title else f"cert-{app.slug}",
        "username": app.slug,
        "password": _password(app, Lock.ENTRY, names),
        "description": f"Certificates of {app.name}",
        "fields": {} if entry.by_title else {"GenericField1": app_id(app, names)},
    }


def _documents(stored: Sequence[tuple[App, VaultEntry]], names: Names) -> list[Raw]:
    numbers = count(_FIRST_DOCUMENT)
    return [
        _document(next(numbers), owner, app, pfx, names)
        for owner, (app, entry) in enumerate(stored, _FIRST_CERTIFICATE)
        for pfx in entry.documents
    ]


def _document(number: int, owner: int, app: App, pfx: Pfx, names: Names) -> Raw:
    certificate = certificate_name(app, pfx.label)
    return {
        "id": number,
        "store": "password",
        "owner": owner,
        "name": f"{certificate}{pfx.suffix}",
        "content": {"pfx": {"certificate": certificate, "password": _password(app, pfx.lock, names)}},
    }


def _password(app: App, lock: Lock, names: Names) -> str:
    """The password of an application's files; that of the PKI entry is one for all."""
    if lock is Lock.PKI:
        return names.password("entry", PKI_ENTRY)
    return names.password(lock, app.location.name, app.name)
