"""What the store's benchmark found, as Markdown: how long appends take, what a cold run costs, and who waits for it."""

from collections.abc import Iterator, Sequence
from statistics import median

from bench.figures import Figure
from bench.store_figures import Appended, ColdRuns, Found, HeldUp, StoreKey, tenths
from bench.table import table

TOGETHER = 20
"""How many tasks append at once."""
MOST_CPU_S, MOST_PEAK, MOST_HELD_UP_S = 0.1, 20e6, 0.050
MOST_APPEND_S, FLUSH_S = 0.0015, 0.00025
"""How long one append may take where a flush takes so long."""
NEARLY = 0.9
"""How near a flush comes to that of the aim to be called as long."""
LEAST_SHARED = 2
"""How many appends at least share a flush where twenty come at once, to say that they share it."""
DISK, MEMORY = "disk", "memory"
APPEND_HEADINGS = (
    "store",
    "files on",
    "records",
    "a flush ms",
    "one ms",
    "of 20 at once, each waits ms",
    "20 at once ÷ 20, ms",
)
COLD_HEADINGS = ("store", "records", "CPU s", "PostgreSQL CPU s", "peak MB", "wall s")
HELD_UP_HEADINGS = ("store", "records", "alone ms", "alone, longest ms", "beside runs ms", "beside runs, longest ms")
Rows = list[Sequence[str]]


def render(found: Found) -> str:
    """Every table, what did not agree, and what the aims say."""
    parts = [
        f"A flush: {_ms(tenths(found.flush), 2)} ms.",
        "### One append",
        table(APPEND_HEADINGS, [_appended(key, one.value) for key, one in found.appends.items()]),
        "### A cold run",
        table(COLD_HEADINGS, [row for key in found.cold for row in _cold(found, key)]),
        "### Another process that appends all the while",
        table(HELD_UP_HEADINGS, [_held_up(key, one) for key, one in found.held_up.items()]),
        "### Aims",
        "\n".join(f"- {aim}" for aim in aims(found)),
    ]
    unsure = list(disagreements(found))
    if unsure:
        parts += ["### What did not agree", "\n".join(f"- {one}" for one in unsure)]
    return "\n\n".join(parts) + "\n"


def _ms(figure: Figure, digits: int) -> str:
    return figure.text(digits, 1e-3)


def _appended(key: StoreKey, taken: Appended) -> Sequence[str]:
    share = [one / TOGETHER for one in taken.groups]
    return (
        key.store,
        key.where,
        f"{key.records:,}",
        _ms(tenths(taken.flush), 2) if taken.flush else "",
        _ms(tenths(taken.one), 2),
        _ms(tenths(taken.each), 2),
        _ms(tenths(share), 3),
    )


def _cold(found: Found, key: StoreKey) -> Rows:
    taken = found.cold[key].value
    return [_runs(key.store, 0, taken.empty), _runs(key.store, key.records, taken.full)]


def _runs(store: str, records: int, taken: ColdRuns) -> Sequence[str]:
    return (
        store,
        f"{records:,}",
        Figure.of(taken.cpu).text(3),
        Figure.of(taken.server).text(3) if taken.server else "",
        Figure.of(taken.peak).text(1, 1e6),
        Figure.of(taken.wall).text(3),
    )


def _held_up(key: StoreKey, taken: HeldUp) -> Sequence[str]:
    shown = [(_ms(tenths(one), 2), f"{max(one) * 1000:.0f}") for one in (taken.alone, taken.beside)]
    return (key.store, f"{key.records:,}", *shown[0], *shown[1])


def aims(found: Found) -> Iterator[str]:
    """Each aim with what was measured."""
    for key, one in found.cold.items():
        cold = one.value
        yield (
            f"{key.name}: a cold run takes at most {MOST_CPU_S} s CPU more than on none: {cold.cpu:+.3f} s, "
            f"{_met(cold.cpu <= MOST_CPU_S)}"
        )
        yield (
            f"{key.name}: and at most {MOST_PEAK / 1e6:.0f} MB more: {cold.peak / 1e6:+.1f} MB, "
            f"{_met(cold.peak <= MOST_PEAK)}"
        )
    for key, one in found.held_up.items():
        longest, alone = max(one.beside), max(one.alone)
        yield (
            f"{key.name}: a cold run holds nobody up for more than {MOST_HELD_UP_S * 1000:.0f} ms: "
            f"{longest * 1000:.0f} ms, {held_up_verdict(longest, alone)}"
        )
    for key, one in found.appends.items():
        if one.value.flush:
            yield from _of_appends(key, one.value)


def _of_appends(key: StoreKey, taken: Appended) -> Iterator[str]:
    alone, together, flush = median(taken.one), median(taken.groups), median(taken.flush)
    yield (
        f"{key.name}: one append takes at most {MOST_APPEND_S * 1000} ms where a flush takes {FLUSH_S * 1000} ms: "
        f"{alone * 1000:.2f} ms where one takes {flush * 1000:.2f} ms, {append_verdict(alone, flush)}"
    )
    shared = TOGETHER * alone / together
    yield (
        f"{key.name}: tasks share a flush: {TOGETHER} at once take as long as {together / alone:.1f} appends, "
        f"{_met(shared >= LEAST_SHARED)}"
    )


def append_verdict(append: float, flush: float) -> str:
    """Met, or not; a slower disk than that of the aim does not show that it is missed, nor a quicker one that it is met."""
    if append <= MOST_APPEND_S:
        return "met" if flush >= NEARLY * FLUSH_S else "met, but a flush takes less here"
    return "NOT met" if flush * NEARLY <= FLUSH_S else "not met, but a flush takes longer here"


def held_up_verdict(longest: float, alone: float) -> str:
    """Met, or not; where an append took as long without any run, the runs are not what held it up."""
    verdict = _met(longest <= MOST_HELD_UP_S)
    return f"{verdict}; without a run {alone * 1000:.0f} ms{', too long as well' if alone > MOST_HELD_UP_S else ''}"


def disagreements(found: Found) -> Iterator[str]:
    """What was measured again and again without two measurements alike: all of them stand in its row."""
    for key, appended in found.appends.items():
        if not appended.agreed:
            yield f"{key.name}: appends, none of {appended.tries} measurements"
    for key, cold in found.cold.items():
        if not cold.agreed:
            yield f"{key.name}: cold runs, none of {cold.tries} measurements"


def _met(met: bool) -> str:
    return "met" if met else "NOT met"
