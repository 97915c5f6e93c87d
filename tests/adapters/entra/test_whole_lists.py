"""Whole lists of the simulator over TLS: whatever befalls a page, the list is whole or says that it is not."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from fault_rules import fault
from real_simulator import RealSimulator, SteppingClock, Steps
from worlds import APP, OBJECT, world

from spentkey.adapters.entra.directories import EntraDirectories
from spentkey.adapters.entra.lists import EntraLists
from spentkey.bootstrap.context import context_for
from spentkey.core.credential import TargetKind
from spentkey.core.errors import AccessRefused, Outage, SpentkeyError
from spentkey.core.listed import ListedObject
from spentkey.core.reason import Reason
from spentkey.ports.directory_lists import ListBroken

APPLICATIONS, PRINCIPALS = TargetKind.APPLICATION, TargetKind.SERVICE_PRINCIPAL
SIZE = 10
ALL = 35
"""Applications in the tenant, of which one is listed in the world; four pages of them."""
READ = ["Application.Read.All", "AuditLog.Read.All", "User.Read.All"]


def tenant(*, roles: list[str] | None = None, entra: dict[str, Any] | None = None, **generated: Any) -> dict[str, Any]:
    """A world with a tenant of `ALL` applications and as many service principals."""
    made = world(application={"owners": ["ann@gentplus.example"]})
    first = made["tenants"][0]
    first["generated"] = {"seed": 5, "applications": ALL - 1, "service_principals": ALL - 1, **generated}
    first["clients"][0]["roles"] = READ if roles is None else roles
    return made | {"entra": entra or {}}


@pytest.fixture
def stage(simulator_process: RealSimulator) -> RealSimulator:
    """The simulator process with that tenant, and no faults."""
    simulator_process.reset(tenant())
    return simulator_process


@dataclass
class Seen:
    """What was read of a list, and why no more."""

    objects: list[ListedObject] = field(default_factory=list[ListedObject])
    unreadable: list[Reason] = field(default_factory=list[Reason])
    pages: int = 0
    retried: int = 0
    problem: SpentkeyError | None = None

    @property
    def ids(self) -> list[str]:
        return [one.target.object_id for one in self.objects]


@asynccontextmanager
async def lists_of(sim: RealSimulator, *, tries: int = 5, size: int = SIZE) -> AsyncGenerator[EntraLists]:
    """The lists of that tenant, in small pages."""
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=SteppingClock(sim)) as context:
        directories = context.directories
        assert isinstance(directories, EntraDirectories)
        made = await directories.lists(next(one for one in context.rules.tenants if one.name == "production"))
        yield replace(made, paging=replace(made.paging, tries=tries), page_size=size)


async def read(lists: EntraLists, kind: TargetKind = APPLICATIONS) -> Seen:
    """The whole list, as far as it can be had."""
    seen = Seen()
    try:
        async for page in lists.pages(kind):
            seen.pages += 1
            assert page.number == seen.pages
            seen.objects += page.objects
            seen.unreadable += page.unreadable
            seen.retried += page.retried
    except SpentkeyError as problem:
        seen.problem = problem
    return seen


async def seen_under(sim: RealSimulator, kind: str, route: str = "list-applications", **more: Any) -> Seen:
    """What is read while the second page has that fault."""
    rule: dict[str, Any] = {"nth": 2, **more}
    sim.faults(fault("graph", route, kind, **rule))
    async with lists_of(sim) as lists:
        return await read(lists, APPLICATIONS if route == "list-applications" else PRINCIPALS)


@pytest.fixture
def everything(stage: RealSimulator) -> set[str]:
    """The ids of all applications, as they really are."""
    return {one["object_id"] for one in stage.population("production")["applications"].values()}


async def test_both_lists_are_read_whole_and_agree_with_the_counter(stage: RealSimulator, everything: set[str]) -> None:
    """Each object once; the counter has its own route."""
    async with lists_of(stage) as lists:
        applications, principals = await read(lists), await read(lists, PRINCIPALS)
        assert (set(applications.ids), len(applications.ids), applications.pages) == (everything, ALL, 4)
        assert (len(set(principals.ids)), principals.problem, principals.retried) == (len(principals.ids), None, 0)
        counts = [await lists.count(one) for one in (APPLICATIONS, PRINCIPALS)]
        assert counts == [ALL, len(principals.ids)]
    asked = [one for one in stage.journal() if one["route"] == "list-applications"]
    assert len(asked) == applications.pages


Rule = dict[str, Any]
RETRIED: dict[str, tuple[str, Rule]] = {
    "429 with Retry-After": ("429", {"params": {"retry_after": 7}}),
    "429 without": ("429", {}),
    "500": ("500", {}),
    "503": ("503", {}),
    "a page for people": ("html", {}),
    "a reset": ("reset", {}),
    "a reset in the body": ("truncate", {"when": "after"}),
    "half of the JSON": ("cut", {"when": "after"}),
    "404": ("404", {}),
    "the token ends": ("expire-token", {}),
    "no value": ("page-changed", {"params": {"without": ["value"]}}),
    "a value that is no list": ("page-changed", {"params": {"changes": {"value": None}}}),
    "a link that is no text": ("page-changed", {"params": {"changes": {"@odata.nextLink": 5}}}),
}


@pytest.mark.parametrize("name", RETRIED)
async def test_a_page_that_fails_is_asked_for_until_it_is_there(
    stage: RealSimulator, everything: set[str], name: str
) -> None:
    """Nothing is lost, nothing twice, and the tries are told."""
    kind, more = RETRIED[name]
    seen = await seen_under(stage, kind, **more)
    assert (seen.problem, set(seen.ids), len(seen.ids)) == (None, everything, ALL)
    assert seen.retried == 1 or name == "a reset"  # a connection that was used before is opened anew without a word


@pytest.mark.parametrize(
    ("kind", "params", "pages"),
    [("page-empty", {}, 5), ("page-shuffled", {}, 4)],
)
async def test_a_page_that_is_odd_but_lawful_loses_nothing(
    stage: RealSimulator, everything: set[str], kind: str, params: dict[str, Any], pages: int
) -> None:
    """An empty page with a link goes on."""
    seen = await seen_under(stage, kind, params=params)
    assert (seen.problem, set(seen.ids), len(seen.ids), seen.pages) == (None, everything, ALL, pages)


async def test_an_object_that_comes_twice_is_shown_twice(stage: RealSimulator, everything: set[str]) -> None:
    """Whoever counts tells the two from two objects: the ids are the same."""
    seen = await seen_under(stage, "page-twice")
    assert (seen.problem, set(seen.ids), len(seen.ids)) == (None, everything, ALL + 1)


@pytest.mark.parametrize("kind", ["page-lost", "page-ends", "page-short", "page-swapped"])
async def test_what_a_page_does_not_show_is_missing_from_the_count(stage: RealSimulator, kind: str) -> None:
    """No client can tell it from the page; the counter has one more."""
    stage.faults(fault("graph", "list-applications", kind, nth=2))
    async with lists_of(stage) as lists:
        seen = await read(lists)
        counted = await lists.count(APPLICATIONS)
    assert counted == ALL
    assert len(set(seen.ids)) < ALL


async def test_entries_that_are_no_objects_are_named(stage: RealSimulator) -> None:
    """The others are read."""
    objects: list[Any] = [
        None,
        {"id": 5},
        {"id": OBJECT, "appId": APP, "passwordCredentials": None, "keyCredentials": []},
    ]
    seen = await seen_under(stage, "page-more", params={"objects": objects})
    assert [one.code for one in seen.unreadable] == [
        "list-entry-no-object",
        "list-entry-without-id",
        "list-object-unreadable",
    ]
    assert (seen.problem, len(seen.ids)) == (None, ALL)


FOREVER: Rule = {"nth": None}
BROKEN: dict[str, tuple[str, Rule]] = {
    "leads to itself": ("page-same", {}),
    "leads to itself each time": ("page-same", FOREVER),
    "leads to another host": ("https://graph.example.net/v1.0/applications?$skiptoken=x", {}),
    "leads to nowhere": ("x", {}),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_link_that_leads_astray_ends_the_list_with_a_word(stage: RealSimulator, name: str) -> None:
    """It is not followed, and the list is not called whole."""
    kind, more = BROKEN[name]
    changed: Rule = {"params": {"changes": {"@odata.nextLink": kind}}}
    fake = not kind.startswith("page-")
    seen = await (seen_under(stage, "page-changed", **changed) if fake else seen_under(stage, kind, **more))
    assert isinstance(seen.problem, ListBroken)
    assert len(seen.ids) < ALL


GIVEN_UP: dict[str, tuple[str, Rule, str]] = {
    "gone": ("410", {}, "page 2 of /v1.0/applications could not be read: Microsoft Graph answered 410.*too old"),
    "503 for good": ("503", FOREVER, "page 1 of /v1.0/applications could not be read: .* 503"),
    "429 for good": ("429", FOREVER, "page 1 .* 429"),
    "a wait that is too long": ("429", {"params": {"retry_after": 4000}}, "page 2 .* 429"),
    "a page for people for good": ("html", FOREVER, "page 1 .* could not be read"),
    "half of the JSON for good": ("cut", FOREVER | {"when": "after"}, "page 1 .* could not be read"),
    "no value for good": ("page-changed", FOREVER | {"params": {"without": ["value"]}}, "page 1 .* without a list"),
    "reset for good": ("reset", FOREVER, "page 1 .* could not be read"),
    "another list": ("503", FOREVER | {"route": "list-service-principals"}, "page 1 of /v1.0/servicePrincipals .* 503"),
}


@pytest.mark.parametrize("name", GIVEN_UP)
async def test_a_page_that_cannot_be_had_ends_the_list_with_a_word(stage: RealSimulator, name: str) -> None:
    """Which page, of which list, and why; no more than that was read is said to be."""
    kind, more, words = GIVEN_UP[name]
    seen = await seen_under(stage, kind, **more)
    assert isinstance(seen.problem, Outage)
    assert len(seen.ids) in (0, SIZE)
    with pytest.raises(Outage, match=words):
        raise seen.problem


async def test_a_link_that_grew_too_old_ends_the_list(stage: RealSimulator) -> None:
    """It is not begun anew in silence: the pages before would be of another time."""
    stage.reset(tenant(entra={"page_token_s": 60}))
    async with lists_of(stage) as lists:
        pages = lists.pages(APPLICATIONS)
        assert len((await anext(pages)).objects) == SIZE
        stage.step_clock(timedelta(minutes=5).total_seconds())
        with pytest.raises(Outage, match=r"page 2 .* Directory_ExpiredPageToken: the link to this page is too old"):
            await anext(pages)


async def test_a_list_that_may_not_be_read_is_refused(stage: RealSimulator) -> None:
    """Waiting does not help: the operator must grant it."""
    stage.reset(tenant(roles=[]))
    async with lists_of(stage) as lists:
        seen = await read(lists)
    assert isinstance(seen.problem, AccessRefused)
    assert seen.ids == []


@pytest.mark.parametrize("kind", ["503", "html", "403"])
async def test_a_counter_that_cannot_be_read_is_no_failure(stage: RealSimulator, kind: str) -> None:
    """Tenants without one exist."""
    stage.faults(fault("graph", "count-applications", kind))
    async with lists_of(stage) as lists:
        assert await lists.count(APPLICATIONS) is None


async def test_owners_are_read_in_batches_of_twenty(stage: RealSimulator, everything: set[str]) -> None:
    """With name and address where the directory shows them."""
    async with lists_of(stage) as lists:
        owners = await lists.owners(APPLICATIONS, sorted(everything))
    assert set(owners) == everything
    assert None not in owners.values()
    assert [(one.name, one.mail) for one in owners[OBJECT] or ()] == [("ann@gentplus.example",) * 2]
    assert len([one for one in stage.journal() if one["route"] == "batch"]) == 2


async def test_owners_beyond_one_page_are_read_to_the_end(stage: RealSimulator) -> None:
    """A page of them is not all of them."""
    made = tenant()
    made["tenants"][0]["applications"][0]["owners"] = [f"owner{one}" for one in range(7)]
    stage.reset(made)
    async with lists_of(stage, size=3) as lists:
        found = (await lists.owners(APPLICATIONS, [OBJECT]))[OBJECT]
    assert [one.name for one in found or ()] == [f"owner{one}" for one in range(7)]


@pytest.mark.parametrize(("kind", "more", "had"), [("429", {"times": 2}, True), ("503", {}, False), ("403", {}, False)])
async def test_one_part_of_a_batch_that_fails_harms_no_other(
    stage: RealSimulator, everything: set[str], kind: str, more: dict[str, Any], had: bool
) -> None:
    """A part that was throttled is asked for once more; one that cannot be had is None, never empty."""
    stage.faults(fault("graph", "batch:application-owners", kind, object=APP, **more))
    async with lists_of(stage) as lists:
        owners = await lists.owners(APPLICATIONS, sorted(everything))
    assert ((owners[OBJECT] is not None), sum(one is None for one in owners.values())) == (had, 0 if had else 1)


async def test_federated_credentials_are_counted(stage: RealSimulator, everything: set[str]) -> None:
    """Of each application; of one that is not there it is not known."""
    stage.reset(tenant(federated_share=1.0))
    absent = "2b2b2b2b-9999-4999-8999-999999999999"
    async with lists_of(stage) as lists:
        found = await lists.federated([*sorted(everything), absent])
    assert (found[OBJECT], found[absent]) == (0, None)
    assert [one for one in everything if not found[one]] == [OBJECT]


@pytest.mark.parametrize("report", ["end-date-time", "end-date", "both"])
async def test_the_report_of_use_is_read_whole(stage: RealSimulator, report: str) -> None:
    """However it names the end of a credential, and over several pages."""
    stage.reset(tenant(entra={"use_report": report}, used_share=1.0))
    async with lists_of(stage) as lists:
        use = await lists.credential_use()
    assert not isinstance(use, Reason)
    assert len(use) > SIZE
    assert {one.state for one in use.values()} == {"used"}


async def test_the_report_of_use_without_a_licence_is_not_available(stage: RealSimulator) -> None:
    """Which is no empty report."""
    stage.reset(tenant(entra={"use_report": "no-licence"}))
    async with lists_of(stage) as lists:
        use = await lists.credential_use()
    assert (isinstance(use, Reason), getattr(use, "code", "")) == (True, "use-report-not-available")


async def test_a_part_of_the_report_of_use_is_none(stage: RealSimulator) -> None:
    """One page is missing, so nothing is said of any credential."""
    stage.reset(tenant(used_share=1.0))
    stage.faults(fault("graph", "list-credential-use", "503", nth=2), fault("graph", "list-credential-use", "503"))
    async with lists_of(stage) as lists:
        assert isinstance(await lists.credential_use(), Reason)


async def test_without_the_audit_log_the_report_is_not_asked_for(stage: RealSimulator) -> None:
    """The token says so beforehand."""
    stage.reset(tenant(roles=["Application.Read.All"]))
    async with lists_of(stage) as lists:
        assert (await lists.reads_audit_log(), isinstance(await lists.credential_use(), Reason)) == (False, True)
    assert [one for one in stage.journal() if one["route"] == "list-credential-use"] == []


async def test_deleted_applications_are_known(stage: RealSimulator) -> None:
    """They explain what vanished since the last scan."""
    stage.live({"do": "delete-application", "tenant": "production", "app_id": APP})
    async with lists_of(stage) as lists:
        deleted = await lists.deleted_applications()
    assert deleted is not None
    assert list(deleted) == [OBJECT]
    assert deleted[OBJECT] is not None


@pytest.mark.parametrize("kind", ["503", "403", "html"])
async def test_deleted_applications_that_cannot_be_read_are_not_none_at_all(stage: RealSimulator, kind: str) -> None:
    """None of them is known, which is another thing than that there are none."""
    stage.faults(fault("graph", "list-deleted-applications", kind))
    async with lists_of(stage) as lists:
        assert await lists.deleted_applications() is None
