"""Ivanti's dialect of OData, with the traps that make it dangerous.

What it does not understand it mostly drops without a word, so a client that trusts it acts on rows it never asked for.
Measured on a live tenant by github.com/tyrunasj/ivanti-mcp-standalone (docs/notes.md, 2026).
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spentkey_sim.ivanti.errors import bad_request

Row = dict[str, Any]
Test = Callable[[Row], bool]

DEFAULT_PAGE, LARGEST_PAGE = 25, 100
NULL = "$NULL"
_INVALID = "Invalid Request Payload"
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[()]|[^\s()']+)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


@dataclass(frozen=True)
class Page:
    """The slice of the rows that a request asks for."""

    top: int
    skip: int


@dataclass(frozen=True)
class _Condition:
    """One condition and the word before it; `test` is None for what the dialect drops."""

    joined: str
    test: Test | None


def page(query: dict[str, str]) -> Page:
    """`$top` and `$skip`."""
    # LEDGER: I-07, 25 rows unless asked, 100 at most
    top, skip = query.get("$top", str(DEFAULT_PAGE)), query.get("$skip", "0")
    if not (top.isdecimal() and skip.isdecimal() and 1 <= int(top) <= LARGEST_PAGE):
        raise bad_request(_INVALID)
    return Page(int(top), int(skip))


def ordered(rows: list[Row], wish: str, known: dict[str, str]) -> list[Row] | None:
    """The rows in the order of `$orderby`, or None when the field is unknown."""
    # LEDGER: I-09, a mistyped order looks like an empty result
    if not wish:
        return sorted(rows, key=lambda row: str(row["RecId"]))
    words = wish.split()
    name = known.get(words[0].lower())
    if name is None:
        return None
    down = len(words) > 1 and words[1].lower() == "desc"
    return sorted(rows, key=lambda row: (row[name] is not None, _plain(row[name])), reverse=down)


def selected(rows: list[Row], wish: str, known: dict[str, str]) -> list[Row]:
    """Only the fields of `$select`."""
    if not wish:
        return rows
    names = [known.get(part.strip().lower()) for part in wish.split(",")]
    if None in names:
        raise bad_request(_INVALID)
    return [{name: row[name] for name in names if name is not None} for row in rows]


_PIN = re.compile(r"(AssignmentID) eq (\d+)|(ParentLink_RecID) eq '([0-9A-F]{32})'")
_QUEUE = re.compile(r"OwnerTeam eq '([\w -]+)' and Status eq '([\w -]+)'")


def pinned(wish: str) -> dict[str, str]:
    """The fields that a filter of one of the usual forms pins; any other filter is said to pin nothing."""
    found, queue = _PIN.fullmatch(wish), _QUEUE.fullmatch(wish)
    if queue is not None:
        return {"OwnerTeam": queue[1], "Status": queue[2]}
    if found is None:
        return {}
    return {found[1]: str(int(found[2]))} if found[1] else {found[3]: found[4]}


def matching(rows: list[Row], wish: str, known: dict[str, str]) -> list[Row]:
    """The rows that `$filter` lets through, by the dialect's own reading of it."""
    if not wish.strip():
        return rows
    test = _FilterParser(wish, known).parse()
    return [row for row in rows if test(row)]


class _FilterParser:
    """Reads a filter the way the dialect does: flat, from left to right."""

    def __init__(self, text: str, known: dict[str, str]) -> None:
        self.known = known
        self.tokens = _tokens(text)
        self.at = 0

    def parse(self) -> Test:
        # LEDGER: I-13, parentheses count at the very start and nowhere else
        grouped = self._peek() == "("
        head = self._conditions(until_closed=grouped)
        tail = self._conditions(until_closed=False)

        def test(row: Row) -> bool:
            outcome = _folded(head, row, None)
            if grouped:
                return all(each.test is None or each.test(row) for each in tail) and outcome is not False
            return outcome is not False

        return test

    def _conditions(self, *, until_closed: bool) -> list[_Condition]:
        found: list[_Condition] = []
        joined, depth = "and", 0
        while self._peek() is not None:
            word = self._next()
            if word in "()":
                depth += 1 if word == "(" else -1
                if until_closed and depth == 0:
                    break
            elif word.lower() in ("and", "or"):
                joined = word.lower()
            elif word.lower() != "not":  # LEDGER: I-14, a negation is never applied
                found.append(_Condition(joined, self._condition(word)))
        return found

    def _condition(self, word: str) -> Test | None:
        if self._peek() == "(":
            return self._dropped_function()
        name = self.known.get(word.lower())
        sign = _OPERATORS.get((self._next() or "").lower())
        if name is None or sign is None:
            raise bad_request(_INVALID)  # LEDGER: I-08, an unknown field is refused
        wanted = _literal(self._next())
        return lambda row: _compare(sign, row[name], wanted)

    def _dropped_function(self) -> None:
        # LEDGER: I-12, a function is dropped without a word, and with it the whole condition
        depth = 0
        while self._peek() is not None:
            word = self._next()
            depth += {"(": 1, ")": -1}.get(word, 0)
            if depth == 0:
                break
        if (self._peek() or "").lower() in _OPERATORS:
            self._next()
            self._next()

    def _peek(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _next(self) -> str:
        word = self._peek()
        if word is None:
            raise bad_request(_INVALID)
        self.at += 1
        return word


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise bad_request(_INVALID)
        tokens.append(found[1])
        at = found.end()
    return tokens


def _folded(conditions: list[_Condition], row: Row, outcome: bool | None) -> bool | None:
    """Left to right without precedence; None while nothing has been tested."""
    for each in conditions:
        if each.test is None:
            continue
        here = each.test(row)
        before = (each.joined == "and") if outcome is None else outcome
        outcome = (before and here) if each.joined == "and" else (before or here)
    return outcome


def _literal(word: str) -> Any:
    """A quoted text, a bare number, a bare date, true or false; anything else is refused."""
    if word.startswith("'"):
        return word[1:-1].replace("''", "'")
    if _NUMBER.fullmatch(word):
        return float(word)
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    moment = _moment(word)
    if moment is None:
        raise bad_request(_INVALID)
    return moment


def _compare(sign: Callable[[Any, Any], bool], value: Any, wanted: Any) -> bool:
    """Texts without case, numbers with numbers; values of two kinds never meet."""
    # LEDGER: I-15, how values compare
    if wanted == NULL:
        return sign(value in (None, ""), True)
    if isinstance(wanted, datetime):
        value = _moment(str(value))
    elif isinstance(wanted, bool) != isinstance(value, bool):
        return False
    elif isinstance(wanted, float):
        value = float(value) if isinstance(value, (int, float)) else None
    elif isinstance(wanted, str):
        value, wanted = (value.casefold() if isinstance(value, str) else None), wanted.casefold()
    return value is not None and sign(value, wanted)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _plain(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value or 0
