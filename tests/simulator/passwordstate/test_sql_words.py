"""What SQL Server has and SQLite has not, and the other way round: the listener shows the first and hides the second."""

import struct

import pytest
from vault_support import Equipment

from spentkey_sim.passwordstate import tds_params, tds_sql, tds_text
from spentkey_sim.passwordstate.tds_sql import Table
from spentkey_sim.passwordstate.tds_statements import Services, Statements
from spentkey_sim.passwordstate.tds_tokens import SqlError


@pytest.fixture
def statements(equipment: Equipment) -> Statements:
    """A session past its log-in, without a wire."""
    services = Services(equipment.holder, equipment.journal, equipment.faults, equipment.clock, lambda _seconds: None)
    return Statements(services, "passwordstate")


def asked(equipment: Equipment, sql: str) -> Table:
    """The rows that one SELECT gives."""
    select = tds_text.read_batch(sql).select
    assert select is not None
    return tds_sql.select(equipment.holder.world.passwordstate, "passwordstate", select, {})


def refusal(equipment: Equipment, sql: str) -> SqlError:
    """The error that one SELECT gives."""
    with pytest.raises(SqlError) as refused:
        asked(equipment, sql)
    return refused.value


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES",
        "select table_schema, table_name, table_type from [passwordstate].information_schema.tables",
    ],
)
def test_tables_are_shown_as_far_as_the_login_may_read(equipment: Equipment, sql: str) -> None:
    """The look of the first-day guide: one row, the view; the base tables are not even named."""
    assert asked(equipment, sql).rows == [("dbo", "vw_PfxDocuments", "VIEW")]


def test_both_catalogues_can_be_joined(equipment: Equipment) -> None:
    """Each column belongs to a table that is shown."""
    sql = (
        "SELECT t.TABLE_NAME, COUNT(*) AS n FROM INFORMATION_SCHEMA.TABLES t JOIN INFORMATION_SCHEMA.COLUMNS c "
        "ON c.TABLE_NAME = t.TABLE_NAME GROUP BY t.TABLE_NAME"
    )
    assert asked(equipment, sql).rows == [("vw_PfxDocuments", 4)]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("SUSER_SNAME()", "spentkey_reader"),
        ("suser_name()", "spentkey_reader"),
        ("ORIGINAL_LOGIN()", "spentkey_reader"),
        ("SYSTEM_USER", "spentkey_reader"),
        ("USER_NAME()", "spentkey_reader"),
        ("CURRENT_USER", "spentkey_reader"),
        ("SCHEMA_NAME()", "dbo"),
        ("DB_NAME()", "passwordstate"),
        ("@@SERVERNAME", "SPENTKEY-SIM"),
        ("@@TRANCOUNT", 0),
        ("LEN('abc')", 3),
        ("ISNULL(NULL, 'x')", "x"),
        ("SERVERPROPERTY('ProductVersion')", "16.0.1000.6"),
        ("SERVERPROPERTY('nothing')", None),
    ],
)
def test_what_people_and_drivers_ask_a_server_has_an_answer(
    equipment: Equipment, expression: str, value: object
) -> None:
    """Who am I, and where."""
    assert asked(equipment, f"SELECT {expression} AS x").rows == [(value,)]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT COUNT(*) FROM dbo.vw_PfxDocuments", [""]),
        ("SELECT @@VERSION", [""]),
        ("SELECT 1, 'a', NULL", ["", "", ""]),
        ("SELECT DocumentID + 1 FROM dbo.vw_PfxDocuments", [""]),
        ("SELECT SYSTEM_USER", [""]),
        ("SELECT COUNT(*) AS n, MAX(DocumentID) [the last], MIN(v.DocumentID) AS \"first\" FROM dbo.vw_PfxDocuments v",
         ["n", "the last", "first"]),
        ("SELECT v.DocumentID, [DocumentName] FROM dbo.vw_PfxDocuments v", ["DocumentID", "DocumentName"]),
    ],
)  # fmt: skip
def test_what_has_no_name_has_none(equipment: Equipment, sql: str, names: list[str]) -> None:
    """SQLite would call a column by its expression."""
    assert [column.name for column in asked(equipment, sql).columns] == names


