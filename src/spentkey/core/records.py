"""The kinds of evidence records, each with its shape: what is written when, and what it carries beside the try.

The table in `docs/reference/evidence.md` is made from these classes: the docstring is when the
record is written, `Annotated` says what a field holds where its name does not. A field with a default is left out of
the record while it is None; every other field is there, and may be null.

The classes have no comparison and no text of their own: every command imports them, and making those takes as long as
the rest of the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from spentkey.core.outcome import Cause, End, Failed, Result
from spentkey.core.reason import recorded_reason


class RecordKind(StrEnum):
    """What a record tells of: its key `what`."""

    INTENT = "intent"
    ANSWER = "answer"
    VERIFIED = "verified"
    AUDIT_EVENT = "witness"
    SURVIVOR_LOST = "survivor-lost"
    PAUSED = "paused"
    RESUMED = "resumed"
    HANDING_OVER = "handing-over"
    NOTING = "noting"
    NOTED = "noted"
    CLOSING = "closing"
    CLOSED = "closed"
    REASSIGNING = "reassigning"
    HANDED_OVER = "handed-over"
    NOT_REPORTED = "not-reported"
    AWAITING_EVENT = "awaiting-event"
    RESULT = "result"
    STEP_RESULT = "step-result"
    TORN_LINE_CUT = "torn-line-cut"
    TOOK_OVER = "took-over"
    STOP_NARROWED = "stop-narrowed"
    GAP = "gap"
    HEARTBEAT = "heartbeat"
    RESTORED = "restored"
    NEW_KEY = "new-key"
    EXPORTED = "exported"
    SCANNED = "scanned"


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """What every kind has in common; a subclass for each kind."""

    what: ClassVar[RecordKind]

    def facts(self) -> dict[str, Any]:
        """The fields as they stand in the record, without those that its storage and its try add."""
        given = {one.name.rstrip("_"): (getattr(self, one.name), one.default is None) for one in fields(self)}
        return {name: value for name, (value, optional) in given.items() if value is not None or not optional}


@dataclass(frozen=True, eq=False, repr=False)
class IntentRecord(Record):
    """before a removal is sent"""

    what = RecordKind.INTENT
    route: str
    kind: str
    object_id: str
    ended: Annotated[str | None, "the credential's end"]
    seen: str
    signer: Annotated[str | None, "key id of the certificate that signs"]
    survivors: Annotated[
        Sequence[Mapping[str, str]], "kind, key id and fingerprint of every other credential of the application"
    ]
    client_request_id: str
    program: Annotated[str, "the version of Spentkey, without the commit"]
    request: Annotated[str | None, "the desk's reference of the request; these three are null where it shows none"]
    requested_by: Annotated[str | None, "the login id of who asked; no name, no mail"]
    approved_by: Annotated[str | None, "the login id of who approved"]
    listed: Annotated[str | None, "for a PATCH: the SHA-256 over the certificates as they were read"] = None


@dataclass(frozen=True, eq=False, repr=False)
class AnswerRecord(Record):
    """after Graph answered, the reply was lost, or the sending was given up"""

    what = RecordKind.ANSWER
    answer: Annotated[
        str,
        "`accepted`, `not-present`, `lost`, or one that says for sure that nothing was done: `forbidden`, `proof-rejected`, "
        "`rejected`, `not-done` (each try was refused before any effect, or none was sent)",
    ]
    detail: str
    client_request_id: str
    request_id: str | None
    route: str


@dataclass(frozen=True, eq=False, repr=False)
class VerifiedRecord(Record):
    """when the reads have come to a verdict"""

    what = RecordKind.VERIFIED
    verdict: str
    reads: Annotated[Sequence[str], "what each read showed"]
    route: str
    program: Annotated[str | None, "the version that asked for the removal; null for 0.2.0 and older"]


@dataclass(frozen=True, eq=False, repr=False)
class AuditEventRecord(Record):
    """when a removal of ours is proven, after the directory's audit log was asked once; after a PATCH when its event shows
    what it did, or when it was waited for long enough
    """

    what = RecordKind.AUDIT_EVENT
    shows: Annotated[
        str,
        "`ours` (after a PATCH: exactly the planned one went), `more` (another went, changed or came back with it), "
        "`others`, `unreadable`, `not-yet` or `not-available`",
    ]
    detail: str
    event: Annotated[str | None, "the id of the audit event"]
    route: str
    program: Annotated[str | None, "as for `verified`"]


@dataclass(frozen=True, eq=False, repr=False)
class AwaitingEventRecord(Record):
    """when reads show that a PATCH took effect: only the directory's audit event shows what else it dropped"""

    what = RecordKind.AWAITING_EVENT
    until: Annotated[str, "two hours after the list was sent"]
    since: Annotated[str, "when it was first sent"]
    sent: Annotated[str, "when it was last sent"]
    times: Annotated[int, "how often it was sent"]
    object_id: str
    app_name: str
    kept: Annotated[Sequence[str], "the key ids that were written again"]
    before: Annotated[str | None, "`listed` of the intent"]
    after: Annotated[str, "the same over what reads show now"]
    route: str
    program: Annotated[str | None, "as for `verified`"]


