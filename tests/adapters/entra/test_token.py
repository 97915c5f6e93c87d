"""Access tokens by Microsoft's library on our session: how often they are asked for, and what a refusal says."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fault_rules import fault
from lying_server import Answer, Liar, lying, token, token_reply
from real_simulator import QuickClock, RealSimulator
from worlds import ABSENT, AUTOMATION, CANARIES, TENANT

from spentkey.adapters.entra.sign_in import SignIn
from spentkey.adapters.entra.token import TokenSource, read_identity
from spentkey.core.errors import AccessRefused, Outage
from spentkey.core.secret import Secret
from spentkey.http.sessions import open_session
from spentkey.http.tls import trust

CANARY = CANARIES["automation secret"]


@asynccontextmanager
async def source(
    sim: RealSimulator,
    proof: str | Callable[[], Awaitable[str]] = CANARY,
    liar: Liar | None = None,
    clock: QuickClock | None = None,
    **changes: Any,
) -> AsyncGenerator[TokenSource]:
    """A source of tokens from the simulator's sign-in, or from a liar's."""
    settings = sim.settings()
    authority = liar.url if liar else settings.tenants["production"].authority
    sign_in = SignIn(**{"authority": authority, "tenant_id": TENANT, "client_id": AUTOMATION, **changes, "scope": ""})
    asked = SignIn(authority, sign_in.tenant_id, sign_in.client_id, f"{authority}/.default")
    async with open_session(trust(liar.ca_file if liar else settings.tls.ca_file)) as session:
        kept = Secret(proof) if isinstance(proof, str) else proof
        yield TokenSource(asked, session, clock or QuickClock(), lambda: 0.5, kept)


def asked(sim: RealSimulator) -> int:
    """How often sign-in was asked for a token."""
    return [entry["route"] for entry in sim.journal() if entry["system"] == "login"].count("token")


async def test_a_token_costs_one_request_and_is_kept(sim: RealSimulator) -> None:
    """No discovery before it, and no second request while it lives."""
    async with source(sim) as tokens:
        first, second = await tokens.token(), await tokens.token()
    assert first == second
    assert [entry["route"] for entry in sim.journal()] == ["token"]


async def test_the_clock_of_sign_in_goes_on_from_its_last_answer(sim: RealSimulator) -> None:
    """By what has passed since, whatever became of our own clock meanwhile; before any answer there is none."""
    clock = QuickClock()
    async with source(sim, clock=clock) as tokens:
        before = tokens.server_time()
        await tokens.token()
        first = tokens.server_time()
        await clock.sleep(600)
        later = tokens.server_time()
    assert before is None
    assert first is not None
    assert later is not None
    assert abs(clock.now() - first) < timedelta(seconds=60)
    assert later - first == timedelta(seconds=600)


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 26 Nov 2026 10:00:00", "Thu, 32 Nov 2026 10:00:00 GMT"])
async def test_sign_in_that_tells_no_usable_time_has_no_clock(sim: RealSimulator, tmp_path: Path, date: str) -> None:
    """A header that is empty, no date, without a zone, or no day of any month."""
    given = {"token_type": "Bearer", "expires_in": 3600, "access_token": token()}
    reply: Answer = (200, given, {"Date": date})
    async with lying(sim, tmp_path, {"/token": reply}) as liar, source(sim, liar=liar) as tokens:
        await tokens.token()
        assert tokens.server_time() is None


async def test_tasks_that_start_together_share_one_request(sim: RealSimulator) -> None:
    """Twelve that ask at once get the same token."""
    async with source(sim) as tokens:
        got = await asyncio.gather(*(tokens.token() for _ in range(12)))
    assert all(got[0] == one for one in got)
    assert asked(sim) == 1


async def test_a_token_that_has_ended_is_not_used(sim: RealSimulator, tmp_path: Path) -> None:
    """It is asked for anew."""
    short: Answer = (200, {"token_type": "Bearer", "expires_in": 0, "access_token": token()}, {})
    async with lying(sim, tmp_path, {"/token": short}) as liar, source(sim, liar=liar) as tokens:
        await tokens.token()
        await tokens.token()
    assert [("POST", f"/{TENANT}/oauth2/v2.0/token")] * 2 == liar.seen


async def test_a_renewed_source_asks_again(sim: RealSimulator) -> None:
    """After Graph refused a token the cached one is forgotten."""
    async with source(sim) as tokens:
        first = await tokens.token()
        tokens.renew()
        assert first != await tokens.token()
    assert asked(sim) == 2


async def test_a_token_says_who_it_is_for(sim: RealSimulator) -> None:
    """Tenant and client are read without verifying it; Graph verifies."""
    async with source(sim) as tokens:
        token_claims = await tokens.token_claims()
    assert (token_claims.tenant_id, token_claims.app_id) == (TENANT, AUTOMATION)


async def no_real_assertion() -> str:
    """What somebody might send in its place."""
    return "no.real.assertion-7Qx"


async def no_proof() -> str:
    """A key in a vault that cannot be reached."""
    raise Outage("the vault did not answer")


async def test_what_keeps_the_proof_from_being_made_is_passed_on(sim: RealSimulator) -> None:
    """Nothing is sent, and an outage of the vault is no refused sign-in."""
    async with source(sim, proof=no_proof) as tokens:
        with pytest.raises(Outage, match="the vault did not answer"):
            await tokens.token()
    assert asked(sim) == 0


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "a wrong secret": ({"proof": "guessed-7Qx"}, "the client secret is not valid (AADSTS7000215)"),
    "an unknown client": ({"client_id": ABSENT}, "does not exist in that tenant (AADSTS700016)"),
    "an unknown tenant": ({"tenant_id": ABSENT}, "the tenant does not exist (AADSTS90002)"),
    "no real assertion": ({"proof": no_real_assertion}, "AADSTS"),
}


@pytest.mark.parametrize("scenario", REFUSALS)
async def test_a_refused_sign_in_says_why_and_nothing_secret(sim: RealSimulator, scenario: str) -> None:
    """A plain cause and the number; neither the secret nor the assertion, nor what the server said about them."""
    changes, message = REFUSALS[scenario]
    async with source(sim, **changes) as tokens:
        with pytest.raises(AccessRefused) as raised:
            await tokens.token()
    text = str(raised.value)
    assert message in text
    assert "7Qx" not in text
    assert "Trace ID" not in text
    assert raised.value.__suppress_context__
    assert asked(sim) == 1


@pytest.mark.parametrize("scenario", REFUSALS)
async def test_what_the_server_says_is_not_logged(
    sim: RealSimulator, scenario: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where the host process logs everything: the answer may echo an assertion."""
    caplog.set_level(logging.DEBUG)
    async with source(sim, **REFUSALS[scenario][0]) as tokens:
        with pytest.raises(AccessRefused):
            await tokens.token()
    logged = [record for record in caplog.records if record.name.startswith("azure")]
    assert any("Request URL" in record.getMessage() for record in logged)
    assert not any("AADSTS" in record.getMessage() or "7Qx" in record.getMessage() for record in logged)


