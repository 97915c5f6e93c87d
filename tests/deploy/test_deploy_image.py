"""The image: read, linted, and its question whether it lives asked of a real server."""

import json
import re
import subprocess
import sys
from collections.abc import Generator
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from deploy_files import DEPLOY, ROOT, call_problems
from deploy_image import Step, base_problems, image_problems, read_steps

FILE = DEPLOY / "container" / "Containerfile"
TEXT = FILE.read_text("utf-8")
STEPS = read_steps(TEXT)
DIGEST = re.findall(r"@sha256:[0-9a-f]{64}", TEXT)[0]
BASES = (
    FILE,
    DEPLOY / "compose" / "compose.yaml",
    ROOT / "ansible" / "execution-environment" / "execution-environment.yml",
)
HEALTHCHECK = DEPLOY / "container" / "healthcheck.py"
IGNORED = (ROOT / ".dockerignore").read_text("utf-8").splitlines()


def hadolint(file: Path) -> tuple[int, set[str]]:
    """The exit code and the rules that the linter names."""
    command = [str(Path(sys.executable).with_name("hadolint")), "--format", "json", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, {finding["code"] for finding in json.loads(ended.stdout)}


def test_the_linter_finds_nothing() -> None:
    """hadolint, at its own settings, has nothing to say."""
    assert hadolint(FILE) == (0, set())


def test_the_linter_can_find_something(tmp_path: Path) -> None:
    """The same call refuses a file with two well-known mistakes, so the test above can fail."""
    file = tmp_path / "Containerfile"
    file.write_text("FROM debian:latest\nRUN cd /x && apt-get install -y wget\n", "utf-8")
    code, rules = hadolint(file)
    assert (code, rules >= {"DL3007", "DL3003"}) == (1, True)


def test_the_image_is_as_it_should_be() -> None:
    """Pinned, locked, without a user who may do anything, stopped as the process expects."""
    assert image_problems(STEPS) == []


def test_the_image_starts_a_command_that_there_is() -> None:
    """What runs by default is a command of Spentkey with options that it has."""
    last = {step.word: step.rest for step in STEPS}
    assert json.loads(last["ENTRYPOINT"]) == ["/opt/spentkey/bin/spentkey"]
    assert call_problems(json.loads(last["CMD"])) == []


@pytest.mark.parametrize("file", BASES, ids=lambda file: file.name)
def test_images_of_others_are_named_by_digest(file: Path) -> None:
    """Of the image, of Compose and of the execution environment; beside each stands how its digest is renewed."""
    assert base_problems(file.read_text("utf-8")) == []


@pytest.mark.parametrize("file", BASES, ids=lambda file: file.name)
def test_an_image_without_digest_or_without_a_way_to_renew_it_is_found(file: Path) -> None:
    """Each of the two by itself, and a file in which no image is found at all."""
    text = file.read_text("utf-8")
    assert [
        one.endswith("is not named by its digest") for one in base_problems(re.sub("@sha256:[0-9a-f]{64}", "", text))
    ] == [True]
    (line,) = base_problems(text.replace(" inspect ", " look "))
    assert line.startswith("no line says how the digest of ")
    assert base_problems("nothing") == ["no image of others is named"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("USER 10001:10001", "USER root", "it does not end as a user with a number"),
        ("USER 10001:10001", "USER 0:0", "it does not end as a user with a number"),
        ("USER 10001:10001\n", "", "it does not end as a user with a number"),
        ("STOPSIGNAL SIGTERM", "STOPSIGNAL SIGINT", "it is not stopped by SIGTERM"),
        ('healthcheck.py"]', 'x.py"]', "nobody asks whether it lives"),
        (
            'ENTRYPOINT ["/opt/spentkey/bin/spentkey"]',
            "ENTRYPOINT spentkey",
            "a shell stands between the signal and the process",
        ),
        ("COPY src src", "ADD https://example.org/src.tar.gz src", "ADD is used"),
        (DIGEST, "", "docker.io/library/python:3.11-slim-bookworm may be anything"),
        (f":3.11-slim-bookworm{DIGEST}", ":latest", "docker.io/library/python:latest may be anything"),
        (f":3.11-slim-bookworm{DIGEST}", DIGEST, f"docker.io/library/python{DIGEST} may be anything"),
        (" --require-hashes", "", "pip installs without hashes"),
        (" --frozen", "", "uv installs what the lock does not name"),
        (
            "RUN apt-get update",
            "RUN curl https://example.org | sh && apt-get update",
            "a build step downloads by itself",
        ),
        ("ARG REVISION=unknown", "ARG API_KEY=unknown", "ARG holds a secret"),
        (
            "COPY deploy/container/healthcheck.py",
            "COPY spentkey.toml",
            "spentkey.toml /opt/spentkey/healthcheck.py comes from the outside",
        ),
    ],
)
def test_a_bad_image_is_refused(old: str, new: str, problem: str) -> None:
    """Each change for the worse is found, and nothing else."""
    assert old in TEXT
    assert image_problems(read_steps(TEXT.replace(old, new))) == [problem]


