"""Credentials to open requests for, and the context of one run against the desk with traps."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from support_core import DAY, NOW, PRODUCTION, ManualClock
from trap_desk import Blow, MemoryLocks, MemoryRecords, TrapDesk

from spentkey.core.credential import Kind
from spentkey.core.opening import Opened, OpenRules, ToOpen
from spentkey.core.rules import DeskRules, Limits, RequestRules
from spentkey.scan.open import open_requests
from spentkey.scan.open_one import OpenContext

LIMITS = Limits(per_run=100, per_app=100, per_hour=100, hand_overs_per_hour=50)
RULES = OpenRules()


def wanted(number: int = 1, **changes: Any) -> ToOpen:
    """A lapsed secret."""
    made: dict[str, Any] = {
        "tenant": PRODUCTION.name,
        "app_id": f"1a1a1a1a-0000-4000-8000-{number:012x}",
        "app_name": f"Sales {number}",
        "key_id": f"3c3c3c3c-0000-4000-8000-{number:012x}",
        "kind": Kind.SECRET,
        "end": NOW - number * DAY,
        "seen": NOW,
    }
    return ToOpen(**{**made, **changes})


@dataclass
class OpeningWorld:
    """A desk, what is on record, and the runs that work on both."""

    clock: ManualClock = field(default_factory=ManualClock)
    blow: Blow = field(default_factory=Blow)
    limits: Limits = LIMITS
    rules: OpenRules = RULES
    runs: int = 0
    desk: TrapDesk = field(init=False)
    records: MemoryRecords = field(init=False)
    locks: MemoryLocks = field(default_factory=MemoryLocks)

    def __post_init__(self) -> None:
        self.desk = TrapDesk(self.clock, self.blow)
        self.records = MemoryRecords(self.clock, self.blow)

    def context(self) -> OpenContext:
        """That of a new run."""
        self.runs += 1
        return OpenContext(
            desk=cast("Any", self.desk),
            evidence=cast("Any", self.records),
            locks=cast("Any", self.locks),
            clock=self.clock,
            desk_rules=DeskRules(numbers=True),
            request_rules=RequestRules(when=tuple(PRODUCTION.when)),
            tenants=(PRODUCTION,),
            limits=self.limits,
            run=f"run-{self.runs}",
        )

    async def scan(self, *these: ToOpen, by_command: bool = True, named: tuple[str, ...] = ()) -> list[Opened]:
        """One run over these credentials."""
        found = await open_requests(self.context(), these, self.rules, asked_by_command=by_command, named=named)
        return [found[one.key] for one in these]

    async def one(self, this: ToOpen | None = None, **how: Any) -> Opened:
        """One run over one credential."""
        return (await self.scan(this or wanted(), **how))[0]

    def days(self, count: float) -> None:
        """Days pass."""
        self.clock._passed += timedelta(days=count).total_seconds()  # pyright: ignore[reportPrivateUsage]
