"""The certificate that `spentkey check` prints, from a real server, and the line that mends it."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from real_simulator import RealSimulator
from sql_worlds import AUTOMATIC, as_der, shown_pem, sql_world
from support_settings import passwordstate

from spentkey.adapters.passwordstate.check_certificate import certificate_finding, described, judged
from spentkey.adapters.passwordstate.sql_certificate import Look
from spentkey.adapters.passwordstate.sql_server import Database
from spentkey.core.finding import Finding, FindingState

FAIL, OK, WARN = FindingState.FAIL, FindingState.OK, FindingState.WARN
both = pytest.mark.parametrize("encrypt", ["yes", "strict"])


def database(sim: RealSimulator, **switches: str) -> Database:
    """The database of a world with these switches, as the configuration names it."""
    sim.reset(sql_world(**switches))
    settings = sim.settings()
    place = passwordstate(settings).database
    return Database(place.server, place.port, place.database, place.query, settings.tls.ca_file)


async def finding(where: Database) -> Finding:
    """What `check` says about the certificate."""
    found = await certificate_finding("SQL Server", where)
    assert (found.system, found.what) == ("SQL Server", "certificate")
    assert "\n" not in found.message + found.fix
    return found


def trusting(where: Database, pem: bytes, folder: Path) -> Database:
    """The same with that certificate as its authority."""
    file = folder / "authority.pem"
    file.write_bytes(pem)
    return replace(where, ca_file=file)


@both
async def test_a_certificate_that_is_believed_is_shown_whole(sim: RealSimulator, encrypt: str) -> None:
    """Subject, names, issuer, end and SHA-256, by both kinds of TLS; nobody logs in for it."""
    found = await finding(replace(database(sim), encrypt=encrypt))
    shown = x509.load_pem_x509_certificate(shown_pem(sim))
    assert (found.state, found.fix) == (OK, "")
    assert found.message == (
        "subject CN=localhost; names localhost, 127.0.0.1, ::1; issuer CN=spentkey-sim throw-away CA; "
        f"ends {shown.not_valid_after_utc:%Y-%m-%dT%H:%M:%S+00:00}; SHA-256 {shown.fingerprint(hashes.SHA256()).hex()}"
    )
    assert [entry for entry in sim.journal() if entry["system"] == "sql"] == []


@both
async def test_the_automatic_certificate_is_the_database_administrators_job(sim: RealSimulator, encrypt: str) -> None:
    """It is known by its name, and no setting of ours makes it believable."""
    found = await finding(replace(database(sim, certificate=AUTOMATIC), encrypt=encrypt))
    assert found.state is FAIL
    assert f"subject CN={AUTOMATIC}; names {AUTOMATIC}; issuer CN={AUTOMATIC}" in found.message
    assert found.message.startswith("it is SQL Server's automatic one, made anew at each start")
    assert found.fix.startswith("let the database administrator give SQL Server a certificate with the name localhost ")


async def test_another_name_is_told_with_the_setting_that_takes_it(sim: RealSimulator, tmp_path: Path) -> None:
    """The authority is right, the name is not."""
    where = database(sim, certificate="named")
    where = trusting(where, shown_pem(sim), tmp_path)
    found = await finding(where)
    assert (found.state, found.message.partition(":")[0]) == (FAIL, "it does not have the name localhost")
    assert found.fix.endswith('set passwordstate.database.host_name_in_certificate = "sql.corp.example"')
    assert (await finding(replace(where, name_in_certificate="sql.corp.example"))).state is OK


async def test_an_address_that_no_certificate_has_is_told_as_a_name(sim: RealSimulator, tmp_path: Path) -> None:
    """The server is named by its address, and the certificate has a name."""
    where = replace(database(sim, certificate="named"), server="127.0.0.1")
    found = await finding(trusting(where, shown_pem(sim), tmp_path))
    assert (found.state, found.message.partition(":")[0]) == (FAIL, "it does not have the name 127.0.0.1")


async def test_an_address_is_warned_of_because_one_native_part_matches_none(sim: RealSimulator) -> None:
    """The certificate has the address, and Microsoft's ODBC driver does not look at it."""
    found = await finding(replace(database(sim), server="127.0.0.1"))
    assert (found.state, "does not match addresses" in found.fix) == (WARN, True)


@pytest.mark.parametrize(("encrypt", "pins"), [("yes", False), ("strict", True)])
async def test_an_unknown_issuer_is_told_with_the_setting_for_it(sim: RealSimulator, encrypt: str, pins: bool) -> None:
    """A pinned certificate is proposed only where the driver takes one."""
    found = await finding(replace(database(sim, certificate="named"), encrypt=encrypt))
    assert (found.state, found.message.partition(":")[0]) == (FAIL, "its issuer is not trusted")
    assert found.fix.startswith("set tls.ca_file to the certificate of CN=sql.corp.example in PEM")
    assert ("server_certificate" in found.fix) == pins


async def test_a_lapsed_certificate_is_told(sim: RealSimulator, tmp_path: Path) -> None:
    """With the administrator's job."""
    where = database(sim, certificate="lapsed")
    found = await finding(trusting(where, shown_pem(sim), tmp_path))
    assert (found.state, found.message.startswith("it is not valid now (certificate has expired): ")) == (FAIL, True)


