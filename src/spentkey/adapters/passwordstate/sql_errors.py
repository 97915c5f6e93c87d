"""What an error of the SQL Server driver means: by its SQLSTATE, and where that is not enough by the server's words.

The driver shows no error number. It gives one English text for each SQLSTATE (mssql_python/exceptions.py), and the first
text of the server, which is in the language of the log-in; so the words only ever refine what the SQLSTATE leaves open.
Both of its native parts show the same, but for a database that cannot be opened: the server sends error 4060 and then
18456, of which Microsoft ODBC Driver 18 shows the second.
"""

import re
from typing import Any

from spentkey.adapters.passwordstate.reasons import (
    DATABASE_AWAY,
    DATABASE_TLS,
    LOGIN_REFUSED,
    NO_INSTANCE,
    NO_LOGINS,
    NO_LOGINS_NOW,
    NOT_OPENED_NOW,
    QUERY_GIVEN_UP,
    QUERY_NOT_ALLOWED,
    QUERY_REFUSED,
    WRONG_INTENT,
)
from spentkey.core.errors import AccessRefused, Outage

METERED = "Passwordstate database"
"""What it is called in metrics, logs and traces."""

DEADLOCK = "Serialization failure"
"""40001."""
NO_LOGIN = "Invalid authorization specification"
"""28000: 18456 and 18452."""
WRONG_NAMES = {"Base table or view not found": "invalid object name", "Column not found": "invalid column name"}
"""42S02 and 42S22."""
NOT_ALLOWED = "Syntax error or access violation"
"""42000: everything else that the server itself says, from a paused service to a wrong statement."""

_NO_LOGINS_NOW = re.compile(
    r"script upgrade mode|only (one )?administrators? (can|may)|single user mode|shutdown is in progress"
    r"|service has been paused|number of '?\d* ?'?user connections|login failed due to timeout|is currently busy",
    re.I,
)
"""Errors 18401, 18451, 18461, 6005, 17142, 17809, 17197, 40501."""
_NO_DATABASE_NOW = re.compile(
    r"cannot open database|is not currently available|being recovered|middle of a restore|is offline"
    r"|availability (database|group|replica)",
    re.I,
)
"""Errors 4060, 40613, 922, 927, 942, 976, 983."""
_INTENTS = {
    "ReadOnly": re.compile(r"intent is set to read only", re.I),
    "ReadWrite": re.compile(r"does not allow read only connections", re.I),
}
"""Errors 978 and 979, by the intent that the replica takes."""
_ACCOUNT = re.compile(r"(login failed for user|is not able to access the database)", re.I)
"""Errors 18470, 18486, 18487, 18488 and 916: the account is disabled, locked, expired, or has no user there."""
_STATEMENT = re.compile(r"permission was denied|incorrect syntax", re.I)


def meaning(problem: Any, *, server: str, connected: bool) -> AccessRefused | Outage:
    """What the driver's error means; its texts are not passed on whole. `connected`: after the log-in was taken."""
    state, words = (str(getattr(problem, name, "")) for name in ("driver_error", "ddbc_error"))
    if state == DEADLOCK:
        return Outage(QUERY_GIVEN_UP())
    if state == NO_LOGIN:
        return _no_login()
    if state in WRONG_NAMES:
        return _no_query(WRONG_NAMES[state])
    if state == NOT_ALLOWED:
        return _not_allowed(words, connected=connected)
    if "locating server/instance" in words.lower():
        return Outage(NO_INSTANCE(server=server))
    return Outage(DATABASE_TLS() if "certificate" in words.lower() else DATABASE_AWAY())


def _not_allowed(words: str, *, connected: bool) -> AccessRefused | Outage:
    for setting, told in _INTENTS.items():
        if told.search(words):
            return AccessRefused(WRONG_INTENT(setting=setting))
    if _NO_LOGINS_NOW.search(words):
        return Outage(NO_LOGINS_NOW())
    if _NO_DATABASE_NOW.search(words):
        return Outage(NOT_OPENED_NOW())
    if _ACCOUNT.search(words):
        return _no_login()
    found = _STATEMENT.search(words)
    if connected or found is not None:
        return _no_query(found[0].lower() if found is not None else QUERY_NOT_ALLOWED())
    return Outage(NO_LOGINS())


def _no_login() -> AccessRefused:
    return AccessRefused(LOGIN_REFUSED())


def _no_query(what: str) -> AccessRefused:
    return AccessRefused(QUERY_REFUSED(what=what))