CODES = {
    7000112: "the application is disabled",
    7000214: "revoked",
    7000229: "no service principal in that tenant",
    50049: "cloud",
    50196: "a loop",
    53003: "conditional access",
    530003: "conditional access",
    500011: "Microsoft Graph",
    650052: "subscription",
    90020: "Entra gave the code alone",
    123456: "Entra gave the code alone",
}


@pytest.mark.parametrize("status", ["400", "401"])
@pytest.mark.parametrize("number", CODES)
async def test_a_refusal_by_code_names_its_cause(sim: RealSimulator, number: int, status: str) -> None:
    """Whatever the status; it is asked once."""
    sim.faults(fault("login", "token", status, params={"aadsts": number}))
    async with source(sim) as tokens:
        with pytest.raises(AccessRefused) as raised:
            await tokens.token()
    assert CODES[number] in str(raised.value)
    assert f"(AADSTS{number})" in str(raised.value)
    assert asked(sim) == 1


@pytest.mark.parametrize(
    ("status", "number"), [("400", 90033), ("400", 90024), ("401", 90033), ("503", 90033), ("503", 90020)]
)
async def test_a_bad_hour_of_entra_is_an_outage(sim: RealSimulator, status: str, number: int) -> None:
    """90033 and 90024 under any status, 90020 with 503 only: tried five times, and nobody is told to correct anything."""
    sim.faults(fault("login", "token", status, params={"aadsts": number}))
    async with source(sim) as tokens:
        with pytest.raises(Outage):
            await tokens.token()
    assert asked(sim) == 5


