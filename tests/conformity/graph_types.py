"""Holds requests to Graph, and its answers, against the slice of Microsoft's CSDL in `csdl.json`.

Stricter than the CSDL in one thing: `application` and `servicePrincipal` are open types there, and here a property that
they do not name is a fault all the same, because a simulator must not invent one.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

CSDL: dict[str, Any] = json.loads((Path(__file__).parent / "csdl.json").read_text("utf-8"))
TYPES: dict[str, Any] = CSDL["types"]
UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_PATH = re.compile(
    rf"(?P<set>applications|servicePrincipals|auditLogs/directoryAudits)"
    rf"(?:(?P<one>/{UUID}|\(appId='{UUID}'\)))?(?:/(?P<action>\w+))?"
)
_NAMES = re.compile(r"(?:^|[\s(,])([A-Za-z][A-Za-z0-9]*)(?=[\s/](?:eq|ge|le|any)|[,/])")
_WHOLE = {"Edm.Int16": 16, "Edm.Int32": 32, "Edm.Int64": 64}


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; bodies as JSON, None where there is none."""

    method: str
    path: str
    body: Any
    status: int
    content_type: str
    answer: Any


def faults_of(one: Exchange) -> list[str]:
    """What the CSDL, or Graph's conventions, would not have."""
    parts = urlsplit(one.path.removeprefix("/v1.0/"))
    where = f"{one.method} {unquote(one.path)}"
    if parts.path == "$batch":
        return [f"{where}: {fault}" for fault in _batch(one)]
    return [f"{where}: {fault}" for fault in (*_request(one, parts.path, parts.query), *_answer(one, parts.path))]


def _batch(one: Exchange) -> Iterator[str]:
    """Each part as a request of its own; the parts of an answer have the ids of those of the request."""
    answers = {part["id"]: part for part in one.answer["responses"]}
    if set(answers) != {part["id"] for part in one.body["requests"]}:
        yield "the ids of the answer are not those of the request"
    for part in one.body["requests"]:
        found = answers.get(part["id"], {"status": 0, "body": None})
        kind = found.get("headers", {}).get("Content-Type", JSON_TYPE)
        yield from faults_of(
            Exchange(part["method"], f"/v1.0{part['url']}", part.get("body"), found["status"], kind, found.get("body"))
        )


def _request(one: Exchange, path: str, query: str) -> Iterator[str]:
    found = _PATH.fullmatch(unquote(path))
    if found is None:
        yield "no such path"
        return
    kind = CSDL["sets"][found["set"]]
    options = parse_qs(query)
    for name in ",".join(options.get("$select", [])).split(","):
        if name and name not in properties(kind):
            yield f"$select names {name}, which {kind} does not have"
    for name in _NAMES.findall(re.sub(r"'[^']*'", "''", " ".join(options.get("$filter", [])))):
        if name not in properties(kind):
            yield f"$filter names {name}, which {kind} does not have"
    if one.method == "POST":
        parameters = CSDL["actions"].get(found["action"], {}).get(kind)
        yield from ["no such action"] if parameters is None else _members(one.body, parameters, "")
        yield from [f"{name} is missing" for name in cast("dict[str, Any]", parameters or {}) if name not in one.body]
    if one.method == "PATCH":
        yield from _members(one.body, properties(kind), "")


def _answer(one: Exchange, path: str) -> Iterator[str]:
    if one.status == 204:
        yield from [] if one.answer is None else ["a body with 204"]
        return
    if one.content_type != JSON_TYPE:
        yield f"Content-Type is {one.content_type}"
    if one.status >= 400:
        error = one.answer.get("error", {})
        yield from [f"error.{name} is no text" for name in ("code", "message") if not isinstance(error.get(name), str)]
        yield from (
            [] if {"date", "request-id", "client-request-id"} <= set(error.get("innerError", {})) else ["innerError"]
        )
        return
    found = _PATH.fullmatch(unquote(path))
    kind = CSDL["sets"][found["set"]] if found else "entity"
    if "@odata.context" not in one.answer:
        yield "no @odata.context"
    entities = [one.answer] if found and found["one"] else one.answer.get("value")
    for entity in cast("list[Any]", entities or []):
        yield from value_faults(entity, kind, kind, nullable=False)


def properties(kind: str) -> Mapping[str, Any]:
    """The properties of a type, those of its bases included."""
    described = TYPES[kind]
    inherited: Mapping[str, Any] = properties(described["base"]) if described.get("base") else {}
    return {**inherited, **described["properties"]}


def _members(found: Any, known: Mapping[str, Any], where: str) -> Iterator[str]:
    if not isinstance(found, dict):
        yield f"{where or 'the body'} is no object"
        return
    for name, value in cast("dict[str, Any]", found).items():
        if name.startswith("@odata."):
            continue
        if name not in known:
            yield f"{where}.{name} is not in the CSDL"
        else:
            kind, nullable = known[name]
            yield from value_faults(value, kind, f"{where}.{name}", nullable=nullable)


def value_faults(value: Any, kind: str, where: str, *, nullable: bool) -> Iterator[str]:
    """Why a value is not one of that type."""
    inner = re.fullmatch(r"Collection\((.*)\)", kind)
    if inner is not None:
        if not isinstance(value, list):
            yield f"{where} is no list"
            return
        for one in cast("list[Any]", value):
            yield from value_faults(one, inner[1], where, nullable=False)
    elif value is None:
        yield from [] if nullable else [f"{where} may not be null"]
    elif kind in TYPES and "enum" not in TYPES[kind]:
        yield from _members(value, properties(kind), where)
    elif not _is(value, kind):
        yield f"{where} is no {kind}"


def _is(value: Any, kind: str) -> bool:
    if kind in TYPES:
        return value in TYPES[kind]["enum"]
    if kind in _WHOLE:
        return isinstance(value, int) and not isinstance(value, bool) and -(2 ** (_WHOLE[kind] - 1)) <= value
    if kind == "Edm.Boolean":
        return isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if kind == "Edm.Guid":
        return re.fullmatch(UUID, value) is not None
    if kind == "Edm.DateTimeOffset":
        return _is_moment(value)
    return kind != "Edm.Binary" or _is_base64(value)


def _is_moment(text: str) -> bool:
    """With a zone; the seven decimals of Graph are one more than Python reads."""
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d", r"\1", text)).tzinfo is not None
    except ValueError:
        return False


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True
