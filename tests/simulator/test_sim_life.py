"""The control port's `/life`: what people do in a tenant as time goes by, and what they cannot do."""

import json
from typing import Any

import aiohttp
import pytest
from sim_served import WORLD, Served
from test_sim_control import get, post

from spentkey_sim.model import Application, Tenant

UNKNOWN = "00000000-0000-4000-8000-000000000007"


def tenant_of(served: Served) -> Tenant:
    return served.simulator.holder.world.tenants[0]


def sales_of(served: Served) -> Application:
    return tenant_of(served).applications[0]


async def act(served: Served, do: str, **raw: Any) -> dict[str, Any]:
    """One act, which can be done."""
    status, body = await post(served, "/life", {"acts": [{"do": do, **raw}]})
    assert status == 200, body
    return body["done"][0]


def told(served: Served) -> list[str]:
    """The activities of the audit log."""
    return [event.body["activityDisplayName"].rstrip() for event in tenant_of(served).audit]


async def test_an_application_is_made_deleted_and_restored(served: Served) -> None:
    """Each with its event."""
    raw = {"display_name": "New", "passwords": [{"end": "-1d"}]}
    made = await act(served, "make-application", application=raw)
    new = tenant_of(served).applications[-1]
    assert (new.app_id, new.display_name, new.soft_deleted) == (made["app_id"], "New", False)
    await act(served, "delete-application", app_id=made["app_id"])
    deleted = new.soft_deleted
    await act(served, "restore-application", app_id=made["app_id"])
    assert (deleted, new.soft_deleted, len(new.passwords)) == (True, False, 1)
    assert {"Add application", "Delete application", "Restore application"} <= set(told(served))


async def test_nobody_restores_what_was_deleted_long_ago(served: Served) -> None:
    """Thirty days, and it is gone."""
    app_id = sales_of(served).app_id
    await act(served, "delete-application", app_id=app_id)
    served.simulator.clock.step(31 * 86400)
    status, body = await post(served, "/life", {"acts": [{"do": "restore-application", "app_id": app_id}]})
    assert (status, "more than 30 days ago" in body["error"], sales_of(served).soft_deleted) == (400, True, True)


async def test_a_secret_is_added_used_extended_and_removed(served: Served) -> None:
    """A removal by others is written down as theirs, with the events of a change."""
    sales, app = sales_of(served), {"app_id": sales_of(served).app_id}
    made = await act(served, "add-secret", **app, secret={"end": "+30d", "display_name": "new"})
    added = sales.passwords[-1]
    assert (added.key_id, added.display_name) == (made["key_id"], "new")
    used = await act(served, "use-credential", **app, key_id=made["key_id"], at="-2h")
    ended = await act(served, "end-credential", **app, key_id=made["key_id"], end="+90d")
    assert (added.last_used, added.end) == (used["last_used"], ended["end"])
    await act(served, "remove-credential", **app, key_id=made["key_id"], by=UNKNOWN)
    (removal,) = tenant_of(served).removals
    assert (removal.key_id, removal.by, removal.expired) == (made["key_id"], UNKNOWN, False)
    assert len(sales.passwords) == 1
    assert tenant_of(served).audit[-1].body["initiatedBy"]["app"]["appId"] == UNKNOWN


async def test_a_certificate_is_renewed(served: Served) -> None:
    """A new one is made with it; the principal may have one too."""
    app = {"app_id": sales_of(served).app_id}
    made = await act(served, "add-certificate", **app, new={"not_after": "+90d"}, certificate={})
    assert sales_of(served).certificates[-1].key_id == made["key_id"]
    assert made["certificate"] in served.simulator.holder.world.certificates
    other = {"certificate": "sales-2025", "usage": "Sign"}
    await act(served, "add-certificate", **app, on="service-principal", certificate=other)
    principal = sales_of(served).service_principal
    assert principal is not None
    assert [one.usage for one in principal.certificates] == ["Sign"]


async def test_two_secrets_of_one_moment_have_two_ids(served: Served) -> None:
    """Ids are made, and never the same."""
    app = {"app_id": sales_of(served).app_id}
    for _ in range(2):
        await act(served, "add-secret", **app)
    assert len({one.key_id for one in sales_of(served).passwords}) == 3


async def test_an_application_is_changed(served: Served) -> None:
    """Its name, and who owns it."""
    await act(served, "change-application", app_id=sales_of(served).app_id, display_name="Sold", owners=["ann"])
    assert (sales_of(served).display_name, sales_of(served).owners) == ("Sold", ["ann"])


