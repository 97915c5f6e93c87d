"""A request offering: what it asks, and how a request of it is submitted.

An offering has two ids: `strSubscriptionId` for the submission, `strRecId` for its parameters. Two that do not belong
together make a request without answers, which is reported as a success; so both come from one record.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from spentkey.adapters.ivanti.reasons import (
    NO_EMPLOYEE,
    NO_OFFERING,
    NO_OPTION,
    NO_SUCH_PARAMETER,
    SEVERAL_OFFERINGS,
    UNANSWERED,
)
from spentkey.adapters.ivanti.rows import Read, all_rows
from spentkey.adapters.ivanti.wire import SYSTEM, Row, check, filter_by, rec_id, same, usable_id
from spentkey.core.errors import Outage, WriteRefused
from spentkey.core.reason import IN_WORDS
from spentkey.core.task import folded_name
from spentkey.http.client import Response, json_value

REST = "/api/rest"
EMPLOYEES, QUESTIONS = "Employees", "ServiceReqTemplateParams"
FORM = "ServiceReq.ResponsiveAnalyst.DefaultLayout"
REQUIRED = "$(true)"
COMBO, CHECKBOX = "combo", "checkbox"
Get = Callable[[str], Awaitable[Response]]
Post = Callable[[str, Any], Awaitable[Response]]


@dataclass(frozen=True)
class OpenForms:
    """How requests are opened at this installation."""

    offering: str
    """The name of the request offering."""
    employee: str
    """The login id in whose name requests are opened."""
    parameters: Mapping[str, str]
    """What the offering asks beyond the four parameters and the tenant's; `{team}` stands for the team."""
    time_zone: str = "UTC"
    closed: tuple[str, ...] = ("Closed", "Fulfilled", "Cancelled", "Rejected", "Completed")
    """The values of a service request's `Status` that end it."""

    def further(self, team: str | None) -> Mapping[str, str]:
        """The further parameters for a team; one that needs it is left out where there is none."""
        named = {name: value for name, value in self.parameters.items() if team is not None or "{team}" not in value}
        return {name: value.replace("{team}", team or "") for name, value in named.items()}


@dataclass(frozen=True)
class OfferingParameter:
    """One parameter of an offering."""

    record: str
    name: str
    kind: str
    """`DisplayType` in lower case."""
    required: bool


@dataclass(frozen=True)
class Offering:
    """An offering as it is now, for one employee."""

    employee: str
    subscription: str
    questions: Sequence[OfferingParameter]

    def question(self, name: str) -> OfferingParameter | None:
        """The parameter of that name."""
        return next((one for one in self.questions if folded_name(one.name) == folded_name(name)), None)


async def read_offering(read: Read, get: Get, forms: OpenForms) -> Offering:
    """The offering; raises `WriteRefused` where people must correct the settings or the offering."""
    people = (await all_rows(read, EMPLOYEES, {"$filter": filter_by(LoginID=forms.employee)})).rows
    mine = [usable_id(row.get("RecId")) for row in people if same(str(row.get("LoginID") or ""), forms.employee)]
    if len(mine) != 1 or mine[0] is None:
        raise WriteRefused(NO_EMPLOYEE(employee=forms.employee))
    response = await get(f"{REST}/Template/{mine[0]}/_All_")
    check(response)
    listed = json_value(response, SYSTEM)
    if not isinstance(listed, list):
        raise Outage(NO_OFFERING(offering=forms.offering))
    rows = [cast("Row", one) for one in cast("list[Any]", listed) if isinstance(one, dict)]
    named = [row for row in rows if row.get("strName") == forms.offering]
    if not named:
        raise WriteRefused(NO_OFFERING(offering=forms.offering))
    if len(named) > 1:
        raise WriteRefused(SEVERAL_OFFERINGS(offering=forms.offering))
    template = rec_id(named[0].get("strRecId"))
    return Offering(mine[0], rec_id(named[0].get("strSubscriptionId")), await _questions(read, template))


async def _questions(read: Read, template: str) -> list[OfferingParameter]:
    found = await all_rows(read, QUESTIONS, {"$filter": filter_by(ParentLink_RecID=template)})
    if found.left_out or not found.whole:
        raise Outage(IN_WORDS(text=f"{SYSTEM}: the parameters of the offering cannot all be read"))
    mine = [row for row in found.rows if str(row.get("ParentLink_RecID")).upper() == template.upper()]
    return [
        OfferingParameter(
            rec_id(row.get("RecId")),
            str(row.get("Name") or ""),
            str(row.get("DisplayType") or "").casefold(),
            row.get("RequiredExpression") == REQUIRED,
        )
        for row in mine
    ]


def refuse_unanswered(offering: Offering, values: Mapping[str, str]) -> None:
    """Raise `WriteRefused` where the offering does not have a parameter, or asks for one that has no answer.

    Ivanti names one missing parameter at a time; here all are named.
    """
    unknown = [name for name in values if offering.question(name) is None]
    if unknown:
        raise WriteRefused(NO_SUCH_PARAMETER(names=", ".join(unknown)))
    given = {folded_name(name) for name, value in values.items() if value}
    missing = [one.name for one in offering.questions if one.required and folded_name(one.name) not in given]
    if missing:
        raise WriteRefused(UNANSWERED(names=", ".join(missing)))


async def parameters_for(offering: Offering, values: Mapping[str, str], post: Post) -> Mapping[str, str]:
    """The answers by the ids of their questions; a list's answer needs the id of its option beside it."""
    sent: dict[str, str] = {}
    for name, value in values.items():
        question = offering.question(name)
        if question is None:
            continue
        sent[f"par-{question.record}"] = value
        if question.kind == COMBO:
            sent[f"par-{question.record}-recId"] = await _option(question, value, post)
    return sent


async def _option(question: OfferingParameter, value: str, post: Post) -> str:
    response = await post(f"{REST}/ServiceRequest/{question.record}/ValidationList", {})
    check(response)
    options = json_value(response, SYSTEM)
    rows = cast("list[Any]", options) if isinstance(options, list) else []
    for row in rows:
        if isinstance(row, list) and len(cast("list[Any]", row)) > 1 and row[1] == value:
            return rec_id(row[0])
    raise WriteRefused(NO_OPTION(name=question.name, value=value))


def local_offset(time_zone: str, now: datetime) -> int:
    """`localOffset`: minutes by which the tenant is ahead of UTC, negated. With the other sign dates are destroyed."""
    offset = now.astimezone(ZoneInfo(time_zone)).utcoffset()
    return -int(offset.total_seconds() // 60) if offset is not None else 0


def submission(offering: Offering, parameters: Mapping[str, str], subject: str, symptom: str, offset: int) -> Any:
    """The body with all of its eleven keys."""
    return {
        "attachmentsToDelete": [],
        "attachmentsToUpload": [],
        "parameters": dict(parameters),
        "delayedFulfill": False,
        "saveReqState": False,
        "formName": FORM,
        "serviceReqData": {"Subject": subject, "Symptom": symptom},
        "strCustomerLocation": "",
        "strUserId": offering.employee,
        "subscriptionId": offering.subscription,
        "localOffset": offset,
    }


def kept_questions(reply: Mapping[str, Any]) -> frozenset[str]:
    """The ids of the questions whose answers the reply says are kept."""
    kept: Any = reply.get("parameterTemplateParameterIds")
    given = cast("Mapping[str, Any]", kept if isinstance(kept, dict) else {})
    return frozenset(name.upper() for name, value in given.items() if value)
