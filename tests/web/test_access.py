"""Every route but health needs a login or key; three roles; wrong keys are bounded; and what an answer must not show."""

import asyncio
import base64
import json
import ssl
from pathlib import Path

import pytest
from real_simulator import QuickClock, RealSimulator
from web_support import AUDITOR, OPERATOR, VIEWER, VIEWER_KEY, Served, served, signed
from worlds import TASK

from spentkey.core.secret import Secret
from spentkey.ports.evidence_tree import Filters
from spentkey.web import server
from spentkey.web.access import MOST_ADDRESSES, Access, ApiLogin, Failures

READS = [
    "/api/v1/tasks",
    f"/api/v1/tasks/{TASK}",
    f"/api/v1/tasks/{TASK}/steps",
    f"/api/v1/tasks/{TASK}/plan",
    "/api/v1/status",
    "/api/v1/openapi.json",
    "/metrics",
]
OF_EVIDENCE = ["/api/v1/evidence", f"/api/v1/evidence/{TASK}", "/api/v1/evidence/checkpoint"]
WRITES = ["/api/v1/tasks", "/api/v1/pause", "/api/v1/resume"]


def basic(name: str, key: str) -> dict[str, str]:
    """HTTP Basic."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()}


GOOD = {
    "a viewer's key": VIEWER,
    "an operator's key": OPERATOR,
    "an auditor's key": AUDITOR,
    "a name and its key": basic("eyes", VIEWER_KEY),
    "another case": {"Authorization": f"bEARER {VIEWER_KEY}"},
}
WRONG = {
    "another key": {"Authorization": "Bearer " + "x" * 40},
    "a part of the key": {"Authorization": f"Bearer {VIEWER_KEY[:-1]}"},
    "a longer key": {"Authorization": f"Bearer {VIEWER_KEY}x"},
    "no key": {"Authorization": "Bearer "},
    "no scheme": {"Authorization": VIEWER_KEY},
    "another scheme": {"Authorization": f"Digest {VIEWER_KEY}"},
    "another name": basic("ops", VIEWER_KEY),
    "no name": basic("", VIEWER_KEY),
    "a name alone": {"Authorization": "Basic " + base64.b64encode(b"eyes").decode()},
    "no base64": {"Authorization": "Basic ===="},
    "bytes that are no text": {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
}


async def statuses(one: Served, headers: dict[str, str]) -> set[int]:
    """How every route that reads answers."""
    return {(await one.get(path, headers)).status for path in READS}


@pytest.mark.parametrize("scenario", GOOD)
async def test_a_login_opens_every_route_that_reads(sim: RealSimulator, tmp_path: Path, scenario: str) -> None:
    """By name and key, or by the key alone; 404 is for a task that nothing is known about."""
    async with served(sim, tmp_path) as one:
        assert await statuses(one, GOOD[scenario]) == {200, 404}


async def test_without_a_login_nothing_but_health_answers(sim: RealSimulator, tmp_path: Path) -> None:
    """401 with the challenge for everything else, and nobody outside is asked."""
    async with served(sim, tmp_path) as one:
        assert await statuses(one, {}) == {401}
        for path in WRITES:
            answer = await one.ask("POST", path, json={"task": 1, "why": "x"})
            assert (answer.status, answer.headers["WWW-Authenticate"].split()[0]) == (401, "Basic")
        assert sim.journal() == []
        assert (await one.get("/healthz", {})).json == {"status": "ok"}
        assert (await one.get("/readyz", {})).status == 200


@pytest.mark.parametrize("scenario", WRONG)
async def test_a_wrong_login_opens_nothing(sim: RealSimulator, tmp_path: Path, scenario: str) -> None:
    """401, whichever part is wrong, in the same words."""
    async with served(sim, tmp_path) as one:
        answers = [await one.get(path, WRONG[scenario]) for path in READS]
        assert {(one.status, one.json["detail"]) for one in answers} == {(401, "the login or key is wrong")}


@pytest.mark.parametrize("path", WRITES)
async def test_an_auditor_sets_nothing_going(sim: RealSimulator, tmp_path: Path, path: str) -> None:
    """403, as for a viewer: who looks at what was done does nothing by the same key."""
    async with served(sim, tmp_path) as one:
        answer = await one.ask("POST", path, AUDITOR, json={"task": TASK, "why": "x"})
        assert (answer.status, answer.json) == (403, {"detail": "this needs the role operator"})
        assert (one.engine.offered, sim.evidence()) == ([], [])


@pytest.mark.parametrize("path", OF_EVIDENCE)
async def test_the_evidence_is_for_auditors_and_operators(sim: RealSimulator, tmp_path: Path, path: str) -> None:
    """A viewer gets 403 and sees nothing; whoever has no login gets 401."""
    async with served(sim, tmp_path) as one:
        assert [(await one.get(path, headers)).status in (200, 404) for headers in (AUDITOR, OPERATOR)] == [True, True]
        refused = await one.get(path, VIEWER)
        assert (refused.status, refused.json) == (403, {"detail": "this needs the role auditor or operator"})
        assert (await one.get(path, {})).status == 401


@pytest.mark.parametrize("headers", [VIEWER, OPERATOR, {}], ids=["viewer", "operator", "nobody"])
async def test_only_an_auditor_exports(sim: RealSimulator, tmp_path: Path, headers: dict[str, str]) -> None:
    """Nothing is made for anybody else."""
    made: list[str] = []

    async def export(wanted: Filters, who: str, file: Path) -> None:
        del wanted, file
        made.append(who)

    async with served(sim, tmp_path, export=export) as one:
        answer = await one.ask("POST", "/api/v1/evidence/export", headers, json={})
        assert (answer.status, made) == (403 if headers else 401, [])


@pytest.mark.parametrize("path", WRITES)
async def test_a_viewer_sets_nothing_going(sim: RealSimulator, tmp_path: Path, path: str) -> None:
    """403, and nothing is on record or held."""
    async with served(sim, tmp_path) as one:
        answer = await one.ask("POST", path, VIEWER, json={"task": TASK, "why": "x"})
        assert (answer.status, answer.json) == (403, {"detail": "this needs the role operator"})
        assert (one.engine.offered, sim.evidence()) == ([], [])


async def test_wrong_keys_are_bounded_for_each_minute(sim: RealSimulator, tmp_path: Path) -> None:
    """After three wrong ones the next wrong one is told to wait, until the minute is over; health is always there."""
    async with served(sim, tmp_path, most_failures=3) as one:
        wrong = {"Authorization": "Bearer " + "x" * 40}
        assert [(await one.get("/api/v1/status", wrong)).status for _ in range(5)] == [401, 401, 401, 429, 429]
        assert (await one.get("/api/v1/status", wrong)).headers["Retry-After"] == "60"
        assert (await one.get("/healthz", {})).status == 200
        one.clock.slept += 61
        assert (await one.get("/api/v1/status", wrong)).status == 401


async def test_others_guesses_never_lock_out_who_has_the_key(sim: RealSimulator, tmp_path: Path) -> None:
    """From the same address: wrong keys and wrong signatures are told to wait, right ones are taken in between."""
    body = json.dumps({"task": TASK}).encode()
    async with served(sim, tmp_path, most_failures=2) as one:
        guess, forged = {"Authorization": "Bearer " + "x" * 40}, signed(b"another body", one.clock)
        for _ in range(4):
            await one.get("/api/v1/status", guess)
            await one.ask("POST", "/api/v1/tasks", forged, data=body)
        assert (await one.get("/api/v1/status", guess)).status == 429
        assert (await one.ask("POST", "/api/v1/tasks", forged, data=body)).status == 429
        assert (await one.get("/api/v1/status", VIEWER)).status == 200
        assert (await one.ask("POST", "/api/v1/tasks", signed(body, one.clock), data=body)).status == 202


async def test_asking_without_a_key_is_no_failure(sim: RealSimulator, tmp_path: Path) -> None:
    """A browser asks first and brings the key then."""
    async with served(sim, tmp_path, most_failures=1) as one:
        assert [(await one.get("/metrics", {})).status for _ in range(3)] == [401, 401, 401]
        assert (await one.get("/metrics")).status == 200


def test_one_address_does_not_lock_out_another() -> None:
    """Each is counted by itself; past a thousand addresses the rest share a count, so that memory is bounded."""
    failures = Failures(QuickClock(), 2)
    for address in ("a", "a", "b"):
        failures.note(address)
    assert (failures.too_many("a"), failures.too_many("b")) == (True, False)
    for number in range(2 * MOST_ADDRESSES):
        failures.note(f"far-{number}")
    assert (failures.too_many("far-1"), failures.too_many("never seen")) == (False, True)
    assert len(failures) == MOST_ADDRESSES + 1


def test_without_logins_no_key_is_right() -> None:
    """Not even an empty one."""
    access = Access((), Failures(QuickClock(), 2))
    assert [access.login_of(text) for text in ("", "Bearer ", "Bearer x", "Basic Og==")] == [None] * 4
    assert Access((ApiLogin.make("a", "viewer", Secret("")),), access.failures).login_of("Bearer ") is None


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/status", "/nowhere", "/metrics"])
async def test_answers_close_what_browsers_leave_open(sim: RealSimulator, tmp_path: Path, path: str) -> None:
    """Not kept, not framed, not guessed at, over TLS from now on; and no word about what serves, or across sites."""
    async with served(sim, tmp_path) as one:
        headers = (await one.ask("GET", path, VIEWER | {"Origin": "https://elsewhere.example.org"})).headers
    wanted = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=31536000",
    }
    assert {name: headers.get(name) for name in wanted} == wanted
    assert {
        name for name in headers if name.lower() in ("server", "x-powered-by", "access-control-allow-origin")
    } == set()


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/", "/api/v1/tasks/", "/api/v1/tasks/../status"])
async def test_there_are_no_other_pages(sim: RealSimulator, tmp_path: Path, path: str) -> None:
    """404, or a redirect that leads nowhere but here; never a page for people."""
    async with served(sim, tmp_path) as one:
        answer = await one.ask("GET", path, {}, allow_redirects=False)
        assert answer.status in (307, 401, 404)
        assert "html" not in answer.headers.get("Content-Type", "")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/api/v1/tasks", "GET, POST"),
        ("PUT", f"/api/v1/tasks/{TASK}", "GET"),
        ("GET", "/api/v1/pause", "POST"),
    ],
)
async def test_another_method_is_told_which_there_are(
    sim: RealSimulator, tmp_path: Path, method: str, path: str, allow: str
) -> None:
    """405 with every method of that path."""
    async with served(sim, tmp_path) as one:
        answer = await one.ask(method, path, OPERATOR)
        assert (answer.status, answer.headers["Allow"]) == (405, allow)


async def raw(one: Served, tmp_path: Path, content: bytes) -> bytes:
    """Bytes as they come, and what is said before the connection ends."""
    context = ssl.create_default_context(cafile=str(tmp_path / "service-ca.pem"))
    host, port = one.url.removeprefix("https://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
    writer.write(content)
    await writer.drain()
    message = await reader.read()
    writer.close()
    return message


async def test_endless_headers_are_cut_off(sim: RealSimulator, tmp_path: Path) -> None:
    """400, and the connection ends."""
    async with served(sim, tmp_path) as one:
        message = await raw(one, tmp_path, b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 2 * server.HEADER_BYTES)
        assert message.split(b"\r\n")[0].split()[1] == b"400"


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nX: 1\r\n", b"GET"], ids=["none", "half", "word"])
async def test_who_does_not_come_to_the_point_is_let_go(sim: RealSimulator, tmp_path: Path, begun: bytes) -> None:
    """Without an answer, also on a connection whose first request was a good one."""
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    async with served(sim, tmp_path, patience_s=0.2) as one:
        assert await raw(one, tmp_path, begun) == b""
        assert (await raw(one, tmp_path, whole + begun)).count(b"HTTP/1.1 200") == 1


async def test_a_body_that_does_not_come_is_given_up(sim: RealSimulator, tmp_path: Path) -> None:
    """408, and the connection ends."""
    head = f"POST /api/v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {OPERATOR['Authorization']}\r\n".encode()
    async with served(sim, tmp_path, patience_s=0.2) as one:
        message = await raw(one, tmp_path, head + b"Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{")
        assert message.split(b"\r\n")[0].split()[1] == b"408"
        assert one.engine.offered == []


async def test_tls_alone_is_spoken(sim: RealSimulator, tmp_path: Path) -> None:
    """Plain HTTP on the same port gets no answer."""
    async with served(sim, tmp_path) as one:
        plain = one.url.replace("https", "http")
        with pytest.raises(Exception, match=r".+"):
            await one.client.get(plain + "/healthz")
