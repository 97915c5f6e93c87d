"""Guard G2: one tenant, a token for it, one application in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import (
    APP_ID,
    CLIENT_ID,
    ONDERWIJS,
    OTHER_APP_ID,
    OTHER_TENANT_ID,
    PRODUCTION,
    TENANT_ID,
    application,
    request,
    snapshot,
)

from spentkey.core.credential import TokenClaims
from spentkey.core.guards import Unread, g2_application, g2_identity, g2_tenant
from spentkey.core.outcome import Refused
from spentkey.core.reason import IN_WORDS, reason_for
from spentkey.core.rules import TenantRules
from spentkey.core.task import RemovalRequest

TENANTS = (PRODUCTION, ONDERWIJS)


def saying(**values: str) -> RemovalRequest:
    """A request whose other parameters say this, as they are compared."""
    return request(when=values)


@pytest.mark.parametrize(("onderwijs", "tenant"), [("no", PRODUCTION), ("yes", ONDERWIJS)])
def test_onderwijs_chooses_the_tenant(onderwijs: str, tenant: TenantRules) -> None:
    """The seed's two tenants are told apart by one parameter."""
    assert tenant == g2_tenant(saying(onderwijs=onderwijs), TENANTS)


@pytest.mark.parametrize("onderwijs", ["ja", "", "y", "yes/no", "ye\u017f", "y\u0435s", "true", "1"])
def test_a_value_that_no_tenant_has_is_refused(onderwijs: str) -> None:
    """No value is special, and words that look alike are two."""
    refused = g2_tenant(saying(onderwijs=onderwijs), TENANTS)
    assert Refused("G2", reason_for("no configured tenant matches the task's parameters")) == refused


def test_any_parameter_may_choose_the_tenant() -> None:
    """Of any name, several together, and with values of any language."""
    ghent = TenantRules("ghent", TENANT_ID, {"Stad": "Gent", "Omgeving": "Test"})
    bruges = TenantRules("bruges", OTHER_TENANT_ID, {"Stad": "Brugge", "Omgeving": "Test"})
    assert ghent == g2_tenant(saying(stad="gent", omgeving="test"), [ghent, bruges])
    assert isinstance(g2_tenant(saying(stad="gent", omgeving="productie"), [ghent, bruges]), Refused)
    assert isinstance(g2_tenant(saying(stad="gent"), [ghent, bruges]), Refused)


@pytest.mark.parametrize("values", [{}, {"onderwijs": "no"}, {"stad": "gent"}])
def test_the_only_tenant_needs_no_when(values: dict[str, str]) -> None:
    """Whatever the task says besides."""
    only = TenantRules("only", TENANT_ID, {})
    assert only == g2_tenant(saying(**values), [only])


def test_an_empty_when_beside_another_tenant_matches_nothing() -> None:
    """The settings refuse it; the guard does not rely on that."""
    odd = TenantRules("odd", OTHER_TENANT_ID, {})
    assert g2_tenant(saying(onderwijs="no"), [PRODUCTION, odd]) == PRODUCTION
    assert isinstance(g2_tenant(saying(onderwijs="yes"), [PRODUCTION, odd]), Refused)
    assert isinstance(g2_tenant(saying(), [odd, odd]), Refused)


def test_the_only_tenant_with_a_when_must_match() -> None:
    """A `when` that is there is a condition, however many tenants there are."""
    assert isinstance(g2_tenant(saying(), [PRODUCTION]), Refused)


@pytest.mark.parametrize(
    "when",
    [
        {"onderwijs": "NO"},
        {"ONDERWIJS": " no "},
        {"Onderwijs\u200b": "\u00a0No"},
        {"Onderwijs": "No", "SecretType": "secret"},
    ],
)
def test_names_and_values_of_when_match_in_any_case(when: dict[str, str]) -> None:
    """All conditions of a `when` must hold, in whatever case they are written."""
    tenant = TenantRules("other", TENANT_ID, when)
    assert tenant == g2_tenant(saying(onderwijs="no", secrettype="secret"), [tenant, ONDERWIJS])


def test_no_matching_tenant_is_refused() -> None:
    """There is no default tenant."""
    refused = g2_tenant(saying(onderwijs="yes"), [PRODUCTION])
    assert Refused("G2", reason_for("no configured tenant matches the task's parameters")) == refused


