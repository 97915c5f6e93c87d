"""What must always be true (DESIGN, section 6), held against the simulator's truth: for every campaign alike.

`Ledger` is told what was asked at first and what other people did since; `broken` then lists everything that is wrong,
one sentence each, by the number of the invariant. Nothing here asks the product what it thinks: only what is really
there, what was really written, and whether the evidence says the same.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fault_rules import is_chain
from stores import Store, records_of

Json = dict[str, Any]
Asked = tuple[str, str, str]
"""AppID, key id and SecretType (`secret` or `certificate`), in lower case."""

BY_OTHERS = "somebody-else"
"""What the client-request-id of other people's removals begins with."""
CLOCKS = (timedelta(seconds=-300), timedelta(), timedelta(seconds=300))
"""How far our clock may be off while it decides about windows."""
NOTHING_DONE = ("forbidden", "proof-rejected", "rejected", "not-done")
"""Answers that say for sure that a removal did nothing."""
OPEN = ("Logged", "Assigned", "Accepted")
DONE, QUEUE, ESCALATION, LOGIN = "Completed", "Spentkey", "Systeemsoftware", "svc-spentkey"
_MARK = re.compile(r"\[spentkey task=(\d+) assignment=(\d+) (done|handed-over) ")
_SECRETIVE = re.compile(
    r"PRIVATE KEY|eyJ[A-Za-z0-9_-]{20,}\.|client_assertion=|rest_api_key=|Bearer |MII[A-Za-z0-9+/]{60}"
)
_KINDS = {"secret": "secret", "certificaat": "certificate", "cert": "certificate"}


@dataclass
class Ledger:
    """What is known beforehand, and what others did meanwhile."""

    start: Json
    """`GET /truth` before anything was done."""
    asked: dict[int, set[Asked]]
    """All that each task ever asked for."""
    ours: set[int]
    """The tasks that were ever Spentkey's to touch."""
    protected: frozenset[str] = frozenset()
    """Key ids that G6 keeps."""
    canaries: tuple[str, ...] = ()
    meddled: set[int] = field(default_factory=set[int])
    """Tasks that other people closed, moved or changed."""
    returned: Counter[int] = field(default_factory=Counter[int])
    """How often other people gave a task back to us."""
    reopened: Counter[int] = field(default_factory=Counter[int])
    """How often a workflow opened a task again that we had closed."""
    added: set[str] = field(default_factory=set[str])
    """Certificates that other people registered. A PATCH may drop one that no read of ours showed, but not unseen."""
    window: Callable[[datetime], bool] = lambda _: True
    """Whether a removal may be sent at that time."""

    @classmethod
    def of(cls, world: Json, start: Json, **more: Any) -> "Ledger":
        """The ledger of a world in the form of world.schema.json, of which `start` is the truth."""
        asked = {number: {one} for number, one in asked_of(world).items() if one is not None}
        ours = {task["number"] for task in world["ivanti"]["tasks"] if _is_ours(task)}
        return cls(start, asked, ours, **more)


def _is_ours(task: Json) -> bool:
    status, team = task.get("status", "Logged"), task.get("owner_team", QUEUE)
    free = task.get("owner", "") in ("", LOGIN)
    return status in OPEN and team == QUEUE and free and not task.get("read_only") and task.get("parent") is not None


def asked_of(world: Json) -> dict[int, Asked | None]:
    """What each task of the world asks for, as far as it can be read."""
    by_number = {request["number"]: asked_by(request["parameters"]) for request in world["ivanti"]["requests"]}
    return {task["number"]: by_number.get(task.get("parent")) for task in world["ivanti"]["tasks"]}


def seen(text: str) -> str:
    """What a person sees of a text: neither blanks nor format characters at its ends."""
    ends = "".join({one for one in text if one.isspace() or unicodedata.category(one) == "Cf"})
    return text.strip(ends) if ends else text


def asked_by(parameters: Iterable[Iterable[Any]]) -> Asked | None:
    """What these parameters ask for."""
    message = {seen(str(name)).casefold(): seen(str(value or "")).casefold() for name, value in parameters}
    kind = _KINDS.get(message.get("secrettype", ""))
    return (message.get("appid", ""), message.get("secretid", ""), kind) if kind else None


