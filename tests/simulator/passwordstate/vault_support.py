"""What the tests of the vault and of its database share: a world, and everything that a simulated system is given."""

from dataclasses import dataclass, field
from typing import Any

from spentkey_sim.clock import SimClock
from spentkey_sim.faults import Faults
from spentkey_sim.journal import Journal
from spentkey_sim.world import Holder, load

WORLD: dict[str, Any] = {
    "seed": 7,
    "certificates": {
        "sales-2025": {"subject": "CN=sales", "not_before": "-10d", "not_after": "+300d", "key": "ec-p256"}
    },
    "passwordstate": {
        "api_keys": [
            {"key": "key-both", "lists": [8620, 6691], "documents": True},
            {"key": "key-credentials", "lists": [8620], "documents": False},
        ],
        "database": {"login": "spentkey_reader", "password": "reader's password"},
        "entries": [
            {"id": 1201, "list": 8620, "title": "Sys_Azure_AppRegs_PR", "username": "client", "password": "pr-secret"},
            {
                "id": 1202,
                "list": 8620,
                "title": "Sys_Azure_AppRegs_PR_old",
                "username": "old",
                "password": "old-secret",
            },
            {
                "id": 1301,
                "list": 6691,
                "title": "Sales",
                "username": "sales",
                "password": "pfx-password",
                "notes": "certificate of the sales team",
                "fields": {"GenericField1": "11111111-2222-4333-8444-555555555555"},
            },
        ],
        "documents": [
            {
                "id": 501,
                "owner": 1301,
                "name": "Sales.pfx",
                "content": {"pfx": {"certificate": "sales-2025", "password": "pfx-password"}},
            },
            {"id": 502, "owner": 1301, "name": "readme.txt", "content": {"text": "not a certificate"}},
            {"id": 503, "store": "folder", "owner": 1301, "name": "folder.pfx", "content": {"base64": "AAEC"}},
        ],
    },
}


@dataclass
class Equipment:
    """Everything that a simulated system is given."""

    clock: SimClock = field(default_factory=SimClock)
    journal: Journal = field(default_factory=Journal)
    faults: Faults = field(default_factory=lambda: Faults(seed=7, calm=True))
    holder: Holder = field(init=False)

    def __post_init__(self) -> None:
        self.holder = Holder(load(WORLD, self.clock))

    def fault(self, kind: str, **rule: Any) -> None:
        """Add one fault rule."""
        self.faults.add({"kind": kind, **rule})

    def routes(self, system: str) -> list[tuple[str, str, int]]:
        """What the journal holds of `system`: route, object, status."""
        return [(each.route, each.object, each.status) for each in self.journal.entries if each.system == system]
