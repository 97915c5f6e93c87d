"""What must be found of an edit, by whom, and what nobody can find with what he has: the other half of the campaign.

Witnesses: the store by itself; the key that somebody noted earlier; a checkpoint that somebody holds; the notes on tickets.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from store_edits import Edit, Effort
from stored_log import Json

TELLING = frozenset({"noting", "noted", "intent", "handing-over", "reassigning", "handed-over", "closing", "closed"})
"""The kinds of records that name a ticket with a note of ours."""


class Beside(StrEnum):
    """What the edit is held against."""

    STORE = "the store"
    KEY = "a noted key"
    CHECKPOINT = "a held checkpoint"
    DESK = "the tickets"


@dataclass(frozen=True)
class Before:
    """What was there: the sizes of the checkpoints, and of the notes' lines by the `seq` of their record."""

    lines: Sequence[str]
    checkpoints: Sequence[int]
    held: int
    """The size of the checkpoint that somebody holds."""
    published: bool
    """Whether our public key still lies beside the private one, in whose place another was put."""


def findable(edit: Edit, before: Before, left: Sequence[str], beside: Beside) -> bool:
    """Whether the edit must be found with that beside beside the store; `left` are the records after it."""
    if by_itself(edit, before) or (edit.effort is Effort.OTHER_KEY and before.published):
        return True
    if edit.effort is Effort.OTHER_KEY and beside in (Beside.KEY, Beside.CHECKPOINT):
        return True
    if beside is Beside.CHECKPOINT:
        return before.held > edit.first
    return beside is Beside.DESK and any(size > edit.first for size in sizes_on_tickets(before.lines, left))


def by_itself(edit: Edit, before: Before) -> bool:
    """Whether the store shows it: by the chain, by its tree, or by a checkpoint that covers the edit and was left."""
    if edit.effort < Effort.TREE:
        return True
    return edit.effort is Effort.TREE and any(size > edit.first for size in before.checkpoints)


def why_not(edit: Edit, beside: Beside) -> str:
    """Why that is not findable, in the words of the page on evidence."""
    if edit.effort is Effort.TREE:
        return "no checkpoint covered it yet"
    if edit.effort is Effort.STOLEN_KEY:
        return f"the stolen key signed it, and {beside} is from before it"
    return f"no checkpoint that was left covers it, and {beside} is from before it"


def sizes_on_tickets(before: Sequence[str], left: Sequence[str]) -> list[int]:
    """The sizes in the notes on tickets that the log still names: a note says the number of its record `noting`."""
    named = {str(one.get("task")) for one in map(json.loads, left) if one["what"] in TELLING}
    records: list[Json] = [json.loads(one) for one in before]
    return [one["seq"] for one in records if one["what"] == "noting" and str(one["task"]) in named]
