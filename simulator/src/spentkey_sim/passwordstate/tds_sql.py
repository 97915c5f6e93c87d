"""The database behind the SQL listener: one view that a reader may select from, and tables that it may not.

An in-memory SQLite database is filled from the world for every query, so that the HTTP side and this one cannot disagree.
The login has SELECT on a single view and nothing else, as a careful administrator would grant it. What it then sees:
learn.microsoft.com/sql/relational-databases/security/metadata-visibility-configuration.
"""

import re
import sqlite3
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from spentkey_sim.model import Passwordstate
from spentkey_sim.passwordstate import tds_builtins, tds_text
from spentkey_sim.passwordstate.tds_refusals import translated
from spentkey_sim.passwordstate.tds_tokens import Column, SqlError

VIEW = "vw_PfxDocuments"
READABLE = {VIEW.lower(), "columns", "tables"}
KINDS = {
    "documentid": "int",
    "passwordid": "int",
    "documentname": "nvarchar",
    "store": "nvarchar",
    "table_schema": "nvarchar",
    "table_name": "nvarchar",
    "table_type": "nvarchar",
    "column_name": "nvarchar",
    "data_type": "nvarchar",
}
SCHEMA = """
    CREATE TABLE dbo.PasswordDocuments (DocumentID INTEGER, PasswordID INTEGER,
        DocumentName TEXT COLLATE NOCASE, Store TEXT COLLATE NOCASE);
    CREATE TABLE dbo.Passwords (PasswordID INTEGER, Title TEXT COLLATE NOCASE, Password BLOB);
    CREATE TABLE dbo.SystemSettings (BuildNo TEXT, Secret3 TEXT, Secret4 TEXT);
    CREATE VIEW dbo.vw_PfxDocuments AS
        SELECT DocumentID, PasswordID, DocumentName, Store FROM PasswordDocuments WHERE Store = 'password';
    CREATE TABLE INFORMATION_SCHEMA.COLUMNS (TABLE_CATALOG TEXT, TABLE_SCHEMA TEXT COLLATE NOCASE,
        TABLE_NAME TEXT COLLATE NOCASE, COLUMN_NAME TEXT COLLATE NOCASE, ORDINAL_POSITION INTEGER, DATA_TYPE TEXT);
    CREATE TABLE INFORMATION_SCHEMA.TABLES (TABLE_CATALOG TEXT, TABLE_SCHEMA TEXT COLLATE NOCASE,
        TABLE_NAME TEXT COLLATE NOCASE, TABLE_TYPE TEXT COLLATE NOCASE);
"""
NAMELESS = {"null", "true", "false"}
"""Words that are no name of a column, though they look like one."""


@dataclass(frozen=True)
class Table:
    """The rows that a SELECT gave, with the types of its columns."""

    columns: list[Column]
    rows: list[Sequence[Any]]


def select(passwordstate: Passwordstate, database: str, statement: str, parameters: dict[str, Any]) -> Table:
    """Run the one SELECT; refusals come as `SqlError` with SQL Server's numbers."""
    functions = tds_builtins.functions(database, passwordstate.database.login)
    guard = ReadGuard(tds_builtins.SHARED | functions.keys())
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        tds_builtins.install(connection, functions)
        _fill(connection, passwordstate, database)
        connection.set_authorizer(guard.decide)
        cursor = connection.execute(statement, _checked(statement, parameters))
        names = [_shown(str(part[0]), statement) for part in cursor.description]
        rows: list[Sequence[Any]] = cursor.fetchall()
    except (sqlite3.Error, sqlite3.Warning, OverflowError) as problem:
        arguments = {name: wanted for name, (wanted, _) in functions.items()}
        raise translated(str(problem), statement, guard.refused, arguments) from None
    finally:
        connection.close()
    kinds = (_kind(name, [row[location] for row in rows]) for location, name in enumerate(names))
    return Table([Column(name, kind) for name, kind in zip(names, kinds, strict=True)], rows)


