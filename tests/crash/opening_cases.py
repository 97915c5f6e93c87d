"""Any story of opening requests, by seed: slow desks, lost replies, deaths, several processes, people; and its judge."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import datetime

from opening_world import OpeningWorld, wanted
from support_core import PRODUCTION, ManualClock
from trap_desk import Habits, Killed

from spentkey.core.opening import LOOK_FOR_S, Opened, OpenedState, ToOpen, otherwise_in
from spentkey.core.task import request_of

SLOWEST_S = LOOK_FOR_S - 10
"""Slower than this nobody can tell a request that comes from one that does not."""
CALM_RUNS = 6
FINE = (OpenedState.OPENED, OpenedState.KNOWN)


class SharedClock(ManualClock):
    """Whoever waits lets the others go on."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.slept.clear()
        await asyncio.sleep(0)  # noqa: TID251


@dataclass
class Told:
    """What a case came to."""

    faults: list[str] = field(default_factory=list[str])
    runs: int = 0
    deaths: int = 0
    sent: int = 0
    lost_replies: int = 0
    read_back: int = 0


@dataclass
class OpeningCase:
    """One story, from its seed alone."""

    seed: int
    lots: random.Random = field(init=False)
    world: OpeningWorld = field(init=False)
    these: list[ToOpen] = field(init=False)
    closures: dict[str, int] = field(default_factory=dict[str, int])
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.lots = random.Random(self.seed)  # noqa: S311
        self.world = OpeningWorld(clock=SharedClock())
        self.these = [wanted(number) for number in range(1, self.lots.randint(1, 3) + 1)]

    async def play(self) -> Told:
        """Some runs in which anything happens, then calm ones, then the judge."""
        if self.lots.random() < 0.2:
            self._somebody_asks()
        for _ in range(self.lots.randint(1, 5)):
            await self._stormy()
        await self._calm()
        self._judge()
        return self.told

    async def _stormy(self) -> None:
        lots, desk = self.lots, self.world.desk
        slow = [lots.uniform(0, SLOWEST_S) if lots.random() < 0.5 else 0.0 for _ in range(3)]
        reply = lots.choice(["taken", "taken", "silent", "silent", "lost"])
        desk.habits = Habits(slow[0], max(slow[:2]), max(slow), reply, away=lots.random() < 0.1)
        self.told.lost_replies += reply != "taken"
        self.world.blow.seen, self.world.blow.nth = 0, lots.choice([-1, lots.randint(1, 40), lots.randint(1, 12)])
        await asyncio.gather(*(self._run() for _ in range(lots.choice([1, 1, 2, 3]))))
        self.world.blow.nth = -1
        self.world.locks.held.clear()
        if lots.random() < 0.3:
            self.world.days(lots.uniform(0, 0.01))
        if lots.random() < 0.1:
            self._somebody_closes()

    async def _run(self) -> None:
        self.told.runs += 1
        try:
            await self.world.scan(*self.these, named=(PRODUCTION.name,) if self.lots.random() < 0.5 else ())
        except Killed:
            self.told.deaths += 1

    async def _calm(self) -> None:
        """The desk works as it should, and the limits leave room."""
        self.world.desk.habits = Habits()
        last: list[Opened] = []
        for _ in range(CALM_RUNS):
            self.world.days(1.01)
            self.told.runs += 1
            last = await self.world.scan(*self.these)
        self.told.faults += [f"{one.state}: {one.reason}" for one in last if one.state not in FINE]
        self.told.faults += [f"no task for {one.request}" for one in last if one.state in FINE and one.task is None]

    def _somebody_asks(self) -> None:
        """Another person has asked for one of them."""
        one = self.lots.choice(self.these)
        says = {"SecretID": one.key_id, "AppID": one.app_id, "AppDisplayName": one.app_name}
        self.world.desk.make({**says, "SecretType": "Secret", "Onderwijs": "No"}, by_us=False)

    def _somebody_closes(self) -> None:
        """People close a request without a removal, and so long passes that it may be asked for anew."""
        for one in self.world.desk.requests:
            if one.is_open and self.lots.random() < 0.5:
                self.world.desk.close(one)
                self.closures[one.asks["SecretID"]] = self.closures.get(one.asks["SecretID"], 0) + 1
        self.world.days(31)

    def _judge(self) -> None:
        faults, desk, records = self.told.faults, self.world.desk, self.world.records
        self.told.sent = desk.sent
        for one in self.these:
            standing = desk.open_for(one.key_id)
            ours = [each for each in desk.requests if each.by_us and each.asks.get("SecretID") == one.key_id]
            if not standing:
                faults.append(f"lost: {one.key_id}")
            if len([each for each in standing if each.by_us]) > 1 or len(ours) > 1 + self.closures.get(one.key_id, 0):
                faults.append(f"asked for twice: {one.key_id}: {[each.reference for each in ours]}")
            self._judge_sendings(one)
        for each in desk.requests:
            read = [one for one in records.of("opened") if one["request"] == each.reference]
            asked = [one for one in records.of("sending") if one["key_id"] == each.asks.get("SecretID")]
            if not each.by_us:
                continue
            if len(read) != 1:
                faults.append(f"{each.reference} was read back {len(read)} times")
            elif otherwise_in(request_of(each.asks.items()), asked[-1]["values"]):
                faults.append(f"{each.reference} does not say what was asked")
            else:
                self.told.read_back += 1

    def _judge_sendings(self, one: ToOpen) -> None:
        """Between two intents of which the first has no known end, as long passes as is looked."""
        since: datetime | None = None
        for record in self.world.records.records:
            if record.get("key_id") != one.key_id:
                continue
            at = datetime.fromisoformat(record["at"])
            if record["state"] == "sending":
                if since is not None and (at - since).total_seconds() < LOOK_FOR_S:
                    self.told.faults.append(f"sent anew after {at - since}: {one.key_id}")
                since = at
            elif record["state"] in ("opened", "refused", "stopped"):
                since = None


def played(seed: int) -> Told:
    """The case of that seed."""
    return asyncio.run(OpeningCase(seed).play())
