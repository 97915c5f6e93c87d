"""What goes in and comes out, as types; the API's description is made from them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from fastapi import Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from spentkey.core.checkpoint_end import LastCheckpoint
from spentkey.core.evidence import Facts
from spentkey.core.stops import Stop
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


TASK_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


TaskText = Annotated[
    str,
    StringConstraints(pattern=TASK_PATTERN),
    Path(description="The task's reference at the service desk.", examples=["40021"]),
]
Limit = Annotated[
    int, Ge(1), Le(200), BeforeValidator(_digits), Query(description="How many results at most.", examples=[50])
]
Before = Annotated[
    Annotated[int, Ge(0), Le(LARGEST_TASK), BeforeValidator(_digits)] | None,
    Query(description="Only results before this one: the `next` of the previous page.", examples=[1204]),
]


Example = Annotated[str, Field(examples=["40021"], description="The task's reference at the service desk, as text.")]
Uuid = Annotated[str | None, Field(examples=["5ff382ee-6b0d-4f53-8a39-0d7c4be1f001"])]
APP_ID = Field(description="AppID of the application; null until the request has been read.")
KEY_ID = Field(description="Key id of the credential; null until the request has been read.")
TENANT = Field(description="The tenant's name in the configuration; null until it is known.", examples=["production"])
KIND = Field(description="`secret` or `certificate`; null until the request has been read.", examples=["secret"])
ATTRIBUTION = Field(
    description="Why a removal is called ours: `confirmed` by Graph, or `presumed` from the recorded intent.",
    examples=["confirmed"],
)
ROUTE = Field(description="The Graph action: `removePassword`, `removeKey` or `patch`.", examples=["removePassword"])
GUARD = Field(description="The guard that refused, `G0` to `G10`; null if none did.", examples=["G5"])
REASON = Field(description="Why it ended like this, in English.", examples=["the credential has not expired"])

REASON_CODE = Field(
    description="The kind of reason, which never changes; null where there is no reason, or one of an older version.",
    examples=["g5-not-expired"],
)
WARNINGS = Field(
    default=[], description="What the desk keeps otherwise than it was written, or shows that cannot be read; in words."
)


class Problem(BaseModel):
    """Why a request was not carried out."""

    detail: str = Field(description="The reason, in words.", examples=["nothing is known about task 40021"])


class TaskHint(BaseModel):
    """The body of the webhook. It is only a hint: Spentkey reads the task itself. Other fields are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, json_schema_extra={"examples": [{"task": 40021}]})
    task: (
        Annotated[int, Ge(1), Le(LARGEST_TASK), BeforeValidator(_whole)] | Annotated[str, Field(pattern=TASK_PATTERN)]
    ) = Field(description="The task's reference, as text; a number may also stand as a number.")


class Why(BaseModel):
    """The reason for a pause or for its end."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"why": "change of keys"}]})
    why: str = Field(min_length=1, max_length=2000, description="The reason, in words; it is recorded in the evidence.")


class WhyResume(Why):
    """The reason for the end of a pause or a stop, and which ones are meant."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"why": "looked into", "stops": ["1204"]}]}
    )
    stops: list[str] | None = Field(
        default=None,
        min_length=1,
        description="The ids of the stops to end, as `status` shows them; left out, all that stand.",
        examples=[["1204"]],
    )


class Accepted(BaseModel):
    """The task was put on the queue, if it was not there yet."""

    task: Example
    url: str = Field(description="Where to ask how it goes on.", examples=["/api/v1/tasks/40021"])


class QueuedTask(BaseModel):
    """A task on the queue."""

    task: Example
    stage: Stage = Field(
        description="`queued`: waits for a worker; `working`: a worker has it; `later`: waits for its next try."
    )
    due: datetime | None = Field(description="When a task that waits is tried again; else null.")
    tries: int = Field(description="How many tries there were so far.", examples=[1])
    worker: str | None = Field(description="The worker that has it; null if none has.")

    @classmethod
    def of(cls, one: Queued) -> "QueuedTask":
        """As the engine says it."""
        return cls(task=str(one.task), stage=one.stage, due=one.due, tries=one.tries, worker=one.worker)