@pytest.mark.parametrize(
    ("sql", "number", "text"),
    [
        ("SELECT sqlite_version()", 195, "'sqlite_version' is not a recognized built-in function name."),
        ("SELECT typeof(DocumentID) FROM dbo.vw_PfxDocuments", 195, "'typeof' is not a recognized built-in function name."),
        ("SELECT group_concat(DocumentName) FROM dbo.vw_PfxDocuments", 195, "'group_concat' is not a recognized"),
        ("SELECT global_version()", 195, "'global_version' is not a recognized built-in function name."),
        ("SELECT @@NOTHING", 137, 'Must declare the scalar variable "@@NOTHING".'),
        ("SELECT name FROM sqlite_master", 208, "Invalid object name 'sqlite_master'."),
        ("SELECT name FROM dbo.sqlite_schema", 208, "Invalid object name 'dbo.sqlite_schema'."),
        ("SELECT v.Body FROM dbo.vw_PfxDocuments v", 207, "Invalid column name 'Body'."),
        ("SELECT `DocumentID` FROM dbo.vw_PfxDocuments", 102, "Incorrect syntax near '`'."),
        ("SELECT DocumentID FROM dbo.vw_PfxDocuments WHERE TRUE", 102, "Incorrect syntax near 'TRUE'."),
        ("SELECT DocumentID FROM dbo.vw_PfxDocuments WHERE DocumentName REGEXP 'x'", 102, "Incorrect syntax near 'REGEXP'."),
        ("SELECT DocumentID, FROM dbo.vw_PfxDocuments", 102, "Incorrect syntax near 'FROM'."),
        ("SELECT DocumentID FROM", 102, "Incorrect syntax near 'FROM'."),
        ("SELECT COUNT(1, 2) FROM dbo.vw_PfxDocuments", 174, "The COUNT function requires 1 argument(s)."),
        ("SELECT DocumentID FROM dbo.vw_PfxDocuments ORDER BY 9", 108, "The ORDER BY position number 9 is out of range"),
    ],
)  # fmt: skip
def test_what_only_sqlite_has_is_refused_in_sql_servers_words(
    equipment: Equipment, sql: str, number: int, text: str
) -> None:
    """Neither its functions and tables nor its messages are seen from outside."""
    problem = refusal(equipment, sql)
    assert (problem.number, problem.text[: len(text)]) == (number, text)
    assert "sqlite" not in problem.text.lower().replace(sql.lower(), "") or "sqlite" in sql


def large(kind: int, data: bytes | None) -> bytes:
    """A parameter of one of the old large types, as the wire has it."""
    collation = b"" if kind == 0x22 else b"\x09\x04\xd0\0\x34"
    length = struct.pack("<i", -1 if data is None else len(data))
    return bytes([kind]) + struct.pack("<i", 2**31 - 1) + collation + length + (data or b"")


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        (0x63, "1301 ö".encode("utf-16-le"), "1301 ö"),
        (0x23, "1301 ö".encode("cp1252"), "1301 ö"),
        (0x22, b"\x00\x01", b"\x00\x01"),
        (0x63, b"", ""),
        (0x63, None, None),
        (0x22, None, None),
    ],
)
def test_a_large_parameter_is_read(kind: int, data: bytes | None, value: object) -> None:
    """NTEXT, TEXT and IMAGE, which drivers of TDS 7.1 and FreeTDS send."""
    reader = tds_params.Reader(large(kind, data))
    assert (reader.value(), reader.at) == (value, len(large(kind, data)))


@pytest.mark.parametrize("cut", [1, 8, 12, -1])
def test_a_large_parameter_that_ends_too_early_is_refused(cut: int) -> None:
    """A cut message is the client's error."""
    with pytest.raises(SqlError) as refused:
        tds_params.Reader(large(0x63, b"a\0b\0")[:cut]).value()
    assert refused.value.number == 8009


def test_a_large_parameter_with_an_impossible_length_is_refused() -> None:
    """Negative, and not the one that means nothing."""
    with pytest.raises(SqlError) as refused:
        tds_params.Reader(large(0x63, None).replace(struct.pack("<i", -1), struct.pack("<i", -2))).value()
    assert refused.value.number == 8009
