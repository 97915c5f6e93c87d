"""What a fault is, and every kind of it."""

from dataclasses import dataclass, field
from typing import Any

STATUSES = ("429", "409", "503", "500", "502", "504", "401", "403")
"""The statuses that a fault may put in the place of an answer."""
BROKEN = ("reset", "hang", "truncate", "html", "empty", "garbage")
"""What can befall the connection or the answer of any server."""
REFUSALS = ("400", "404", "410")
"""The statuses of a refusal that names its reason in the body, which a rule gives; no storm brings them."""
SQL = ("18456", "208", "sql-error", "rows", "down")
"""What befalls a database alone."""
DEEP = ("noop", "stale", "expire-token", "twins", "edit-task", "close-task", "move-task", "task-twice")
"""What needs to know the system; its handlers find it in `call(request).fault`."""
UNSEEN = ("add-certificate", "drop-certificate", "unlogged")
"""What no client can see or prevent: somebody changes the certificates just beside a write, or no event is logged."""
PAGES = (
    *("page-same", "page-lost", "page-ends", "page-short", "page-twice", "page-shuffled", "page-swapped"),
    *("page-empty", "page-changed", "page-more"),
)
"""What befalls a page of a list: its link, its objects, or their order."""
BETWEEN = ("make-application", "delete-application", "rename-application")
"""What others do to the directory between two pages."""
BY_RULE = frozenset({*REFUSALS, *UNSEEN, *PAGES, *BETWEEN, "sql-error", "cut"})
"""Kinds that a rule must describe further, so that neither chaos nor a storm brings them."""
KINDS = frozenset({*STATUSES, *REFUSALS, *SQL, *BROKEN, *DEEP, *BY_RULE})
"""Every kind of fault that some system understands."""


@dataclass(frozen=True)
class Fault:
    """One fault. `when` is "before" or "after" the effect; after means that the change is real and the reply is lost."""

    kind: str
    when: str
    params: dict[str, Any] = field(default_factory=dict[str, Any])
