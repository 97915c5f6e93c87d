"""Request offerings: two ids that belong together, 200 in every case, and requests that say nothing."""

from typing import Any

import pytest
from ivanti_support import KEY

from spentkey_sim.clock import SimClock
from spentkey_sim.ivanti import offerings, records
from spentkey_sim.model import World
from spentkey_sim.world import load

RAW: dict[str, Any] = {
    "seed": 7,
    "ivanti": {
        "api_key": KEY,
        "offerings": [
            {
                "name": "Remove",
                "task_delay_s": 30,
                "parameters": [
                    {"name": "SecretID"},
                    {"name": "Department"},
                    {"name": "Kind", "type": "combo", "options": ["Secret"], "required": False},
                    {"name": "Agreed", "type": "checkbox", "required": False},
                ],
            },
            {"name": "Laptop", "parameters": [{"name": "Colour"}]},
        ],
    },
}


@pytest.fixture
def world() -> World:
    """Two offerings."""
    return load(RAW, SimClock())


def body(world: World, *values: str, offering: int = 0, **changes: Any) -> dict[str, Any]:
    """A submission of the first offering, with these values for the parameters of one."""
    asked = world.ivanti.offerings[offering].questions
    sound: dict[str, Any] = dict.fromkeys(offerings.KEYS, "")
    sound["parameters"] = {f"par-{one.rec_id}": value for one, value in zip(asked, values, strict=False)}
    sound["subscriptionId"] = world.ivanti.offerings[0].subscription
    sound["strUserId"] = records.made_id(world, "employee", world.ivanti.login_id.casefold())
    return {**sound, "localOffset": -60, **changes}


def submitted(world: World, sent: dict[str, Any]) -> dict[str, Any]:
    """The reply."""
    return offerings.submit(world, sent, SimClock().now(), applies=True)


def test_a_submission_makes_a_request_and_later_its_task(world: World) -> None:
    """Whose answers are told by their ids."""
    clock = SimClock()
    reply = offerings.submit(world, body(world, "a", "b"), clock.now(), applies=True)
    (made,) = reply["ServiceRequests"]
    assert (reply["IsSuccess"], made["strRequestNum"], len(made["parameterTemplateParameterIds"])) == (True, "10001", 2)
    assert world.ivanti.requests[0].parameters == [("SecretID", "a"), ("Department", "b")]
    assert world.ivanti.tasks == []
    clock.step(31)
    offerings.arrive(world, clock.now())
    assert [(task.parent, task.owner_team) for task in world.ivanti.tasks] == [(10001, "Spentkey")]


def test_the_same_submission_makes_another_request(world: World) -> None:
    """No key makes them one."""
    assert {submitted(world, body(world, "a", "b"))["ServiceRequests"][0]["strRequestNum"] for _ in range(3)} == {
        "10001",
        "10002",
        "10003",
    }


def test_parameters_of_another_offering_make_a_request_that_says_nothing(world: World) -> None:
    """It is reported as a success."""
    reply = submitted(world, body(world, "red", offering=1))
    assert (reply["IsSuccess"], reply["ServiceRequests"][0]["parameterTemplateParameterIds"]) == (True, {})
    assert world.ivanti.requests[0].parameters == []


@pytest.mark.parametrize(
    ("values", "text"),
    [(("", ""), "SecretID"), (("a", ""), "Department"), (("a", "b", "Secret"), "Kind")],
)
def test_what_is_missing_is_named_one_at_a_time(world: World, values: tuple[str, ...], text: str) -> None:
    """A list's answer without the id of its option counts as missing."""
    reply = submitted(world, body(world, *values))
    assert reply == {"IsSuccess": False, "ErrorText": f"Parameter '{text}': Required", "ServiceRequests": []}
    assert world.ivanti.requests == []


@pytest.mark.parametrize("key", offerings.KEYS)
def test_every_key_is_needed(world: World, key: str) -> None:
    """All eleven."""
    sent = body(world, "a", "b")
    del sent[key]
    assert not submitted(world, sent)["IsSuccess"]


def test_an_unknown_subscription_makes_nothing(world: World) -> None:
    """The other id of the offering is none."""
    reply = submitted(world, body(world, "a", "b", subscriptionId=world.ivanti.offerings[0].rec_id))
    assert (reply["IsSuccess"], world.ivanti.requests) == (False, [])


@pytest.mark.parametrize(("value", "stored"), [("true", "true"), ("True", "false"), ("1", "false")])
def test_a_box_is_ticked_by_one_text(world: World, value: str, stored: str) -> None:
    """Everything else is no."""
    asked = world.ivanti.offerings[0].questions[3]
    sent = body(world, "a", "b")
    sent["parameters"][f"par-{asked.rec_id}"] = value
    submitted(world, sent)
    assert world.ivanti.requests[0].parameters[-1] == ("Agreed", stored)
