"""Reads one whole list of a tenant, each object once, and says so where it is not whole."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from spentkey.core.credential import TargetKind
from spentkey.core.errors import SpentkeyError
from spentkey.core.listed import ListedObject, ListedPage
from spentkey.core.reason import Reason
from spentkey.core.scan_reasons import LIST_DIFFERS, LIST_ENDED, LIST_SHORT, LIST_TWICE
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
class ListRead:
    """What was read of one list, and what got in the way."""

    kind: TargetKind
    listed: int = 0
    """Objects, each once."""
    pages: int = 0
    largest: int = 0
    """Objects of the largest page."""
    last: int = 0
    """Objects of the last page that was not empty."""
    retried: int = 0
    repeated: int = 0
    left_out: int = 0
    """Managed identities and Microsoft's own principals, whose credentials nobody here can renew or remove."""
    count: int | None = None
    problems: list[Reason] = field(default_factory=list[Reason])
    unreadable: int = 0
    ended: bool = False

    @property
    def complete(self) -> bool:
        """Whether the whole list was read, as far as anybody can tell.

        The directory's counter may lag behind, so a small difference alone says nothing (facts of the list: an index that
        is eventually consistent). It decides where an object stood there twice, since then another may have slipped
        through between two pages; where as much is missing as a page holds; and where the list ends behind a full page,
        as one does whose rest is lost.
        """
        return self.ended and not self.unreadable and not self._slipped and not self._page_missing

    @property
    def _slipped(self) -> bool:
        return self.repeated > 0 and self.count != self.listed

    @property
    def _page_missing(self) -> bool:
        if self.count is None or self.count <= self.listed:
            return False
        ends_full = self.last >= FULL_PAGE or (self.pages > 1 and self.last == self.largest)
        return self.listed == 0 or ends_full or self.count - self.listed >= self.largest

    def told(self) -> list[str]:
        """Why it is not whole, in words; and how the directory counts otherwise, which alone is no fault."""
        name, found = NAMES[self.kind], list(self.problems)
        if self._slipped:
            found.append(LIST_TWICE(list=name, repeated=self.repeated, listed=self.listed, count=_number(self.count)))
        if self._page_missing:
            found.append(LIST_SHORT(list=name, listed=self.listed, count=_number(self.count)))
        elif not self._slipped and self.ended and self.count not in (None, self.listed):
            found.append(LIST_DIFFERS(list=name, listed=self.listed, count=_number(self.count)))
        return [str(one) for one in found]

    def as_count(self) -> ListCount:
        """As a result shows it."""
        return ListCount(self.listed, self.count, self.pages, self.left_out)


def _number(count: int | None) -> str:
    return "?" if count is None else str(count)


def is_of_others(one: ListedObject) -> bool:
    """Whether nobody here can do anything about its credentials: a managed identity, or one of Microsoft's own."""
    return one.principal_type == MANAGED or (one.owner_tenant or "").lower() == MICROSOFT


async def read_list(
    lists: DirectoryLists,
    kind: TargetKind,
    take: Callable[[ListedObject, bool], None],
    tell: Callable[[ListRead], None],
) -> ListRead:
    """Read every page; `take` gets each object, and whether it was shown before. Never raises what a list can end with."""
    read, seen = ListRead(kind), set[int]()
    try:
        async for page in lists.pages(kind):
            _take_page(page, read, seen, take)
            tell(read)
        read.ended = True
    except SpentkeyError as problem:
        read.problems.insert(0, LIST_ENDED(list=NAMES[kind], pages=read.pages, why=problem.reason))
    read.count = await lists.count(kind)
    return read


def _take_page(page: ListedPage, read: ListRead, seen: set[int], take: Callable[[ListedObject, bool], None]) -> None:
    read.pages += 1
    read.retried += page.retried
    read.largest = max(read.largest, len(page.objects))
    read.last = len(page.objects) or read.last
    read.unreadable += len(page.unreadable)
    read.problems += page.unreadable[: max(0, MOST_PROBLEMS - len(read.problems))]
    for one in page.objects:
        number = UUID(one.target.object_id).int
        before = number in seen
        seen.add(number)
        read.repeated += before
        read.listed += not before
        if is_of_others(one):
            read.left_out += not before
        else:
            take(one, before)