async def test_a_bad_hour_that_ends_is_ridden_out(sim: RealSimulator) -> None:
    """Four bad answers and then a token."""
    sim.faults(fault("login", "token", "400", params={"aadsts": 90024}, times=4))
    async with source(sim) as tokens:
        assert await tokens.token()
    assert asked(sim) == 5


@pytest.mark.parametrize(("status", "tries"), [("504", 5), ("502", 5), ("503", 5), ("500", 5), ("403", 1), ("400", 1)])
async def test_a_page_of_a_gateway_is_an_outage(sim: RealSimulator, status: str, tries: int) -> None:
    """Its status counts although the library cannot read it; a 5xx is tried again."""
    sim.faults(fault("login", "token", status, params={"html": True}))
    async with source(sim) as tokens:
        with pytest.raises(Outage) as raised:
            await tokens.token()
    assert status in str(raised.value)
    assert asked(sim) == tries


async def test_a_page_of_a_gateway_is_ridden_out(sim: RealSimulator) -> None:
    """Four pages with 504, and then a token."""
    sim.faults(fault("login", "token", "504", params={"html": True}, times=4))
    async with source(sim) as tokens:
        assert await tokens.token()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "x", "error_description": "AADSTS53003: blocked"}, "conditional access"),
        ({"error": "x", "error_description": "AADSTS1: see AADSTS53003", "error_codes": [7000112]}, "disabled"),
        ({"error": "x", "error_description": "see AADSTS53003"}, "not one that Entra gives"),
        ({"error": "x", "error_codes": ["53003", True, None]}, "not one that Entra gives"),
        ({"error": "x"}, "not one that Entra gives"),
        ([], "not one that Entra gives"),
    ],
)
async def test_the_number_is_read_from_its_field(sim: RealSimulator, body: Any, words: str) -> None:
    """Else the description must begin with it: what it mentions further on is not what Entra decided."""
    sim.faults(fault("login", "token", "400", params={"body": body}))
    async with source(sim) as tokens:
        with pytest.raises((AccessRefused, Outage), match=words):
            await tokens.token()


@pytest.mark.parametrize("kind", ["429", "503", "500", "reset", "truncate"])
async def test_a_hiccup_is_tried_again(sim: RealSimulator, kind: str) -> None:
    """Four bad answers and then a token."""
    sim.faults(fault("login", "token", kind, times=4))
    async with source(sim) as tokens:
        assert await tokens.token()
    assert asked(sim) == 5


@pytest.mark.parametrize("kind", ["503", "reset", "html", "garbage", "empty"])
async def test_what_is_no_answer_is_an_outage(sim: RealSimulator, kind: str) -> None:
    """After at most five tries; the secret is in no text."""
    sim.faults(fault("login", "token", kind))
    async with source(sim) as tokens:
        with pytest.raises(Outage) as raised:
            await tokens.token()
    assert CANARY not in str(raised.value)
    assert asked(sim) in (1, 5)


async def test_a_redirect_of_the_token_endpoint_is_not_followed(sim: RealSimulator, tmp_path: Path) -> None:
    """The secret goes nowhere else."""
    async with lying(sim, tmp_path) as liar, source(sim, liar=liar) as tokens:
        with pytest.raises(Outage):
            await tokens.token()
    assert {f"/{TENANT}/oauth2/v2.0/token"} == {path for _, path in liar.seen}


@pytest.mark.parametrize("given", ["", "x", "a.b.c", "..", "é.é.é", token(tid=None), token(appid=5), token(tid={})])
def test_a_token_that_cannot_be_decoded_is_an_outage(given: str) -> None:
    """It allows no write, and its text is not repeated."""
    with pytest.raises(Outage, match="cannot be decoded") as raised:
        read_identity(Secret(given))
    assert not given or given not in str(raised.value)


async def test_a_reply_whose_token_is_odd_is_an_outage(sim: RealSimulator, tmp_path: Path) -> None:
    """A list where a text belongs."""
    async with lying(sim, tmp_path, {"/token": token_reply(["x"])}) as liar, source(sim, liar=liar) as tokens:  # type: ignore[arg-type]
        with pytest.raises(Outage):
            await tokens.token_claims()
