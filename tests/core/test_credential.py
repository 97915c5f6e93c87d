"""What the directory shows: names, fingerprints and ends of credentials."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import (
    DAY,
    KEY_ID,
    NOW,
    OTHER_KEY_ID,
    SECOND,
    application,
    as_identifier,
    certificate,
    secret,
)

from spentkey.core.credential import UNREADABLE, Credential, Kind, UnreadableCredential
from spentkey.core.fingerprint import fingerprint_of

NO_GRACE = timedelta(0)


@pytest.mark.parametrize(("kind", "other"), [(Kind.SECRET, Kind.CERTIFICATE), (Kind.CERTIFICATE, Kind.SECRET)])
def test_each_kind_has_the_other(kind: Kind, other: Kind) -> None:
    """There are two."""
    assert kind.other is other


def test_a_credential_knows_the_fingerprint_of_its_entry() -> None:
    """Which is that of its JSON."""
    assert secret(raw='{"keyId":"a"}').fingerprint == fingerprint_of('{"keyId":"a"}')


def unreadable(told: str | None) -> UnreadableCredential:
    """An entry in whose `keyId` that text stands."""
    return UnreadableCredential(UNREADABLE, Kind.SECRET, None, None, "{}", where="passwordCredentials[0]", told=told)


@pytest.mark.parametrize("told", [None, "", "x", KEY_ID[:-1], KEY_ID, f"{{{KEY_ID.upper()}}}", KEY_ID.replace("-", "")])
def test_what_has_no_readable_key_id_may_be_any_credential(told: str | None) -> None:
    """Or the very one, in another spelling than Graph's."""
    assert unreadable(told).may_be(KEY_ID)


@pytest.mark.parametrize("told", [OTHER_KEY_ID.replace("-", ""), f"{{{OTHER_KEY_ID}}}"])
def test_what_has_the_digits_of_another_uuid_is_another_one(told: str) -> None:
    """However it is spelt."""
    assert not unreadable(told).may_be(KEY_ID)
    assert unreadable(told).is_said_to_be(OTHER_KEY_ID)


@pytest.mark.parametrize("told", [None, "", "x"])
def test_nothing_is_said_to_be_a_credential_without_its_digits(told: str | None) -> None:
    """It may be, but nothing says so."""
    assert not unreadable(told).is_said_to_be(KEY_ID)


def test_an_entry_whose_fingerprint_is_known_hides_nothing() -> None:
    """It stood there before the removal."""
    one = unreadable(None)
    held = application(unreadable=(one,))
    assert (held.hidden(KEY_ID), held.hidden(KEY_ID, {one.fingerprint})) == ([one], [])
    assert held.entries == (one,)


def test_names_are_the_display_name_and_the_old_one() -> None:
    """The old one in both encodings it may have; the one that does not fit reads as nonsense, never as an error."""
    named = secret(display_name="new", custom_key_identifier=as_identifier("old"))
    assert named.names()[:2] == ["new", "old"]
    assert "old" in secret(custom_key_identifier=as_identifier("old", "utf-16-le")).names()


@pytest.mark.parametrize(
    "nameless", [secret(display_name=None), secret(display_name=""), certificate(display_name=None)]
)
def test_without_names_there_are_none(nameless: Credential) -> None:
    """An empty name is none."""
    assert nameless.names() == []


@pytest.mark.parametrize("identifier", ["*", "a", "YQ", "\u00e9\u00e9\u00e9\u00e9", "YQ==YQ=="])
def test_an_identifier_that_is_not_base64_is_no_name(identifier: str) -> None:
    """It is left aside, without an error."""
    assert secret(custom_key_identifier=identifier).names() == ["old"]


def test_a_certificates_identifier_is_no_name() -> None:
    """It is the certificate's thumbprint."""
    assert certificate(custom_key_identifier=as_identifier("old")).names() == ["CN=sales"]


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zs", "Zl", "Zp"]), min_size=1))
def test_any_name_is_read_back_from_either_encoding(name: str) -> None:
    """As the old tools wrote it."""
    for codec in ("utf-8", "utf-16-le", "utf-16"):
        assert name in secret(custom_key_identifier=as_identifier(name, codec)).names()


@pytest.mark.parametrize(
    ("ago", "grace", "expired"),
    [
        (301 * SECOND, NO_GRACE, True),
        (300 * SECOND, NO_GRACE, False),
        (-DAY, NO_GRACE, False),
        (DAY + 301 * SECOND, DAY, True),
        (DAY + 300 * SECOND, DAY, False),
    ],
)
def test_expired_means_past_the_end_the_grace_and_300_seconds(ago: timedelta, grace: timedelta, expired: bool) -> None:
    """The boundary itself does not count."""
    assert secret(end=NOW - ago).expired(NOW, grace) is expired


def test_what_has_no_known_end_never_counts_as_expired() -> None:
    """However long one waits."""
    assert not secret(end=None).expired(NOW + 100_000 * DAY, NO_GRACE)


def test_an_application_tells_its_certificates_from_its_secrets() -> None:
    """And finds a key id in both."""
    held = application(secret(), certificate(), certificate(key_id=OTHER_KEY_ID))
    assert held.certificates == [certificate(), certificate(key_id=OTHER_KEY_ID)]
    assert held.holding(KEY_ID) == [secret(), certificate()]
    assert held.holding("another") == []