class TaskResult(BaseModel):
    """How a try at a task ended: the object that `spentkey run --json` prints."""

    task: Example
    tenant: str | None = TENANT
    app_id: Uuid = APP_ID
    key_id: Uuid = KEY_ID
    kind: str | None = KIND
    outcome: str = Field(
        description="`removed`, `already-gone`, `refused`, `failed`, `cannot-tell` or `not-ours`.", examples=["removed"]
    )
    attribution: str | None = ATTRIBUTION
    route: str | None = ROUTE
    ticket: str = Field(
        description="The task at the service desk afterwards: `closed`, `handed-off`, `open` or `untouched`.",
        examples=["closed"],
    )
    guard: str | None = GUARD
    reason: str | None = REASON
    reason_code: str | None = REASON_CODE
    evidence: Uuid = Field(description="The `attempt` of this try in the evidence.")
    warnings: list[str] = WARNINGS

    @classmethod
    def of(cls, record: Facts) -> "TaskResult":
        """As it stands in the evidence; older records have no warnings."""
        known: dict[str, object] = {name: _text(record.get(name)) for name in cls.model_fields}
        known["warnings"] = list(record.get("warnings") or ())
        return cls.model_validate(known | {name: known[name] or "" for name in ("task", "outcome", "ticket")})


def _text(value: object) -> str | None:
    return None if value is None else str(value)


class Ended(BaseModel):
    """A result, with when and where it was recorded."""

    at: datetime = Field(description="When it was recorded (UTC).")
    seq: int = Field(description="The number of the record in the evidence.", examples=[1204])
    result: TaskResult = Field(description="How the try ended.")

    @classmethod
    def of(cls, record: Facts) -> "Ended":
        """As it stands in the evidence."""
        return cls(at=datetime.fromisoformat(str(record["at"])), seq=record["seq"], result=TaskResult.of(record))


class Tasks(BaseModel):
    """The queue, and one page of results."""

    held: list[QueuedTask] = Field(description="Every task on the queue.")
    results: list[Ended] = Field(description="One page of results, newest first.")
    next: int | None = Field(description="`before` of the next page; null on the last page.", examples=[1154])


class TaskState(BaseModel):
    """One task: where it stands on the queue, and how the last try ended."""

    task: Example
    held: QueuedTask | None = Field(description="Its place on the queue; null if it is not there.")
    last: Ended | None = Field(description="The last result; null if there is none yet.")


class Steps(BaseModel):
    """The evidence about one task."""

    task: Example
    records: list[Mapping[str, Any]] = Field(description="Every record, oldest first, as it stands in the chain.")


class Surviving(BaseModel):
    """A credential that must still be there after a removal."""

    kind: Literal["secret", "certificate"] = Field(description="What kind of credential it is.")
    key_id: str = Field(description="Its key id, a UUID.")
    name: str | None = Field(description="Its own name in the directory.")
    end: datetime | None = Field(description="Its end (UTC).")


class PlannedRemovalShown(BaseModel):
    """What a run would remove."""

    name: str | None = Field(description="The credential's own name in the directory.")
    end: datetime | None = Field(description="Its end (UTC).")
    days_expired: int | None = Field(description="Whole days since its end.")
    survivors: list[Surviving] = Field(description="The other credentials, which must still be there afterwards.")


