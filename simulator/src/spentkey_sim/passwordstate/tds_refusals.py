"""SQLite's errors in the words and numbers of SQL Server; nothing of SQLite's own words is passed on."""

import re
from collections.abc import Mapping

from spentkey_sim.passwordstate import tds_text
from spentkey_sim.passwordstate.tds_tokens import SqlError

Arguments = Mapping[str, int]
"""How many arguments each function of ours takes."""


def translated(problem: str, statement: str, refused: str, arguments: Arguments) -> SqlError:
    """The error of a statement. `refused` is the table that its reader may not read; a function's name ends with `()`."""
    # LEDGER: P-26 - the numbers by which drivers and people know these errors
    if refused.endswith("()"):
        return _no_function(refused[:-2])
    if refused.lower().startswith("sqlite_"):
        return _no_object(next(iter(re.findall(rf"(?i)[\w.\[\]]*{refused[:7]}\w+", statement)), refused))
    if refused:
        return tds_text.denied("SELECT", refused)
    return _named(problem) or _counted(problem, statement, arguments) or _syntax(problem, statement)


def _named(problem: str) -> SqlError | None:
    """What is not there, by its name."""
    table = re.search(r"no such table: (.*)", problem) or re.search(r"unknown database (.*)", problem)
    if table:
        return _no_object(table[1])
    column = re.search(r"no such column: (?:.*\.)?(.*)", problem)
    if column:
        return SqlError(207, f"Invalid column name '{column[1]}'.")
    column = re.search(r"ambiguous column name: (?:.*\.)?(.*)", problem)
    if column:
        return SqlError(209, f"Ambiguous column name '{column[1]}'.")
    variable = re.search(r"binding parameter :(\w+)", problem)
    if variable:
        return SqlError(137, f'Must declare the scalar variable "@{variable[1]}".', 15)
    function = re.search(r"no such function: (.*)", problem)
    return _no_function(function[1]) if function else None


def _counted(problem: str, statement: str, arguments: Arguments) -> SqlError | None:
    function = re.search(r"wrong number of arguments to function (\w+)", problem)
    if function:
        wanted = arguments.get(function[1].lower(), 1)
        return SqlError(174, f"The {function[1]} function requires {wanted} argument(s).", 15)
    position = re.search(r"(?i)ORDER\s+BY\s+.*?(\d+)", statement) if "ORDER BY term out of range" in problem else None
    if position:
        text = f"The ORDER BY position number {position[1]} is out of range of the number of items in the select list."
        return SqlError(108, text)
    return None


def _syntax(problem: str, statement: str) -> SqlError:
    near = re.search(r'near "(.*?)": syntax error', problem)
    words = statement.split()
    where = near[1] if near else words[-1] if problem == "incomplete input" and words else "SELECT"
    return SqlError(102, f"Incorrect syntax near '{where}'.", 15)


def _no_object(name: str) -> SqlError:
    return SqlError(208, f"Invalid object name '{name}'.")


def _no_function(name: str) -> SqlError:
    return SqlError(195, f"'{name}' is not a recognized built-in function name.", 15)
