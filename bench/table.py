"""What was found, as Markdown that also reads well on a terminal."""

from collections.abc import Iterator, Sequence

from bench.campaign import Report, Row
from bench.figures import Figure, Sample, ratios
from bench.ways import WAYS
from bench.world import KINDS, Kind

MOST_OF_CLASSIC = {"step by step": 1 / 3, "one action": 1 / 5}
"""The share of the classic playbook's CPU time that our playbooks may take."""
MOST_WARM_CPU_S, MOST_WARM_RATIO, MOST_COLD_OWN_S = 0.030, 1.2, 1.0
HEADINGS = ("way", "wall s", "÷ bare", "CPU s", "÷ bare", "peak MB", "requests", "installed MB")


def render(report: Report) -> str:
    """Every table, the growth, and what the aims say."""
    parts: list[str] = []
    for latency in report.plan.latencies:
        for kind in KINDS:
            rows = [row for row in report.rows if (row.latency, row.kind) == (latency, kind)]
            parts += [f"### One {kind}, {latency:g} ms for every answer", table(HEADINGS, _cells(report, rows))]
            parts += [f"- {row.way.name}: {row.reason}" for row in rows if row.reason]
    if any(report.growth.values()):
        parts += ["### Growth: secrets in one process, one world", table(*_growth(report))]
    parts += ["### What each way does", table(("way", "does"), [(one.name, one.does) for one in WAYS])]
    parts += ["### Aims", "\n".join(f"- {line}" for line in aims(report))]
    return "\n\n".join(parts) + "\n"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns are aligned."""
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in range(len(headings))]
    lines = [headings, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def _cells(report: Report, rows: Sequence[Row]) -> list[Sequence[str]]:
    return [_measured(report, row) if row.samples else (row.way.name, "–", *[""] * 6) for row in rows]


def _measured(report: Report, row: Row) -> Sequence[str]:
    floor = report.samples(row.latency, row.kind, "bare, warm" if row.way.warm else "bare script")

    def over(figure: Figure | None) -> str:
        return "" if row.way.bare or figure is None else figure.text(2)

    return (
        row.way.name,
        _of(row.samples, "wall").text(3),
        over(ratios([one.wall for one in row.samples], [one.wall for one in floor])),
        _of(row.samples, "cpu").text(4 if row.way.warm else 3),
        over(ratios([one.cpu for one in row.samples], [one.cpu for one in floor])),
        _of(row.samples, "peak").text(0, 1e6),
        _of(row.samples, "requests").text(0),
        f"{row.size / 1e6:.0f}",
    )


def _of(samples: Sequence[Sample], name: str) -> Figure:
    return Figure.of([getattr(one, name) for one in samples])


def _growth(report: Report) -> tuple[Sequence[str], list[Sequence[str]]]:
    headings = ("tasks", "CPU ms each", "wall ms each", "peak MB")
    rows: list[Sequence[str]] = [
        (str(count), _of(taken, "cpu").text(2, 1e-3), _of(taken, "wall").text(2, 1e-3), _of(taken, "peak").text(0, 1e6))
        for count, taken in report.growth.items()
        if taken
    ]
    return headings, rows


def aims(report: Report) -> Iterator[str]:
    """Each aim with what was measured, and whether the bare script really made the same requests."""
    least = min(report.plan.latencies)
    for kind in KINDS:
        warm, cold = (report.samples(least, kind, name) for name in ("spentkey, warm", "spentkey run"))
        if warm:
            cpu = _of(warm, "cpu")
            yield (
                f"{kind}: warm CPU at most {MOST_WARM_CPU_S * 1000:.0f} ms: "
                f"{cpu.text(1, 1e-3)} ms, {_met(cpu.middle, MOST_WARM_CPU_S)}"
            )
        for latency in report.plan.latencies:
            yield from _warm_ratio(report, latency, kind)
        if cold:
            own = _of(cold, "own")
            yield (
                f"{kind}: cold run at most {MOST_COLD_OWN_S:.0f} s beyond the outside calls (wall less the latencies "
                f"and the simulator's own CPU time): {own.text(3)} s, {_met(own.middle, MOST_COLD_OWN_S)}"
            )
        yield from _same_requests(report, least, kind)
    yield from _of_classic(report)


def _warm_ratio(report: Report, latency: float, kind: Kind) -> Iterator[str]:
    samples = [report.samples(latency, kind, name) for name in ("spentkey, warm", "bare, warm")]
    figure = ratios(*([one.wall for one in taken] for taken in samples))
    if figure is not None:
        yield (
            f"{kind}: warm wall at most {MOST_WARM_RATIO} times bare, {latency:g} ms: "
            f"{figure.text(2)}, {_met(figure.middle, MOST_WARM_RATIO)}"
        )


def _of_classic(report: Report) -> Iterator[str]:
    """The classic playbook removes secrets only."""
    for latency in report.plan.latencies:
        classic = report.samples(latency, "secret", "playbook")
        for name, most in MOST_OF_CLASSIC.items():
            ours = report.samples(latency, "secret", name)
            figure = ratios([one.cpu for one in ours], [one.cpu for one in classic])
            if figure is not None:
                yield (
                    f"secret: CPU of our playbook {name} at most {most:.2f} of the classic one's, {latency:g} ms: "
                    f"{figure.text(2)}, {_met(figure.middle, most)}"
                )


def _same_requests(report: Report, latency: float, kind: Kind) -> Iterator[str]:
    ours, bare = (report.samples(latency, kind, name) for name in ("spentkey run", "bare script"))
    if ours and bare:
        same = "the same requests in the same order" if ours[0].routes == bare[0].routes else "OTHER REQUESTS"
        yield f"{kind}: the bare script made {same} as spentkey run ({len(bare[0].routes)} and {len(ours[0].routes)})"


def _met(value: float, most: float) -> str:
    return "met" if value <= most else "NOT met"
