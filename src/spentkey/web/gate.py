"""What is refused before a route sees it: another host's name, pages of other sites, and bodies that are no JSON."""

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute, Match

from spentkey.web.hosts import Hosts, is_foreign

ANY_HOST = frozenset({"/healthz", "/readyz"})
"""What a load balancer asks by the address of the machine or container."""
ONCE = ("host", "origin", "content-type")
"""Headers that may not be there twice, since we and others could go by different ones."""


class NotTaken(Exception):
    """A request that is refused; with the status that says so."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class RequestGate:
    """Looks at the head of each request."""

    hosts: Hosts
    behind_proxy: bool = False
    """Whether a proxy speaks TLS for us, so that pages of ours are at https."""

    def check(self, scope: MutableMapping[str, Any], routes: Iterable[BaseRoute]) -> None:
        """Nothing, for a request that a route may see; else `NotTaken` is raised.

        What no route takes is left to the router, which says 404 or 405.
        """
        headers = _headers(scope["headers"])
        server = scope.get("server")
        if scope["path"] not in ANY_HOST and not self.hosts.has(headers.get("host", ""), server[0] if server else None):
            raise NotTaken(421, "this service is not known by that name: service.hosts lists its names")
        if is_foreign(scope["method"], headers, "https" if self.behind_proxy else scope["scheme"]):
            raise NotTaken(403, "pages of another site may not ask for that")
        if (
            scope["method"] == "POST"
            and scope["path"].startswith("/api/")
            and not _is_json(headers)
            and any(route.matches(scope)[0] is Match.FULL for route in routes)
        ):
            raise NotTaken(415, "send JSON, with the header Content-Type: application/json")


def _headers(raw: list[tuple[bytes, bytes]]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in raw:
        text = name.decode("latin-1").lower()
        if text in found and text in ONCE:
            raise NotTaken(400, f"the header {text} is there twice")
        found[text] = value.decode("latin-1").strip()
    return found


def _is_json(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
