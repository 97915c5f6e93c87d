"""A service desk in memory with the traps of a real one, evidence in memory, and processes that die at any moment.

A request shows late, its answers later, its task later still; replies are lost before or after the effect; other people
open, close and delete requests. Nothing sleeps: the clock moves when somebody waits.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from support_core import ManualClock

from spentkey.core.errors import Busy, Outage
from spentkey.core.evidence import Facts
from spentkey.core.history import History, history
from spentkey.core.limits import BlastRadius, FoldedPast
from spentkey.core.outcome import Refused
from spentkey.core.reason import reason_for
from spentkey.core.task import Request, Task, TaskRef, request_of
from spentkey.ports.evidence import Question
from spentkey.ports.service_desk import BeforeOpening, FoundRequest, NewRequest, Sent, SentState


class Killed(BaseException):
    """The process has died; nothing of it goes on."""


async def others_go_on() -> None:
    """Let the other processes of this event loop come between."""
    await asyncio.sleep(0)  # noqa: TID251


@dataclass
class Blow:
    """Kill at the n-th moment from now; each moment is before or after something that others can see."""

    nth: int = -1
    seen: int = 0

    def moment(self) -> None:
        """One moment passes."""
        self.seen += 1
        if self.seen == self.nth:
            raise Killed


@dataclass
class DeskRequest:
    """A request as the desk has it."""

    reference: str
    asks: dict[str, str]
    shows: datetime
    answered: datetime
    tasked: datetime
    task: TaskRef
    by_us: bool = True
    is_open: bool = True
    ended: datetime | None = None
    deleted: bool = False


@dataclass
class Habits:
    """What the desk makes of what is sent to it."""

    shows_s: float = 0
    answers_s: float = 0
    task_s: float = 0
    reply: str = "taken"
    """taken · silent (taken, the reply lost) · lost (nothing made, the reply lost) · refused · no-answers (a request
    without any, reported as a success)"""
    parameters: dict[str, str] = field(default_factory=dict[str, str])
    changes: dict[str, str] = field(default_factory=dict[str, str])
    """Answers that the desk keeps otherwise."""
    away: bool = False
    with_us: bool = True


@dataclass
class TrapDesk:
    """The part of the `ServiceDesk` port that opening uses."""

    clock: ManualClock
    blow: Blow = field(default_factory=Blow)
    habits: Habits = field(default_factory=Habits)
    requests: list[DeskRequest] = field(default_factory=list[DeskRequest])
    sent: int = 0
    looks: int = 0

    async def requests_for(self, key_id: str, also: Sequence[str] = ()) -> Sequence[FoundRequest]:
        self.blow.moment()
        await others_go_on()
        self.looks += 1
        if self.habits.away:
            raise Outage("the desk is away")
        now = self.clock.now()
        shown = [one for one in self.requests if one.shows <= now and not one.deleted]
        return [
            self._found(one, now)
            for one in shown
            if one.reference in also or (one.answered <= now and one.asks.get("SecretID") == key_id)
        ]

    def _found(self, one: DeskRequest, now: datetime) -> FoundRequest:
        task = Task(one.task, one.is_open, is_ours=self.habits.with_us, team="Spentkey", owner="", version="1")
        values = request_of(one.asks.items()) if one.answered <= now else Request()
        return FoundRequest(one.reference, one.is_open, values, task if one.tasked <= now else None, one.ended)

    async def open_request(self, new: NewRequest, before: BeforeOpening) -> Sent:
        self.blow.moment()
        everything = {**new.values, **self.habits.parameters}
        await before(everything)
        await others_go_on()
        self.blow.moment()
        self.sent += 1
        reply = self.habits.reply
        lost = Sent(SentState.LOST, reason=reason_for("the connection was reset"))
        if reply == "refused":
            return Sent(SentState.REFUSED, reason=reason_for("Parameter 'Department': Required"))
        if reply == "lost":
            return lost
        made = self.make({**everything, **self.habits.changes} if reply != "no-answers" else {})
        self.blow.moment()
        if reply == "silent":
            return lost
        missing = tuple(everything) if reply == "no-answers" else ()
        return Sent(SentState.TAKEN, made.reference, missing=missing)

    def make(self, values: Mapping[str, str], *, by_us: bool = True) -> DeskRequest:
        """A request comes to be, and shows as slowly as the desk works."""
        habits, now, number = self.habits, self.clock.now(), len(self.requests) + 1
        shows, told, tasked = (
            now + timedelta(seconds=one) for one in (habits.shows_s, habits.answers_s, habits.task_s)
        )
        self.requests.append(
            DeskRequest(str(10_000 + number), dict(values), shows, told, tasked, TaskRef(str(40_000 + number)), by_us)
        )
        return self.requests[-1]

    def close(self, request: DeskRequest) -> None:
        """People close it."""
        request.is_open, request.ended = False, self.clock.now()

    def open_for(self, key_id: str) -> list[DeskRequest]:
        """The open requests for a credential, whether they show or not."""
        return [one for one in self.requests if one.is_open and not one.deleted and one.asks.get("SecretID") == key_id]


@dataclass
class MemoryRecords:
    """The part of the `EvidenceLog` port that opening uses; a record that was appended stays, whatever dies."""

    clock: ManualClock
    blow: Blow = field(default_factory=Blow)
    records: list[Facts] = field(default_factory=list[Facts])
    past: FoldedPast = field(default_factory=FoldedPast)

    async def append(self, what: str, facts: dict[str, Any]) -> None:
        self.blow.moment()
        await others_go_on()
        record = {**facts, "what": str(what), "seq": len(self.records), "at": self.clock.now().isoformat()}
        self.records.append(record)
        self.blow.moment()

    async def ask(self, question: Question) -> Refused | None:
        return question(BlastRadius(self.past))

    async def history(self, task: int | str) -> History:
        return history(self.records, task)

    async def openings(
        self, *, key_id: str | None = None, since: datetime | None = None, state: str | None = None
    ) -> Sequence[Facts]:
        return [
            one
            for one in self.records
            if one["what"] in ("opening", "opened")
            and (key_id is None or one.get("key_id") == key_id)
            and (since is None or datetime.fromisoformat(one["at"]) >= since)
            and (state is None or one.get("state") == state)
        ]

    def of(self, state: str) -> list[Facts]:
        """The records with that state."""
        return [one for one in self.records if one.get("state") == state]


@dataclass
class MemoryLocks:
    """The `Locks` port among processes of one event loop; who does not get it is told at once."""

    held: set[str] = field(default_factory=set[str])

    @asynccontextmanager
    async def opening(self, name: str) -> AsyncGenerator[None]:
        if name in self.held:
            raise Busy(f"{name} is held")
        self.held.add(name)
        try:
            yield
        finally:
            self.held.discard(name)
