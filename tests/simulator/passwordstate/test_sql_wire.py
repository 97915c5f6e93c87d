"""The SQL listener below the level that a driver shows: encryption, odd packets, the text of statements."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from vault_support import Equipment

from spentkey_sim.passwordstate import tds_login, tds_params, tds_sql, tds_text
from spentkey_sim.passwordstate.tds import TdsServer
from spentkey_sim.passwordstate.tds_statements import Services, Statements
from spentkey_sim.passwordstate.tds_tokens import SqlError
from spentkey_sim.passwordstate.tds_wire import HEADER, Packet

QUERY = (
    "SELECT DocumentID, DocumentName FROM [passwordstate].[dbo].[vw_PfxDocuments] WITH (NOLOCK) WHERE PasswordID = @P1"
)


def message(kind: int, body: bytes) -> bytes:
    """One packet that is a whole message."""
    return HEADER.pack(kind, 1, len(body) + HEADER.size, 0, 1, 0) + body


def prelogin(encryption: int) -> bytes:
    """A client's PRELOGIN with that wish for encryption."""
    return message(Packet.PRELOGIN, struct.pack(">BHH", 1, 6, 1) + b"\xff" + bytes([encryption]))


@pytest.fixture
def client(database: int) -> Iterator[socket.socket]:
    """A bare connection to the listener."""
    with socket.create_connection(("127.0.0.1", database), timeout=5) as connection:
        yield connection


@pytest.fixture
def statements(equipment: Equipment) -> Statements:
    """A session past its log-in, without a wire."""
    services = Services(equipment.holder, equipment.journal, equipment.faults, equipment.clock, lambda _seconds: None)
    return Statements(services, "passwordstate")


def batch(text: str) -> bytes:
    """A batch as it arrives: headers, then the text."""
    return struct.pack("<I", 4) + text.encode("utf-16-le")


@pytest.mark.parametrize(("wish", "answer"), [(0, 3), (1, 1), (2, 3), (3, 1)])
def test_encryption_is_demanded_whatever_the_client_wishes(client: socket.socket, wish: int, answer: int) -> None:
    """Off and not-supported are answered with required."""
    client.sendall(prelogin(wish))
    options = tds_login.read_options(client.recv(4096)[HEADER.size :])
    assert options[1] == bytes([answer])


def test_a_log_in_in_the_clear_is_cut_off(client: socket.socket, equipment: Equipment) -> None:
    """The password of a client that ignores the demand is not even read."""
    client.sendall(prelogin(2))
    client.recv(4096)
    client.sendall(message(Packet.LOGIN7, bytes(100)))
    assert client.recv(4096) == b""
    assert equipment.routes("sql") == []


@pytest.mark.parametrize(
    "noise", [b"GET / HTTP/1.1\r\n\r\n", message(Packet.BATCH, b"SELECT 1"), message(Packet.PRELOGIN, b"\x01")]
)
def test_what_is_no_conversation_is_cut_off(client: socket.socket, noise: bytes) -> None:
    """Anything but PRELOGIN ends the connection without an answer."""
    client.sendall(noise)
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        answer = client.recv(4096)
    assert answer == b""


def test_a_database_that_is_down_closes_at_once(client: socket.socket, equipment: Equipment) -> None:
    """The port is open and nobody is at home; the journal says so."""
    equipment.fault("down", system="sql")
    with socket.create_connection(client.getpeername(), timeout=5) as second:
        assert second.recv(1) == b""
    assert equipment.routes("sql")[-1] == ("login", "", 0)


@pytest.mark.parametrize("strict", [False, True])
def test_a_stop_ends_open_conversations(equipment: Equipment, certificate: tuple[Path, Path], strict: bool) -> None:
    """Clients that wait do not keep the server alive, with either kind of TLS."""
    server = TdsServer(equipment.holder, equipment.journal, equipment.faults, equipment.clock, certificate[1])
    context = ssl.create_default_context(cafile=certificate[0])
    with socket.create_connection(("127.0.0.1", server.start()), timeout=5) as connection:
        if strict:
            with context.wrap_socket(connection, server_hostname="localhost") as secured:
                server.stop()
                assert secured.recv(1) == b""
        else:
            connection.sendall(prelogin(1))
            connection.recv(4096)
            server.stop()
            assert connection.recv(1) == b""
    assert "tds" not in {thread.name for thread in threading.enumerate()}


