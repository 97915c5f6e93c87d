"""What goes in and comes out, as types; the API's description is made from them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from fastapi import Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from spentkey.core.evidence import Facts
from spentkey.ports.queue import Queued, Stage

LARGEST_TASK = 2**53


def _digits(value: object) -> object:
    """Python reads more as a number than JSON does: `+5`, ` 5`, `5.0`, `1_000`."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) <= 16):
        raise ValueError("must be a whole number")
    return value


def _whole(value: object) -> object:
    """JSON knows one kind of number: `40021.0` is a whole one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


TaskNumber = Annotated[int, Ge(1), Le(LARGEST_TASK), BeforeValidator(_digits), Path(description="The AssignmentID.")]
Limit = Annotated[int, Ge(1), Le(200), BeforeValidator(_digits), Query(description="Most results.")]
Before = Annotated[
    Annotated[int, Ge(0), Le(LARGEST_TASK), BeforeValidator(_digits)] | None,
    Query(description="Only results from before this one: `next` of the page before."),
]


class Problem(BaseModel):
    """Why a request was not done."""

    detail: str


class TaskHint(BaseModel):
    """What the webhook is told. It is only a hint: the task itself is read again; other fields are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)
    task: (
        Annotated[int, Ge(1), Le(LARGEST_TASK), BeforeValidator(_whole)]
        | Annotated[str, Field(pattern=r"^[1-9][0-9]{0,14}$")]
    ) = Field(description="The task's AssignmentID, as a number or as its digits.")


class Why(BaseModel):
    """Why everything is to pause, or to go on; it stands in the evidence."""

    model_config = ConfigDict(extra="forbid", strict=True)
    why: str = Field(min_length=1, max_length=2000)


class Accepted(BaseModel):
    """The task was offered to the engine; `url` says how it goes on."""

    task: str
    url: str


class QueuedTask(BaseModel):
    """A task that the engine holds; `due` is when one that waits is tried again."""

    task: str
    stage: Stage
    due: datetime | None
    tries: int
    worker: str | None

    @classmethod
    def of(cls, one: Queued) -> "QueuedTask":
        """As the engine says it."""
        return cls(task=str(one.task), stage=one.stage, due=one.due, tries=one.tries, worker=one.worker)


class TaskResult(BaseModel):
    """How a try at a task ended: the object that `spentkey run --json` prints."""

    task: str
    tenant: str | None
    app_id: str | None
    key_id: str | None
    kind: str | None
    outcome: str
    attribution: str | None
    route: str | None
    ticket: str
    guard: str | None
    reason: str | None
    evidence: str | None

    @classmethod
    def of(cls, record: Facts) -> "TaskResult":
        """As it stands in the evidence."""
        known = {name: _text(record.get(name)) for name in cls.model_fields}
        return cls.model_validate(known | {name: known[name] or "" for name in ("task", "outcome", "ticket")})


def _text(value: object) -> str | None:
    return None if value is None else str(value)


class Ended(BaseModel):
    """A result, with when it was put on record and the record's number."""

    at: datetime
    seq: int
    result: TaskResult

    @classmethod
    def of(cls, record: Facts) -> "Ended":
        """As it stands in the evidence."""
        return cls(at=datetime.fromisoformat(str(record["at"])), seq=record["seq"], result=TaskResult.of(record))


class Tasks(BaseModel):
    """What the engine holds, and one page of results, newest first; `next` is `before` of the next page."""

    held: list[QueuedTask]
    results: list[Ended]
    next: int | None


class TaskState(BaseModel):
    """One task: where it stands in the engine, and how the last try at it ended."""

    task: str
    held: QueuedTask | None
    last: Ended | None


class Steps(BaseModel):
    """The evidence about one task, oldest first; each record as it stands in the chain."""

    task: str
    records: list[Mapping[str, Any]]


class PlannedTask(BaseModel):
    """What would be done to the task now: a line of `spentkey plan --json`."""

    task: str
    tenant: str | None
    app_id: str | None
    key_id: str | None
    kind: str | None
    would: Literal["remove", "close-as-gone", "hand-off", "leave", "pass"]
    attribution: str | None
    route: str | None
    guard: str | None
    reason: str | None
    evidence: None


class Paused(BaseModel):
    """Why everything stands still now; `paused` is false where it did so already."""

    stopped: str
    paused: bool


class Resumed(BaseModel):
    """What was stopped, if anything, and whether it goes on now."""

    stopped: str | None
    resumed: bool


class Status(BaseModel):
    """The service at a glance."""

    version: str
    started: datetime
    now: datetime
    stopped: str | None
    held: dict[Stage, int]
    systems: dict[str, bool]


class Health(BaseModel):
    """The process lives."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Whether every system is within reach, and which is not."""

    ready: bool
    missing: list[str]