@dataclass(frozen=True, eq=False, repr=False)
class SurvivorLostRecord(Record):
    """when another credential is found missing or changed after a removal; from here on its application and its tenant's
    route are stopped
    """

    what = RecordKind.SURVIVOR_LOST
    lost: Annotated[
        Sequence[Mapping[str, str | None]],
        "kind, key id, and of a certificate `der`, its public part, where that was read, else `thumbprint`",
    ]
    route: Annotated[
        str | None, "the Graph action; where it is null or missing, as in version 0.1, everything is stopped"
    ]
    object_id: str


@dataclass(frozen=True, eq=False, repr=False)
class PausedRecord(Record):
    """when somebody pauses everything; from here on everything is stopped. It belongs to no task"""

    what = RecordKind.PAUSED
    who: str
    why: str


@dataclass(frozen=True, eq=False, repr=False)
class ResumedRecord(Record):
    """when somebody lifts a stop or a pause. It belongs to no task"""

    what = RecordKind.RESUMED
    who: str
    why: str
    stops: Annotated[Sequence[str], "the ids of what is lifted; without it, as in version 0.1, all that stood before"]
    left: Annotated[Sequence[str], "the ids of what stands on"]


@dataclass(frozen=True, eq=False, repr=False)
class _WithResult(Record):
    result: Annotated[Result, "the fields of the [result](result.schema.json), and `app_name`"]

    def facts(self) -> dict[str, Any]:
        """The result's own fields stand beside the others; the number of the task is the try's."""
        shown = {**self.result.as_json(), "app_name": self.result.app_name}
        del shown["task"]
        return {**shown, **{name: value for name, value in super().facts().items() if name != "result"}}


@dataclass(frozen=True, eq=False, repr=False)
class _WithReason(_WithResult):
    said: Annotated[str | None, "the reason"]
    trouble: Annotated[str | None, "why the ticket could not be written"]
    reasons: Annotated[Mapping[str, Any], "`said` and `trouble` by code and parameters, to be read in another language"]
    who: Annotated[str | None, "who must act"]
    asked: Annotated[bool | None, "whether a removal was asked for"]
    cause: str | None


def reason_facts(end: End) -> dict[str, Any]:
    """The fields of `_WithReason`: enough to write the very same note again."""
    failed = end.outcome if isinstance(end.outcome, Failed) else None
    texts: dict[str, str | None] = {"said": getattr(end.outcome, "reason", None), "trouble": end.trouble}
    cause = getattr(end.outcome, "cause", None)
    return {
        **texts,
        "reasons": {name: recorded_reason(text) for name, text in texts.items() if text},
        "who": failed.who.value if failed else None,
        "asked": failed.asked if failed else None,
        "cause": cause.value if isinstance(cause, Cause) else None,
    }


