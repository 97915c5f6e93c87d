"""Quotas: what a request costs, whose window is full, what the answer says of it, and asking again too early."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from entra_desk import AUDITOR, LIVE_SECRET, OLD_SECRET, SALES, SALES_OBJECT, UNKNOWN, WORLD, Desk, Reply

from spentkey_sim.clock import SimClock
from spentkey_sim.entra import quota, state
from spentkey_sim.entra.quota import Limit, Quotas, Spending, Taken
from spentkey_sim.world import load

READ = f"/applications/{SALES_OBJECT}"
LOG = "/auditLogs/directoryAudits"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Callers:
    """Requests of several applications in several tenants, at the moments that a test says."""

    def __init__(self, size: str = "L") -> None:
        self.quotas = Quotas(size)

    def ask(
        self, tenant: str = "t", app: str = "a", *, at: float = 0, units: int = 1, write: bool = False, **more: Any
    ) -> Taken:
        moment = NOW + timedelta(seconds=at)
        return self.quotas.take(Spending(tenant, app, units, write, **more), moment)

    def refused(self, *names: str, **more: Any) -> str:
        """The scope that refuses the request, or nothing."""
        refused = self.ask(*names, **more).refused
        return f"{refused.limit.scope}/{refused.limit.kind}" if refused else ""

    def fill(self, limit: Limit, count: int, tenant: str = "t", app: str = "a") -> None:
        """Spend so much of one quota."""
        self.quotas.window(limit, tenant, app).spend(count, NOW)


async def fill(desk: Desk, limit: Limit, left: int) -> str:
    """Spend all but so much of one quota of the automation; gives its token."""
    token = await desk.token()
    window = state.memory(desk.holder.world).quotas.window(limit, desk.tenant.tenant_id, desk.tenant.clients[0].app_id)
    window.spend(limit.limit - left, desk.clock.now())
    return token


@pytest.mark.parametrize(
    ("method", "options", "applications", "cost"),
    [
        ("GET", {}, True, 2),
        ("GET", {}, False, 1),
        ("GET", {"$select": "id"}, True, 1),
        ("GET", {"$select": "id", "$top": "5"}, True, 1),
        ("GET", {"$top": "19"}, True, 1),
        ("GET", {"$top": "20"}, True, 2),
        ("GET", {"$expand": "owners"}, True, 3),
        ("GET", {"$expand": "owners", "$select": "id"}, False, 1),
        ("GET", {"$top": "many"}, True, 2),
        ("POST", {}, False, 1),
    ],
)
def test_what_a_request_costs(method: str, options: dict[str, str], applications: bool, cost: int) -> None:
    """By the published table; nothing is free."""
    assert quota.units(method, options, applications=applications) == cost


@pytest.mark.parametrize(("size", "limit"), [("S", 3500), ("M", 5000), ("L", 8000)])
def test_units_depend_on_the_size_of_the_tenant(size: str, limit: int) -> None:
    """The last unit fits, the next one does not."""
    callers = Callers(size)
    assert callers.refused(units=limit) == ""
    assert callers.refused() == "Tenant_Application/ReadWrite"
    assert callers.refused(app="b") == ""


def test_the_size_is_a_key_of_the_world() -> None:
    """A small tenant has a small quota."""
    world = load({**WORLD, "entra": {"size": "S"}}, SimClock())
    assert state.memory(world).quotas.size == "S"


@pytest.mark.parametrize(
    ("limit", "scope"),
    [
        (quota.PAIR_WRITES, "Tenant_Application/Write"),
        (quota.TENANT_WRITES, "Tenant/Write"),
        (quota.APP_WRITES, "Application/Write"),
    ],
)
def test_writes_have_quotas_of_their_own(limit: Limit, scope: str) -> None:
    """Reads go on while writes are refused."""
    callers = Callers()
    callers.fill(limit, limit.limit)
    assert [callers.refused(write=True), callers.refused()] == [scope, ""]


def test_a_tenant_counts_the_writes_of_everybody() -> None:
    """Another application in the same tenant is refused as well, another tenant is not."""
    callers = Callers()
    callers.fill(quota.TENANT_WRITES, 18_000)
    assert [callers.refused("t", "b", write=True), callers.refused("u", "a", write=True)] == ["Tenant/Write", ""]


def test_an_application_is_counted_over_all_tenants() -> None:
    """In a second tenant it is refused as well, another application is not."""
    callers = Callers()
    callers.fill(quota.APP_UNITS, 150_000)
    assert [callers.refused("u"), callers.refused("u", "b")] == ["Application/ReadWrite", ""]


@pytest.mark.parametrize(("audience", "refused"), [("PersonalMicrosoftAccount", 1), ("AzureADMultipleOrgs", 0)])
async def test_applications_with_personal_accounts_have_sixty_writes_a_minute(
    desk: Desk, audience: str, refused: int
) -> None:
    """The object that is written to decides, and the refusals have the words of the others."""
    desk.sales.sign_in_audience = audience
    await fill(desk, quota.PERSONAL_WRITES, 1)
    statuses = [(await desk.remove_password(key)).status for key in (UNKNOWN, OLD_SECRET)]
    assert statuses == [400, 429 if refused else 204]
    assert (OLD_SECRET in desk.key_ids()) is bool(refused)


async def test_an_answer_tells_what_it_cost(desk: Desk) -> None:
    """The percentage comes only when the quota is nearly used up."""
    listed, chosen = [await desk.ask("GET", f"/applications{options}") for options in ("", "?$select=id")]
    assert [one.headers["x-ms-resource-unit"] for one in (listed, chosen)] == ["2", "1"]
    assert "x-ms-throttle-limit-percentage" not in listed.headers
    token = await fill(desk, quota.pair_units("L"), 8000 - 6800)
    assert (await desk.ask("GET", READ, token=token)).headers["x-ms-throttle-limit-percentage"] == "0.85"


async def test_a_refused_request_has_cost_something_too(desk: Desk) -> None:
    """An error of the operation itself carries the headers as well."""
    assert (await desk.ask("GET", f"/applications/{UNKNOWN}")).headers["x-ms-resource-unit"] == "2"


async def test_a_full_quota_tells_whose_it_is(desk: Desk) -> None:
    """429 with the scope, the reason and the wait; after the wait there is room again."""
    token = await fill(desk, quota.pair_units("L"), 0)
    reply = await desk.ask("GET", READ, token=token)
    scope = f"Tenant_Application/ReadWrite/{desk.tenant.clients[0].app_id}/{desk.tenant.tenant_id}"
    assert reply.error[:2] == (429, "TooManyRequests")
    assert reply.headers["x-ms-throttle-scope"] == scope
    assert reply.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert reply.headers["x-ms-throttle-limit-percentage"] == "1.00"
    desk.clock.step(float(reply.headers["Retry-After"]))
    assert (await desk.ask("GET", READ, token=token)).status == 200


async def test_a_full_quota_of_writes_removes_nothing(desk: Desk) -> None:
    """The reason names writes."""
    await fill(desk, quota.PAIR_WRITES, 0)
    reply = await desk.remove_password()
    assert (reply.status, reply.headers["x-ms-throttle-information"]) == (429, "WriteLimitExceeded")
    assert OLD_SECRET in desk.key_ids()


async def test_requests_of_a_batch_count_one_by_one(desk: Desk) -> None:
    """Two units are left for three requests, and the envelope is answered 200."""
    token = await fill(desk, quota.pair_units("L"), 2)
    requests = [{"id": name, "method": "GET", "url": f"{READ}?$select=id"} for name in "abc"]
    reply = await desk.ask("POST", "/$batch", {"requests": requests}, token=token)
    assert (reply.status, [one["status"] for one in reply.body["responses"]]) == (200, [200, 200, 429])
    assert "Retry-After" in reply.body["responses"][2]["headers"]


async def test_the_audit_log_may_be_read_five_times_in_ten_seconds(desk: Desk) -> None:
    """A quota of its own, which does not touch the others."""
    token = await desk.token(client_id=AUDITOR, client_secret="auditor")
    replies = [await desk.ask("GET", LOG, token=token) for _ in range(6)]
    assert [one.status for one in replies] == [200] * 5 + [429]
    assert 1 <= int(replies[5].headers["Retry-After"]) <= 10
    desk.clock.step(11)
    assert (await desk.ask("GET", LOG, token=token)).status == 200


async def test_asking_too_early_starts_the_wait_anew(desk: Desk) -> None:
    """Ten seconds after the last spending there would be room, but for the question in between."""
    token = await fill(desk, quota.pair_units("L"), 0)
    wait = float((await desk.ask("GET", READ, token=token)).headers["Retry-After"])
    desk.clock.step(wait - 1)
    assert (await desk.ask("GET", READ, token=token)).status == 429
    desk.clock.step(wait - 1)
    assert (await desk.ask("GET", READ, token=token)).status == 429
    desk.clock.step(wait)
    assert (await desk.ask("GET", READ, token=token)).status == 200


def test_the_wait_is_until_there_is_room() -> None:
    """Not the whole window, but until enough of what was spent is old."""
    callers = Callers()
    callers.ask(units=5000)
    callers.ask(units=3000, at=4)
    first = callers.ask(units=4000, at=5).refused
    assert first is not None
    assert first.wait == 5
    assert callers.refused(units=4000, at=10) == ""


def faulty(retry_after: Any) -> dict[str, Any]:
    """One 429 with that wait."""
    return {"times": 1, "params": {"retry_after": retry_after}}


@pytest.mark.parametrize(("after", "steps"), [(5, 5.0), ("2.5", 2.5), ("date:5", 5.0)])
async def test_a_throttled_client_that_does_not_wait_waits_longer(desk: Desk, after: Any, steps: float) -> None:
    """A fault counts like a quota: for the route and object that it befell, and nothing else."""
    desk.fault("429", route="removePassword", **faulty(after))
    assert (await desk.remove_password()).status == 429
    desk.clock.step(steps / 2)
    early = await desk.remove_password()
    assert (early.status, "Retry-After" in early.headers, OLD_SECRET in desk.key_ids()) == (429, True, True)
    assert (await desk.ask("GET", READ)).status == 200
    desk.clock.step(steps / 2 + 0.1)
    assert (await desk.remove_password()).status == 429
    desk.clock.step(steps)
    assert (await desk.remove_password()).status == 204


@pytest.mark.parametrize("after", [None, "soon", 0])
async def test_a_wait_of_no_length_is_none(desk: Desk, after: Any) -> None:
    """Without a number there is nothing to hold a client to."""
    desk.fault("429", route="removePassword", **faulty(after))
    assert [(await desk.remove_password()).status for _ in range(2)] == [429, 204]


async def test_another_caller_need_not_wait(desk: Desk) -> None:
    """The wait is the caller's, whichever token it shows."""
    desk.fault("429", route="read-application", **faulty(30))
    reader = await desk.token(client_id="0a0a0a0a-0000-4000-8000-000000000002", client_secret="reader")
    tokens = [await desk.token(), await desk.token(), reader]
    assert [(await desk.ask("GET", READ, token=token)).status for token in tokens] == [429, 429, 200]