def broken(
    ledger: Ledger,
    truth: Json,
    store: Store,
    results: Iterable[Mapping[str, Any]] = (),
    records: list[Json] | None = None,
) -> list[str]:
    """Every invariant that does not hold now, in words; nothing when all do. `records` are those of the store."""
    records = records_of(store) if records is None else records
    return [
        *_nothing_else_removed(ledger, truth, records),
        *_no_task_lost(ledger, truth, records),
        *_written_once(ledger, truth),
        *_no_secrets(ledger, truth, store, results),
        *_evidence_is_true(truth, store, records),
    ]


def removals_of(truth: Json) -> list[Json]:
    """Every credential that was really removed, by anybody."""
    return [one for tenant in truth["tenants"].values() for one in tenant["removals"]]


def removed_by_us(truth: Json) -> list[Json]:
    """Every credential that was really removed by us."""
    return [one for one in removals_of(truth) if _by_us(one)]


def _by_us(removal: Json) -> bool:
    return removal["route"] != "portal" and not str(removal["client_request_id"] or "").startswith(BY_OTHERS)


def _nothing_else_removed(ledger: Ledger, truth: Json, records: list[Json]) -> list[str]:
    """Invariant 1."""
    wrong: list[str] = []
    wanted = {one for number in ledger.ours for one in ledger.asked.get(number, ())}
    intents = {str(r.get("client_request_id")): r for r in records if r["what"] == "intent"}
    for one in removed_by_us(truth):
        key = one["key_id"].lower()
        if not any(ledger.window(datetime.fromisoformat(one["at"]) + apart) for apart in CLOCKS):
            wrong.append(f"1: {key} was removed at {one['at']}, outside the window")
        if key in ledger.added and one["route"] == "patch":
            continue  # whether it was told is asked at rest
        intent = intents.get(str(one["client_request_id"]))
        if (one["app_id"].lower(), key, one["kind"]) not in wanted:
            wrong.append(f"1: {key} was removed, which no task asked for")
        if not one["expired"]:
            wrong.append(f"1: {key} was removed, which had not expired")
        if key in ledger.protected:
            wrong.append(f"1: {key} was removed, which is protected")
        if intent is None or (intent["key_id"], intent["app_id"]) != (key, one["app_id"].lower()):
            wrong.append(f"1: {key} was removed without an intent on record")
    return wrong + _lists_are_whole(ledger, truth)


def lost_unseen(ledger: Ledger, truth: Json, store: Store) -> list[str]:
    """Invariant 1, at rest: the certificates of others that a PATCH dropped, each read before, or told to nobody."""
    records, wrong = records_of(store), list[str]()
    told = {str(one["key_id"]) for r in records if r["what"] == "survivor-lost" for one in r["lost"]}
    intents = {str(r["client_request_id"]): r for r in records if r["what"] == "intent"}
    for one in removed_by_us(truth):
        intent, key = intents.get(str(one["client_request_id"])), one["key_id"].lower()
        if intent is None or key not in ledger.added:
            continue
        if key in {str(survivor["key_id"]) for survivor in intent["survivors"]}:
            wrong.append(f"1: {key} of somebody else was dropped, which had been read")
        unknown = any(
            (r["what"], r.get("task"), r.get("outcome"), r.get("ticket"))
            == ("result", intent["task"], "cannot-tell", "handed-off")
            for r in records
        )
        if key not in told and not unknown and intent["task"] not in ledger.meddled:
            wrong.append(f"1: {key} of somebody else was dropped, and nobody was told")
    return wrong


def _lists_are_whole(ledger: Ledger, truth: Json) -> list[str]:
    gone = Counter((one["app_id"], one["key_id"]) for one in removals_of(truth))
    wrong = [f"1: {key} of {app} was removed {times} times" for (app, key), times in gone.items() if times > 1]
    for (app, key), shown in _credentials(ledger.start).items():
        now = _credentials(truth).get((app, key))
        if now != (None if (app, key) in gone else shown):
            wrong.append(f"1: {key} of {app} is not as it was, and no removal says why")
    return wrong


