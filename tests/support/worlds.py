"""Small worlds for the simulator: one application with the credentials that a test needs, and one task about it."""

import copy
from typing import Any

from spentkey.core.task import TaskRef

TENANT = "c3c1e6bb-1ebf-4335-ad13-3419266a9781"
ONDERWIJS = "c32c6912-0c85-4d02-8d38-51da93512d64"
AUTOMATION = "11111111-1111-4111-8111-111111111111"
AUTOMATION_OND = "11111111-1111-4111-8111-222222222222"
APP = "22222222-2222-4222-8222-222222222222"
OTHER_APP = "22222222-2222-4222-8222-333333333333"
OBJECT = "2b2b2b2b-2222-4222-8222-222222222222"
EXPIRED_SECRET = "33333333-3333-4333-8333-333333333333"
LIVE_SECRET = "33333333-3333-4333-8333-444444444444"
EXPIRED_CERT = "44444444-4444-4444-8444-333333333333"
LIVE_CERT = "44444444-4444-4444-8444-444444444444"
ABSENT = "55555555-5555-4555-8555-555555555555"
TASK, REQUEST = 40021, 10196
REF = TaskRef(str(TASK))
"""The task as Spentkey names it."""

CANARIES = {
    "automation secret": "canary-automation-secret-7Qx",
    "onderwijs secret": "canary-onderwijs-secret-2Lm",
    "ivanti key": "canary-ivanti-key-9Ty",
    "vault key": "canary-vault-key-4Rf",
    "database password": "canary-database-pw-1Zs;}",
    "pki password": "canary-pki-password-6Wn",
    "pfx password": "canary-pfx-password-8Hk",
}


def parameters(**changes: str | None) -> list[list[Any]]:
    """The five parameters; a change of None leaves one out."""
    values = {
        "AppDisplayName": "Sales",
        "AppID": APP,
        "SecretID": EXPIRED_SECRET,
        "SecretType": "Secret",
        "Onderwijs": "No",
    }
    return [[name, value] for name, value in (values | changes).items() if value is not None]


def certificate_parameters(**changes: str | None) -> list[list[Any]]:
    """The same for the expired certificate."""
    return parameters(**({"SecretID": EXPIRED_CERT, "SecretType": "Certificaat"} | changes))


def world(
    asked: list[list[Any]] | None = None,
    *,
    application: dict[str, Any] | None = None,
    task: dict[str, Any] | None = None,
    documents: list[dict[str, Any]] | None = None,
    entries: list[dict[str, Any]] | None = None,
    **ivanti: Any,
) -> dict[str, Any]:
    """One application `Sales` with an expired and a live credential of each kind, and one task that asks for one."""
    return {
        "seed": 7,
        "tenants": [
            _tenant("production", TENANT, "No", AUTOMATION, "automation secret", [_application(application or {})]),
            _tenant("onderwijs", ONDERWIJS, "Yes", AUTOMATION_OND, "onderwijs secret", []),
        ],
        "certificates": {
            "old": {"subject": "CN=sales", "not_before": "-400d", "not_after": "-30d"},
            "new": {"subject": "CN=sales", "not_before": "-40d", "not_after": "+300d"},
            "stranger": {"subject": "CN=sales", "not_before": "-40d", "not_after": "+300d"},
            "curve": {"subject": "CN=sales", "not_before": "-40d", "not_after": "+300d", "key": "ec-p256"},
        },
        "passwordstate": _passwordstate(entries, documents),
        "ivanti": {
            "api_key": CANARIES["ivanti key"],
            "login_id": "svc-spentkey",
            "teams": ["Spentkey", "Systeemsoftware", "Servicedesk"],
            "requests": [{"number": REQUEST, "parameters": parameters() if asked is None else asked}],
            "tasks": [{"number": TASK, "parent": REQUEST, **(task or {})}],
            **ivanti,
        },
    }


def _tenant(
    name: str, tenant_id: str, onderwijs: str, client: str, secret: str, applications: list[dict[str, Any]]
) -> dict[str, Any]:
    entry = {"production": "Sys_Azure_AppRegs_PR", "onderwijs": "Sys_Azure_OND_Admin"}[name]
    return {
        "name": name,
        "tenant_id": tenant_id,
        "domain": f"{name}.onmicrosoft.com",
        "when": {"Onderwijs": onderwijs},
        "clients": [{"app_id": client, "secret": CANARIES[secret], "entry": entry}],
        "applications": applications,
    }


def _application(changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "app_id": APP,
        "object_id": OBJECT,
        "display_name": "Sales",
        "passwords": [
            {"key_id": EXPIRED_SECRET, "display_name": "old", "start": "-400d", "end": "-30d"},
            {"key_id": LIVE_SECRET, "display_name": "new", "start": "-40d", "end": "+300d"},
        ],
        "certificates": [
            {"key_id": EXPIRED_CERT, "certificate": "old"},
            {"key_id": LIVE_CERT, "certificate": "new"},
        ],
        **changes,
    }


def _passwordstate(entries: list[dict[str, Any]] | None, documents: list[dict[str, Any]] | None) -> dict[str, Any]:
    pki = {"id": 1204, "list": 8620, "title": "sys_srvaapwin_pki", "username": "pki"}
    return {
        "api_keys": [{"key": CANARIES["vault key"], "lists": [8620, 6691], "documents": True}],
        "database": {"name": "passwordstate", "login": "reader", "password": CANARIES["database password"]},
        "entries": [
            _login(1201, "Sys_Azure_AppRegs_PR", AUTOMATION, CANARIES["automation secret"]),
            _login(1202, "Sys_Azure_OND_Admin", AUTOMATION_OND, CANARIES["onderwijs secret"]),
            _login(1203, "sys_pws_ansible_read", "reader", CANARIES["database password"]),
            {**pki, "password": CANARIES["pki password"]},
            *([certificate_entry()] if entries is None else entries),
        ],
        "documents": [document(501, "new")] if documents is None else documents,
    }


def _login(entry_id: int, title: str, username: str, password: str) -> dict[str, Any]:
    return {"id": entry_id, "list": 8620, "title": title, "username": username, "password": password}


def certificate_entry(entry_id: int = 1301, **changes: Any) -> dict[str, Any]:
    """The entry of list 6691 that carries the AppID."""
    entry = {"id": entry_id, "list": 6691, "title": "Sales certificate", "password": CANARIES["pfx password"]}
    return {**entry, "fields": {"GenericField1": APP}, **changes}


def document(number: int, certificate: str, password: str | None = None, owner: int = 1301) -> dict[str, Any]:
    """A PFX document with that certificate."""
    pfx = {"certificate": certificate, "password": CANARIES["pfx password"] if password is None else password}
    return {"id": number, "owner": owner, "name": f"{certificate}.pfx", "content": {"pfx": pfx}}


def without(application: dict[str, Any], key_id: str) -> dict[str, Any]:
    """A copy of an application without one of its credentials."""
    copied = copy.deepcopy(application)
    for name in ("passwords", "certificates"):
        copied[name] = [one for one in copied[name] if one["key_id"] != key_id]
    return copied


def sales(**changes: Any) -> dict[str, Any]:
    """The application as the world has it, to start changes from."""
    return _application(changes)
