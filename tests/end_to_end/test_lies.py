"""Systems that answer with well-formed lies: redirects, records of odd types, tokens for somebody else."""

import json
from pathlib import Path
from typing import Any

import pytest
from lying_server import Answer, lying, token, token_reply
from real_simulator import RealSimulator
from worlds import APP, AUTOMATION, EXPIRED_SECRET, LIVE_SECRET, OBJECT, ONDERWIJS, OTHER_APP, REQUEST, TASK, TENANT

AWAY = ("failed", "open", 4)
NOT_OURS = ("not-ours", "untouched", 2)
AUTHORITY, GRAPH = "SPENTKEY_TENANTS__production__AUTHORITY", "SPENTKEY_TENANTS__production__GRAPH_URL"
REC_ID = "0123456789ABCDEF0123456789ABCDEF"

REDIRECTED = {
    "Ivanti": ["SPENTKEY_IVANTI__URL"],
    "Passwordstate": ["SPENTKEY_PASSWORDSTATE__URL"],
    "sign-in": [AUTHORITY],
    "Graph": [AUTHORITY, GRAPH],
}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("system", REDIRECTED)
async def test_no_redirect_is_followed(sim: RealSimulator, tmp_path: Path, system: str, status: int) -> None:
    """A key or secret is never sent to where an answer points; the task stays open."""
    async with lying(sim, tmp_path) as liar:
        liar.responses[""] = (status, b"", {"Location": f"{liar.url}/elsewhere"})
        if system == "Graph":
            liar.responses = {"/token": token_reply(token()), **liar.responses}
        result = await sim.run(TASK, **liar.environment(*REDIRECTED[system]))
    assert (result.outcome, result.ticket.value, result.exit_code) == AWAY, result.reason
    assert "/elsewhere" not in [path for _, path in liar.seen]
    assert "redirect" in (result.reason or "") or system == "sign-in"
    assert liar.seen
    assert sim.writes() == []


