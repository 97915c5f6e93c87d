"""A queue with one task of each kind of ending, on two applications."""

from typing import Any

from worlds import ABSENT, EXPIRED_CERT, EXPIRED_SECRET, LIVE_SECRET, OTHER_APP, parameters, sales, world

PAYROLL: dict[str, Any] = {
    "app_id": OTHER_APP,
    "object_id": "2b2b2b2b-2222-4222-8222-333333333333",
    "display_name": "Payroll",
    "passwords": [{"key_id": "66666666-6666-4666-8666-666666666666", "end": "+300d"}],
    "certificates": [],
}
CERTIFICATE = {"SecretID": EXPIRED_CERT, "SecretType": "Certificaat"}
GONE = {"AppDisplayName": "Payroll", "AppID": OTHER_APP, "SecretID": ABSENT}
SECRET_TASK, CERTIFICATE_TASK, GONE_TASK, LIVE_TASK, UNSUPPORTED_TASK, TAKEN_TASK = range(40021, 40027)
ASKED: dict[int, dict[str, str | None]] = {
    SECRET_TASK: {},
    CERTIFICATE_TASK: dict(CERTIFICATE),
    GONE_TASK: dict(GONE),
    LIVE_TASK: {"SecretID": LIVE_SECRET},
    UNSUPPORTED_TASK: {"SecretType": "Password"},
    TAKEN_TASK: {"SecretID": EXPIRED_SECRET},
}


def queue_world(*numbers: int) -> dict[str, Any]:
    """A world in which these tasks wait; all of them when none is named."""
    wanted = numbers or tuple(ASKED)
    requests = [{"number": number - 30000, "parameters": parameters(**ASKED[number])} for number in wanted]
    tasks: list[dict[str, Any]] = [{"number": number, "parent": number - 30000} for number in wanted]
    for task in tasks:
        if task["number"] == TAKEN_TASK:
            task["owner"] = "an.other"
    made = world(requests=requests, tasks=tasks)
    made["tenants"][0]["applications"] = [sales(), PAYROLL]
    return made
