"""Worlds for the bench: as many applications as there are removals, each with one expired credential and live ones.

Times are absolute, counted from a moment that is passed in, so that the simulator makes keys and certificates once
and every later reset finds them made.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

Kind = Literal["secret", "certificate"]
KINDS: tuple[Kind, ...] = ("secret", "certificate")

TENANT = "c3c1e6bb-1ebf-4335-ad13-3419266a9781"
AUTOMATION = "b7000000-0000-4000-8000-000000000001"
AUTOMATION_SECRET = "bench-automation-secret"  # noqa: S105  # opens nothing but the simulator
PFX_PASSWORD = "bench-pfx-password"  # noqa: S105
VAULT_KEY, DESK_KEY = "bench-vault-key", "bench-desk-key"
DATABASE, DATABASE_LOGIN, DATABASE_PASSWORD = "passwordstate", "reader", "bench-database-password"
ENTRY, DATABASE_ENTRY = "Sys_Azure_AppRegs_PR", "sys_pws_ansible_read"
PKI_ENTRY = "sys_srvaapwin_pki"
QUEUE_TEAM, LOGIN_ID = "Spentkey", "svc-spentkey"
CREDENTIALS, CERTIFICATES = 8620, 6691
FIRST_TASK, FIRST_REQUEST, FIRST_ENTRY, FIRST_DOCUMENT = 50_000, 10_000, 2_000, 7_000
_SPACE = uuid.UUID("b7000000-0000-4000-8000-0000000000ff")


@dataclass(frozen=True)
class Removal:
    """One removal of a world with every id that a script could have been told beforehand."""

    number: int
    kind: Kind

    @property
    def task(self) -> int:
        """AssignmentID of the task."""
        return FIRST_TASK + self.number

    @property
    def name(self) -> str:
        """Display name of the application."""
        return f"Bench {self.number}"

    def guid(self, what: str) -> str:
        """A GUID of this removal: app, object, expired, live, principal."""
        return str(uuid.uuid5(_SPACE, f"{self.kind} {self.number} {what}"))

    def rec_id(self, what: str) -> str:
        """An Ivanti RecId of this removal: task, request."""
        return uuid.uuid5(_SPACE, f"{self.kind} {self.number} {what}").hex.upper()

    def knowledge(self) -> dict[str, Any]:
        """What the scripts without guards are told, because they look nothing up."""
        return {
            "kind": self.kind,
            "task": self.task,
            "name": self.name,
            "task_rec_id": self.rec_id("task"),
            "request_rec_id": self.rec_id("request"),
            "app_id": self.guid("app"),
            "object_id": self.guid("object"),
            "key_id": self.guid("expired"),
            "entry": FIRST_ENTRY + self.number,
            "document": FIRST_DOCUMENT + self.number,
        }


def removals(kind: Kind, count: int) -> list[Removal]:
    """The removals of a world, in the order of their tasks."""
    return [Removal(number, kind) for number in range(count)]


def world(kind: Kind, count: int, now: datetime) -> dict[str, Any]:
    """A world with `count` tasks that each ask for one removal of that kind."""
    each = removals(kind, count)

    def day(days: int) -> str:
        return (now + timedelta(days=days)).isoformat(timespec="seconds")

    client = {"app_id": AUTOMATION, "secret": AUTOMATION_SECRET, "entry": ENTRY}
    tenant = {"name": "production", "tenant_id": TENANT, "domain": "bench.onmicrosoft.com", "when": {"Onderwijs": "No"}}
    return {
        "seed": 7,
        "tenants": [
            {**tenant, "clients": [client], "applications": [_application(one, day(-30), day(300)) for one in each]}
        ],
        "certificates": {
            "old": {"subject": "CN=bench", "not_before": day(-400), "not_after": day(-30)},
            "new": {"subject": "CN=bench", "not_before": day(-40), "not_after": day(300)},
        },
        "passwordstate": _passwordstate(each),
        "ivanti": _ivanti(each),
    }


def _application(one: Removal, past: str, future: str) -> dict[str, Any]:
    """The expired credential, a live one beside it, and a live one of the other kind."""
    expired, live = one.guid("expired"), one.guid("live")
    secrets = [{"key_id": live, "display_name": "live", "end": future}]
    certificates = [{"key_id": one.guid("signer"), "certificate": "new"}]
    if one.kind == "secret":
        secrets.insert(0, {"key_id": expired, "display_name": "spent", "end": past})
    else:
        certificates.insert(0, {"key_id": expired, "certificate": "old"})
    return {
        "app_id": one.guid("app"),
        "object_id": one.guid("object"),
        "display_name": one.name,
        "passwords": secrets,
        "certificates": certificates,
    }


def _passwordstate(each: list[Removal]) -> dict[str, Any]:
    pfx = {"certificate": "new", "password": PFX_PASSWORD}
    owners = [one for one in each if one.kind == "certificate"]
    return {
        "api_keys": [{"key": VAULT_KEY, "lists": [CREDENTIALS, CERTIFICATES], "documents": True}],
        "database": {"name": DATABASE, "login": DATABASE_LOGIN, "password": DATABASE_PASSWORD},
        "entries": [
            _entry(1201, CREDENTIALS, ENTRY, AUTOMATION, AUTOMATION_SECRET),
            _entry(1204, CREDENTIALS, PKI_ENTRY, "pki", "opens nothing here"),
            _entry(1203, CREDENTIALS, DATABASE_ENTRY, DATABASE_LOGIN, DATABASE_PASSWORD),
            *(
                {
                    **_entry(FIRST_ENTRY + one.number, CERTIFICATES, one.name, "", PFX_PASSWORD),
                    "fields": {"GenericField1": one.guid("app")},
                }
                for one in owners
            ),
        ],
        "documents": [
            {
                "id": FIRST_DOCUMENT + one.number,
                "owner": FIRST_ENTRY + one.number,
                "name": "new.pfx",
                "content": {"pfx": pfx},
            }
            for one in owners
        ],
    }


def _entry(number: int, in_list: int, title: str, username: str, password: str) -> dict[str, Any]:
    return {"id": number, "list": in_list, "title": title, "username": username, "password": password}


def _ivanti(each: list[Removal]) -> dict[str, Any]:
    return {
        "api_key": DESK_KEY,
        "login_id": LOGIN_ID,
        "teams": [QUEUE_TEAM, "Systeemsoftware"],
        "requests": [
            {
                "rec_id": one.rec_id("request"),
                "number": FIRST_REQUEST + one.number,
                "parameters": [
                    ["AppDisplayName", one.name],
                    ["AppID", one.guid("app")],
                    ["SecretID", one.guid("expired")],
                    ["SecretType", "Secret" if one.kind == "secret" else "Certificaat"],
                    ["Onderwijs", "No"],
                ],
            }
            for one in each
        ],
        "tasks": [
            {"rec_id": one.rec_id("task"), "number": one.task, "parent": FIRST_REQUEST + one.number} for one in each
        ],
    }
