"""What must be true at the end of a story, whatever was killed on the way: the six invariants of the design.

Each is judged on what the simulator knows to be true, on its journal, and on every file that was left. What is broken
comes back as texts that begin with the number of the invariant.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from commands import QUICK
from crash_stories import CLOSED, HANDED_OFF, REMOVALS, Story
from invariants import NOTHING_DONE
from real_simulator import RealSimulator
from signed_texts import texts_to_search
from stores import Store
from worlds import APP, CANARIES, TASK

from spentkey.core.evidence import GENESIS, follows

READS = int(QUICK["SPENTKEY_POLICY__VERIFY_READS"])
TOKENS = ("eyJ", "Bearer ", "BEGIN PRIVATE", "rest_api_key=", "MII")
"""How tokens, keys in headers and files, and certificates and PFX in base64 begin."""
RECORD_OF = {
    "note-create": ("noting",),
    "task-write": ("closing", "reassigning"),
    **dict.fromkeys(REMOVALS, ("intent",)),
}
"""The record that must be on the disk before a request that writes."""


@dataclass(frozen=True)
class Found:
    """Everything that is there after the last run."""

    removals: list[dict[str, Any]]
    left: set[str]
    """Key ids that the application still has."""
    task: dict[str, Any]
    journal: list[dict[str, Any]]
    evidence: list[str]
    kept: str
    """Outputs, files, what is stored and what the service desk holds, as one text."""

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records of a chain that verifies; of another one none, and invariant 5 says so."""
        return [json.loads(line) for line in self.evidence] if _chain_holds(self) else []

    def records_of(self, *kinds: str) -> list[dict[str, Any]]:
        return [record for record in self.records if record["what"] in kinds]

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The removals that were sent, whatever came of them."""
        return [entry for entry in self.journal if entry["route"] in REMOVALS]


def find(sim: RealSimulator, store: Store, folders: list[Path], *message: str) -> Found:
    """Look at everything."""
    truth = sim.truth()
    application = truth["tenants"]["production"]["applications"][APP]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    texts = texts_to_search(files)
    return Found(
        removals=[one for tenant in truth["tenants"].values() for one in tenant["removals"]],
        left={one["key_id"] for kind in ("passwords", "certificates") for one in application[kind]},
        task=truth["ivanti"]["tasks"][str(TASK)],
        journal=sim.journal(),
        evidence=store.lines(),
        kept="\n".join(
            [*message, json.dumps(truth["ivanti"]["tasks"], ensure_ascii=False), *texts, *store.texts().values()]
        ),
    )


def broken(story: Story, found: Found) -> list[str]:
    """Every invariant that does not hold; none, when all is well."""
    return [
        *_only_the_one_key(story, found),
        *_ended_with_proof(story, found),
        *_one_close_and_one_note(story, found),
        *_no_secret_is_kept(found),
        *_evidence_is_whole(found),
        *(_evidence_is_true(story, found) if _chain_holds(found) else ()),
        *_no_removal_too_many(story, found),
    ]


def _application(story: Story) -> dict[str, Any]:
    return story.made["tenants"][0]["applications"][0]


def _only_the_one_key(story: Story, found: Found) -> Iterator[str]:
    wanted = [story.removed] if story.removed else []
    if [one["key_id"] for one in found.removals] != wanted:
        yield f"1 removed {[one['key_id'] for one in found.removals]}, not {wanted}"
    if not all(one["expired"] for one in found.removals):
        yield "1 a credential was removed that had not expired"
    before = {one["key_id"] for kind in ("passwords", "certificates") for one in _application(story)[kind]}
    if found.left != before - set(wanted):
        yield f"1 the application has {sorted(found.left)} left"


def _ended_with_proof(story: Story, found: Found) -> Iterator[str]:
    task = found.task
    state = (task["status"], task["owner"], task["owner_team"])
    wanted = {CLOSED: ("Completed", "svc-spentkey", "Spentkey"), HANDED_OFF: ("Logged", "", "Systeemsoftware")}
    if state != wanted[story.ticket]:
        yield f"2 the task is {state}, not {story.ticket}"
    asked = dict(story.made["ivanti"]["requests"][0]["parameters"])
    if task["status"] == "Completed" and asked["SecretID"] in found.left:
        yield "2 closed, and the credential is still there"
    if story.ticket == HANDED_OFF and not any(note["body"].split("\n")[0].strip() for note in task["notes"]):
        yield "2 handed over without a reason"


def _one_close_and_one_note(story: Story, found: Found) -> Iterator[str]:
    subjects = [note["subject"] for note in found.task["notes"]]
    if len(subjects) != story.notes:
        yield f"3 {len(subjects)} notes, not {story.notes}: {subjects}"
    if story.ticket == CLOSED and not story.notes and not found.task["fields"].get("CloseText"):
        yield "3 closed without its resolution"
    if len(found.task["writes"]) != 1:
        yield f"3 {len(found.task['writes'])} closes or reassignments"
    minutes = story.made["ivanti"]["tasks"][0].get("minutes", 0) + 1
    if found.task["minutes"] != minutes:
        yield f"3 {found.task['minutes']} minutes are booked, not {minutes}"


def _no_secret_is_kept(found: Found) -> Iterator[str]:
    for name, secret in CANARIES.items():
        raw = secret.encode()
        forms = {secret, quote_plus(secret), json.dumps(secret)[1:-1], raw.hex()}
        for offset in range(3):  # wherever it begins, whole groups of three bytes look the same in base64
            middle = raw[(3 - offset) % 3 :]
            forms.add(base64.b64encode(middle[: len(middle) // 3 * 3]).decode())
        if any(form in found.kept for form in forms):
            yield f"4 the {name} is kept"
    yield from (f"4 something that begins with {mark!r} is kept" for mark in TOKENS if mark in found.kept)


def _chain_holds(found: Found) -> bool:
    previous = GENESIS
    for number, line in enumerate(found.evidence):
        sealed = follows(line, previous, number)
        if sealed is None:
            return False
        previous = sealed.hash
    return True


def _evidence_is_whole(found: Found) -> Iterator[str]:
    if not _chain_holds(found):
        yield "5 the chain does not verify"


def _evidence_is_true(story: Story, found: Found) -> Iterator[str]:
    intents = {record["client_request_id"] for record in found.records_of("intent")}
    for one in found.asked:
        if one["client_request_id"] not in intents:
            yield f"5 a removal was sent without an intent on record: {one['client_request_id']}"
    for route in ("note-create", "task-write"):
        done = [entry for entry in found.journal if entry["route"] == route and entry["applied"]]
        if done and not found.records_of(*RECORD_OF[route]):
            yield f"5 a {route} without a record"
    ends = {CLOSED: "closed", HANDED_OFF: "handed-over"}
    on_record = [record["what"] for record in found.records_of("closed", "handed-over")]
    if on_record != [ends[story.ticket]]:
        yield f"5 the ticket is {story.ticket}, and the evidence says {on_record}"
    yield from _attribution_is_true(story, found)


def _attribution_is_true(story: Story, found: Found) -> Iterator[str]:
    """A close says what was done by whom: confirmed by Graph's own yes, presumed by our intent, or nothing of ours."""
    if story.ticket != CLOSED:
        return
    removed = {one["client_request_id"] for one in found.removals}
    yes = {one["client_request_id"] for one in found.records_of("answer") if one["answer"] == "accepted"}
    wanted = ("removed", "confirmed" if removed & yes else "presumed") if removed else ("already-gone", None)
    for record in found.records_of("closing", "result"):
        message = (record["outcome"], record["attribution"])
        if record["ticket"] == CLOSED and message != wanted:
            yield f"5 the evidence says {message}, and true is {wanted}"
    for note in found.task["notes"]:
        if story.removed and f"({wanted[1]})" not in note["body"]:
            yield f"5 the note does not say {wanted[1]}"


def _no_removal_too_many(story: Story, found: Found) -> Iterator[str]:
    accepted = [one for one in found.asked if one["applied"] or one["status"] == 204]
    if len(accepted) > story.accepted:
        yield f"6 Graph said yes to {len(accepted)} removals"
    refused = {one["client_request_id"] for one in found.records_of("answer") if one["answer"] in NOTHING_DONE}
    since: int | None = None
    for entry in found.journal:
        if entry["route"] in REMOVALS:
            if since is not None and since < READS:
                yield f"6 a removal was repeated after {since} reads"
            since = None if entry["client_request_id"] in refused else 0  # after a refusal there is nothing to wait for
        elif entry["route"] == "read-application" and since is not None:
            since += 1
