"""Between steps 7 and 8, after a PATCH: only the directory's audit event shows what else went with the written list.

Somebody may add a certificate between the last read and the PATCH, which then drops it, or remove one, which then comes
back; no read shows either. So a try that finds the certificate gone ends open, and later ones only ask the audit log.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from spentkey.core.audit_event import AuditEvent, Shows, WrittenList
from spentkey.core.credential import Target, TargetKind
from spentkey.core.evidence import Facts
from spentkey.core.outcome import (
    Attribution,
    CannotTell,
    Cause,
    End,
    RemovalRoute,
    Removed,
    TicketState,
    close,
    hand_over,
)
from spentkey.core.plan import Survivor, certificates_among, certificates_fingerprint
from spentkey.core.reason import Reason, ReasonKind
from spentkey.core.records import AwaitingEventRecord
from spentkey.core.task import RemovalRequest
from spentkey.steps.attempt import Attempt
from spentkey.steps.attribution import attribute, event_record
from spentkey.steps.plan import Removal
from spentkey.steps.see import sign_in
from spentkey.steps.verify import Gone, survivor_lost

AWAITED_FOR = timedelta(hours=2)
"""How long after the sending the event is waited for; most are listed within 20 minutes."""
ASK_AGAIN = timedelta(minutes=5)
SETTLED = timedelta(minutes=30)
"""A list that was sent twice may have two events: so long after the last sending both are listed, as a rule."""
WAITING = ReasonKind(
    "awaiting-event",
    en="removed as far as reads show; waiting for the directory's audit event until {until}",
    nl="verwijderd voor zover lezingen tonen; er wordt tot {until} op de gebeurtenis in het auditlogboek van de directory "
    "gewacht",
    fr="supprimé pour autant que les lectures le montrent ; l'événement du journal d'audit de l'annuaire est attendu "
    "jusqu'à {until}",
)
NOT_PROVEN = ReasonKind(
    "no-audit-event",
    en="the certificate is gone as far as reads show, but the directory's audit log does not prove that nothing else went "
    "with it: {why}. The list was written at {sent}; SHA-256 of the list before: {before}, as reads show it: {after}",
    nl="het certificaat is verdwenen voor zover lezingen tonen, maar het auditlogboek van de directory bewijst niet dat er "
    "niets anders mee verdween: {why}. De lijst werd geschreven om {sent}; SHA-256 van de lijst ervoor: {before}, zoals "
    "lezingen ze tonen: {after}",
    fr="le certificat a disparu pour autant que les lectures le montrent, mais le journal d'audit de l'annuaire ne prouve "
    "pas que rien d'autre n'a disparu avec lui : {why}. La liste a été écrite à {sent} ; SHA-256 de la liste d'avant : "
    "{before}, telle que les lectures la montrent : {after}",
)
MORE_WENT = ReasonKind(
    "patch-changed-more",
    en="THE WRITTEN LIST CHANGED ANOTHER CREDENTIAL: {ids}. It was added or removed while Spentkey was writing, and went "
    "or came back with that (audit event {event})",
    nl="DE GESCHREVEN LIJST WIJZIGDE EEN ANDERE CREDENTIAL: {ids}. Ze werd toegevoegd of verwijderd terwijl Spentkey schreef "
    "en verdween of kwam daardoor terug (gebeurtenis {event})",
    fr="LA LISTE ÉCRITE A MODIFIÉ UN AUTRE IDENTIFIANT : {ids}. Il a été ajouté ou supprimé pendant que Spentkey écrivait, "
    "et a disparu ou est revenu de ce fait (événement {event})",
)


async def whose_it_was(attempt: Attempt, removal: Removal, gone: Gone) -> End:
    """The end of a removal that reads of this try proved; after a PATCH they prove too little."""
    if removal.plan.route is not RemovalRoute.PATCH:
        return await attribute(attempt, removal, gone)
    plan = removal.plan
    before = certificates_fingerprint(plan.application)
    return await await_event(attempt, gone.application, certificates_among(plan.survivors), before)


async def await_event(attempt: Attempt, shown: Target, written: Sequence[str], before: str | None) -> End:
    """Put on record that the event is waited for; `shown` is the application as reads show it now, `written` what our list held."""
    now = attempt.context.clock.now()
    since, sent = attempt.asked_since or now, attempt.sent_at or now
    until = sent + AWAITED_FOR
    record = AwaitingEventRecord(
        until=_text(until),
        since=since.isoformat(),
        sent=sent.isoformat(),
        times=attempt.sendings,
        object_id=shown.object_id,
        app_name=shown.name,
        kept=list(written),
        before=before,
        after=certificates_fingerprint(shown),
        route=RemovalRoute.PATCH.value,
        program=attempt.sent_by,
    )
    await attempt.record(record)
    return _still_waiting(attempt, _text(until))


async def awaited(attempt: Attempt, request: RemovalRequest) -> End | None:
    """Where an earlier try waits for the event of this removal: ask the audit log, and nothing else."""
    waiting = attempt.history.awaiting(request.app_id, request.key_id)
    if waiting is None or attempt.intent_made:
        return None
    attempt.step("verify", "asks the audit log")
    attempt.intent_made, attempt.route, attempt.app_name = True, RemovalRoute.PATCH, str(waiting["app_name"])
    attempt.sent_by = str(waiting["program"]) if waiting.get("program") else None
    event, now = await _asked(attempt, request, waiting), attempt.context.clock.now()
    if event.shows is Shows.OURS and (waiting["times"] == 1 or now >= _moment(waiting, "sent") + SETTLED):
        await _on_record(attempt, event)
        attempt.reads = attempt.context.rules.verify.reads
        return close(Removed(Attribution.CONFIRMED, RemovalRoute.PATCH))
    if event.shows is Shows.MORE:
        await _on_record(attempt, event)
        lost = [Survivor(kind, key_id, "") for kind, key_id in event.beside]
        return await survivor_lost(attempt, _application(request, waiting), lost, found=_told(event))
    if event.shows is not Shows.UNREADABLE and now < _moment(waiting, "until"):
        return _still_waiting(attempt, str(waiting["until"]))
    await _on_record(attempt, event)
    return hand_over(CannotTell(_why_not(event, waiting), Cause.NO_EVENT))


async def _asked(attempt: Attempt, request: RemovalRequest, waiting: Facts) -> AuditEvent:
    signed_in = await sign_in(attempt, request)
    if isinstance(signed_in, End):  # a setting changed: nothing of that undoes what was sent
        return AuditEvent(Shows.NOT_AVAILABLE, str(getattr(signed_in.outcome, "reason", signed_in.outcome.name)))
    _, directory = signed_in
    ours = await attempt.context.evidence.removals(request.app_id)
    written = WrittenList(frozenset(map(str, waiting["kept"])), frozenset(ours))
    application = _application(request, waiting)
    return await directory.patch_event(application, request.key_id, _moment(waiting, "since"), written)


async def _on_record(attempt: Attempt, event: AuditEvent) -> None:
    """Once for what the log shows: a task that is given back asks again, and finds the same."""
    attempt.audit_event = event
    request = attempt.request
    if request is not None and attempt.history.event_shown(request.app_id, request.key_id) == event.shows:
        return
    await attempt.record(event_record(attempt, event, RemovalRoute.PATCH))


def _application(request: RemovalRequest, waiting: Facts) -> Target:
    """The application as far as it is on record: its lists are not looked at any more."""
    return Target(TargetKind.APPLICATION, str(waiting["object_id"]), request.app_id, str(waiting["app_name"]), ())


def _still_waiting(attempt: Attempt, until: str) -> End:
    again = attempt.context.clock.now() + ASK_AGAIN
    return End(CannotTell(WAITING(until=until), awaits=True), TicketState.OPEN, not_before=again)


def _why_not(event: AuditEvent, waiting: Facts) -> Reason:
    before, after = str(waiting.get("before") or "-"), str(waiting["after"])
    return NOT_PROVEN(why=event.detail, sent=_text(_moment(waiting, "sent")), before=before, after=after)


def _told(event: AuditEvent) -> Callable[[Reason], Reason]:
    return lambda ids: MORE_WENT(ids=ids, event=event.event or "-")


def _moment(record: Facts, name: str) -> datetime:
    return datetime.fromisoformat(str(record[name]))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
