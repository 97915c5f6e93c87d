"""The token endpoint: who gets a token, and what everybody else is told."""

from typing import Any

import jwt
import pytest
from entra_desk import AUTOMATION, SALES, Desk


async def test_a_client_with_its_secret_gets_a_bearer_token(desk: Desk) -> None:
    """The answer has the four documented fields, and the token says who it is for."""
    status, body = await desk.login()
    claims = jwt.decode(body.pop("access_token"), options={"verify_signature": False})
    assert status == 200
    assert body == {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599}
    assert (claims["tid"], claims["appid"], claims["aud"]) == (desk.tenant.tenant_id, AUTOMATION, desk.base)
    assert claims["exp"] - claims["iat"] == 3599
    assert claims["roles"] == ["Application.ReadWrite.All"]


async def test_a_tenant_is_known_by_its_domain_too(desk: Desk) -> None:
    """Both names of a tenant lead to the same directory."""
    status, body = await desk.login(tenant="GentPlus.onmicrosoft.com")
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert (status, claims["tid"]) == (200, desk.tenant.tenant_id)


async def test_claims_and_client_info_are_ignored(desk: Desk) -> None:
    """Libraries send both, and neither changes anything."""
    status, _ = await desk.login(claims='{"access_token":{"xms_cc":{"values":["CP1"]}}}', client_info="1")
    assert status == 200


@pytest.mark.parametrize("audience", ["oauth2/v2.0/token", "v2.0"])
@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
async def test_an_application_logs_in_with_its_certificate(desk: Desk, audience: str, algorithm: str) -> None:
    """Both audiences and both algorithms of the documents are taken."""
    now = desk.clock.now().timestamp()
    claims: dict[str, Any] = {"iss": SALES, "sub": SALES, "exp": now + 600.5}
    claims["aud"] = f"{desk.base}/{desk.tenant.tenant_id}/{audience}"
    status, body = await desk.login_by_certificate(desk.signed("sales-2025", claims, algorithm))
    assert status == 200
    assert "roles" not in jwt.decode(body["access_token"], options={"verify_signature": False})


async def test_one_assertion_may_be_used_again(desk: Desk) -> None:
    """Libraries keep an assertion for minutes, so its jti comes back."""
    assertion = desk.assertion()
    assert [(await desk.login_by_certificate(assertion))[0] for _ in range(2)] == [200, 200]