async def test_a_request_in_a_batch_waits_as_well(desk: Desk) -> None:
    """Its neighbour does not."""
    desk.fault("429", route="batch:removePassword", **faulty("date:30"))

    async def batch() -> list[dict[str, Any]]:
        url, headers = f"{READ}/removePassword", {"Content-Type": "application/json"}
        remove = {"id": "a", "method": "POST", "url": url, "headers": headers, "body": {"keyId": LIVE_SECRET}}
        reply: Reply = await desk.ask(
            "POST", "/$batch", {"requests": [remove, {"id": "b", "method": "GET", "url": READ}]}
        )
        return reply.body["responses"]

    first, again = await batch(), await batch()
    assert [one["status"] for one in (*first, *again)] == [429, 200, 429, 200]
    assert first[0]["headers"]["Retry-After"].endswith("GMT")
    desk.clock.step(31)
    assert (await batch())[0]["status"] == 204


async def test_clearing_the_faults_ends_every_wait(desk: Desk) -> None:
    """A test that sets the weather anew starts anew."""
    desk.fault("429", route="removePassword", **faulty(86400))
    assert (await desk.remove_password()).status == 429
    desk.faults.clear()
    assert (await desk.remove_password()).status == 204


PRINCIPAL = f"/servicePrincipals(appId='{SALES}')"
WITH_KEYS = "?$select=id,keyCredentials"
LISTED = f"/applications{WITH_KEYS}&$top=1"


