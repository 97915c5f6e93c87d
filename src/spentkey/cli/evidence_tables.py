"""The evidence as tables for people: a page of results, and the steps of one removal."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spentkey.cli.tables import coloured, show_table
from spentkey.core.checkpoint import in_base64
from spentkey.core.evidence import Facts
from spentkey.core.sanitize import plain
from spentkey.storage.removal_shown import ProofState, RemovalShown

WIDE = 125
"""From this width on, in characters, an evidence id fits beside the rest."""
LONGEST = 1000
"""Longest sentence that is shown, in characters."""
PROOF_WORDS = {
    ProofState.HOLDS: Text("proven", style="green"),
    ProofState.LATER: Text("not yet", style="dim"),
    ProofState.NO_CHECKPOINT: Text("no", style="dim"),
    ProofState.FAILS: Text("FAILS", style="bold red"),
}


def show_listed(page: Sequence[Facts]) -> None:
    """Print a page of results."""
    headings = ("when (UTC)", "task", "outcome", "application", "credential", "evidence")
    show_table(headings, [_listed(one) for one in page], WIDE)


def _listed(record: Facts) -> Sequence[Text]:
    credential = " ".join(part for part in (record.get("kind"), str(record.get("key_id") or "")[:8]) if part)
    return (
        Text(f"{datetime.fromisoformat(record['at']):%Y-%m-%d %H:%M}"),
        Text(str(record.get("task"))),
        coloured(str(record.get("outcome"))),
        Text(plain(str(record.get("app_name") or record.get("app_id") or ""), 40)),
        Text(credential),
        Text(str(record.get("evidence") or "")),
    )


def show_steps(shown: RemovalShown) -> None:
    """Print what it is about, each step, and what is proven."""
    for fact in _heading(shown):
        click.echo(plain(fact, LONGEST))
    click.echo()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for heading in ("when (UTC)", "after", "record", "proven"):
        table.add_column(heading, no_wrap=True, justify="right" if heading in ("after", "record") else "left")
    table.add_column("what happened", overflow="fold")
    last = None
    for step in shown.steps:
        first, last = step.seq != last, step.seq
        table.add_row(
            Text(f"{step.at:%Y-%m-%d %H:%M:%S}" if first else ""),
            Text(_duration(step.after_s)),
            Text(str(step.seq) if first else ""),
            PROOF_WORDS[shown.proofs[step.seq]] if first else Text(),
            Text(plain(step.statement.text, LONGEST)),
        )
    Console(highlight=False).print(table)
    click.echo()
    click.echo(proven(shown))


def _heading(shown: RemovalShown) -> list[str]:
    credential = " ".join(part for part in (shown.known("kind"), shown.known("key_id")) if part)
    application = " ".join(part for part in (shown.known("app_name"), _in_brackets(shown.known("app_id"))) if part)
    facts = [
        f"task         {shown.records[0].get('task') or 'none'}",
        f"credential   {credential or 'not known'}",
        f"application  {application or 'not known'}",
        f"tenant       {shown.known('tenant') or 'not known'}",
    ]
    end = shown.end
    if end is None:
        return [*facts, "outcome      none yet: no try has ended"]
    ended = ", ".join(str(end[name]) for name in ("outcome", "attribution") if end.get(name))
    return [
        *facts,
        f"outcome      {ended}; the ticket: {end.get('ticket')}",
        f"evidence     {end.get('evidence') or end.get('attempt')}",
    ]


def _in_brackets(text: str | None) -> str:
    return f"({text})" if text else ""


def _duration(seconds: float | None) -> str:
    """A gap in the unit in which it is read best; empty where there is none to show."""
    if seconds is None:
        return ""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:+.0f} {unit}"
    return f"{seconds:+.1f} s"


def proven(shown: RemovalShown) -> str:
    """What the newest checkpoint proves of it, in a sentence or two."""
    counts, checkpoint = Counter(shown.proofs.values()), shown.checkpoint
    if checkpoint is None:
        return "No checkpoint was signed yet, so nothing is proven; `spentkey evidence checkpoint` signs one."
    head = checkpoint.head
    text = (
        f"{counts[ProofState.HOLDS]} of {len(shown.proofs)} records are proven by the newest checkpoint of "
        f"{checkpoint.origin}, over {head.size} records, root {in_base64(head.root)}."
    )
    if counts[ProofState.LATER]:
        text += f" {counts[ProofState.LATER]} came later; the next checkpoint holds them."
    return text
