"""The routes that pause everything and let it go on, and the service at a glance."""

from collections import Counter
from collections.abc import Sequence

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse

from spentkey import __version__
from spentkey.core.outcome import Refused
from spentkey.core.sanitize import plain
from spentkey.core.stops import Stop, ids_of, reasons_of
from spentkey.observe.logs import logger
from spentkey.ports.queue import Stage
from spentkey.steps.stops import lift, standing_stops
from spentkey.steps.stops import pause as make_pause
from spentkey.web.access import Operator, Viewer
from spentkey.web.errors import body_of, may_answer
from spentkey.web.models import NewestCheckpoint, Paused, Resumed, Status, StopShown, Why, WhyResume
from spentkey.web.service import TheService, WebService

LONGEST = 2000
"""Longest reason that is kept, in characters."""
router = APIRouter(prefix="/api/v1", tags=["control"])


def _plain(why: str) -> str:
    message = plain(why, LONGEST).strip()
    if not message:
        raise HTTPException(422, "why: give a reason in a few words; it is recorded in the evidence")
    return message


async def stopped(service: WebService) -> Sequence[Stop]:
    """The stops and pauses that stand."""
    return await standing_stops(service.context.evidence)


@router.post(
    "/pause",
    response_model=Paused,
    responses=may_answer(403, 415),
    openapi_extra=body_of("Why"),
    operation_id="pause",
    summary="Pause all removals",
)
async def pause(login: Operator, request: Request, service: TheService) -> Paused:
    """No new removal begins, in any process; tasks stay open. Who and why are recorded in the evidence.

    A pause stands beside whatever is stopped already.
    """
    why = _plain(Why.model_validate_json(await request.body()).why)
    made = await make_pause(service.context.evidence, login.name, why)
    logger().warning("paused", who=login.name, why=why, already=not made.paused)
    return Paused(stopped=made.stopped, paused=made.paused)


@router.post(
    "/resume",
    response_model=Resumed,
    responses=may_answer(403, 404, 409, 415),
    openapi_extra=body_of("WhyResume"),
    operation_id="resume",
    summary="End a pause or a stop",
)
async def resume(login: Operator, request: Request, service: TheService) -> Resumed:
    """End a pause, or the stop after a lost credential. Who and why are recorded in the evidence.

    Without `stops` it ends all that stand; if one more is made at the same moment it ends none, and answers 409.
    """
    body = WhyResume.model_validate_json(await request.body())
    why, seen = _plain(body.why), await stopped(service)
    unknown = [one for one in body.stops or () if one not in ids_of(seen)]
    if unknown:
        raise HTTPException(404, f"stops: no stop has the id {', '.join(map(plain, unknown))}")
    ended = await lift(service.context.evidence, login.name, why, seen, body.stops)
    if isinstance(ended, Refused):
        raise HTTPException(409, ended.reason)
    if ended.lifted:
        logger().warning("resumed", who=login.name, why=why, stops=ended.lifted)
    return Resumed(
        stopped=ended.stopped,
        resumed=bool(ended.lifted),
        lifted=list(ended.lifted),
        left=[StopShown.of(one) for one in ended.left],
    )


@router.get(
    "/status",
    response_model=Status,
    responses=may_answer(),
    operation_id="getStatus",
    summary="The service at a glance",
)
async def status(_: Viewer, service: TheService) -> Status:
    """Version, queue, pause or stop, the last checkpoint, and each system as it was last seen. No outside system is asked."""
    last = await service.last_checkpoint()
    held, stops = Counter(one.stage for one in await service.engine.queued()), await stopped(service)
    return Status(
        version=__version__,
        started=service.started,
        now=service.clock.now(),
        stopped=reasons_of(stops),
        stops=[StopShown.of(one) for one in stops],
        held={stage: held[stage] for stage in Stage},
        systems=service.readiness.last(),
        last_checkpoint=NewestCheckpoint.of(last) if last is not None else None,
    )


@router.get("/openapi.json", response_class=JSONResponse, responses=may_answer(), include_in_schema=False)
async def openapi(_: Viewer, request: Request) -> JSONResponse:
    """The description of the API."""
    return JSONResponse(request.app.openapi())
