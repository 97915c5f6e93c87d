"""One task, triggered in every way there is at the same time, on two services that share a PostgreSQL."""

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from commands import BIN, QUICK, environment
from real_postgres import RealPostgres
from real_simulator import QuickClock, RealSimulator
from serve_process import Serving, serving
from web_support import OPERATOR, signed
from worlds import EXPIRED_SECRET, TASK, world

BODY = json.dumps({"task": TASK}).encode()
JSON = {"Content-Type": "application/json"}


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same time."""
    gate, ends = threading.Barrier(len(calls)), list[Any]()

    def one(call: Callable[[], Any]) -> None:
        gate.wait(30)
        ends.append(call())

    threads = [threading.Thread(target=one, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    return ends


def test_one_task_triggered_five_ways_at_once_is_worked_once(
    sim: RealSimulator, postgres: RealPostgres, tmp_path: Path
) -> None:
    """Two webhooks by signature, one by key, a command, and two pollers: one removal, one note, one close."""
    sim.reset(world(task={"owner_team": "Servicedesk"}))
    more = {"SPENTKEY_ENGINE__DATABASE_URL": postgres.database(), "SPENTKEY_ENGINE__POLL_S": "0.3"}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with serving(sim, tmp_path / "one", **more) as first, serving(sim, tmp_path / "two", **more) as second:

        def call(service: Serving, headers: dict[str, str]) -> Callable[[], Any]:
            return lambda: service.ask("POST", "/api/v1/tasks", {**headers, **JSON}, BODY)[0]

        def command() -> Any:
            words = [str(BIN / "spentkey"), "run", str(TASK), "--json", "--config", str(sim.config)]
            variables = environment(tmp_path, **(QUICK | more))
            return subprocess.run(words, cwd=tmp_path, env=variables, capture_output=True, check=False).returncode

        sim.reset(world())  # now it is in the queue team, so that both pollers find it too
        by_signature = signed(BODY, QuickClock())
        ends = at_once(
            call(first, by_signature),
            call(second, by_signature),
            call(second, OPERATOR),
            call(first, OPERATOR),
            command,
        )
        while not sim.task(TASK)["writes"]:
            assert (first.process.poll(), second.process.poll()) == (None, None)
        statuses = sorted(end for end in ends if isinstance(end, int) and end >= 100)
        codes = [end for end in ends if isinstance(end, int) and end < 100]
    assert (statuses, codes) == ([202, 202, 202, 202], [0])
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]
    assert sim.writes().count("removePassword") == 1
    task = sim.task(TASK)
    assert (len(task["notes"]), len(task["writes"]), task["status"], task["minutes"]) == (1, 1, "Completed", 1)
