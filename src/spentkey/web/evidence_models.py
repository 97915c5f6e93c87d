"""What the routes about the evidence take and answer, as types; the API's description is made from them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from annotated_types import MaxLen
from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from spentkey.core.evidence import Facts
from spentkey.core.period import moment, refuse_backwards
from spentkey.ports.evidence_tree import Filters
from spentkey.web.models import (
    APP_ID,
    ATTRIBUTION,
    GUARD,
    KEY_ID,
    KIND,
    REASON,
    REASON_CODE,
    ROUTE,
    TASK_PATTERN,
    TENANT,
    WARNINGS,
    Ended,
    Example,
    Uuid,
)

OutcomeName = Literal["removed", "already-gone", "refused", "failed", "cannot-tell", "not-ours"]
LONGEST = 256
NAME = rf"^[^\x00-\x1f\x7f]{{1,{LONGEST}}}$"
"""The name of a tenant or an application."""
OnRecord = Annotated[
    str,
    StringConstraints(pattern=TASK_PATTERN),
    Path(description="The evidence id of a result, or a task.", examples=["5ff382ee-6b0d-4f53-8a39-0d7c4be1f001"]),
]
OfTask = Annotated[
    Annotated[str, StringConstraints(pattern=TASK_PATTERN)] | SkipJsonSchema[None],
    Query(description="Only this task, by its reference at the service desk.", examples=["40021"]),
]
OfApp = Annotated[
    Annotated[str, StringConstraints(pattern=NAME)] | SkipJsonSchema[None],
    Query(description="Only this application, by its AppID or its name.", examples=["Sales"]),
]
OfTenant = Annotated[
    Annotated[str, StringConstraints(pattern=NAME)] | SkipJsonSchema[None],
    Query(description="Only this tenant, by its name in the configuration.", examples=["production"]),
]
OfOutcome = Annotated[
    OutcomeName | SkipJsonSchema[None], Query(description="Only what ended so.", examples=["removed"])
]
Since = Annotated[
    Annotated[str, MaxLen(LONGEST)] | SkipJsonSchema[None],
    Query(description="Only from then on: a date or a time (ISO 8601), in UTC.", examples=["2026-07-01"]),
]
Until = Annotated[
    Annotated[str, MaxLen(LONGEST)] | SkipJsonSchema[None],
    Query(description="Only before then: a date or a time (ISO 8601), in UTC.", examples=["2026-10-01"]),
]


def filters_of(
    task: str | None, app: str | None, tenant: str | None, outcome: str | None, since: str | None, until: str | None
) -> Filters:
    """What is asked for; raises `ValueError` with the name of what cannot be read."""
    first, end = _moment("since", since), _moment("until", until)
    refuse_backwards(first, end)
    return Filters(task, app, tenant, outcome, first, end)


def _moment(name: str, text: str | None) -> datetime | None:
    try:
        return moment(text) if text is not None else None
    except ValueError as problem:
        raise ValueError(f"{name}: {problem}") from None


class ExportFilters(BaseModel):
    """Which removals an export holds; without any field, all that is on record."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"since": "2026-07-01", "until": "2026-10-01"}]},
    )
    task: Annotated[str, Field(pattern=TASK_PATTERN)] | None = Field(default=None, description="Only this task.")
    app: Annotated[str, Field(pattern=NAME)] | None = Field(
        default=None, description="Only this application, by its AppID or its name."
    )
    tenant: Annotated[str, Field(pattern=NAME)] | None = Field(default=None, description="Only this tenant.")
    outcome: OutcomeName | None = Field(default=None, description="Only what ended so.")
    since: Annotated[str, Field(max_length=LONGEST)] | None = Field(
        default=None, description="From then on: a date or a time (ISO 8601), in UTC."
    )
    until: Annotated[str, Field(max_length=LONGEST)] | None = Field(
        default=None, description="Before then: a date or a time (ISO 8601), in UTC."
    )

    def filters(self) -> Filters:
        """As the store is asked; raises `ValueError` for a time that cannot be read."""
        return filters_of(self.task, self.app, self.tenant, self.outcome, self.since, self.until)


class Listed(Ended):
    """A result, with the application's name as well."""

    app_name: str | None = Field(description="The application's name, in the directory or as it was asked for.")

    @classmethod
    def of(cls, record: Facts) -> "Listed":
        """As it stands in the evidence."""
        return cls(**Ended.of(record).model_dump(), app_name=record.get("app_name"))


class ListedResults(BaseModel):
    """One page of results, newest first."""

    results: list[Listed] = Field(description="The results, newest first.")
    next: int | None = Field(description="`before` of the next page; null on the last page.", examples=[1154])


class CheckpointShown(BaseModel):
    """A checkpoint: what was signed of the log."""

    origin: str = Field(description="The name of the log.", examples=["spentkey/0123456789abcdef"])
    size: int = Field(description="How many records it is over.", examples=[1205])
    root: str = Field(description="The root over them, in base64.")


class StepShown(BaseModel):
    """One thing that happened."""

    seq: int = Field(description="The number of the record that tells it.", examples=[1204])
    at: datetime = Field(description="When it was recorded (UTC).")
    after_s: float | None = Field(
        description="Seconds since the record before; null for the first one and for a further step of the same one."
    )
    code: str = Field(description="The kind of step, which never changes.", examples=["answer-accepted"])
    parameters: dict[str, Any] = Field(description="What the text names.")
    text: str = Field(description="The step in words, in English.")
    proof: Literal["holds", "later", "no-checkpoint", "fails"] = Field(
        description="Whether the newest checkpoint proves the record; `later`: it was written afterwards."
    )


class RemovalOnRecord(BaseModel):
    """One removal step by step: the object that `spentkey evidence show --json` prints."""

    task: Example
    tenant: str | None = TENANT
    app_id: Uuid = APP_ID
    app_name: str | None = Field(description="The application's name; null where it is not known.")
    key_id: Uuid = KEY_ID
    kind: str | None = KIND
    outcome: str | None = Field(description="How the last try ended; null while none has.", examples=["removed"])
    attribution: str | None = ATTRIBUTION
    route: str | None = ROUTE
    ticket: str | None = Field(description="The task afterwards; null while no try has ended.", examples=["closed"])
    guard: str | None = GUARD
    reason: str | None = REASON
    reason_code: str | None = REASON_CODE
    evidence: Uuid = Field(description="The id of the last try.")
    warnings: list[str] = WARNINGS
    holds: bool = Field(description="False where a record is not the one that was signed.")
    checkpoint: CheckpointShown | None = Field(description="The newest checkpoint; null where none was signed yet.")
    steps: list[StepShown] = Field(description="What happened, in order.")
