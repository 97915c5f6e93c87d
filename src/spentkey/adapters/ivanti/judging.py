"""What a read of a task shows of a change that was written: whether it took, whether it is ours, what came out otherwise.

Nothing here asks Ivanti. Tenants compute minutes, move a status on, show an owner by another name: whatever came out
otherwise is told, and is no reason to write again.
"""

import html
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from spentkey.adapters.ivanti.wire import SYSTEM, IvantiTask, Row, same
from spentkey.core.reason import Reason, ReasonKind
from spentkey.core.sanitize import plain

Facts = Mapping[str, Any]

OTHERWISE = ReasonKind(
    "desk-otherwise",
    en="{system} shows {field} as {shown}, not as {written}, which was written",
    nl="{system} toont {field} als {shown}, niet als {written}, zoals werd geschreven",
    fr="{system} montre {field} comme {shown}, et non {written}, qui a été écrit",
)
OTHER_OWNER = ReasonKind(
    "desk-other-owner",
    en="{system} shows another Owner than {written}, which was written",
    nl="{system} toont een andere Owner dan {written}, die werd geschreven",
    fr="{system} montre un autre Owner que {written}, qui a été écrit",
)
OTHER_TEXT = ReasonKind(
    "desk-other-text",
    en="{system} shows another text in {field} than was written",
    nl="{system} toont een andere tekst in {field} dan werd geschreven",
    fr="{system} montre dans {field} un autre texte que celui qui a été écrit",
)
MINUTES_UNREADABLE = ReasonKind(
    "desk-minutes-unreadable",
    en="no minutes were booked: {system} shows {field} as something that is not a number",
    nl="er werden geen minuten geboekt: {system} toont {field} als iets dat geen getal is",
    fr="aucune minute n'a été enregistrée : {system} montre dans {field} ce qui n'est pas un nombre",
)


NOTE_OTHERWISE = ReasonKind(
    "desk-note-otherwise",
    en="{system} keeps the note otherwise than it was written: {field} is another; see {setting}",
    nl="{system} bewaart de nota anders dan ze werd geschreven: {field} is anders; zie {setting}",
    fr="{system} garde la note autrement qu'elle n'a été écrite : {field} est différent ; voir {setting}",
)
NOTE_CUT = ReasonKind(
    "desk-note-cut",
    en="{system} keeps only a part of the note, or another text",
    nl="{system} bewaart maar een deel van de nota, of een andere tekst",
    fr="{system} ne garde qu'une partie de la note, ou un autre texte",
)
NOTE_FIELDS = (
    ("Category", "ivanti.note_category"),
    ("ParentLink_Category", "ivanti.note_parent_category"),
)


def hands_over(facts: Facts) -> bool:
    """Whether the change gives the task to people; a record of 0.1 may lack the team."""
    return facts.get("team") is not None or facts.get("from") is not None


def left_us(shown: IvantiTask, facts: Facts, queue_team: str, is_open: Callable[[str], bool]) -> bool:
    """Whether the task is not ours any more in the way that the change means: ended, or with another team."""
    return not same(shown.owner_team, queue_team) if hands_over(facts) else not is_open(shown.status)


def is_our_close(shown: IvantiTask, facts: Facts, completed: str, before: IvantiTask | None = None) -> bool:
    """Whether an ended task shows our own close: its status, or a value that was written and was not there before."""
    if same(shown.status, str(facts.get("status") or completed)):
        return True
    owner, minutes, text = facts.get("owner"), facts.get("minutes"), facts.get("resolution")
    if owner and same(shown.owner, str(owner)) and (before is None or not same(before.owner, str(owner))):
        return True
    if minutes is not None and shown.minutes is not None and shown.minutes == Decimal(str(minutes)):
        return before is None or before.minutes != shown.minutes
    return bool(text) and shown.resolution == text


def kept_otherwise(record: Row, body: Mapping[str, str]) -> tuple[Reason, ...]:
    """What a note shows otherwise than it was written; line ends and markup may be the desk's own."""
    found = [
        NOTE_OTHERWISE(system=SYSTEM, field=field, setting=setting)
        for field, setting in NOTE_FIELDS
        if field in record and not same(str(record[field] or ""), body[field])
    ]
    if _words(body["NotesBody"]) not in _words(str(record.get("NotesBody") or "")):
        found.append(NOTE_CUT(system=SYSTEM))
    return tuple(found)


def _words(text: str) -> str:
    return " ".join(html.unescape(text).split())


def otherwise(shown: IvantiTask, facts: Facts, minutes_field: str, text_field: str) -> tuple[Reason, ...]:
    """What the task shows otherwise than it was written, each in words. Names of people are not repeated."""
    found = [
        OTHERWISE(system=SYSTEM, field=field, shown=plain(seen) or "(none)", written=str(written))
        for field, seen, written in (
            ("Status", shown.status, facts.get("status")),
            ("OwnerTeam", shown.owner_team, facts.get("team")),
        )
        if written is not None and not same(seen, str(written))
    ]
    owner, minutes, text = facts.get("owner"), facts.get("minutes"), facts.get("resolution")
    if owner is not None and not same(shown.owner, str(owner)):
        found.append(OTHER_OWNER(system=SYSTEM, written=str(owner) or "(none)"))
    if minutes is not None and minutes_field and shown.minutes != Decimal(str(minutes)):
        seen = "(none)" if shown.minutes is None else f"{shown.minutes.normalize():f}"
        written = f"{Decimal(str(minutes)).normalize():f}"
        found.append(OTHERWISE(system=SYSTEM, field=minutes_field, shown=seen, written=written))
    if text is not None and text_field and shown.resolution != text:
        found.append(OTHER_TEXT(system=SYSTEM, field=text_field))
    return tuple(found)
