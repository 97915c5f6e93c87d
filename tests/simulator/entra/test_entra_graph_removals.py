"""Removals through Graph: exactly one credential, or nothing at all and the reason."""

from typing import Any

import jwt
import pytest
from entra_desk import EVERYTHING, LIVE_KEY, LIVE_SECRET, OLD_KEY, OLD_SECRET, SALES, SALES_OBJECT, UNKNOWN, Desk

from spentkey_sim.entra.state import truth


def without(*gone: str) -> list[str]:
    """Everything but these."""
    return [key_id for key_id in EVERYTHING if key_id not in gone]


@pytest.mark.parametrize("address", [f"/applications/{SALES_OBJECT}", f"/applications(appId='{SALES}')"])
async def test_remove_password_takes_that_one_secret(desk: Desk, address: str) -> None:
    """204 without a body, and the rest is untouched."""
    reply = await desk.remove_password(OLD_SECRET.upper(), address)
    assert (reply.status, reply.body) == (204, None)
    assert desk.key_ids() == without(OLD_SECRET)


async def test_a_removal_is_written_down(desk: Desk) -> None:
    """The truth knows who removed what, and whether it had expired."""
    await desk.ask(
        "POST", f"/applications/{SALES_OBJECT}/removePassword", {"keyId": OLD_SECRET}, **{"client-request-id": UNKNOWN}
    )
    await desk.remove_password(LIVE_SECRET)
    removals = truth(desk.holder.world)["production"]["removals"]
    assert [(one["key_id"], one["kind"], one["route"], one["expired"]) for one in removals] == [
        (OLD_SECRET, "secret", "removePassword", True),
        (LIVE_SECRET, "secret", "removePassword", False),
    ]
    assert removals[0]["client_request_id"] == UNKNOWN
    assert [entry.applied for entry in desk.journal.entries if entry.write] == [True, True]


async def test_an_absent_secret_is_a_bad_request(desk: Desk) -> None:
    """A second removal of the same key id has nothing to remove."""
    await desk.remove_password()
    status, code, message = (await desk.remove_password()).error
    assert (status, code) == (400, "Request_BadRequest")
    assert message.startswith("No password credential found with keyId")


async def test_remove_password_does_not_see_certificates(desk: Desk) -> None:
    """The key id of a certificate is absent from the secrets."""
    assert (await desk.remove_password(OLD_KEY)).status == 400
    assert desk.key_ids() == EVERYTHING


@pytest.mark.parametrize(
    "body", [{}, {"keyId": None}, {"keyId": ""}, {"keyId": "*"}, {"keyId": 7}, {"keyId": [OLD_SECRET]}, [], "all"]
)
async def test_a_removal_without_an_exact_key_id_removes_nothing(desk: Desk, body: Any) -> None:
    """Missing, empty or wild key ids are bad requests."""
    reply = await desk.ask("POST", f"/applications/{SALES_OBJECT}/removePassword", body)
    assert reply.error[:2] == (400, "Request_BadRequest")
    assert desk.key_ids() == EVERYTHING


async def test_an_unknown_property_is_refused(desk: Desk) -> None:
    """What Graph does not know is not passed over in silence."""
    body = {"keyId": OLD_SECRET, "force": True}
    reply = await desk.ask("POST", f"/applications/{SALES_OBJECT}/removePassword", body)
    assert (reply.status, desk.key_ids()) == (400, EVERYTHING)


