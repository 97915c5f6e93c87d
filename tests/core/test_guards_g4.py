"""Guard G4: the key id stands once, in the list that SecretType names, and nowhere else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import (
    DAY,
    KEY_ID,
    NOW,
    OTHER_KEY_ID,
    SECOND,
    THIRD_KEY_ID,
    application,
    certificate,
    request,
    secret,
    snapshot,
)

from spentkey.core.credential import UNREADABLE, Credential, Kind, Snapshot, Target, TargetKind, UnreadableCredential
from spentkey.core.guards import Absent, Unread, g4_locate, g4_not_a_typo
from spentkey.core.outcome import Refused
from spentkey.core.reason import reason_for

ALIVE = NOW + 30 * DAY
NO_GRACE = timedelta(0)


def locate(
    found: Target, *on_principal: Credential, kind: Kind = Kind.SECRET
) -> Credential | Absent | Refused | Unread:
    """What G4 says when the task asks for KEY_ID of that kind."""
    return g4_locate(found, snapshot(found, *on_principal), request(kind=kind))


def test_a_secret_is_found_in_its_list() -> None:
    """Among others of both kinds, the one with the key id."""
    asked = secret()
    found = application(secret(key_id=OTHER_KEY_ID), asked, certificate(key_id=THIRD_KEY_ID))
    assert asked == locate(found)


def test_a_certificate_is_found_in_its_list() -> None:
    """The same for key credentials."""
    asked = certificate()
    found = application(certificate(key_id=OTHER_KEY_ID), asked, secret(key_id=THIRD_KEY_ID))
    assert asked == locate(found, kind=Kind.CERTIFICATE)


def test_other_credentials_of_the_service_principal_do_not_matter() -> None:
    """Only the asked key id is looked for there."""
    assert secret() == locate(application(secret()), certificate(key_id=OTHER_KEY_ID))


def test_an_application_without_service_principal_can_be_judged() -> None:
    """Not every application has one in its own tenant."""
    found = application(secret())
    assert secret() == g4_locate(found, Snapshot(found, None, NOW), request())


@pytest.mark.parametrize(
    "found", [application(), application(secret(key_id=OTHER_KEY_ID), certificate(key_id=THIRD_KEY_ID))]
)
def test_a_key_id_that_is_nowhere_is_absent(found: Target) -> None:
    """That is neither a find nor yet a refusal: one look proves nothing."""
    assert Absent() == locate(found)


def test_the_wrong_type_is_refused_in_words() -> None:
    """A certificate asked for as a secret is not removed by the other action."""
    refused = locate(application(certificate()))
    assert Refused("G4", reason_for(f"SecretType says client secret, but {KEY_ID} is a certificate")) == refused


def test_the_other_wrong_type_is_refused_in_words() -> None:
    """And a secret asked for as a certificate."""
    refused = locate(application(secret()), kind=Kind.CERTIFICATE)
    assert Refused("G4", reason_for(f"SecretType says certificate, but {KEY_ID} is a client secret")) == refused


@pytest.mark.parametrize("pair", [(secret(), secret(raw="{}")), (secret(), certificate()), (certificate(), secret())])
def test_a_key_id_that_stands_twice_is_refused(pair: tuple[Credential, Credential]) -> None:
    """In one list or in both: it cannot be said which one would go."""
    assert Refused("G4", reason_for(f"{KEY_ID} stands 2 times on the application")) == locate(application(*pair))


def test_three_times_is_refused_too() -> None:
    """The reason says how often it stands there."""
    refused = locate(application(secret(), secret(), certificate()))
    assert Refused("G4", reason_for(f"{KEY_ID} stands 3 times on the application")) == refused


@pytest.mark.parametrize("on_application", [(), (secret(),), (certificate(),)])
@pytest.mark.parametrize("on_principal", [secret(), certificate()])
def test_a_key_id_on_the_service_principal_goes_to_the_security_team(
    on_application: tuple[Credential, ...], on_principal: Credential
) -> None:
    """Credentials there are how applications are backdoored; also when the application shows the key id as well."""
    refused = locate(application(*on_application), on_principal)
    assert isinstance(refused, Refused)
    assert (
        f"{KEY_ID} is a credential of the service principal, not of the app registration: "
        "the security team must look at it"
    ) == refused.reason


def test_an_absent_key_id_beside_an_expired_one_is_probably_a_typing_error() -> None:
    """The expired ones of that kind are listed, the living and the other kind are not."""
    found = application(
        secret(key_id=OTHER_KEY_ID),
        secret(key_id=THIRD_KEY_ID, end=ALIVE),
        certificate(key_id="3c3c3c3c-0000-4000-8000-00000000000d"),
    )
    refused = g4_not_a_typo(found, Kind.SECRET, NOW, NO_GRACE)
    assert (
        Refused(
            "G4",
            reason_for(
                "SecretID is not on the application, but other expired credentials of that kind are "
                f"(a typing error?): {OTHER_KEY_ID}"
            ),
        )
        == refused
    )


def test_all_expired_candidates_are_listed() -> None:
    """People choose; Spentkey does not."""
    found = application(certificate(key_id=OTHER_KEY_ID), certificate(key_id=THIRD_KEY_ID))
    refused = g4_not_a_typo(found, Kind.CERTIFICATE, NOW, NO_GRACE)
    assert refused is not None
    assert refused.reason.endswith(f"{OTHER_KEY_ID}, {THIRD_KEY_ID}")


@pytest.mark.parametrize(
    "left",
    [
        (),
        (secret(key_id=OTHER_KEY_ID, end=ALIVE),),
        (certificate(key_id=OTHER_KEY_ID),),
        (secret(key_id=OTHER_KEY_ID, end=None),),
        (secret(key_id=OTHER_KEY_ID, end=NOW - 300 * SECOND),),
    ],
)
def test_without_an_expired_one_of_that_kind_it_is_simply_gone(left: tuple[Credential, ...]) -> None:
    """Living ones, the other kind, and ends that nobody knows hint at no typing error."""
    assert g4_not_a_typo(application(*left), Kind.SECRET, NOW, NO_GRACE) is None


def test_grace_decides_whether_a_candidate_counts_as_expired() -> None:
    """The same measure as G5."""
    found = application(secret(key_id=OTHER_KEY_ID, end=NOW - 10 * DAY))
    assert g4_not_a_typo(found, Kind.SECRET, NOW, 9 * DAY) is not None
    assert g4_not_a_typo(found, Kind.SECRET, NOW, 10 * DAY) is None


SHORT = st.sampled_from([KEY_ID, OTHER_KEY_ID, THIRD_KEY_ID])


def either(key_id: str, is_secret: bool) -> Credential:
    """A credential of one kind or the other."""
    return secret(key_id=key_id) if is_secret else certificate(key_id=key_id)


CREDENTIAL = st.builds(either, SHORT, st.booleans())


@given(st.lists(CREDENTIAL, max_size=5), st.lists(CREDENTIAL, max_size=3), st.sampled_from(Kind))
def test_only_the_one_key_id_of_the_right_kind_is_ever_found(
    held: list[Credential], on_principal: list[Credential], kind: Kind
) -> None:
    """Whatever stands where: found means once on the application, of that kind, and nowhere else."""
    located = locate(application(*held), *on_principal, kind=kind)
    kinds = [one.kind for one in held if one.key_id == KEY_ID]
    elsewhere = any(one.key_id == KEY_ID for one in on_principal)
    assert isinstance(located, Credential) == (kinds == [kind] and not elsewhere)
    assert isinstance(located, Absent) == (not kinds and not elsewhere)


def odd(told: str | None = None, **changes: Any) -> UnreadableCredential:
    """An entry in whose key id's place that stands."""
    sound = UnreadableCredential(UNREADABLE, Kind.SECRET, None, None, "{}", where="passwordCredentials[1]", told=told)
    return replace(sound, **changes)


