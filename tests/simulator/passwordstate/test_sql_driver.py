"""The SQL listener, as Microsoft's own driver meets it: over TCP and TLS, with a log-in and a parameter."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from vault_support import Equipment

DRIVER = Path(__file__).with_name("driver.py")


@pytest.fixture
def ask(database: int, certificate: tuple[Path, Path]) -> Any:
    """Runs the driver in a process of its own."""

    async def run(ca: Path = certificate[0], **order: Any) -> dict[str, Any]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SSL_CERT")}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(DRIVER),
            json.dumps({"port": database, **order}),
            env={**environment, "SSL_CERT_FILE": str(ca)},
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        return json.loads(output)

    return run


@pytest.mark.parametrize("encrypt", ["yes", "strict"])
async def test_the_driver_finds_the_documents_of_an_entry(ask: Any, equipment: Equipment, encrypt: str) -> None:
    """Both kinds of TLS lead to the same two documents; the folder's document is not among them."""
    answer = await ask(options={"Encrypt": encrypt})
    assert answer == {"columns": ["DocumentID", "DocumentName"], "rows": [[501, "Sales.pfx"], [502, "readme.txt"]]}
    assert equipment.routes("sql") == [("login", "spentkey_reader", 200), ("query", "1301", 200)]


async def test_one_cursor_may_ask_again(ask: Any) -> None:
    """The driver prepares anew each time, and each answer belongs to its own parameter."""
    answer = await ask(parameters=[[1301], [4711], [1301]])
    assert [row[0] for row in answer["rows"]] == [501, 502, 501, 502]


async def test_an_entry_without_documents_has_no_rows(ask: Any) -> None:
    """Columns come even where rows do not."""
    answer = await ask(parameters=[[4711]])
    assert answer == {"columns": ["DocumentID", "DocumentName"], "rows": []}


async def test_a_wrong_password_is_refused(ask: Any, equipment: Equipment) -> None:
    """The driver reports the failed log-in, and the journal has no password."""
    answer = await ask(options={"pwd": "guess"})
    assert "Login failed for user 'spentkey_reader'" in answer["error"]
    assert equipment.routes("sql") == [("login", "spentkey_reader", 18456)]
    assert "guess" not in str(equipment.journal.entries)


async def test_another_database_cannot_be_opened(ask: Any) -> None:
    """The login is good for one database only."""
    answer = await ask(options={"database": "payroll"})
    assert 'Cannot open database "payroll"' in answer["error"]


async def test_a_foreign_certificate_authority_is_not_accepted(
    ask: Any, equipment: Equipment, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    """With another trust store the driver breaks off before it has sent a password."""
    other = tmp_path / "other.pem"
    other.write_text("")
    answer = await ask(ca=other)
    assert "error" in answer
    assert equipment.routes("sql") == []


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT DocumentID FROM dbo.PasswordDocuments WHERE PasswordID = ?", "SELECT permission was denied on the object 'PasswordDocuments'"),
        ("SELECT Secret3 FROM dbo.SystemSettings WHERE 1 = ?", "SELECT permission was denied on the object 'SystemSettings'"),
        ("DELETE FROM dbo.vw_PfxDocuments WHERE PasswordID = ?", "DELETE permission was denied"),
        ("SELECT DocumentID FROM dbo.Documents WHERE PasswordID = ?", "Invalid object name"),
        ("SELECT Body FROM dbo.vw_PfxDocuments WHERE PasswordID = ?", "Invalid column name"),
    ],
)  # fmt: skip
async def test_everything_but_the_view_is_refused(ask: Any, sql: str, words: str) -> None:
    """The driver passes on what the server says."""
    answer = await ask(sql=sql)
    assert words in answer["error"]


async def test_the_columns_can_be_discovered(ask: Any) -> None:
    """A discovery query shows the view that the login may read, and nothing it may not."""
    sql = (
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS"
        " WHERE COLUMN_NAME = 'DocumentID' OR TABLE_NAME LIKE N'%Document%' ORDER BY 1, 2"
    )
    answer = await ask(sql=sql, parameters=[[]])
    assert ["dbo", "vw_PfxDocuments", "DocumentID", "int"] in answer["rows"]
    assert {row[1] for row in answer["rows"]} == {"vw_PfxDocuments"}


@pytest.mark.parametrize(("wanted", "expected"), [(0, []), (1, [501]), (2, [501, 502])])
async def test_a_fault_sets_the_number_of_rows(
    ask: Any, equipment: Equipment, wanted: int, expected: list[int]
) -> None:
    """Nought or two rows for an entry that has others."""
    equipment.fault("rows", system="sql", params={"n": wanted})
    answer = await ask()
    assert [row[0] for row in answer["rows"]] == expected


@pytest.mark.parametrize(
    ("kind", "route", "when"),
    [
        ("down", "login", "before"),
        ("reset", "login", "before"),
        ("18456", "login", "before"),
        ("reset", "login", "after"),
        ("reset", "query", "before"),
        ("208", "query", "before"),
        ("truncate", "query", "after"),
        ("reset", "query", "after"),
        ("down", "query", "after"),
    ],
)
async def test_faults_reach_the_driver_as_errors(
    ask: Any, equipment: Equipment, kind: str, route: str, when: str
) -> None:
    """Nothing that goes wrong looks like an empty answer, whether the work was done or not."""
    equipment.fault(kind, system="sql", route=route, when=when)
    answer = await ask(options={"timeout": 2})
    assert "error" in answer
    assert f"{kind} {when}" in {one.fault for one in equipment.journal.entries if one.route == route}
