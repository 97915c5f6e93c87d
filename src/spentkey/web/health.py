"""Whether the process lives, whether every system is within reach, and the metrics."""

from fastapi import APIRouter, Response

from spentkey.core.errors import SpentkeyError
from spentkey.observe.metrics import CONTENT_TYPE
from spentkey.web.access import Viewer
from spentkey.web.control import stopped
from spentkey.web.errors import ANYONE, may_answer
from spentkey.web.models import Health, Ready
from spentkey.web.service import TheService, WebService

router = APIRouter(tags=["health"])


@router.get(
    "/healthz", response_model=Health, responses=ANYONE, operation_id="getHealth", summary="Is the process alive"
)
async def healthz() -> Health:
    """200 as long as the process lives. No outside system is asked."""
    return Health(status="ok")


@router.get(
    "/readyz",
    response_model=Ready,
    responses={**ANYONE, 503: {"model": Ready, "description": "a system is missing"}},
    operation_id="getReadiness",
    summary="Can every system be reached",
)
async def readyz(response: Response, service: TheService) -> Ready:
    """200 if every system that the work needs can be reached; 503 with the names of those that cannot."""
    systems = await service.readiness.systems()
    service.metrics.ready(systems)
    missing = [name for name, within_reach in systems.items() if not within_reach]
    response.status_code = 503 if missing else 200
    return Ready(ready=not missing, missing=missing)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **may_answer()},
    operation_id="getMetrics",
    summary="Metrics for Prometheus",
)
async def metrics(_: Viewer, service: TheService) -> Response:
    """All counters, histograms and gauges in Prometheus' text format."""
    await _ask(service)
    return Response(service.metrics.text(), media_type=CONTENT_TYPE)


async def _ask(service: WebService) -> None:
    """Bring what must be asked for up to date; what cannot be known now is left out, and the rest is still told."""
    try:
        service.metrics.queue([one.stage.value for one in await service.engine.queued()])
    except SpentkeyError:
        service.metrics.queue(None)
    try:
        service.metrics.stopped([(one.scope, one.kind) for one in await stopped(service)])
    except SpentkeyError:
        service.metrics.stopped(None)
    service.metrics.ready(await service.readiness.systems())
