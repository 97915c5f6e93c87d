"""Between steps 7 and 8: whose removal it was, by Graph's own answer or by the directory's audit log."""

from spentkey.core.audit_event import AuditEvent, Shows
from spentkey.core.credential import Target
from spentkey.core.outcome import Attribution, End, RemovalRoute, Removed, close
from spentkey.core.records import AuditEventRecord
from spentkey.ports.directory import Directory
from spentkey.steps.attempt import Attempt
from spentkey.steps.plan import Removal
from spentkey.steps.verify import Gone


async def attribute(attempt: Attempt, removal: Removal, gone: Gone) -> End:
    """The end of a removal that this try proved."""
    plan = removal.plan
    return await attribute_to_us(
        attempt, removal.directory, plan.application, plan.key_id, plan.route, accepted=gone.accepted
    )


async def attribute_to_us(
    attempt: Attempt,
    directory: Directory,
    application: Target,
    key_id: str,
    route: RemovalRoute,
    *,
    accepted: bool = False,
) -> End:
    """Ask the audit log once, put on record what it shows, and say how sure it is that the removal was ours.

    Graph's 204 to us confirms it (`accepted` in this try, or on record, for whichever task), and so does an audit event
    of our own; nothing else does, and a missing event takes nothing away.
    """
    accepted = accepted or await _accepted_earlier(attempt, application.app_id, key_id)
    since = attempt.asked_since or attempt.context.clock.now()
    audit_event = await directory.audit_event(application, key_id, route, since)
    attempt.audit_event = audit_event
    await attempt.record(event_record(attempt, audit_event, route))
    sure = accepted or audit_event.shows is Shows.OURS
    return close(Removed(Attribution.CONFIRMED if sure else Attribution.PRESUMED, route))


def event_record(attempt: Attempt, audit_event: AuditEvent, route: RemovalRoute) -> AuditEventRecord:
    """What the audit log shows, for the evidence."""
    shown = (audit_event.shows.value, audit_event.detail, audit_event.event)
    return AuditEventRecord(*shown, route=route.value, program=attempt.sent_by)


async def _accepted_earlier(attempt: Attempt, app_id: str, key_id: str) -> bool:
    tasks = (await attempt.context.evidence.removals(app_id)).get(key_id, ())
    return any(
        [(await attempt.context.evidence.history(task)).confirmed(app_id, key_id) for task in dict.fromkeys(tasks)]
    )
