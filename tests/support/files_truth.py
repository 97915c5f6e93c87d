"""What the logs of requests say, in the form in which the simulator tells the truth about tasks of Ivanti.

So the judges of the campaigns hold the same invariants against both. A log is read here by itself, not by the product.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from invariants import DONE, ESCALATION, LOGIN, QUEUE

Json = dict[str, Any]
US, OTHER = "spentkey", "an.other"
FIELDS = {"closed": {"Status": DONE}, "handed-off": {"OwnerTeam": ESCALATION}}


def log_lines(log: Path) -> list[Json]:
    """The whole lines of a log; one that a crash tore does not count."""
    content = log.read_bytes() if log.exists() else b""
    return [json.loads(one) for one in content.split(b"\n")[:-1]]


def task_of(lines: Sequence[Json], minutes: float = 0) -> Json:
    """A request as if it was a task; what has no counterpart is as the judges want it."""
    statuses = [one for one in lines if one["what"] == "status"]
    last = statuses[-1] if statuses else {"status": "open", "by": US}
    closer = LOGIN if last["by"] == US else OTHER
    status, owner, team = {
        "open": ("Logged", "", QUEUE),
        "closed": (DONE, closer, QUEUE),
        "handed-off": ("Logged", "", ESCALATION),
    }[last["status"]]
    writes = [{"fields": FIELDS[one["status"]]} for one in statuses if one["by"] == US]
    notes = [
        {"subject": one["subject"], "body": one["body"], "created_by": LOGIN if one["by"] == US else one["by"]}
        for one in lines
        if one["what"] == "note"
    ]
    return {
        "status": status,
        "owner": owner,
        "owner_team": team,
        "writes": writes,
        "notes": notes,
        "minutes": minutes + min(1, len(writes)),
        "read_only": False,
        "fields": {},
    }


def wrong_in(log: Path) -> list[str]:
    """What is wrong with a log at rest: each line has the next version, the first sight stands once, before all of ours."""
    content = log.read_bytes() if log.exists() else b""
    if content and not content.endswith(b"\n"):
        return [f"7: {log.name} ends in the middle of a line"]
    lines = log_lines(log)
    wrong: list[str] = []
    if [one["version"] for one in lines] != list(range(1, len(lines) + 1)):
        wrong.append(f"7: {log.name} has the versions {[one['version'] for one in lines]}")
    ours = [one["what"] for one in lines if one["by"] == US]
    if ours.count("seen") > 1 or (ours and ours[0] != "seen"):
        wrong.append(f"7: {log.name} has the lines {ours}")
    return wrong
