"""Between steps 7 and 8: whose removal it was, by Graph's own answer or by the directory's audit log."""

from spentkey.core.audit_event import Shows
from spentkey.core.credential import Target
from spentkey.core.outcome import Attribution, End, RemovalRoute, Removed, close
from spentkey.core.records import AuditEventRecord
from spentkey.ports.directory import Directory
from spentkey.steps.attempt import Attempt
from spentkey.steps.plan import Removal


async def attribute(attempt: Attempt, removal: Removal, *, accepted: bool) -> End:
    """The end of a removal that this try proved; `accepted`: Graph answered it with 204."""
    plan = removal.plan
    return await attribute_to_us(
        attempt, removal.directory, plan.application, plan.key_id, plan.route, accepted=accepted
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
    await attempt.record(AuditEventRecord(audit_event.shows.value, audit_event.detail, audit_event.event))
    sure = accepted or audit_event.shows is Shows.OURS
    return close(Removed(Attribution.CONFIRMED if sure else Attribution.PRESUMED, route))


async def _accepted_earlier(attempt: Attempt, app_id: str, key_id: str) -> bool:
    tasks = (await attempt.context.evidence.removals(app_id)).get(key_id, ())
    return any(
        [(await attempt.context.evidence.history(task)).confirmed(app_id, key_id) for task in dict.fromkeys(tasks)]
    )
