"""schemathesis, a program of other makers, asks the running service whatever its description allows, and more."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from commands import BIN
from queue_worlds import GONE_TASK, SECRET_TASK, queue_world
from real_simulator import RealSimulator
from web_support import OPERATOR, served

from spentkey.web.models import TASK_PATTERN

IVANTI_PATTERN = "^[1-9][0-9]{0,14}$"
FEW = 2
QUICK, ALL = "examples,fuzzing,stateful", "examples,coverage,fuzzing,stateful"
PATIENCE_S = 0.5
"""How long the service waits for a body that does not come."""


@pytest.mark.parametrize(("examples", "phases"), [(FEW, QUICK), pytest.param(12, ALL, marks=pytest.mark.long)])
async def test_the_service_keeps_to_its_description(
    sim: RealSimulator, tmp_path: Path, examples: int, phases: str
) -> None:
    """All checks, with an operator's key: statuses, types, headers, methods, refusals, and that the key is needed."""
    sim.reset(queue_world(SECRET_TASK, GONE_TASK))
    async with served(sim, tmp_path, most_failures=10**6, patience_s=PATIENCE_S) as one:
        await one.work(SECRET_TASK)
        file = tmp_path / "openapi.json"
        file.write_text(for_ivanti((await one.get("/api/v1/openapi.json")).json))
        code, message = await ask_everything(one.url, file, tmp_path, examples, phases)
    assert code == 0, message
    assert "15 selected / 15 total" in message


def for_ivanti(described: dict[str, Any]) -> str:
    """The description leaves room for the tasks of every service desk; those of Ivanti are numbers alone."""
    text, any_desk = json.dumps(described), json.dumps(TASK_PATTERN)
    assert text.count(any_desk) == 7  # four addresses, the webhook, and two filters
    return with_filters(json.loads(text.replace(any_desk, json.dumps(IVANTI_PATTERN))))


def with_filters(described: dict[str, Any]) -> str:
    """A filter may name a task of any desk. No schema says what a time is, and that `since` comes before `until`: here all do."""
    found = {one["name"]: one["schema"] for one in described["paths"]["/api/v1/evidence"]["get"]["parameters"]}
    found["since"]["pattern"], found["until"]["pattern"] = "^20[01][0-9]-0[1-9]-1[0-9]$", "^20[3-9][0-9]-0[1-9]-1[0-9]$"
    found["task"]["pattern"] = TASK_PATTERN
    return json.dumps(described)


async def ask_everything(
    url: str, description: Path, folder: Path, examples: int = FEW, phases: str = QUICK
) -> tuple[int, str]:
    """Run it with a fixed seed."""
    options = [
        "--checks",
        "all",
        "--phases",
        phases,
        "--seed",
        "1",
        "--max-examples",
        str(examples),
        "--no-color",
    ]  # one worker: two meet a bug of Python 3.11 in ast (gh-106905)
    key = ["--header", f"Authorization: {OPERATOR['Authorization']}", "--tls-verify", str(folder / "service-ca.pem")]
    process = await asyncio.create_subprocess_exec(
        *(str(BIN / "schemathesis"), "run", str(description), "--url", url, *options, *key),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    message, _ = await process.communicate()
    return process.returncode or 0, message.decode()


async def test_a_description_that_is_not_kept_would_be_seen(sim: RealSimulator, tmp_path: Path) -> None:
    """With a status left out of the description the same program complains."""
    async with served(sim, tmp_path, most_failures=10**6) as one:
        described = (await one.get("/api/v1/openapi.json")).json
        described["paths"] = {"/api/v1/status": described["paths"]["/api/v1/status"]}
        described["paths"]["/api/v1/status"]["get"]["responses"]["200"]["content"]["application/json"]["schema"] = {
            "type": "string"
        }
        file = tmp_path / "openapi.json"
        file.write_text(json.dumps(described))
        code, message = await ask_everything(one.url, file, tmp_path)
    assert (code, "Response violates schema" in message) == (1, True), message
