"""Reads one whole list of a tenant, each object once, and says so where it is not whole."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from spentkey.core.credential import TargetKind
from spentkey.core.errors import SpentkeyError
from spentkey.core.listed import ListedObject, ListedPage
from spentkey.core.reason import Reason
from spentkey.core.scan_reasons import (
    LIST_COUNTS_LESS,
    LIST_DIFFERS,
    LIST_ENDED,
    LIST_SHORT,
    LIST_UNSTEADY,
)
from spentkey.core.scan_result import ListCount
from spentkey.ports.directory_lists import DirectoryLists

MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
"""The tenant that owns Microsoft's own service principals (learn.microsoft.com/troubleshoot/entra)."""
MANAGED = "ManagedIdentity"
FULL_PAGE = 999
"""The most objects that Graph puts on a page."""
MOST_PROBLEMS = 20
"""How many entries that cannot be read are named, for each list."""
NAMES = {TargetKind.APPLICATION: "applications", TargetKind.SERVICE_PRINCIPAL: "service principals"}


@dataclass
class ListPass:
    """One way through the pages of a list, from the first to the last."""

    pages: int = 0
    largest: int = 0
    """Objects of the largest page."""
    last: int = 0
    """Objects of the last page that was not empty."""
    repeated: int = 0
    unreadable: int = 0
    ended: bool = False
    ids: set[int] = field(default_factory=set[int])

    @property
    def ends_full(self) -> bool:
        """Whether the last page was a full one, behind which another may have been lost."""
        return self.last >= FULL_PAGE or (self.pages > 1 and self.last == self.largest)


@dataclass
class ListRead:
    """What was read of one list, and what got in the way."""

    kind: TargetKind
    listed: int = 0
    """Objects, each once."""
    pages: int = 0
    retried: int = 0
    left_out: int = 0
    """Managed identities and Microsoft's own principals, whose credentials nobody here can renew or remove."""
    count: int | None = None
    problems: list[Reason] = field(default_factory=list[Reason])
    passes: list[ListPass] = field(default_factory=list[ListPass])

    @property
    def vouched(self) -> bool:
        """Whether the directory's counter says that nothing is missing."""
        repeated = any(one.repeated for one in self.passes)
        return self.count is not None and (self.count == self.listed or (self.count < self.listed and not repeated))

    @property
    def complete(self) -> bool:
        """Whether the whole list was read, as far as anybody can tell.

        The directory's counter comes from an index that may lag behind, and some tenants have none. So a list that it does
        not vouch for is read twice, and both must show the same objects. Where the counter misses as much as a page holds,
        or a list without its word ends behind a full page, as one does whose rest is lost, the list is not whole.
        """
        ended = all(one.ended and not one.unreadable for one in self.passes)
        return ended and not self._page_missing and (self.vouched or self._agree)

    @property
    def _agree(self) -> bool:
        return len(self.passes) > 1 and all(one.ids == self.passes[0].ids for one in self.passes)

    @property
    def _page_missing(self) -> bool:
        ends_full, largest = self.passes[-1].ends_full, self.passes[-1].largest
        if self.count is None:
            return ends_full
        missing = self.count - self.listed
        return missing > 0 and (self.listed == 0 or ends_full or missing >= largest)

    def told(self) -> list[str]:
        """Why it is not whole, in words; and how the directory counts otherwise, which alone is no fault."""
        found, name = list(self.problems), NAMES[self.kind]
        values = {"list": name, "listed": self.listed, "count": "?" if self.count is None else str(self.count)}
        if all(one.ended for one in self.passes):
            if self._page_missing:
                found.append(LIST_SHORT(**values))
            elif not self.vouched:
                found.append((LIST_DIFFERS if self._agree else LIST_UNSTEADY)(**values))
            elif self.count != self.listed:
                found.append(LIST_COUNTS_LESS(**values))
        return [str(one) for one in found]

    def as_count(self) -> ListCount:
        """As a result shows it."""
        return ListCount(self.listed, self.count, self.pages, self.left_out)


def is_of_others(one: ListedObject) -> bool:
    """Whether nobody here can do anything about its credentials: a managed identity, or one of Microsoft's own."""
    return one.principal_type == MANAGED or (one.owner_tenant or "").lower() == MICROSOFT


async def read_list(
    lists: DirectoryLists,
    kind: TargetKind,
    take: Callable[[ListedObject, bool], None],
    tell: Callable[[ListRead], None],
) -> ListRead:
    """Read every page, and once more where the counter does not vouch for the list.

    `take` gets each object, and whether it was shown before; of a second reading it gets what is new. Never raises what a
    list can end with.
    """
    read, seen = ListRead(kind), set[int]()
    await _read_once(lists, read, seen, take, tell)
    read.count = await lists.count(kind)
    if read.passes[0].ended and not read.vouched:
        await _read_once(lists, read, seen, take, tell)
        read.count = await lists.count(kind)
    return read


async def _read_once(
    lists: DirectoryLists,
    read: ListRead,
    seen: set[int],
    take: Callable[[ListedObject, bool], None],
    tell: Callable[[ListRead], None],
) -> None:
    way = ListPass()
    read.passes.append(way)
    try:
        async for page in lists.pages(read.kind):
            _take_page(page, read, way, seen, take)
            tell(read)
        way.ended = True
    except SpentkeyError as problem:
        read.problems.insert(0, LIST_ENDED(list=NAMES[read.kind], pages=way.pages, why=problem.reason))


def _take_page(
    page: ListedPage, read: ListRead, way: ListPass, seen: set[int], take: Callable[[ListedObject, bool], None]
) -> None:
    way.pages += 1
    read.pages = max(read.pages, way.pages)
    read.retried += page.retried
    way.largest = max(way.largest, len(page.objects))
    way.last = len(page.objects) or way.last
    way.unreadable += len(page.unreadable)
    read.problems += page.unreadable[: max(0, MOST_PROBLEMS - len(read.problems))]
    for one in page.objects:
        number = UUID(one.target.object_id).int
        before, in_this_pass = number in seen, number in way.ids
        seen.add(number)
        way.ids.add(number)
        way.repeated += in_this_pass
        read.listed += not before
        if is_of_others(one):
            read.left_out += not before
        elif in_this_pass or not before:
            take(one, before)
