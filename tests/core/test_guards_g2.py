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
from spentkey.core.guards import g2_application, g2_identity, g2_tenant
from spentkey.core.outcome import Refused
from spentkey.core.rules import TenantRules

TENANTS = (PRODUCTION, ONDERWIJS)


@pytest.mark.parametrize(("onderwijs", "tenant"), [("No", PRODUCTION), ("Yes", ONDERWIJS)])
def test_onderwijs_chooses_the_tenant(onderwijs: str, tenant: TenantRules) -> None:
    """The seed's two tenants are told apart by one parameter."""
    assert tenant == g2_tenant(request(onderwijs=onderwijs), TENANTS)


@pytest.mark.parametrize(
    "when", [{"onderwijs": "NO"}, {"ONDERWIJS": " no "}, {"Onderwijs": "No", "SecretType": "secret"}]
)
def test_names_and_values_of_when_match_in_any_case(when: dict[str, str]) -> None:
    """All conditions of a `when` must hold, in whatever case they are written."""
    tenant = TenantRules("other", TENANT_ID, when)
    assert tenant == g2_tenant(request(), [tenant, ONDERWIJS])


def test_no_matching_tenant_is_refused() -> None:
    """There is no default tenant."""
    refused = g2_tenant(request(onderwijs="Yes"), [PRODUCTION])
    assert Refused("G2", "no configured tenant matches the task's parameters") == refused


def test_two_matching_tenants_are_refused_by_name() -> None:
    """The first one is not taken for the right one."""
    twin = TenantRules("twin", OTHER_TENANT_ID, {"Onderwijs": "No"})
    assert Refused("G2", "more than one tenant matches: production, twin") == g2_tenant(request(), [PRODUCTION, twin])


@pytest.mark.parametrize("when", [{}, {"Comment": "x"}, {"Onderwijs": "No", "AppID": OTHER_APP_ID}, {"Onderwijs": "N"}])
def test_a_when_that_is_empty_unknown_or_half_true_matches_nothing(when: dict[str, str]) -> None:
    """An empty condition is not a condition that always holds."""
    assert isinstance(g2_tenant(request(), [TenantRules("odd", TENANT_ID, when)]), Refused)


def test_a_token_for_that_tenant_and_client_is_accepted() -> None:
    """In any case, since UUIDs have none."""
    assert g2_identity(TokenClaims(TENANT_ID.upper(), CLIENT_ID.upper()), TENANT_ID, CLIENT_ID) is None


def test_a_token_of_another_tenant_is_refused() -> None:
    """The reason names both tenants."""
    refused = g2_identity(TokenClaims(OTHER_TENANT_ID, CLIENT_ID), TENANT_ID, CLIENT_ID)
    assert Refused("G2", f"the token is for tenant {OTHER_TENANT_ID}, not for {TENANT_ID}") == refused


def test_a_token_of_another_client_is_refused() -> None:
    """The vault's entry must not lead to somebody else's sign-in."""
    refused = g2_identity(TokenClaims(TENANT_ID, APP_ID), TENANT_ID, CLIENT_ID)
    assert Refused("G2", f"the token is for client {APP_ID}, not for {CLIENT_ID}") == refused


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
    assert Refused("G2", f"no application with AppID {APP_ID} exists in tenant production") == refused


def test_another_application_than_asked_for_is_refused() -> None:
    """The directory's answer is not believed for what was not asked."""
    other = application(app_id=OTHER_APP_ID)
    refused = g2_application(snapshot(other), request(), PRODUCTION)
    assert Refused("G2", f"the directory answered with another application, {OTHER_APP_ID}") == refused
