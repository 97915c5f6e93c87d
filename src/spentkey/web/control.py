"""The routes that stop everything and let it go on, and the service at a glance."""

from collections import Counter

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse

from spentkey import __version__
from spentkey.core.outcome import Refused
from spentkey.core.records import PausedRecord, ResumedRecord
from spentkey.core.sanitize import plain
from spentkey.observe.logs import logger
from spentkey.ports.queue import Stage
from spentkey.web.access import Operator, Viewer
from spentkey.web.errors import body_of, may_answer
from spentkey.web.models import Paused, Resumed, Status, Why
from spentkey.web.service import TheService, WebService

LONGEST = 2000
"""Longest reason that is kept, in characters."""
router = APIRouter(prefix="/api/v1", tags=["control"])


async def _why(request: Request) -> str:
    message = plain(Why.model_validate_json(await request.body()).why, LONGEST).strip()
    if not message:
        raise HTTPException(422, "why: give a reason in a few words; it is recorded in the evidence")
    return message


async def stopped(service: WebService) -> Refused | None:
    """Why everything stands still, or None."""
    return await service.context.evidence.ask(lambda blast_radius: blast_radius.refuse_any())


@router.post(
    "/pause",
    response_model=Paused,
    responses=may_answer(403),
    openapi_extra=body_of("Why"),
    operation_id="pause",
    summary="Pause all removals",
)
async def pause(login: Operator, request: Request, service: TheService) -> Paused:
    """No new removal begins, in any process; tasks stay open. Who and why are recorded in the evidence."""
    why = await _why(request)
    record = PausedRecord(login.name, why)
    already = await service.context.evidence.append_unless(
        lambda blast_radius: blast_radius.refuse_any(), record.what, record.facts()
    )
    now = already or await stopped(service)
    logger().warning("paused", who=login.name, why=why, already=already is not None)
    return Paused(stopped=now.reason if now is not None else "", paused=already is None)


@router.post(
    "/resume",
    response_model=Resumed,
    responses=may_answer(403),
    openapi_extra=body_of("Why"),
    operation_id="resume",
    summary="End a pause or a stop",
)
async def resume(login: Operator, request: Request, service: TheService) -> Resumed:
    """End a pause, or the stop after a lost credential. Who and why are recorded in the evidence."""
    why, before = await _why(request), await stopped(service)
    record = ResumedRecord(login.name, why)
    nothing = await service.context.evidence.append_unless(
        lambda blast_radius: blast_radius.refuse_to_resume(), record.what, record.facts()
    )
    if nothing is None and before is not None:
        logger().warning("resumed", who=login.name, why=why)
        return Resumed(stopped=before.reason, resumed=True)
    return Resumed(stopped=None, resumed=False)


@router.get(
    "/status",
    response_model=Status,
    responses=may_answer(),
    operation_id="getStatus",
    summary="The service at a glance",
)
async def status(_: Viewer, service: TheService) -> Status:
    """Version, queue, pause or stop, and each system as it was last seen. No outside system is asked."""
    held, stop = Counter(one.stage for one in await service.engine.queued()), await stopped(service)
    return Status(
        version=__version__,
        started=service.started,
        now=service.clock.now(),
        stopped=stop.reason if stop is not None else None,
        held={stage: held[stage] for stage in Stage},
        systems=service.readiness.last(),
    )


@router.get("/openapi.json", response_class=JSONResponse, responses=may_answer(), include_in_schema=False)
async def openapi(_: Viewer, request: Request) -> JSONResponse:
    """The description of the API."""
    return JSONResponse(request.app.openapi())