def enters(path: str) -> bool:
    """Whether a file enters the build, by the rules of `.dockerignore`: the last rule that fits decides."""
    kept = True
    for rule in (line for line in IGNORED if line and not line.startswith("#")):
        pattern = rule.removeprefix("!").removeprefix("**/")
        parts = path.split("/")
        above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        tried = parts if rule.startswith("**/") else above
        if any(fnmatch(one, pattern) for one in tried):
            kept = rule.startswith("!")
    return kept


@pytest.mark.parametrize(
    "step", [step for step in STEPS if step.word == "COPY" and not step.rest.startswith("--from=")]
)
def test_what_is_copied_enters_the_build(step: Step) -> None:
    """Each source of a COPY is there and is let through."""
    *sources, _ = step.rest.split()
    assert [source for source in sources if not (ROOT / source).exists() or not enters(source)] == []


@pytest.mark.parametrize(
    "path",
    [
        "spentkey.toml",
        "deploy/compose/secrets/ivanti_api_key",
        ".git/config",
        ".venv/bin/python",
        "tests/conftest.py",
        "spentkey.db",
        "src/spentkey/__pycache__/story.pyc",
    ],
)
def test_nothing_else_enters_the_build(path: str) -> None:
    """Configurations, secrets, history and tests stay outside."""
    assert enters(path) is False


class Answer(BaseHTTPRequestHandler):
    """Answers as the path says: /healthz lives, everything else is away."""

    def do_GET(self) -> None:
        """200 or 503."""
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def server() -> Generator[str]:
    """A server on loopback that answers /healthz."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as serving:
        thread = Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


def ask(address: str) -> int:
    """The exit code of the healthcheck, in an environment with a proxy that must not be asked."""
    environment = {"http_proxy": "http://127.0.0.1:9", "HEALTHCHECK_URL": address}
    command = [sys.executable, "-I", str(HEALTHCHECK)]
    return subprocess.run(command, check=False, capture_output=True, env=environment).returncode


def test_a_process_that_lives_is_healthy(server: str) -> None:
    """200 is exit code 0, and no proxy of the environment is asked."""
    assert ask(f"{server}/healthz") == 0


@pytest.mark.parametrize("path", ["/readyz", "/"])
def test_another_answer_is_not_healthy(server: str, path: str) -> None:
    """503 is exit code 1."""
    assert ask(f"{server}{path}") == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/healthz", "no address", "https://127.0.0.1:9/healthz"])
def test_no_answer_is_not_healthy(address: str) -> None:
    """Nobody there, or nothing that could be asked, is exit code 1 and not a traceback."""
    assert ask(address) == 1


def test_the_image_and_the_project_are_of_one_version() -> None:
    """The label says what pyproject.toml says."""
    (version,) = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert [step.rest for step in STEPS if step.rest.startswith("VERSION=")] == [f"VERSION={version}"]
