"""The answers that routes have in common, for the API's description, and how errors become answers."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from spentkey.core.errors import SpentkeyError
from spentkey.observe.logs import logger, where
from spentkey.web.models import Problem

_WORDS = {
    400: "the request can be read in more than one way",
    401: "no login or key, or a wrong one",
    403: "the login's role may not do that, or a page of another site asks for it",
    404: "nothing is known by that name",
    409: "something else was stopped at the same moment",
    408: "the body did not come in time",
    413: "the body is larger than 64 KB",
    415: "the body is not sent as application/json",
    421: "the service is not known by the name in Host",
    422: "the request does not say what it should",
    429: "a wrong key, and too many of them from this address",
    503: "a system that is needed for the answer is away",
    504: "the answer took too long",
}
ALWAYS = (400, 401, 408, 413, 421, 422, 429, 503)
ANYONE: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": _WORDS[status]} for status in (400, 408, 413)
}
"""What a route without a login may answer to a request that carries a body."""


def may_answer(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses, and those that every route behind a login may answer."""
    return {status: {"model": Problem, "description": _WORDS[status]} for status in sorted({*ALWAYS, *statuses})}


def body_of(model: str) -> dict[str, Any]:
    """The description of a body that the route reads by itself, after the login is known."""
    schema = {"$ref": f"#/components/schemas/{model}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def in_words(problem: ErrorDetails) -> str:
    """Where it is wrong and why, without what was sent."""
    named = [str(part) for part in problem["loc"] if part not in ("path", "query")]
    return ": ".join((*named[:1], problem["msg"].removeprefix("Value error, ")))


def invalid(problems: list[Any]) -> JSONResponse:
    """The answer to a request that does not say what it should."""
    return JSONResponse(Problem(detail="; ".join(in_words(one) for one in problems)).model_dump(), 422)


def _methods(app: FastAPI, request: Request) -> list[str]:
    path = getattr(request.scope.get("route"), "path", "")
    return sorted(method.upper() for method in app.openapi()["paths"].get(path, {"get": None}))


def add_handlers(app: FastAPI) -> None:
    """Every error is an object with a `detail`; none repeats what was sent, or shows what is inside."""

    async def wrong_request(request: Request, problem: Exception) -> JSONResponse:
        del request
        assert isinstance(problem, RequestValidationError)  # noqa: S101
        return invalid(list(problem.errors()))

    async def wrong_body(request: Request, problem: Exception) -> JSONResponse:
        del request
        assert isinstance(problem, ValidationError)  # noqa: S101
        return invalid(list(problem.errors(include_input=False, include_url=False)))

    async def away(request: Request, problem: Exception) -> JSONResponse:
        del request
        return JSONResponse(Problem(detail=str(problem)).model_dump(), 503, {"Retry-After": "30"})

    async def refused(request: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, HTTPException)  # noqa: S101
        headers = dict(problem.headers or {})
        if problem.status_code == 405:  # the router names the methods of the first route of that path alone
            headers["Allow"] = ", ".join(_methods(app, request))
        return JSONResponse(Problem(detail=str(problem.detail)).model_dump(), problem.status_code, headers)

    async def bug(request: Request, problem: Exception) -> JSONResponse:
        del request
        logger().error("bug", kind=type(problem).__name__, where=where(problem.__traceback__))
        return JSONResponse(Problem(detail="this is a bug in Spentkey").model_dump(), 500)

    app.add_exception_handler(RequestValidationError, wrong_request)
    app.add_exception_handler(ValidationError, wrong_body)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(SpentkeyError, away)
    app.add_exception_handler(Exception, bug)
