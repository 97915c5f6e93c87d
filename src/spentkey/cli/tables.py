"""The closing tables: results and plans, wide where there is room, two columns where there is not."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from spentkey.core.outcome import Result
from spentkey.core.planned import Action, Planned
from spentkey.core.sanitize import plain

WIDE = 120
"""From this width on, in characters, every fact has a column of its own."""
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


def show_results(results: Sequence[Result], ticket_says: Mapping[str, str] | None = None) -> None:
    """Print the closing table; `ticket_says` gives the ticket's own words where they were read, by task."""
    rows: list[tuple[str, ...]] = []
    for one in results:
        how = " ".join(part for part in (one.route if one.outcome == "removed" else None, one.attribution) if part)
        message = plain((ticket_says or {}).get(one.task, one.ticket.value))
        rows.append((one.task, one.outcome, _application(one), _credential(one), how, message, _why(one)))
    _show(("task", "outcome", "application", "credential", "how", "ticket", "why"), rows)


def show_plans(plans: Sequence[Planned]) -> None:
    """Print the table of a plan."""
    rows: list[tuple[str, ...]] = []
    for plan in plans:
        one = plan.result
        how = one.route or "" if plan.action is Action.REMOVE else ""
        rows.append((one.task, plan.action.value, _application(one), _credential(one), how, _why(one)))
    _show(("task", "would", "application", "credential", "how", "why"), rows)


def _show(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    console = Console(highlight=False)
    table = Table(show_lines=console.width < WIDE)
    if console.width >= WIDE:
        most = {"application": 24, "how": 14, "ticket": 18, "credential": 11}
        for heading in headings:
            table.add_column(heading, overflow="fold", max_width=most.get(heading))
        for task, word, *others in rows:
            table.add_row(task, coloured(word), *(escape(other) for other in others))
    else:
        table.add_column("task", no_wrap=True)
        table.add_column(" · ".join(headings[1:]), overflow="fold")
        for task, word, *others in rows:
            table.add_row(task, _stacked(word, others))
    console.print(table)


def _stacked(word: str, others: Sequence[str]) -> Text:
    """The outcome and the short facts on one line, the reason on the next."""
    *short, why = others
    facts = " · ".join(fact for fact in short if fact)
    return Text.assemble(coloured(word), f" · {facts}" if facts else "", f"\n{why}" if why else "")


def _application(one: Result) -> str:
    return plain(one.app_name or "", 40)


def _credential(one: Result) -> str:
    return " ".join(part for part in (one.kind, (one.key_id or "")[:8]) if part)


def _why(one: Result) -> str:
    return plain(" ".join(part for part in (one.guard, one.reason) if part), 400)


def coloured(word: str) -> Text:
    """A word of the contract in its colour."""
    return Text(word, style=COLOURS.get(word, ""))
