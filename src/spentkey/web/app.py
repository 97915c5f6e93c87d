"""The application, put together from what is passed in."""

from functools import cache
from typing import Any

from fastapi import FastAPI

from spentkey import __version__
from spentkey.observe.sparing import SparingLog
from spentkey.web import control, evidence, health, tasks
from spentkey.web.errors import add_handlers
from spentkey.web.evidence_models import ExportFilters
from spentkey.web.gate import RequestGate
from spentkey.web.middleware import Middleware
from spentkey.web.models import TaskHint, Why, WhyResume
from spentkey.web.service import WebService

DESCRIPTION = """Offers tasks to the queue, shows what was done, and pauses all removals.

No request says what is removed: Spentkey reads that from the task itself. Every error is an object with one `detail`.
"""
TAGS = [
    {"name": "tasks", "description": "The webhook, the queue, results, evidence and plans."},
    {"name": "evidence", "description": "What is on record: results, removals step by step, checkpoints and exports."},
    {"name": "control", "description": "Pause, resume, and the service at a glance."},
    {"name": "health", "description": "For load balancers and Prometheus."},
]


def make_app(service: WebService, gate: RequestGate, sparing: SparingLog) -> Middleware:
    """Every route; pages for people are left out, and the description is behind the login."""
    app = _routes()
    app.openapi = described
    described()  # before the first request, which would wait for it
    app.state.service = service
    return Middleware(app, service, gate, sparing)


@cache
def described() -> dict[str, Any]:
    """The description of the API (OpenAPI 3.1): it needs no running service, and is the same for all of a process."""
    made = _routes().openapi()
    _describe_bodies(made)
    return made


def _routes() -> FastAPI:
    app = FastAPI(
        title="Spentkey",
        summary="Removes expired credentials of Entra ID app registrations, and proves it.",
        description=DESCRIPTION,
        version=__version__,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=TAGS,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    for router in (tasks.router, evidence.router, control.router, health.router):
        app.include_router(router)
    add_handlers(app)
    return app


def _describe_bodies(made: dict[str, Any]) -> None:
    """Add the bodies that routes read by themselves to the description."""
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for model in (TaskHint, Why, WhyResume, ExportFilters):
        schemas[model.__name__] = model.model_json_schema()
