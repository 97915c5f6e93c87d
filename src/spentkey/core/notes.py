"""What is written to the ticket: the texts of notes and resolutions, and the marker by which a note is found again.

Requesters control the texts of a task, so in notes control characters are stripped, markup is escaped and every
value is cut at 128 characters.
"""

import hashlib
import html
from dataclasses import dataclass

from spentkey.core.audit_event import AuditEvent
from spentkey.core.note_texts import WORDS
from spentkey.core.outcome import AlreadyGone, CannotTell, Cause, End, Failed, NotOurs, Outcome, Refused, Removed
from spentkey.core.reason import Reason, reason_for
from spentkey.core.sanitize import MARK, plain, safe

HANDED_OVER, DONE = "handed-over", "done"
"""The kinds of note, by which their markers differ."""
LONGEST_REASON = 2000
"""Longest reason in a note, in characters; a reason may list key ids."""


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
    evidence: str | None = None
    wording: str | None = None
    """A resolution in a caller's own words, in place of the standard text."""


@dataclass(frozen=True)
class NewNote:
    """A note to be written: its subject and body, and the marker in the body by which it is recognised."""

    subject: str
    body: str
    marker: str


@dataclass(frozen=True)
class Proof:
    """What a closing note can say for itself: the agreeing reads, and what the directory's audit log shows."""

    reads: int
    audit_event: AuditEvent | None = None


def marker(about: Subject, kind: str) -> str:
    """The beginning of the marker: one for each task, assignment and kind of note."""
    return f"{MARK}task={about.task} assignment={about.assignment} {kind} "


def resolution(about: Subject, outcome: Removed | AlreadyGone) -> str:
    """The resolution of a closed task, plain text: the directory's spelling of the name, for both kinds."""
    if about.wording:
        return plain(about.wording)
    return resolution_text(about.app_name, about.key_id, removed=isinstance(outcome, Removed))


def resolution_text(app_name: str | None, key_id: str | None, *, removed: bool) -> str:
    """The resolution where no caller gave one of its own."""
    name = plain(app_name or "")
    if removed:
        return f"Expired secret for {name} removed"
    return f"Credential {key_id} was not present on {name}; nothing removed"


def closing_note(about: Subject, outcome: Removed | AlreadyGone, proof: Proof, language: str) -> NewNote:
    """The note before the close, for tenants without a resolution field on the task."""
    words = WORDS[language]
    lines = [html.escape(resolution(about, outcome), quote=False), "", *_details(about, language)]
    if isinstance(outcome, Removed):
        lines += [f"{words.how}: {outcome.route or '-'} ({outcome.attribution})"]
    lines += [words.verified.format(reads=proof.reads)]
    if isinstance(outcome, Removed) and proof.audit_event is not None:
        lines += [f"{words.audit_event} {words.witness_shows[proof.audit_event.shows]}."]
    mark = marker(about, DONE)
    lines += ["", f"{mark}key={safe(about.key_id or '-')} reason={outcome.name}]"]
    subject = "Expired credential removed" if isinstance(outcome, Removed) else "Credential not present"
    return NewNote(subject, "\n".join(lines), mark)


def hand_over_note(about: Subject, end: End, language: str) -> NewNote:
    """The note that hands a task to people: what was found, what was not done, and what to do next."""
    outcome = end.outcome
    mark = marker(about, HANDED_OVER)
    lines = [safe(reason_of(outcome) or end.trouble or outcome.name, LONGEST_REASON), ""]
    lines += [_what_was_done(outcome, language), _what_to_do_next(outcome, language), "", *_details(about, language)]
    lines += ["", f"{mark}key={safe(about.key_id or '-')} reason={guard_of(outcome) or outcome.name}]"]
    kind = safe(about.secret_type) or "Credential"
    return NewNote(f"{kind} removal failed", "\n".join(lines), mark)


def _what_was_done(outcome: Outcome, language: str) -> str:
    words = WORDS[language]
    if isinstance(outcome, Removed):
        return words.was_removed
    if isinstance(outcome, Failed) and outcome.cause in (Cause.STILL_THERE, Cause.SURVIVOR_LOST):
        return words.not_taken if outcome.cause is Cause.STILL_THERE else words.nothing_put_back
    unclear = isinstance(outcome, CannotTell) or (isinstance(outcome, Failed) and outcome.asked)
    return words.cannot_tell if unclear else words.nothing_removed


def _what_to_do_next(outcome: Outcome, language: str) -> str:
    sentences = WORDS[language].next
    match outcome:
        case Refused():
            key = outcome.guard
        case Failed():
            key = outcome.cause or outcome.who
        case _:
            key = outcome.name
    return sentences.get(key, sentences["people"])


def _details(about: Subject, language: str) -> list[str]:
    words = WORDS[language]
    application = " ".join(safe(part) for part in (about.app_name, about.app_id) if part)
    rows = [
        (words.application, application),
        (words.credential, safe(about.key_id or "")),
        (words.tenant, about.tenant),
    ]
    return [f"{label}: {value}" for label, value in (*rows, (words.evidence, about.evidence)) if value]


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
