"""What is on record about one task: whether a removal was asked for, a note written, a close begun."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, cast

from spentkey.core.evidence import Facts
from spentkey.core.evidence_line import EvidenceLine, line_on_record
from spentkey.core.records import RecordKind

ENDS = (RecordKind.RESULT, RecordKind.STEP_RESULT)
"""The records of how a try ended: one that also wrote the ticket, and one that left that to its caller."""
NOTHING_DONE = frozenset({"forbidden", "proof-rejected", "rejected", "not-done"})
"""Answers on record that say for sure that a removal did nothing; without one it may have taken."""


@dataclass(frozen=True)
class History:
    """What the evidence says about one task, oldest record first."""

    records: tuple[Facts, ...] = field(default=())

    def _all(self, what: RecordKind) -> list[Facts]:
        return [record for record in self.records if record.get("what") == what]

    @property
    def known(self) -> bool:
        """Whether any earlier try is on record."""
        return bool(self.records)

    @property
    def assignment(self) -> int:
        """Which assignment of the task to us this is: one more than the hand-overs that were completed."""
        return 1 + len(self._all(RecordKind.HANDED_OVER))

    def intended(self, app_id: str, key_id: str) -> Facts | None:
        """The latest intent to remove exactly this key id of this application that may have taken, if any."""
        mine = self.sendings(app_id, key_id)
        return mine[-1] if mine else None

    def sendings(self, app_id: str, key_id: str) -> list[Facts]:
        """Every intent to remove this key id of this application that may have taken, oldest first."""
        mine = (r for r in self.records if r.get("app_id") == app_id and r.get("key_id") == key_id)
        return may_have_taken(mine)

    def witnessed(self, app_id: str, key_id: str) -> Facts | None:
        """The record of an audit event that shows this removal as ours."""
        event = self._latest(RecordKind.AUDIT_EVENT, app_id, key_id)
        return event if event is not None and event.get("shows") == "ours" else None

    def event_shown(self, app_id: str, key_id: str) -> str | None:
        """What the audit log last showed of this removal, as it stands on record."""
        event = self._latest(RecordKind.AUDIT_EVENT, app_id, key_id)
        return str(event.get("shows")) if event is not None else None

    def awaiting(self, app_id: str, key_id: str) -> Facts | None:
        """A PATCH that took this key id away as far as reads show, and whose audit event was not seen so far."""
        return None if self.witnessed(app_id, key_id) else self._latest(RecordKind.AWAITING_EVENT, app_id, key_id)

    def lost(self, key_ids: Set[str]) -> bool:
        """Whether the loss of exactly these credentials is on record already."""
        on_record = [{str(one["key_id"]) for one in r.get("lost") or ()} for r in self._all(RecordKind.SURVIVOR_LOST)]
        return key_ids in on_record

    def confirmed(self, app_id: str, key_id: str) -> bool:
        """Whether Graph answered 204 to a removal of ours, and to none after it otherwise.

        That it was `not-present` for a later one, which old reads had led to, takes nothing from that.
        """
        mine = [r for r in self._all(RecordKind.ANSWER) if r.get("app_id") == app_id and r.get("key_id") == key_id]
        answers = [r.get("answer") for r in mine if r.get("answer") not in (*NOTHING_DONE, "not-present")]
        return answers[-1:] == ["accepted"]

    def ended(self) -> Facts | None:
        """How the latest try of this assignment ended."""
        ends = [record for record in self.records if record.get("what") in (*ENDS, RecordKind.HANDED_OVER)]
        return ends[-1] if ends and ends[-1].get("what") in ENDS else None

    def proven(self, app_id: str, key_id: str) -> Facts | None:
        """The latest try that found this key id of this application gone, by reads that agree."""
        ends = [r for r in self.records if r.get("what") in ENDS and r.get("outcome") in ("removed", "already-gone")]
        mine = [r for r in ends if r.get("app_id") == app_id and r.get("key_id") == key_id]
        return mine[-1] if mine else None

    def _latest(self, what: RecordKind, app_id: str, key_id: str) -> Facts | None:
        matching = [r for r in self._all(what) if r.get("app_id") == app_id and r.get("key_id") == key_id]
        return matching[-1] if matching else None

    @property
    def closed(self) -> Facts | None:
        """The recorded result of a task that we closed or had begun to close, and did not hand over since; or None."""
        found: Facts | None = None
        for record in self.records:
            what = record.get("what")
            if what == RecordKind.HANDED_OVER:
                found = None
            elif what in (RecordKind.CLOSING, RecordKind.RESULT) and record.get("ticket") == "closed":
                found = record
        return found

    @property
    def reassigning(self) -> Facts | None:
        """The reassignment that was begun and whose end is not on record."""
        return self._unended(RecordKind.REASSIGNING)

    @property
    def handing_over(self) -> Facts | None:
        """The hand-over that was begun, note and all, and whose end is not on record."""
        return self._unended(RecordKind.HANDING_OVER)

    def _unended(self, what: RecordKind) -> Facts | None:
        ends = [r for r in self.records if r.get("what") in (what, RecordKind.HANDED_OVER)]
        return ends[-1] if ends and ends[-1].get("what") == what else None

    def noting(self, stem: str) -> str | None:
        """The marker of the note that a try set out to write, of those that begin so; the latest, or None."""
        markers = [str(record.get("marker") or "") for record in self._all(RecordKind.NOTING)]
        return next((marker for marker in reversed(markers) if marker.startswith(stem)), None)

    def noted(self, marker: str) -> bool:
        """Whether the note with that marker was seen at the desk."""
        return any(record.get("marker") == marker for record in self._all(RecordKind.NOTED))

    def noting_subject(self, marker: str) -> str:
        """The subject of the note that a try set out to write with that marker."""
        records = [record for record in self._all(RecordKind.NOTING) if record.get("marker") == marker]
        return str(records[-1].get("subject") or "") if records else ""

    def noting_line(self, marker: str) -> EvidenceLine | None:
        """The last line of the note that a try set out to write with that marker; None where none is on record."""
        records = [record for record in self._all(RecordKind.NOTING) if record.get("marker") == marker]
        return line_on_record(records[-1]) if records else None

    @property
    def note_ids(self) -> frozenset[str]:
        """The desk's ids of the notes that are known to be ours."""
        return frozenset(str(record["note"]).upper() for record in self._all(RecordKind.NOTED) if record.get("note"))

    @property
    def handed_over(self) -> Facts | None:
        """The latest hand-over that is on record as complete."""
        given = self._all(RecordKind.HANDED_OVER)
        return given[-1] if given else None

    @property
    def ended_untouched(self) -> bool:
        """Whether the latest close that was begun is on record as overtaken by people, who ended the task themselves."""
        ends = [r for r in self.records if r.get("what") in (RecordKind.CLOSING, RecordKind.RESULT)]
        return bool(ends) and ends[-1].get("ticket") == "untouched"

    @property
    def end_begun(self) -> bool:
        """Whether any try set out to close or to reassign the task."""
        return bool(self._all(RecordKind.CLOSING) or self._all(RecordKind.REASSIGNING))

    @property
    def closing(self) -> Facts | None:
        """The close that was begun and whose end is not on record."""
        ends = [r for r in self.records if r.get("what") in (RecordKind.CLOSING, RecordKind.CLOSED)]
        return ends[-1] if ends and ends[-1].get("what") == RecordKind.CLOSING else None

    @property
    def begun_change(self) -> Mapping[str, Any] | None:
        """What an unfinished close or hand-over of this assignment set out to write."""
        begun: Facts | None = None
        for record in self.records:
            if record.get("what") in (RecordKind.CLOSING, RecordKind.REASSIGNING):
                begun = record
            elif record.get("what") == RecordKind.HANDED_OVER:
                begun = None
        return change_of(begun) if begun is not None else None

    @property
    def asked_in_assignment(self) -> bool:
        """Whether a removal was asked for since the task came to us, or came back."""
        asked = False
        for record in self.records:
            if record.get("what") in (RecordKind.INTENT, RecordKind.HANDED_OVER):
                asked = record.get("what") == RecordKind.INTENT
        return asked

    @property
    def open_attempts(self) -> int:
        """How many tries of this assignment left the task open though no system was away."""
        count = 0
        for record in self.records:
            if record.get("what") == RecordKind.HANDED_OVER:
                count = 0
            elif record.get("what") in ENDS and record.get("ticket") == "open" and not record.get("outage"):
                count += 1
        return count


