"""Each module by itself: a check, the real thing, and the same again; and what they refuse."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from play_runs import PLAYS, Played, Player
from real_simulator import RealSimulator
from worlds import CANARIES, EXPIRED_SECRET, LIVE_CERT, TASK, world


@dataclass(frozen=True)
class Seen:
    """A run that several tests look at, and what was true after it."""

    played: Played
    removed: list[str]
    task: dict[str, Any]
    writes: list[str]


Watch = Callable[..., Seen]


@pytest.fixture(scope="module")
def watch(simulator_process: RealSimulator, tmp_path_factory: pytest.TempPathFactory) -> Watch:
    """Plays one of the plays in a fresh world, once for all tests of this file."""
    known: dict[str, Seen] = {}

    def seen(name: str, *arguments: str) -> Seen:
        if name not in known:
            simulator_process.reset(world())
            player = Player(simulator_process, tmp_path_factory.mktemp("home"))
            played = player.play(PLAYS / name, *arguments)
            removed = [one["key_id"] for one in simulator_process.removals()]
            known[name] = Seen(played, removed, simulator_process.task(TASK), simulator_process.writes())
        return known[name]

    return seen


def cycle(watch: Watch) -> Seen:
    """Every module that writes: a check, the real thing, and the same again."""
    return watch("check_do_again.yml", "--diff")


def changes(played: Played, what: str) -> list[str]:
    """The statuses of a check, the real thing and the same again."""
    return [played.one(f"{what}, {step}").status for step in ("check", "do", "again")]


def test_every_module_that_writes_does_so_once(watch: Watch) -> None:
    """A check says `changed` and changes nothing, the real thing changes, and a repetition does not."""
    seen = cycle(watch)
    played, task = seen.played, seen.task
    assert played.code == 0, played.out
    for what in ("Note", "Credential", "Close", "Document", "Delete"):
        assert changes(played, what) == ["changed", "changed", "ok"], what
    assert seen.removed == [EXPIRED_SECRET]
    assert (task["status"], task["minutes"]) == ("Completed", 1)
    assert [note["subject"] for note in task["notes"]] == ["A word beforehand", "Expired credential removed"]
    assert "&lt;b&gt;looks&lt;/b&gt;" in task["notes"][0]["body"]


def test_what_a_module_says_is_the_object_of_the_contract(watch: Watch) -> None:
    """Outcome, attribution, route and ticket; a close before the proof fails; after the close the result is recorded."""
    played = cycle(watch).played
    told = played.one("Credential, do").result
    assert (told["outcome"], told["attribution"], told["route"], told["ticket"], told["guard"]) == (
        "removed",
        "confirmed",
        "removePassword",
        "closed",
        None,
    )
    assert told["tenant"] == "production"
    assert "no verified removal is on record" in played.one("Close without proof").result["msg"]
    assert played.one("Credential, after the close").result["outcome"] == "removed"
    file = played.one("Look at the file").result["stat"]
    assert (file["mode"], file["isreg"]) == ("0600", True)


CHECKS = {
    "Credential": (None, None, "remove", "closed"),
    "Close": (None, None, None, "closed"),
}


@pytest.mark.parametrize("what", sorted(CHECKS))
def test_a_check_claims_nothing_that_has_not_happened(watch: Watch, what: str) -> None:
    """The outcome and the ticket are those that are; what would be has names of its own, and a real run has none."""
    played = cycle(watch).played
    told = played.one(f"{what}, check").result
    assert tuple(told.get(name) for name in ("outcome", "ticket", "would", "would_ticket")) == CHECKS[what]
    done = played.one(f"{what}, do").result
    assert (done["outcome"], done["ticket"], "would_ticket" in done) == ("removed", "closed", False)


def test_a_removal_does_not_claim_the_close_that_the_play_has_still_to_make(watch: Watch) -> None:
    """The module says what is to become of the task; it has not touched it."""
    played = cycle(watch).played
    told = [played.one(f"Credential, {step}").result["msg"] for step in ("check", "do", "after the close")]
    assert told == [
        f"would remove the secret {EXPIRED_SECRET} of Sales; the task {TASK} would be closed",
        f"removed the secret {EXPIRED_SECRET} of Sales; the task {TASK} is to be closed",
        f"nothing was done this time: the outcome on record is removed; the task {TASK} is to be closed",
    ]


def test_a_check_of_a_hand_over_does_not_claim_it(player: Player) -> None:
    """The task is still ours after a check."""
    played = player.play(PLAYS / "hand_over.yml")
    told = played.one("Reassign, check").result
    assert (told["ticket"], told["would_ticket"]) == (None, "handed-off")
    assert played.one("Reassign, do").result["ticket"] == "handed-off"


def test_diffs_are_shown(watch: Watch) -> None:
    """With --diff the credential, the fields of the task, the note and the file stand before and after."""
    out = cycle(watch).played.out
    wanted = (f"-secret {EXPIRED_SECRET}", '+    "Status": "Completed"', "+A word beforehand")
    assert [line for line in wanted if line not in out] == []


def test_a_hand_over_is_noted_and_made_once(player: Player) -> None:
    """The caller's reason, team and minutes; afterwards the task is not ours and takes no note."""
    played = player.play(PLAYS / "hand_over.yml")
    assert played.code == 0, played.out
    assert changes(played, "Note") == ["changed", "changed", "ok"]
    assert changes(played, "Reassign") == ["changed", "changed", "ok"]
    task = player.sim.task(TASK)
    assert (task["owner_team"], task["minutes"], len(task["notes"])) == ("Servicedesk", 3, 1)
    assert task["notes"][0]["body"].splitlines()[0] == "the application is still in use"
    assert "not Spentkey" in played.one("Note on what is not ours any more").result["msg"]


