"""The query options of a read: $select, $filter, $top, $count and the token of the next page.

learn.microsoft.com/graph/query-parameters; what needs an advanced query there is refused here, because a client that
verifies a removal must not read from the search index (learn.microsoft.com/graph/aad-advanced-queries).
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from spentkey_sim.entra import errors

LARGEST_PAGE = 999
_LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$count", "$skiptoken"})
_READ_OPTIONS = frozenset({"$select"})
_TEXT = r"'((?:[^']|'')*)'"
_FILTER = re.compile(rf"\s*(id|appId|displayName)\s+eq\s+{_TEXT}\s*")
_BEGINS = re.compile(rf"\s*startswith\(\s*(displayName)\s*,\s*{_TEXT}\s*\)\s*", re.IGNORECASE)
_ANY = re.compile(rf"\s*(servicePrincipalNames)/any\(\s*(\w+)\s*:\s*\2\s+eq\s+{_TEXT}\s*\)\s*")


@dataclass(frozen=True)
class QueryOptions:
    """What a client asks of a read."""

    select: tuple[str, ...]
    field: str = ""
    wanted: str = ""
    how: str = "eq"
    """`eq`, `startswith`, or `any` for a member of a list."""
    size: int = 0
    offset: int = 0
    count: bool = False

    @property
    def keys_asked(self) -> bool:
        """LEDGER: E-36, E-64, the key of a certificate comes only with a $select that names keyCredentials."""
        return "keyCredentials" in self.select

    def keeps(self, record: Mapping[str, Any]) -> bool:
        """Whether the filter lets a record through; texts compare without case, as in Graph."""
        if not self.field:
            return True
        wanted, found = self.wanted.casefold(), record.get(self.field)
        if self.how == "any":
            return wanted in [str(one).casefold() for one in cast("list[object]", found or [])]
        text = str(found).casefold()
        return text.startswith(wanted) if self.how == "startswith" else text == wanted

    def narrow(self, record: dict[str, Any], kind: str, omits: Iterable[str] = ()) -> dict[str, Any]:
        """The selected properties of a record, less those that it never shows."""
        shown = only_selected(record, self.select, kind)
        return {name: value for name, value in shown.items() if name not in omits} if omits else shown


def only_selected(record: dict[str, Any], select: tuple[str, ...], kind: str) -> dict[str, Any]:
    """The selected properties of a record. LEDGER: E-40, an unknown name is refused; E-65, a type is always told."""
    for name in select:
        if name not in record:
            raise errors.bad_request(f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'.")
    told = {name: value for name, value in record.items() if name.startswith("@")}
    return told | {name: record[name] for name in select} if select else record


def for_one(query: Mapping[str, str]) -> QueryOptions:
    """The options of a read of one object."""
    only(query, _READ_OPTIONS)
    return QueryOptions(selected(query))


def for_list(query: Mapping[str, str], page_size: int, first: int, *, eventual: bool) -> QueryOptions:
    """The options of a list whose page begins at `first`. `eventual` is whether the client sent `ConsistencyLevel: eventual`."""
    only(query, _LIST_OPTIONS)
    field, wanted, how = _filter(query.get("$filter"))
    count = query.get("$count", "false").lower() == "true"
    if count and not eventual:
        # LEDGER: E-38, counting is an advanced query and needs the header
        raise errors.unsupported_query("$count is not currently supported without the header ConsistencyLevel.")
    size = size_of(query.get("$top"), page_size)
    return QueryOptions(selected(query), field, wanted, how, size, first, count)


def next_token(offset: int) -> str:
    """An opaque token for the page that starts there."""
    return base64.urlsafe_b64encode(f"page:{offset}".encode()).rstrip(b"=").decode()


def filtered_value(query: Mapping[str, str]) -> tuple[str, str]:
    """The property that a list is filtered by and the value, or two empty texts."""
    found = _FILTER.fullmatch(query.get("$filter", ""))
    return (found[1], found[2].replace("''", "'")) if found else ("", "")


def only(query: Mapping[str, str], known: frozenset[str]) -> None:
    """LEDGER: E-38, a query option that does not exist there is refused."""
    for name in query:
        if name not in known:
            raise errors.unsupported_query(f"The query parameter '{name}' is not supported.")


def selected(query: Mapping[str, str]) -> tuple[str, ...]:
    """The names in $select."""
    return tuple(name.strip() for name in query.get("$select", "").split(",") if name.strip())


def _filter(text: str | None) -> tuple[str, str, str]:
    """LEDGER: E-39, one property: equality, a beginning, or a name of a service principal; never a credential."""
    if text is None:
        return "", "", "eq"
    for pattern, how in ((_FILTER, "eq"), (_BEGINS, "startswith"), (_ANY, "any")):
        found = pattern.fullmatch(text)
        if found is not None:
            return found[1], found[found.lastindex or 2].replace("''", "'"), how
    raise errors.unsupported_query("Unsupported or invalid query filter clause specified.")


def size_of(text: str | None, page_size: int) -> int:
    """LEDGER: E-38, a page has 1 to 999 objects."""
    if text is None:
        return page_size
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise errors.bad_request(
            f"Invalid page size specified: '{text}'. Must be between 1 and {LARGEST_PAGE} inclusive."
        )
    return int(text)


def offset_of(token: str | None) -> int:
    """Where the page of that token starts."""
    if token is None:
        return 0
    try:
        name, _, offset = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(":")
        return int(offset) if name == "page" else _bad_token()
    except (binascii.Error, UnicodeError, ValueError):
        return _bad_token()


def _bad_token() -> int:
    raise errors.bad_request("Skip token is not valid.")