def test_two_matching_tenants_are_refused_by_name() -> None:
    """The first one is not taken for the right one."""
    twin = TenantRules("twin", OTHER_TENANT_ID, {"Onderwijs": "No"})
    assert Refused("G2", reason_for("more than one tenant matches: production, twin")) == g2_tenant(
        request(), [PRODUCTION, twin]
    )


@pytest.mark.parametrize("when", [{"Comment": "x"}, {"Onderwijs": "No", "AppID": OTHER_APP_ID}, {"Onderwijs": "N"}])
def test_a_when_that_is_unknown_or_half_true_matches_nothing(when: dict[str, str]) -> None:
    """Every condition must hold."""
    assert isinstance(g2_tenant(request(), [TenantRules("odd", TENANT_ID, when)]), Refused)


def test_a_token_for_that_tenant_and_client_is_accepted() -> None:
    """In any case, since UUIDs have none."""
    assert g2_identity(TokenClaims(TENANT_ID.upper(), CLIENT_ID.upper()), TENANT_ID, CLIENT_ID) is None


def test_a_token_of_another_tenant_is_refused() -> None:
    """The reason names both tenants."""
    refused = g2_identity(TokenClaims(OTHER_TENANT_ID, CLIENT_ID), TENANT_ID, CLIENT_ID)
    assert Refused("G2", reason_for(f"the token is for tenant {OTHER_TENANT_ID}, not for {TENANT_ID}")) == refused


def test_a_token_of_another_client_is_refused() -> None:
    """The vault's entry must not lead to somebody else's sign-in."""
    refused = g2_identity(TokenClaims(TENANT_ID, APP_ID), TENANT_ID, CLIENT_ID)
    assert Refused("G2", reason_for(f"the token is for client {APP_ID}, not for {CLIENT_ID}")) == refused


@given(st.uuids().map(str), st.uuids().map(str))
def test_only_the_very_same_two_ids_are_accepted(tenant: str, client: str) -> None:
    """Whatever a token says, one different id is enough to refuse it."""
    accepted = g2_identity(TokenClaims(tenant, client), TENANT_ID, CLIENT_ID) is None
    assert accepted == ((tenant, client) == (TENANT_ID, CLIENT_ID))


@pytest.mark.parametrize("token_claims", [TokenClaims("", ""), TokenClaims(TENANT_ID, ""), TokenClaims("", CLIENT_ID)])
def test_a_token_without_its_ids_is_refused(token_claims: TokenClaims) -> None:
    """Nothing said is not the same as the right thing said."""
    assert isinstance(g2_identity(token_claims, TENANT_ID, CLIENT_ID), Refused)


def test_the_application_that_was_asked_for_is_accepted() -> None:
    """It comes back for the guards that follow."""
    assert application() == g2_application(snapshot(application()), request(), PRODUCTION)


def test_an_application_that_does_not_exist_is_refused() -> None:
    """A missing application is never an absent credential."""
    refused = g2_application(snapshot(None), request(), PRODUCTION)
    assert Refused("G2", reason_for(f"no application with AppID {APP_ID} exists in tenant production")) == refused


def test_another_application_than_asked_for_is_refused() -> None:
    """The directory's answer is not believed for what was not asked."""
    other = application(app_id=OTHER_APP_ID)
    refused = g2_application(snapshot(other), request(), PRODUCTION)
    assert Refused("G2", reason_for(f"the directory answered with another application, {OTHER_APP_ID}")) == refused


def test_an_object_of_a_derived_type_is_refused_by_its_name() -> None:
    """It has the same AppID and the same lists, and is not ours to change."""
    refused = g2_application(snapshot(application(other_kind="agentIdentityBlueprint")), request(), PRODUCTION)
    assert isinstance(refused, Refused)
    assert (refused.guard, "agentIdentityBlueprint" in refused.reason) == ("G2", True)


def test_an_application_that_cannot_be_read_is_neither_found_nor_missing() -> None:
    """People must look if that lasts."""
    fault = IN_WORDS(text="no usable id")
    assert g2_application(snapshot(None, fault=fault), request(), PRODUCTION) == Unread(fault)
