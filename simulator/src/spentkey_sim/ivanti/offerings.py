"""Request offerings: what can be requested, what is asked, and the submission, which answers 200 in every case.

Measured on one tenant by github.com/tyrunasj/ivanti-mcp-standalone (docs/notes.md, 2026), and as
github.com/syn-con/n8n-nodes-ivanti-neurons-for-itsm uses it.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from spentkey_sim.ivanti import records, state
from spentkey_sim.ivanti.errors import bad_request
from spentkey_sim.model import OfferingQuestion, RequestOffering, ServiceRequest, Task, World

KEYS = (
    *("attachmentsToDelete", "attachmentsToUpload", "parameters", "delayedFulfill", "saveReqState", "formName"),
    *("serviceReqData", "strCustomerLocation", "strUserId", "subscriptionId", "localOffset"),
)
NO_DATE = "0001-01-01T00:00:00.0000000Z"
_REST = re.compile(
    r"/api/rest/(?:Template/(?P<employee>\w+)/_All_|ServiceRequest/(?P<question>\w+)/ValidationList|"
    r"(?P<new>ServiceRequest/new))/?",
    re.I,
)


@dataclass(frozen=True)
class RestTarget:
    """What a path of this interface addresses; the others are None."""

    employee: str | None = None
    question: str | None = None
    is_new: bool = False

    @property
    def route(self) -> str:
        """As faults and journal know it."""
        return "request-create" if self.is_new else "offering-query" if self.employee else "offering-options"


def rest_target(world: World, path: str) -> RestTarget | None:
    """The target of a path, or None when it is none of this interface's."""
    found = _REST.fullmatch(path.removeprefix(world.ivanti.base))
    if found is None:
        return None
    return RestTarget(found["employee"], None if found["new"] else found["question"], bool(found["new"]))


def offerings_for(world: World, employee: str) -> list[dict[str, Any]]:
    """What an employee is offered, each with the two ids that belong together."""
    # LEDGER: I-49, an array of every offering, with one id for the submission and one for the parameters
    _employee(world, employee)
    return [
        {
            "strSubscriptionId": one.subscription,
            "strRecId": one.rec_id,
            "strName": one.name,
            "strDescription": "",
            "strOrgUnitId": records.made_id(world, "org-unit"),
        }
        for one in world.ivanti.offerings
    ]


def _employee(world: World, rec_id: str) -> str:
    for login in state.employees(world):
        if records.made_id(world, "employee", login.casefold()) == rec_id.upper():
            return login
    raise bad_request("Invalid key")


def options_of(world: World, rec_id: str) -> list[list[str]]:
    """The rows of a combo's list."""
    # LEDGER: I-50, options come as rows of RecId, value and another value, to a POST
    found = [one for offering in world.ivanti.offerings for one in offering.questions if one.rec_id == rec_id.upper()]
    if not found:
        raise bad_request("Invalid key")
    return [[option, value, value] for option, value in found[0].options]


def submit(world: World, body: dict[str, Any], now: datetime, *, applies: bool) -> dict[str, Any]:
    """Submit a request: its reply, whatever becomes of it."""
    missing = [key for key in KEYS if key not in body]
    if missing:
        return refused(f"Value cannot be null. Parameter name: {missing[0]}")  # LEDGER: I-51, all eleven keys
    offering = next((one for one in world.ivanti.offerings if one.subscription == body["subscriptionId"]), None)
    if offering is None:
        return refused("Subscription is not found")  # LEDGER: I-52, refusals are told in the body
    try:
        values = _values(offering, body)
        login = _employee(world, str(body["strUserId"]))
    except ValueError as problem:
        return refused(str(problem))
    request = ServiceRequest(_id(world, "new request"), _number(world), [], login)
    if applies:
        _make(world, offering, request, values, now)
    # LEDGER: I-53, a request of other parameters has no answers, and is a success
    kept = {
        question.rec_id: records.made_id(world, "parameter", request.rec_id, n)
        for n, (question, _) in enumerate(values)
    }
    made = {"strRequestRecId": request.rec_id, "strRequestNum": str(request.number), "strName": offering.name}
    return {"IsSuccess": True, "ErrorText": "", "ServiceRequests": [{**made, "parameterTemplateParameterIds": kept}]}


def refused(text: str) -> dict[str, Any]:
    """No request was made; the status is 200 all the same."""
    # LEDGER: I-52, refusals are told in the body
    return {"IsSuccess": False, "ErrorText": text, "ServiceRequests": []}


