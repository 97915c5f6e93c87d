"""The routes about the evidence: results by filter, a removal step by step, the checkpoint, and exports."""

import io
import signal
import subprocess
import sys
import urllib.request
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from commands import fits
from evidence_store import lines_in, put_lines
from queue_worlds import GONE_TASK, LIVE_TASK, SECRET_TASK, queue_world
from real_simulator import RealSimulator
from serve_process import serving
from structlog.testing import capture_logs
from web_support import AUDITOR, OPERATOR, VIEWER, Answer, Served, served
from worlds import TASK

from spentkey.core.checkpoint import checkpoint_text, in_base64, signed_note
from spentkey.core.errors import EvidenceBroken
from spentkey.core.note_key import NoteKey
from spentkey.ports.evidence_tree import Filters

EVIDENCE = "/api/v1/evidence"
EXPORT = f"{EVIDENCE}/export"
NOTE = "spentkey/0123456789abcdef\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u2014 a AAAAAAAA\n"


class Exports:
    """Makes a small ZIP and remembers for whom; or fails."""

    def __init__(self, fault: EvidenceBroken | None = None) -> None:
        self.asked: list[tuple[Filters, str]] = []
        self.files: list[Path] = []
        self.fault = fault

    async def __call__(self, wanted: Filters, who: str, file: Path) -> None:
        """Write it, where it is wanted."""
        self.asked.append((wanted, who))
        self.files.append(file)
        if self.fault is not None:
            raise self.fault
        with zipfile.ZipFile(file, "w") as made:
            made.writestr("records.jsonl", "x" * 300_000)


async def worked(one: Served, sim: RealSimulator, *numbers: int) -> None:
    """Tasks of each kind, worked on once."""
    sim.reset(queue_world(*numbers))
    for number in numbers:
        await one.work(number)


async def exported(one: Served, body: Any, headers: dict[str, str] = AUDITOR) -> tuple[int, dict[str, str], bytes]:
    """What comes back for that body."""
    async with one.client.request("POST", one.url + EXPORT, json=body, headers=headers) as response:
        return response.status, dict(response.headers), await response.read()


def tasks(answer: Answer) -> list[str]:
    """Which tasks are listed, in order."""
    fits(answer.json, "evidence-list.schema.json")
    return [one["result"]["task"] for one in answer.json["results"]]


async def test_results_come_in_pages_newest_first(sim: RealSimulator, tmp_path: Path) -> None:
    """Pages join without a gap or a repeat; the last one names no other."""
    numbers = (SECRET_TASK, GONE_TASK, LIVE_TASK)
    async with served(sim, tmp_path) as one:
        await worked(one, sim, *numbers)
        first = await one.get(f"{EVIDENCE}?limit=2", AUDITOR)
        second = await one.get(f"{EVIDENCE}?limit=2&before={first.json['next']}", AUDITOR)
    assert [*tasks(first), *tasks(second)] == [str(one) for one in reversed(numbers)]
    assert second.json["next"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"task={SECRET_TASK}", 1),
        ("outcome=removed", 1),
        ("outcome=refused", 1),
        ("tenant=production", 2),
        ("tenant=nowhere", 0),
        ("since=2020-01-01", 2),
        ("until=2020-01-01T00:00:00Z", 0),
        ("outcome=refused&tenant=production", 1),
        ("outcome=refused&since=2020-01-01&until=2020-01-02", 0),
    ],
)
async def test_filters_hold_together(sim: RealSimulator, tmp_path: Path, query: str, found: int) -> None:
    """What is listed fits all of them."""
    async with served(sim, tmp_path) as one:
        await worked(one, sim, SECRET_TASK, LIVE_TASK)
        assert len(tasks(await one.get(f"{EVIDENCE}?{query}", AUDITOR))) == found


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=yesterday", "since: give a date such as"),
        ("until=2026-02-30", "until: there is no such time"),
        ("since=2026-07-02&until=2026-07-01", "since must be before until"),
        ("outcome=gone", "outcome"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("before=-1", "before"),
        ("task=%20", "task"),
        ("app=", "app"),
        ("tenant=%00", "tenant"),
        ("task=40021&task=40022", "a filter stands there twice"),
    ],
)
async def test_a_filter_that_cannot_be_read_is_named(
    sim: RealSimulator, tmp_path: Path, query: str, words: str
) -> None:
    """422, and what was sent is not repeated."""
    async with served(sim, tmp_path) as one:
        answer = await one.get(f"{EVIDENCE}?{query}", AUDITOR)
    assert (answer.status, words in answer.json["detail"], "yesterday" in answer.text) == (422, True, False)