SAID = {
    "The key id is omitted": "one of the following is required: key_id, request",
    "The key id is empty": "SecretID is empty; nothing was contacted, and nothing is removed",
    "The key id is null": "SecretID is empty; nothing was contacted, and nothing is removed",
    "The key id is blank": "SecretID is empty; nothing was contacted, and nothing is removed",
    "The key id is a wildcard": "SecretID is not a UUID",
    "There is no tenant": "one of request, onderwijs and tenant is needed: Onderwijs says which tenant is meant",
    "Two that disagree": "onderwijs: says something else than Onderwijs in request",
    "A request for another key id": "key_id: says something else than SecretID in request",
    "A No without quotes": "Onderwijs is not a text; nothing was contacted, and nothing is removed",
    "A No without quotes as an option": "Onderwijs is not a text; nothing was contacted, and nothing is removed",
    "A number as a name": "AppDisplayName is not a text; nothing was contacted, and nothing is removed",
    "A request without a key id": "SecretID is missing; nothing was contacted, and nothing is removed",
    "A request that is none": "unable to convert to dict",
    "A task that is none": "task: 'SCTASK0010001' is not a task of [ivanti], such as 40021",
    "An empty task": "task: '' is not a task of [ivanti], such as 40021",
    "A number that is none": "task: 'forty' is not a task of [ivanti], such as 40021",
    "A number that is a truth": "task: 'True' is not a task of [ivanti], such as 40021",
    "A number with a point": "task: '40021.5' is not a task of [ivanti], such as 40021",
    "A tenant that is not meant": "the parameters mean the tenant production, not onderwijs",
    "Nobody is meant": "no tenant is meant by Onderwijs 'Maybe'",
    "The tenant is unknown": "no tenant is called nowhere",
    "The tenant is another than Onderwijs means": "the parameters mean the tenant production, not onderwijs",
    "The credential is alive": "the credential has not expired",
    "The name is another": "is called 'Sales'",
    "The kind is another": "secret",
    "The task asks for something else": "the task asks for something else than what is to be removed",
    "The task does not exist": "no task has the number 99999",
    "The PFX is on a disk": "is not on a memory file system",
    "The document belongs to another entry": "does not hang on the entry 1301",
    "The entry does not exist": "has no entry with the title 'nobody'",
    "A secret as an argument": "a secret is never an argument",
    "The configuration does not exist": "there is no such configuration file",
    "A note without words": "must not be empty",
    "A hand-over to ourselves": "would come straight back",
    "A resolution for a hand-over": "only with state=closed",
    "An AppID that is none": "is not a UUID",
}


def test_what_is_refused_is_said_and_not_done(watch: Watch) -> None:
    """Every refusal names its reason; nothing is removed and nothing is written to the desk by any of them."""
    seen = watch("refusals.yml")
    told = {one.task: one.result.get("msg", "") for one in seen.played.tasks if one.status == "fatal"}
    assert [(task, told.get(task)) for task, reason in SAID.items() if reason not in str(told.get(task))] == []
    assert set(told) == set(SAID)
    assert (seen.removed, seen.writes) == ([], [])


def test_reading_reads_the_same_as_a_check(watch: Watch) -> None:
    """Information is complete, and a check gives the same."""
    played = watch("reads.yml").played
    assert played.code == 0, played.out
    told = played.one("Application").result
    assert told == played.one("Application, check").result
    for name in ("Application, by a request", "Application, by its tenant"):
        assert told == played.one(name).result
    shown = {one["key_id"]: (one["kind"], one["expired"], one["protected"]) for one in told["credentials"]}
    assert (shown[EXPIRED_SECRET], shown[LIVE_CERT]) == (("secret", True, False), ("certificate", False, False))
    assert (played.one("No application").result["exists"], told["app_display_name"]) == (False, "Sales")
    task = played.one("Task").result
    assert task == played.one("Task, check").result == played.one("Task, as a text").result
    assert task["task_info"]["servicereq_params"]["SecretID"] == EXPIRED_SECRET
    assert (task["ours"], task["task_info"]["AssignmentID"]) == (True, TASK)


def test_secrets_are_registered_and_never_shown(watch: Watch) -> None:
    """Without any no_log of the play the output is censored, and the variables hold what a play needs."""
    played = watch("reads.yml").played
    for name in ("Entry", "Certificate entries", "Document"):
        assert "censored" in played.one(name).result, name
    registered = played.one("What was registered").result["msg"]
    assert (
        {name: str(value) for name, value in registered.items()}
        == {  # before 2.18 a template gives a text
            "username": "pki",
            "password_length": str(len(CANARIES["pki password"])),
            "entry_id": "1301",
            "document": "new.pfx",
            "begins": base64.b64encode(b"0\x82\x00")[:2].decode(),
        }
    )
    assert [name for name, value in CANARIES.items() if value in played.out] == []


def test_settings_come_from_the_environment_of_the_task_too(watch: Watch) -> None:
    """A variable of the task's `environment` lies over the file."""
    told = watch("reads.yml").played.one("By variables alone").result
    assert (told["ours"], "not Another" in told["not_ours_reason"]) == (False, True)


def test_a_refused_file_is_not_there(watch: Watch) -> None:
    """No private key reaches the disk that was refused."""
    watch("refusals.yml")
    assert list(Path(PLAYS).glob("*.pfx")) == []