async def test_the_pinned_certificate_is_compared(sim: RealSimulator) -> None:
    """The same one, whatever its name; and after a replacement both sums, to compare with the administrator's."""
    where = replace(database(sim, certificate=AUTOMATIC), encrypt="strict")
    where = replace(where, pin=as_der(shown_pem(sim)))
    assert (await finding(where)).state is OK
    sim.reset(sql_world(certificate="named"))
    found = await finding(where)
    assert (found.state, len(set(re.findall(r"SHA-256 ([0-9a-f]{64})", found.message)))) == (FAIL, 2)
    assert found.message.startswith("it is not the one of passwordstate.database.server_certificate")


@pytest.mark.parametrize(
    ("encryption", "encrypt", "fix"),
    [
        ("strict", "yes", 'set passwordstate.database.encrypt = "strict"'),
        ("tds7", "strict", 'set passwordstate.database.encrypt = "yes"'),
    ],
)
async def test_the_other_kind_of_tls_is_told(sim: RealSimulator, encryption: str, encrypt: str, fix: str) -> None:
    """A server set to TDS 8 alone, and one that is older than that."""
    found = await finding(replace(database(sim, encryption=encryption), encrypt=encrypt))
    assert (found.state, found.fix) == (FAIL, fix)


async def test_a_server_that_is_away_is_told(sim: RealSimulator) -> None:
    """Server, port and firewall."""
    found = await finding(replace(database(sim), port=9))
    assert (found.state, "firewall" in found.fix) == (FAIL, True)


def packet(body: bytes, status: int = 1) -> bytes:
    """A packet as a SQL Server sends it."""
    return bytes([4, status]) + (len(body) + 8).to_bytes(2, "big") + bytes(4) + body


def option(start: int, value: bytes) -> bytes:
    """A PRELOGIN answer with nothing but encryption, whose value is said to be at `start`."""
    return b"\x01" + start.to_bytes(2, "big") + b"\x00\x01\xff" + value


@asynccontextmanager
async def listening(says: bytes) -> AsyncGenerator[int]:
    """Something that says that to whoever connects, and hangs up; its port."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(says)
            await writer.drain()
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        packet(b""),
        packet(option(6, b"\x02")),
        packet(option(600, b"\x01")),
        packet(option(6, b"\x01")) + packet(b"no handshake"),
        packet(b"\x01\x00"),
        b"\x04\x01\x00\x00" + bytes(4),
        b"\x04\x00\xff\xff" + bytes(4) + bytes(65527),
        b"\x15\x03\x03\x00\x02\x02\x28",
    ],
)
@both
async def test_what_is_no_sql_server_is_told(sim: RealSimulator, says: bytes, encrypt: str) -> None:
    """Whatever stands there, `check` says one line and goes on."""
    async with listening(says) as port:
        found = await finding(replace(database(sim), port=port, encrypt=encrypt))
    assert (found.state, found.message) == (FAIL, "the server offers no TLS 1.2 or later, or is no SQL Server")


def made(common_name: str, names: list[str]) -> x509.Certificate:
    """A certificate that says that of itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .sign(key, hashes.SHA256())
    )


def test_what_a_certificate_says_of_itself_is_no_line_of_ours() -> None:
    """Control characters and endless names are cut; a certificate is a text of others."""
    hostile = made("evil\n fail  SQL Server\x1b[31m" + 20 * "x", [f"n{number}.example\n" for number in range(40)])
    line = described(hostile)
    assert (line.isprintable(), len(line) < 1000, "and 35 more" in line) == (True, True, True)


@pytest.mark.parametrize(
    "names", [["*.corp.example"], ['x"\nverify = false #'], ["127.0.0.1"], ["sql 01"], ["x" * 300]], ids=repr
)
def test_a_name_that_no_setting_may_have_is_not_proposed(names: list[str]) -> None:
    """What an operator is told to paste is a plain host name, or nothing."""
    seen = Look(made("whatever it likes", names).public_bytes(Encoding.DER), code=62, why="Hostname mismatch")
    found = judged("SQL Server", Database("sql.example.org", 1433, "d", "q", None), seen)
    assert (found.state, "host_name_in_certificate" in found.fix) == (FAIL, False)


def test_the_first_plain_name_is_proposed() -> None:
    """Behind others that cannot be."""
    seen = Look(made("x", ["*.corp.example", "sql7.corp.example"]).public_bytes(Encoding.DER), code=62)
    found = judged("SQL Server", Database("sql.example.org", 1433, "d", "q", None), seen)
    assert found.fix.endswith('host_name_in_certificate = "sql7.corp.example"')


def test_a_certificate_that_cannot_be_read_is_told() -> None:
    """Bytes that are none; the look itself did not fail."""
    found = judged("SQL Server", Database("sql.example.org", 1433, "d", "q", None), Look(b"\x30\x00"))
    assert (found.state, found.message.startswith("it cannot be read")) == (FAIL, True)
