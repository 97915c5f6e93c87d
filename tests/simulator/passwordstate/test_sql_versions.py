"""The version of TDS that the listener answers in, and the Browser that tells where it is."""

import contextlib
import secrets
import socket
import ssl
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from vault_support import WORLD, Equipment

from spentkey_sim.model import AUTOMATIC_CERTIFICATE
from spentkey_sim.passwordstate.tds import TdsServer
from spentkey_sim.passwordstate.tds_browser import PORT
from spentkey_sim.passwordstate.tds_statements import Services, Statements
from spentkey_sim.passwordstate.tds_tokens import Column, SqlError, done, error, result_set
from spentkey_sim.passwordstate.tds_wire import HEADER, Packet
from spentkey_sim.world import WorldError, load

USER, PASSWORD = "spentkey_reader", "reader's password"
OLD, NEW = 0x71000001, 0x74000004
QUERY = "SELECT DocumentID FROM dbo.vw_PfxDocuments WHERE PasswordID = "


def message(kind: int, body: bytes) -> bytes:
    """One packet that is a whole message."""
    return HEADER.pack(kind, 1, len(body) + HEADER.size, 0, 1, 0) + body


def login7(version: int) -> bytes:
    """A log-in in that version of TDS."""
    scrambled = bytes((byte >> 4 | (byte & 15) << 4) ^ 0xA5 for byte in PASSWORD.encode("utf-16-le"))
    fields = [b"", USER.encode("utf-16-le"), scrambled, b"", b"", b"", b"", b"", "passwordstate".encode("utf-16-le")]
    at, table, data = 94, b"", b""
    for field in fields:
        table += struct.pack("<HH", at + len(data), len(field) // 2)
        data += field
    head = struct.pack("<IIIIIIBBBBiI", 94 + len(data), version, 4096, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    return (head + table).ljust(94, b"\0") + data


def acknowledged(port: int, ca: Path, version: int) -> int | None:
    """The version in the answer to a log-in; None where there is no answer."""
    context = ssl.create_default_context(cafile=ca)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as bare, context.wrap_socket(bare, server_hostname="localhost") as client:  # fmt: skip
        client.sendall(message(Packet.PRELOGIN, struct.pack(">BHHB", 1, 6, 1, 0xFF) + b"\1"))
        client.recv(4096)
        client.sendall(message(Packet.LOGIN7, login7(version)))
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            answer = client.recv(4096)
    at = answer.find("Microsoft SQL Server".encode("utf-16-le")) - 5
    return int.from_bytes(answer[at : at + 4], "big") if answer else None


@pytest.mark.parametrize(
    ("asked", "agreed"),
    [
        (OLD, OLD),
        (0x71000000, 0x71000000),
        (0x72090002, 0x72090002),
        (0x730A0003, 0x730A0003),
        (0x730B0003, 0x730B0003),
        (NEW, NEW),
        (0x08000000, 0x08000000),
        (0x7F000000, NEW),
        (0x70000000, None),
        (0x04020000, None),
    ],
)
def test_the_log_in_is_acknowledged_in_the_clients_version(
    database: int, certificate: tuple[Path, Path], asked: int, agreed: int | None
) -> None:
    """The newest that both speak; what is older than 7.1 is cut off."""
    assert acknowledged(database, certificate[0], asked) == agreed


@pytest.fixture
def old(equipment: Equipment) -> Statements:
    """A session in TDS 7.1, past its log-in, without a wire."""
    services = Services(equipment.holder, equipment.journal, equipment.faults, equipment.clock, lambda _seconds: None)
    return Statements(services, "passwordstate", old=True)


def test_a_batch_of_tds_7_1_has_no_headers(old: Statements) -> None:
    """And its answer ends in four bytes of rows."""
    reply = old.batch((QUERY + "1301").encode("utf-16-le"))
    assert reply.endswith(struct.pack("<BHHI", 0xFD, 0x10, 0xC1, 2))
    assert reply.startswith(b"\x81\x01\0" + struct.pack("<HH", 0, 9) + b"\x26\x04")


def test_a_call_of_tds_7_1_has_no_headers(old: Statements) -> None:
    """sp_executesql by its number, with a number as parameter."""
    text = (QUERY + "@P1").encode("utf-16-le")
    declared = "@P1 int".encode("utf-16-le")
    arguments = b"".join(
        b"\0\0\x63" + struct.pack("<i", 8000) + b"\x09\x04\xd0\0\x34" + struct.pack("<i", len(one)) + one
        for one in (text, declared)
    )
    reply = old.call(struct.pack("<HHH", 0xFFFF, 10, 0) + arguments + b"\0\0\x26\x04\x04" + struct.pack("<i", 1301))
    assert reply.count(b"\xd1\x04") == 2
    assert reply.endswith(b"\x79\0\0\0\0" + struct.pack("<BHHI", 0xFE, 0, 0, 0))


def test_headers_are_no_statement_in_tds_7_1(old: Statements) -> None:
    """What a newer client sends in front of its text is not passed over."""
    with pytest.raises((SqlError, UnicodeDecodeError)):
        old.batch(struct.pack("<I", 4) + (QUERY + "1301").encode("utf-16-le"))


def test_errors_and_long_texts_have_the_form_of_their_version() -> None:
    """Two bytes of line, and NTEXT where newer versions have NVARCHAR(MAX)."""
    problem = SqlError(208, "no")
    assert len(error(problem)) - len(error(problem, old=True)) == 2
    assert len(done()) - len(done(old=True)) == 4
    rows = result_set([Column("x", "nvarchar(max)")], [("a" * 5000,), (None,)], old=True)
    assert (b"\x63" in rows[:10], b"\xd1\x10" + bytes(24) + struct.pack("<i", 10000) in rows) == (True, True)
    assert rows.endswith(b"\xd1\0" + done(0x10, 2, old=True))


@pytest.fixture
def browser(equipment: Equipment, certificate: tuple[Path, Path]) -> Iterator[tuple[str, int]]:
    """The listener on an address of its own, with a Browser: the address, and the port that is to be told."""
    address = f"127.{1 + secrets.randbelow(250)}.{secrets.randbelow(250)}.{2 + secrets.randbelow(250)}"
    server = TdsServer(equipment.holder, equipment.journal, equipment.faults, equipment.clock, certificate[1], address)
    yield address, server.start(browser=True)
    server.stop()


def asked_browser(address: str, *questions: bytes) -> list[bytes]:
    """The answers to these questions and one that is always answered, which comes last."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        for question in (*questions, b"\x03"):
            client.sendto(question, (address, PORT))
        first = [client.recv(2048)]
        client.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                first.append(client.recv(2048))
        return first


@pytest.mark.parametrize(
    "question", [b"\x02", b"\x03", b"\x04PASSWORDSTATE\0", b"\x04passwordState\0", b"\x04passwordstate"]
)
def test_the_browser_tells_the_port_of_its_instance(browser: tuple[str, int], question: bytes) -> None:
    """By name in any case, or of everything there is."""
    address, port = browser
    answer = asked_browser(address, question)[0]
    assert (answer[0], int.from_bytes(answer[1:3], "little")) == (5, len(answer) - 3)
    assert answer[3:].decode().split(";")[2:4] == ["InstanceName", "PASSWORDSTATE"]
    assert answer.endswith(f";tcp;{port};;".encode())


@pytest.mark.parametrize(
    "question", [b"\x04OTHER\0", b"\x04\0", b"\x04" + 40 * b"x", b"\x0f\x01PASSWORDSTATE\0", b"\xff", b""]
)
def test_what_the_browser_does_not_know_is_not_answered(
    browser: tuple[str, int], equipment: Equipment, question: bytes
) -> None:
    """Silence; the one answer belongs to the question after it."""
    assert len(asked_browser(browser[0], question)) == 1
    assert [entry.status for entry in equipment.journal.entries if entry.route == "browser"] == [0, 200]


def test_the_address_is_free_after_a_stop(equipment: Equipment, certificate: tuple[Path, Path]) -> None:
    """Both sockets; and a Browser that cannot be had leaves none behind."""
    server, second = (
        TdsServer(equipment.holder, equipment.journal, equipment.faults, equipment.clock, certificate[1], "127.93.7.7")
        for _ in range(2)
    )
    server.start(browser=True)
    with pytest.raises(OSError, match="in use"):
        second.start(browser=True)
    server.stop()
    second.start(browser=True)
    second.stop()


def shown(port: int) -> bytes:
    """The certificate that is shown to whoever connects."""
    return ssl.get_server_certificate(("127.0.0.1", port)).encode()


def switch(equipment: Equipment, **switches: str) -> None:
    """The same world with other switches of its database."""
    vault = WORLD["passwordstate"]
    made = {**WORLD, "passwordstate": {**vault, "database": {**vault["database"], **switches}}}
    equipment.holder.world = load(made, equipment.clock)


def test_the_automatic_certificate_is_new_at_each_start(equipment: Equipment, certificate: tuple[Path, Path]) -> None:
    """And the same as long as the server runs."""
    switch(equipment, certificate=AUTOMATIC_CERTIFICATE)
    seen = list[bytes]()
    for _ in range(2):
        server = TdsServer(equipment.holder, equipment.journal, equipment.faults, equipment.clock, certificate[1])
        port = server.start()
        seen += [shown(port), shown(port)]
        server.stop()
    assert (seen[0] == seen[1], seen[2] == seen[3], seen[0] == seen[2]) == (True, True, False)


def test_a_world_chooses_the_certificate(equipment: Equipment, database: int) -> None:
    """One of its own, from one connection to the next."""
    before = shown(database)
    switch(equipment, certificate="sales-2025")
    assert shown(database) != before
    switch(equipment)
    assert shown(database) == before


@pytest.mark.parametrize(
    "switches",
    [{"certificate": "nobody"}, {"encryption": "none"}, {"intent": "write"}, {"instance": "a b"}, {"instance": ""}],
)
def test_a_switch_that_means_nothing_is_refused(equipment: Equipment, switches: dict[str, str]) -> None:
    """A misspelt world must not look like a sound one."""
    with pytest.raises(WorldError, match="passwordstate"):
        switch(equipment, **switches)
