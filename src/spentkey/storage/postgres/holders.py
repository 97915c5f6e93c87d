"""Who holds one of the advisory locks that Spentkey waits for: any session of the database can take one, by its number."""

from collections.abc import Iterable, Sequence
from typing import LiteralString

from spentkey.core.sanitize import plain

LOCK = 0x5350_4B01
"""For making the tables."""
APPENDING = 0x5350_4B02
"""For appending evidence."""
OFFERING = 0x4B03
"""For putting a task on the queue, beside a number of the task."""
OURS = "spentkey"
"""What our sessions call themselves."""
HOLDERS: LiteralString = """
    SELECT DISTINCT one.pid, one.usename::text, one.application_name
    FROM pg_locks AS held JOIN pg_stat_activity AS one ON one.pid = held.pid
    WHERE held.locktype = 'advisory' AND held.granted AND one.pid <> pg_backend_pid()
        AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND ((held.classid = 0 AND held.objsubid = 1 AND held.objid IN (1397771009, 1397771010))
            OR (held.classid = 19203 AND held.objsubid = 2))
    ORDER BY 1
"""
"""The numbers are those above; the server shows a lock's in two halves."""


def told(rows: Iterable[Sequence[object]], *, strangers_only: bool = False) -> list[str]:
    """The sessions of `HOLDERS` in words: the name that each gives itself, its role, and its process on the server."""
    return [
        f"{plain(str(name or 'a session without a name'))} (role {plain(str(role))}, pid {pid})"
        for pid, role, name in rows
        if not strangers_only or name != OURS
    ]