async def test_an_act_may_leave_no_event(served: Served) -> None:
    """The log promises no completeness."""
    await act(served, "delete-application", app_id=sales_of(served).app_id, unlogged=True)
    assert told(served) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"do": "dance"}, "acts[0]: there is no act 'dance'"),
        ({"do": "delete-application", "app_id": UNKNOWN}, "there is no application"),
        ({"do": "restore-application", "app_id": "SALES"}, "there is no deleted application"),
        ({"do": "delete-application", "app_id": "SALES", "key_id": UNKNOWN}, "has no key 'key_id'"),
        ({"do": "remove-credential", "app_id": "SALES", "key_id": UNKNOWN}, "there is no credential"),
        ({"do": "add-secret", "app_id": "SALES", "secret": {"colour": 1}}, "secret: "),
        ({"do": "add-certificate", "app_id": "SALES", "certificate": {"certificate": "none"}}, "'none'"),
        ({"do": "make-application", "application": {"app_id": "SALES"}}, "there is an application"),
        ({"do": "make-application", "application": {"passwords": 5}}, "application: "),
        ({"do": "delete-application", "tenant": "nowhere", "app_id": "SALES"}, "there is no tenant 'nowhere'"),
    ],
)
async def test_what_cannot_be_done_is_told(served: Served, wrong: dict[str, Any], words: str) -> None:
    """One line; and nothing has happened."""
    sales = sales_of(served)
    given = json.loads(json.dumps(wrong).replace("SALES", sales.app_id))
    status, body = await post(served, "/life", {"acts": [given]})
    assert status == 400
    assert words in body["error"]
    assert (sales.soft_deleted, len(sales.passwords), told(served)) == (False, 1, [])


@pytest.mark.parametrize("acts", [5, [5], {"do": "add-secret"}])
async def test_acts_are_a_list_of_objects(served: Served, acts: Any) -> None:
    """Anything else is refused."""
    assert await post(served, "/life", {"acts": acts}) == (400, {"error": "acts is not a list of objects"})


async def test_the_acts_before_one_that_fails_are_done(served: Served) -> None:
    """The error says which one it was."""
    app_id = sales_of(served).app_id
    acts = [{"do": "add-secret", "app_id": app_id}, {"do": "delete-application", "app_id": UNKNOWN}]
    status, body = await post(served, "/life", {"acts": acts})
    assert (status, body["error"].startswith("acts[1]: "), len(sales_of(served).passwords)) == (400, True, 2)


async def test_the_population_of_a_generated_tenant_is_the_truth(served: Served) -> None:
    """Generated, listed, deleted and foreign ones, with what changed."""
    tenant = {**WORLD["tenants"][0], "generated": {"applications": 40, "service_principals": 30}}
    status, _ = await post(served, "/reset", {"world": {**WORLD, "tenants": [tenant]}})
    before = await get(served, "/population?tenant=production")
    app_id = next(name for name, one in before["applications"].items() if one["passwords"])
    key_id = before["applications"][app_id]["passwords"][0]["key_id"]
    await act(served, "remove-credential", app_id=app_id, key_id=key_id)
    await act(served, "delete-application", app_id=app_id)
    after = await get(served, "/population?tenant=production")
    assert (status, len(before["applications"]), len(after["applications"])) == (200, 41, 41)
    assert len(before["foreign"]) == 7
    assert after["applications"][app_id]["deleted"] is True
    assert key_id not in [one["key_id"] for one in after["applications"][app_id]["passwords"]]


async def test_a_population_needs_a_tenant_that_is_there(served: Served) -> None:
    """An unknown name is no empty tenant."""
    status, _ = await post(served, "/reset", {})
    url = f"{served.where.control_url}/population?tenant=nowhere"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert (status, answer.status) == (200, 400)


@pytest.mark.parametrize(
    "storm", [{"pages": 2}, {"rate": "much"}, {"kinds": ["page-none"]}, {"kinds": 5}, {"speed": 1}]
)
async def test_a_storm_of_pages_that_cannot_be_is_refused(served: Served, storm: Any) -> None:
    """A part beyond one, an unknown kind, an unknown key."""
    status, body = await post(served, "/faults", {"storm": storm})
    assert (status, served.simulator.faults.storm) == (400, None)
    assert body["error"]


async def test_a_storm_of_pages_begins(served: Served) -> None:
    """With its own rate and its own kinds."""
    await post(served, "/faults", {"storm": {"pages": 0.5, "kinds": ["page-empty"]}})
    storm = served.simulator.faults.storm
    assert storm is not None
    assert (storm.rate, storm.pages, storm.page_kinds) == (0, 0.5, ("page-empty",))
