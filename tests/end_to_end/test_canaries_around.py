"""No secret leaves its place: libraries that log at DEBUG while they retry, child processes, and what campaigns leave."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import BIN, QUICK, environment
from fault_rules import fault
from process_seen import environment_seen
from real_simulator import RealSimulator
from signed_texts import texts_to_search
from test_canaries import found, sent_tokens
from worlds import TASK, certificate_parameters, world

TESTS = Path(__file__).parents[1]
RETRIED = [
    fault(system, route, kind, times=1)
    for system, route in (
        ("ivanti", "task-query"),
        ("ivanti", "note-create"),
        ("ivanti", "task-write"),
        ("passwordstate", "search"),
        ("passwordstate", "document"),
        ("login", "token"),
        ("graph", "batch"),
        ("graph", "removeKey"),
        ("graph", "read-application"),
    )
    for kind in ("429", "503", "reset", "hang")
    if (route, kind) != ("removeKey", "hang")
]


class Heard(logging.Handler):
    """Keeps every line of every library, with whatever it was made of."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.names: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.names.add(record.name.partition(".")[0])
        self.lines.append(f"{self.format(record)} {record.args!r} {record.__dict__!r}")


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Everything that is logged in this process, at DEBUG."""
    root, handler = logging.getLogger(), Heard()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize("rule", RETRIED, ids=lambda rule: f"{rule['route']} {rule['kind']}")
async def test_nothing_secret_is_logged_while_a_request_is_tried_again(
    sim: RealSimulator, heard: Heard, rule: dict[str, object]
) -> None:
    """The retry library's hooks, the event loop, the HTTP client and the sign-in library, whatever they have to say."""
    sim.reset(world(certificate_parameters()))
    sim.faults(rule | ({"params": {"seconds": 0}} if rule["kind"] == "hang" else {}))
    result = await sim.run(TASK)
    assert result.exit_code in (0, 4), result.reason
    assert found("\n".join(heard.lines)) == []
    assert not any(token in line for token in sent_tokens(sim) for line in heard.lines)


async def test_the_search_would_find_what_a_library_logs(heard: Heard) -> None:
    """A canary in an argument of a log line is seen, whoever logs it."""
    secret = certificate_secret()
    logging.getLogger("somebody").debug("asked with %s", {"Authorization": f"Bearer {secret}"})
    assert "Bearer " in found("\n".join(heard.lines))
    assert secret in found("\n".join(heard.lines))
    assert "somebody" in heard.names


def certificate_secret() -> str:
    """One of the secrets that are really used."""
    return "canary-pfx-password-8Hk"


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    started = Path(f"/proc/{pid}/task/{pid}/children")
    children = [int(one) for one in started.read_text().split()] if started.exists() else []
    return [pid, *(member for child in children for member in family(child))]


@pytest.mark.parametrize("route", ["token", "removeKey", "document"])
def test_neither_the_process_nor_what_it_starts_shows_a_secret(sim: RealSimulator, tmp_path: Path, route: str) -> None:
    """With secrets as files, command lines and environments hold none, at any of the moments when one is in use."""
    sim.reset(world(certificate_parameters()))
    system = {"token": "login", "removeKey": "graph", "document": "passwordstate"}[route]
    sim.faults(fault(system, route, "hang", "after", nth=1, params={"seconds": 1}))
    command = [str(BIN / "spentkey"), "run", str(TASK), "--json", "--config", str(sim.config)]
    variables = environment(tmp_path, **QUICK)
    with subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=-1, stderr=-1, text=True) as process:
        while not any(entry["route"] == route for entry in sim.journal()):
            assert process.poll() is None
        members = family(process.pid)
        seen = [Path(f"/proc/{one}/cmdline").read_text() + environment_seen(one) for one in members]
        process.communicate(timeout=60)
    assert "spentkey" in seen[0]
    assert found("\n".join(seen)) == []


CAMPAIGNS: dict[str, tuple[list[str], dict[str, str]]] = {
    "property": (["property/campaign_property.py"], {"CASES": "6", "SEED": "70"}),
    "matrix": (["property/campaign_matrix.py"], {"SAMPLE": "2", "PAIRS": "1"}),
    "requests": (["property/campaign_requests.py"], {"CASES": "30"}),
    "kill": (["crash/campaign_kill.py", "--stories", "hand-over", "--seeds", "1", "--series", "1"], {}),
}


@pytest.mark.parametrize(
    "name", ["property", *(pytest.param(name, marks=pytest.mark.long) for name in CAMPAIGNS if name != "property")]
)
def test_a_campaign_leaves_no_secret_behind(tmp_path: Path, name: str) -> None:
    """What it prints, and every file of the folder that it worked in, but for the secrets that were put there."""
    (script, *words), settings = CAMPAIGNS[name]
    kept = tmp_path / "kept"
    variables = {**os.environ, **settings, "KEEP": str(kept), "PYTHONPATH": f"{TESTS / 'support'}:{TESTS / 'crash'}"}
    ended = subprocess.run(
        [sys.executable, str(TESTS / script), *words],
        env=variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    given = {"world.json", "spentkey.toml"}
    files = [one for one in kept.rglob("*") if one.is_file() and "secrets" not in one.parts and one.name not in given]
    assert any(one.name == "spentkey.db" for one in files)
    for file in files:
        assert found("\n".join(texts_to_search([file]))) == [], file.name
    assert found(ended.stdout + ended.stderr) == []