def test_the_forms_of_a_name_lead_to_the_same_view(equipment: Equipment) -> None:
    """Brackets, a database before the schema, hints and cases are all T-SQL."""
    vault = equipment.holder.world.passwordstate
    for text in (
        QUERY,
        QUERY.replace("[passwordstate].[dbo].", "passwordstate.."),
        QUERY.lower(),
        QUERY + " -- why; not",
    ):
        select = tds_text.read_batch(text).select
        assert select is not None
        table = tds_sql.select(vault, "passwordstate", select, {"p1": 1301})
        assert [row[0] for row in table.rows] == [501, 502]


def test_top_and_literals_are_understood(equipment: Equipment) -> None:
    """A semicolon inside a literal ends nothing."""
    batch_read = tds_text.read_batch(
        "SELECT TOP (1) DocumentName, N'a;''b' AS x FROM dbo.vw_PfxDocuments ORDER BY DocumentID;"
    )
    assert batch_read.select is not None
    table = tds_sql.select(equipment.holder.world.passwordstate, "passwordstate", batch_read.select, {})
    assert table.rows == [("Sales.pfx", "a;'b")]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("INSERT INTO dbo.vw_PfxDocuments VALUES (1, 2, 'x', 'password')", 229),
        ("SELECT 1; DROP TABLE dbo.PasswordDocuments", 229),
        ("SELECT 1; SELECT 2", 229),
        ("SET NOCOUNT ON DELETE FROM dbo.vw_PfxDocuments", 229),
        ("SELECT DocumentID INTO dbo.copy FROM dbo.vw_PfxDocuments", 229),
        ("EXEC sp_who", 229),
        ("WITH x AS (SELECT 1 AS y) SELECT y FROM x", 229),
        ("SELECT Password FROM dbo.Passwords", 229),
        ("SELECT v.DocumentID FROM dbo.vw_PfxDocuments v JOIN dbo.PasswordDocuments p ON p.DocumentID = v.DocumentID", 229),
        ("SELECT DocumentID FROM dbo.vw_PfxDocuments LIMIT 1", 102),
        ("SELECT DocumentID FROM", 102),
        ("SELECT DocumentID FROM other.dbo.vw_PfxDocuments", 102),
        ("SELECT DocumentID FROM dbo.vw_PfxDocuments WHERE PasswordID = @missing", 137),
        ("SELECT no_such_function(1)", 195),
        ("SELECT DocumentID FROM sys.tables", 208),
        ("USE payroll", 911),
    ],
)  # fmt: skip
def test_everything_else_is_refused(statements: Statements, text: str, number: int) -> None:
    """Each refusal has SQL Server's number, and the base tables stay closed on every way."""
    with pytest.raises(SqlError) as refused:
        statements.batch(batch(text))
    assert refused.value.number == number


COMPARED = "SELECT DocumentID FROM dbo.vw_PfxDocuments WHERE PasswordID = "


@pytest.mark.parametrize(("compared", "kind"), [("@p1", "nvarchar"), ("'1301 OR 1=1'", "varchar")])
def test_a_text_that_is_no_number_is_refused(equipment: Equipment, compared: str, kind: str) -> None:
    """SQL Server would fail to convert it, parameter or literal; finding nothing would hide the mistake."""
    vault = equipment.holder.world.passwordstate
    with pytest.raises(SqlError) as refused:
        tds_sql.select(vault, "passwordstate", COMPARED + compared, {"p1": "1301 OR 1=1"})
    text = f"Conversion failed when converting the {kind} value '1301 OR 1=1' to data type int."
    assert (refused.value.number, refused.value.text) == (245, text)


