"""Every moment of a story at which the process can be killed, and what comes of it."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from crash_runs import AtRecord, AtRequest, Blow, Exit, InRecord, Stage
from crash_stories import CLOSED, Story
from crash_truth import Found, broken, find

RERUNS = 3
WHENS = ("before", "after")


def lots(seed: int | str) -> random.Random:
    """Lots that fall the same way for the same seed."""
    return random.Random(seed)  # noqa: S311  # nothing secret hangs on it


def failures(stage: Stage, story: Story, cases: Iterable[Sequence[Blow]]) -> tuple[int, list[str]]:
    """Play the story with each of these series of kills: how many there were, and every case that does not hold."""
    count, found = 0, list[str]()
    for blows in cases:
        count += 1
        named = ", then ".join(str(blow) for blow in blows) or "never"
        found += [f"killed {named}: {problem}" for problem in play(stage, story, blows)[:1]]
    return count, found


@dataclass
class Moments:
    """What a story does when nobody disturbs it: its requests, and how many records are on the disk before each."""

    requests: list[AtRequest]
    kinds: list[str]
    """The kinds of its records, in order."""
    lines: list[int] = field(default_factory=list[int])
    """For each request the records that are on the disk when it goes out; at the end all of them."""

    def within_records(self, rolls: random.Random) -> Iterator[InRecord]:
        """Every record: as if the power was cut while it was written, and as if killed just before."""
        ends = [*self.requests, None]
        for at, start, end in zip(ends, [0, *self.lines], self.lines, strict=False):
            for line in range(start, end):
                yield InRecord(at, line, None)
                yield InRecord(at, line, rolls.randrange(2**31))
                yield InRecord(at, line, rolls.randrange(2**31))

    def at_records(self) -> Iterator[AtRecord]:
        """Every record, as a watcher sees it appear."""
        for number, what in enumerate(self.kinds):
            yield AtRecord(what, 1 + self.kinds[:number].count(what))


def rehearse(stage: Stage, story: Story, *, records: bool = True) -> Moments:
    """Play the story undisturbed for its requests; a steady one also up to each of them, for the records before it."""
    stage.set(story)
    stage.run(story)
    seen: dict[tuple[str, str], int] = {}
    requests: list[AtRequest] = []
    for entry in stage.sim.journal():
        name = (entry["system"], entry["route"])
        seen[name] = seen.get(name, 0) + 1
        requests.append(AtRequest(*name, seen[name], "before"))
    kinds = [str(record["what"]) for record in find(stage.sim, stage.store, []).records]
    if not story.steady or not records:
        return Moments(requests, kinds, [])
    return Moments(requests, kinds, [*(_lines_before(stage, story, one) for one in requests), len(kinds)])


def _lines_before(stage: Stage, story: Story, request: AtRequest) -> int:
    stage.set(story)
    stage.strike(story, request)
    return len(stage.lines())


def at_requests(story: Story, moments: Moments) -> list[AtRequest]:
    """Before and after every request; where the story has a fault of its own, a hang after the effect would undo it."""
    faulty = {rule["route"] for rule in story.faults}
    every = [AtRequest(one.system, one.route, one.nth, when) for one in moments.requests for when in WHENS]
    return [one for one in every if one.when == "before" or one.route not in faulty]


def single(story: Story, moments: Moments, rolls: random.Random) -> list[Blow]:
    """Every single kill."""
    return [*at_requests(story, moments), *moments.within_records(rolls), *moments.at_records()]


def sequences(story: Story, moments: Moments, rolls: random.Random, count: int) -> Iterator[tuple[Blow, ...]]:
    """Two or three kills in a row, at requests and records drawn by lot."""
    first = single(story, moments, rolls)
    later: list[Blow] = [*at_requests(story, moments), *moments.at_records()]
    for _ in range(count):
        yield (rolls.choice(first), *(rolls.choice(later) for _ in range(rolls.choice((1, 1, 2)))))


def play(stage: Stage, story: Story, blows: Sequence[Blow]) -> list[str]:
    """Play a story with its kills, run it until it converges, and say what is broken then."""
    stage.set(story)
    for blow in blows:
        stage.strike(story, blow)
    runs = [stage.run(story)]
    while runs[-1].code not in (0, 2, 3) and len(runs) < RERUNS:
        runs.append(stage.run(story))
    found = _sent(blows, _look(stage, [text for run in runs for text in (run.out, run.err)]))
    return [
        *_bad_end(story, runs[-1]),
        *broken(story, found),
        *_sound(stage),
        *_runs_again(stage, story, found),
    ]


def _sent(blows: Sequence[Blow], found: Found) -> Found:
    """Without the request that a kill inside a record forestalled: it only served to stop the process there."""
    forestalled = isinstance(blows[0], InRecord) and blows[0].at is not None if blows else False
    hung = [entry["n"] for entry in found.journal if entry["fault"] == "hang before"][: int(forestalled)]
    return replace(found, journal=[entry for entry in found.journal if entry["n"] not in hung])


def _look(stage: Stage, message: Sequence[str]) -> Found:
    return find(stage.sim, stage.store, [stage.home], *message)


def _bad_end(story: Story, ended: Exit) -> list[str]:
    wanted = (0,) if story.ticket == CLOSED else (2, 3)
    good = ended.code in wanted and "Traceback" not in ended.err
    return [] if good else [f"6 the last rerun ended with {ended.code}: {ended.out}{ended.err}"]


def _sound(stage: Stage) -> list[str]:
    """Whatever was cut off in the middle, what is stored is whole."""
    return [] if stage.store.is_sound() else ["5 what holds the evidence is damaged"]


def _runs_again(stage: Stage, story: Story, before: Found) -> list[str]:
    """A rerun of a finished task reads, and changes nothing."""
    ended = stage.run(story)
    after = _look(stage, [])
    problems: list[str] = []
    if (after.task, after.removals, after.left) != (before.task, before.removals, before.left):
        problems.append("6 a rerun of the finished task changed something")
    if after.evidence != before.evidence:
        problems.append("6 a rerun of the finished task wrote evidence")
    sent = before.journal[-1]["n"] if before.journal else 0
    if any(entry["write"] for entry in after.journal[sent:]):
        problems.append("6 a rerun of the finished task sent a write")
    if ended.code != (0 if story.ticket == CLOSED else 2):
        problems.append(f"6 a rerun of the finished task ended with {ended.code}")
    return problems