async def used_up(desk: Desk, keys_quota: str = "together") -> list[Reply]:
    """150 reads in a minute that select keyCredentials, of one application."""
    desk.holder.world.entra = replace(desk.holder.world.entra, keys_quota=keys_quota)
    return [await desk.ask("GET", READ + WITH_KEYS) for _ in range(150)]


@pytest.mark.parametrize("path", [READ + WITH_KEYS, LISTED, PRINCIPAL + WITH_KEYS])
async def test_more_than_150_reads_a_minute_that_select_keys_are_refused(desk: Desk, path: str) -> None:
    """One bucket for lists, single objects, applications and service principals, and for every caller in the tenant."""
    assert {reply.status for reply in await used_up(desk)} == {200}
    reader = await desk.token(client_id="0a0a0a0a-0000-4000-8000-000000000002", client_secret="reader")
    for token in (await desk.token(), reader):
        reply = await desk.ask("GET", path, token=token)
        assert reply.error[:2] == (429, "Request_ThrottledTemporarily")
        assert "x-ms-throttle-scope" not in reply.headers
    desk.clock.step(float(reply.headers["Retry-After"]))
    assert (await desk.ask("GET", path)).status == 200


async def test_in_a_batch_they_count_as_well(desk: Desk) -> None:
    """Each by itself; what does not select keys goes through."""
    await used_up(desk)
    urls = {"a": READ + WITH_KEYS, "b": READ, "c": PRINCIPAL + WITH_KEYS, "d": f"{READ}?$select=id,passwordCredentials"}
    requests = [{"id": name, "method": "GET", "url": url} for name, url in urls.items()]
    reply = await desk.ask("POST", "/$batch", {"requests": requests})
    assert [one["status"] for one in reply.body["responses"]] == [429, 200, 429, 200]


