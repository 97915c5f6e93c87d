"""The routes about the evidence: results by filter, one removal step by step, the newest checkpoint, and exports."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from spentkey.ports.evidence_tree import Filters
from spentkey.storage.removal_shown import UNKNOWN, removal_shown
from spentkey.web.access import Auditor, EvidenceReader
from spentkey.web.errors import body_of, may_answer
from spentkey.web.evidence_models import (
    ExportFilters,
    Listed,
    ListedResults,
    OfApp,
    OfOutcome,
    OfTask,
    OfTenant,
    OnRecord,
    RemovalOnRecord,
    Since,
    Until,
    filters_of,
)
from spentkey.web.middleware import READ
from spentkey.web.models import Before, Limit
from spentkey.web.service import TheService

PIECE = 64 * 1024
"""How much of an export is sent at once, in bytes."""
ZIP = "application/zip"
NO_EXPORTS = "this service makes no exports"
router = APIRouter(prefix="/api/v1/evidence", tags=["evidence"])
_text: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
_zip: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
        "description": "The export, a ZIP.",
    }
}


def _tell(request: Request, **read: object) -> None:
    """Let the log line of the request say what was read."""
    request.scope[READ] = {name: str(value) for name, value in read.items() if value is not None}


def _wrong(problem: ValueError) -> HTTPException:
    return HTTPException(422, str(problem))


@router.get(
    "",
    response_model=ListedResults,
    responses=may_answer(403),
    operation_id="listEvidence",
    summary="Results on record",
)
async def results(
    _: EvidenceReader,
    request: Request,
    service: TheService,
    task: OfTask = None,
    app: OfApp = None,
    tenant: OfTenant = None,
    outcome: OfOutcome = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    before: Before = None,
) -> ListedResults:
    """One page of what fits all filters, newest first: what `spentkey evidence list --json` prints."""
    if len(request.query_params) < len(request.query_params.multi_items()):
        raise HTTPException(422, "a filter stands there twice: which one is meant?")
    try:
        wanted = filters_of(task, app, tenant, outcome, since, until)
    except ValueError as problem:
        raise _wrong(problem) from None
    _tell(request, **_named(wanted))
    found = await service.tree.results(wanted, limit + 1, before)
    page = found[:limit]
    more = int(page[-1]["seq"]) if len(found) > limit else None
    return ListedResults(results=[Listed.of(one) for one in page], next=more)


def _named(wanted: Filters) -> dict[str, object]:
    return {f"of_{name}": value for name, value in vars(wanted).items()}


@router.get(
    "/checkpoint",
    response_class=Response,  # of no type of its own, so that refusals are described as JSON
    responses={**_text, **may_answer(403, 404)},
    operation_id="getCheckpoint",
    summary="The newest checkpoint",
)
async def checkpoint(_: EvidenceReader, service: TheService) -> PlainTextResponse:
    """As it was signed: a C2SP signed note. Keep it where nobody who may write the evidence can change it."""
    note = await service.tree.checkpoint()
    if note is None:
        raise HTTPException(404, "no checkpoint was signed yet")
    return PlainTextResponse(note)


@router.post(
    "/export",
    response_class=StreamingResponse,
    responses={**_zip, **may_answer(403, 415)},
    openapi_extra=body_of("ExportFilters"),
    operation_id="exportEvidence",
    summary="Export the evidence",
)
async def export(login: Auditor, request: Request, service: TheService) -> StreamingResponse:
    """A ZIP that verifies without Spentkey: what `spentkey evidence export` writes. Who asked, and for what, is on record."""
    try:
        wanted = ExportFilters.model_validate_json(await request.body()).filters()
    except ValueError as problem:
        if type(problem) is not ValueError:
            raise  # what pydantic found wrong has its own words
        raise _wrong(problem) from None
    _tell(request, **_named(wanted))
    if service.export is None:
        raise HTTPException(503, NO_EXPORTS)
    async with service.exports:
        with tempfile.TemporaryDirectory(prefix="spentkey-") as folder:
            file = Path(folder, "evidence.zip")
            await service.export(wanted, login.name, file)
            made = await asyncio.to_thread(file.open, "rb")
    size = os.fstat(made.fileno()).st_size
    headers = {"Content-Disposition": 'attachment; filename="spentkey-evidence.zip"', "Content-Length": str(size)}
    return StreamingResponse(_pieces(made), media_type=ZIP, headers=headers)


@router.get("/export", include_in_schema=False)
async def no_export(_: EvidenceReader) -> None:
    """An export is made and put on record: it is asked for by POST alone, and is no name of a removal."""
    raise HTTPException(405, "an export is asked for by POST", {"Allow": "POST"})


async def _pieces(made: BinaryIO) -> AsyncIterator[bytes]:
    """The file, which has no name any more, piece by piece; it is gone when it is closed."""
    with made:
        while piece := await asyncio.to_thread(made.read, PIECE):
            yield piece


@router.get(
    "/{id}",
    response_model=RemovalOnRecord,
    responses=may_answer(403, 404),
    operation_id="getEvidence",
    summary="One removal step by step",
)
async def removal(_: EvidenceReader, request: Request, service: TheService, id: OnRecord) -> RemovalOnRecord:  # noqa: A002
    """By the evidence id of a result, or the last one of a task: what `spentkey evidence show --json` prints."""
    _tell(request, of=id)
    shown = await removal_shown(id, service.context.evidence, service.tree)
    if shown is None:
        raise HTTPException(404, UNKNOWN.format(name=id))
    return RemovalOnRecord.model_validate(shown.as_json())