@dataclass(frozen=True, eq=False, repr=False)
class HandingOverRecord(_WithReason):
    """before a hand-over, if its limit allows it"""

    what = RecordKind.HANDING_OVER
    assignment: Annotated[int, "which assignment of the task to us it ends, from 1"]
    limit: Annotated[str, "for which limit of hand-overs it counts: `request`, `other` or `none`"]


@dataclass(frozen=True, eq=False, repr=False)
class NotingRecord(Record):
    """before a note is written"""

    what = RecordKind.NOTING
    subject: str
    marker: Annotated[str, "with the random value that every try of this assignment writes"]
    log_size: Annotated[
        int | None, "how many records there were before this one: its `seq`; the note says the same"
    ] = None
    log_root: Annotated[str | None, "the root of the tree over them, in base64; 0.2.0 and older have neither"] = None


@dataclass(frozen=True, eq=False, repr=False)
class NotedRecord(Record):
    """when the note was read back"""

    what = RecordKind.NOTED
    subject: str
    marker: str
    note: Annotated[str | None, "the desk's id of the note, where it gives one"] = None
    warnings: Annotated[Sequence[str], "what the desk keeps otherwise than it was written"] = ()


@dataclass(frozen=True, eq=False, repr=False)
class ClosingRecord(_WithResult):
    """before the close"""

    what = RecordKind.CLOSING
    change: Annotated[Mapping[str, str | None], "what the service desk will be told, in its own words"]
    minutes: Annotated[str | None, "the sum that will be written, where the desk books any"] = None


@dataclass(frozen=True, eq=False, repr=False)
class ClosedRecord(Record):
    """when the close was read back, or a later run found that it took"""

    what = RecordKind.CLOSED
    minutes: Annotated[str | None, "as for `closing`"] = None
    found: Annotated[str | None, "in the second case"] = None
    warnings: Annotated[Sequence[str], "what came out otherwise than it was written"] = ()


@dataclass(frozen=True, eq=False, repr=False)
class ReassigningRecord(Record):
    """before the reassignment"""

    what = RecordKind.REASSIGNING
    change: Annotated[Mapping[str, str | None], "what the service desk will be told, in its own words"]
    team: str | None
    minutes: Annotated[str | None, "the sum that will be written, where the desk books any"] = None
    from_: Annotated[str | None, "the minutes until then, the same"] = None


@dataclass(frozen=True, eq=False, repr=False)
class HandedOverRecord(Record):
    """when the reassignment was read back, or a later run found that it took"""

    what = RecordKind.HANDED_OVER
    team: str | None
    minutes: Annotated[str | None, "in the first case"] = None
    found: Annotated[str | None, "in the second case"] = None
    version: Annotated[str | None, "of the task as it was read after the reassignment, where the desk has one"] = None
    warnings: Annotated[Sequence[str], "as for `closed`"] = ()


@dataclass(frozen=True, eq=False, repr=False)
class NotReportedRecord(Record):
    """when the ticket could not be written"""

    what = RecordKind.NOT_REPORTED
    problem: str
    reason_code: Annotated[str | None, "the code of the problem"] = None


@dataclass(frozen=True, eq=False, repr=False)
class ResultRecord(_WithResult):
    """at the end of a try"""

    what = RecordKind.RESULT
    outage: Annotated[
        bool,
        "true if a system was away or guard G8 held the task up: then it does not count as one of `max_attempts`",
    ]


@dataclass(frozen=True, eq=False, repr=False)
class StepResultRecord(_WithReason):
    """at the end of a removal by itself, which leaves the ticket to its caller (an Ansible playbook): `ticket` says what
    is to become of it, and `task` is 0 where there is none
    """

    what = RecordKind.STEP_RESULT
    outage: Annotated[bool, "as for `result`"]


@dataclass(frozen=True, eq=False, repr=False)
class TornLineCutRecord(Record):
    """by version 0.1, and at the take-over, when a last line that a crash left unfinished was cut. It belongs to no task"""

    what = RecordKind.TORN_LINE_CUT
    bytes: int


@dataclass(frozen=True, eq=False, repr=False)
class TookOverRecord(Record):
    """when the evidence of an older version is taken over into a database. It belongs to no task"""

    what = RecordKind.TOOK_OVER
    file: str
    records: int
    last: Annotated[str, "the hash of its last record"]


