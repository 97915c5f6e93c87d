"""A process that has loaded what opens requests, and forks for every run of it; each line on stdin asks for one run."""

import asyncio
import json
import os
import select
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from spentkey.adapters.files.client import FilesDesk
from spentkey.core.credential import Kind
from spentkey.core.opening import OpenRules, ToOpen
from spentkey.core.rules import DeskRules, Limits, RequestRules, TenantRules
from spentkey.scan.open import open_requests
from spentkey.scan.open_one import OpenContext
from spentkey.storage.files.locks import FileLocks
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.system import SystemClock, SystemIds

LIMITS = Limits(per_run=100, per_app=100, per_hour=100, hand_overs_per_hour=1000)
RULES = OpenRules(max_per_run=1000, max_per_day=1000, look_for_s=0.3, look_every_s=0.02)
TENANT = TenantRules("production", "4d4d4d4d-0000-4000-8000-00000000000a", {"Onderwijs": "No"})


async def run(folder: Path, wanted: list[dict[str, str]]) -> dict[str, str]:
    """One run on a folder; gives the state of each credential."""
    clock = SystemClock()
    evidence = SqliteEvidence(folder / "state", clock)
    context = OpenContext(
        desk=FilesDesk(folder / "requests", approve=True, clock=clock),
        evidence=evidence,
        locks=FileLocks(folder / "state", clock, 0, 5),
        clock=clock,
        desk_rules=DeskRules(),
        request_rules=RequestRules(when=tuple(TENANT.when)),
        tenants=(TENANT,),
        limits=LIMITS,
        run=SystemIds().new(),
    )
    these = [
        ToOpen(TENANT.name, one["app_id"], one["app_name"], one["key_id"], Kind.SECRET, end, end)
        for one in wanted
        for end in [datetime.fromisoformat(one["end"])]
    ]
    found = await open_requests(context, these, RULES, asked_by_command=True)
    evidence.close()
    return {key_id: opened.state for (_, key_id), opened in found.items()}


def fork(asked: dict[str, Any]) -> int:
    """Start one run; gives its process id. The child never comes back from here."""
    child = os.fork()
    if child:
        if "kill_after_s" in asked:
            kill(child, asked["kill_after_s"])
        return child
    code = 1
    try:
        states = asyncio.run(run(Path(asked["folder"]), asked["wanted"]))
        Path(asked["out"]).write_text(json.dumps(states), "utf-8")
        code = 0
    except BaseException as problem:  # noqa: BLE001  # the parent reads what it was
        Path(asked["out"]).write_text(repr(problem), "utf-8")
    finally:
        os._exit(code)


def kill(victim: int, after_s: float) -> None:
    """Another process ends it by SIGKILL, at that moment whatever it does then."""
    if os.fork():
        return
    try:
        select.select([], [], [], after_s)
        os.kill(victim, signal.SIGKILL)
    finally:
        os._exit(0)


def serve() -> None:
    """One order after the other: `start` gives a process id, `wait` waits for one and gives how it ended."""
    for order in sys.stdin:
        asked = json.loads(order)
        if "wait" in asked:
            _, status = os.waitpid(asked["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
        else:
            print(fork(asked), flush=True)


if __name__ == "__main__":
    serve()
