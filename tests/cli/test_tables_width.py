"""The tables in windows of 80, 100 and 120 columns: every column keeps its width, whatever the reasons say."""

import io

import pytest
from rich.console import Console
from rich.live import Live

from spentkey.cli import tables
from spentkey.cli.live import STEPS, LiveTable
from spentkey.cli.show import STEP_WORDS, totals
from spentkey.core.outcome import Result, TicketState
from spentkey.core.task import TaskRef

WIDTHS = (80, 100, 120)
NAME = "Street Lighting Monitor"
LONG = "the application has no valid signer: removeKey needs a proof by a certificate that is registered on it " * 2
RESULTS = [
    Result("40021", "removed", TicketState.CLOSED, app_name="Parking Permits", kind="secret", key_id="5ff382ee-6b0d"),
    Result(
        *("40038", "failed", TicketState.HANDED_OFF),
        app_name=NAME,
        kind="certificate",
        key_id="cfb054c6-1f5e",
        reason=LONG,
    ),
]


def live_rows(width: int) -> list[str]:
    """The lines of a live table with a task at each step, and one that ended with a long reason."""
    console = Console(file=io.StringIO(), width=width, height=40, force_terminal=True, color_system=None)
    live = Live(console=console, auto_refresh=False)
    table = LiveTable(live)
    for number, step in enumerate(STEPS, start=40021):
        ref = TaskRef(str(number))
        table.step(ref, "ask", NAME)
        table.step(ref, step, LONG if step != "ask" else NAME)
    ended = TaskRef("40099")
    table.step(ended, "ask", NAME)
    table.step(ended, "handed-off", LONG)
    return shown(console, live)


def shown(console: Console, live: Live) -> list[str]:
    """The lines that a live display shows now."""
    with console.capture() as captured:
        console.print(live.renderable)
    return [line.rstrip() for line in captured.get().splitlines()]


def test_the_live_table_is_in_the_order_of_its_tasks() -> None:
    """Texts as texts, then numbers by their value; what ended stands below, the latest first. A column fits them all."""
    console = Console(file=io.StringIO(), width=120, height=40, force_terminal=True, color_system=None)
    live = Live(console=console, auto_refresh=False)
    table = LiveTable(live)
    for text in ("40021", "sales-2026-07", "9", "SCTASK0010002", "100", "SCTASK0010001", "10"):
        table.step(TaskRef(text), "judge")
    for text in ("10", "SCTASK0010002"):
        table.step(TaskRef(text), "closed")
    _, *rows, caption = shown(console, live)
    under_way = ["SCTASK0010001", "sales-2026-07", "9", "100", "40021"]
    assert [row.split()[0] for row in rows] == [*under_way, "SCTASK0010002", "10"]
    assert caption == "5 under way, 2 ended"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_live_table_keeps_its_columns(width: int) -> None:
    """Number, name, step and progress are whole in each row; only the detail is cut, and no line is too long."""
    heading, *rows, caption = live_rows(width)
    assert heading.split() == ["task", "application", "step"]
    words = [row[29:40].rstrip() for row in rows]
    assert words == [*STEP_WORDS.values(), "handed-off"]
    assert {row[:5] for row in rows} == {str(number) for number in (*range(40021, 40029), 40099)}
    assert {row[7:27].rstrip() for row in rows} == {f"{NAME[:19]}…"}
    assert {len(row[42:50].strip("●·")) for row in rows} == {0}
    assert max(map(len, rows)) <= width
    assert caption == "8 under way, 1 ended"


def closing(width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of the closing table in a window of that width."""
    monkeypatch.setenv("COLUMNS", str(width))
    tables.show_results(RESULTS)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_closing_table_says_everything(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No line is longer than the window, and no word of a fact or a reason is lost."""
    lines = closing(width, monkeypatch, capsys)
    assert max(map(len, lines)) <= width
    shown = " ".join(" ".join(lines).split())
    words = {"40021", "removed", "closed", "5ff382ee", "40038", "failed", "handed-off", "cfb054c6", *LONG.split()}
    assert {word for word in words if word not in shown} == set()


def test_the_reason_has_room_at_120_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At least 36 characters, so that a key id fits on one line; each short fact is on one line too."""
    lines = closing(120, monkeypatch, capsys)
    assert 120 - lines[0].index("how, or why not") >= 36
    assert any(NAME in line and "certificate cfb054c6" in line for line in lines)


def test_the_totals_count_every_outcome() -> None:
    """In the order of the outcomes, from good to bad."""
    assert totals(RESULTS) == "2 tasks: 1 removed, 1 failed."
    assert totals(RESULTS[:1]) == "1 task: 1 removed."