class ReadGuard:
    """Lets a statement read the view and what the view itself reads, by functions that T-SQL has, and nothing else."""

    def __init__(self, functions: Set[str]) -> None:
        self.refused = ""
        """The first table that was refused, or the first function, with `()`."""
        self._functions = functions

    def decide(self, action: int, first: str | None, second: str | None, _schema: str | None, via: str | None) -> int:
        """SQLite's authorizer: asked for each table and column that a statement touches."""
        # LEDGER: P-21 - a view may read what its reader may not
        if action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            # LEDGER: P-36 - SQLite does not show through
            known = (second or "").lower() in self._functions
            self.refused = self.refused or ("" if known else f"{second}()")
            return sqlite3.SQLITE_OK if known else sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_READ and READABLE & {(first or "").lower(), (via or "").lower()}:
            return sqlite3.SQLITE_OK
        self.refused = self.refused or first or "?"
        return sqlite3.SQLITE_DENY


def _fill(connection: sqlite3.Connection, passwordstate: Passwordstate, database: str) -> None:
    connection.execute("ATTACH ':memory:' AS dbo")
    connection.execute("ATTACH ':memory:' AS INFORMATION_SCHEMA")
    if database.casefold() != passwordstate.database.name.casefold():
        return  # LEDGER: P-20 (a log-in without a database lands in master, which has none of these objects)
    connection.executescript(SCHEMA)
    documents = [(each.id, each.owner, each.name, each.store) for each in passwordstate.documents]
    connection.executemany("INSERT INTO dbo.PasswordDocuments VALUES (?, ?, ?, ?)", documents)
    connection.executemany("INSERT INTO INFORMATION_SCHEMA.COLUMNS VALUES (?, ?, ?, ?, ?, ?)", _catalogue(database))
    connection.execute("INSERT INTO INFORMATION_SCHEMA.TABLES VALUES (?, 'dbo', ?, 'VIEW')", (database, VIEW))


def _catalogue(database: str) -> Iterable[tuple[Any, ...]]:
    """A login sees the columns of what it has a right to, and no others."""
    # LEDGER: P-24 - metadata visibility
    columns = [("DocumentID", "int"), ("PasswordID", "int"), ("DocumentName", "nvarchar"), ("Store", "nvarchar")]
    for location, (name, kind) in enumerate(columns, start=1):
        yield database, "dbo", VIEW, name, location, kind


def _checked(statement: str, parameters: dict[str, Any]) -> dict[str, Any]:
    # LEDGER: P-25 - a text that is no number cannot be compared with a number
    kind, value = tds_text.compared_with_password_id(statement, parameters)
    if kind and isinstance(value, str) and not re.fullmatch(r"\s*-?\d+\s*", value):
        text = f"Conversion failed when converting the {kind} value '{value}' to data type int."
        raise SqlError(245, text)
    return parameters


def _shown(name: str, statement: str) -> str:
    """The name of a column: its own or its alias; SQLite calls every other one by its expression, SQL Server by nothing."""
    quoted = any(form in statement for form in (f"[{name}]", f'"{name}"', f"AS '{name}'"))
    plain = re.fullmatch(r"[A-Za-z_#@][\w#@$]*", name) is not None and name.lower() not in NAMELESS
    return name if quoted or plain else ""


def _kind(name: str, values: list[Any]) -> str:
    """The declared type of a known column, else the narrowest type that holds the values."""
    present = [value for value in values if value is not None]
    declared = KINDS.get(name.lower())
    if declared == "int" and all(isinstance(value, int) for value in present):
        return "int"
    if present and all(isinstance(value, int) for value in present):
        return "int" if all(-(2**31) <= value < 2**31 for value in present) else "bigint"
    if present and all(isinstance(value, (int, float)) for value in present):
        return "float"
    return "nvarchar(max)" if any(len(str(value)) > 4000 for value in present) else "nvarchar"
