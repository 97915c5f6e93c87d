"""A controller in this process: it answers as AWX does where our playbooks ask it, and it keeps what it was told.

What a launch accepts, refuses and ignores follows AWX's own rule (awx/main/models/mixins.py, _accept_or_ignore_variables
and _survey_element_validation): the survey is checked first, strictly by type; what it does not name is ignored, and
the job starts all the same, unless variables may be asked for on launch.
"""

import json
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

TOKEN = "canary-controller-token-5Jw"
KINDS = (
    "organizations",
    "credential_types",
    "credentials",
    "execution_environments",
    "projects",
    "inventories",
    "hosts",
    "job_templates",
)
_IN_PROJECT = "ansible/ansible_collections/spentkey/entra/playbooks/"
PLAYBOOKS = (
    f"{_IN_PROJECT}entraid_secrets_removal.yml",
    f"{_IN_PROJECT}entraid_secrets_removal_one_task.yml",
)
PROMPTS = ("limit", "inventory", "job_tags", "skip_tags", "verbosity", "job_type", "scm_branch", "credentials")
Answer = tuple[int, Any]


@dataclass
class Controller:
    """What the controller has, what was asked of it, and how its jobs end."""

    url: str = ""
    things: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    surveys: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    attached: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    jobs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    ignored: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    ends: tuple[str, ...] = ("pending", "running", "successful")
    prefix: str = "/api/controller/v2/"
    """Where the API is: with the gateway of 2.5 and later here, in 2.4 and AWX at /api/v2/; rulebooks ask there always."""
    syncs: list[tuple[str, ...]] = field(default_factory=lambda: [("pending", "running", "successful")])
    """How the synchronizations of a project go, one after the other; the last one again and again."""
    playbooks: tuple[str, ...] = PLAYBOOKS
    """The playbooks that a synchronized project has."""

    def make(self, kind: str, /, **given: Any) -> int:
        """Put a thing there, and give its id."""
        number = 1 + sum(len(of_kind) for of_kind in self.things.values())
        self.things[kind].append({"id": number, **given})
        return number

    def writes(self) -> list[tuple[str, str]]:
        """The requests that change something."""
        return [one for one in self.asked if one[0] != "GET"]

    def named(self, kind: str, name: str) -> dict[str, Any]:
        """The thing of that name."""
        (found,) = [one for one in self.things[kind] if one["name"] == name]
        return found

    def answer(self, method: str, target: str, body: dict[str, Any]) -> Answer:
        """Answer one request below the root of the API."""
        url = urlsplit(target)
        if not url.path.startswith((self.prefix, "/api/v2/")):
            return 404, {"detail": "The requested resource could not be found."}
        path = re.sub(r"^/api/(controller/)?v2/", "", url.path)
        self.asked.append((method, path))
        match path.strip("/").split("/"):
            case ["config" | "me" as what]:
                return 200, {"version": "4.6.0"} if what == "config" else {"count": 1, "results": [{"id": 1}]}
            case ["projects", number, *rest] if method != "PATCH":
                return self._project(self._by_id("projects", int(number)), rest)
            case ["unified_job_templates"]:
                return self._list("job_templates", url.query)
            case [kind] if kind in KINDS:
                return self._list(kind, url.query) if method == "GET" else self._make(kind, body)
            case [kind, number] if kind in KINDS and method == "PATCH":
                return self._change(kind, int(number), body)
            case ["job_templates", number, what]:
                return self._template(method, int(number), what, body)
            case ["jobs"]:
                wanted = parse_qs(url.query)["id__in"][0].split(",")
                found = [self._job("GET", int(number), [])[1] for number in wanted]
                return 200, {"count": len(found), "next": None, "previous": None, "results": found}
            case ["jobs", number, *rest]:
                return self._job(method, int(number), rest)
            case _:
                return 404, {"detail": "Not found."}

    def _list(self, kind: str, query: str) -> Answer:
        wanted = {name: values[0] for name, values in parse_qs(query).items()}
        found = [one for one in self.things[kind] if all(str(one.get(name)) == text for name, text in wanted.items())]
        if kind == "job_templates":
            found = [self._shown_template(one) for one in found]
        return 200, {"count": len(found), "next": None, "previous": None, "results": found}

    def _shown_template(self, one: dict[str, Any]) -> dict[str, Any]:
        asks = {f"ask_{name}_on_launch": False for name in ("limit", "labels", "inventory", "variables")}
        related = {"launch": f"/api/v2/job_templates/{one['id']}/launch/"}
        organization = {"organization": {"name": "Default"}}
        return {**asks, **one, "type": "job_template", "related": related, "summary_fields": organization}

    def _by_id(self, kind: str, number: int) -> dict[str, Any]:
        return next(one for one in self.things[kind] if one["id"] == number)

    def _project(self, project: dict[str, Any], rest: list[str]) -> Answer:
        """A look at the project goes one step on in its synchronization, as time does."""
        if rest == ["update"]:
            self._sync(project)
            return 202, {"project_update": 900 + len(self.syncs)}
        if rest == ["playbooks"]:
            return 200, list(self.playbooks) if project["status"] == "successful" else []
        if ahead := project["ahead"]:
            project["status"] = ahead.pop(0)
        return 200, {name: value for name, value in project.items() if name != "ahead"}

    def _sync(self, project: dict[str, Any]) -> None:
        states = self.syncs.pop(0) if len(self.syncs) > 1 else self.syncs[0]
        project.update(status=states[0], ahead=list(states[1:]))

    def _make(self, kind: str, body: dict[str, Any]) -> Answer:
        if (refused := self._refused(kind, body)) is not None:
            return refused
        more = {"organization": 1} if kind == "job_templates" else {}  # a template has that of its project
        number = self.make(kind, **body, **more, created="now", managed=False)
        if kind == "projects":
            self._sync(self._by_id(kind, number))
        return 201, {"id": number, **body}

    def _refused(self, kind: str, body: dict[str, Any], number: int = 0) -> Answer | None:
        """What AWX does not take: a playbook that the project has not got yet, other inputs for a type that is in use."""
        if kind == "job_templates" and "project" in body:
            project = self._by_id("projects", body["project"])
            if project["status"] != "successful" or body["playbook"] not in self.playbooks:
                return 400, {"playbook": ["Playbook not found for project."]}
        if kind == "credential_types" and number and body["inputs"] != self._by_id(kind, number)["inputs"]:
            used = [one for one in self.things["credentials"] if one.get("credential_type") == number]
            if used:
                words = "Modifications to inputs are not allowed for credential types that are in use"
                return 403, {"detail": words}
        return None

    def _change(self, kind: str, number: int, body: dict[str, Any]) -> Answer:
        found = next((one for one in self.things[kind] if one["id"] == number), None)
        if found is None:
            return 404, {"detail": "Not found."}
        if (refused := self._refused(kind, body, number)) is not None:
            return refused
        found.update(body)
        return 200, found

    def _template(self, method: str, number: int, what: str, body: dict[str, Any]) -> Answer:
        if what == "survey_spec":
            if method == "POST":
                self.surveys[number] = body
            return 200, self.surveys.get(number, {})
        if what == "credentials":
            return self._credentials(method, number, body)
        template = next(one for one in self.things["job_templates"] if one["id"] == number)
        return self._launch(template, body)

    def _credentials(self, method: str, number: int, body: dict[str, Any]) -> Answer:
        attached = self.attached.setdefault(number, [])
        if method == "GET":
            found = [one for one in self.things["credentials"] if one["id"] in attached]
            return 200, {"count": len(found), "results": found}
        if body.get("disassociate"):
            attached.remove(body["id"])
        else:
            attached.append(body["id"])
        return 204, None

    def _launch(self, template: dict[str, Any], body: dict[str, Any]) -> Answer:
        given: dict[str, Any] = body.get("extra_vars") or {}
        survey: dict[str, Any] = self.surveys.get(template["id"], {}) if template.get("survey_enabled") else {}
        spec: list[dict[str, Any]] = survey.get("spec", [])
        accepted, rejected, errors = accept_or_ignore(
            spec, given, ask_variables=template.get("ask_variables_on_launch", False)
        )
        if errors:
            return 400, {"variables_needed_to_start": errors}
        ignored: dict[str, Any] = {name: body[name] for name in PROMPTS if name in body}
        if rejected:
            ignored["extra_vars"] = rejected
        self.ignored.append(ignored)
        number = 100 + len(self.jobs)
        told = {"id": number, "extra_vars": accepted, "states": list(self.ends), "template": template["name"]}
        self.jobs.append(told)
        shown = {"job": number, "id": number, "ignored_fields": ignored, "status": "pending"}
        return 201, {**shown, "url": f"/api/v2/jobs/{number}/", "type": "job"}

    def _job(self, method: str, number: int, rest: list[str]) -> Answer:
        job = next((one for one in self.jobs if one["id"] == number), None)
        if job is None:
            return 404, {"detail": "Not found."}
        if rest == ["cancel"] and method == "POST":
            job["states"] = ["canceled"]
            return 202, None
        state = job["states"].pop(0) if len(job["states"]) > 1 else job["states"][0]
        shown: dict[str, Any] = {
            "id": number,
            "status": state,
            "artifacts": {},
            "created": "2026-11-01T00:00:00Z",
            "type": "job",
        }
        return 200, {**shown, "url": f"/api/v2/jobs/{number}/"}


