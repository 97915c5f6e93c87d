"""The tasks that nobody means harm to: secrets and certificates of both tenants, one that is gone, and two of one application.

Each ends by itself within seconds. What a case adds to their world must change neither how they end nor, by much, when.
"""

from typing import Any

from worlds import ABSENT, EXPIRED_CERT, EXPIRED_SECRET, parameters, sales, world

FIRST = 40100
Json = dict[str, Any]


def app_id(number: int) -> str:
    """An AppID."""
    return f"22222222-2222-4222-8222-{number:012d}"


def key(number: int) -> str:
    """A key id."""
    return f"33333333-3333-4333-8333-{number:012d}"


def application(number: int, *secrets: int, **more: Any) -> Json:
    """An application with expired secrets, and one that lives."""
    passwords: list[Json] = [
        {"key_id": key(one), "display_name": "old", "start": "-400d", "end": "-30d"} for one in secrets
    ]
    live = {"key_id": key(900_000 + number), "display_name": "new", "start": "-40d", "end": "+300d"}
    return {
        "app_id": app_id(number),
        "object_id": f"2b2b2b2b-2222-4222-8222-{number:012d}",
        "display_name": f"Application {number}",
        "passwords": [*passwords, live],
        "certificates": [],
        **more,
    }


def about(number: int, key_id: str, **more: str) -> Json:
    """What a request about that application says."""
    return {"AppDisplayName": f"Application {number}", "AppID": app_id(number), "SecretID": key_id, **more}


def bystanders() -> Json:
    """The world of these tasks alone."""
    production, onderwijs = [sales()], list[Json]()
    asked: list[Json] = [{"SecretID": EXPIRED_SECRET}, {"SecretID": EXPIRED_CERT, "SecretType": "Certificaat"}]
    for number in range(1, 5):
        there, says = (production, "No") if number % 2 else (onderwijs, "Yes")
        there.append(application(number, number))
        asked.append(about(number, key(number), Onderwijs=says))
    production += [
        application(50, 51, 52),
        application(60),
    ]  # a secret that is gone looks like a slip beside expired ones
    asked += [about(50, key(51)), about(50, key(52)), about(60, ABSENT)]
    made = world(
        requests=[{"number": 10_000 + at, "parameters": parameters(**one)} for at, one in enumerate(asked)],
        tasks=[{"number": FIRST + at, "parent": 10_000 + at} for at in range(len(asked))],
    )
    made["tenants"][0]["applications"], made["tenants"][1]["applications"] = production, onderwijs
    return made


def numbers_of(made: Json) -> list[int]:
    """The numbers of the tasks in a world."""
    return [task["number"] for task in made["ivanti"]["tasks"]]
