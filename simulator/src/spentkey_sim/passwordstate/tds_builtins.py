"""What a SQL Server says about itself and its client: functions and variables of T-SQL that SQLite does not have.

And the names that both have: everything else that SQLite has is unknown to the listener's clients, as it is to a real one.
"""

import sqlite3
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from spentkey_sim.passwordstate.tds_tokens import SERVER_NAME

# LEDGER: P-37 - what a server knows about itself
VARIABLES = {
    "version": "Microsoft SQL Server 2022 (simulated)",
    "servername": SERVER_NAME,
    "language": "us_english",
    "spid": 51,
    "trancount": 0,
    "rowcount": 0,
    "error": 0,
    "max_precision": 38,
}
"""By the name after `@@`."""
PROPERTIES = {
    "productversion": "16.0.1000.6",
    "productlevel": "RTM",
    "edition": "Developer Edition (64-bit)",
    "servername": SERVER_NAME,
}
SHARED = frozenset(
    (
        "abs",
        "avg",
        "ceiling",
        "coalesce",
        "count",
        "dense_rank",
        "floor",
        "iif",
        "like",
        "lower",
        "ltrim",
        "max",
        "min",
        "nullif",
        "rank",
        "replace",
        "round",
        "row_number",
        "rtrim",
        "sign",
        "substring",
        "sum",
        "trim",
        "upper",
    )
)
"""Functions that T-SQL and SQLite have alike, in lower case; `like` is how SQLite calls the operator."""

Function = tuple[int, Callable[..., Any]]


def variable(name: str) -> str:
    """How SQLite calls the value of `@@name`: a function that nobody has by accident."""
    return f'"@@{name.lower()}"()'


def functions(database: str, login: str) -> Mapping[str, Function]:
    """Each function of ours by its name in lower case: how many arguments it takes, and what it gives."""
    who = dict.fromkeys(("suser_sname", "suser_name", "original_login", "user_name"), login)
    fixed = {"db_name": database, "schema_name": "dbo", **who}
    fixed |= {f"@@{name}": value for name, value in VARIABLES.items()}
    return {
        **{name: (0, partial(_same, value)) for name, value in fixed.items()},
        "len": (1, _length),
        "serverproperty": (1, _property),
    }


def install(connection: sqlite3.Connection, known: Mapping[str, Function]) -> None:
    """Make these functions known to SQLite."""
    for name, (arguments, function) in known.items():
        connection.create_function(name, arguments, function)


def _same(value: Any) -> Any:
    return value


def _length(text: Any) -> int | None:
    """Without the blanks at its end, which SQL Server does not count."""
    return None if text is None else len(str(text).rstrip(" "))


def _property(name: Any) -> str | None:
    return PROPERTIES.get(str(name).casefold())
