"""The report of use (learn.microsoft.com/graph/api/resources/appcredentialsigninactivity, beta), read with tolerance.

Several rows may tell of one credential, one for each origin: the latest counts. A credential without a row is not
here, which says nothing of its use.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from spentkey.adapters.entra.wire import canonical_id, read_moment
from spentkey.core.listed import CredentialUse

PATH = "/beta/reports/appCredentialSignInActivities"
USED, NOT_RECORDED, UNKNOWN = CredentialUse("used"), CredentialUse("not-recorded"), CredentialUse("unknown")


def add_rows(found: dict[str, CredentialUse], rows: Iterable[Any]) -> None:
    """Take in the rows of one page; what cannot be read as a row is left out, as if it were not there."""
    for row in rows:
        if not isinstance(row, dict):
            continue
        fields = cast("Mapping[str, Any]", row)
        key_id = canonical_id(fields.get("keyId"))
        if key_id is not None:
            found[key_id] = _later(found.get(key_id), _use_of(fields.get("signInActivity")))


def _use_of(activity: Any) -> CredentialUse:
    if activity is None:
        return NOT_RECORDED
    last = cast("Mapping[str, Any]", activity).get("lastSignInDateTime") if isinstance(activity, dict) else activity
    moment = read_moment(last)
    if moment is not None:
        return CredentialUse(USED.state, moment)
    return NOT_RECORDED if last is None else UNKNOWN


def _later(one: CredentialUse | None, other: CredentialUse) -> CredentialUse:
    """Of two rows the one that says more: a later use, then one that cannot be read, then none."""
    if one is None or (one.last is not None and other.last is not None):
        return other if one is None or one.last is None or (other.last or one.last) > one.last else one
    if one.last is not None or other.last is not None:
        return one if one.last is not None else other
    return UNKNOWN if UNKNOWN in (one, other) else NOT_RECORDED
