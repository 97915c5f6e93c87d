"""The control port: truth, journal, seed, faults, clock, reset; and what it refuses."""

from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from sim_served import WORLD, Served


async def get(served: Served, path: str) -> Any:
    """What the control port shows."""
    async with aiohttp.ClientSession() as session, session.get(served.where.control_url + path) as answer:
        assert answer.status == 200
        return await answer.json()


async def post(served: Served, path: str, body: Any) -> tuple[int, Any]:
    """What the control port answers."""
    async with aiohttp.ClientSession() as session, session.post(served.where.control_url + path, json=body) as answer:
        return answer.status, await answer.json()


async def test_truth_shows_every_system(served: Served) -> None:
    """Tenants, tasks, the clock, and what the world expects."""
    truth = await get(served, "/truth")
    sales = served.simulator.holder.world.tenants[0].applications[0]
    shown = truth["tenants"]["production"]["applications"][sales.app_id]
    assert shown["display_name"] == "Sales"
    assert [one["key_id"] for one in shown["certificates"]] == [one.key_id for one in sales.certificates]
    assert (truth["tenants"]["production"]["removals"], shown["service_principal"]["passwords"]) == ([], [])
    assert truth["ivanti"]["tasks"]["40021"]["status"] == "Logged"
    assert truth["expect"] == WORLD["expect"]
    assert datetime.fromisoformat(truth["clock"])


async def test_the_journal_starts_empty(served: Served) -> None:
    """Nobody has asked anything yet: the simulator's own start leaves no trace."""
    assert await get(served, "/journal") == {"entries": []}


async def test_the_journal_is_shown_from_a_number_on(served: Served) -> None:
    """Who watches a long run does not read all of it again each time."""
    for number in range(3):
        served.simulator.journal.add(system="ivanti", object=str(number))
    shown = [await get(served, f"/journal?after={after}") for after in (0, 2, 3)]
    assert [[one["n"] for one in each["entries"]] for each in shown] == [[1, 2, 3], [3], []]


