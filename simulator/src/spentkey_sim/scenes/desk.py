"""Unfolds the scenes into Ivanti: a service request with its parameters and a task for each, and what to expect."""

from collections.abc import Sequence
from typing import Any

from spentkey_sim.making import Raw
from spentkey_sim.scenes.directory import app_id, key_id
from spentkey_sim.scenes.names import Names
from spentkey_sim.scenes.scene import Scene

QUEUE_TEAM = "EntraID Automation"
TEAMS = (QUEUE_TEAM, "Systeemsoftware", "Servicedesk")
_FIRST_REQUEST = 10196


def ivanti(scenes: Sequence[Scene], names: Names) -> Raw:
    """The service desk: its first team is the one whose queue is worked."""
    numbered = list(enumerate(scenes, _FIRST_REQUEST))
    return {
        "api_key": names.api_key("service-desk").upper(),
        "login_id": "svc-spentkey",
        "teams": list(TEAMS),
        "requests": [_request(number, scene, names) for number, scene in numbered],
        "tasks": [_task(number, scene, names) for number, scene in numbered],
    }


def expect(scenes: Sequence[Scene], names: Names) -> Raw:
    """What should become of each task, by its number."""
    return {str(scene.number): _expectation(scene, names) for scene in scenes}


def _request(number: int, scene: Scene, names: Names) -> Raw:
    return {"rec_id": names.rec_id("request", number), "number": number, "parameters": _parameters(scene, names)}


def _parameters(scene: Scene, names: Names) -> list[list[str]]:
    app = scene.app
    right = {
        "AppDisplayName": app.name,
        "AppID": app_id(app, names),
        "SecretID": key_id(app, scene.asks, names),
        "SecretType": scene.type,
        "Onderwijs": app.location.onderwijs,
    }
    written = [[name, scene.written.get(name, str)(value)] for name, value in right.items()]
    return written + [[name, key_id(app, label, names)] for name, label in scene.repeated]


def _task(parent: int, scene: Scene, names: Names) -> Raw:
    task: dict[str, Any] = {
        "rec_id": names.rec_id("task", scene.number),
        "number": scene.number,
        "subject": f"Remove expired credential of {scene.app.name}",
        "details": "The credential has expired; the parameters of the request say which one it is.",
        "status": "Logged",
        "owner": "",
        "owner_team": QUEUE_TEAM,
        "parent": parent,
    }
    return {**task, **scene.task}


def _expectation(scene: Scene, names: Names) -> Raw:
    reason = scene.reason
    if reason in scene.app.labels:
        reason = key_id(scene.app, reason, names)
    return {
        "outcome": scene.ending.outcome,
        "ticket": scene.ending.ticket,
        "guard": scene.ending.guard,
        "reason": reason,
        "shows": scene.shows,
    }
