"""What is written to the ticket: the texts of notes and resolutions, and the marker by which a note is found again.

Requesters control the texts of a task, so in notes control characters are stripped, markup is escaped and every
value is cut at 128 characters.
"""

import hashlib
import html
import re
from dataclasses import dataclass, fields

from spentkey.core.audit_event import AuditEvent
from spentkey.core.evidence_line import EvidenceLine
from spentkey.core.note_texts import WORDS
from spentkey.core.outcome import AlreadyGone, CannotTell, Cause, End, Failed, NotOurs, Outcome, Refused, Removed
from spentkey.core.reason import Reason, reason_for
from spentkey.core.rules import RequestRules
from spentkey.core.sanitize import LONGEST_VALUE, MARK, plain, safe
from spentkey.core.task import folded_name

HANDED_OVER, DONE, ANCHORED = "handed-over", "done", "closed"
"""The kinds of note, by which their markers differ; the last one only says what the log was."""
USUAL_NAMES = RequestRules()
LONGEST_REASON = 2000
"""Longest reason in a note, in characters; a reason may list key ids."""
LEAST_KEPT = 1000
"""What a desk must keep of a note at least, in characters: more than a marker and the line of the evidence take."""
_CUT = " […]\n\n"
_BROKEN = re.compile(r"&[#\w]{0,8}$", re.ASCII)
"""The beginning of an escaped character."""


@dataclass(frozen=True)
class Subject:
    """What a note is about: the identifiers of one task, as far as they are known."""

    task: str
    assignment: int
    secret_type: str = ""
    app_name: str | None = None
    app_id: str | None = None
    key_id: str | None = None
    tenant: str | None = None
    wording: str | None = None
    """A resolution in a caller's own words, in place of the standard text."""


@dataclass(frozen=True)
class NewNote:
    """A note to be written: its subject and body, and the marker in the body by which it is recognised."""

    subject: str
    body: str
    marker: str

    def marked(self, drawn: str) -> "NewNote":
        """The note with a value in its marker that nobody knows beforehand, so that no text of others passes for it."""
        before, stem, after = self.body.rpartition(self.marker)
        mark = with_value(stem, drawn)
        return NewNote(self.subject, before + mark + after, mark)

    def ending_in(self, last: EvidenceLine, longest: int = 0) -> "NewNote":
        """The note with this as its last line; `longest` is what the desk keeps, in characters, 0 where it keeps all.

        What is too long is cut before the marker: a note that a desk cuts would lose its marker and this line first.
        """
        text, stem, after = self.body.rpartition(self.marker)
        end = f"{stem}{after}\n{last}"
        if longest and len(text) + len(end) > longest:
            room = max(0, longest - len(end) - len(_CUT))
            text = _BROKEN.sub("", text[:room]) + _CUT
        return NewNote(self.subject, text + end, self.marker)


@dataclass(frozen=True)
class AddedNote:
    """What became of a note that was written: the desk's id of it, and what came out otherwise."""

    note_id: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proof:
    """What a closing note can say for itself: the agreeing reads, and what the directory's audit log shows."""

    reads: int
    audit_event: AuditEvent | None = None


def marker(about: Subject, kind: str) -> str:
    """The beginning of the marker: one for each task, assignment and kind of note. Version 0.1 had no value in it."""
    return f"{MARK}task={about.task} assignment={about.assignment} {kind} "


def drawn_in(marker: str | None, stem: str) -> str:
    """The random value in a marker that is on record; empty for none, and for one of version 0.1."""
    return (marker or "").removeprefix(stem).removeprefix("id=").strip()


def lacks_marker(body: str) -> bool:
    """Whether a note shows no whole marker of ours: where it is one of ours, its end was cut off."""
    return MARK not in body or "]" not in body.rpartition(MARK)[2]


def with_value(stem: str, drawn: str) -> str:
    """The marker with its random value, by which the note is known; the value is on record before the note is written."""
    return f"{stem}id={drawn} "


def resolution(about: Subject, outcome: Removed | AlreadyGone) -> str:
    """The resolution of a closed task, plain text, in English: the directory's spelling of the name, for both kinds."""
    if about.wording:
        return plain(about.wording)
    return resolution_text(about.app_name, about.key_id, removed=isinstance(outcome, Removed))


def resolution_text(app_name: str | None, key_id: str | None, *, removed: bool, language: str = "en") -> str:
    """The resolution where no caller gave one of its own; in English, but for the first line of a note."""
    words = WORDS[language]
    sentence = words.removed_from if removed else words.not_present_on
    return sentence.format(name=plain(app_name or ""), key_id=key_id)


def closing_note(about: Subject, outcome: Removed | AlreadyGone, proof: Proof, language: str) -> NewNote:
    """The note before the close, for tenants without a resolution field on the task."""
    words = WORDS[language]
    removed = isinstance(outcome, Removed)
    told = plain(about.wording or "") or resolution_text(
        about.app_name, about.key_id, removed=removed, language=language
    )
    lines = [html.escape(told, quote=False), "", *_details(about, language)]
    if isinstance(outcome, Removed):
        lines += [f"{words.how}: {outcome.route or '-'} ({words.attribution[outcome.attribution]})"]
    lines += [words.verified.format(reads=proof.reads)]
    if isinstance(outcome, Removed) and proof.audit_event is not None:
        lines += [f"{words.audit_event} {words.witness_shows[proof.audit_event.shows]}."]
    mark = marker(about, DONE)
    lines += ["", f"{mark}key={safe(about.key_id or '-')} reason={outcome.name}]"]
    return NewNote(words.removed if removed else words.not_present, "\n".join(lines), mark)


