"""Between steps 7 and 8: whose removal it was, by Graph's own answer or by the directory's audit log."""

from spentkey.core.audit_event import Shows
from spentkey.core.credential import Application
from spentkey.core.outcome import Attribution, Route
from spentkey.ports.directory import Directory
from spentkey.steps.attempt import Case


async def attribute(
    case: Case, directory: Directory, application: Application, key_id: str, route: Route, *, accepted: bool
) -> Attribution:
    """Ask the audit log once, put on record what it shows, and say how sure it is that the removal was ours.

    Graph's 204 to us confirms it (`accepted` in this try, or on record, for whichever task), and so does an audit event
    of our own; nothing else does, and a missing event takes nothing away.
    """
    accepted = accepted or await _accepted_earlier(case, application.app_id, key_id)
    since = case.asked_since or case.hands.clock.now()
    witness = await directory.witness(application, key_id, route, since)
    case.witness = witness
    await case.record("witness", shows=witness.shows.value, detail=witness.detail, event=witness.event)
    return Attribution.CONFIRMED if accepted or witness.shows is Shows.OURS else Attribution.PRESUMED


async def _accepted_earlier(case: Case, app_id: str, key_id: str) -> bool:
    tasks = (await case.hands.evidence.removals(app_id)).get(key_id, ())
    return any([(await case.hands.evidence.history(task)).confirmed(app_id, key_id) for task in dict.fromkeys(tasks)])
