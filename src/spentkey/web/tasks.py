"""The routes about tasks: the webhook, what is held and how it ended, one task's steps, and its plan."""

import asyncio
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request, Response, Security
from fastapi.security import APIKeyHeader

from spentkey.core.history import History
from spentkey.core.records import RecordKind
from spentkey.core.signature import SIGNATURE, TIMESTAMP, is_signed
from spentkey.core.task import TaskRef, recorded
from spentkey.dry_run import dry_run
from spentkey.ports.read_only import NoProgress
from spentkey.web.access import BASIC, BEARER, Viewer, logged_in, needs_operator, unauthorised, wrong
from spentkey.web.errors import body_of, may_answer
from spentkey.web.models import (
    Accepted,
    Before,
    Ended,
    Limit,
    PlannedTask,
    QueuedTask,
    Steps,
    TaskHint,
    Tasks,
    TaskState,
    TaskText,
)
from spentkey.web.service import TheService, WebService

PLAN_SECONDS = 120
"""How long a plan may take; one that must look again and again for a credential takes its time."""
router = APIRouter(prefix="/api/v1/tasks", tags=["tasks"])
_signature = APIKeyHeader(
    name=SIGNATURE,
    scheme_name="Signature",
    auto_error=False,
    description=f"`sha256=` and HMAC-SHA256, in hexadecimal; with `{TIMESTAMP}`.",
)


def _may_offer(request: Request, service: WebService, body: bytes) -> None:
    """By signature where one is sent, else by the key of an operator."""
    signature = request.headers.get(SIGNATURE)
    if signature is None:
        if request.headers.get("Authorization") is None:
            raise unauthorised(f"a signature ({SIGNATURE} and {TIMESTAMP}) or an operator's key is needed")
        needs_operator(logged_in(request))
        return
    secret, timestamp = service.webhook_secret, request.headers.get(TIMESTAMP, "")
    if secret is None or not is_signed(secret, timestamp, signature, body, service.clock.now()):
        raise wrong(request, "the signature is wrong, too old or too new")
    request.scope["spentkey.who"] = "webhook"


@router.post(
    "",
    status_code=202,
    response_model=Accepted,
    responses=may_answer(403, 415),
    openapi_extra=body_of("TaskHint"),
    operation_id="offerTask",
    summary="Offer a task (the webhook)",
)
async def offer(
    request: Request,
    response: Response,
    service: TheService,
    _signed: Annotated[Any, Security(_signature)],
    _basic: Annotated[Any, Security(BASIC)],
    _bearer: Annotated[Any, Security(BEARER)],
) -> Accepted:
    """Answer at once, without asking the service desk; the body is only a hint, and the task is read when work on it begins.

    On a machine without a database, 202 promises no more than the memory of this process: after a restart, polling
    finds the task anyway.
    """
    body = await request.body()
    _may_offer(request, service, body)
    task = service.reference(str(TaskHint.model_validate_json(body).task))
    await service.engine.offer(task)
    url = f"/api/v1/tasks/{task}"
    response.headers["Location"] = url
    return Accepted(task=str(task), url=url)


@router.get(
    "", response_model=Tasks, responses=may_answer(), operation_id="listTasks", summary="The queue and recent results"
)
async def tasks(_: Viewer, service: TheService, limit: Limit = 50, before: Before = None) -> Tasks:
    """Every task that the engine holds, and one page of results, newest first."""
    held = [QueuedTask.of(one) for one in await service.engine.queued()]
    results = [Ended.of(record) for record in await service.context.evidence.recent(limit, before)]
    more = results[-1].seq if len(results) == limit else None
    return Tasks(held=held, results=results, next=more)


async def _known(service: WebService, task: TaskRef) -> tuple[QueuedTask | None, History]:
    """What the engine and the evidence know about a task; 404 when neither does."""
    held = [QueuedTask.of(one) for one in await service.engine.queued() if one.task == task]
    history = await service.context.evidence.history(recorded(task, service.context.rules.desk.numbers))
    if not held and not history.known:
        raise HTTPException(404, f"nothing is known about task {task}")
    return held[0] if held else None, history


@router.get("/{task}", response_model=TaskState, responses=may_answer(404), operation_id="getTask", summary="One task")
async def one_task(_: Viewer, service: TheService, task: TaskText) -> TaskState:
    """Where the task stands in the engine, and how the last try at it ended."""
    ref = service.reference(task)
    held, history = await _known(service, ref)
    results = [record for record in history.records if record.get("what") == RecordKind.RESULT]
    return TaskState(task=ref, held=held, last=Ended.of(results[-1]) if results else None)


@router.get(
    "/{task}/steps",
    response_model=Steps,
    responses=may_answer(404),
    operation_id="getTaskSteps",
    summary="The evidence about a task",
)
async def steps(_: Viewer, service: TheService, task: TaskText) -> Steps:
    """Every record about the task, oldest first; none yet for one that is only held."""
    ref = service.reference(task)
    history = (await _known(service, ref))[1]
    return Steps(task=ref, records=[dict(record) for record in history.records])


@router.get(
    "/{task}/plan",
    response_model=PlannedTask,
    responses=may_answer(504),
    operation_id="planTask",
    summary="What would be done to a task",
)
async def plan(_: Viewer, service: TheService, task: TaskText) -> PlannedTask:
    """What a run would do to the task now, and why or why not. It reads the outside systems and writes nothing."""
    ref, context = service.reference(task), replace(service.context, progress=NoProgress())
    try:
        async with asyncio.timeout(PLAN_SECONDS), service.plans:
            foreseen = await dry_run(ref, context)
    except TimeoutError:
        raise HTTPException(504, f"the plan was not ready within {PLAN_SECONDS} s") from None
    return PlannedTask.model_validate(foreseen.as_json())
