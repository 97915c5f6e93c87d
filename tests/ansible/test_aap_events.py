"""The rulebooks under the real ansible-rulebook: a webhook, a playbook or a job template, and a task that is closed."""

import hashlib
import hmac
import json
import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_controller import TOKEN, Controller, controller
from play_runs import BIN, COLLECTIONS, SETTINGS, environment
from real_postgres import RealPostgres
from real_simulator import RealSimulator
from waiting import until
from worlds import CANARIES, EXPIRED_SECRET, TASK

EDA_STUB = Path(__file__).with_name("eda_stub")
WEBHOOK = "canary-webhook-8Kp"
NO_EVENTS: list[Any] = [{}, {"task": "40021"}, {"task": True}, {"task": [40021]}, {"task": None}, {"task": -1}, [40021]]
pytestmark = [
    pytest.mark.skipif(
        shutil.which("java") is None, reason="ansible-rulebook needs Java 17, and there is no java here"
    ),
    pytest.mark.timeout(400),  # a busy machine takes a minute to start Java and ten playbooks
]


@dataclass
class Listening:
    """A rulebook that listens, and what it has said."""

    process: subprocess.Popen[str]
    port: int
    words: list[str]

    def post(self, message: Any, token: str = WEBHOOK) -> int:
        """Send a message to the webhook, and give the status of the answer."""
        return self.send(json.dumps(message).encode(), Authorization=f"Bearer {token}")

    def post_signed(self, message: Any, secret: str = WEBHOOK, *, sent: Any = None) -> int:
        """The same with a signature; `sent` is sent in the place of what was signed."""
        signature = hmac.new(secret.encode(), json.dumps(message).encode(), hashlib.sha256).hexdigest()
        body = json.dumps(message if sent is None else sent).encode()
        return self.send(body, **{"X-Hub-Signature-256": f"sha256={signature}"})

    def send(self, body: bytes, **headers: str) -> int:
        """Send bytes to the webhook, and give the status of the answer."""
        url = f"http://127.0.0.1:{self.port}/ivanti"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                return answer.status
        except urllib.error.HTTPError as refused:
            refused.close()
            return refused.code

    def is_listening(self) -> bool:
        """Whether the webhook refuses a wrong token already; fails when the process has ended."""
        assert self.process.poll() is None, self.process.stdout and self.process.stdout.read()
        try:
            return self.post({}, token="wrong") in (400, 401)
        except urllib.error.URLError:
            return False

    def until(self, text: str, times: int = 1) -> None:
        """Read on until that many lines begin with a text, or hold it after a time."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.words.append(line)
            times -= line.startswith(text) or f" - {text}" in line
            if times == 0:
                return
        raise AssertionError("".join(self.words))


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def listening(
    book: str | Path, folder: Path, more: dict[str, str] | None = None, **variables: Any
) -> Generator[Listening]:
    """Start a rulebook, by its name or a file, and wait until its webhook answers."""
    port = free_port()
    (folder / "vars.yml").write_text(json.dumps({"webhook_token": WEBHOOK, "listen_port": port, **variables}))
    (folder / "inventory").write_text("localhost ansible_connection=local\n")
    rules = str(book) if isinstance(book, Path) else f"spentkey.entra.{book}"
    with running_rules(rules, folder, more, port) as running:
        until(running.is_listening)
        yield running


@contextmanager
def running_rules(
    rules: str | Path, folder: Path, more: dict[str, str] | None = None, port: int = 0
) -> Generator[Listening]:
    """Start a rulebook with the variables and the inventory of the folder, where there are any."""
    given = [
        word
        for option, name in (("-e", "vars.yml"), ("-i", "inventory"))
        if (folder / name).exists()
        for word in (option, str(folder / name))
    ]
    process = subprocess.Popen(
        [str(BIN / "ansible-rulebook"), "-r", str(rules), "-v", *given],
        env=environment(folder) | (more or {}),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Listening(process, port, [])
    try:
        yield running
    finally:
        process.terminate()
        out, _ = process.communicate()
        running.words.append(out or "")


def test_a_burst_of_events_is_worked_once(sim: RealSimulator, tmp_path: Path) -> None:
    """A wrong token is 401, what names no number starts nothing, and of five events for one task one does the work."""
    with listening("removal_local", tmp_path, configuration=str(sim.config), settings=SETTINGS) as running:
        assert [running.post(message) for message in NO_EVENTS] == [200] * len(NO_EVENTS)
        assert running.post({"task": TASK}, token="wrong") == 401
        assert [running.post({"task": TASK}) for _ in range(5)] == [200] * 5
        running.until("PLAY RECAP", times=5)
    words = "".join(running.words)
    assert words.count("\nPLAY [") == 5
    assert (words.count("ok=3    changed=1 "), words.count("ok=3    changed=0 ")) == (1, 4)
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]
    task = sim.task(TASK)
    assert (task["status"], task["minutes"], len(task["notes"])) == ("Completed", 1, 1)
    assert [name for name, value in {**CANARIES, "webhook": WEBHOOK}.items() if value in words] == []


def ready(awx: Controller) -> dict[str, str]:
    """A controller that has the template with its survey; how a rulebook finds it."""
    number = awx.make("job_templates", name="EntraID secrets removal", survey_enabled=True)
    element = {"variable": "task_number", "type": "integer", "required": True, "min": 1, "max": 2147483647}
    awx.surveys[number] = {"spec": [element]}
    return {
        "EDA_CONTROLLER_URL": awx.url,
        "EDA_CONTROLLER_TOKEN": TOKEN,
        "EDA_JOB_TEMPLATE_REFRESH_DELAY": "0.1",
    }


LAUNCHED = "ansible_rulebook.action.run_job_template - INFO - controller job id"
LISTENS = "ansible_rulebook.rule_set_runner - INFO - Waiting for actions on events"


def test_an_event_launches_the_job_template_with_the_number_alone(tmp_path: Path) -> None:
    """Neither the event nor its headers go along, so the controller ignores nothing of what the survey does not name."""
    with controller() as awx:
        with listening("removal", tmp_path, ready(awx)) as running:
            assert [running.post(message) for message in ({"task": "40021"}, {"task": TASK})] == [200, 200]
            running.until(LAUNCHED)
        assert [(job["extra_vars"], job["template"]) for job in awx.jobs] == [
            ({"task_number": TASK}, "EntraID secrets removal")
        ]
        assert awx.ignored == [{"limit": "localhost"}]
    words = "".join(running.words)
    assert [one for one in (TOKEN, WEBHOOK) if one in words] == []


def test_the_older_webhook_launches_the_same(tmp_path: Path) -> None:
    """For 2.4 and 2.5: the job has the number alone; the event goes along, without the token, and is ignored."""
    with controller() as awx:
        older = os.pathsep.join([str(COLLECTIONS), str(EDA_STUB)])
        with listening("removal_2_5", tmp_path, {**ready(awx), "ANSIBLE_COLLECTIONS_PATH": older}) as running:
            refused = running.post({"task": TASK}, token="wrong")
            assert [refused, *(running.post(message) for message in ({"task": "40021"}, {"task": TASK}))] == [
                401,
                200,
                200,
            ]
            running.until(LAUNCHED)
        assert [job["extra_vars"] for job in awx.jobs] == [{"task_number": TASK}]
        assert [sorted(one) for one in awx.ignored] == [["extra_vars", "limit"]]
        assert [one for one in (TOKEN, WEBHOOK) if one in json.dumps(awx.ignored)] == []


def with_stream(folder: Path, source: dict[str, Any] | None) -> Path:
    """The rulebook as an activation runs it: the event stream in the place of the source, whose name stays."""
    book = COLLECTIONS / "ansible_collections/spentkey/entra/extensions/eda/rulebooks/removal_event_stream.yml"
    (rules,) = yaml.safe_load(book.read_text("utf-8"))
    assert [one["name"] for one in rules["sources"]] == ["Ivanti"]
    if source is not None:
        rules["sources"] = [{"name": "stream", **source}]
    (folder / "stream.yml").write_text(yaml.safe_dump([rules]), "utf-8")
    return folder / "stream.yml"


def test_an_event_stream_launches_the_job_template(tmp_path: Path, postgres: RealPostgres) -> None:
    """An event arrives by PostgreSQL, as the platform delivers it; what names no number starts nothing."""
    dsn = postgres.database()
    source = {"ansible.eda.pg_listener": {"dsn": dsn, "channels": ["stream_1"]}}
    with controller() as awx, running_rules(with_stream(tmp_path, source), tmp_path, ready(awx)) as running:
        running.until(LISTENS)
        until(lambda: postgres.rows(dsn, "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"))
        for task in ("40021", [40021], TASK):
            event = {"payload": {"task": task}, "meta": {"eda_event_stream_name": "ivanti", "headers": {"A": "b"}}}
            postgres.rows(dsn, "SELECT 1 FROM (SELECT pg_notify('stream_1', %s)) AS sent", json.dumps(event))
        running.until(LAUNCHED)
        assert [job["extra_vars"] for job in awx.jobs] == [{"task_number": TASK}]
        assert awx.ignored == [{"limit": "localhost"}]


def test_an_activation_without_its_stream_hears_nobody(tmp_path: Path) -> None:
    """Whoever forgets to map the source gets no open webhook: nothing listens, and the rulebook ends."""
    with controller() as awx, running_rules(with_stream(tmp_path, None), tmp_path, ready(awx)) as running:
        assert running.process.wait(120) == 0
        assert (awx.jobs, "listening" in "".join(running.words)) == ([], False)


def signed_by_the_guide(folder: Path) -> Path:
    """The rulebook with a signature in the place of the token, as the guide says to change it."""
    guide = (COLLECTIONS.parent / "docs/howto/eda.md").read_text("utf-8")
    (line,) = [one for one in guide.splitlines() if one.startswith("**Instead of a token")]
    settings = re.findall(r"`(hmac_\w+: [^`]+)`", line)
    book = COLLECTIONS / "ansible_collections/spentkey/entra/extensions/eda/rulebooks/removal_local.yml"
    before = book.read_text("utf-8")
    after = re.sub(r"( +)token: .*\n", lambda found: "".join(f"{found[1]}{one}\n" for one in settings), before)
    assert (len(settings), after != before) == (4, True)
    (folder / "signed.yml").write_text(after, "utf-8")
    return folder / "signed.yml"


def test_a_signature_in_the_place_of_a_token_proves_each_message(sim: RealSimulator, tmp_path: Path) -> None:
    """Another secret and another message under a signature are 401, none is 400; the signed one is worked on."""
    given: dict[str, Any] = {"configuration": str(sim.config), "settings": SETTINGS, "webhook_secret": WEBHOOK}
    with listening(signed_by_the_guide(tmp_path), tmp_path, **given) as running:
        message = {"task": TASK}
        refused = [running.post_signed(message, "another"), running.post_signed({"task": 1}, sent=message)]
        assert [*refused, running.post(message)] == [401, 401, 400]
        assert running.post_signed(message) == 200
        running.until("PLAY RECAP")
    words = "".join(running.words)
    assert (words.count("\nPLAY ["), [one["key_id"] for one in sim.removals()]) == (1, [EXPIRED_SECRET])
    assert WEBHOOK not in words