def anchoring_note(about: Subject, outcome: Removed | AlreadyGone, language: str) -> NewNote:
    """The note behind a close whose resolution has a field of its own, so that the ticket says what the log was."""
    words, removed = WORDS[language], isinstance(outcome, Removed)
    mark = marker(about, ANCHORED)
    lines = [*_details(about, language), "", f"{mark}key={safe(about.key_id or '-')} reason={outcome.name}]"]
    return NewNote(words.removed if removed else words.not_present, "\n".join(lines), mark)


def hand_over_subject(about: Subject, language: str) -> str:
    """The subject of the note that hands a task to people: what was to be removed, as the requester wrote it."""
    words = WORDS[language]
    return words.removal_failed.format(kind=safe(about.secret_type) or words.any_credential)


def hand_over_note(about: Subject, end: End, language: str, asked: RequestRules = USUAL_NAMES) -> NewNote:
    """The note that hands a task to people: what was found, what was not done, and what to do next.

    `asked` has the names of the parameters at this service desk.
    """
    outcome, words = end.outcome, WORDS[language]
    reason = reason_of(outcome) or end.trouble
    found = reason_for(reason).in_language(language) if reason else words.outcomes.get(outcome.name, outcome.name)
    mark = marker(about, HANDED_OVER)
    lines = [safe(found, LONGEST_REASON), "", _what_was_done(outcome, language)]
    lines += [_what_to_do_next(outcome, language, asked), "", *_details(about, language)]
    lines += ["", f"{mark}key={safe(about.key_id or '-')} reason={guard_of(outcome) or outcome.name}]"]
    return NewNote(hand_over_subject(about, language), "\n".join(lines), mark)


def _what_was_done(outcome: Outcome, language: str) -> str:
    words = WORDS[language]
    if isinstance(outcome, Removed):
        return words.was_removed
    if isinstance(outcome, Failed) and outcome.cause in (Cause.STILL_THERE, Cause.SURVIVOR_LOST):
        return words.not_taken if outcome.cause is Cause.STILL_THERE else words.nothing_put_back
    if isinstance(outcome, CannotTell) and outcome.cause is Cause.NO_EVENT:
        return words.perhaps_more
    unclear = isinstance(outcome, CannotTell) or (isinstance(outcome, Failed) and outcome.asked)
    return words.cannot_tell if unclear else words.nothing_removed


def _what_to_do_next(outcome: Outcome, language: str, asked: RequestRules) -> str:
    sentences = WORDS[language].next
    match outcome:
        case Refused():
            key = outcome.guard
        case Failed():
            key = outcome.cause or outcome.who
        case CannotTell():
            key = outcome.cause or outcome.name
        case _:
            key = outcome.name
    return sentences.get(key, sentences["people"]).format_map(_parameters(asked, language))


def _parameters(asked: RequestRules, language: str) -> dict[str, str]:
    """What a sentence may call by name: the parameters, and those of them that lead to an application."""
    names = {one.name: safe(getattr(asked.names, one.name)) for one in fields(asked.names)}
    app_id = folded_name(asked.names.app_id)
    *others, last = (names["app_id"], *(safe(name) for name in asked.when if folded_name(name) != app_id))
    where = f"{', '.join(others)}{WORDS[language].names_and}{last}" if others else last
    return {**names, "where": where}


def _details(about: Subject, language: str) -> list[str]:
    words = WORDS[language]
    both = " ".join(plain(part) for part in (about.app_name, about.app_id) if part)
    application = safe(both, 2 * LONGEST_VALUE + 1)  # joined first: neither part may become a marker by the other one
    rows = [
        (words.application, application),
        (words.credential, safe(about.key_id or "")),
        (words.tenant, about.tenant),
    ]
    return [f"{label}: {value}" for label, value in rows if value]


def reason_of(outcome: Outcome) -> Reason | None:
    """The outcome's reason in words, where it has one."""
    if isinstance(outcome, Refused | Failed | CannotTell | NotOurs):
        return reason_for(outcome.reason)
    return None


def reasons_of(end: End) -> list[Reason]:
    """The outcome's reason, and what went wrong with the ticket: as far as there is any."""
    return [reason_for(text) for text in (reason_of(end.outcome), end.trouble) if text]


def guard_of(outcome: Outcome) -> str | None:
    """The number of the guard that refused, where one did."""
    return outcome.guard if isinstance(outcome, Refused) else None


@dataclass(frozen=True)
class Remark:
    """What a caller wants to have written; `hands_over` is set for the one note that goes with a hand-over."""

    subject: str
    body: str
    hands_over: bool = False

    @property
    def safe_subject(self) -> str:
        """The subject as it may stand in a ticket."""
        return safe(self.subject.strip())


def remark_note(about: Subject, remark: Remark) -> NewNote:
    """The note with its marker: the same words are written once for each assignment of the task to us."""
    digest = hashlib.sha256(f"{remark.subject}\0{remark.body}".encode("utf-8", "replace")).hexdigest()[:16]
    mark = marker(about, f"remark-{digest}")
    lines = [safe(record_line, LONGEST_REASON) for record_line in remark.body.splitlines()[:100]]
    return NewNote(remark.safe_subject, "\n".join([*lines, "", f"{mark}]"]), mark)
