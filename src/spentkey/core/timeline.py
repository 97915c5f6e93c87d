"""One removal as people read it: the records of its tries, and what each of them tells, in order.

Nothing is added that the records do not hold. A record of a kind that this version does not know is shown by its name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from spentkey.core import timeline_texts as texts
from spentkey.core.evidence import Facts
from spentkey.core.history import ENDS
from spentkey.core.outcome_record import recorded_text
from spentkey.core.reason import Parameter, reason_for
from spentkey.core.records import RecordKind
from spentkey.core.timeline_texts import Statement

OLDER = "0.2.0 or older"
"""The version of an intent that does not name one."""
NOTHING = 0
"""The `task` of a record that belongs to none."""


@dataclass(frozen=True)
class TimelineStep:
    """One thing that happened, by which record, and when (UTC)."""

    seq: int
    at: datetime
    statement: Statement
    after_s: float | None
    """Seconds since the record before; None for the first record, and for a further step of the same record."""

    def as_json(self) -> dict[str, Any]:
        """As `evidence show --json` has it."""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "after_s": self.after_s,
            "code": self.statement.kind.code,
            "parameters": {name: _as_json(value) for name, value in self.statement.parameters.items()},
            "text": self.statement.text,
        }


def _as_json(value: Parameter) -> object:
    return list(value) if isinstance(value, tuple) else value


def records_of_removal(records: Sequence[Facts], attempt: str | None = None) -> Sequence[Facts]:
    """The tries of one assignment of a task, of all that is on record about it: those up to that try, else the last ones.

    A removal may take several tries: one that a crash ended has no result, and another one finished what it began.
    """
    chosen: list[Facts] = []
    for assignment in _assignments(records):
        if attempt is None:
            chosen = assignment
        elif any(one.get("attempt") == attempt for one in assignment):
            end = max(place for place, one in enumerate(assignment) if one.get("attempt") == attempt) + 1
            while end < len(assignment) and assignment[end].get("attempt") is None:
                end += 1  # what was found out later about this removal
            return assignment[:end]
    return chosen


def _assignments(records: Sequence[Facts]) -> list[list[Facts]]:
    """The records of each assignment of the task to us: a hand-over ends one, with the try that made it."""
    found: list[list[Facts]] = [[]]
    by: object = None
    for record in records:
        if by is not None and record.get("attempt") not in (by, None):
            found.append([])
            by = None
        found[-1].append(record)
        if record.get("what") == RecordKind.HANDED_OVER:
            by = record.get("attempt")
    return found


def timeline(records: Sequence[Facts]) -> list[TimelineStep]:
    """What the records of a removal tell, oldest first."""
    steps: list[TimelineStep] = []
    before: datetime | None = None
    for number, record in enumerate(records):
        at = datetime.fromisoformat(str(record["at"]))
        after = (at - before).total_seconds() if before is not None else None
        for statement in _told(records, number):
            steps.append(TimelineStep(int(record["seq"]), at, statement, after))
            after = None
        before = at
    return steps


def _told(records: Sequence[Facts], number: int) -> Iterator[Statement]:
    record = records[number]
    if number == 0:
        yield _asked(records)
    elif record.get("attempt") not in (records[number - 1].get("attempt"), None):
        ended = records[number - 1].get("what") in (*ENDS, RecordKind.STOP_NARROWED)
        yield texts.ANOTHER_TRY() if ended else texts.INTERRUPTED()
    what = str(record.get("what"))
    if what == RecordKind.INTENT:
        yield from _intent(record, repeated=any(_same_removal(one, record) for one in records[:number]))
    elif what in _TOLD:
        yield from _TOLD[what](record)
    else:
        yield texts.OTHER(what=what)


def _asked(records: Sequence[Facts]) -> Statement:
    task = records[0].get("task")
    known = next((one for one in records if one.get("key_id") and one.get("app_id")), None)
    if known is None:
        return texts.NOT_READABLE(task=str(task))
    kind = next((str(one["kind"]) for one in records if one.get("kind")), "credential")
    which = {"kind": kind, "key_id": str(known["key_id"]), "app_id": str(known["app_id"])}
    return texts.ASKED_ALONE(**which) if task == NOTHING else texts.ASKED(task=str(task), **which)


def _same_removal(one: Facts, other: Facts) -> bool:
    return one.get("what") == RecordKind.INTENT and one.get("key_id") == other.get("key_id")


def _intent(record: Facts, *, repeated: bool) -> Iterator[Statement]:
    if not repeated:
        yield from _provenance(record)
        yield _judged(record)
        yield _survivors(record)
    if record.get("signer"):
        yield texts.SIGNER(signer=str(record["signer"]))
    sent = texts.SENT_AGAIN if repeated else texts.SENT
    ids = str(record.get("client_request_id") or "-")
    yield sent(program=str(record.get("program") or OLDER), route=str(record.get("route")), request_id=ids)


def _provenance(record: Facts) -> Iterator[Statement]:
    if record.get("request"):
        yield texts.REQUEST(request=str(record["request"]))
    if "requested_by" not in record or record.get("task") == NOTHING:
        return  # an older version did not look, and without a task there is nobody to show
    asked, approved = record.get("requested_by"), record.get("approved_by")
    yield texts.REQUESTED_BY(login=str(asked)) if asked else texts.REQUESTER_NOT_SHOWN()
    yield texts.APPROVED_BY(login=str(approved)) if approved else texts.APPROVER_NOT_SHOWN()


def _judged(record: Facts) -> Statement:
    tenant = str(record.get("tenant") or "-")
    if not record.get("ended"):
        return texts.JUDGED_NO_END(tenant=tenant)
    ended = str(record["ended"])
    days = (datetime.fromisoformat(str(record["at"])) - datetime.fromisoformat(ended)).days
    return texts.JUDGED(tenant=tenant, ended=ended, days=days)


def _survivors(record: Facts) -> Statement:
    survivors = _credentials(record.get("survivors"))
    return texts.SURVIVORS(survivors=survivors) if survivors else texts.NO_SURVIVORS()


def _credentials(entries: object) -> tuple[str, ...]:
    known = cast("Sequence[Mapping[str, object]]", entries or ())
    return tuple(f"{one.get('kind')} {one.get('key_id')}" for one in known)


_ANSWERS = {
    "accepted": texts.ACCEPTED,
    "not-present": texts.NOT_PRESENT,
    "lost": texts.LOST,
    "not-done": texts.NOT_DONE,
}
_VERDICTS = {
    "gone": texts.GONE,
    "still-there": texts.STILL_THERE,
    "survivor-lost": texts.SURVIVOR_MISSING,
}
_EVENTS = {"ours": texts.OURS, "more": texts.MORE, "others": texts.OTHERS}


def _answer(record: Facts) -> Iterator[Statement]:
    yield _ANSWERS.get(str(record.get("answer")), texts.GRAPH_REFUSED)(detail=str(record.get("detail")))
    if record.get("request_id"):
        yield texts.REQUEST_ID(request_id=str(record["request_id"]))


def _verified(record: Facts) -> Iterator[Statement]:
    reads = tuple(str(one) for one in record.get("reads") or ())
    yield _VERDICTS.get(str(record.get("verdict")), texts.CANNOT_TELL)(reads=reads)


def _event(record: Facts) -> Iterator[Statement]:
    yield _EVENTS.get(str(record.get("shows")), texts.NO_EVENT)(detail=str(record.get("detail")))
    if record.get("event"):
        yield texts.EVENT_ID(event=str(record["event"]))


def _awaiting(record: Facts) -> Iterator[Statement]:
    yield texts.AWAITING(until=str(record.get("until")))


def _survivor_lost(record: Facts) -> Iterator[Statement]:
    yield texts.SURVIVOR_LOST(lost=_credentials(record.get("lost")))
    if record.get("route"):
        yield texts.STOPPED(route=str(record["route"]), tenant=str(record.get("tenant") or "-"))
    else:
        yield texts.ALL_STOPPED()


def _stop_narrowed(record: Facts) -> Iterator[Statement]:
    yield texts.NARROWED(detail=str(record.get("detail")))


def _outcome(record: Facts) -> Statement | None:
    """What it came to, where that needs a reason."""
    reason = recorded_text(record, "said") if record.get("said") else reason_for(str(record.get("reason") or ""))
    if not reason:
        return None
    if record.get("guard"):
        return texts.REFUSED(guard=str(record["guard"]), reason=reason)
    return texts.CAME_TO(outcome=str(record.get("outcome")), reason=reason)


def _handing_over(record: Facts) -> Iterator[Statement]:
    told = _outcome(record)
    if told is not None:
        yield told
    if record.get("trouble"):
        yield texts.NOT_REPORTED(problem=recorded_text(record, "trouble"))
    yield texts.HANDING_OVER()


def _noting(record: Facts) -> Iterator[Statement]:
    yield texts.NOTING(subject=str(record.get("subject")))


def _noted(record: Facts) -> Iterator[Statement]:
    yield texts.NOTED(subject=str(record.get("subject")))
    yield from _warnings(record)


def _warnings(record: Facts) -> Iterator[Statement]:
    for one in record.get("warnings") or ():
        yield texts.WARNED(warning=str(one))


def _closing(record: Facts) -> Iterator[Statement]:
    yield texts.CLOSING(outcome=str(record.get("outcome")))


def _closed(record: Facts) -> Iterator[Statement]:
    yield texts.CLOSED_FOUND(found=str(record["found"])) if record.get("found") else texts.CLOSED()
    yield from _warnings(record)


def _reassigning(record: Facts) -> Iterator[Statement]:
    yield texts.REASSIGNING(team=str(record.get("team") or "-"))


def _handed_over(record: Facts) -> Iterator[Statement]:
    team = str(record.get("team") or "-")
    if record.get("found"):
        yield texts.HANDED_OVER_FOUND(team=team, found=str(record["found"]))
    else:
        yield texts.HANDED_OVER(team=team)
    yield from _warnings(record)


def _not_reported(record: Facts) -> Iterator[Statement]:
    yield texts.NOT_REPORTED(problem=str(record.get("problem")))


def _result(record: Facts) -> Iterator[Statement]:
    if record.get("ticket") != "handed-off":  # else the hand-over has told it
        yield from _why(record)
    yield texts.RESULT(outcome=str(record.get("outcome")), ticket=str(record.get("ticket")))
    yield from _attribution(record)


def _step_result(record: Facts) -> Iterator[Statement]:
    yield from _why(record)
    outcome = str(record.get("outcome"))
    if record.get("task") == NOTHING:
        yield texts.STEP_RESULT_ALONE(outcome=outcome)
    else:
        yield texts.STEP_RESULT(outcome=outcome, ticket=str(record.get("ticket")))
    yield from _attribution(record)


def _why(record: Facts) -> Iterator[Statement]:
    if record.get("outcome") in ("removed", "already-gone"):
        if record.get("reason"):
            yield texts.WHY(reason=str(record["reason"]))
    elif (told := _outcome(record)) is not None:
        yield told


def _attribution(record: Facts) -> Iterator[Statement]:
    if record.get("attribution") == "confirmed":
        yield texts.CONFIRMED()
    elif record.get("attribution") == "presumed":
        yield texts.PRESUMED()


_TOLD: Mapping[str, Callable[[Facts], Iterator[Statement]]] = {
    RecordKind.ANSWER: _answer,
    RecordKind.VERIFIED: _verified,
    RecordKind.AUDIT_EVENT: _event,
    RecordKind.AWAITING_EVENT: _awaiting,
    RecordKind.SURVIVOR_LOST: _survivor_lost,
    RecordKind.STOP_NARROWED: _stop_narrowed,
    RecordKind.HANDING_OVER: _handing_over,
    RecordKind.NOTING: _noting,
    RecordKind.NOTED: _noted,
    RecordKind.CLOSING: _closing,
    RecordKind.CLOSED: _closed,
    RecordKind.REASSIGNING: _reassigning,
    RecordKind.HANDED_OVER: _handed_over,
    RecordKind.NOT_REPORTED: _not_reported,
    RecordKind.RESULT: _result,
    RecordKind.STEP_RESULT: _step_result,
}
