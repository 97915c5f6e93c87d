"""What takes up an earlier try: what it began is looked for, and finished as it stands."""

from dataclasses import replace

from spentkey.core.audit_event import AuditEvent, Shows
from spentkey.core.credential import Kind, Target
from spentkey.core.evidence import Facts
from spentkey.core.guards import g0_task_is_ours
from spentkey.core.history import History, change_of
from spentkey.core.notes import HANDED_OVER, lacks_marker, marker
from spentkey.core.outcome import (
    AlreadyGone,
    Attribution,
    CannotTell,
    End,
    NotOurs,
    RemovalRoute,
    Removed,
    Result,
    TicketState,
    close,
    leave_open,
)
from spentkey.core.outcome_record import hand_over_of
from spentkey.core.plan import Survivor, certificates_among, lost_survivors, need_keys
from spentkey.core.reason import ReasonKind
from spentkey.core.records import ClosedRecord, HandedOverRecord, ResultRecord
from spentkey.core.step_reasons import ASKED_EARLIER
from spentkey.core.task import RemovalRequest, Task
from spentkey.ports.directory import Answer, Reply
from spentkey.ports.service_desk import Note
from spentkey.steps.attempt import Attempt
from spentkey.steps.attribution import attribute_to_us
from spentkey.steps.awaiting import AWAITED_FOR, await_event
from spentkey.steps.plan import Removal
from spentkey.steps.see import Seen
from spentkey.steps.verify import survivor_lost

NOT_SHOWN_AGAIN = ReasonKind(
    "application-not-shown-again",
    "the application showed in one read of the directory and not in the next",
    "de applicatie verscheen in de ene lezing van de directory en niet in de volgende",
    "l'application figurait dans une lecture de l'annuaire et pas dans la suivante",
)
NOT_GIVEN_BACK = ReasonKind(
    "g0-not-given-back",
    en="the task was handed over, and nothing shows that it was given back",
    nl="de taak werd doorgegeven, en niets toont dat ze werd teruggegeven",
    fr="la tâche a été transmise, et rien ne montre qu'elle a été rendue",
)


async def still_open(attempt: Attempt, task: Task) -> Task:
    """A task whose end we wrote, or began to, and that shows as ours again: `verify_reads` spaced reads must agree.

    One read may be older than what we wrote, and a task must not be ended twice for that.
    """
    rules = attempt.context.rules
    for _ in range(rules.verify.reads - 1 if attempt.history.end_begun else 0):
        if g0_task_is_ours(task, None, rules.request) is not None:
            break
        await attempt.context.clock.sleep(rules.verify.interval_s)
        task = await attempt.context.desk.find(attempt.ref) or task
    return task


async def ended_earlier(attempt: Attempt, task: Task, recorded: Facts) -> Result:
    """What became of a task that is not open any more and whose close is on record, or was begun.

    A crash may have come between a close and its record; then the task itself shows whether it took. Where people
    ended it instead, it is left as they left it.
    """
    begun = attempt.history.closing
    if begun is None:
        return recorded_result(recorded)
    applied = attempt.context.desk.took(task, change_of(begun))
    if applied is not None:
        minutes = change_of(begun).get("minutes")
        await attempt.record(ClosedRecord(minutes, found="the task shows it", warnings=applied.warnings))
        return recorded_result({**recorded, "warnings": applied.warnings or recorded.get("warnings")})
    result = replace(recorded_result(begun), ticket=TicketState.UNTOUCHED)
    if not attempt.history.ended_untouched:
        await attempt.record(ResultRecord(result, outage=False))
    return result


async def note_finished_hand_over(attempt: Attempt, task: Task) -> None:
    """A crash may have come between a reassignment and its record; the task itself shows that it took."""
    begun = attempt.history.reassigning
    applied = attempt.context.desk.took(task, change_of(begun)) if begun is not None else None
    if applied is not None:
        version = applied.version or None
        await attempt.record(
            HandedOverRecord(task.team, found="the task shows it", version=version, warnings=applied.warnings)
        )