def row(**changes: Any) -> dict[str, Any]:
    """A task as Ivanti shows it; `...` leaves a field out."""
    fields = {
        "RecId": REC_ID,
        "AssignmentID": TASK,
        "Subject": "Remove",
        "Status": "Logged",
        "Owner": None,
        "OwnerTeam": "Spentkey",
        "ReadOnly": False,
        "ParentLink_RecID": REC_ID,
        "ParentLink_Category": "ServiceReq",
        "ActualEffort": None,
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


def rows(*found: Any) -> Any:
    """A collection."""
    return {"value": list(found)}


TASKS: dict[str, tuple[Any, tuple[str, str, int]]] = {
    "a list": ([row()], AWAY),
    "a text": ("no", AWAY),
    "null": (None, AWAY),
    "rows that are no records": (rows(1, 2), AWAY),
    "a text for rows": ({"value": "Something."}, AWAY),
    "no rows at all": ({}, AWAY),
    "the words for none": ({"value": "No instances found."}, NOT_OURS),
    "rows of other tasks": (rows(row(AssignmentID=7), row(AssignmentID="8")), NOT_OURS),
    "two of that number": (rows(row(), row()), AWAY),
    "no RecId": (rows(row(RecId=...)), AWAY),
    "a RecId that would leave the path": (rows(row(RecId="../../x")), AWAY),
    "a RecId that is a number": (rows(row(RecId=5)), AWAY),
    "a parent that would leave the filter": (rows(row(ParentLink_RecID="' or 1 eq 1")), AWAY),
    "no parent": (rows(row(ParentLink_RecID=None)), NOT_OURS),
    "a status that is a number": (rows(row(Status=3)), AWAY),
    "an owner that is a list": (rows(row(Owner=["svc-spentkey"])), AWAY),
    "minutes that are no number": (rows(row(ActualEffort="a few")), NOT_OURS),
    "minutes without end": (rows(row(ActualEffort="1e999999")), NOT_OURS),
    "minutes that are a truth": (rows(row(ActualEffort=True)), NOT_OURS),
    "no parameters": (rows(row()), NOT_OURS),
}


@pytest.mark.parametrize("scenario", TASKS)
async def test_records_of_odd_types_are_never_written_to(sim: RealSimulator, tmp_path: Path, scenario: str) -> None:
    """A service desk that answers nonsense leaves the task open or untouched, and gets no write."""
    answer, wanted = TASKS[scenario]
    responses: dict[str, Answer] = {"Task__Assignments": (200, answer, {}), "ServiceReqParams": (204, b"", {})}
    async with lying(sim, tmp_path, responses) as liar:
        result = await sim.run(TASK, **liar.environment("SPENTKEY_IVANTI__URL"))
    assert wanted == (result.outcome, result.ticket.value, result.exit_code), result.reason
    assert liar.writes == []
    assert {"GET"} == {method for method, _ in liar.seen}


TOKENS: dict[str, tuple[Any, tuple[str, str | None, str]]] = {
    "another tenant": (token(tid=ONDERWIJS), ("refused", "G2", "handed-off")),
    "another client": (token(appid=OTHER_APP), ("refused", "G2", "handed-off")),
    "no tenant": (token(tid=None), ("failed", None, "open")),
    "no client": (token(appid=None), ("failed", None, "open")),
    "a tenant that is a list": (token(tid=[TENANT]), ("failed", None, "open")),
    "not a token": ("opaque", ("failed", None, "open")),
    "three empty parts": ("..", ("failed", None, "open")),
    "empty": ("", ("failed", None, "open")),
    "a number": (5, ("failed", None, "open")),
    "null": (None, ("failed", None, "open")),
}


@pytest.mark.parametrize("scenario", TOKENS)
async def test_a_token_for_somebody_else_allows_no_write(sim: RealSimulator, tmp_path: Path, scenario: str) -> None:
    """G2: tenant and client of the token must be ours; a token that cannot be decoded allows nothing."""
    given, wanted = TOKENS[scenario]
    async with lying(sim, tmp_path, {"/token": token_reply(given)}) as liar:
        result = await sim.run(TASK, **liar.environment(AUTHORITY, GRAPH))
    assert wanted == (result.outcome, result.guard, result.ticket.value), result.reason
    assert {"/token"} == {path[path.rfind("/") :] for _, path in liar.seen}


def secret(key_id: str, end: Any, **changes: Any) -> dict[str, Any]:
    """A password credential as Graph shows it."""
    return {"keyId": key_id, "displayName": "x", "endDateTime": end, **changes}


def application(**changes: Any) -> dict[str, Any]:
    """An application as Graph shows it."""
    return {
        "id": OBJECT,
        "appId": APP,
        "displayName": "Sales",
        "passwordCredentials": [secret(EXPIRED_SECRET, "2020-01-01T00:00:00Z")],
        "keyCredentials": [],
        "tokenEncryptionKeyId": None,
        **changes,
    }


def batch(body: Any = None, status: Any = 200, **changes: Any) -> dict[str, Any]:
    """The answer to the batch of two reads."""
    part = {"id": "application", "status": status, "headers": {}, "body": body or application(), **changes}
    nothing = {"error": {"code": "Request_ResourceNotFound", "message": "no"}}
    return {"responses": [part, {"id": "principal", "status": 404, "headers": {}, "body": nothing}]}


REFUSED, OPEN = ("refused", "handed-off", 3), AWAY
SECRETS = "passwordCredentials"
APPLICATIONS: dict[str, tuple[Any, tuple[str, str, int]]] = {
    "a list": ([], OPEN),
    "no responses": ({}, OPEN),
    "responses that are a text": ({"responses": "none"}, OPEN),
    "responses without ours": ({"responses": [None, 3, {"id": "other"}]}, OPEN),
    "a status that is a text": (batch(status="200"), OPEN),
    "a status that is odd": (batch(status=302), OPEN),
    "throttled, with odd headers": (batch(status=429, headers=["Retry-After"]), OPEN),
    "throttled, with an odd Retry-After": (batch(status=429, headers={"Retry-After": [5]}), OPEN),
    "a body that is a list": (batch(body=[1]), OPEN),
    "another application": (batch(application(appId=OTHER_APP)), REFUSED),
    "no object id": (batch(application(id=None)), OPEN),
    "an object id that would leave the path": (batch(application(id="../me")), OPEN),
    "a name that is a number": (batch(application(displayName=5)), OPEN),
    "half a character in the name": (batch(application(displayName="Sales\ud800")), REFUSED),
    "no list of secrets": (batch(application(passwordCredentials=None)), OPEN),
    "a list of numbers": (batch(application(passwordCredentials=[5])), OPEN),
    "a key id that is none": (batch(application(passwordCredentials=[secret("x", None)])), OPEN),
    "the key id twice": (
        batch(application(passwordCredentials=[secret(EXPIRED_SECRET, "2020-01-01T00:00:00Z")] * 2)),
        REFUSED,
    ),
    "an end that is a number": (batch(application(passwordCredentials=[secret(EXPIRED_SECRET, 1577836800)])), REFUSED),
    "an end in the year 0": (
        batch(application(passwordCredentials=[secret(EXPIRED_SECRET, "0000-01-01T00:00:00Z")])),
        REFUSED,
    ),
    "an end at the edge of time": (
        batch(application(passwordCredentials=[secret(EXPIRED_SECRET, "9999-12-31T23:59:59-23:59")])),
        REFUSED,
    ),
    "only others": (batch(application(passwordCredentials=[secret(LIVE_SECRET, "2020-01-01T00:00:00Z")])), REFUSED),
    "nothing": ({"responses": []}, OPEN),
    "too deep": (b"[" * 200_000, OPEN),
    "not UTF-8": (b'{"responses": "\xff\xfe"}', OPEN),
    "a number without end": (b'{"responses": ' + b"9" * 5000 + b"}", OPEN),
}


@pytest.mark.parametrize("scenario", APPLICATIONS)
async def test_a_directory_that_shows_nonsense_is_never_written_to(
    sim: RealSimulator, tmp_path: Path, scenario: str
) -> None:
    """Whatever the batch holds, the task ends with a plain reason, and no removal is sent."""
    body, wanted = APPLICATIONS[scenario]
    responses: dict[str, Answer] = {"/token": token_reply(token()), "/$batch": (200, body, {})}
    async with lying(sim, tmp_path, responses) as liar:
        result = await sim.run(TASK, **liar.environment(AUTHORITY, GRAPH))
    assert wanted == (result.outcome, result.ticket.value, result.exit_code), result.reason
    assert liar.writes == []
    json.dumps(result.as_json(), ensure_ascii=False).encode()


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 01 Jan 2020", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"])
async def test_a_directory_without_a_readable_clock_allows_nothing(
    sim: RealSimulator, tmp_path: Path, date: str
) -> None:
    """G5: the directory's Date cannot be compared with ours, so nothing has expired."""
    responses: dict[str, Answer] = {"/token": token_reply(token()), "/$batch": (200, batch(), {"Date": date})}
    async with lying(sim, tmp_path, responses) as liar:
        result = await sim.run(TASK, **liar.environment(AUTHORITY, GRAPH))
    assert (result.outcome, result.guard, result.ticket.value) == ("refused", "G5", "handed-off"), result.reason
    assert liar.writes == []


