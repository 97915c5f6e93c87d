"""The report of use, read with tolerance: what it does not say is not known, and never that nothing was used."""

from typing import Any

import pytest

from spentkey.adapters.entra.credential_use import add_rows
from spentkey.core.listed import CredentialUse

KEY = "3c3c3c3c-0000-4000-8000-00000000000a"
OTHER = "3c3c3c3c-0000-4000-8000-00000000000b"
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00.1234567Z"


def row(last: Any = EARLY, **changes: Any) -> dict[str, Any]:
    """One row of the report."""
    return {"keyId": KEY, "signInActivity": {"lastSignInDateTime": last}} | changes


def told(*rows: Any) -> list[tuple[str, str | None]]:
    """What these rows tell of the one credential."""
    found = dict[str, CredentialUse]()
    add_rows(found, rows)
    return [(one.state, one.last.date().isoformat() if one.last else None) for one in found.values()]


@pytest.mark.parametrize(
    "rows",
    [
        [row(LATE)],
        [row(EARLY), row(LATE)],
        [row(LATE), row(EARLY)],
        [row(LATE), row(None)],
        [row("x"), row(LATE)],
        [row(LATE, keyId=KEY.upper())],
        [row(LATE, expirationDate=7, keyType="?")],
    ],
)
def test_the_latest_use_counts(rows: list[Any]) -> None:
    """Of all rows of the credential, in whatever order; columns that nobody asks about may hold anything."""
    assert told(*rows) == [("used", "2026-06-01")]


@pytest.mark.parametrize("rows", [[row(None)], [row(signInActivity=None)], [row(None), row(signInActivity=None)]])
def test_a_row_without_a_use_says_that_none_is_on_record(rows: list[Any]) -> None:
    """Which is what the report says, and no more."""
    assert told(*rows) == [("not-recorded", None)]


@pytest.mark.parametrize("rows", [[row("yesterday")], [row(7)], [row(signInActivity="x")], [row(None), row("2026")]])
def test_a_use_that_cannot_be_read_is_unknown(rows: list[Any]) -> None:
    """Some use may be behind it."""
    assert told(*rows) == [("unknown", None)]


@pytest.mark.parametrize("one", [None, 5, "x", [], {}, row(keyId=None), row(keyId="x")])
def test_what_is_no_row_tells_nothing(one: Any) -> None:
    """The credential that it may be about stays one without a row."""
    assert told(one) == []


def test_each_credential_has_a_use_of_its_own() -> None:
    """By key id."""
    assert told(row(EARLY), row(LATE, keyId=OTHER)) == [("used", "2026-01-01"), ("used", "2026-06-01")]