async def note_return(attempt: Attempt, task: Task) -> None:
    """A task may have been handed over without a record of it, and then given back: that is a new assignment.

    What was written together with the team shows it.
    """
    begun = attempt.history.reassigning
    if begun is not None and attempt.context.desk.took(task, change_of(begun)) is not None:
        await attempt.record(HandedOverRecord(begun.get("team"), found="the task shows it; it was given back since"))
        attempt.history = await attempt.on_record()


def not_given_back(attempt: Attempt, task: Task) -> NotOurs | None:
    """A task that we handed over, and that shows as ours although nothing was written to it since."""
    given = attempt.history.handed_over
    version = given.get("version") if given is not None else None
    return NotOurs(NOT_GIVEN_BACK()) if version and version == task.version else None


def recorded_result(record: Facts) -> Result:
    """The result of an earlier run, as it stands in the evidence."""

    def text(name: str) -> str | None:
        value = record.get(name)
        return None if value is None else str(value)

    return Result(
        task=str(record.get("task")),
        outcome=str(record.get("outcome")),
        ticket=TicketState.CLOSED,
        tenant=text("tenant"),
        app_id=text("app_id"),
        app_name=text("app_name"),
        key_id=text("key_id"),
        kind=text("kind"),
        attribution=text("attribution"),
        route=text("route"),
        guard=text("guard"),
        reason=text("reason"),
        reason_code=text("reason_code"),
        evidence=text("attempt"),
        warnings=tuple(map(str, record.get("warnings") or ())),
    )


async def removed_earlier(attempt: Attempt, request: RemovalRequest, seen: Seen, intent: Facts) -> End:
    """What survived then must still be there, but for what was removed in the work on other tasks meanwhile."""
    ours = await attempt.context.evidence.removals(request.app_id)
    survivors = tuple(one for one in _recorded_survivors(intent) if one.key_id not in ours)
    application, lost = seen.application, lost_survivors(survivors, seen.application)
    if need_keys(survivors):
        compared = await _compare_as_0_1(attempt, seen, survivors)
        if isinstance(compared, End):
            return compared
        application, lost = compared
    if lost:
        return await survivor_lost(attempt, application, lost, str(intent["route"]) if "route" in intent else None)
    return await _removed_by_us(attempt, request, seen, attempt.history)


async def _compare_as_0_1(
    attempt: Attempt, seen: Seen, survivors: tuple[Survivor, ...]
) -> tuple[Target, tuple[Survivor, ...]] | End:
    """The survivors that are lost by `verify_reads` spaced reads that show what version 0.1 compared; none if one does not."""
    rules = attempt.context.rules.verify
    for nth in range(rules.reads):
        if nth:
            await attempt.context.clock.sleep(rules.interval_s)
        application = (await seen.directory.read_with_keys(seen.application)).application
        if application is None:
            return leave_open(CannotTell(NOT_SHOWN_AGAIN()))
        lost = lost_survivors(survivors, application)
        if not lost:
            break
    return application, lost  # pyright: ignore[reportPossiblyUnboundVariable]  # verify_reads is at least 1


def recorded_fingerprints(attempt: Attempt, request: RemovalRequest) -> frozenset[str]:
    """Those of the other credentials, where an earlier try put its intent on record."""
    intent = attempt.history.intended(request.app_id, request.key_id)
    return frozenset(one.fingerprint for one in _recorded_survivors(intent)) if intent is not None else frozenset()


async def removed_for(attempt: Attempt, request: RemovalRequest, seen: Seen, task: int | str) -> End:
    """Removed in the work on another task that asked for the same; what survived then is no longer of interest."""
    return await _removed_by_us(attempt, request, seen, await attempt.context.evidence.history(task))


