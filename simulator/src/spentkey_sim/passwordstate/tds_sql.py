"""The database behind the SQL listener: one view that a reader may select from, and tables that it may not.

An in-memory SQLite database is filled from the world for every query, so that the HTTP side and this one cannot disagree.
The login has SELECT on a single view and nothing else, as a careful administrator would grant it. What it then sees:
learn.microsoft.com/sql/relational-databases/security/metadata-visibility-configuration.
"""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from spentkey_sim.model import Passwordstate
from spentkey_sim.passwordstate import tds_text
from spentkey_sim.passwordstate.tds_tokens import Column, SqlError

VIEW = "vw_PfxDocuments"
READABLE = {VIEW.lower(), "columns"}
KINDS = {
    "documentid": "int",
    "passwordid": "int",
    "documentname": "nvarchar",
    "store": "nvarchar",
    "table_schema": "nvarchar",
    "table_name": "nvarchar",
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
"""
GLOBALS = {"global_version": "Microsoft SQL Server 2022 (simulated)", "global_spid": "51", "global_trancount": "0"}


@dataclass(frozen=True)
class Table:
    """The rows that a SELECT gave, with the types of its columns."""

    columns: list[Column]
    rows: list[Sequence[Any]]


def select(passwordstate: Passwordstate, database: str, statement: str, parameters: dict[str, Any]) -> Table:
    """Run the one SELECT; refusals come as `SqlError` with SQL Server's numbers."""
    guard = ReadGuard()
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        _fill(connection, passwordstate, database)
        connection.set_authorizer(guard.decide)
        cursor = connection.execute(statement, _checked(statement, parameters))
        names = [str(part[0]) for part in cursor.description]
        rows: list[Sequence[Any]] = cursor.fetchall()
    except (sqlite3.Error, sqlite3.Warning, OverflowError) as problem:
        raise _translated(str(problem), guard.refused) from None
    finally:
        connection.close()
    kinds = (_kind(name, [row[location] for row in rows]) for location, name in enumerate(names))
    return Table([Column(name, kind) for name, kind in zip(names, kinds, strict=True)], rows)


class ReadGuard:
    """Lets a statement read the view and what the view itself reads, and nothing else."""

    def __init__(self) -> None:
        self.refused = ""

    def decide(self, action: int, first: str | None, _second: str | None, _schema: str | None, via: str | None) -> int:
        """SQLite's authorizer: asked for each table and column that a statement touches."""
        # LEDGER: P-21 - a view may read what its reader may not
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and READABLE & {(first or "").lower(), (via or "").lower()}:
            return sqlite3.SQLITE_OK
        self.refused = self.refused or first or "?"
        return sqlite3.SQLITE_DENY


def _fill(connection: sqlite3.Connection, passwordstate: Passwordstate, database: str) -> None:
    for name, value in GLOBALS.items():
        connection.create_function(name, 0, partial(str, value))
    connection.create_function("db_name", 0, lambda: database)
    connection.execute("ATTACH ':memory:' AS dbo")
    connection.execute("ATTACH ':memory:' AS INFORMATION_SCHEMA")
    if database.casefold() != passwordstate.database.name.casefold():
        return  # LEDGER: P-20 (a log-in without a database lands in master, which has none of these objects)
    connection.executescript(SCHEMA)
    documents = [(each.id, each.owner, each.name, each.store) for each in passwordstate.documents]
    connection.executemany("INSERT INTO dbo.PasswordDocuments VALUES (?, ?, ?, ?)", documents)
    connection.executemany("INSERT INTO INFORMATION_SCHEMA.COLUMNS VALUES (?, ?, ?, ?, ?, ?)", _catalogue(database))


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


def _translated(problem: str, refused: str) -> SqlError:
    # LEDGER: P-26 - the numbers by which drivers and people know these errors
    if refused:
        return tds_text.denied("SELECT", refused)
    table = re.search(r"no such table: (.*)", problem) or re.search(r"unknown database (.*)", problem)
    if table:
        return SqlError(208, f"Invalid object name '{table[1]}'.")
    column = re.search(r"no such column: (.*)", problem)
    if column:
        return SqlError(207, f"Invalid column name '{column[1]}'.")
    variable = re.search(r"binding parameter :(\w+)", problem)
    if variable:
        return SqlError(137, f'Must declare the scalar variable "@{variable[1]}".', 15)
    function = re.search(r"no such function: (.*)", problem)
    if function:
        return SqlError(195, f"'{function[1]}' is not a recognized built-in function name.", 15)
    return SqlError(102, f"Incorrect syntax: {problem}.", 15)


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
