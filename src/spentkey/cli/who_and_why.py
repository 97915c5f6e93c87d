"""Who does something for a reason, as both stand in the evidence."""

from spentkey.core.errors import Misconfigured
from spentkey.core.sanitize import plain

LONGEST = 2000
"""Longest reason that is kept, in characters."""


def who_and_why(who: str, why: str, does: str, found: str) -> tuple[str, str]:
    """Both without what cannot be seen; raises `Misconfigured` where one of them says nothing."""
    name, message = plain(who).strip(), plain(why, LONGEST).strip()
    if not message:
        raise Misconfigured(f"--why: say in a few words {found}, so that it stands in the evidence")
    if not name:
        raise Misconfigured(f"--who: say who {does}, so that it stands in the evidence")
    return name, message
