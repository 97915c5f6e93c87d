"""The installation that the first-day guide describes, as a world of the simulator: least rights, three open tasks."""

from typing import Any

from worlds import AUTOMATION, AUTOMATION_OND, CANARIES, certificate_entry, document, parameters, world

TEAM, LOGIN_ID = "EntraID Automation", "svc-spentkey"
LEAST = ["Application.Read.All", "Application.ReadWrite.OwnedBy"]
KEYS = {"credentials": "canary-list-8620-3Dw", "certificates": "canary-list-6691-8Vq"}
SQL_LOGIN = "spentkey_reader"
PARKING = "7d0c9d5e-52a4-4c1b-9e0f-2f6a4b8c1d01"
LIGHTING = "7d0c9d5e-52a4-4c1b-9e0f-2f6a4b8c1d02"
SUBSIDY = "7d0c9d5e-52a4-4c1b-9e0f-2f6a4b8c1d03"
SPENT_SECRET = "5ff382ee-6b0d-4f53-8a39-0d7c4be1f001"
SPENT_CERTIFICATE = "870c3b21-1f5e-4a8a-b0f4-6c2d9e3a7002"
LIVE_SECRET = "c41d7e90-93b2-4d07-a5e6-1b8f0c6d2003"
NEVER = "0e2f6f0a-7b1c-4d3e-9a58-6d1c2b3a4f05"
"""The SecretID of the rehearsal: no secret ever had it."""
REHEARSAL = 40024
"""The task of the rehearsal; it waits until somebody makes it ready."""


def first_day(roles: list[str] | None = None) -> dict[str, Any]:
    """That installation; `roles` are the application permissions that were consented to, else the least ones."""
    made = world(entries=[_lighting_entry()], documents=[document(501, "new", owner=1301)])
    production, onderwijs = made["tenants"]
    production["applications"] = [_own(AUTOMATION, 1), *_applications()]
    onderwijs["applications"] = [_own(AUTOMATION_OND, 2)]
    for tenant in (production, onderwijs):
        tenant["clients"][0]["roles"] = LEAST if roles is None else roles
    made["passwordstate"]["api_keys"] = [
        {"key": KEYS["credentials"], "lists": [8620], "documents": False},
        {"key": KEYS["certificates"], "lists": [6691], "documents": True},
    ]
    made["passwordstate"]["database"]["login"] = SQL_LOGIN
    made["passwordstate"]["entries"][2]["username"] = SQL_LOGIN
    made["ivanti"] = _ivanti()
    return made


SECRETS = {AUTOMATION: "automation secret", AUTOMATION_OND: "onderwijs secret"}


def _own(app_id: str, number: int) -> dict[str, Any]:
    """The automation's own app registration, with a client secret of a year."""
    return {
        "app_id": app_id,
        "object_id": f"1b1b1b1b-1111-4111-8111-00000000000{number}",
        "display_name": "Spentkey",
        "passwords": [
            {
                "key_id": f"66666666-6666-4666-8666-00000000000{number}",
                "display_name": "spentkey",
                "hint": CANARIES[SECRETS[app_id]][:3],
                "start": "-1d",
                "end": "+364d",
            }
        ],
        "certificates": [],
    }


def _applications() -> list[dict[str, Any]]:
    """The second one is not owned by the automation, so that only its own proof can change it."""
    spent = {"key_id": SPENT_SECRET, "display_name": "2024", "start": "-400d", "end": "-30d"}
    live = {"key_id": LIVE_SECRET, "display_name": "2026", "start": "-40d", "end": "+300d"}
    current = {"key_id": "870c3b21-1f5e-4a8a-b0f4-6c2d9e3a7004", "certificate": "new"}
    return [
        _application(PARKING, 1, "Parking Permits", [spent], []),
        _application(
            LIGHTING,
            2,
            "Street Lighting Monitor",
            [],
            [{"key_id": SPENT_CERTIFICATE, "certificate": "old"}, current],
            owners_only=True,
        ),
        _application(SUBSIDY, 3, "Subsidy Desk", [live], []),
    ]


def _application(
    app_id: str, number: int, name: str, passwords: list[Any], certificates: list[Any], **more: Any
) -> dict[str, Any]:
    return {
        "app_id": app_id,
        "object_id": f"2b2b2b2b-2222-4222-8222-00000000000{number}",
        "display_name": name,
        "passwords": passwords,
        "certificates": certificates,
        **more,
    }


def _lighting_entry() -> dict[str, Any]:
    return certificate_entry(1301, title="cert-street-lighting-monitor", fields={"GenericField1": LIGHTING})


def _ivanti() -> dict[str, Any]:
    asked = [
        parameters(AppDisplayName="Parking Permits", AppID=PARKING, SecretID=SPENT_SECRET),
        parameters(
            AppDisplayName="Street Lighting Monitor",
            AppID=LIGHTING,
            SecretID=SPENT_CERTIFICATE,
            SecretType="Certificaat",
        ),
        parameters(AppDisplayName="Subsidy Desk", AppID=SUBSIDY, SecretID=LIVE_SECRET),
        parameters(AppDisplayName="Street Lighting Monitor", AppID=LIGHTING, SecretID=NEVER),
    ]
    done = {"number": 39990, "parent": 10196, "status": "Completed", "owner": LOGIN_ID}
    rehearsal = {"number": REHEARSAL, "parent": 10199, "status": "Waiting"}
    accepted = {"number": 39991, "parent": 10196, "status": "Accepted", "owner": LOGIN_ID, "owner_team": "Servicedesk"}
    return {
        "api_key": CANARIES["ivanti key"],
        "login_id": LOGIN_ID,
        "teams": [TEAM, "Systeemsoftware", "Servicedesk"],
        "requests": [{"number": number, "parameters": asks} for number, asks in enumerate(asked, 10196)],
        "tasks": [
            *(
                {"number": number, "parent": parent}
                for number, parent in zip((40021, 40022, 40023), (10196, 10197, 10198), strict=True)
            ),
            done,
            accepted,
            rehearsal,
        ],
    }