async def test_an_export_is_not_asked_for_by_get(sim: RealSimulator, tmp_path: Path) -> None:
    """It is put on record, so it is a POST; the address is no name of a removal."""
    async with served(sim, tmp_path) as one:
        answer = await one.get(f"{EVIDENCE}/export", AUDITOR)
    assert (answer.status, answer.json["detail"]) == (405, "an export is asked for by POST")


@pytest.mark.parametrize("headers", [AUDITOR, OPERATOR], ids=["auditor", "operator"])
async def test_a_removal_is_shown_step_by_step(sim: RealSimulator, tmp_path: Path, headers: dict[str, str]) -> None:
    """By its evidence id and by its task: the object that `evidence show --json` prints."""
    async with served(sim, tmp_path) as one:
        result = await one.work(TASK)
        shown = await one.get(f"{EVIDENCE}/{result.evidence}", headers)
        assert (await one.get(f"{EVIDENCE}/{TASK}", headers)).json == shown.json
    fits(shown.json, "evidence-show.schema.json")
    assert (shown.json["outcome"], shown.json["steps"][0]["code"], shown.json["holds"]) == ("removed", "asked", True)


@pytest.mark.parametrize("name", ["40022", "nobody", "5ff382ee-6b0d-4f53-8a39-0d7c4be1f001", "0"])
async def test_what_is_not_on_record_is_not_known(sim: RealSimulator, tmp_path: Path, name: str) -> None:
    """404, in words."""
    async with served(sim, tmp_path) as one:
        await one.work(TASK)
        answer = await one.get(f"{EVIDENCE}/{name}", AUDITOR)
    assert (answer.status, name in answer.json["detail"]) == (404, True)


@pytest.mark.parametrize("name", ["%00", "%20", "a%2Fb", "-x", "x" * 65, "%F0%9F%92%A9"])
async def test_what_can_be_no_name_is_refused(sim: RealSimulator, tmp_path: Path, name: str) -> None:
    """Before anything is read."""
    async with served(sim, tmp_path) as one:
        assert (await one.get(f"{EVIDENCE}/{name}", AUDITOR)).status in (404, 422)


async def test_the_newest_checkpoint_is_text_as_it_was_signed(sim: RealSimulator, tmp_path: Path) -> None:
    """To the byte, so that its signature can be verified; before there is one it is 404."""
    async with served(sim, tmp_path) as one:
        await one.work(TASK)
        assert (await one.get(f"{EVIDENCE}/checkpoint", AUDITOR)).status == 404
        await one.service.tree.keep_checkpoint(1, NOTE, datetime(2026, 7, 1, tzinfo=UTC))
        answer = await one.get(f"{EVIDENCE}/checkpoint", AUDITOR)
    assert (answer.status, answer.text, answer.headers["Content-Type"]) == (200, NOTE, "text/plain; charset=utf-8")


async def test_status_has_the_newest_checkpoint(sim: RealSimulator, tmp_path: Path) -> None:
    """For viewers too, as `spentkey status --json` has it; before there is one it is null."""
    key, at = NoteKey.from_seed(bytes(32)), datetime(2026, 7, 1, tzinfo=UTC)
    async with served(sim, tmp_path) as one:
        await one.work(TASK)
        before = await one.get("/api/v1/status")
        origin, head = await one.service.tree.origin(), await one.service.tree.head()
        text = checkpoint_text(origin, head)
        note = signed_note(text, [(key.verifier(origin), key.sign(text))])
        await one.service.tree.keep_checkpoint(head.size, note, at)
        shown = (await one.get("/api/v1/status")).json["last_checkpoint"]
    assert (before.status, before.json["last_checkpoint"]) == (200, None)
    assert datetime.fromisoformat(shown.pop("at")) == at
    key_id = key.verifier(origin).id.hex()
    assert shown == {"size": head.size, "root": in_base64(head.root), "key": key_id, "signed": True}


async def test_a_checkpoint_that_is_none_is_not_shown_as_one(sim: RealSimulator, tmp_path: Path) -> None:
    """Somebody wrote it into the store: the answer says so, and is not null."""
    async with served(sim, tmp_path) as one:
        await one.work(TASK)
        await one.service.tree.keep_checkpoint(1, "nonsense", datetime(2026, 7, 1, tzinfo=UTC))
        answer = await one.get("/api/v1/status")
    assert answer.status == 503
    assert "the newest checkpoint in the store cannot be read" in answer.json["detail"]


async def test_an_export_is_a_zip_for_who_asked(sim: RealSimulator, tmp_path: Path) -> None:
    """With these filters, in the login's name; the file is gone when it was sent."""
    exports = Exports()
    async with served(sim, tmp_path, export=exports) as one:
        status, headers, content = await exported(
            one, {"since": "2026-07-01", "until": "2026-10-01", "outcome": "removed"}
        )
    ((wanted, who),) = exports.asked
    period = (datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))
    assert (status, who, wanted) == (200, "audit", Filters(outcome="removed", since=period[0], until=period[1]))
    assert (headers["Content-Type"], headers["Content-Length"]) == ("application/zip", str(len(content)))
    assert "attachment" in headers["Content-Disposition"]
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["records.jsonl"]
    assert [file.parent.exists() for file in exports.files] == [False]