def may_have_taken(records: Iterable[Facts]) -> list[Facts]:
    """The intents among these records that may have removed something: all but those that were refused for sure."""
    known = list(records)
    refused = {
        r.get("client_request_id")
        for r in known
        if r.get("what") == RecordKind.ANSWER and r.get("answer") in NOTHING_DONE
    }
    intents = (r for r in known if r.get("what") == RecordKind.INTENT)
    return [r for r in intents if r.get("client_request_id") is None or r["client_request_id"] not in refused]


def removals_among(records: Iterable[Facts], app_id: str) -> dict[str, list[int | str]]:
    """The key ids of an application that may have been removed by the intents among these records, with their tasks."""
    tasks: dict[str, list[int | str]] = {}
    for intent in may_have_taken(r for r in records if r.get("app_id") == app_id):
        tasks.setdefault(str(intent.get("key_id")), []).append(intent["task"])
    return tasks


def change_of(record: Facts) -> Mapping[str, Any]:
    """The change that a record of that kind announces; one of version 0.1 has its parts beside the others."""
    change = record.get("change")
    if isinstance(change, Mapping):
        return cast("Mapping[str, Any]", change)
    return {name: record[name] for name in ("minutes", "team", "from") if name in record}


def history(records: Iterable[Facts], task: int | str) -> History:
    """The records that concern one task."""
    return History(tuple(record for record in records if record.get("task") == task))
