"""Reads the Passwordstate and Ivanti parts of a world."""

import base64
import binascii
from datetime import timedelta

from spentkey_sim.ivanti.behaviour import behaviour
from spentkey_sim.making import Making, Raw, WorldError
from spentkey_sim.model import (
    ApiKey,
    Database,
    Document,
    Entry,
    Ivanti,
    Note,
    OfferingQuestion,
    Passwordstate,
    PfxContent,
    RequestOffering,
    ServiceRequest,
    Task,
    Tenant,
)

CREDENTIALS_LIST = 8620
CERTIFICATES_LIST = 6691
DATABASE_ENTRY = "sys_pws_ansible_read"
"""The title of the entry whose UserName and Password log in to the database."""

_TEAMS = ("Spentkey", "Systeemsoftware", "Servicedesk")
_STATUSES = ("Logged", "Assigned", "Accepted", "Waiting", "Completed", "Cancelled", "Rejected")
_FINAL = ("Completed", "Cancelled", "Rejected")


def passwordstate(raw: Raw, tenants: list[Tenant], making: Making) -> Passwordstate:
    """The vault. Unless `auto_entries` is false it also gets the entries that the tenants and the database need."""
    defaults = {"name": "passwordstate", "login": "spentkey_reader", "password": making.token("database")}
    database = Database(**(defaults | raw.get("database", {})))
    keys = raw.get("api_keys", [{}])
    made = Passwordstate(
        build=raw.get("build", "9972"),
        empty_search=raw.get("empty_search", "404"),
        api_keys=[_api_key(n, key, making) for n, key in enumerate(keys)],
        database=database,
        entries=[_entry(n, entry, making) for n, entry in enumerate(raw.get("entries", []))],
        documents=[_document(n, document) for n, document in enumerate(raw.get("documents", []))],
    )
    if raw.get("auto_entries", True):
        _complete(made, tenants)
    return made


def _api_key(n: int, raw: Raw, making: Making) -> ApiKey:
    return ApiKey(
        key=raw.get("key", making.token("api-key", n)),
        lists=tuple(raw.get("lists", (CREDENTIALS_LIST, CERTIFICATES_LIST))),
        documents=raw.get("documents", True),
    )


def _entry(n: int, raw: Raw, making: Making) -> Entry:
    return Entry(
        id=raw.get("id", 1201 + n),
        list=raw.get("list", CREDENTIALS_LIST),
        title=raw["title"],
        username=raw.get("username", ""),
        password=raw.get("password", making.token("entry", n)),
        description=raw.get("description", ""),
        notes=raw.get("notes", ""),
        fields=dict(raw.get("fields", {})),
    )


def _complete(vault: Passwordstate, tenants: list[Tenant]) -> None:
    """Add the entries that clients and the database need and that the world has not named itself."""
    needed = [(client.entry, client.app_id, client.secret) for tenant in tenants for client in tenant.clients]
    needed.append((DATABASE_ENTRY, vault.database.login, vault.database.password))
    for title, username, password in needed:
        titles = {entry.title.lower() for entry in vault.entries if entry.list == CREDENTIALS_LIST}
        if title.lower() not in titles:
            number = max([entry.id for entry in vault.entries], default=1200) + 1
            vault.entries.append(Entry(number, CREDENTIALS_LIST, title, username, password, "", "", {}))


def _document(n: int, raw: Raw) -> Document:
    return Document(
        id=raw.get("id", 501 + n),
        store=raw.get("store", "password"),
        owner=raw["owner"],
        name=raw["name"],
        content=_content(raw["content"]),
        content_type=raw.get("content_type"),
    )


def _content(raw: Raw) -> PfxContent | bytes:
    if "pfx" in raw:
        return PfxContent(raw["pfx"]["certificate"], raw["pfx"]["password"])
    if "text" in raw:
        return str(raw["text"]).encode()
    try:
        return base64.b64decode(raw["base64"], validate=True)
    except binascii.Error:
        raise WorldError("passwordstate.documents: a content is not base64") from None


