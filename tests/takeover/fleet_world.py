"""A queue for several workers: both tenants, secrets and certificates, one application with several tasks."""

from collections.abc import Mapping
from typing import Any

from worlds import APP, EXPIRED_CERT, EXPIRED_SECRET, parameters, sales, world

FIRST = 40100


def key(number: int) -> str:
    """A key id."""
    return f"33333333-3333-4333-8333-{number:012d}"


def app_id(number: int) -> str:
    """An AppID."""
    return f"22222222-2222-4222-8222-{number:012d}"


def _application(number: int, *secrets: int) -> dict[str, Any]:
    passwords = [{"key_id": key(one), "display_name": "old", "start": "-400d", "end": "-30d"} for one in secrets]
    live = {"key_id": key(900 + number), "display_name": "new", "start": "-40d", "end": "+300d"}
    return {
        "app_id": app_id(number),
        "object_id": f"2b2b2b2b-2222-4222-8222-{number:012d}",
        "display_name": f"Application {number}",
        "passwords": [*passwords, live],
        "certificates": [],
    }


def _about(number: int, key_id: str) -> dict[str, str | None]:
    return {"AppDisplayName": f"Application {number}", "AppID": app_id(number), "SecretID": key_id}


def fleet_world(simple: int = 4) -> dict[str, Any]:
    """So many applications with one expired secret in each tenant, and the harder ones."""
    asked: list[Mapping[str, str | None]] = []
    production, onderwijs = [sales()], list[dict[str, Any]]()
    for number in range(1, 2 * simple + 1):
        yes_no = "Yes" if number > simple else "No"
        (onderwijs if number > simple else production).append(_application(number, number))
        asked.append(_about(number, key(number)) | {"Onderwijs": yes_no})
    production.append(_application(50, 51, 52))
    asked += [_about(50, key(51)), _about(50, key(52)), _about(50, key(950))]
    asked += [{"SecretID": EXPIRED_SECRET}, {"SecretID": EXPIRED_CERT, "SecretType": "Certificaat"}]
    asked += [{"AppID": APP, "SecretType": "Password"}]
    made = world(
        requests=[{"number": 10000 + at, "parameters": parameters(**one)} for at, one in enumerate(asked)],
        tasks=[{"number": FIRST + at, "parent": 10000 + at} for at in range(len(asked))],
    )
    made["tenants"][0]["applications"] = production
    made["tenants"][1]["applications"] = onderwijs
    return made