def _credentials(truth: Json) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for tenant in truth["tenants"].values():
        for app_id, app in tenant["applications"].items():
            holders: list[Json] = [app, app["service_principal"] or {}]
            for owner in holders:
                for kind in ("passwords", "certificates"):
                    for one in owner.get(kind, ()):
                        found[app_id, one["key_id"]] = json.dumps([kind, one], sort_keys=True)
    return found


def _no_task_lost(ledger: Ledger, truth: Json, records: list[Json]) -> list[str]:
    """Invariant 2."""
    wrong: list[str] = []
    present = set(_credentials(truth))
    apps = {app_id for tenant in truth["tenants"].values() for app_id in tenant["applications"]}
    for number, task in truth["ivanti"]["tasks"].items():
        ours = int(number) in ledger.ours
        if (task["writes"] or len(task["notes"]) > _notes(ledger.start, number)) and not ours:
            wrong.append(f"2: task {number} is not ours and was written to")
        if ours and int(number) not in ledger.meddled and _state(task) is None:
            where = (task["status"], task["owner"], task["owner_team"])
            wrong.append(f"2: task {number} is lost: {where}")
        if any(_closes(write) for write in task["writes"]):
            wrong += _unproven(int(number), ledger, present, apps, records)
        handed = sum(_hands_over(write) for write in task["writes"])
        if handed and not any(kind == "handed-over" for _, kind, _ in _marks(task)):
            wrong.append(f"2: task {number} was handed over without a reason")
    return wrong


def _notes(truth: Json, number: str) -> int:
    return len(truth["ivanti"]["tasks"][number]["notes"])


def _unproven(
    number: int, ledger: Ledger, present: set[tuple[str, str]], apps: set[str], records: list[Json]
) -> list[str]:
    closings = [r for r in records if r["what"] == "closing" and r["task"] == number]
    if not closings:
        return [f"2: task {number} was closed, and no record says that it was to be"]
    app, key = str(closings[-1]["app_id"]), str(closings[-1]["key_id"])
    wrong = [f"2: task {number} was closed, but {key} is still there"] if (app, key) in present else []
    if app not in apps:
        wrong.append(f"2: task {number} was closed, but there is no application {app}")
    if closings[-1].get("route") == "patch" and not _shown_by_the_log(records, app, key):
        wrong.append(f"2: task {number} was closed, but no audit event shows what else the list without {key} dropped")
    if not any(asked[:2] == (app, key) for asked in ledger.asked.get(number, ())):
        wrong.append(f"2: task {number} was closed for {key}, which it never asked for")
    return wrong


def _shown_by_the_log(records: list[Json], app: str, key: str) -> bool:
    return any(
        r["what"] == "witness" and r["shows"] == "ours" and (r["app_id"], r["key_id"]) == (app, key) for r in records
    )


def _state(task: Json) -> str | None:
    if task["status"] == DONE and task["owner"] == LOGIN:
        return "closed"
    if task["owner_team"] == ESCALATION and task["owner"] == "":
        return "handed over"
    free = task["owner"].casefold() in ("", LOGIN) and not task["read_only"]
    return "open" if task["status"] in OPEN and task["owner_team"] == QUEUE and free else None


def unfinished(ledger: Ledger, truth: Json) -> list[int]:
    """The tasks that still wait for us."""
    tasks = truth["ivanti"]["tasks"]
    return sorted(number for number in ledger.ours if _state(tasks[str(number)]) == "open")


def _closes(write: Json) -> bool:
    return write["fields"].get("Status") == DONE


def _hands_over(write: Json) -> bool:
    return "OwnerTeam" in write["fields"]


def _marks(task: Json) -> list[tuple[str, str, str]]:
    """Assignment, kind and task of every note of ours."""
    found = [_MARK.findall(note["body"]) for note in task["notes"] if note["created_by"] == LOGIN]
    return [(assignment, kind, number) for marks in found for number, assignment, kind in marks]


