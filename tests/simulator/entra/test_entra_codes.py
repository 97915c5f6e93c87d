"""Refusals that a rule asks for by their code, and an application that cannot sign in."""

from typing import Any

import pytest
from entra_desk import EVERYTHING, Desk

from spentkey_sim.clock import SimClock
from spentkey_sim.world import load


@pytest.mark.parametrize(
    ("status", "params", "code"),
    [
        ("400", {}, "Directory_ConcurrencyViolation"),
        ("404", {}, "Request_ResourceNotFound"),
        ("404", {"code": "Directory_ObjectNotFound"}, "Directory_ObjectNotFound"),
        ("500", {"code": "Directory_ConcurrencyViolation"}, "Directory_ConcurrencyViolation"),
    ],
)
async def test_a_rule_names_the_code(desk: Desk, status: str, params: dict[str, Any], code: str) -> None:
    """Under the status of the rule, and nothing is removed."""
    desk.fault(status, route="removePassword", params=params)
    reply = await desk.remove_password()
    assert (reply.status, reply.body["error"]["code"], desk.key_ids()) == (int(status), code, EVERYTHING)


@pytest.mark.parametrize("number", [7000112, 53003, 90024, 123456])
async def test_sign_in_refuses_with_the_number_of_the_rule(desk: Desk, number: int) -> None:
    """As number and as words, under the status of the rule."""
    desk.fault("400", system="login", route="token", params={"aadsts": number})
    async with desk.client.post("/production/oauth2/v2.0/token", data={"client_id": "x"}) as answer:
        body = await answer.json()
    assert (answer.status, body["error_codes"]) == (400, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")


@pytest.mark.parametrize(("given", "there"), [({}, True), ({"service_principal": None}, False)])
def test_an_application_has_a_service_principal_unless_the_world_says_none(given: dict[str, Any], there: bool) -> None:
    """The portal makes one with each registration; `az ad app create` does not."""
    tenants = [{"name": "production", "applications": [given]}]
    made = load({"seed": 7, "tenants": tenants}, SimClock())
    assert (made.tenants[0].applications[0].service_principal is not None) is there
