"""Reads a batch of T-SQL: what kind of statement it is, and how SQLite would say the one SELECT that is allowed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from spentkey_sim.passwordstate.tds_builtins import VARIABLES, variable
from spentkey_sim.passwordstate.tds_tokens import SqlError

LITERAL_OR_COMMENT = re.compile(r"N?'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
PLACEHOLDER = re.compile("\x00(\\d+)\x00")
SETTLING = re.compile(r"(?i)(SET|USE|BEGIN\s+TRAN(SACTION)?|COMMIT|ROLLBACK|SAVE\s+TRAN(SACTION)?)\b")
BETWEEN = re.compile(r"(?i);|\n(?=\s*(?:SET|USE|BEGIN\s+TRAN|COMMIT|ROLLBACK|SAVE\s+TRAN)\b)")
"""What separates statements: a semicolon, or a line that begins with a setting, as drivers write their first batch."""
TOUCHES_DATA = re.compile(
    r"(?i)\b(SELECT|INSERT|UPDATE|DELETE|MERGE|DROP|ALTER|CREATE|EXEC|EXECUTE|TRUNCATE|GRANT|INTO|WITH\s+\w+\s+AS)\b"
)
TARGET = re.compile(r"(?i)\b(?:FROM|INTO|UPDATE|TABLE|VIEW|EXEC(?:UTE)?)\s+((?:\[?\w+\]?\.)*\[?\w+\]?)")
USED_DATABASE = re.compile(r"(?i)USE\s+\[?(\w+)\]?\s*$")
TOP = re.compile(r"(?is)SELECT\s+TOP\s*\(?\s*(@?\w+)\s*\)?\s+(.*)")
NOT_TSQL = re.compile(r"(?i)\b(LIMIT|OFFSET|GLOB|PRAGMA|ATTACH|REGEXP|NOTNULL|TRUE|FALSE|NATURAL|USING)\b|\|\||==|`")
VARIABLE = re.compile(r"@@(\w+)")
NILADIC = re.compile(r"(?i)(?<![\w.@\[\"])(?:(SYSTEM_USER)|CURRENT_USER|SESSION_USER)(?![\w(\]\"])")
PASSWORD_ID = re.compile(r"(?i)\bPasswordID\]?\s*=\s*(?:(?P<number>\d+)|@(?P<name>\w+)|N?'(?P<text>(?:[^']|'')*)')")


@dataclass(frozen=True)
class Batch:
    """What a batch asks: one SELECT, or nothing but settings; and the database it moves to."""

    select: str | None
    database: str | None


def read_batch(sql: str) -> Batch:
    """Take a batch apart; anything that could change data, or a second SELECT, is refused with 229."""
    masked, literals = _mask(sql)
    statements = [part.strip() for part in BETWEEN.split(masked) if part.strip()]
    database, selects = None, list[str]()
    for statement in statements:
        if SETTLING.match(statement) and not TOUCHES_DATA.search(statement):
            used = USED_DATABASE.match(statement)
            database = used[1] if used else database
        else:
            selects.append(_only_select(statement))
    if len(selects) > 1:
        raise denied("EXECUTE", "batch")
    return Batch(_unmask(_to_sqlite(selects[0]), literals) if selects else None, database)


def asked_password_id(sql: str, parameters: Mapping[str, object]) -> str:
    """The PasswordID that a statement asks for, or an empty text."""
    return str(compared_with_password_id(sql, parameters)[1])


def compared_with_password_id(sql: str, parameters: Mapping[str, object]) -> tuple[str, object]:
    """The type and the value of what PasswordID is compared with: a parameter, or a literal where a driver fills it in."""
    found = PASSWORD_ID.search(sql)
    if not found or (found["name"] and found["name"].lower() not in parameters):
        return "", ""
    if found["name"]:
        return "nvarchar", parameters[found["name"].lower()]
    if found["number"]:
        return "int", int(found["number"])
    return "varchar", found["text"].replace("''", "'")


def denied(verb: str, name: str) -> SqlError:
    """The permission error, in SQL Server's own words."""
    text = f"The {verb} permission was denied on the object '{name}', database 'passwordstate', schema 'dbo'."
    return SqlError(229, text, 14, 5)


def _only_select(statement: str) -> str:
    # LEDGER: P-22 - the login may read and do nothing else
    verb = statement.split(None, 1)[0].upper()
    writes_elsewhere = re.search(r"(?i)\bINTO\b", statement)
    if verb == "SELECT" and not writes_elsewhere:
        return statement
    target = TARGET.search(statement)
    name = target[1].rsplit(".", 1)[-1].strip("[]") if target else ""
    raise denied("INSERT" if verb == "SELECT" else verb, name)


def _mask(sql: str) -> tuple[str, list[str]]:
    """Literals become placeholders and comments blanks, so that the rest can be searched safely."""
    literals: list[str] = []

    def replace(found: re.Match[str]) -> str:
        text = found[0]
        if text.startswith(("--", "/*")):
            return " "
        literals.append(text.removeprefix("N"))
        return f"\x00{len(literals) - 1}\x00"

    return LITERAL_OR_COMMENT.sub(replace, sql.replace("\x00", "")), literals


def _unmask(sql: str, literals: list[str]) -> str:
    return PLACEHOLDER.sub(lambda found: literals[int(found[1])], sql)


def _to_sqlite(select: str) -> str:
    # LEDGER: P-23 - only what T-SQL says, too
    wrong = NOT_TSQL.search(select)
    if wrong:
        raise SqlError(102, f"Incorrect syntax near '{wrong[0]}'.", 15)
    text = re.sub(r"(?i)\[?passwordstate\]?\s*\.\s*(\[?(?:dbo|INFORMATION_SCHEMA)\]?)?\s*\.", _schema, select)
    text = re.sub(r"(?i)\bWITH\s*\(\s*NOLOCK\s*\)", "", text)
    text = VARIABLE.sub(_variable, text)
    text = re.sub(r"(?i)\bISNULL\s*\(", "coalesce(", text)  # SQLite has a word of that name which is no function
    text = NILADIC.sub(lambda found: "suser_sname()" if found[1] else "user_name()", text)
    text = re.sub(r"(?<![@\w])@\w+", lambda found: found[0].lower(), text)
    limited = TOP.match(text)
    return f"SELECT {limited[2]} LIMIT {limited[1]}" if limited else text


def _variable(found: re.Match[str]) -> str:
    if found[1].lower() not in VARIABLES:
        raise SqlError(137, f'Must declare the scalar variable "{found[0]}".', 15)
    return variable(found[1])


def _schema(found: re.Match[str]) -> str:
    return f"{found[1] or 'dbo'}."
