"""The application, put together from what is passed in."""

from typing import Any

from fastapi import FastAPI

from spentkey import __version__
from spentkey.web import control, health, tasks
from spentkey.web.errors import add_handlers
from spentkey.web.middleware import Middleware
from spentkey.web.models import TaskHint, Why
from spentkey.web.service import WebService


def make_app(service: WebService) -> Middleware:
    """Every route; pages for people are left out, and the description is behind the login."""
    app = FastAPI(title="Spentkey", version=__version__, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.service = service
    for router in (tasks.router, control.router, health.router):
        app.include_router(router)
    add_handlers(app)
    _describe_bodies(app)
    return Middleware(app, service)


def _describe_bodies(app: FastAPI) -> None:
    """Add the bodies that routes read by themselves to the description."""
    made: dict[str, Any] = app.openapi()
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for model in (TaskHint, Why):
        schemas[model.__name__] = model.model_json_schema()