def accept_or_ignore(
    spec: list[dict[str, Any]], given: dict[str, Any], *, ask_variables: bool
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """What a launch accepts, what it ignores, and why it refuses: AWX's rule for integers and whatever is not asked."""
    left, accepted, rejected = dict(given), dict[str, Any](), dict[str, Any]()
    errors: list[str] = []
    for element in spec:
        name = element["variable"]
        wrong = _wrong(element, given)
        errors += wrong
        if name in left:
            (rejected if wrong else accepted)[name] = left.pop(name)
    (accepted if ask_variables else rejected).update(left)
    return accepted, rejected, errors


def _wrong(element: dict[str, Any], given: dict[str, Any]) -> list[str]:
    assert element["type"] == "integer"
    name = element["variable"]
    if name not in given:
        return [f"'{name}' value missing"] if element["required"] else []
    value = given[name]
    if type(value) is not int:
        return [f"Value {value} for '{name}' expected to be an integer."]
    if value < int(element["min"]):
        return [f"'{name}' value {value} is too small (must be at least {element['min']})."]
    if value > int(element["max"]):
        return [f"'{name}' value {value} is too large (must be no more than {element['max']})."]
    return []


@contextmanager
def controller() -> Generator[Controller]:
    """A controller that listens on loopback, with an organization and nothing else."""
    state = Controller()
    state.make("organizations", name="Default")

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = cast("dict[str, Any]", json.loads(self.rfile.read(length) or b"{}"))
            known = self.headers.get("Authorization") == f"Bearer {TOKEN}"
            refused = 401, {"detail": "Authentication credentials were not provided."}
            status, told = state.answer(self.command, self.path, body) if known else refused
            content = b"" if told is None else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815  # names that http.server asks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