def ivanti(raw: Raw, making: Making) -> Ivanti:
    """The Ivanti tenant with its requests, tasks and notes."""
    login = raw.get("login_id", "svc-spentkey")
    teams = list(raw.get("teams", _TEAMS))
    made = Ivanti(
        base=raw.get("base", "/HEAT").rstrip("/"),
        api_key=raw.get("api_key", making.token("ivanti").upper()),
        login_id=login,
        teams=teams,
        statuses=list(raw.get("statuses", _STATUSES)),
        final_statuses=list(raw.get("final_statuses", _FINAL)),
        task_fields=list(raw.get("task_fields", ())),
        owner_required_to_close=raw.get("owner_required_to_close", True),
        empty=raw.get("empty", "body"),
        minutes_as=raw.get("minutes_as", "number"),
        notes_on_closed=raw.get("notes_on_closed", "refused"),
        behaviour=behaviour(raw.get("behaviour", {})),
        requests=[_request(request, making) for request in raw.get("requests", [])],
        tasks=[_task(task, teams[0], making) for task in raw.get("tasks", [])],
        notes=[],
        offerings=[_offering(one, teams[0], making) for one in raw.get("offerings", [])],
    )
    made.notes = [_note(n, note, made, making) for n, note in enumerate(raw.get("notes", []))]
    return made


def _offering(raw: Raw, team: str, making: Making) -> RequestOffering:
    name = raw["name"]
    return RequestOffering(
        rec_id=raw.get("rec_id", making.rec_id("template", name)),
        subscription=raw.get("subscription", making.rec_id("subscription", name)),
        name=name,
        questions=tuple(_question(name, one, making) for one in raw.get("parameters", [])),
        team=raw.get("team", team),
        subject=raw.get("subject", "Remove expired credential"),
        request_delay_s=raw.get("request_delay_s", 0),
        answers_delay_s=raw.get("answers_delay_s", 0),
        task_delay_s=raw.get("task_delay_s", 0),
        makes_task=raw.get("makes_task", True),
    )


def _question(offering: str, raw: Raw, making: Making) -> OfferingQuestion:
    name = raw["name"]
    options = tuple((making.rec_id("option", offering, name, value), value) for value in raw.get("options", []))
    rec_id = making.rec_id("question", offering, name)
    return OfferingQuestion(rec_id, name, raw.get("type", "text"), raw.get("required", True), options)


def _request(raw: Raw, making: Making) -> ServiceRequest:
    number = raw["number"]
    parameters = [(name, value) for name, value in raw.get("parameters", [])]
    created_by = raw.get("created_by", "WorkflowEngine")
    return ServiceRequest(raw.get("rec_id", making.rec_id("request", number)), number, parameters, created_by)


def _task(raw: Raw, team: str, making: Making) -> Task:
    number = raw["number"]
    created = making.now - timedelta(hours=1)
    return Task(
        rec_id=raw.get("rec_id", making.rec_id("task", number)),
        number=number,
        subject=raw.get("subject", "Remove expired credential"),
        details=raw.get("details", ""),
        status=raw.get("status", "Logged"),
        owner=raw.get("owner", ""),
        owner_team=raw.get("owner_team", team),
        parent=raw.get("parent"),
        parent_category=raw.get("parent_category", "ServiceReq"),
        minutes=raw.get("minutes", 0),
        read_only=raw.get("read_only", False),
        created=created,
        modified=created,
        modified_by="WorkflowEngine",
        fields=dict(raw.get("fields", {})),
    )


def _note(n: int, raw: Raw, made: Ivanti, making: Making) -> Note:
    """A note of the world hangs on a task by its number."""
    parents = {task.number: task.rec_id for task in made.tasks}
    if raw["task"] not in parents:
        raise WorldError(f"ivanti.notes[{n}].task: there is no task {raw['task']}")
    return Note(
        rec_id=raw.get("rec_id", making.rec_id("note", n)),
        parent=parents[raw["task"]],
        parent_category=raw.get("parent_category", "Task"),
        category=raw.get("category", "Status Update"),
        subject=raw.get("subject", ""),
        body=raw.get("body", ""),
        created=making.now - timedelta(minutes=30),
        created_by=raw.get("created_by", "someone"),
    )