@pytest.mark.parametrize("secret", ["reader", "nobody"])
async def test_a_caller_without_a_writing_permission_is_denied(desk: Desk, secret: str) -> None:
    """Reading alone does not remove."""
    client = next(client for client in desk.tenant.clients if client.secret == secret)
    token = await desk.token(client_id=client.app_id, client_secret=secret)
    reply = await desk.ask("POST", f"/applications/{SALES_OBJECT}/removePassword", {"keyId": OLD_SECRET}, token)
    assert reply.error == (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    assert desk.key_ids() == EVERYTHING


async def test_an_application_that_only_its_owners_may_write_is_denied(desk: Desk) -> None:
    """Even to a client with every permission."""
    payroll = desk.tenant.applications[1]
    reply = await desk.remove_password(payroll.passwords[0].key_id, f"/applications/{payroll.object_id}")
    assert (reply.error[0], len(payroll.passwords)) == (403, 1)


async def test_removals_where_nothing_is(desk: Desk) -> None:
    """Unknown and soft-deleted applications are not found."""
    gone = desk.tenant.applications[2]
    for object_id in (UNKNOWN, gone.object_id):
        reply = await desk.remove_password(OLD_SECRET, f"/applications/{object_id}")
        assert reply.error[:2] == (404, "Request_ResourceNotFound")


async def test_an_application_removes_its_own_expired_certificate(desk: Desk) -> None:
    """Its own token, a proof by its valid certificate: 204, and no permission is needed."""
    assert (await desk.remove_key()).status == 204
    assert desk.key_ids() == without(OLD_KEY)
    assert desk.tenant.removals[0].route == "removeKey"


async def test_the_automation_may_remove_a_key_with_a_proof(desk: Desk) -> None:
    """A writing permission stands in for the application's own token, the proof is needed all the same."""
    assert (await desk.remove_key(token=await desk.token())).status == 204


async def test_an_absent_certificate_is_a_bad_request(desk: Desk) -> None:
    """The text is the one that clients look for."""
    await desk.remove_key()
    assert (await desk.remove_key()).error == (400, "Request_BadRequest", "No credentials found to be removed.")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "00000003-0000-0000-c000-000000000000"},
        {"iss": SALES},
        {"iss": None},
        {"nbf": None},
        {"exp": None},
        {"exp": 1},
        {"nbf": 1},
        {"nbf": 99999999999, "exp": 99999999999 + 600},
        {"certificate": "sales-2024"},
        {"certificate": "stranger"},
    ],
)
async def test_a_wrong_proof_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    """Audience, issuer, times, length of life and signer are checked, and the error never says which."""
    reply = await desk.remove_key(desk.proof(**changes))
    assert reply.error == (401, "Authentication_MissingOrMalformed", "Access Token missing or malformed.")
    assert desk.key_ids() == EVERYTHING


async def test_a_padded_or_broken_proof_is_refused(desk: Desk) -> None:
    """Proofs have no equals signs, whatever a client assertion may have."""
    header, claims, signature = desk.proof().split(".")
    for proof in (
        f"{header}=.{claims}.{signature}",
        f"{header}.{claims}.{signature}=",
        "a.b.c",
        f"{header}.{claims}.",
        "nothing",
    ):
        assert (await desk.remove_key(proof)).error[0] == 401
    assert desk.key_ids() == EVERYTHING


async def test_a_proof_by_another_key_is_refused(desk: Desk) -> None:
    """Naming the right certificate is not signing with it."""
    good = desk.proof()
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = desk.signed("stranger", claims, x5t=jwt.get_unverified_header(good)["x5t"])
    nameless = desk.signed("sales-2025", claims, x5t=None)
    assert [(await desk.remove_key(proof)).error[0] for proof in (forged, nameless)] == [401, 401]


async def test_a_missing_proof_is_a_matter_of_privileges(desk: Desk) -> None:
    """403, as reported by people who left it out."""
    assert (await desk.remove_key("")).error[:2] == (403, "Authorization_RequestDenied")


async def test_a_world_may_take_the_app_id_as_issuer(desk: Desk) -> None:
    """Off unless a world asks for it."""
    object.__setattr__(desk.holder.world.entra, "proof_iss", "either")
    assert (await desk.remove_key(desk.proof(iss=SALES))).status == 204


async def test_a_stranger_cannot_remove_a_key_even_with_a_good_proof(desk: Desk) -> None:
    """A token without permission that is not the application's own is denied."""
    token = await desk.token(client_id=desk.tenant.clients[2].app_id, client_secret="nobody")
    assert (await desk.remove_key(token=token)).error[:2] == (403, "Authorization_RequestDenied")


async def test_the_service_principal_keeps_its_signing_password(desk: Desk) -> None:
    """The password that belongs to a signing certificate fails with 500; another one goes."""
    address = f"/servicePrincipals(appId='{SALES}')"
    assert (await desk.remove_password(LIVE_KEY, address)).status == 500
    assert (await desk.remove_password(OLD_SECRET, address)).status == 204
    assert desk.key_ids() == EVERYTHING


async def test_writes_too_close_together_collide(desk: Desk) -> None:
    """A world may ask for a minimum of time between writes to one application."""
    object.__setattr__(desk.holder.world.entra, "write_spacing_s", 5)
    assert (await desk.remove_password()).status == 204
    assert (await desk.remove_key()).error[:2] == (409, "Directory_ConcurrencyViolation")
    desk.clock.step(6)
    assert (await desk.remove_key()).status == 204


async def test_proofs_may_be_taken_later(desk: Desk) -> None:
    """E-59: until then a right proof is refused like a wrong one."""
    for one in desk.sales.certificates:
        one.proof_from = "2120-01-01T00:00:00Z"
    assert (await desk.remove_key()).error[:2] == (401, "Authentication_MissingOrMalformed")
    assert desk.key_ids() == EVERYTHING
