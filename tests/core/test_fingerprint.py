"""Fingerprints: the same for every kind of read that shows the same entry, another one for every change of it."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spentkey.core.fingerprint import FIELDS, fingerprint_of, fingerprint_of_0_1, is_of_0_1

THUMBPRINT = "DA20FCA696C4F83E8A9AED599F33368ED43E0791"
ENTRY: dict[str, Any] = {
    "keyId": "3c3c3c3c-0000-4000-8000-00000000000d",
    "type": "AsymmetricX509Cert",
    "usage": "Verify",
    "customKeyIdentifier": THUMBPRINT,
    "displayName": "CN=sales",
    "startDateTime": "2024-01-01T00:00:00Z",
    "endDateTime": "2026-01-01T00:00:00Z",
    "hint": None,
}


def of(**changes: Any) -> str:
    """The fingerprint of that entry, some of it changed; `...` leaves a property out."""
    entry = {name: value for name, value in {**ENTRY, **changes}.items() if value is not ...}
    return fingerprint_of(json.dumps(entry))


def test_anybody_can_compute_it() -> None:
    """`fp2:` and SHA-256 over eight values as JSON: key id in lower case, moments in UTC with a point, a thumbprint in hex."""
    told = [ENTRY[name] for name in FIELDS]
    told[5], told[6] = "2024-01-01T00:00:00.Z", "2026-01-01T00:00:00.Z"
    digest = hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()
    assert of() == f"fp2:{digest}"


@pytest.mark.parametrize(
    "same",
    [
        {"key": "AAEC"},
        {"key": None},
        {"hint": ...},
        {"secretText": None},
        {"keyId": ENTRY["keyId"].upper()},
        {"endDateTime": "2026-01-01T00:00:00.0000000Z"},
        {"endDateTime": "2026-01-01T00:00:00.000+00:00"},
        {"endDateTime": "2026-01-01T01:00:00+01:00"},
        {"startDateTime": "2023-12-31T23:30:00-00:30"},
        {"customKeyIdentifier": THUMBPRINT.lower()},
        {"customKeyIdentifier": "2iD8ppbE+D6Kmu1ZnzM2jtQ+B5E="},
    ],
    ids=str,
)
def test_what_only_reads_differ_in_is_no_change(same: dict[str, Any]) -> None:
    """Whether the read selects `key`, and how it writes moments and thumbprints."""
    assert of(**same) == of()


@pytest.mark.parametrize(
    "changed",
    [
        {"keyId": "3c3c3c3c-0000-4000-8000-00000000000e"},
        {"type": "X509CertAndPassword"},
        {"usage": "Sign"},
        {"customKeyIdentifier": None},
        {"customKeyIdentifier": THUMBPRINT[:-1] + "0"},
        {"customKeyIdentifier": 5},
        {"displayName": "CN=Sales"},
        {"displayName": None},
        {"displayName": ""},
        {"startDateTime": "2024-01-01T00:00:01Z"},
        {"endDateTime": "2026-01-01T00:00:00.0000001Z"},
        {"endDateTime": "2026-01-01T00:00:00+01:00"},
        {"endDateTime": "2026-01-01T00:00:00"},
        {"endDateTime": "2026-01-01"},
        {"endDateTime": "9999-12-31T23:59:59-23:59"},
        {"endDateTime": None},
        {"hint": "abc"},
        {"hint": 5},
    ],
    ids=str,
)
def test_every_other_change_is_one(changed: dict[str, Any]) -> None:
    """To the last digit."""
    assert of(**changed) != of()


def test_odd_ends_differ_from_one_another() -> None:
    """What cannot be read as a moment is compared as it stands."""
    odd = [None, "", "never", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00", 1577836800, ["2026"]]
    assert len({of(endDateTime=one) for one in odd}) == len(odd)


@pytest.mark.parametrize("raw", ["5", "null", "[]", '"x"', "no JSON", "[" * 100_000])
def test_an_entry_that_is_no_object_has_one_too(raw: str) -> None:
    """Of its text as it is."""
    assert fingerprint_of(raw) == fingerprint_of(raw)
    assert fingerprint_of(raw) not in (fingerprint_of("{}"), fingerprint_of(f"{raw} "))


@given(st.dictionaries(st.sampled_from(FIELDS), st.none() | st.text() | st.integers() | st.booleans()))
def test_any_entry_has_one_and_the_order_does_not_matter(entry: dict[str, Any]) -> None:
    """Whatever stands in it."""
    turned = dict(reversed(entry.items()))
    assert fingerprint_of(json.dumps(entry)) == fingerprint_of(json.dumps(turned))


def test_the_one_of_0_1_is_told_by_its_form() -> None:
    """It had no prefix, and covered every byte."""
    old = fingerprint_of_0_1('{"key":"AAEC"}')
    assert old == hashlib.sha256(b'{"key":"AAEC"}').hexdigest()
    assert (is_of_0_1(old), is_of_0_1(of())) == (True, False)
