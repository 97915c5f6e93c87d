"""One line a minute of each kind, however often it happens."""

import io
import json
from typing import Any

from real_simulator import QuickClock

from spentkey.observe.logs import logging_to
from spentkey.observe.sparing import MOST_KINDS, SparingLog


def lines(clock: QuickClock, *moments: tuple[float, str]) -> list[dict[str, Any]]:
    """What is logged of these kinds at these moments."""
    stream, log = io.StringIO(), SparingLog(clock)
    with logging_to(stream, as_json=True, level="info", clock=clock):
        for moment, kind in moments:
            clock.slept = moment
            log.tell(kind, "warning", "turned away", why=kind)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_flood_is_one_line_a_minute() -> None:
    """The next line says how many there were in between."""
    shown = lines(QuickClock(), *((number / 1000, "total") for number in range(50_000)), (61.0, "total"))
    assert [one.get("left_out") for one in shown] == [None, 49_999]


def test_kinds_do_not_hide_one_another() -> None:
    """Each has a line of its own in the same minute."""
    shown = lines(QuickClock(), (0, "total"), (1, "address"), (2, "total"), (3, "head"))
    assert [one["why"] for one in shown] == ["total", "address", "head"]


def test_what_comes_seldom_is_told_each_time() -> None:
    """And nothing is said of left out lines where none was."""
    shown = lines(QuickClock(), (0, "total"), (60, "total"), (120, "total"))
    assert [one.get("left_out", 0) for one in shown] == [0, 0, 0]


def test_kinds_without_end_take_no_memory_without_end() -> None:
    """They are begun anew."""
    log, clock = SparingLog(QuickClock()), QuickClock()
    with logging_to(io.StringIO(), as_json=True, level="info", clock=clock):
        for number in range(5 * MOST_KINDS):
            log.tell(str(number), "info", "x")
    assert len(log._kinds) <= MOST_KINDS  # pyright: ignore[reportPrivateUsage]
