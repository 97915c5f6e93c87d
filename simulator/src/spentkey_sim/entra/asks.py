"""A Graph request that was understood, and what goes back; the same for one that came inside a batch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from spentkey_sim.entra.paths import Operation
from spentkey_sim.entra.state import Grant
from spentkey_sim.wire import Call


@dataclass(frozen=True)
class Ask:
    """One Graph request. `base` is the address that links in the answer start with."""

    method: str
    operation: Operation
    query: Mapping[str, str]
    headers: Mapping[str, str]
    call: Call
    grant: Grant
    base: str

    @property
    def address(self) -> str:
        """The address of the collection that was asked for."""
        return f"{self.base}/{self.operation.version}/{self.operation.address}"

    def link(self, token: str) -> str:
        """The address of the page behind a token."""
        return f"{self.address}?{urlencode(dict(self.query) | {'$skiptoken': token}, safe='$,')}"


@dataclass
class Answer:
    """What goes back; a body of None is an empty one. `raw` is a body that is written already, `type` its own type."""

    status: int
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    raw: bytes | None = None
    type: str = ""


def listing(ask: Ask, body: dict[str, Any]) -> Answer:
    """A page of a collection."""
    return Answer(200, {"@odata.context": context(ask)} | body)


def context(ask: Ask, of: str = "") -> str:
    """What the page is a page of; `of` where that is not the collection that was asked for."""
    return f"{ask.base}/{ask.operation.version}/$metadata#{of or ask.operation.collection}"
