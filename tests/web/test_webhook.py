"""The webhook: who may call it, what it takes, and that it asks nobody before it answers."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fault_rules import fault
from real_simulator import RealSimulator
from web_support import OPERATOR, OPERATOR_KEY, SECRET, VIEWER, served, signed
from worlds import REF, TASK

from spentkey.core.secret import Secret
from spentkey.core.signature import SIGNATURE, TIMESTAMP

TASKS = "/api/v1/tasks"
BODY = json.dumps({"task": TASK}).encode()
OTHER = Secret("another-secret-of-more-than-forty-characters")


async def test_a_signed_hint_is_taken_at_once(sim: RealSimulator, tmp_path: Path) -> None:
    """202 with the task's address, which is also in Location; Ivanti, which hangs, was not asked."""
    sim.faults(fault("ivanti", "task-query", "hang", params={"seconds": 60}))
    async with served(sim, tmp_path) as one:
        answer = await one.ask("POST", TASKS, signed(BODY, one.clock), data=BODY)
        assert (answer.status, answer.json) == (202, {"task": str(TASK), "url": f"{TASKS}/{TASK}"})
        assert answer.headers["Location"] == f"{TASKS}/{TASK}"
        assert one.engine.offered == [REF]
        assert (await one.get(answer.json["url"])).json["held"]["stage"] == "queued"
    assert sim.journal() == []


async def test_the_signature_is_plain_hmac(sim: RealSimulator, tmp_path: Path) -> None:
    """Computed here from its description, without code of the product."""
    async with served(sim, tmp_path) as one:
        now = str(int(one.clock.now().timestamp()))
        code = hmac.new(SECRET.reveal().encode(), now.encode() + b"." + BODY, hashlib.sha256).hexdigest()
        headers = {"X-Spentkey-Timestamp": now, "X-Spentkey-Signature": f"sha256={code}"}
        assert (await one.ask("POST", TASKS, headers, data=BODY)).status == 202


@pytest.mark.parametrize("late_s", [0, 295, -295])
async def test_a_timestamp_within_five_minutes_is_taken(sim: RealSimulator, tmp_path: Path, late_s: float) -> None:
    """Clocks may be a little apart, in either direction."""
    async with served(sim, tmp_path) as one:
        assert (await one.ask("POST", TASKS, signed(BODY, one.clock, late_s=late_s), data=BODY)).status == 202


async def test_the_same_hint_twice_is_one_task(sim: RealSimulator, tmp_path: Path) -> None:
    """A replay is answered alike, and the engine holds the task once."""
    async with served(sim, tmp_path) as one:
        headers = signed(BODY, one.clock)
        answers = [await one.ask("POST", TASKS, headers, data=BODY) for _ in range(3)]
        assert [answer.status for answer in answers] == [202, 202, 202]
        assert one.engine.offered == [REF]


@pytest.mark.parametrize("late_s", [310, -310, 10**6, -(10**10)])
async def test_a_timestamp_that_is_not_of_now_is_refused(sim: RealSimulator, tmp_path: Path, late_s: float) -> None:
    """Too old or too new, though the signature fits it."""
    async with served(sim, tmp_path) as one:
        answer = await one.ask("POST", TASKS, signed(BODY, one.clock, late_s=late_s), data=BODY)
        assert (answer.status, one.engine.offered) == (401, [])


WRONG: dict[str, dict[str, str]] = {
    "another body's": {},
    "no signature's algorithm": {SIGNATURE: "5" * 64},
    "half of it": {SIGNATURE: "sha256=5f"},
    "nothing": {SIGNATURE: ""},
    "no timestamp": {TIMESTAMP: ""},
    "a timestamp that is none": {TIMESTAMP: "now"},
    "a timestamp with a sign": {TIMESTAMP: "+1"},
    "a timestamp without end": {TIMESTAMP: "9" * 400},
    "a timestamp in other digits": {TIMESTAMP: "١٢٣"},
}


@pytest.mark.parametrize("scenario", WRONG)
async def test_a_signature_that_does_not_fit_is_refused(sim: RealSimulator, tmp_path: Path, scenario: str) -> None:
    """Whatever is wrong with it, the answer is the same and says no more."""
    async with served(sim, tmp_path) as one:
        headers = signed(BODY.replace(b"4", b"5"), one.clock) | WRONG[scenario]
        answer = await one.ask("POST", TASKS, headers, data=BODY)
        assert (answer.status, answer.json) == (401, {"detail": "the signature is wrong, too old or too new"})
        assert one.engine.offered == []


