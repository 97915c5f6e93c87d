"""Where the link of a page may lead: to another page of the same list, on the same host, that was not read yet.

A link is followed verbatim (learn.microsoft.com/graph/paging). Our token goes with it, so it leads nowhere else.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from spentkey.adapters.entra.list_reasons import LINK_ELSEWHERE, LINK_IN_CIRCLE
from spentkey.ports.directory_lists import ListBroken

_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"[!-~]+", re.ASCII)
"""What a link consists of: printable characters of ASCII, no blanks."""


@dataclass
class Links:
    """The links of one list, as they are followed."""

    base: str
    """Where Graph is."""
    path: str
    """The list."""
    _seen: set[str] = field(default_factory=set[str])

    def follow(self, link: str, page: int) -> str:
        """The path and query that the link of that page leads to, verbatim; raises `ListBroken` where it may not."""
        asked = self._path_in(link)
        if asked is None:
            raise ListBroken(LINK_ELSEWHERE(page=page, path=self.path))
        if asked in self._seen:
            raise ListBroken(LINK_IN_CIRCLE(page=page, path=self.path))
        self._seen.add(asked)
        return asked

    def _path_in(self, link: str) -> str | None:
        """What follows the base, where it is the same host, the same list and another page."""
        base, found = urlsplit(self.base.rstrip("/")), _split(link)
        if found is None or _origin(found) != _origin(base) or "@" in found.netloc or "#" in link:
            return None
        if found.path != base.path + self.path or not found.query:
            return None
        return f"{self.path}?{found.query}"


def _split(link: str) -> SplitResult | None:
    try:
        found = urlsplit(link) if _PLAIN.fullmatch(link) else None
        return found if found is None or found.port != -1 else None  # reading the port checks it
    except ValueError:
        return None


def _origin(found: SplitResult) -> tuple[str, str | None, int | None]:
    return found.scheme, found.hostname, found.port or _PORTS.get(found.scheme)
