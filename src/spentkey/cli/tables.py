"""The closing table of results, wide where there is room, two columns where there is not."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spentkey.core.outcome import Result, TicketState
from spentkey.core.sanitize import plain

WIDE = 110
"""From this width on, in characters, every fact has a column of its own."""
WIDTHS = {"outcome": 12, "ticket": 10, "application": 24}
"""The widths of the columns that do not depend on what is shown. The reason gets all the rest."""
COLOURS = {
    "removed": "green",
    "already-gone": "green",
    "refused": "yellow",
    "failed": "red",
    "cannot-tell": "red",
    "not-ours": "dim",
    "remove": "green",
    "close-as-gone": "green",
    "hand-off": "yellow",
    "leave": "red",
    "pass": "dim",
    "closed": "green",
    "handed-off": "yellow",
    "open": "red",
    "untouched": "dim",
}


def show_results(results: Sequence[Result]) -> None:
    """Print the closing table."""
    headings = ("task", "outcome", "ticket", "application", "credential", "how, or why not")
    rows = [
        (Text(one.task), _outcome(one), coloured(one.ticket.value), _application(one), _credential(one), _details(one))
        for one in results
    ]
    show_table(headings, rows)


def show_table(headings: Sequence[str], rows: Sequence[Sequence[Text]], wide: int = WIDE) -> None:
    """Print a table; below a width of `wide` characters the first column stands beside all the others."""
    console = Console(highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    if console.width >= wide:
        widths = WIDTHS | {"credential": 20 if console.width >= WIDE + 10 else 11}
        for heading in headings[:-1]:
            table.add_column(heading, overflow="fold", width=widths.get(heading))
        table.add_column(headings[-1], overflow="fold")
        for row in rows:
            table.add_row(*row)
    else:
        table.add_column(headings[0], no_wrap=True)
        table.add_column(" · ".join(headings[1:-1]), overflow="fold")
        for task, *others in rows:
            table.add_row(task, _stacked(others))
    console.print(table)


def _stacked(facts: Sequence[Text]) -> Text:
    """The short facts on one line, how or why on the next."""
    *short, details = facts
    line = Text(" · ").join(fact for fact in short if fact)
    return Text("\n").join([line, details]) if details else line


def _outcome(one: Result) -> Text:
    """The outcome; a failure that people have got with its reason is no alarm."""
    if one.outcome == "failed" and one.ticket is TicketState.HANDED_OFF:
        return Text(one.outcome, style=COLOURS["handed-off"])
    return coloured(one.outcome)


def _details(one: Result) -> Text:
    how = [part for part in (one.route if one.outcome == "removed" else None, one.attribution) if part]
    return _joined(", ".join(how), _why(one))


def _joined(how: str, why: str) -> Text:
    return Text("; ".join(part for part in (how, why) if part))


def _application(one: Result) -> Text:
    return Text(plain(one.app_name or "", 40))


def _credential(one: Result) -> Text:
    return Text(" ".join(part for part in (one.kind, (one.key_id or "")[:8]) if part))


def _why(one: Result) -> str:
    """The guard and the reason, then what is only a warning."""
    why = " ".join(part for part in (one.guard, one.reason) if part)
    return plain("; ".join(part for part in (why, *(f"warning: {text}" for text in one.warnings)) if part), 400)


def coloured(word: str) -> Text:
    """A word of the contract in its colour."""
    return Text(word, style=COLOURS.get(word, ""))
