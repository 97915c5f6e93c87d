"""Guard G6: nothing that others depend on is removed."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import (
    APP_ID,
    KEY_ID,
    OTHER_APP_ID,
    OTHER_KEY_ID,
    application,
    as_identifier,
    certificate,
    secret,
)

from spentkey.core.credential import Credential, Target
from spentkey.core.guards import g6_not_protected
from spentkey.core.outcome import Refused
from spentkey.core.reason import reason_for

NOBODY: frozenset[str] = frozenset()


def refusal(credential: Credential, *protected: str, found: Target | None = None) -> str:
    """Why G6 refuses that credential under the operator's list."""
    refused = g6_not_protected(credential, found or application(credential), protected, NOBODY)
    assert isinstance(refused, Refused)
    assert refused.guard == "G6"
    return refused.reason


def agrees(credential: Credential, *protected: str, found: Target | None = None) -> bool:
    """Whether G6 lets that credential go."""
    return g6_not_protected(credential, found or application(credential), protected, NOBODY) is None


@pytest.mark.parametrize("credential", [secret(), certificate(), secret(display_name=None)])
def test_an_ordinary_credential_is_not_protected(credential: Credential) -> None:
    """Nor one without a name."""
    assert agrees(credential)


@pytest.mark.parametrize(
    "name", ["CWAP_AuthSecret", "cwap_authsecret", "ConnectSyncProvisioning_", "connectsyncprovisioning_DC01_abc"]
)
@pytest.mark.parametrize("make", [secret, certificate])
def test_names_that_microsofts_services_use_are_protected(name: str, make: Callable[..., Credential]) -> None:
    """In any case, for both kinds, without any configuration."""
    assert "the credential's name matches the protected name" in refusal(make(display_name=name))


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16"])
def test_a_name_in_an_old_secrets_identifier_is_protected(codec: str) -> None:
    """Old tools kept the name base64 in customKeyIdentifier, in one of two encodings, with or without its mark."""
    old = secret(display_name=None, custom_key_identifier=as_identifier("CWAP_AuthSecret", codec))
    assert refusal(old) == "the credential's name matches the protected name CWAP_AuthSecret"


def test_an_old_name_is_looked_at_beside_a_new_one() -> None:
    """A display name that was set later does not hide it."""
    both = secret(display_name="renamed", custom_key_identifier=as_identifier("ConnectSyncProvisioning_x"))
    assert refusal(both) == "the credential's name matches the protected name ConnectSyncProvisioning_*"


@pytest.mark.parametrize("name", ["CWAP_AuthSecret2", "my CWAP_AuthSecret", "ConnectSync", "CWAP AuthSecret", "*"])
def test_names_that_only_resemble_them_are_not_protected(name: str) -> None:
    """The whole name must match the pattern."""
    assert agrees(secret(display_name=name))


@pytest.mark.parametrize("identifier", ["", "%%%", "AAE=", as_identifier("old"), "YWJj*", "Q1dBUF9BdXRoU2VjcmV0IQ=="])
def test_an_identifier_that_is_no_protected_name_does_not_matter(identifier: str) -> None:
    """Also one that is not base64."""
    assert agrees(secret(custom_key_identifier=identifier))


def test_a_certificates_identifier_is_its_thumbprint_and_no_name() -> None:
    """It is not read as a name, whatever its bytes spell."""
    assert agrees(certificate(custom_key_identifier=as_identifier("CWAP_AuthSecret")))


@pytest.mark.parametrize("key_id", [KEY_ID, KEY_ID.upper()])
def test_the_token_encryption_key_is_protected(key_id: str) -> None:
    """Tokens for the application could not be read any more."""
    found = application(certificate(), token_encryption_key_id=key_id)
    assert (
        refusal(certificate(), found=found)
        == "the certificate is the application's token encryption key (tokenEncryptionKeyId)"
    )


@pytest.mark.parametrize("key_id", [None, "", OTHER_KEY_ID])
def test_another_token_encryption_key_does_not_matter(key_id: str | None) -> None:
    """Nor that there is none."""
    assert agrees(certificate(), found=application(certificate(), token_encryption_key_id=key_id))


@pytest.mark.parametrize("entry", [APP_ID, APP_ID.upper(), f" {APP_ID} "])
def test_an_application_on_the_operators_list_is_protected(entry: str) -> None:
    """By its AppID, in any case."""
    assert (
        refusal(secret(), OTHER_APP_ID, entry) == "the application is on the operator's list of protected applications"
    )


@pytest.mark.parametrize("entry", [OTHER_APP_ID, f"name:{APP_ID}", APP_ID[:-1], "*"])
def test_another_entry_of_the_list_does_not_protect_the_application(entry: str) -> None:
    """An AppID is no pattern, and a pattern is about the credential's name."""
    assert agrees(secret(), entry)


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("name:Billing-*", "billing-2024"),
        ("name:billing", "BILLING"),
        ("name: key ?", "Key 7"),
        ("name:[ab]*", "beta"),
        ("name:*", "anything"),
    ],
)
def test_a_pattern_of_the_operators_list_protects_by_name(entry: str, name: str) -> None:
    """Shell patterns, in any case."""
    pattern = entry.removeprefix("name:").strip()
    assert f"the credential's name matches the protected name {pattern}" == refusal(secret(display_name=name), entry)


def test_a_pattern_protects_by_the_old_name_too() -> None:
    """The operator need not know where the name is kept."""
    old = secret(display_name=None, custom_key_identifier=as_identifier("Billing", "utf-16-le"))
    assert refusal(old, "name:bill*") == "the credential's name matches the protected name bill*"


@pytest.mark.parametrize(
    ("entry", "name"), [("name:Billing-*", "Billing"), ("name:?", "ab"), ("Billing", "Billing"), ("name:a.c", "abc")]
)
def test_a_pattern_that_does_not_fit_protects_nothing(entry: str, name: str) -> None:
    """Neither does a name without `name:`; the configuration refuses such an entry."""
    assert agrees(secret(display_name=name), entry)


def test_a_pattern_does_not_match_a_credential_without_name() -> None:
    """Not even `*`: there is no name to match."""
    assert agrees(secret(display_name=None), "name:*")


def test_the_automations_own_application_is_protected() -> None:
    """Also against a credential that it does not sign in with, and whatever the list says."""
    refused = g6_not_protected(secret(), application(secret()), (), frozenset({OTHER_APP_ID, APP_ID}))
    assert Refused("G6", reason_for("the application is the automation's own")) == refused


def test_other_own_applications_do_not_matter() -> None:
    """The automation of another tenant may look after this application."""
    assert g6_not_protected(secret(), application(secret()), (), frozenset({OTHER_APP_ID})) is None


@given(st.binary(max_size=40), st.text(max_size=40))
def test_no_name_and_no_identifier_ever_raises(identifier: bytes, name: str) -> None:
    """Whatever others wrote there, the guard answers; and a name that it lets go is none of the protected ones."""
    odd = secret(display_name=name, custom_key_identifier=identifier.decode("latin-1"))
    assert agrees(odd) == (name.casefold() != "cwap_authsecret" and not name.casefold().startswith("connectsyncprov"))
