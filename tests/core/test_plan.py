"""The plan: one key id, one action, and everything else survives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import KEY_ID, OTHER_KEY_ID, THIRD_KEY_ID, application, certificate, secret

from spentkey.core.credential import Credential, Kind
from spentkey.core.outcome import RemovalRoute
from spentkey.core.plan import Survivor, lost_survivors, make_plan

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
