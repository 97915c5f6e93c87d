"""Requests for a credential on Ivanti: all that there are, whoever opened them, and a new one of the offering."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from spentkey.adapters.ivanti.client import PARAMETERS, TASKS, IvantiDesk
from spentkey.adapters.ivanti.offering import (
    REST,
    Offering,
    OpenForms,
    kept_questions,
    local_offset,
    parameters_for,
    read_offering,
    refuse_unanswered,
    submission,
)
from spentkey.adapters.ivanti.reasons import NOT_SET_UP, REQUEST_REFUSED, REQUEST_UNREADABLE
from spentkey.adapters.ivanti.rows import Found
from spentkey.adapters.ivanti.wire import (
    SYSTEM,
    Row,
    UnreadableField,
    filter_by,
    read_number,
    read_parameter,
    rec_id,
    record_of,
    same,
    same_id,
)
from spentkey.core.errors import Outage, SpentkeyError, WriteRefused
from spentkey.core.rules import ParameterNames
from spentkey.core.sanitize import plain
from spentkey.core.task import Task, folded_name, request_of
from spentkey.core.trim import trimmed
from spentkey.http.client import ReplyLost, Response, json_value
from spentkey.http.reasons import ANSWERED
from spentkey.ports.service_desk import BeforeOpening, FoundRequest, NewRequest, Sent, SentState

REQUESTS = "ServiceReqs"
SUBJECT = "Remove an expired credential"
LONGEST_ERROR = 200


@dataclass(frozen=True)
class IvantiOpeningDesk(IvantiDesk):
    """The whole `ServiceDesk` port: tasks, and the requests that they come from."""

    names: ParameterNames = field(default_factory=ParameterNames)
    opens: OpenForms | None = None

    async def requests_for(self, key_id: str, also: Sequence[str] = ()) -> Sequence[FoundRequest]:
        """By the answers to SecretID, of everybody's requests; each row is checked here, because a filter may be ignored."""
        where = filter_by(ParameterName=self.names.secret_id, ParameterValue=key_id)
        values = await self._whole(PARAMETERS, where)
        parents = {rec_id(row.get("ParentLink_RecID")).upper() for row in values if self._asks_for(row, key_id)}
        for number in also:
            if number.isascii() and number.isdigit():
                rows = await self._whole(REQUESTS, filter_by(ServiceReqNumber=int(number)))
                mine = [row for row in rows if str(row.get("ServiceReqNumber")) == number]
                parents |= {rec_id(row.get("RecId")).upper() for row in mine}
        found = [await self._found(parent) for parent in sorted(parents)]
        return sorted((one for one in found if one is not None), key=lambda one: int(one.reference))

    def _asks_for(self, row: Row, key_id: str) -> bool:
        name, value = row.get("ParameterName"), row.get("ParameterValue")
        named = isinstance(name, str) and folded_name(name) == folded_name(self.names.secret_id)
        return named and isinstance(value, str) and trimmed(value).lower() == key_id.lower()

    async def _whole(self, entity_set: str, where: str) -> list[Row]:
        found: Found = await self._rows(entity_set, where)
        if found.left_out or not found.whole or not all(found.rows):
            raise Outage(REQUEST_UNREADABLE(system=SYSTEM, what=entity_set))
        return found.rows

    async def _found(self, parent: str) -> FoundRequest | None:
        """One request with its answers and its task; None where it is gone by now."""
        record = record_of(await self.read(f"{REQUESTS}('{parent}')"))
        if record is None:
            return None
        where = filter_by(ParentLink_RecID=parent)
        values = [row for row in await self._whole(PARAMETERS, where) if same_id(row.get("ParentLink_RecID"), parent)]
        tasks = [row for row in await self._whole(TASKS, where) if same_id(row.get("ParentLink_RecID"), parent)]
        task = self._first([self._task(row) for row in tasks])
        is_open = not any(same(str(record.get("Status") or ""), one) for one in self._closed())
        ended = bool(tasks) and all(self._is_ended(row) for row in tasks)
        return FoundRequest(
            str(read_number(record.get("ServiceReqNumber"))),
            is_open and not ended,
            request_of(read_parameter(row) for row in values),
            task,
            _moment(record.get("LastModDateTime")),
        )

    def _closed(self) -> tuple[str, ...]:
        return self.opens.closed if self.opens is not None else OpenForms("", "", {}).closed

    def _is_ended(self, row: Row) -> bool:
        """A task that is completed, or that nobody can write any more."""
        return row.get("ReadOnly") is True or same(str(row.get("Status") or ""), self.forms.completed)

    def _first(self, tasks: Sequence[Task]) -> Task | None:
        """Of several tasks the one that is ours."""
        return next((one for one in tasks if one.is_open and one.is_ours), next(iter(tasks), None))

    async def open_request(self, new: NewRequest, before: BeforeOpening) -> Sent:
        """Submit the offering once. Ivanti has no key by which it would know a second submission."""
        if self.opens is None:
            return Sent(SentState.REFUSED, reason=NOT_SET_UP())
        values = {**self.opens.further(new.team), **new.values}
        try:
            offering = await self.offering()
            refuse_unanswered(offering, values)
            parameters = await parameters_for(offering, values, self._post)
        except WriteRefused as problem:
            return Sent(SentState.REFUSED, reason=problem.reason)
        symptom = f"{new.key_id}" + (f" (after request {new.follows})" if new.follows is not None else "")
        offset = local_offset(self.opens.time_zone, self.http.clock.now())
        body = submission(offering, parameters, SUBJECT, symptom, offset)
        await before(values)
        try:
            response = await self.http.write_once("POST", f"{REST}/ServiceRequest/new", body, self._headers)
            return _sent(response, offering, values)
        except ReplyLost as problem:
            return Sent(SentState.LOST, reason=problem.reason)
        except SpentkeyError as problem:  # a redirect, an answer that is no JSON: it may have been made all the same
            return Sent(SentState.LOST, reason=problem.reason)

    async def offering(self) -> Offering:
        """The offering of the settings, as it is now."""
        if self.opens is None:
            raise WriteRefused(NOT_SET_UP())
        return await read_offering(self.read, self._get, self.opens)

    async def _get(self, path: str) -> Response:
        return await self.http.read(path, None, self._headers)

    async def _post(self, path: str, body: Any) -> Response:
        """A question that Ivanti takes as POST alone; it changes nothing."""
        try:
            return await self.http.write_once("POST", path, body, self._headers)
        except ReplyLost as problem:
            raise Outage(problem.reason) from None


