"""`spentkey serve` as a process against the simulator in another: from the webhook to the closed task, and its end."""

import json
import signal
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from commands import BIN, QUICK, against, environment
from fault_rules import fault
from queue_worlds import CERTIFICATE_TASK, GONE_TASK, SECRET_TASK, queue_world
from real_simulator import QuickClock, RealSimulator
from serve_process import serving
from web_support import OPERATOR, VIEWER, signed
from worlds import CANARIES, EXPIRED_SECRET, TASK, world

HIDDEN_TASK: dict[str, Any] = {"owner_team": "Servicedesk"}
BODY = json.dumps({"task": TASK}).encode()


def test_from_the_webhook_to_the_closed_task(sim: RealSimulator, tmp_path: Path) -> None:
    """202 at once; the task is done by the engine; one secret is removed, the log says how, and SIGTERM ends with 0.

    The queue cannot be read at first, so that it is the webhook that brings the task, five times.
    """
    sim.faults(fault("ivanti", "task-query", "503", nth=1))
    with serving(sim, tmp_path) as service:
        headers = {**signed(BODY, QuickClock()), "Content-Type": "application/json"}
        assert [service.ask("POST", "/api/v1/tasks", headers, BODY)[0] for _ in range(5)] == [202] * 5
        result = service.until("result", task=str(TASK))
        assert (result["outcome"], result["ticket"]) == ("removed", "closed")
        status, shown = service.ask("GET", f"/api/v1/tasks/{TASK}", VIEWER)
        assert (status, shown["last"]["result"]["evidence"]) == (200, result["attempt"])
        assert service.ask("GET", "/readyz", {}) == (200, {"ready": True, "missing": []})
        assert service.end(signal.SIGTERM) == 0
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]
    assert [line["event"] for line in service.log][-3:] == ["stopping", "stopped", "checkpoint"]
    assert [name for name, secret in CANARIES.items() if secret in json.dumps(service.log)] == []


def test_polling_finds_what_is_open(sim: RealSimulator, tmp_path: Path) -> None:
    """Without any webhook; each task once, and SIGINT ends as SIGTERM does."""
    numbers = (SECRET_TASK, CERTIFICATE_TASK, GONE_TASK)
    sim.reset(queue_world(*numbers))
    with serving(sim, tmp_path) as service:
        ended = {service.until("result")["task"] for _ in numbers}
        assert service.end(signal.SIGINT) == 0
    assert {str(number) for number in numbers} == ended
    assert {sim.task(number)["status"] for number in numbers} == {"Completed"}
    assert all(len(sim.task(number)["notes"]) == 1 for number in numbers)


def test_work_under_way_comes_to_a_safe_point_first(sim: RealSimulator, tmp_path: Path) -> None:
    """A removal that is being verified when the signal comes is on record as what it is, and a rerun closes the task."""
    sim.faults(fault("graph", "removePassword", "hang", "after", params={"seconds": 0.5}))
    with serving(sim, tmp_path) as service:
        service.until("step", step="remove")
        assert service.end(signal.SIGTERM) == 0
    assert against(sim, tmp_path, "run", str(TASK)).code == 0
    assert (sim.task(TASK)["status"], len(sim.task(TASK)["notes"]), len(sim.removals())) == ("Completed", 1, 1)


def test_a_second_signal_ends_it_at_once(sim: RealSimulator, tmp_path: Path) -> None:
    """By the signal itself; nothing is lost, the next run finds the task."""
    sim.faults(fault("graph", "batch", "hang", params={"seconds": 60}))
    with serving(sim, tmp_path) as service:
        service.until("step", step="see")
        service.process.send_signal(signal.SIGTERM)
        service.until("stopping")
        assert service.end(signal.SIGTERM) in (0, -signal.SIGTERM)
    sim.faults()
    assert against(sim, tmp_path, "run", str(TASK)).code == 0


def test_a_pause_is_lifted_by_the_command(sim: RealSimulator, tmp_path: Path) -> None:
    """Paused over the API, resumed on the command line; the task that a pause held up is done then."""
    sim.reset(world(task=HIDDEN_TASK))
    with serving(sim, tmp_path) as service:
        status, _ = service.ask("POST", "/api/v1/pause", OPERATOR, b'{"why": "change of keys"}')
        assert (status, service.end(signal.SIGTERM)) == (200, 0)
    sim_task = against(sim, tmp_path, "work", "--once", "--json")
    lifted = against(sim, tmp_path, "resume", "--why", "done", "--json").json()
    assert (sim_task.code, lifted["resumed"], lifted["stopped"].endswith("change of keys")) == (0, True, True)


class Collector(BaseHTTPRequestHandler):
    """Takes traces, and remembers where they came."""

    paths: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


def test_traces_reach_the_collector_that_is_named(sim: RealSimulator, tmp_path: Path) -> None:
    """By OTLP over HTTP, at the latest when it stops; a collector that is away costs nothing."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        there = f"http://127.0.0.1:{collector.server_port}"
        with serving(sim, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=there) as service:
            service.until("result", task=str(TASK))
            assert service.end(signal.SIGTERM) == 0
        collector.shutdown()
        thread.join()
    assert set(Collector.paths) == {"/v1/traces"}


def refused(sim: RealSimulator, home: Path, **more: str) -> tuple[int, str]:
    """How `serve` ends with a configuration that it does not take."""
    ended = against(sim, home, "serve", "--json", **more)
    return ended.code, ended.err


def test_an_address_in_use_is_one_line(sim: RealSimulator, tmp_path: Path) -> None:
    """Exit 2, and its name."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        code, message = refused(sim, tmp_path, SPENTKEY_SERVICE__LISTEN=listen)
    assert (code, f"service.listen: {listen} cannot be used" in message) == (2, True)


@pytest.mark.parametrize("content", [b"", b"no certificate", None])
def test_a_certificate_that_cannot_be_used_is_one_line(
    sim: RealSimulator, tmp_path: Path, content: bytes | None
) -> None:
    """Exit 2; nothing is served in the clear instead."""
    file = tmp_path / "service.pem"
    if content is not None:
        file.write_bytes(content)
        file.chmod(0o600)
    tls = {"SPENTKEY_SERVICE__TLS__CERTIFICATE": str(file), "SPENTKEY_SERVICE__TLS__KEY": str(file)}
    code, message = refused(sim, tmp_path, SPENTKEY_SERVICE__LISTEN="127.0.0.1:0", **tls)
    assert (code, "service.tls: certificate and key cannot be used together" in message) == (2, True)


def test_without_the_extra_it_says_what_to_install(sim: RealSimulator, tmp_path: Path) -> None:
    """Exit 2 and one line, in place of a traceback."""
    program = (
        "import sys\n"
        "sys.modules['fastapi'] = None\n"
        f"sys.argv = ['spentkey', 'serve', '--config', {str(sim.config)!r}]\n"
        "from spentkey.cli.main import main\n"
        "main()\n"
    )
    command = [str(BIN / "python"), "-c", program]
    ended = subprocess.run(command, cwd=tmp_path, env=environment(tmp_path, **QUICK), capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (
        2,
        b"spentkey: fastapi is not installed: run scripts/setup service in the repository\n",
    )
