"""Guard G10: the credential lists read just before the write are those that were judged."""

from dataclasses import replace
from typing import Any

import pytest
from support_core import DAY, NOW, OTHER_KEY_ID, THIRD_KEY_ID, application, certificate, secret, snapshot

from spentkey.core.credential import UNREADABLE, Kind, Target, UnreadableCredential
from spentkey.core.guards import g10_lists_unchanged
from spentkey.core.outcome import Refused
from spentkey.core.reason import reason_for

EXPIRED, LIVE = secret(), certificate(key_id=OTHER_KEY_ID, end=NOW + DAY)
JUDGED = application(EXPIRED, LIVE)
CHANGED = Refused("G10", reason_for("the application's credentials changed between judging and removing"))


def test_lists_that_did_not_change_agree() -> None:
    """The same application, read again."""
    assert g10_lists_unchanged(JUDGED, snapshot(application(EXPIRED, LIVE))) is None


def test_an_application_without_credentials_agrees_with_itself() -> None:
    """Two empty lists."""
    assert g10_lists_unchanged(application(), snapshot(application())) is None


def test_the_order_does_not_matter() -> None:
    """The directory promises none."""
    assert g10_lists_unchanged(JUDGED, snapshot(application(LIVE, EXPIRED))) is None


def test_the_service_principal_does_not_matter() -> None:
    """Its credentials are not on these lists; guard G4 has judged them."""
    assert g10_lists_unchanged(JUDGED, snapshot(JUDGED, secret(key_id=THIRD_KEY_ID))) is None


@pytest.mark.parametrize(
    "now",
    [
        application(LIVE),
        application(EXPIRED),
        application(),
        application(EXPIRED, LIVE, secret(key_id=THIRD_KEY_ID)),
        application(EXPIRED, LIVE, certificate(key_id=THIRD_KEY_ID)),
        application(secret(key_id=THIRD_KEY_ID), LIVE),
        application(secret(raw='{"keyId":"b"}'), LIVE),
        application(EXPIRED, certificate(key_id=OTHER_KEY_ID, raw='{"usage":"Sign"}')),
        application(certificate(), LIVE),
    ],
    ids=[
        "the target gone",
        "a survivor gone",
        "everything gone",
        "a secret more",
        "a certificate more",
        "another key id",
        "the target changed",
        "a survivor changed",
        "in the other list",
    ],
)
def test_any_change_of_the_lists_is_refused(now: Target) -> None:
    """Whoever made it, and even if the target itself is as it was."""
    assert g10_lists_unchanged(JUDGED, snapshot(now)) == CHANGED


@pytest.mark.parametrize("changes", [{"name": "Billing"}, {"token_encryption_key_id": OTHER_KEY_ID}])
def test_what_other_guards_looked_at_must_not_change_either(changes: dict[str, Any]) -> None:
    """The name (G3), and which certificate encrypts tokens (G6)."""
    assert g10_lists_unchanged(JUDGED, snapshot(application(EXPIRED, LIVE, **changes))) == CHANGED


def test_an_application_that_vanished_is_refused() -> None:
    """A 404 in the last look is not an agreement."""
    assert g10_lists_unchanged(JUDGED, snapshot(None)) == CHANGED


@pytest.mark.parametrize("earlier", [{"token_encryption_key_id": OTHER_KEY_ID}, {"name": "Billing"}])
def test_what_was_judged_counts_and_not_the_other_way_round(earlier: dict[str, Any]) -> None:
    """What was there when it was judged and is gone now is a change too."""
    assert g10_lists_unchanged(application(EXPIRED, LIVE, **earlier), snapshot(JUDGED)) == CHANGED


WITH_KEY = certificate(key_id=OTHER_KEY_ID, end=NOW + DAY, raw='{"key":"AAEC","keyId":"b"}')
WITHOUT_KEY = certificate(key_id=OTHER_KEY_ID, end=NOW + DAY, raw='{"key":null,"keyId":"b"}')


def test_reads_with_and_without_keys_agree() -> None:
    """But where the list is to be written as it was read, every byte counts."""
    now = snapshot(application(EXPIRED, WITHOUT_KEY))
    assert g10_lists_unchanged(application(EXPIRED, WITH_KEY), now) is None
    assert g10_lists_unchanged(application(EXPIRED, WITH_KEY), now, raw=True) == CHANGED
    assert g10_lists_unchanged(application(EXPIRED, WITHOUT_KEY), now, raw=True) is None


def test_an_entry_that_now_stands_twice_is_a_change() -> None:
    """Even if both are the same."""
    assert g10_lists_unchanged(JUDGED, snapshot(application(EXPIRED, LIVE, LIVE))) == CHANGED


def test_an_entry_that_cannot_be_read_is_compared_like_the_others() -> None:
    """Gone, come or changed."""
    odd = UnreadableCredential(UNREADABLE, Kind.SECRET, None, None, '{"keyId":null}')
    held = application(EXPIRED, unreadable=(odd,))
    assert g10_lists_unchanged(held, snapshot(held)) is None
    for other in (application(EXPIRED), application(EXPIRED, unreadable=(replace(odd, raw='{"hint":"x"}'),))):
        assert g10_lists_unchanged(held, snapshot(other)) == CHANGED
        assert g10_lists_unchanged(other, snapshot(held)) == CHANGED