@pytest.mark.parametrize("after", ["-1", "x", "1.5", ""])
async def test_a_number_that_is_none_is_refused(served: Served, after: str) -> None:
    """A wrong question is no empty journal."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{served.where.control_url}/journal?after={after}") as answer,
    ):
        assert (answer.status, await answer.json()) == (400, {"error": "after is not the number of an entry"})


async def test_the_seed_is_known(served: Served) -> None:
    """Whoever sees a failure can replay it."""
    assert await get(served, "/seed") == {"seed": 7}


async def test_rules_are_added_and_cleared(served: Served) -> None:
    """A rule works until it is cleared."""
    rule = {"system": "login", "kind": "503"}
    assert await post(served, "/faults", {"rules": [rule]}) == (200, {"added": 1})
    fault = served.simulator.faults.decide("login", "token", "")
    assert fault is not None
    assert fault.kind == "503"
    await post(served, "/faults", {"clear": True})
    assert served.simulator.faults.decide("login", "token", "") is None


async def test_a_storm_begins_and_ends(served: Served) -> None:
    """With the usual rate or another; a reset brings the weather of the start back."""
    faults = served.simulator.faults
    rates: list[float | None] = []
    for storm in (True, 0.5, False, 1):
        assert (await post(served, "/faults", {"storm": storm}))[0] == 200
        rates.append(faults.storm.rate if faults.storm else None)
    assert rates == [0.15, 0.5, None, 1.0]
    await post(served, "/faults", {"clear": True})
    assert faults.storm is not None
    await post(served, "/reset", {})
    assert faults.storm is None


@pytest.mark.parametrize("storm", [0, -1, 1.5, "much", [0.1]])
async def test_a_storm_that_cannot_be_is_refused(served: Served, storm: Any) -> None:
    """And the weather stays as it is."""
    status, body = await post(served, "/faults", {"storm": storm})
    assert (status, "storm" in body["error"], served.simulator.faults.storm) == (400, True, None)


async def test_the_clock_is_set_and_stepped(served: Served) -> None:
    """Both ways of moving it."""
    await post(served, "/clock", {"set": "2030-01-01T00:00:00Z"})
    _, body = await post(served, "/clock", {"step": 3600})
    moment = datetime.fromisoformat(body["clock"])
    assert timedelta() <= moment - datetime.fromisoformat("2030-01-01T01:00:00Z") < timedelta(seconds=30)


async def test_a_reset_brings_back_the_first_world(served: Served) -> None:
    """What was removed is there again, and journal, rules and clock are as at the start."""
    tenant = served.simulator.holder.world.tenants[0]
    tenant.applications[0].passwords.clear()
    served.simulator.clock.step(10**6)
    served.simulator.journal.add(system="graph")
    served.simulator.faults.add({"kind": "503"})
    assert (await post(served, "/reset", {}))[0] == 200
    again = served.simulator.holder.world.tenants[0]
    assert (again.tenant_id, len(again.applications[0].passwords)) == (tenant.tenant_id, 1)
    assert served.simulator.journal.entries == []
    assert served.simulator.faults.decide("graph", "list-applications", "") is None
    assert abs(served.simulator.clock.now() - type(served.simulator.clock)().now()) < timedelta(seconds=5)


async def test_a_reset_may_bring_another_world(served: Served) -> None:
    """With its own seed; an empty reset afterwards is the first world again."""
    other = {"seed": 9, "tenants": [{"name": "elsewhere"}]}
    assert await post(served, "/reset", {"world": other}) == (200, {"seed": 9})
    assert list((await get(served, "/truth"))["tenants"]) == ["elsewhere"]
    await post(served, "/reset", {})
    assert list((await get(served, "/truth"))["tenants"]) == ["production"]


WRONG_BODIES: list[tuple[str, Any]] = [
    ("/faults", {"rules": [{"kind": "earthquake"}]}),
    ("/faults", {"rules": [{"kind": "503", "when": "during"}]}),
    ("/faults", {"rules": [{"kind": "503", "nth": 0}]}),
    ("/faults", {"rules": [{"kind": "503", "times": "many"}]}),
    ("/faults", {"rules": [{"kind": "503", "chance": 1}]}),
    ("/faults", {"rules": [{"kind": "503", "params": 7}]}),
    ("/faults", {"rules": [{"kind": "503", "route": 7}]}),
    ("/faults", {"rules": "all"}),
    ("/faults", {"rule": []}),
    ("/faults", []),
    ("/clock", {}),
    ("/clock", {"set": "tomorrow"}),
    ("/clock", {"set": "2030-01-01T00:00:00"}),
    ("/clock", {"step": "1"}),
    ("/clock", {"step": True}),
    ("/clock", {"step": 1e300}),
    ("/clock", {"set": "2030-01-01T00:00:00Z", "step": 1}),
    ("/reset", {"world": []}),
    ("/reset", {"world": {"tenants": [{}]}}),
    ("/reset", {"worlds": {}}),
]


@pytest.mark.parametrize(
    ("path", "body"),
    WRONG_BODIES,
)
async def test_a_wrong_body_changes_nothing(served: Served, path: str, body: Any) -> None:
    """400 and one line that says what is wrong."""
    before = served.simulator.holder.world
    status, answer = await post(served, path, body)
    assert status == 400
    assert answer["error"]
    assert "\n" not in answer["error"]
    assert served.simulator.holder.world is before
    assert served.simulator.faults.decide("graph", "*", "*") is None


async def test_what_is_no_json_is_refused(served: Served) -> None:
    """Broken bodies have the same kind of answer."""
    url = f"{served.where.control_url}/clock"
    async with aiohttp.ClientSession() as session, session.post(url, data="{") as answer:
        assert (answer.status, await answer.json()) == (400, {"error": "the body is not JSON"})
