"""What is refused before a route sees it: names that are not ours, pages of other sites, bodies that are no JSON."""

import json
from pathlib import Path

import pytest
from door_attacks import raw, status_of
from hypothesis import given
from hypothesis import strategies as st
from real_simulator import RealSimulator
from support_settings import load
from web_support import OPERATOR, VIEWER, served, signed
from worlds import TASK

from spentkey.web.hosts import Hosts, hosts_of, is_foreign, name_of, names_in, network_of
from spentkey_sim import tls

STATUS = "/api/v1/status"
WHY = json.dumps({"why": "x"}).encode()


OURS = ["127.0.0.1", "127.0.0.1:1", "localhost:8400", "LOCALHOST.", "127.9.9.9", "[::1]:8400", "spentkey.example.org"]


@pytest.mark.parametrize("host", OURS)
async def test_our_names_are_answered(sim: RealSimulator, tmp_path: Path, host: str) -> None:
    """Loopback in every spelling, and what `service.hosts` names; on any port."""
    async with served(sim, tmp_path, SPENTKEY_SERVICE__HOSTS='["Spentkey.example.org"]') as one:
        assert (await one.get(STATUS, {**VIEWER, "Host": host})).status == 200


FOREIGN = [
    *("evil.example.org", "127.0.0.1.evil.example.org", "localhost.evil.example.org", "evil.example.org:8400", "x"),
    *("192.0.2.1", "[2001:db8::1]", "0.0.0.0", "2130706433", "127.1", "localhost@evil.example.org", "localhost/x"),  # noqa: S104
    *("", "localhost,evil.example.org", "localhost evil", "localhost:x", "[::1", "spentkey.example.org.evil.example"),
]


@pytest.mark.parametrize("host", FOREIGN)
async def test_another_name_is_refused(sim: RealSimulator, tmp_path: Path, host: str) -> None:
    """421 whoever asks, and nothing is done; only what a load balancer looks at is there under any name."""
    request = (
        f"GET {{}} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {VIEWER['Authorization']}\r\nConnection: close\r\n\r\n"
    )
    async with served(sim, tmp_path, SPENTKEY_SERVICE__HOSTS='["spentkey.example.org"]') as one:
        paths = (STATUS, "/metrics", "/nowhere")
        statuses = [status_of(await raw(one, tmp_path, request.format(path).encode())) for path in paths]
        assert statuses == [421, 421, 421]
        assert status_of(await raw(one, tmp_path, request.format("/healthz").encode())) == 200
        assert status_of(await raw(one, tmp_path, request.format("/readyz").encode())) == 200


async def test_no_name_at_all_is_refused(sim: RealSimulator, tmp_path: Path) -> None:
    """HTTP/1.0 may leave it out."""
    request = f"GET {STATUS} HTTP/1.0\r\nAuthorization: {VIEWER['Authorization']}\r\n\r\n"
    async with served(sim, tmp_path) as one:
        assert status_of(await raw(one, tmp_path, request.encode())) == 421


def test_the_names_of_the_certificate_are_ours(tmp_path: Path) -> None:
    """Names and addresses; one label for a star, and not two."""
    pem = tmp_path / "a.pem"
    pem.write_bytes(tls.make().server)
    pem.chmod(0o600)
    files = {"certificate": str(pem), "key": str(pem)}
    hosts = hosts_of(load(tmp_path, {"service.listen": "192.0.2.10:8400", "service.tls": files}).service)
    assert {"localhost", "127.0.0.1"} <= set(names_in(pem))
    assert hosts.has("192.0.2.10:8400", None)
    star = Hosts(frozenset({"*.example.org"}))
    shown = [star.has(name, None) for name in ("a.example.org", "a.b.example.org", "example.org", "*.example.org")]
    assert shown == [True, False, False, False]


@pytest.mark.parametrize("content", [b"", b"no certificate", None])
def test_a_certificate_that_cannot_be_read_adds_no_name(tmp_path: Path, content: bytes | None) -> None:
    """That it cannot be used is said elsewhere."""
    pem = tmp_path / "a.pem"
    if content is not None:
        pem.write_bytes(content)
    assert list(names_in(pem)) == []


def test_the_address_of_the_connection_is_ours() -> None:
    """Where `listen` is all addresses; a name that points at it is not."""
    hosts = Hosts(frozenset({"0.0.0.0"}))  # noqa: S104
    assert hosts.has("192.0.2.7:8400", "192.0.2.7")
    assert not hosts.has("192.0.2.8:8400", "192.0.2.7")
    assert not hosts.has("evil.example.org", "192.0.2.7")


@given(st.text(max_size=40))
def test_a_host_that_nobody_named_is_never_ours(text: str) -> None:
    """Whatever stands there, no error comes of it."""
    name = name_of(text)
    assert name is None or name == name.lower()
    assert not Hosts().has(f"{text}.evil.example.org", None)


def test_an_address_counts_for_its_network() -> None:
    """One machine has a whole /64 of IPv6; an IPv4 address in IPv6 is that of IPv4."""
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("fe80::1%eth0") == network_of("fe80::2%eth0")


