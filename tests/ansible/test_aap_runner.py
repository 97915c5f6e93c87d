"""The playbooks under ansible-runner, as a controller runs them: how the job ends, and what its artifacts keep."""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from play_runs import BIN, ONE_TASK, SETTINGS, STEP_BY_STEP, environment
from real_simulator import RealSimulator
from worlds import CANARIES, LIVE_SECRET, TASK, certificate_parameters, parameters, world

TOKEN_SHAPE = re.compile(r"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+")
LONG_BASE64 = re.compile(r"MII[A-Za-z0-9+/=]{60,}")


@dataclass(frozen=True)
class Job:
    """How a job ended, and everything that it left behind."""

    code: int
    status: str
    folder: Path

    def events(self) -> list[dict[str, Any]]:
        """The job events, in order."""
        files = sorted(self.folder.glob("artifacts/*/job_events/*.json"), key=lambda one: int(one.name.split("-")[0]))
        return [json.loads(one.read_text()) for one in files]

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every file of the artifacts, by its name."""
        for one in (self.folder / "artifacts").rglob("*"):
            if one.is_file():
                yield one.name, one.read_text(errors="replace")


def run(sim: RealSimulator, folder: Path, book: str) -> Job:
    """One job by ansible-runner, with the most talkative output."""
    given = {"task_number": TASK, "spentkey_config": str(sim.config), "spentkey_settings": SETTINGS}
    (folder / "env").mkdir(parents=True)
    (folder / "project").mkdir()
    (folder / "env" / "extravars").write_text(json.dumps(given))
    command = [str(BIN / "ansible-runner"), "run", str(folder), "-p", book, "-vvv"]
    ended = subprocess.run(
        command, env=environment(folder), capture_output=True, text=True, check=False, timeout=110, cwd=folder
    )
    (status,) = folder.glob("artifacts/*/status")
    return Job(ended.returncode, status.read_text(), folder)


def secrets(text: str) -> list[str]:
    """What stands in a text that must not: a secret of the world, a token, a private key, the bytes of a PFX."""
    found = [name for name, value in CANARIES.items() if value in text]
    found += [f"token {match[:20]}" for match in TOKEN_SHAPE.findall(text)]
    found += [f"key {match[:20]}" for match in LONG_BASE64.findall(text)]
    return found + [shape for shape in ("-----BEGIN",) if shape in text]


@pytest.mark.parametrize("book", [STEP_BY_STEP, ONE_TASK])
@pytest.mark.parametrize("asked", [certificate_parameters(), parameters(SecretID=LIVE_SECRET)], ids=["done", "handed"])
def test_a_job_ends_as_its_task_and_keeps_nothing_secret(
    sim: RealSimulator, tmp_path: Path, book: str, asked: list[Any]
) -> None:
    """Successful after a removal, failed after a hand-over; in artifacts and events stand neither secrets nor stats."""
    sim.reset(world(asked))
    handed = asked != certificate_parameters()
    job = run(sim, tmp_path / "job", book)
    assert (job.code, job.status) == ((2, "failed") if handed else (0, "successful")), list(job.texts())
    task = sim.task(TASK)
    assert (task["status"], task["owner_team"]) == (
        ("Logged", "Systeemsoftware") if handed else ("Completed", "Spentkey")
    )
    assert len(sim.removals()) == (0 if handed else 1)
    assert [(name, found) for name, text in job.texts() if (found := secrets(text))] == []
    (stats,) = [one for one in job.events() if one["event"] == "playbook_on_stats"]
    assert stats["event_data"].get("artifact_data", {}) == {}
    assert {name for name, _ in job.texts()} >= {"stdout", "status", "rc"}


def test_a_job_for_a_task_that_is_not_ours_fails(sim: RealSimulator, tmp_path: Path) -> None:
    """A rescue does not make it green."""
    sim.reset(world(task={"owner_team": "Servicedesk"}))
    job = run(sim, tmp_path / "job", STEP_BY_STEP)
    assert (job.code, job.status, sim.writes()) == (2, "failed", [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"x {CANARIES['pfx password']} y", ["pfx password"]),
        ("eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln", ["token eyJhbGciOiJSUzI1NiJ9"]),
        ("MII" + "A" * 80, ["key MII" + "A" * 17]),
        ("-----BEGIN PRIVATE KEY-----", ["-----BEGIN"]),
        ("task 40021 closed", []),
    ],
)
def test_what_is_searched_for_would_be_found(text: str, found: list[str]) -> None:
    """The search itself sees each kind."""
    assert [one[: len(want)] for one, want in zip(secrets(text), found, strict=True)] == found


def test_no_playbook_sets_stats() -> None:
    """What set_stats keeps stands in clear in the artifacts, whatever no_log says."""
    books = [*Path(__file__).parents[2].glob("ansible/**/*.yml")]
    assert len(books) > 10
    assert [
        book.name for book in books if re.search(r"^\s*(-\s*)?(ansible\.builtin\.)?set_stats:", book.read_text(), re.M)
    ] == []
