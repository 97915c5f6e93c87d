"""The plan: one key id, one action, and everything else survives."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import KEY_ID, OTHER_KEY_ID, THIRD_KEY_ID, application, certificate, secret

from spentkey.core.credential import UNREADABLE, Credential, Kind, UnreadableCredential
from spentkey.core.fingerprint import fingerprint_of_0_1
from spentkey.core.outcome import RemovalRoute
from spentkey.core.plan import Survivor, lost_survivors, make_plan, need_keys

LIVING = secret(key_id=OTHER_KEY_ID, raw='{"keyId":"b"}')
KEY = certificate(key_id=THIRD_KEY_ID, raw='{"keyId":"c"}')


@pytest.mark.parametrize(
    ("asked", "route"), [(secret(), RemovalRoute.REMOVE_PASSWORD), (certificate(), RemovalRoute.REMOVE_KEY)]
)
def test_the_kind_decides_the_action(asked: Credential, route: RemovalRoute) -> None:
    """A secret goes by removePassword, a certificate by removeKey."""
    plan = make_plan(application(asked), asked)
    assert (plan.route, plan.key_id, plan.credential) == (route, KEY_ID, asked)


def test_everything_else_on_the_application_is_a_survivor() -> None:
    """Of both kinds, with the fingerprint of what was read."""
    plan = make_plan(application(secret(), LIVING, KEY), secret())
    assert plan.survivors == (
        Survivor(Kind.SECRET, OTHER_KEY_ID, LIVING.fingerprint),
        Survivor(Kind.CERTIFICATE, THIRD_KEY_ID, KEY.fingerprint),
    )


def test_what_we_set_out_to_remove_before_is_no_survivor() -> None:
    """A stale read may still show it; that it goes is what we want."""
    plan = make_plan(application(secret(), LIVING, KEY), secret(), removed_by_us={OTHER_KEY_ID})
    assert [one.key_id for one in plan.survivors] == [THIRD_KEY_ID]


def test_the_last_credential_leaves_no_survivors() -> None:
    """Nothing to watch over then."""
    assert make_plan(application(secret()), secret()).survivors == ()


def test_survivors_that_are_all_there_are_not_lost() -> None:
    """In whatever order the directory lists them, and with what others added."""
    survivors = make_plan(application(secret(), LIVING, KEY), secret()).survivors
    added = secret(key_id="3c3c3c3c-0000-4000-8000-00000000000d")
    assert lost_survivors(survivors, application(KEY, added, LIVING)) == ()


def test_a_missing_survivor_is_lost() -> None:
    """It is named with its kind."""
    survivors = make_plan(application(secret(), LIVING, KEY), secret()).survivors
    lost = lost_survivors(survivors, application(LIVING))
    assert lost == (Survivor(Kind.CERTIFICATE, THIRD_KEY_ID, KEY.fingerprint),)


@pytest.mark.parametrize(
    "changed",
    [
        secret(key_id=OTHER_KEY_ID, raw='{"keyId":"b","hint":"x"}'),
        certificate(key_id=OTHER_KEY_ID, raw=LIVING.raw),
        secret(key_id=OTHER_KEY_ID[:-1] + "e", raw=LIVING.raw),
    ],
)
def test_a_changed_survivor_is_lost(changed: Credential) -> None:
    """Another entry under its key id, another kind or another key id is not the one that was there."""
    survivors = make_plan(application(secret(), LIVING), secret()).survivors
    assert [one.key_id for one in lost_survivors(survivors, application(changed))] == [OTHER_KEY_ID]


CREDENTIALS = st.lists(st.uuids().map(str), min_size=1, max_size=6, unique=True).map(
    lambda ids: [secret(key_id=one, raw=one) for one in ids]
)


@given(CREDENTIALS, st.data())
def test_what_is_lost_is_exactly_what_is_taken_away_beside_the_target(
    held: list[Credential], data: st.DataObject
) -> None:
    """For any credentials and any part of them taken away."""
    target = held[0]
    kept = data.draw(st.lists(st.sampled_from(held), unique_by=lambda one: one.key_id))
    plan = make_plan(application(*held), target)
    lost = {one.key_id for one in lost_survivors(plan.survivors, application(*kept))}
    assert lost == {one.key_id for one in held} - {one.key_id for one in kept} - {target.key_id}


ODD = UnreadableCredential(UNREADABLE, Kind.CERTIFICATE, None, None, '{"keyId":null}', where="keyCredentials[1]")


def test_an_entry_that_cannot_be_read_must_survive_too() -> None:
    """It has a fingerprint like the others, and no other entry in its place will do."""
    survivors = make_plan(application(secret(), unreadable=(ODD,)), secret()).survivors
    assert survivors == (Survivor(Kind.CERTIFICATE, UNREADABLE, ODD.fingerprint),)
    assert lost_survivors(survivors, application(unreadable=(ODD,))) == ()
    changed = replace(ODD, raw='{"keyId":null,"usage":"Sign"}')
    assert lost_survivors(survivors, application(unreadable=(changed,))) == survivors


OLD_SECRET = Survivor(Kind.SECRET, OTHER_KEY_ID, fingerprint_of_0_1(LIVING.raw))
CERTIFICATE = certificate(key_id=THIRD_KEY_ID, raw='{"key":"AAEC","keyId":"c"}', key=b"\0\1\2")
OLD_KEY = Survivor(Kind.CERTIFICATE, THIRD_KEY_ID, fingerprint_of_0_1(CERTIFICATE.raw))
OF_0_1 = (OLD_SECRET, OLD_KEY)


def test_what_0_1_put_on_record_needs_a_read_with_keys() -> None:
    """What this version puts on record does not."""
    assert need_keys(OF_0_1)
    assert not need_keys(make_plan(application(secret(), LIVING, KEY), secret()).survivors)


def test_survivors_of_0_1_are_compared_with_a_read_like_its_own() -> None:
    """Every byte, the key included."""
    assert lost_survivors(OF_0_1, application(LIVING, CERTIFICATE, with_keys=True)) == ()
    other = replace(CERTIFICATE, raw='{"key":"AAED","keyId":"c"}', key=b"\0\1\3")
    assert lost_survivors(OF_0_1, application(LIVING, other, with_keys=True)) == (OLD_KEY,)


@pytest.mark.parametrize("with_keys", [False, True])
def test_a_survivor_of_0_1_that_is_not_there_is_lost_by_any_read(with_keys: bool) -> None:
    """Or that is there in the other list only."""
    elsewhere = replace(LIVING, kind=Kind.CERTIFICATE)
    assert lost_survivors(OF_0_1, application(elsewhere, CERTIFICATE, with_keys=with_keys)) == (OLD_SECRET,)


@pytest.mark.parametrize(
    ("shown", "with_keys"),
    [
        (certificate(key_id=THIRD_KEY_ID, raw='{"key":null,"keyId":"c"}'), False),
        (certificate(key_id=THIRD_KEY_ID, raw='{"key":null,"keyId":"c"}'), True),
    ],
)
def test_what_a_read_cannot_tell_of_0_1_is_not_called_lost(shown: Credential, with_keys: bool) -> None:
    """Because it does not select the key, or the key does not come."""
    other_notation = replace(LIVING, raw='{"keyId": "b"}') if not with_keys else LIVING
    assert lost_survivors(OF_0_1, application(other_notation, shown, with_keys=with_keys)) == ()