PAGES: dict[str, dict[str, str]] = {
    "another site": {"Origin": "https://evil.example.org"},
    "another port": {"Origin": "https://127.0.0.1:1"},
    "another scheme": {"Origin": "http://{host}"},
    "nobody's page": {"Origin": "null"},
    "no origin's text": {"Origin": "evil"},
    "an origin with more": {"Origin": "https://{host}/evil"},
    "a fetch across sites": {"Sec-Fetch-Site": "cross-site"},
    "a fetch of a neighbour": {"Sec-Fetch-Site": "same-site"},
    "a fetch of something new": {"Sec-Fetch-Site": "any"},
    "our origin, and yet across sites": {"Origin": "https://{host}", "Sec-Fetch-Site": "cross-site"},
    "another site, and yet the same": {"Origin": "https://evil.example.org", "Sec-Fetch-Site": "same-origin"},
}


@pytest.mark.parametrize("scenario", PAGES)
async def test_a_page_of_another_site_sets_nothing_going(sim: RealSimulator, tmp_path: Path, scenario: str) -> None:
    """403 for what writes, with the right key too; and it may still look, for no answer is readable for it."""
    async with served(sim, tmp_path) as one:
        host = one.url.removeprefix("https://")
        page = {name: value.format(host=host) for name, value in PAGES[scenario].items()}
        answer = await one.ask("POST", "/api/v1/pause", OPERATOR | page, data=WHY)
        assert (answer.status, answer.json["detail"]) == (403, "pages of another site may not ask for that")
        assert (await one.ask("PUT", "/nowhere", OPERATOR | page)).status == 403
        assert (await one.get(STATUS, VIEWER | page)).status == 200
        assert sim.evidence() == []


async def test_a_page_of_ours_may_write(sim: RealSimulator, tmp_path: Path) -> None:
    """By origin, and by what the browser says of the fetch."""
    async with served(sim, tmp_path) as one:
        page = {"Origin": one.url, "Sec-Fetch-Site": "same-origin"}
        assert (await one.ask("POST", "/api/v1/pause", OPERATOR | page, data=WHY)).status == 200


def test_behind_a_proxy_our_pages_are_at_https() -> None:
    """Its TLS is ours, on the usual port."""
    host = {"host": "spentkey.example.org"}
    assert not is_foreign("POST", {**host, "origin": "https://spentkey.example.org"}, "https")
    assert not is_foreign("POST", {**host, "origin": "https://spentkey.example.org:443"}, "https")
    assert is_foreign("POST", {**host, "origin": "http://spentkey.example.org"}, "https")
    assert is_foreign("DELETE", {"origin": "null"}, "https")


TYPES = ["application/json", "application/json; charset=utf-8", "Application/JSON", " application/json "]
OTHER_TYPES = [
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
]


@pytest.mark.parametrize("kind", TYPES)
async def test_json_is_taken(sim: RealSimulator, tmp_path: Path, kind: str) -> None:
    """In every spelling of its name."""
    async with served(sim, tmp_path) as one:
        answer = await one.ask("POST", "/api/v1/pause", {**OPERATOR, "Content-Type": kind}, data=WHY)
        assert answer.status == 200


@pytest.mark.parametrize("kind", OTHER_TYPES)
@pytest.mark.parametrize("path", ["/api/v1/tasks", "/api/v1/pause", "/api/v1/resume"])
async def test_what_a_form_can_send_is_refused(sim: RealSimulator, tmp_path: Path, path: str, kind: str) -> None:
    """415, with a key or a signature: a page can send these without asking first."""
    body = json.dumps({"task": TASK, "why": "x"}).encode()
    async with served(sim, tmp_path) as one:
        for headers in (OPERATOR, signed(body, one.clock)):
            assert (await one.ask("POST", path, {**headers, "Content-Type": kind}, data=body)).status == 415
        assert (one.engine.offered, sim.evidence()) == ([], [])


@pytest.mark.parametrize(("path", "status"), [("/api/v1/nothing", 404), ("/api/v1/status", 405), ("/healthz", 405)])
async def test_what_no_route_takes_is_told_as_such(sim: RealSimulator, tmp_path: Path, path: str, status: int) -> None:
    """Whatever is sent to it."""
    async with served(sim, tmp_path) as one:
        assert (await one.ask("POST", path, {**OPERATOR, "Content-Type": "text/plain"}, data=WHY)).status == status


@pytest.mark.parametrize("name", ["Origin", "Content-Type"])
async def test_a_header_that_decides_is_there_once(sim: RealSimulator, tmp_path: Path, name: str) -> None:
    """400, for a proxy may go by the other one."""
    async with served(sim, tmp_path) as one:
        values = {"Origin": (one.url, "https://evil.example.org"), "Content-Type": ("application/json", "text/plain")}
        others = "".join(f"{name}: {value}\r\n" for value in values[name])
        if name == "Origin":
            others += "Content-Type: application/json\r\n"
        head = f"POST /api/v1/pause HTTP/1.1\r\nHost: {one.url[8:]}\r\nAuthorization: {OPERATOR['Authorization']}\r\n"
        content = f"{head}{others}Connection: close\r\nContent-Length: {len(WHY)}\r\n\r\n".encode() + WHY
        assert status_of(await raw(one, tmp_path, content)) == 400
        assert sim.evidence() == []
