"""Guards G7 and G10 just before a sending: both at once, fresh when it goes out, and not for ever."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from support_core import DAY, NOW, OTHER_KEY_ID, REF, RULES, ManualClock, application, parameters, request, secret, task

from spentkey.core.credential import Snapshot
from spentkey.core.errors import Outage
from spentkey.core.limits import BlastRadius, FoldedPast
from spentkey.core.outcome import Refused, TicketState
from spentkey.core.plan import make_plan
from spentkey.core.task import Request, Task, TaskRef
from spentkey.ports.evidence import Question
from spentkey.steps.attempt import Attempt
from spentkey.steps.confirm import FRESH_S, Confirmation, ListsChanged, Withheld
from spentkey.steps.context import Context
from spentkey.steps.plan import Removal

JUDGED = application(secret(), secret(key_id=OTHER_KEY_ID, end=NOW + DAY))


class Outside:
    """Desk, directory and evidence in one: each takes so many seconds to answer, the last figure again and again."""

    def __init__(self, desk: Sequence[float] = (0,), directory: Sequence[float] = (0,), past: float = 0) -> None:
        self.clock = ManualClock()
        self.waits = {"desk": list(desk), "directory": list(directory), "past": [past]}
        self.asked: list[str] = []
        self.task, self.application, self.records = task(), JUDGED, FoldedPast()

    async def _answer(self, who: str) -> None:
        self.asked.append(who)
        waits = self.waits[who]
        await self.clock.sleep(waits.pop(0) if len(waits) > 1 else waits[0])

    async def find(self, ref: TaskRef) -> Task:
        del ref
        await self._answer("desk")
        return self.task

    async def request(self, found: Task) -> Request:
        del found
        return parameters()

    async def look(self, app_id: str) -> Snapshot:
        del app_id
        await self._answer("directory")
        return Snapshot(self.application, None, NOW)

    async def ask(self, question: Question) -> Refused | None:
        await self._answer("past")
        return question(BlastRadius(self.records))

    def confirmation(self, *, with_task: bool = True) -> Confirmation:
        """Of one removal of a secret."""
        anything = cast("Any", self)
        context = Context(
            anything, anything, anything, anything, anything, self.clock, anything, anything, RULES, "r", anything
        )
        plan = make_plan(JUDGED, JUDGED.credentials[0])
        removal = Removal(anything, plan, None, task() if with_task else None, request())
        return Confirmation(Attempt(REF, "a", context), removal)


async def test_both_are_asked_once_where_they_are_quick() -> None:
    """The first sending asks neither a second time, and whether anything is stopped."""
    outside = Outside()
    confirmation = outside.confirmation()
    assert await confirmation.ask() is None
    await confirmation.before_try()
    assert outside.asked == ["desk", "directory", "past"]


@pytest.mark.parametrize(("waited", "more"), [(FRESH_S, 0), (FRESH_S + 0.1, 1), (300, 1)])
async def test_old_answers_are_asked_for_again(waited: float, more: int) -> None:
    """Up to 5 s after they arrived they hold."""
    outside = Outside()
    confirmation = outside.confirmation()
    await confirmation.ask()
    await outside.clock.sleep(waited)
    await confirmation.before_try()
    assert (outside.asked.count("desk"), outside.asked.count("directory")) == (1 + more, 1 + more)


@pytest.mark.parametrize("slow", [1, 2])
async def test_the_older_of_two_answers_counts(slow: int) -> None:
    """The desk's is old when the directory's comes, so both are asked again."""
    outside = Outside(directory=[6] * slow + [0])
    assert await outside.confirmation().ask() is None
    assert outside.asked == ["desk", "directory"] * (slow + 1)


async def test_three_rounds_are_enough() -> None:
    """Then a system is not itself, and nothing is sent."""
    outside = Outside(directory=[6])
    with pytest.raises(Outage, match="asked 3 times just before the removal"):
        await outside.confirmation().ask()
    assert outside.asked.count("directory") == 3


async def test_three_rounds_are_enough_before_a_repeat_too() -> None:
    """Each sending has its own."""
    outside = Outside(directory=[0, 6])
    confirmation = outside.confirmation()
    await confirmation.ask()
    await outside.clock.sleep(12)
    with pytest.raises(Outage):
        await confirmation.before_try()
    assert outside.asked.count("directory") == 1 + 3


async def test_a_store_that_is_slow_makes_answers_old() -> None:
    """What counts is the moment of sending."""
    outside = Outside(past=6)
    confirmation = outside.confirmation()
    await confirmation.ask()
    with pytest.raises(Outage):
        await confirmation.before_try()
    assert outside.asked.count("desk") == 3


async def test_without_a_task_the_desk_is_not_asked_and_makes_nothing_old() -> None:
    """Guard G7 is left out, and a slow directory is fresh by itself."""
    outside = Outside(directory=[6])
    confirmation = outside.confirmation(with_task=False)
    assert await confirmation.ask() is None
    await confirmation.before_try()
    assert outside.asked == ["directory", "past"]


async def test_a_changed_ticket_goes_before_changed_lists() -> None:
    """Nothing more is written to it, so nobody judges again."""
    outside = Outside()
    outside.task, outside.application = task(team="Servicedesk", is_ours=False), application()
    found = await outside.confirmation().ask()
    assert not isinstance(found, ListsChanged)
    assert found is not None
    assert (found.ticket, getattr(found.outcome, "guard", "")) == (TicketState.UNTOUCHED, "G7")


async def test_changed_lists_are_told() -> None:
    """For another judgement."""
    outside = Outside()
    outside.application = application()
    assert isinstance(await outside.confirmation().ask(), ListsChanged)


@pytest.mark.parametrize("what", ["paused", "survivor-lost"])
async def test_what_stops_everything_withholds_a_repeat(what: str) -> None:
    """Whatever the ticket says, and however fresh."""
    outside = Outside()
    confirmation = outside.confirmation()
    await confirmation.ask()
    outside.records.note({"what": what, "at": NOW.isoformat(), "who": "x", "why": "y", "task": 1})
    with pytest.raises(Withheld) as caught:
        await confirmation.before_try()
    found = caught.value.found
    assert not isinstance(found, ListsChanged)
    assert (found.ticket, getattr(found.outcome, "guard", "")) == (TicketState.OPEN, "G8")


async def test_an_outage_of_one_ends_both() -> None:
    """The error comes out, and nothing is left running."""
    outside = Outside()

    async def away(app_id: str) -> Snapshot:
        raise Outage(f"{app_id} is away")

    outside.look = away
    with pytest.raises(Outage, match="is away"):
        await outside.confirmation().ask()