async def test_another_secret_is_refused(sim: RealSimulator, tmp_path: Path) -> None:
    """A sound signature by somebody else; an operator's key beside it does not help."""
    async with served(sim, tmp_path) as one:
        headers = signed(BODY, one.clock, secret=OTHER)
        assert (await one.ask("POST", TASKS, headers, data=BODY)).status == 401
        assert (await one.ask("POST", TASKS, headers | OPERATOR, data=BODY)).status == 401
        assert one.engine.offered == []


async def test_without_a_webhook_secret_no_signature_is_taken(sim: RealSimulator, tmp_path: Path) -> None:
    """Not even one made with nothing."""
    async with served(sim, tmp_path, SPENTKEY_SERVICE__WEBHOOK_SECRET="") as one:
        for secret in (SECRET, Secret("")):
            assert (await one.ask("POST", TASKS, signed(BODY, one.clock, secret=secret), data=BODY)).status == 401
        assert (await one.ask("POST", TASKS, OPERATOR, data=BODY)).status == 202


@pytest.mark.parametrize(("headers", "status"), [(OPERATOR, 202), (VIEWER, 403), ({}, 401)], ids=["op", "view", "none"])
async def test_a_key_serves_in_place_of_a_signature(
    sim: RealSimulator, tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    """An operator's, not a viewer's; and something there must be."""
    async with served(sim, tmp_path) as one:
        answer = await one.ask("POST", TASKS, headers, data=BODY)
        assert (answer.status, one.engine.offered) == (status, [REF] if status == 202 else [])


@pytest.mark.parametrize(
    "body", [{"task": TASK}, {"task": float(TASK)}, {"task": str(TASK)}, {"task": TASK, "Status": "Logged", "x": [1]}]
)
async def test_what_ivanti_may_send_is_taken(sim: RealSimulator, tmp_path: Path, body: dict[str, Any]) -> None:
    """The number as a number or a text, and whatever else a script adds."""
    async with served(sim, tmp_path) as one:
        assert (await one.ask("POST", TASKS, OPERATOR, json=body)).json["task"] == str(TASK)


BAD = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"40021",
    b'"40021"',
    b"\xff\xfe",
    b'{"Task": 40021}',
    b'{"task": 0}',
    b'{"task": -1}',
    b'{"task": 1.5}',
    b'{"task": true}',
    b'{"task": null}',
    b'{"task": ""}',
    b'{"task": " 1"}',
    b'{"task": "4e4"}',
    b'{"task": "SCTASK0010001"}',
    b'{"task": "007"}',
    b'{"task": "../status"}',
    b'{"task": "40021\\n"}',
    b'{"task": 99999999999999999999}',
    b'{"task": [40021]}',
    b'{"task": NaN}',
    b'{"task": 1e300}',
    b"[" * 60000,
]


@pytest.mark.parametrize("body", BAD, ids=lambda body: repr(body[:20]))
async def test_a_body_that_names_no_task_is_refused(sim: RealSimulator, tmp_path: Path, body: bytes) -> None:
    """422 and where it is wrong, without what was sent; but only to somebody who may offer tasks."""
    async with served(sim, tmp_path) as one:
        answer = await one.ask("POST", TASKS, signed(body, one.clock), data=body)
        assert (answer.status, list(answer.json), one.engine.offered) == (422, ["detail"], [])
        assert (await one.ask("POST", TASKS, {}, data=body)).status == 401


async def test_an_engine_that_is_away_is_said(sim: RealSimulator, tmp_path: Path) -> None:
    """503, so that the caller may try again; polling finds the task anyway."""
    async with served(sim, tmp_path) as one:
        one.engine.away = True
        answer = await one.ask("POST", TASKS, signed(BODY, one.clock), data=BODY)
        assert (answer.status, answer.json["detail"]) == (503, "the engine's database does not answer")
        assert answer.headers["Retry-After"] == "30"


@pytest.mark.parametrize("size", [65_536, 65_537, 1_000_000])  # who sends far too much may find the line cut
async def test_a_body_has_a_largest_size(sim: RealSimulator, tmp_path: Path, size: int) -> None:
    """64 KB, whatever stands in it, with or without its length told beforehand."""
    body = json.dumps({"task": TASK}).encode().ljust(size)

    async def in_pieces() -> Any:
        for start in range(0, len(body), 8192):
            yield body[start : start + 8192]

    async with served(sim, tmp_path) as one:
        headers = {"Authorization": f"bearer {OPERATOR_KEY}"}
        wanted = 202 if size <= 65_536 else 413
        for data in (body, in_pieces()):
            try:
                status = (await one.ask("POST", TASKS, headers, data=data)).status
            except (aiohttp.ClientPayloadError, aiohttp.ClientOSError):
                status = 413 if size > 65_537 else 0
            assert status == wanted
        assert one.engine.offered == ([REF] if wanted == 202 else [])