@pytest.mark.parametrize("told", [None, "x", OTHER_KEY_ID.replace("-", "")])
def test_an_entry_that_cannot_be_read_does_not_hide_what_is_found(told: str | None) -> None:
    """The key id stands there once, and the entry has another one or none."""
    assert secret() == locate(application(secret(), unreadable=(odd(told),)))


@pytest.mark.parametrize("told", [None, "", "x", f"{{{KEY_ID}}}"])
def test_a_key_id_is_not_absent_where_an_entry_may_be_it(told: str | None) -> None:
    """On the application or on its service principal; the entry is named."""
    hiding = application(unreadable=(odd(told),))
    unread = locate(hiding)
    assert isinstance(unread, Unread)
    assert "passwordCredentials[1]" in unread.reason
    principal = replace(hiding, kind=TargetKind.SERVICE_PRINCIPAL)
    assert unread == g4_locate(application(), replace(snapshot(application()), principal=principal), request())


def test_a_key_id_that_an_unreadable_entry_has_too_is_not_found_once() -> None:
    """In another spelling."""
    assert isinstance(locate(application(secret(), unreadable=(odd(KEY_ID.replace("-", "")),))), Unread)


def test_an_entry_that_was_there_before_the_removal_hides_nothing() -> None:
    """By its fingerprint on record."""
    found = application(unreadable=(odd(),))
    assert g4_locate(found, snapshot(found), request(), frozenset({odd().fingerprint})) == Absent()


def test_an_unreadable_sign_key_keeps_its_group_together() -> None:
    """A SAML signing certificate is never taken apart, whichever of its entries can be read."""
    sign = odd(kind=Kind.CERTIFICATE, usage="Sign", custom_key_identifier="AAEC")
    refused = locate(application(secret(custom_key_identifier="AAEC"), unreadable=(sign,)))
    assert isinstance(refused, Refused)
    assert "SAML" in refused.reason