def _sent(response: Response, offering: Offering, values: Mapping[str, str]) -> Sent:
    """What the reply says; its status is 200 whether a request was made or not."""
    if response.status in (400, 401, 403, 404):
        return Sent(SentState.REFUSED, reason=ANSWERED(system=SYSTEM, status=response.status))
    reply = json_value(response, SYSTEM)
    given = cast("Mapping[str, Any]", reply if isinstance(reply, dict) else {})
    made: Any = given.get("ServiceRequests")
    if given.get("IsSuccess") is False and not made:
        return Sent(
            SentState.REFUSED,
            reason=REQUEST_REFUSED(system=SYSTEM, what=plain(str(given.get("ErrorText")))[:LONGEST_ERROR]),
        )
    first: Any = cast("list[Any]", made)[0] if isinstance(made, list) and made else None
    if given.get("IsSuccess") is not True or not isinstance(first, dict):
        return Sent(SentState.LOST, reason=ANSWERED(system=SYSTEM, status=response.status))
    record = cast("Mapping[str, Any]", first)
    kept = kept_questions(record)
    asked = [(name, offering.question(name)) for name in values]
    missing = tuple(name for name, question in asked if question is not None and question.record.upper() not in kept)
    try:
        number = str(read_number(record.get("strRequestNum")))
    except UnreadableField as problem:
        return Sent(SentState.LOST, reason=problem.reason, missing=missing)
    return Sent(SentState.TAKEN, number, missing=missing)


def _moment(shown: object) -> datetime | None:
    """A time with its zone; None for what is none, or an older Ivanti's null."""
    try:
        moment = datetime.fromisoformat(str(shown))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and moment.year > 1 else None
