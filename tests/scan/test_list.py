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
    """A directory whose list is these pages, and `later` from the second reading on; an error among them ends it."""

    def __init__(
        self, pages: Sequence[ListedPage | Outage], count: int | None, later: Sequence[ListedPage | Outage] | None
    ) -> None:
        self._pages, self._count, self._later = pages, count, pages if later is None else later
        self.readings = 0

    async def pages(self, kind: TargetKind) -> AsyncIterator[ListedPage]:
        del kind
        self.readings += 1
        for one in self._pages if self.readings == 1 else self._later:
            if isinstance(one, Outage):
                raise one
            yield one

    async def count(self, kind: TargetKind) -> int | None:
        del kind
        return self._count


def page(number: int, *objects: ListedObject, **more: object) -> ListedPage:
    """A page of that number."""
    return ListedPage(number, objects, **more)  # type: ignore[arg-type]


async def read(
    *pages: ListedPage | Outage, count: int | None = None, later: Sequence[ListedPage | Outage] | None = None
) -> tuple[ListRead, list[tuple[str, bool]]]:
    """What was read, and what was taken, by object id and whether it was shown before."""
    taken: list[tuple[str, bool]] = []
    found = await read_list(
        PagesOf(pages, count, later),  # type: ignore[arg-type]
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


async def test_a_list_that_the_counter_vouches_for_is_read_once() -> None:
    """As nearly every list is; a counter that says less vouches too, where nothing came twice."""
    for count in (2, 1):
        found, _ = await read(page(1, listed(1), listed(2)), count=count)
        assert (found.complete, len(found.passes), bool(found.told())) == (True, 1, count == 1)


@pytest.mark.parametrize("count", [4, None])
async def test_a_list_that_shows_the_same_twice_is_whole_whatever_the_counter_says(count: int | None) -> None:
    """Its index may lag behind, and some tenants have none: the difference is named."""
    pages = [page(1, listed(1), listed(2)), page(2, listed(3))]
    found, taken = await read(*pages, count=count)
    assert (found.complete, found.listed, found.pages, len(found.passes), len(taken)) == (True, 3, 2, 2, 3)
    assert "the same 3 each time" in found.told()[0]


@pytest.mark.parametrize(("count", "whole"), [(3, True), (4, False), (None, False)])
async def test_what_the_second_reading_shows_beside_is_taken_too(count: int | None, whole: bool) -> None:
    """The first one lost an object: only the counter can say that nothing else is missing."""
    first, second = [page(1, listed(1)), page(2, listed(3))], [page(1, listed(1), listed(2)), page(2, listed(3))]
    found, taken = await read(*first, count=count, later=second)
    assert (found.complete, found.listed, len(taken), bool(found.told())) == (whole, 3, 3, not whole)


async def test_a_second_reading_that_ends_early_proves_nothing() -> None:
    """The list is not whole, though the first reading came to its end."""
    found, _ = await read(page(1, listed(1)), count=2, later=[Outage(reason_for("503"))])
    assert (found.complete, "ended after 0 pages: 503" in found.told()[0]) == (False, True)


async def test_most_of_a_page_that_is_lost_once_is_found_by_the_second_reading() -> None:
    """Fewer than a page holds, so that the counter alone would not say enough."""
    whole = [page(1, listed(1), listed(2), listed(3)), page(2, listed(4), listed(5), listed(6)), page(3, listed(7))]
    short = [whole[0], page(2, listed(4)), whole[2]]
    found, taken = await read(*short, count=7, later=whole)
    assert (found.complete, found.listed, len(taken)) == (True, 7, 7)
    found, _ = await read(*whole, count=None, later=short)
    assert not found.complete


@pytest.mark.parametrize(("count", "whole"), [(2, True), (3, True), (1, True)])
async def test_an_object_that_is_listed_twice_is_counted_once(count: int, whole: bool) -> None:
    """Another may have slipped through between two pages, unless the counter or a second reading says otherwise."""
    found, taken = await read(
        page(1, listed(1), listed(2)), page(2, listed(2)), count=count, later=[page(1, listed(1), listed(2))]
    )
    assert (found.listed, found.passes[0].repeated, found.complete) == (2, 1, whole)
    assert [before for _, before in taken] == [False, False, True]
    assert len(found.passes) == (1 if count == 2 else 2)


async def test_an_object_that_slipped_through_between_two_pages_is_found() -> None:
    """One came twice and another nowhere."""
    found, taken = await read(
        page(1, listed(1), listed(2)),
        page(2, listed(2)),
        count=None,
        later=[page(1, listed(1), listed(2)), page(2, listed(3))],
    )
    assert (found.complete, found.listed, len(taken)) == (False, 3, 4)


@pytest.mark.parametrize(("count", "whole"), [(5, True), (4, True), (6, True), (7, False), (90, False)])
async def test_the_counter_decides_where_as_much_as_a_page_is_missing(count: int, whole: bool) -> None:
    """Whatever a second reading shows."""
    found, _ = await read(page(1, listed(1), listed(2)), page(2, listed(3), listed(4)), page(3, listed(5)), count=count)
    assert (found.complete, bool(found.told())) == (whole, count != 5)


@pytest.mark.parametrize(
    ("sizes", "count", "whole"),
    [
        ((2, 2), 5, False),
        ((2, 2), 4, True),
        ((2, 2), None, False),
        ((FULL_PAGE,), 1500, False),
        ((FULL_PAGE,), FULL_PAGE, True),
        ((FULL_PAGE,), None, False),
        ((0,), 500, False),
        ((0,), 0, True),
        ((3,), 4, True),
    ],
)
async def test_a_list_that_ends_behind_a_full_page_is_believed_only_with_the_counter(
    sizes: tuple[int, ...], count: int | None, whole: bool
) -> None:
    """Whoever loses the last page loses as little as there is on it, and may lose it each time."""
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
