"""A list of Microsoft Graph, page by page: each page is asked for until it is there, or the list ends with an error.

A page that is not there is never left out, and a list that cannot go on is never begun anew without a word: whoever
reads it hears an `Outage`, with the page and why.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast
from urllib.parse import urlencode

from spentkey.adapters.entra.authorised import Headers, with_token
from spentkey.adapters.entra.batch import refused_read
from spentkey.adapters.entra.links import Links
from spentkey.adapters.entra.list_reasons import (
    LINK_EXPIRED,
    LINK_IN_CIRCLE,
    LIST_WITHOUT_END,
    PAGE_NOT_HAD,
    PAGE_ODD_LINK,
    PAGE_WITHOUT_LIST,
)
from spentkey.adapters.entra.reasons import A_READ, READ_ANSWERED, READ_WITHOUT_CODE
from spentkey.adapters.entra.token import TokenSource
from spentkey.adapters.entra.wire import SYSTEM, error_of
from spentkey.core.errors import Outage
from spentkey.http.client import HttpClient, Redirected, Response, TooLarge, json_object
from spentkey.http.retry import Retryable, with_retries
from spentkey.ports.directory_lists import ListBroken
from spentkey.ports.runtime import Clock, Ids

TRIES = 12
"""How often a page is asked for, about four minutes in all where nobody says how long to wait."""
MOST_EMPTY = 50
"""How many empty pages may follow one another: each is legal, but a list that has no end is none."""
NEXT = "@odata.nextLink"
EXPIRED = "Directory_ExpiredPageToken"
Room = Callable[[], Awaitable[object]]
"""Waits until one request fits into the quota."""


@dataclass
class RawPage:
    """One page as read, its entries not yet looked at."""

    entries: list[Any] = field(repr=False)
    link: str | None
    number: int
    retried: int


@dataclass(frozen=True)
class Paging:
    """Reads lists with the automation's token."""

    http: HttpClient
    tokens: TokenSource
    clock: Clock
    ids: Ids
    jitter: Callable[[], float]
    tries: int = TRIES

    async def walk(self, path: str, query: Mapping[str, str], room: Room) -> AsyncIterator[RawPage]:
        """Every page of the list; ends only behind one without a link. Raises as `DirectoryLists.pages` does."""
        links, marks, empty, number = Links(self.http.base, path), set[int](), 0, 1
        asked: str | None = f"{path}?{urlencode(query)}"
        while asked is not None:
            page = await self._page(path, asked, number, room)
            empty = 0 if page.entries else empty + 1
            mark = _mark(page.entries)
            if mark in marks:  # links may be made anew each time, so the same page may come by another one
                raise ListBroken(LINK_IN_CIRCLE(page=number - 1, path=path))
            marks.update([mark] if page.entries else [])
            link = page.link
            yield page
            del page  # not held while the next one is read
            if link is not None and empty > MOST_EMPTY:
                raise ListBroken(LIST_WITHOUT_END(page=number, path=path, empty=empty))
            asked = links.follow(link, number) if link is not None else None
            number += 1

    async def _page(self, path: str, asked: str, number: int, room: Room) -> RawPage:
        sent = 0

        async def send(headers: Headers) -> Response:
            nonlocal sent
            await room()
            sent += 1
            return await self.http.read_try("GET", asked, None, None, headers)

        async def once() -> RawPage:
            entries, link = await self._once(send)
            return RawPage(entries, link, number, sent - 1)

        try:
            return await with_retries(once, self.clock, self.jitter, self.tries)
        except Outage as problem:
            raise type(problem)(PAGE_NOT_HAD(page=number, path=path, why=problem.reason)) from None

    async def _once(self, send: Callable[[Headers], Awaitable[Response]]) -> tuple[list[Any], str | None]:
        try:
            response = await with_token(self.tokens, self.ids, send)
        except Redirected as problem:
            raise Retryable(problem.reason) from None
        if self.http.usable(response).status != 200:
            refused(response)
        try:
            return entries_and_link(json_object(response, SYSTEM))
        except TooLarge:
            raise
        except Outage as problem:  # a page for people, half of an answer, no JSON: the next try may be whole
            raise Retryable(problem.reason) from None


def _mark(entries: Sequence[Any]) -> int:
    """Tells pages apart by the ids on them, in whatever order these come."""
    found = (cast("dict[str, Any]", one).get("id") if isinstance(one, dict) else None for one in entries)
    return hash(frozenset(map(str, found)))


class _Final(Outage):
    """What another try does not change."""


def refused(response: Response) -> NoReturn:
    """Raise what an answer other than 200 to a read of a list means."""
    code, _ = error_of(response)
    what = f"{response.status} {code}".rstrip()
    if code == EXPIRED or response.status == 410:
        raise _Final(LINK_EXPIRED(system=SYSTEM, what=what))
    if response.status == 403 and code:
        raise refused_read(A_READ(), response.status, code)
    if response.status in (401, 403):
        raise Retryable(READ_WITHOUT_CODE(system=SYSTEM, status=response.status) if not code else _other_answer(what))
    if response.status == 404 or response.status >= 500:
        raise Retryable(_other_answer(what))
    raise _Final(_other_answer(what))


def _other_answer(what: str) -> str:
    return READ_ANSWERED(system=SYSTEM, what=what)


def entries_and_link(body: Mapping[str, Any]) -> tuple[list[Any], str | None]:
    """The entries of a page and its link; raises `Outage` for what is no page."""
    entries, link = body.get("value"), body.get(NEXT)
    if not isinstance(entries, list):
        raise Outage(PAGE_WITHOUT_LIST(system=SYSTEM))
    if NEXT in body and (not isinstance(link, str) or not link):
        raise Outage(PAGE_ODD_LINK(system=SYSTEM))
    return cast("list[Any]", entries), link
