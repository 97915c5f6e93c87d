"""Pages that repeat themselves, are passed over, lack objects, show some twice, or are none; and a directory that moves."""

import json
from typing import Any

import pytest
from aiohttp import ClientError, ClientPayloadError
from entra_desk import Desk
from entra_lists import pages, served, world

NAMES = [f"App {n}" for n in range(9)]
PATH = "/applications?$select=displayName&$top=3"
RULE = {"system": "graph", "route": "list-applications"}


def tenant(**entra: Any) -> dict[str, Any]:
    """Nine applications, which make three pages of three."""
    return world(entra=entra, applications=[{"display_name": name} for name in NAMES])


def named(page: Any) -> list[str]:
    return [one["displayName"] for one in page.body["value"]]


async def seen(desk: Desk, kind: str, *, nth: int = 2, most: int = 6, **params: Any) -> list[list[str]]:
    """The names on each page, of which one has that fault."""
    desk.fault(kind, **RULE, nth=nth, params=params)
    return [named(page) for page in await pages(desk, PATH, most=most)]


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("page-same", {}, [[0, 1, 2], [3, 4, 5], [3, 4, 5], [6, 7, 8]]),
        ("page-lost", {}, [[0, 1, 2], [3, 4, 5]]),
        ("page-ends", {}, [[0, 1, 2], [3, 4, 5]]),
        ("page-short", {}, [[0, 1, 2], [3, 5], [6, 7, 8]]),
        ("page-short", {"objects": 2}, [[0, 1, 2], [5], [6, 7, 8]]),
        ("page-twice", {}, [[0, 1, 2], [2, 3, 4, 5], [6, 7, 8]]),
        ("page-twice", {"objects": 2}, [[0, 1, 2], [1, 2, 3, 4, 5], [6, 7, 8]]),
        ("page-swapped", {}, [[0, 1, 2], [3, 4, 6], [6, 7, 8]]),
        ("page-empty", {}, [[0, 1, 2], [], [3, 4, 5], [6, 7, 8]]),
    ],
)
async def test_a_page_goes_wrong_as_the_rule_says(kind: str, params: dict[str, Any], expected: list[list[int]]) -> None:
    """The second of three pages."""
    async with served(tenant()) as desk:
        assert await seen(desk, kind, **params) == [[f"App {n}" for n in page] for page in expected]


async def test_a_page_in_another_order_has_the_same_objects() -> None:
    """None more, none less."""
    async with served(tenant()) as desk:
        found = await seen(desk, "page-shuffled")
        assert found[1] != NAMES[3:6]
        assert sorted(found[1]) == NAMES[3:6]


async def test_a_page_that_always_repeats_itself_never_ends() -> None:
    """Whoever follows the link without looking goes on forever."""
    async with served(tenant()) as desk:
        desk.fault("page-same", **RULE)
        assert [named(page) for page in await pages(desk, PATH, most=5)] == [NAMES[:3]] * 5


@pytest.mark.parametrize(
    ("params", "name", "value"),
    [
        ({"changes": {"value": None}}, "value", None),
        ({"changes": {"value": {}}}, "value", {}),
        ({"without": ["value"]}, "value", "absent"),
        ({"changes": {"@odata.nextLink": 5}}, "@odata.nextLink", 5),
        ({"without": ["@odata.nextLink"]}, "@odata.nextLink", "absent"),
    ],
)
async def test_an_answer_has_other_properties(params: dict[str, Any], name: str, value: Any) -> None:
    """Null, of a wrong type, or not there."""
    async with served(tenant()) as desk:
        desk.fault("page-changed", **RULE, params=params)
        assert (await desk.ask("GET", PATH)).body.get(name, "absent") == value


async def test_a_page_holds_what_is_no_application() -> None:
    """Anything that is JSON."""
    async with served(tenant()) as desk:
        desk.fault("page-more", **RULE, params={"objects": [None, {"id": 5}]})
        assert (await desk.ask("GET", PATH)).body["value"][3:] == [None, {"id": 5}]


async def test_an_answer_is_cut_in_good_order() -> None:
    """The length agrees, and half the JSON is there."""
    async with served(tenant()) as desk:
        desk.fault("cut", **RULE)
        headers = {"Authorization": f"Bearer {await desk.token()}"}
        answer = await desk.client.get(f"/v1.0{PATH}", headers=headers)
        text = await answer.text()
        assert (answer.status, int(answer.headers["Content-Length"])) == (200, len(text))
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)


async def test_a_connection_ends_in_the_middle_of_a_page() -> None:
    """As with any answer."""
    async with served(tenant()) as desk:
        desk.fault("truncate", **RULE, when="after")
        with pytest.raises((ClientPayloadError, ClientError)):
            await desk.ask("GET", PATH)


@pytest.mark.parametrize("status", [404, 410, 429, 500, 503])
async def test_a_page_is_refused_once(status: int) -> None:
    """Whoever asks for it once more has it."""
    async with served(tenant()) as desk:
        desk.fault(str(status), **RULE, nth=2)
        (_, refused) = await pages(desk, PATH)
        assert refused.status == status
        assert "Retry-After" not in refused.headers


async def test_a_token_ends_between_two_pages() -> None:
    """The link stays good for the next token."""
    async with served(tenant()) as desk:
        desk.fault("expire-token", **RULE, nth=1, when="after")
        (first, refused) = await pages(desk, PATH)
        link = first.body["@odata.nextLink"].removeprefix(f"{desk.base}/v1.0")
        assert (refused.status, (await desk.ask("GET", link)).status) == (401, 200)


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("make-application", {}, [*NAMES, "Made 9"]),
        ("delete-application", {}, NAMES[:-1]),
        ("delete-application", {"at": 0}, NAMES),
        ("delete-application", {"at": 4}, [*NAMES[:4], *NAMES[5:]]),
        ("rename-application", {"name": "New"}, [*NAMES[:-1], "New"]),
    ],
)
async def test_the_directory_moves_between_two_pages(kind: str, params: dict[str, Any], expected: list[str]) -> None:
    """What is made stands at the end, what is deleted leaves no other out."""
    async with served(tenant()) as desk:
        found = await seen(desk, kind, **params)
        assert [name for page in found for name in page] == expected


@pytest.mark.parametrize("params", [{"at": 400}, {"app_id": "00000000-0000-4000-8000-000000000007"}])
async def test_nobody_deletes_what_is_not_there(params: dict[str, Any]) -> None:
    """A position behind the end, an unknown app id."""
    async with served(tenant()) as desk:
        found = await seen(desk, "delete-application", **params)
        assert [name for page in found for name in page] == NAMES


async def test_a_fault_of_pages_leaves_other_reads_alone() -> None:
    """One object has no pages."""
    async with served(tenant()) as desk:
        desk.fault("page-empty", system="graph", route="*")
        one = desk.tenant.applications[0]
        assert (await desk.ask("GET", f"/applications/{one.object_id}")).body["displayName"] == one.display_name
