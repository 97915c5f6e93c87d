"""What the service benchmark found, as Markdown."""

from collections.abc import Iterator, Mapping, Sequence

from bench.figures import Figure
from bench.service_figures import ServiceSample
from bench.table import table

LEAST_WRITES, QUOTA, MOST_GROWTH, MOST_MEMORY = 18.0, 3000, 1.2, 200e6
MOST_KEYS = 150
FLAT = 1.1
"""How much more memory than at half of a run a process may hold at its end and still be called flat."""
HEADINGS = (
    "tasks", "processes", "Graph writes/s", "in 150 s", "keys in 60 s", "429", "removals/s", "wall s", "CPU ms each", "without start",
    "PostgreSQL ms each", "simulator ms each", "memory MB", "peak MB", "other work, cores",
)  # fmt: skip
Runs = Mapping[tuple[int, str], Sequence[ServiceSample]]
"""The samples of each number of tasks and each setup."""


def render(runs: Runs, failed: Mapping[tuple[int, str], str]) -> str:
    """The table, what failed, and what the aims say."""
    parts = [table(HEADINGS, [_row(tasks, name, taken) for (tasks, name), taken in runs.items() if taken])]
    parts += [f"- {tasks} tasks, {name}: {why}" for (tasks, name), why in failed.items()]
    parts += ["### Aims", "\n".join(f"- {line}" for line in aims(runs))]
    return "\n\n".join(parts) + "\n"


def _row(tasks: int, name: str, taken: Sequence[ServiceSample]) -> Sequence[str]:
    def of(values: Sequence[float], digits: int, scale: float = 1.0) -> str:
        return Figure.of(values).text(digits, scale)

    rates = [one.writes_a_second for one in taken if one.writes_a_second is not None]
    over_time = [max(one.memory, key=lambda memory: memory.peak) for one in taken]
    last = over_time[-1]
    return (
        str(tasks),
        name,
        of(rates, 1) if rates else "–",
        of([one.fullest for one in taken], 0),
        of([one.key_reads for one in taken], 0),
        of([one.throttled for one in taken], 0),
        of([one.removals_a_second for one in taken], 1),
        of([one.wall for one in taken], 0),
        of([one.cpu_each for one in taken], 1, 1e-3),
        of([one.cpu_each_warm for one in taken], 1, 1e-3),
        of([one.database_cpu / one.tasks for one in taken], 1, 1e-3) if any(one.database_cpu for one in taken) else "",
        of([one.simulator_cpu / one.tasks for one in taken], 1, 1e-3),
        " · ".join(f"{value / 1e6:.0f}" for value in (last.quarter, last.half, last.end)),
        of([one.peak for one in over_time], 0, 1e6),
        of([one.others_cores for one in taken], 1),
    )


def aims(runs: Runs) -> Iterator[str]:
    """Each aim with what was measured; the bare script has none."""
    for name in dict.fromkeys(name for _, name in runs if not name.startswith("bare")):
        taken = {tasks: samples for (tasks, of), samples in runs.items() if of == name and samples}
        if taken:
            yield from _of_setup(name, taken)


def _of_setup(name: str, taken: Mapping[int, Sequence[ServiceSample]]) -> Iterator[str]:
    least, most = min(taken), max(taken)
    rates = [one.writes_a_second for one in taken[most] if one.writes_a_second is not None]
    throttled = max(one.throttled for samples in taken.values() for one in samples)
    keys = max(one.key_reads for samples in taken.values() for one in samples)
    if keys:
        met = keys <= MOST_KEYS and throttled == 0
        yield f"{name}: at most {MOST_KEYS} reads a minute that select keyCredentials, and no 429: {keys} and {throttled}, {_met(met)}"
    elif rates and most > QUOTA:  # with fewer, the quota is never met, at any rate
        met = min(rates) >= LEAST_WRITES and throttled == 0
        yield (
            f"{name}: at least {LEAST_WRITES:.0f} Graph writes a second held and no 429, {most} tasks: "
            f"{Figure.of(rates).text(1)} and {throttled}, {_met(met)}"
        )
    if most > least:
        whole = _times(taken, "cpu_each")
        warm = _times(taken, "cpu_each_warm")
        yield (
            f"{name}: CPU for a removal at {most} tasks at most {MOST_GROWTH} times that at {least}: "
            f"{whole:.2f}, {_met(whole <= MOST_GROWTH)}; without the start {warm:.2f}, {_met(warm <= MOST_GROWTH)}"
        )
    memory = [each for one in taken[most] for each in one.memory]
    peak, growth = max(each.peak for each in memory), max(each.end / each.half for each in memory)
    yield (
        f"{name}: memory flat and under {MOST_MEMORY / 1e6:.0f} MB a process, {most} tasks: {peak / 1e6:.0f} MB, "
        f"{growth:.2f} times as much at the end as at half, {_met(peak < MOST_MEMORY and growth <= FLAT)}"
    )


def _times(taken: Mapping[int, Sequence[ServiceSample]], what: str) -> float:
    """How many times as much it takes with the most tasks as with the fewest."""
    few, many = (Figure.of([getattr(one, what) for one in taken[tasks]]).middle for tasks in (min(taken), max(taken)))
    return many / few


def _met(met: bool) -> str:
    return "met" if met else "NOT met"