async def _removed_by_us(attempt: Attempt, request: RemovalRequest, seen: Seen, history: History) -> End:
    intent = history.intended(request.app_id, request.key_id)
    if intent is None:
        return close(AlreadyGone())
    route = RemovalRoute(str(intent["route"]))
    attempt.take_up_sendings(history, request.app_id, request.key_id)
    if route is RemovalRoute.PATCH and _event_matters(attempt, history, request):
        return await _patched_by_us(attempt, request, seen, history)
    return await attribute_to_us(attempt, seen.directory, seen.application, request.key_id, route)


async def _patched_by_us(attempt: Attempt, request: RemovalRequest, seen: Seen, history: History) -> End:
    """Reads show that a list of ours took effect; its audit event proves that nothing else went, or is waited for."""
    event = history.witnessed(request.app_id, request.key_id)
    if event is not None:
        attempt.audit_event = AuditEvent(Shows.OURS, str(event.get("detail")), event.get("event"))
        return close(Removed(Attribution.CONFIRMED, RemovalRoute.PATCH))
    intent = history.sendings(request.app_id, request.key_id)[-1]
    written = certificates_among(_recorded_survivors(intent))
    return await await_event(attempt, seen.application, written, intent.get("listed"))


def _event_matters(attempt: Attempt, history: History, request: RemovalRequest) -> bool:
    """Not for what was proven, or written by a version that asked for no event and so long ago that it may be forgotten."""
    if history.proven(request.app_id, request.key_id) is not None:
        return False
    recent = attempt.sent_at is not None and attempt.context.clock.now() - attempt.sent_at < AWAITED_FOR
    return attempt.sent_by is not None or recent


def _recorded_survivors(intent: Facts) -> tuple[Survivor, ...]:
    recorded = intent.get("survivors") or ()
    return tuple(Survivor(Kind(one["kind"]), one["key_id"], one["fingerprint"]) for one in recorded)


def asked_earlier(attempt: Attempt, removal: Removal) -> Reply | None:
    """A removal whose intent an earlier try put on record: nothing is sent yet, it counts as one whose reply was lost.

    What that try did may only not show, so the reads of step 7 decide whether it is asked for a second time.
    """
    request = removal.request
    intent = attempt.history.intended(request.app_id, request.key_id)
    if intent is None or attempt.intent_made:
        return None
    attempt.take_up_sendings(attempt.history, request.app_id, request.key_id)
    attempt.step("remove", "was asked for earlier")
    attempt.intent_made = True
    return Reply(Answer.LOST, ASKED_EARLIER(), str(intent.get("client_request_id")))


async def begun_hand_over(attempt: Attempt, task: Task) -> End | None:
    """A hand-over whose note an earlier try wrote: it is finished as it stands, whatever the directory shows by now.

    Else what became possible meanwhile would close the task under a note that says why it was not.
    """
    begun = attempt.history.handing_over
    mark = attempt.history.noting(marker(attempt.subject, HANDED_OVER))
    if begun is None or mark is None or not await written_earlier(attempt, task, mark):
        return None
    attempt.take_up(begun)
    return hand_over_of(begun)


async def written_earlier(attempt: Attempt, task: Task, mark: str) -> bool:
    """Whether the note is there that an earlier try began to write: one look may be older than the note.

    One that was seen at the desk needs no look: what the desk kept of it may not show its marker.
    """
    if attempt.history.noted(mark):
        return True
    rules = attempt.context.rules.verify
    for look in range(rules.reads):
        if look:
            await attempt.context.clock.sleep(rules.interval_s)
        if any(mark in note.body or _is_cut(attempt, note, mark) for note in await attempt.context.desk.notes(task)):
            return True
    return False


def _is_cut(attempt: Attempt, note: Note, mark: str) -> bool:
    """Whether a note can only be the one that an earlier try began to write: its end, and its marker, were cut off.

    Our own user wrote it, under that subject, and no other note of ours is known by its id or by a marker in it.
    """
    same = note.by_us and note.subject == attempt.history.noting_subject(mark)
    return same and lacks_marker(note.body) and note.note_id.upper() not in attempt.history.note_ids
