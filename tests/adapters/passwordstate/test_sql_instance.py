"""A named instance: its port is told by SQL Server Browser, over UDP, on a loopback address of its own."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from driver_process import NATIVE_PARTS, by
from real_simulator import RealSimulator
from sql_worlds import own_address, sql_world
from support_settings import passwordstate

from spentkey.adapters.passwordstate.sql import reach
from spentkey.adapters.passwordstate.sql_browser import port_of
from spentkey.adapters.passwordstate.sql_server import Database
from spentkey.core.errors import Outage

ADDRESS, SILENT, SCRIPTED = own_address(), own_address(), own_address()
parts = pytest.mark.parametrize("part", NATIVE_PARTS)
pytestmark = pytest.mark.allow_hosts(["127.0.0.1", "localhost", ADDRESS, SILENT, SCRIPTED])
NO_PORT = "SQL Server Browser (UDP 1434) does not tell the port of"


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSimulator]:
    r"""A simulator whose database is `ADDRESS\PASSWORDSTATE`."""
    running = RealSimulator.start(tmp_path_factory.mktemp("instance"), sql_world(), "--sql-address", ADDRESS)
    yield running
    running.stop()


@pytest.fixture
def named(instance: RealSimulator) -> Database:
    """The database, as the simulator's configuration names it."""
    instance.reset(sql_world())
    settings = instance.settings()
    place = passwordstate(settings).database
    assert (place.server, place.port) == (rf"{ADDRESS}\PASSWORDSTATE", None)
    name = place.host_name_in_certificate
    return Database(
        place.server, place.port, place.database, place.query, settings.tls.ca_file, name_in_certificate=name
    )


def sql_routes(sim: RealSimulator) -> list[tuple[str, str]]:
    """What the Browser and the server were asked."""
    return [(entry["route"], entry["object"].upper()) for entry in sim.journal() if entry["system"] == "sql"]


@parts
@pytest.mark.parametrize("encrypt", ["yes", "strict"])
def test_the_driver_asks_the_browser_for_the_port(
    instance: RealSimulator, named: Database, part: str, encrypt: str
) -> None:
    """One question, by the name after the backslash; then the log-in, with either kind of TLS."""
    assert by(part, replace(named, encrypt=encrypt)) == "documents 501"
    assert sql_routes(instance) == [("browser", "PASSWORDSTATE"), ("login", "READER"), ("query", "1301")]


@parts
def test_with_a_port_nobody_asks_the_browser(instance: RealSimulator, named: Database, part: str) -> None:
    """Where UDP 1434 is closed, the port does; several subnets at once need it too."""
    port = int(instance.printed["sql"].rpartition(",")[2])
    assert by(part, replace(named, port=port, multi_subnet_failover=True)) == "documents 501"
    assert [route for route, _ in sql_routes(instance)] == ["login", "query"]


@parts
def test_an_instance_that_is_not_there_is_an_outage_that_names_the_browser(named: Database, part: str) -> None:
    """The line says what to set where no Browser may run."""
    message = by(part, replace(named, server=rf"{ADDRESS}\OTHER"))
    assert message.startswith("Outage the Passwordstate database")
    assert rf"{NO_PORT} {ADDRESS}\OTHER" in message
    assert "passwordstate.database.port" in message


async def test_the_probe_asks_the_browser_and_never_dns_for_a_backslash(
    instance: RealSimulator, named: Database
) -> None:
    """The readiness probe reaches the instance's own port."""
    await reach(named)
    assert sql_routes(instance) == [("browser", "PASSWORDSTATE")]


@pytest.mark.parametrize(
    "server",
    [rf"{ADDRESS}\OTHER", rf"{SILENT}\PASSWORDSTATE", r"nowhere.invalid\PASSWORDSTATE"],
    ids=["another instance", "no Browser", "no such host"],
)
async def test_the_probe_tells_that_nobody_knows_the_port(named: Database, server: str) -> None:
    """An instance that is not there, a host without a Browser, a host that is not there."""
    with pytest.raises(Outage) as raised:
        await reach(replace(named, server=server))
    assert NO_PORT in str(raised.value)


class _Scripted(asyncio.DatagramProtocol):
    """A Browser that says one thing."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.asked = answer, list[bytes]()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked.append(data)
        self.transport.sendto(self.answer, addr)


def told(instance: str = "PASSWORDSTATE", port: str = "51433", protocol: str = "tcp") -> bytes:
    """An answer as a Browser gives it."""
    text = f"ServerName;SQL01;InstanceName;{instance};IsClustered;No;Version;15.0.2000.5;{protocol};{port};;".encode()
    return b"\x05" + len(text).to_bytes(2, "little") + text


async def port_in(answer: bytes, instance: str = "PASSWORDSTATE") -> int:
    """The port that is understood from that answer."""
    loop = asyncio.get_running_loop()
    transport, browser = await loop.create_datagram_endpoint(lambda: _Scripted(answer), local_addr=(SCRIPTED, 1434))
    try:
        return await port_of(SCRIPTED, instance)
    finally:
        assert set(browser.asked) == {b"\x04" + instance.encode() + b"\0"}
        transport.close()


@pytest.mark.parametrize(
    "answer", [told(), told("Passwordstate"), told(protocol="np;\\\\SQL01\\pipe;tcp"), told(protocol="TCP")]
)
async def test_the_port_is_read_from_the_answer(answer: bytes) -> None:
    """In any case, and among other ways to connect."""
    assert await port_in(answer) == 51433


@pytest.mark.parametrize(
    "answer",
    [
        b"\x05",
        b"\x05\xff\xff",
        told()[:-30],
        b"\x04" + told()[1:],
        told("OTHER"),
        told(port="0"),
        told(port="65536"),
        told(port="-1"),
        told(port="١٤٣٣"),
        told(port="9" * 5000),
        told(protocol="np"),
        b"\x05\x10\x00" + b"\xff" * 16,
        b"\x05\x03\x00;;;",
    ],
)
async def test_an_answer_that_makes_no_sense_is_an_outage(answer: bytes) -> None:
    """Anybody can send a datagram: nothing in it is believed but a port of the instance that was asked for."""
    with pytest.raises(Outage, match="does not tell the port"):
        await port_in(answer)


async def test_a_port_that_is_told_and_dead_is_an_outage(named: Database) -> None:
    """A server that has just moved: nobody listens where it was."""
    loop = asyncio.get_running_loop()
    stale = told(port="9")
    transport, _ = await loop.create_datagram_endpoint(lambda: _Scripted(stale), local_addr=(SCRIPTED, 1434))
    try:
        with pytest.raises(Outage, match="it cannot be reached"):
            await reach(replace(named, server=rf"{SCRIPTED}\PASSWORDSTATE"))
    finally:
        transport.close()