async def test_padding_in_an_assertion_is_tolerated(desk: Desk) -> None:
    """azure-identity pads segments and thumbprints with equals signs."""
    assertion = desk.assertion()
    made = jwt.get_unverified_header(assertion)["x5t"] + "="
    padded = desk.signed("sales-2025", jwt.decode(assertion, options={"verify_signature": False}), x5t=made)
    assert (await desk.login_by_certificate(padded))[0] == 200


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"scope": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://graph.microsoft.com/.default"}, 400, "invalid_resource", 500011),
        ({"scope": "https://vault.azure.net/.default"}, 400, "invalid_resource", 500011),
        ({"scope": "/.default"}, 400, "invalid_scope", 70011),
        ({"scope": "User.Read"}, 400, "invalid_scope", 70011),
        ({"client_id": "00000000-0000-4000-8000-00000000dead"}, 400, "unauthorized_client", 700016),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        (
            {"client_id": "0a0a0a0a-0000-4000-8000-000000000004", "client_secret": "late"},
            401,
            "invalid_client",
            7000222,
        ),
        ({"tenant": "nowhere.onmicrosoft.com"}, 400, "invalid_request", 90002),
    ],
)
async def test_a_wrong_form_is_refused_by_its_own_number(
    desk: Desk, changes: dict[str, Any], status: int, error: str, code: int
) -> None:
    """Each mistake has the status, the OAuth error and the AADSTS number of the documents."""
    got, body = await desk.login(**changes)
    assert (got, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert {"trace_id", "correlation_id", "timestamp", "error_uri"} <= set(body)


@pytest.mark.parametrize(
    ("certificate", "changes", "code"),
    [
        ("stranger", {}, 700027),
        ("sales-2024", {}, 700027),
        ("sales-2025", {"aud": "https://login.microsoftonline.com/common"}, 700023),
        ("sales-2025", {"sub": "somebody else"}, 50048),
        ("sales-2025", {"sub": "other", "iss": "other"}, 700021),
        ("sales-2025", {"exp": 1}, 700024),
        ("sales-2025", {"exp": None}, 700024),
        ("sales-2025", {"nbf": 99999999999}, 700024),
    ],
)
async def test_a_wrong_assertion_is_refused(desk: Desk, certificate: str, changes: dict[str, Any], code: int) -> None:
    """Signer, audience, subject, issuer and times are each checked."""
    status, body = await desk.login_by_certificate(desk.assertion(certificate, **changes))
    assert (status, body["error"], body["error_codes"]) == (401, "invalid_client", [code])


async def test_an_expired_signer_is_told_apart_from_an_unknown_one(desk: Desk) -> None:
    """The reason in the text differs, though the number is one."""
    _, expired = await desk.login_by_certificate(desk.assertion("sales-2024"))
    _, unknown = await desk.login_by_certificate(desk.assertion("stranger"))
    assert "[Reason - The key used is expired." in expired["error_description"]
    assert "[Reason - The key was not found." in unknown["error_description"]


async def test_a_certificate_expires_with_the_clock(desk: Desk) -> None:
    """A step of the clock past notAfter turns a good signer into an expired one."""
    desk.clock.step(2 * 365 * 86400)
    status, body = await desk.login_by_certificate(desk.assertion())
    assert (status, body["error_codes"]) == (401, [700027])


async def test_another_key_under_a_known_thumbprint_is_refused(desk: Desk) -> None:
    """The signature itself is verified, not only the name of the certificate."""
    good = jwt.get_unverified_header(desk.assertion())["x5t"]
    claims = jwt.decode(desk.assertion(), options={"verify_signature": False})
    status, body = await desk.login_by_certificate(desk.signed("stranger", claims, x5t=good))
    assert (status, body["error_codes"]) == (401, [700027])
    assert "invalid signature" in body["error_description"]


@pytest.mark.parametrize("assertion", ["nonsense", "a.b.c", "e30.e30.e30", "é.é.é"])
async def test_what_is_no_token_is_malformed(desk: Desk, assertion: str) -> None:
    """A broken assertion is refused and never crashes the login."""
    status, body = await desk.login_by_certificate(assertion)
    assert (status, body["error_codes"]) == (401, [50027])


async def test_the_discovery_document_names_the_endpoints(desk: Desk) -> None:
    """Synchronous libraries read it before they log in."""
    async with desk.client.get(f"/{desk.tenant.tenant_id}/v2.0/.well-known/openid-configuration") as answer:
        document = await answer.json()
    assert document["token_endpoint"] == f"{desk.base}/{desk.tenant.tenant_id}/oauth2/v2.0/token"
    assert document["issuer"] == f"{desk.base}/{desk.tenant.tenant_id}/v2.0"


async def test_an_unknown_tenant_has_no_discovery_document(desk: Desk) -> None:
    """The discovery document calls the error invalid_tenant."""
    async with desk.client.get("/nowhere/v2.0/.well-known/openid-configuration") as answer:
        body = await answer.json()
    assert (answer.status, body["error"], body["error_codes"]) == (400, "invalid_tenant", [90002])


@pytest.mark.parametrize(("authority", "status"), [("{base}", 200), ("https://login.example.org", 400)])
async def test_instance_discovery_knows_this_authority_alone(desk: Desk, authority: str, status: int) -> None:
    """A foreign authority is an invalid instance."""
    endpoint = f"{authority.format(base=desk.base)}/{desk.tenant.tenant_id}/oauth2/v2.0/authorize"
    params = {"authorization_endpoint": endpoint, "api-version": "1.0"}
    async with desk.client.get("/common/discovery/instance", params=params) as answer:
        body = await answer.json()
    assert answer.status == status
    assert ("tenant_discovery_endpoint" in body) is (status == 200)


async def test_the_journal_names_the_client_that_logged_in(desk: Desk) -> None:
    """The object of a login is its client id."""
    await desk.login()
    entry = desk.journal.entries[-1]
    assert (entry.system, entry.route, entry.object, entry.status) == ("login", "token", AUTOMATION, 200)


@pytest.mark.parametrize(
    ("begins", "status"), [(None, 200), ("2020-01-01T00:00:00Z", 200), ("2120-01-01T00:00:00Z", 401)]
)
async def test_sign_in_may_know_a_certificate_later(desk: Desk, begins: str | None, status: int) -> None:
    """E-58: until then it is one that was not found."""
    for one in desk.sales.certificates:
        one.sign_in_from = begins
    got, body = await desk.login_by_certificate(desk.assertion())
    assert got == status
    assert status == 200 or "[Reason - The key was not found." in body["error_description"]


async def test_a_token_says_of_the_application_what_real_ones_say(desk: Desk) -> None:
    """Names and ids that other clients read: the service principal, and how it proved who it is."""
    by_secret = decoded((await desk.login())[1]["access_token"])
    by_certificate = decoded((await desk.login_by_certificate(desk.assertion()))[1]["access_token"])
    assert desk.sales.service_principal is not None
    principal = desk.sales.service_principal.object_id
    assert (by_secret["appidacr"], by_certificate["appidacr"]) == ("1", "2")
    assert (by_certificate["oid"], by_certificate["sub"]) == (principal, principal)
    assert by_certificate["app_displayname"] == "Sales"
    assert by_certificate["idp"] == by_certificate["iss"] == f"https://sts.windows.net/{desk.tenant.tenant_id}/"
    assert len(by_secret["wids"]) == 1


def decoded(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    return jwt.decode(token, options={"verify_signature": False})


@pytest.mark.parametrize("tenant", ["", "common"])
async def test_the_key_of_the_tokens_is_where_the_discovery_document_says(desk: Desk, tenant: str) -> None:
    """Clients that verify a token find it, and it verifies."""
    path = f"/{desk.tenant.tenant_id}/v2.0/.well-known/openid-configuration"
    async with desk.client.get(path) as answer:
        where = str((await answer.json())["jwks_uri"]).removeprefix(desk.base)
    if tenant:
        where = where.replace(desk.tenant.tenant_id, tenant)
    async with desk.client.get(where) as answer:
        (key,) = (await answer.json())["keys"]
    token = await desk.token()
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]
    assert jwt.decode(token, jwt.PyJWK(key, "RS256"), audience=desk.base)["appid"] == AUTOMATION


async def test_an_unknown_tenant_has_no_keys(desk: Desk) -> None:
    """As it has no other document."""
    async with desk.client.get("/nowhere.onmicrosoft.com/discovery/v2.0/keys") as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "invalid_tenant")


async def test_a_token_for_resource_manager_is_none_for_graph(desk: Desk) -> None:
    """It is given out, as every tenant does, and opens nothing here."""
    status, body = await desk.login(scope="https://management.azure.com//.default")
    claims = decoded(body["access_token"])
    assert (status, claims["aud"], "roles" in claims) == (200, "https://management.azure.com", False)
    reply = await desk.ask("GET", "/applications", token=body["access_token"])
    assert reply.error == (401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