@pytest.mark.parametrize("compared", ["1301", "'1301'", "N' 1301 '"])
def test_a_number_in_a_text_is_that_number(statements: Statements, equipment: Equipment, compared: str) -> None:
    """A driver that fills its parameters in itself finds the same documents, under the same object of the journal."""
    assert statements.batch(batch(COMPARED + compared)).count(b"\xd1\x04") == 2
    assert [entry.object.strip() for entry in equipment.journal.entries] == ["1301"]


@pytest.mark.parametrize("literal", ["'1301 OR 1=1'", "N'one'", "'13''01'"])
def test_a_literal_that_is_no_number_is_refused(statements: Statements, equipment: Equipment, literal: str) -> None:
    """The same error as for a parameter, and the query stands in the journal with it."""
    with pytest.raises(SqlError) as refused:
        statements.batch(batch(COMPARED + literal))
    assert refused.value.number == 245
    assert [entry.status for entry in equipment.journal.entries] == [245]


def test_master_has_no_view(statements: Statements) -> None:
    """A session that never chose its database finds nothing, until it does."""
    statements.database = "master"
    text = "SELECT DocumentID FROM dbo.vw_PfxDocuments WHERE PasswordID = 1301"
    with pytest.raises(SqlError) as refused:
        statements.batch(batch(text))
    assert refused.value.number == 208
    statements.batch(batch("USE [passwordstate]"))
    assert statements.batch(batch(text)).startswith(b"\x81")


def test_settings_do_not_count_as_queries(statements: Statements, equipment: Equipment) -> None:
    """What drivers say on their own stays out of the journal and meets no fault."""
    equipment.fault("208", system="sql")
    statements.batch(batch("SET TEXTSIZE 2147483647; SET NOCOUNT ON"))
    assert equipment.routes("sql") == []


def text_argument(text: str) -> bytes:
    """An unnamed nvarchar parameter."""
    data = text.encode("utf-16-le")
    return b"\0\0\xe7" + struct.pack("<H", 8000) + b"\x09\x04\xd0\0\x34" + struct.pack("<H", len(data)) + data


def number_argument(value: int | None) -> bytes:
    """An unnamed int parameter."""
    return b"\0\0\x26\x04" + (b"\0" if value is None else b"\x04" + struct.pack("<i", value))


def procedure(code: int, *arguments: bytes) -> bytes:
    """A call by one of the well-known numbers."""
    return struct.pack("<IHHH", 4, 0xFFFF, code, 0) + b"".join(arguments)


def test_all_ways_to_send_a_parameter_find_the_same(statements: Statements) -> None:
    """At once, prepared and run, or both in one; until the handle is given back."""
    declared, text, entry = text_argument("@P1 int"), text_argument(QUERY), number_argument(1301)
    found = "Sales.pfx".encode("utf-16-le")
    assert found in statements.call(procedure(10, text, declared, entry))
    assert found in statements.call(procedure(13, number_argument(None), declared, text, entry))
    assert found not in statements.call(procedure(11, number_argument(None), declared, text, number_argument(1)))
    assert found in statements.call(procedure(12, number_argument(2), entry))
    assert found not in statements.call(procedure(12, number_argument(2), number_argument(4711)))
    statements.call(procedure(15, number_argument(2)))
    with pytest.raises(SqlError, match="8179"):
        statements.call(procedure(12, number_argument(2), entry))


def test_an_unknown_procedure_or_handle_is_refused(statements: Statements) -> None:
    """A handle that was never given out is as unknown as a procedure that does not exist."""
    name = "sp_who".encode("utf-16-le")
    with pytest.raises(SqlError) as unknown:
        statements.call(struct.pack("<IHH", 4, 6, 0)[:6] + name + b"\0\0")
    execute = struct.pack("<IHHH", 4, 0xFFFF, 12, 0) + b"\0\0\x26\x04\x04" + struct.pack("<i", 9)
    with pytest.raises(SqlError) as lost:
        statements.call(execute)
    assert (unknown.value.number, lost.value.number) == (2812, 8179)


def test_a_parameter_that_ends_too_early_is_refused() -> None:
    """A cut message is the client's error and not the server's crash."""
    with pytest.raises(SqlError) as refused:
        tds_params.Reader(b"\xe7\x40\x1f").value()
    assert refused.value.number == 8009