@dataclass(frozen=True, eq=False, repr=False)
class StopNarrowedRecord(Record):
    """when the audit log shows that somebody else removed what was lost; from here on only that application is stopped"""

    what = RecordKind.STOP_NARROWED
    stop: Annotated[str, "the id of the stop"]
    task: int | str | None
    tenant: str
    app_id: str
    detail: str
    events: Annotated[Sequence[str], "the ids of the audit events"]


@dataclass(frozen=True, eq=False, repr=False)
class GapRecord(Record):
    """when somebody lets work go on, by `resume`, in a database that has lost records: a standby that was behind was
    promoted, or a backup restored. It belongs to no task
    """

    what = RecordKind.GAP
    who: str
    why: str
    first: Annotated[int, "the `seq` of the first record that is lost, as far as that machine can tell"]
    last: Annotated[int, "that of the last one that was acknowledged to it"]
    lost_hash: Annotated[str, "the hash of that one, by which an older copy of the evidence can be recognised"]


@dataclass(frozen=True, eq=False, repr=False)
class HeartbeatRecord(Record):
    """each `evidence.checkpoint_every`, by one of all processes of `serve` and `work` that share the store, so that a
    checkpoint follows also when nothing happened. It belongs to no task
    """

    what = RecordKind.HEARTBEAT
    every_s: Annotated[int, "after how many seconds the next one is due while `serve` or `work` runs"]


@dataclass(frozen=True, eq=False, repr=False)
class RestoredRecord(Record):
    """when somebody lets checkpoints be signed, by `evidence checkpoint --restored`, over records that do not continue the
    last one that a machine has signed. It belongs to no task
    """

    what = RecordKind.RESTORED
    who: str
    why: str
    size: Annotated[int | None, "over how many records that last one was; null where the file that kept it is damaged"]
    root: Annotated[str | None, "its root, in base64; null likewise"]
    origin: Annotated[str | None, "its origin; null likewise"]
    key: Annotated[str, "the public key that signs from here on"]


@dataclass(frozen=True, eq=False, repr=False)
class NewKeyRecord(Record):
    """when somebody changes the key that signs checkpoints; the next checkpoint over it is signed by both keys, or by the
    new one alone where the old one is lost. It belongs to no task
    """

    what = RecordKind.NEW_KEY
    who: str
    why: str
    old: Annotated[str | None, "the public key until then; null where it is lost and nobody wrote it down"]
    new: Annotated[str, "the public key from here on"]
    lost: Annotated[bool, "whether the old key is lost, so that nothing shows that its owner made the change"]


@dataclass(frozen=True, eq=False, repr=False)
class ExportedRecord(Record):
    """before an export is put in its place; it lies behind the records that are exported. It belongs to no task"""

    what = RecordKind.EXPORTED
    who: str
    filters: Annotated[
        Mapping[str, str | None],
        "`task`, `app`, `tenant`, `outcome`, `since` and `until` as they were asked for, null where they were not",
    ]
    from_: Annotated[int, "how many records there were at the beginning of the period"]
    to: Annotated[int, "how many at its end; the checkpoint in the export is over so many"]
    records: Annotated[int, "how many are in the export"]
    size: Annotated[int, "of the file, in bytes"]
    sha256: Annotated[str, "of the file, in hexadecimal"]


@dataclass(frozen=True, eq=False, repr=False)
class ScannedRecord(Record):
    """when a scan has ended, whole or not. It belongs to no task, and holds no name of an application and of nobody"""

    what = RecordKind.SCANNED
    scan: Annotated[str, "the id of the scan"]
    complete: Annotated[bool, "whether every list of every tenant was read whole"]
    tenants: Annotated[
        Sequence[Mapping[str, Any]],
        "of each tenant: `tenant`, `complete`, `listed` (objects), `pages`, `lapsed`, `by_class`, `expiring`, and `lapsed_sha256` "
        "over what has lapsed (a line `OBJECT KEYID` each, sorted); these four are null where it was not read whole",
    ]
