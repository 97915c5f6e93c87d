"""One list, read whole or said not to be; each object once."""

from collections.abc import AsyncIterator, Sequence

import pytest
from support_core import application, secret

from spentkey.core.credential import TargetKind
from spentkey.core.errors import Outage
from spentkey.core.listed import ListedObject, ListedPage
from spentkey.core.reason import reason_for
from spentkey.scan.list import FULL_PAGE, MICROSOFT, ListRead, is_of_others, read_list


def listed(number: int, **more: object) -> ListedObject:
    """The application of that number."""
    object_id = f"0b0b0b0b-0000-4000-8000-{number:012d}"
    return ListedObject(application(secret(), object_id=object_id), **more)  # type: ignore[arg-type]


class PagesOf:
    """A directory whose list is these pages; an error among them ends it."""

    def __init__(self, pages: Sequence[ListedPage | Outage], count: int | None = None) -> None:
        self._pages, self._count = pages, count

    async def pages(self, kind: TargetKind) -> AsyncIterator[ListedPage]:
        del kind
        for one in self._pages:
            if isinstance(one, Outage):
                raise one
            yield one

    async def count(self, kind: TargetKind) -> int | None:
        del kind
        return self._count


def page(number: int, *objects: ListedObject, **more: object) -> ListedPage:
    """A page of that number."""
    return ListedPage(number, objects, **more)  # type: ignore[arg-type]


async def read(*pages: ListedPage | Outage, count: int | None = None) -> tuple[ListRead, list[tuple[str, bool]]]:
    """What was read, and what was taken, by object id and whether it was shown before."""
    taken: list[tuple[str, bool]] = []
    found = await read_list(
        PagesOf(pages, count),  # type: ignore[arg-type]
        TargetKind.APPLICATION,
        lambda one, before: taken.append((one.target.object_id, before)),
        lambda _: None,
    )
    return found, taken


async def test_a_list_that_ends_behind_its_last_page_is_whole() -> None:
    """Pages of any size, an empty one in the middle too."""
    found, taken = await read(page(1, listed(1), listed(2)), page(2), page(3, listed(3)), count=3)
    assert (found.complete, found.listed, found.pages, found.told(), len(taken)) == (True, 3, 3, [], 3)


@pytest.mark.parametrize("count", [9, 1, None])
async def test_a_page_that_cannot_be_had_makes_the_list_incomplete(count: int | None) -> None:
    """Whatever the directory counts; what came before it is shown, and why it ended is told first."""
    found, taken = await read(page(1, listed(1)), Outage(reason_for("503")), count=count)
    assert (found.complete, len(taken)) == (False, 1)
    assert "ended after 1 pages: 503" in found.told()[0]


async def test_an_entry_that_cannot_be_read_makes_the_list_incomplete() -> None:
    """It may hold anything."""
    found, _ = await read(page(1, listed(1), unreadable=(reason_for("entry 2 has no id"),)), count=1)
    assert (found.complete, found.told()) == (False, ["entry 2 has no id"])


@pytest.mark.parametrize(("count", "whole"), [(2, True), (3, False), (None, False), (1, False)])
async def test_an_object_that_is_listed_twice_is_counted_once(count: int | None, whole: bool) -> None:
    """Another may have slipped through between two pages, unless the directory counts as many as were listed."""
    found, taken = await read(page(1, listed(1), listed(2)), page(2, listed(2)), count=count)
    assert (found.listed, found.repeated, found.complete) == (2, 1, whole)
    assert [before for _, before in taken] == [False, False, True]


@pytest.mark.parametrize(("count", "whole"), [(5, True), (4, True), (6, True), (7, False), (90, False), (None, True)])
async def test_the_counter_decides_where_as_much_as_a_page_is_missing(count: int | None, whole: bool) -> None:
    """It may lag behind, so that a smaller difference alone says nothing; it is named all the same."""
    found, _ = await read(page(1, listed(1), listed(2)), page(2, listed(3), listed(4)), page(3, listed(5)), count=count)
    assert (found.complete, bool(found.told())) == (whole, count not in (5, None))


@pytest.mark.parametrize(
    ("sizes", "count", "whole"),
    [
        ((2, 2), 5, False),
        ((2, 2), 4, True),
        ((FULL_PAGE,), 1500, False),
        ((FULL_PAGE,), FULL_PAGE, True),
        ((0,), 500, False),
        ((0,), 0, True),
        ((3,), 4, True),
    ],
)
async def test_a_list_that_ends_behind_a_full_page_is_believed_only_with_the_counter(
    sizes: tuple[int, ...], count: int, whole: bool
) -> None:
    """Whoever loses the last page loses as little as there is on it."""
    numbers = iter(range(1, 5000))
    pages = [page(at, *(listed(next(numbers)) for _ in range(size))) for at, size in enumerate(sizes, 1)]
    found, _ = await read(*pages, count=count)
    assert found.complete is whole


async def test_managed_identities_and_microsofts_own_are_left_out_and_counted() -> None:
    """Nobody here can renew or remove their credentials."""
    managed, own = listed(2, principal_type="ManagedIdentity"), listed(3, owner_tenant=MICROSOFT.upper())
    found, taken = await read(page(1, listed(1), managed, own), count=3)
    assert (found.listed, found.left_out, len(taken)) == (3, 2, 1)
    assert not is_of_others(listed(4, owner_tenant="c3c1e6bb-1ebf-4335-ad13-3419266a9781"))
