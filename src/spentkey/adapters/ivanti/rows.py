"""Reads a whole set of records, page by page, and goes on where one of them cannot be read.

A page that is too large, or that is no JSON because of one record, is asked for again in halves, until the record is
alone; that one is left out and named by where it stands.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from spentkey.adapters.ivanti.wire import SYSTEM, Row, rows_of
from spentkey.core.errors import Outage
from spentkey.core.reason import Reason, ReasonKind
from spentkey.http.client import NotJson, Response, TooLarge

PAGE = 100
"""Largest `$top` that Ivanti takes."""
MOST_ROWS = 10_000
MOST_LEFT_OUT = 20
"""How many records may be unreadable by themselves, before the whole answer counts as unreadable."""
TOO_LARGE = 413

LEFT_OUT = ReasonKind(
    "desk-record-left-out",
    en="record {at} of {what} cannot be read by itself, and is left out: {why}",
    nl="record {at} van {what} is op zichzelf niet leesbaar en wordt overgeslagen: {why}",
    fr="l'enregistrement {at} de {what} est illisible à lui seul et est laissé de côté : {why}",
)
TOO_MANY = ReasonKind(
    "desk-too-many-records",
    en="there are more than {most} records of {what}: the first {most} are worked on",
    nl="er zijn meer dan {most} records van {what}: aan de eerste {most} wordt gewerkt",
    fr="il y a plus de {most} enregistrements de {what} : les {most} premiers sont traités",
)
NOTHING_READABLE = ReasonKind(
    "desk-nothing-readable",
    en="{system} answered something that cannot be read",
    nl="{system} antwoordde iets dat niet gelezen kan worden",
    fr="{system} a répondu par quelque chose d'illisible",
)
TOO_MANY_UNREADABLE = ReasonKind(
    "desk-too-many-unreadable",
    en="{system}: {count} records of {what} cannot be read",
    nl="{system}: {count} records van {what} kunnen niet gelezen worden",
    fr="{system} : {count} enregistrements de {what} sont illisibles",
)

Read = Callable[[str, Mapping[str, str]], Awaitable[Response]]


@dataclass(frozen=True)
class Found:
    """The records that could be read, and in words what was left out."""

    rows: list[Row] = field(default_factory=list[Row])
    left_out: list[Reason] = field(default_factory=list[Reason])
    whole: bool = True
    """False where there are more than are read."""


async def all_rows(read: Read, entity_set: str, query: Mapping[str, str]) -> Found:
    """Every record that the query means, up to `MOST_ROWS`."""
    rows: list[Row] = []
    left_out: list[Reason] = []
    skip, top = 0, PAGE
    while skip < MOST_ROWS:
        try:
            page = await _page(read, entity_set, query, skip, top)
        except (TooLarge, NotJson) as problem:
            if top > 1:
                top //= 2
                continue
            if len(left_out) >= MOST_LEFT_OUT:
                raise Outage(TOO_MANY_UNREADABLE(system=SYSTEM, count=len(left_out) + 1, what=entity_set)) from None
            left_out.append(LEFT_OUT(at=skip + 1, what=entity_set, why=problem.reason))
            skip += 1
            continue
        rows += page
        if len(page) < top:
            return _found(rows, left_out)
        skip, top = skip + top, min(top * 2, PAGE)
    if await _page(read, entity_set, query, MOST_ROWS, 1):
        return Found(rows, [*left_out, TOO_MANY(most=MOST_ROWS, what=entity_set)], whole=False)
    return _found(rows, left_out)


def _found(rows: list[Row], left_out: list[Reason]) -> Found:
    """What was read; where nothing was, the answer is unreadable as a whole, and is no empty set."""
    if left_out and not rows:
        raise Outage(NOTHING_READABLE(system=SYSTEM))
    return Found(rows, left_out)


async def _page(read: Read, entity_set: str, query: Mapping[str, str], skip: int, top: int) -> list[Row]:
    asked = {**query, "$top": str(top)} | ({"$skip": str(skip)} if skip else {})
    response = await read(entity_set, asked)
    if response.status == TOO_LARGE:
        raise TooLarge(f"{SYSTEM} answered {TOO_LARGE}: the answer is too large")
    return rows_of(response)
