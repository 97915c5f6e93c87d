"""A plan as people read it: what would be removed, closed as gone, handed over and left, and the totals."""

import sys
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from spentkey.cli.output import knows_unicode
from spentkey.cli.tables import COLOURS
from spentkey.core.credential import Credential
from spentkey.core.outcome import RemovalRoute
from spentkey.core.planned import Action, Planned, PlannedRemoval, own_name
from spentkey.core.sanitize import plain

SECTIONS = (
    ("To remove", "to remove", (Action.REMOVE,)),
    ("To close as already gone", "to close as gone", (Action.CLOSE_AS_GONE,)),
    ("To hand over to people", "to hand over", (Action.HAND_OFF,)),
    ("Left open for another try", "left open", (Action.LEAVE,)),
    ("Left alone", "left alone", (Action.PASS,)),
)
"""Each section's heading, what its tasks are called in the totals, and the actions that stand in it."""
BY = {
    RemovalRoute.REMOVE_PASSWORD: "by removePassword",
    RemovalRoute.REMOVE_KEY: "by removeKey, signed by another certificate of the application",
    RemovalRoute.PATCH: "by PATCH: the list of certificates is written again without it",
}
INDENT = "    "
MOST_NAMED = 6
"""How many survivors are named; an application may have hundreds."""
NEVER_WRAPPED = 100_000
"""The width of a line in a pipe or a file: who searches wants one line for each thing."""


def show_plan(plans: Sequence[Planned]) -> None:
    """Print it on stdout, in colours on a terminal; lines are wrapped there, and nowhere else."""
    console = Console(highlight=False)
    width = console.width if console.is_terminal else NEVER_WRAPPED
    for heading, _, actions in SECTIONS:
        listed = [plan for plan in plans if plan.action in actions]
        if listed:
            style = f"bold {COLOURS[listed[0].action.value]}"
            _print(console, Text(f"{heading} ({len(listed)})", style=style), width)
            for plan in listed:
                _print(console, _about(plan, " · " if knows_unicode(sys.stdout) else " - "), width, "  ")
                for line in _lines(plan):
                    _print(console, Text(line), width, INDENT)
            console.print()
    _print(console, Text(totals_of(plans)), width)


def totals_of(plans: Sequence[Planned]) -> str:
    """How many tasks, and how many in each section."""
    counts = {words: sum(plan.action in actions for plan in plans) for _, words, actions in SECTIONS}
    listed = ", ".join(f"{count} {words}" for words, count in counts.items() if count)
    return f"{len(plans)} task{'' if len(plans) == 1 else 's'}: {listed}."


def _print(console: Console, text: Text, width: int, indent: str = "") -> None:
    for line in text.wrap(console, max(20, width - len(indent))):
        line.rstrip()
        console.print(Text(indent) + line, soft_wrap=True)


def _about(plan: Planned, dot: str) -> Text:
    """The task, then what it is about."""
    one = plan.result
    credential = " ".join(part for part in (one.kind, one.key_id) if part)
    facts = [plain(fact, 60) for fact in (one.app_name, one.tenant, credential) if fact]
    return Text.assemble((one.task, "bold"), *(f"{dot}{fact}" for fact in facts))


def _lines(plan: Planned) -> Iterator[str]:
    if plan.removal is not None:
        yield from _of_removal(plan.removal)
    one = plan.result
    why = " ".join(part for part in (one.guard, one.reason) if part)
    if why:
        yield plain(why, 1000)
    yield from (f"warning: {plain(text, 1000)}" for text in one.warnings)


def _of_removal(removal: PlannedRemoval) -> Iterator[str]:
    end, days = removal.plan.credential.end, removal.days_expired
    since = f"ended {days} day{'' if days == 1 else 's'} ago, on {end:%Y-%m-%d}" if end is not None else ""
    yield f"{_named(removal.plan.credential)}, {since}; {BY[removal.plan.route]}"
    survivors = removal.survivors
    if not survivors:
        yield "nothing else is on the application"
        return
    named = [f"{one.kind.value} {_named(one)} {_until(one)}" for one in survivors[:MOST_NAMED]]
    if len(survivors) > MOST_NAMED:
        named.append(f"and {len(survivors) - MOST_NAMED} more")
    yield f"must still be there afterwards: {', '.join(named)}"


def _named(credential: Credential) -> str:
    name = own_name(credential)
    return f'"{plain(name, 60)}"' if name else f"without a name ({credential.key_id[:8]})"


def _until(credential: Credential) -> str:
    return f"(ends {credential.end:%Y-%m-%d})" if credential.end is not None else "(no end that can be read)"