def _written_once(ledger: Ledger, truth: Json) -> list[str]:
    """Invariant 3."""
    wrong: list[str] = []
    for number, task in truth["ivanti"]["tasks"].items():
        marks = _marks(task)
        twice = [mark for mark, times in Counter(marks).items() if times > 1]
        closes, handed = (sum(map(is_one, task["writes"])) for is_one in (_closes, _hands_over))
        if twice:
            wrong.append(f"3: task {number} has a note more than once: {twice}")
        if len([note for note in task["notes"] if note["created_by"] == LOGIN]) != len(marks):
            wrong.append(f"3: a note of task {number} has not exactly one marker")
        if any(about != number for _, _, about in marks):
            wrong.append(f"3: a note on task {number} is about another task")
        if closes > 1 + ledger.reopened[int(number)]:
            wrong.append(f"3: task {number} was closed {closes} times")
        if handed > 1 + ledger.returned[int(number)]:
            wrong.append(f"3: task {number} was handed over {handed} times")
        if closes and handed and int(number) not in ledger.meddled and not ledger.reopened[int(number)]:
            wrong.append(f"3: task {number} was closed and handed over")
        start = ledger.start["ivanti"]["tasks"][number]["minutes"]
        if int(number) not in ledger.meddled and task["minutes"] != start + min(1, closes + handed):
            wrong.append(f"3: task {number} has {task['minutes']} minutes")
    return wrong


def _no_secrets(ledger: Ledger, truth: Json, store: Store, results: Iterable[Mapping[str, Any]]) -> list[str]:
    """Invariant 4, for what a run leaves behind: files or tables, notes and printed results."""
    slots = {where: _without_lost_certificates(text) for where, text in store.texts().items()}
    slots["the tickets"] = json.dumps(truth["ivanti"])
    slots["what was printed"] = json.dumps([dict(result) for result in results])
    wrong = [f"4: {where} holds a secret" for where, text in slots.items() for one in ledger.canaries if one in text]
    return wrong + [
        f"4: {where} holds {found[0]!r}" for where, text in slots.items() if (found := _SECRETIVE.search(text))
    ]


def _without_lost_certificates(text: str) -> str:
    """Without the public part of a lost certificate, by which people can register it again."""
    return re.sub(r'"der":"[^"]*"', "", text)


def _evidence_is_true(truth: Json, store: Store, records: list[Json]) -> list[str]:
    """Invariant 5."""
    wrong = [] if is_chain(store.lines()) else ["5: the chain of evidence is broken"]
    present = set(_credentials(truth))
    results = [
        r for r in records if r["what"] in ("closing", "result") and r.get("outcome") in ("removed", "already-gone")
    ]
    for result in results:
        task, key = result["task"], (result["app_id"], result["key_id"])  # an intent for another task counts too
        before = [r for r in records if r["seq"] < result["seq"] and (r.get("app_id"), r.get("key_id")) == key]
        refused = {r["client_request_id"] for r in before if r["what"] == "answer" and r["answer"] in NOTHING_DONE}
        intended = any(r["what"] == "intent" and r["client_request_id"] not in refused for r in before)
        confirmed = any(r["what"] == "answer" and r["answer"] == "accepted" for r in before)
        confirmed |= any(r["what"] == "witness" and r["shows"] == "ours" and r["task"] == task for r in before)
        if key in present:
            wrong.append(f"5: the evidence says {result['outcome']} of {key[1]}, which is there")
        if (result["outcome"] == "removed") != intended:
            wrong.append(f"5: the evidence says {result['outcome']} of {key[1]}; an intent is on record: {intended}")
        if (result.get("attribution") == "confirmed") != confirmed:
            wrong.append(
                f"5: the evidence says {result.get('attribution')} of {key[1]}; Graph's 204 or an audit event: {confirmed}"
            )
    return wrong


def ends_unsound(store: Store) -> list[str]:
    """Invariant 5, at rest: the chain verifies to its last record, and the database is whole."""
    return [] if is_chain(store.lines()) and store.is_sound() else ["5: the evidence does not end whole"]


def changed(before: Json, after: Json) -> list[str]:
    """Invariant 6, for a rerun of what had ended: it changes nothing."""
    return [f"6: a rerun changed {part}" for part in ("tenants", "ivanti") if before[part] != after[part]]