async def test_an_answer_without_end_is_given_up(sim: RealSimulator, tmp_path: Path) -> None:
    """More than sixteen million bytes are not read, and the task stays open."""
    async with lying(sim, tmp_path, {"/8620": (200, b" " * 17_000_000, {})}) as liar:
        result = await sim.run(TASK, **liar.environment("SPENTKEY_PASSWORDSTATE__URL"))
    assert (result.outcome, result.ticket.value, result.exit_code) == AWAY
    assert "Passwordstate" in (result.reason or "")


@pytest.mark.parametrize(("setting", "system"), [(REDIRECTED[name][0], name) for name in ("Ivanti", "Passwordstate")])
async def test_a_server_that_nobody_vouches_for_is_not_spoken_to(
    sim: RealSimulator, tmp_path: Path, setting: str, system: str
) -> None:
    """Without its authority in tls.ca_file not one request reaches it, so no key does."""
    async with lying(sim, tmp_path) as liar:
        settings: dict[str, Any] = {setting: liar.url}
        result = await sim.run(TASK, **settings)
    assert (result.outcome, result.ticket.value, result.exit_code) == AWAY
    assert "TLS" in (result.reason or "")
    assert system in (result.reason or "")
    assert liar.seen == []
    assert str(REQUEST) not in (result.reason or "")
    assert AUTOMATION not in (result.reason or "")