def _values(offering: RequestOffering, body: dict[str, Any]) -> list[tuple[OfferingQuestion, str]]:
    """The answers that belong to this offering; raises ValueError for the first that is missing."""
    given: dict[str, Any] = body["parameters"]
    mine = [one for one in offering.questions if f"par-{one.rec_id}" in given]
    if not mine:
        return []
    for one in offering.questions:
        if one.required and not given.get(f"par-{one.rec_id}"):
            raise ValueError(f"Parameter '{one.name}': Required")  # LEDGER: I-54, one missing parameter at a time
        chosen = given.get(f"par-{one.rec_id}-recId")
        if one in mine and one.kind == "combo" and chosen not in [option for option, _ in one.options]:
            raise ValueError(f"Parameter '{one.name}': Required")  # LEDGER: I-55, a combo needs the id of its option
    return [(one, _stored(one, str(given[f"par-{one.rec_id}"]), body["localOffset"])) for one in mine]


def _stored(question: OfferingQuestion, value: str, offset: Any) -> str:
    if question.kind == "checkbox":
        return "true" if value == "true" else "false"  # LEDGER: I-56, only the text true ticks a box
    if question.kind != "date":
        return value
    # LEDGER: I-57, the offset is negated; with the wrong sign a date is lost, and it is a success
    ahead = records.TENANT_ZONE.utcoffset(None)
    if offset != -int(ahead.total_seconds() // 60):
        return NO_DATE
    midnight = datetime.fromisoformat(value[:10]) - ahead
    return f"{midnight.isoformat()}.0000000Z"


def _make(
    world: World,
    offering: RequestOffering,
    request: ServiceRequest,
    values: list[tuple[OfferingQuestion, str]],
    now: datetime,
) -> None:
    """The request, its answers and its task come to be as slowly as the workflow goes on. There is no second look."""
    # LEDGER: I-58, no key makes two submissions one
    # LEDGER: I-59, a workflow goes on after the reply: the request, its answers and its task show later
    pending = state.memory(world).pending
    pending.append((now + timedelta(seconds=offering.request_delay_s), lambda: world.ivanti.requests.append(request)))
    parameters: list[tuple[str, str | None]] = [(question.name, value) for question, value in values]
    later = max(offering.request_delay_s, offering.answers_delay_s)
    pending.append((now + timedelta(seconds=later), lambda: request.parameters.extend(parameters)))
    if offering.makes_task:
        later = max(offering.request_delay_s, offering.task_delay_s)
        due = now + timedelta(seconds=later)
        task = _task(world, offering, request, due)
        pending.append((due, lambda: world.ivanti.tasks.append(task)))
    arrive(world, now)


def _task(world: World, offering: RequestOffering, request: ServiceRequest, created: datetime) -> Task:
    stored = state.memory(world)
    stored.tasks_made += 1
    highest = max((task.number for task in world.ivanti.tasks), default=40_000)
    number = max(highest, stored.highest_task) + 1
    stored.highest_task = number
    status = world.ivanti.statuses[0]
    about = (offering.subject, "", status, "", offering.team, request.number, records.SERVICE_REQUEST)
    rec_id = records.made_id(world, "new task", stored.tasks_made)
    return Task(rec_id, number, *about, 0, False, created, created, "WorkflowEngine")


def arrive(world: World, now: datetime) -> None:
    """What workflows have done by now."""
    stored = state.memory(world)
    due = [one for one in stored.pending if one[0] <= now]
    if due:
        stored.pending[:] = [one for one in stored.pending if one[0] > now]
        for _, happens in due:
            happens()


def _number(world: World) -> int:
    stored = state.memory(world)
    highest = max((request.number for request in world.ivanti.requests), default=10_000)
    stored.highest_request = max(highest, stored.highest_request) + 1
    return stored.highest_request


def _id(world: World, what: str) -> str:
    return records.made_id(world, what, state.memory(world).highest_request, len(world.ivanti.requests))


def question_row(offering: RequestOffering, number: int, question: OfferingQuestion) -> dict[str, Any]:
    """A ServiceReqTemplateParam."""
    # LEDGER: I-60, the fields of a template's parameter
    return {
        "RecId": question.rec_id,
        "Name": question.name,
        "DisplayName": question.name,
        "DisplayType": question.kind,
        "SequenceNum": number,
        "RequiredExpression": "$(true)" if question.required else "$(false)",
        "ParentLink_RecID": offering.rec_id,
        "ParentLink_Category": "ServiceReqTemplate",
        "ValidationList_RecID": f"{question.rec_id[:31]}0" if question.kind == "combo" else None,
    }
