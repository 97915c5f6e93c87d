"""The matrix of what real desks do: each switch of the simulator's Ivanti alone and with every other one.

Whatever a tenant makes of what is written to it: removed and closed, or handed over; one note, one write; and a rerun
changes nothing. What came out otherwise is a warning, and nothing else is.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from any_story import HOUR
from in_memory import Event, InMemory
from worlds import REF, TASK, parameters, world

from spentkey.story import work_on

Json = dict[str, Any]
CLOSE, HAND_OVER = "close", "hand-over"
MOST_RERUNS = 6


@dataclass(frozen=True)
class Switch:
    """One thing that a tenant does; what is set where it must be; and how often it shows in a close and a hand-over."""

    behaviour: Json
    closing: int = 0
    handing: int = 0
    settings: dict[str, str] = field(default_factory=dict[str, str])
    ivanti: Json = field(default_factory=dict[str, Any])

    def warnings(self, story: str) -> int:
        """How many warnings a story has."""
        return self.closing if story == CLOSE else self.handing


SWITCHES: dict[str, Switch] = {
    "minutes computed": Switch({"minutes": "computed"}, 1, 1),
    "minutes rounded": Switch({"minutes": "rounded"}, 1, 1),
    "minutes read-only": Switch({"minutes": "read-only"}, 1, 1),
    "minutes in hours": Switch({"minutes": "hours"}, 1, 1),
    "minutes refused": Switch({"minutes": "refused"}, settings={"SPENTKEY_IVANTI__FIELDS__MINUTES": ""}),
    "owner by name": Switch({"owner_shown": "name"}, 1, 0),
    "owner must be a member": Switch({"owner_must_be_member": True, "members": ["svc-spentkey"]}),
    "owner refused": Switch(
        {"owner_must_be_member": True},
        settings={"SPENTKEY_IVANTI__OWNER": "none"},
        ivanti={"owner_required_to_close": False},
    ),
    "status moved on": Switch({"moves_on": {"Completed": "Closed", "Logged": "Assigned"}}, 1, 1),
    "a required field": Switch(
        {"required_to_close": "CloseCode"},
        settings={"SPENTKEY_IVANTI__CLOSE_FIELDS": '{"CloseCode": "Automated"}'},
        ivanti={"task_fields": ["CloseCode"]},
    ),
    "empty owner refused": Switch({"empty_owner": "refused"}),
    "note cut": Switch({"note_cut": 30}, 1, 1),
    "note category": Switch({"note_category": "Memo"}, 1, 1),
    "words in another case": Switch({"words": "other-case"}),
}
Combination = tuple[str, ...]


def singles() -> Iterator[Combination]:
    """Each switch by itself, and none."""
    yield ()
    yield from ((name,) for name in SWITCHES)


def pairs() -> Iterator[Combination]:
    """Every two switches that can be on at once."""
    for one, other in itertools.combinations(SWITCHES, 2):
        if not SWITCHES[one].behaviour.keys() & SWITCHES[other].behaviour.keys():
            yield one, other


def expected_warnings(names: Combination, story: str) -> int:
    """Each that shows; where no owner is written, none comes out otherwise, nor do minutes that are not booked."""
    shown = {name for name in names if SWITCHES[name].warnings(story)}
    if "owner refused" in names:
        shown -= {"owner by name"}
    return sum(SWITCHES[name].warnings(story) for name in shown)


@dataclass
class Played:
    """How often a story was run, and what stood in the ticket then."""

    results: list[Json]
    task: Json


class DeskMatrix:
    """Plays one combination in one story."""

    def __init__(self, sim: InMemory, names: Combination, story: str) -> None:
        self.sim, self.names, self.story = sim, names, story
        switches = [SWITCHES[name] for name in names]
        behaviour = {name: value for one in switches for name, value in one.behaviour.items()}
        ivanti = {name: value for one in switches for name, value in one.ivanti.items()}
        settings = {name: value for one in switches for name, value in one.settings.items()}
        self.settings = {"SPENTKEY_POLICY__VERIFY_READS": "3", "SPENTKEY_POLICY__VERIFY_TIMEOUT_S": "60", **settings}
        asked = parameters(SecretType="Key") if story == HAND_OVER else None
        self.world = world(asked, behaviour=behaviour, **ivanti)

    async def play(self, crash: Event | None = None) -> Played:
        """Run until the task is ended, then once more."""
        self.sim.reset(self.world, 1)
        self.sim.events[:] = [crash] if crash is not None else []
        results = [await self.run()]
        self.sim.events.clear()
        for _ in range(MOST_RERUNS):
            if results[-1] and results[-1]["ticket"] not in ("open", None):
                break
            self.sim.clock.step(HOUR)
            results.append(await self.run())
        return Played([one for one in results if one], self.task())

    async def run(self) -> Json:
        """One run; empty where its process died."""
        async with self.sim.context(self.sim.settings(**self.settings)) as context:
            (result,) = await self.sim.all_of([work_on(REF, context)])
        return {} if result is None else {**result.as_json(), "exit": result.exit_code}

    def task(self) -> Json:
        """The ticket as it really is."""
        return self.sim.truth()["ivanti"]["tasks"][str(TASK)]

    async def wrong(self, crash: Event | None = None) -> list[str]:
        """What does not hold, in words."""
        played = await self.play(crash)
        last, task = played.results[-1] if played.results else {}, played.task
        found = [f"{last.get('outcome')} {last.get('ticket')}: {last.get('reason')}"] if not self._ended(last) else []
        if crash is None and len(last.get("warnings", ())) != expected_warnings(self.names, self.story):
            found.append(f"warnings: {last.get('warnings')}")
        if (len(task["notes"]), len(task["writes"])) != (1, 1):
            found.append(f"{len(task['notes'])} notes, {len(task['writes'])} writes")
        if len(self.sim.truth()["tenants"]["production"]["removals"]) != (self.story == CLOSE):
            found.append("not the removals that were asked for")
        await self.run()
        if self.task() != task:
            found.append("a rerun changed the ticket")
        return [f"{', '.join(self.names) or 'nothing'}, {self.story}: {one}" for one in found]

    def _ended(self, last: Json) -> bool:
        if self.story == CLOSE:
            return (last.get("outcome"), last.get("ticket"), last.get("exit")) == ("removed", "closed", 0)
        ended = (last.get("outcome"), last.get("ticket"))
        return ended in (("refused", "handed-off"), ("not-ours", "untouched"))