@pytest.mark.parametrize("path", [READ, PRINCIPAL, f"{READ}?$select=id", "/applications"])
async def test_a_read_that_does_not_select_keys_is_exempt(desk: Desk, path: str) -> None:
    """However many there were of the others."""
    await used_up(desk)
    assert (await desk.ask("GET", path)).status == 200


@pytest.mark.parametrize(
    ("keys_quota", "statuses"), [("together", [429, 200]), ("apart", [200, 200]), ("every-read", [429, 429])]
)
async def test_a_world_says_what_is_not_known_of_the_limit(desk: Desk, keys_quota: str, statuses: list[int]) -> None:
    """Whether service principals have a bucket of their own, and whether a read without $select counts after all."""
    await used_up(desk, keys_quota)
    assert [(await desk.ask("GET", path)).status for path in (PRINCIPAL + WITH_KEYS, PRINCIPAL)] == statuses


async def test_another_tenant_has_its_own_150(desk: Desk) -> None:
    """And a minute later there is room again."""
    await used_up(desk)
    quotas, asked = state.memory(desk.holder.world).quotas, Spending("t", "a", 1, False, keys="keyCredentials")
    assert quotas.take(asked, desk.clock.now()).refused is None
    desk.clock.step(60)
    assert (await desk.ask("GET", READ + WITH_KEYS)).status == 200


async def test_a_429_that_a_fault_asks_for_tells_that_it_is_no_quota(desk: Desk) -> None:
    """By the word for an overloaded service."""
    desk.fault("429", route="read-application", times=1)
    reply = await desk.ask("GET", READ)
    assert (reply.status, reply.headers["x-ms-throttle-information"]) == (429, "CPULimitExceeded")