class PlannedTask(BaseModel):
    """What would be done to the task now: one line of `spentkey plan --json`."""

    task: Example
    tenant: str | None = TENANT
    app_id: Uuid = APP_ID
    key_id: Uuid = KEY_ID
    kind: str | None = KIND
    would: Literal["remove", "close-as-gone", "hand-off", "leave", "pass"] = Field(
        description="What a run would do: remove it, close the task because it is gone, hand the task over, leave it "
        "open, or pass over it."
    )
    attribution: str | None = ATTRIBUTION
    route: str | None = ROUTE
    guard: str | None = GUARD
    reason: str | None = REASON
    reason_code: str | None = REASON_CODE
    evidence: None = Field(description="Always null: a plan records nothing.")
    warnings: list[str] = WARNINGS
    removal: PlannedRemovalShown | None = Field(description="What would be removed; null where nothing would.")


class StopShown(BaseModel):
    """A stop or a pause that stands."""

    id: str = Field(description="What `stops` of a resume names.", examples=["1204"])
    scope: str = Field(
        description="What is stopped: `everything`, `route:TENANT/ROUTE` or `application:APPID`.",
        examples=["everything"],
    )
    kind: Literal["survivor-lost", "paused"] = Field(description="Why: a lost credential, or somebody's pause.")
    since: datetime = Field(description="When it was recorded (UTC).")
    task: str | None = Field(description="The task in whose work a credential was lost; null for a pause.")
    why: str = Field(description="The reason, in words.", examples=["change of keys"])

    @classmethod
    def of(cls, stop: Stop) -> "StopShown":
        """As it stands."""
        return cls.model_validate(stop.as_json())


class Paused(BaseModel):
    """A pause."""

    stopped: str = Field(description="Why removals are stopped now: the pause, and whatever else stops them.")
    paused: bool = Field(description="False if the same login had paused already; then its first reason stays.")


class Resumed(BaseModel):
    """The end of a pause or a stop."""

    stopped: str | None = Field(description="Why what was ended had been stopped; null if nothing was.")
    resumed: bool = Field(description="Whether a pause or a stop was ended by this request.")
    lifted: list[str] = Field(description="The ids of the stops that were ended.", examples=[["1204"]])
    left: list[StopShown] = Field(description="The stops that stand on.")


class NewestCheckpoint(BaseModel):
    """The newest checkpoint over the evidence, or the tree as it is now where nobody signs."""

    size: int = Field(ge=1, description="Over how many records.", examples=[1204])
    root: str = Field(
        pattern=r"^[A-Za-z0-9+/]{43}=$",
        description="The root of the tree over them, in base64.",
        examples=["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="],
    )
    at: datetime | None = Field(description="When it was signed (UTC); null where nobody signs.")
    key: str | None = Field(
        pattern="^[0-9a-f]{8}$",
        description="The id of the key that signs from there on; null where nobody signs.",
        examples=["5ff382ee"],
    )
    signed: bool = Field(description="Whether it is signed.")

    @classmethod
    def of(cls, last: LastCheckpoint) -> "NewestCheckpoint":
        """As `spentkey status --json` shows it."""
        return cls.model_validate(last.as_json())


class Status(BaseModel):
    """The service at a glance."""

    version: str = Field(description="The version of Spentkey.", examples=["0.2.0"])
    started: datetime = Field(description="When this process started (UTC).")
    now: datetime = Field(description="This machine's time (UTC).")
    stopped: str | None = Field(description="Why removals are stopped, in words; null if none are.")
    stops: list[StopShown] = Field(description="Every stop and pause that stands.")
    held: dict[Stage, int] = Field(description="How many tasks are on the queue, by stage.")
    systems: dict[str, bool] = Field(
        description="Each system, and whether it could be reached when it was last asked.",
        examples=[{"tenant-production": True}],
    )
    last_checkpoint: NewestCheckpoint | None = Field(
        description="The newest checkpoint over the evidence; null where there is none yet."
    )


class Health(BaseModel):
    """The process lives."""

    status: Literal["ok"] = Field(default="ok", description="Always `ok`.")


class Ready(BaseModel):
    """Whether every system can be reached."""

    ready: bool = Field(description="True if no system is missing.")
    missing: list[str] = Field(description="The systems that cannot be reached.", examples=[["tenant-production"]])
