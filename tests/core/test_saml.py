"""Signing groups: the entries of a SAML signing certificate, found from any one of them."""

import base64

import pytest
from support_core import KEY_ID, OTHER_KEY_ID, THIRD_KEY_ID, application, certificate, request, secret, snapshot

from spentkey.core.credential import Credential, Kind, Target, TargetKind
from spentkey.core.guards import g4_locate
from spentkey.core.outcome import Refused
from spentkey.core.saml import signing_group

THUMBPRINT = bytes(range(20))
HEX, BASE64 = THUMBPRINT.hex().upper(), base64.b64encode(THUMBPRINT).decode()
PASSWORD = secret(key_id=KEY_ID, custom_key_identifier=BASE64)
SIGN = certificate(key_id=KEY_ID, usage="Sign", type="X509CertAndPassword", custom_key_identifier=HEX)
VERIFY = certificate(key_id=OTHER_KEY_ID, custom_key_identifier=BASE64)
ALONE = certificate(key_id=THIRD_KEY_ID, custom_key_identifier="aa" * 20)
GROUP = (PASSWORD, SIGN, VERIFY)


def group_of(key_id: str, *held: Credential) -> tuple[Credential, ...]:
    """The group around a key id on an object that holds these."""
    return signing_group(Target(TargetKind.APPLICATION, "object", "app", "Sales", held), key_id)


@pytest.mark.parametrize("key_id", [KEY_ID, OTHER_KEY_ID])
def test_the_group_is_found_from_each_of_its_entries(key_id: str) -> None:
    """Password and Sign key share their key id, the Verify key has another; however the thumbprint is spelled."""
    assert group_of(key_id, ALONE, *GROUP) == GROUP


@pytest.mark.parametrize("spelled", [HEX, HEX.lower(), BASE64])
def test_the_spelling_of_the_thumbprint_does_not_matter(spelled: str) -> None:
    """Graph shows it as hexadecimal digits or as base64."""
    verify = certificate(key_id=OTHER_KEY_ID, custom_key_identifier=spelled)
    assert group_of(OTHER_KEY_ID, SIGN, verify) == (SIGN, verify)


def test_identifiers_that_are_no_thumbprints_are_compared_as_they_are() -> None:
    """Whoever made the group may have chosen any text."""
    sign = certificate(key_id=KEY_ID, usage="Sign", custom_key_identifier="façade!")
    verify = certificate(key_id=OTHER_KEY_ID, custom_key_identifier="façade!")
    assert group_of(OTHER_KEY_ID, sign, verify) == (sign, verify)


def test_without_an_identifier_the_key_id_alone_holds_the_group_together() -> None:
    """A password and a Sign key with one key id."""
    pair = (secret(), certificate(usage="Sign"))
    assert group_of(KEY_ID, *pair, VERIFY) == pair


@pytest.mark.parametrize("held", [(ALONE,), (VERIFY, ALONE), (secret(), certificate(key_id=OTHER_KEY_ID)), ()])
def test_where_nothing_signs_there_is_no_group(held: tuple[Credential, ...]) -> None:
    """Verify keys and passwords by themselves are ordinary credentials."""
    assert [group_of(one, *held) for one in (KEY_ID, OTHER_KEY_ID, THIRD_KEY_ID)] == [(), (), ()]


def test_another_group_does_not_matter() -> None:
    """Somebody signs, but not with this one."""
    assert group_of(THIRD_KEY_ID, *GROUP, ALONE) == ()


@pytest.mark.parametrize("key_id", [KEY_ID, OTHER_KEY_ID])
def test_on_the_service_principal_it_is_named_and_goes_to_the_security_team(key_id: str) -> None:
    """G4 lists the entries, because whoever removes the group must remove all of it."""
    found = application()
    refused = g4_locate(found, snapshot(found, *GROUP), request(key_id=key_id))
    assert isinstance(refused, Refused)
    assert refused.reason == (
        f"{key_id} is a credential of the service principal, not of the app registration, and belongs to a SAML signing "
        f"certificate, whose entries must stay together (secret {KEY_ID}, Sign {KEY_ID}, Verify {OTHER_KEY_ID}): "
        "the security team must look at it"
    )


@pytest.mark.parametrize(
    "held",
    [
        (SIGN,),
        (
            certificate(custom_key_identifier=HEX),
            certificate(key_id=OTHER_KEY_ID, usage="Sign", custom_key_identifier=HEX),
        ),
    ],
)
def test_on_the_application_a_signing_certificate_is_not_taken_apart_either(held: tuple[Credential, ...]) -> None:
    """Alone or beside its Verify key: refused, though it stands once and in the right list."""
    found = application(*held)
    refused = g4_locate(found, snapshot(found), request(kind=Kind.CERTIFICATE))
    assert isinstance(refused, Refused)
    assert "belongs to a SAML signing certificate" in refused.reason