def test_a_service_exports_what_verifies_without_it(sim: RealSimulator, tmp_path: Path) -> None:
    """A whole process: the ZIP holds by its own program with the key that signs, and who asked is on record."""
    with serving(sim, tmp_path) as service:
        service.until("result", task=str(TASK))
        request = urllib.request.Request(  # noqa: S310
            service.url + EXPORT, b"{}", {**AUDITOR, "Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            content = response.read()
        assert service.end(signal.SIGTERM) == 0
    (tmp_path / "export.zip").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "export.zip") as made:
        (tmp_path / "verify.py").write_bytes(made.read("verify.py"))
    key = (sim.state / "signing.key.pub").read_text().strip()
    command = [sys.executable, "-I", "verify.py", "export.zip", "--key", key]
    verified = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    (record,) = [one for one in sim.evidence() if one["what"] == "exported"]
    assert (record["who"], record["size"]) == ("audit", len(content))


async def test_an_export_that_cannot_be_made_sends_nothing(sim: RealSimulator, tmp_path: Path) -> None:
    """What does not hold is not handed out; nothing stays in the temporary folder."""
    exports = Exports(EvidenceBroken("record 5 is not the one that was there"))
    async with served(sim, tmp_path, export=exports) as one:
        answer = await one.ask("POST", EXPORT, AUDITOR, json={})
    assert (answer.status, "record 5" in answer.json["detail"]) == (503, True)
    assert [file.parent.exists() for file in exports.files] == [False]


async def test_a_service_that_makes_no_exports_says_so(sim: RealSimulator, tmp_path: Path) -> None:
    """503, in words."""
    async with served(sim, tmp_path) as one:
        assert (await one.ask("POST", EXPORT, AUDITOR, json={})).status == 503


@pytest.mark.parametrize(
    "body",
    [
        '{"since": "yesterday"}',
        '{"since": "2026-07-02", "until": "2026-07-01"}',
        '{"since": 20260701}',
        '{"outcome": "gone"}',
        '{"task": 40021}',
        '{"task": ""}',
        '{"limit": 5}',
        '{"app": "a\\u0000"}',
        "[]",
        "null",
        "{",
        "",
    ],
)
async def test_a_body_that_cannot_be_read_exports_nothing(sim: RealSimulator, tmp_path: Path, body: str) -> None:
    """422, before anything is made."""
    exports = Exports()
    async with served(sim, tmp_path, export=exports) as one:
        answer = await one.ask("POST", EXPORT, AUDITOR, data=body)
    assert (answer.status, exports.asked) == (422, [])


async def test_an_export_is_asked_for_as_json_alone(sim: RealSimulator, tmp_path: Path) -> None:
    """So that no form of another site can ask."""
    exports = Exports()
    async with served(sim, tmp_path, export=exports) as one:
        answer = await one.ask("POST", EXPORT, {**AUDITOR, "Content-Type": "text/plain"}, data="{}")
    assert (answer.status, exports.asked) == (415, [])


async def test_who_read_what_is_in_the_log(sim: RealSimulator, tmp_path: Path) -> None:
    """The login's name, the route, and what was read; of refused ones too."""
    async with served(sim, tmp_path) as one:
        await one.work(TASK)
        with capture_logs() as lines:
            await one.get(f"{EVIDENCE}/{TASK}", AUDITOR)
            await one.get(f"{EVIDENCE}?outcome=removed", OPERATOR)
            await one.get(f"{EVIDENCE}/{TASK}", VIEWER)
    told = [(line["who"], line["status"], line.get("of"), line.get("of_outcome")) for line in lines if "route" in line]
    assert told == [("audit", 200, str(TASK), None), ("ops", 200, None, "removed"), ("eyes", 403, None, None)]


@pytest.mark.parametrize("path", [EVIDENCE, f"{EVIDENCE}/{TASK}"])
async def test_evidence_that_does_not_hold_is_not_shown(sim: RealSimulator, tmp_path: Path, path: str) -> None:
    """503 that names the record."""
    async with served(sim, tmp_path) as one:
        await one.work(TASK)
    put_lines(sim.state, [line.replace('"removed"', '"refused"') for line in lines_in(sim.state)])
    async with served(sim, tmp_path) as one:
        answer = await one.get(path, AUDITOR)
    assert (answer.status, "is not the one that was there" in answer.json["detail"]) == (503, True)
