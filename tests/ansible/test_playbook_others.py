"""The other ways in: one action, the role, other people's roles, and the modules without their actions."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from play_runs import COLLECTIONS, ONE_TASK, PLAYS, SETTINGS, STEP_BY_STEP, Output, Player, environment
from support_settings import toml
from worlds import APP, EXPIRED_CERT, EXPIRED_SECRET, LIVE_SECRET, TASK, certificate_parameters, parameters, world

ACTION = "Work on the task from ticket to report"
SAID = "Say what became of it"


@pytest.mark.parametrize(
    ("asked", "key_id", "route"),
    [(parameters(), EXPIRED_SECRET, "removePassword"), (certificate_parameters(), EXPIRED_CERT, "removeKey")],
)
def test_one_action_does_the_whole_story(player: Player, asked: list[Any], key_id: str, route: str) -> None:
    """Removed, proven, closed; and the same again changes nothing."""
    player.sim.reset(world(asked))
    told = player.play(ONE_TASK).one(ACTION)
    assert (told.status, told.result["outcome"], told.result["route"], told.result["ticket"]) == (
        "changed",
        "removed",
        route,
        "closed",
    )
    assert [one["key_id"] for one in player.sim.removals()] == [key_id]
    again = player.play(ONE_TASK).one(ACTION)
    assert (again.status, again.result["outcome"], again.result["evidence"]) == (
        "ok",
        "removed",
        told.result["evidence"],
    )


def foreseen(told: Output) -> tuple[Any, ...]:
    """What a check says of what is, and of what would be."""
    return tuple(told.result[name] for name in ("outcome", "ticket", "would", "would_ticket"))


def test_a_check_of_one_action_foresees_it(player: Player) -> None:
    """`would` and `would_ticket` say what a run would do; no outcome is claimed, and nothing is written."""
    played = player.play(ONE_TASK, "--check", "--diff")
    assert (played.one(ACTION).status, foreseen(played.one(ACTION))) == ("changed", (None, None, "remove", "closed"))
    shown = [f"-secret {EXPIRED_SECRET}", f"-task {TASK}: open", f"+task {TASK}: closed"]
    assert [line for line in shown if line not in played.out.splitlines()] == []
    words = f"would remove the secret {EXPIRED_SECRET} of Sales; the task {TASK} would be closed"
    assert played.one(SAID).result["msg"] == words
    assert (player.sim.writes(), player.sim.removals(), player.sim.evidence()) == ([], [], [])


def test_a_check_of_one_action_foresees_a_hand_over(player: Player) -> None:
    """The refusal is true already, the hand-over is not; no credential is shown as taken away."""
    player.sim.reset(world(parameters(SecretID=LIVE_SECRET)))
    played = player.play(ONE_TASK, "--check", "--diff", fail_on_handover=False)
    assert foreseen(played.one(ACTION)) == ("refused", None, "hand-off", "handed-off")
    assert (f"+task {TASK}: handed-off" in played.out, f"-secret {LIVE_SECRET}" in played.out) == (True, False)
    assert played.one(SAID).result["msg"].endswith(f"; the task {TASK} would be handed over")
    assert player.sim.writes() == []


def test_a_check_after_the_close_tells_what_is_on_record(player: Player) -> None:
    """What has happened is told as it is, and the diff is empty."""
    player.play(ONE_TASK)
    played = player.play(ONE_TASK, "--check", "--diff")
    assert foreseen(played.one(ACTION)) == ("removed", "closed", "pass", "closed")
    assert f"task {TASK}: closed" not in played.out.splitlines()


def test_a_run_says_what_became_of_it(player: Player) -> None:
    """Outcome and ticket in one line, whatever the verbosity; a repetition says that nothing was done."""
    first, again = player.play(ONE_TASK), player.play(ONE_TASK)
    assert first.one(SAID).result["msg"] == f"removed the secret {EXPIRED_SECRET} of Sales; the task {TASK} is closed"
    words = f"nothing was done this time: the outcome on record is removed; the task {TASK} is closed"
    assert again.one(SAID).result["msg"] == words


def test_a_run_says_that_it_handed_over_where_that_is_no_failure(player: Player) -> None:
    """The reason, and who has the task now."""
    player.sim.reset(world(parameters(SecretID="")))
    played = player.play(ONE_TASK, fail_on_handover=False)
    assert (played.code, played.one(SAID).result["msg"]) == (0, f"SecretID is empty; the task {TASK} is handed over")


@pytest.mark.parametrize("book", [ONE_TASK, STEP_BY_STEP])
def test_a_missing_number_is_told_in_plain_words(player: Player, book: str) -> None:
    """No error of a template, and nobody is asked."""
    played = player.play(book, without="task_number")
    assert (played.code, player.sim.journal()) == (2, [])
    assert "task_number is missing: which task is it? For example: -e task_number=40021" in played.out
    assert "undefined" not in played.out


@pytest.mark.parametrize("number", ["", " ", None])
def test_an_empty_number_is_a_missing_one(player: Player, number: str | None) -> None:
    """As the survey of a template may give it."""
    played = player.play(ONE_TASK, task_number=number)
    assert (played.code, player.sim.journal(), "task_number is missing" in played.out) == (2, [], True)


@pytest.mark.parametrize(("fail", "code"), [(True, 2), (False, 0)])
def test_one_action_fails_after_the_hand_over_unless_told_otherwise(player: Player, *, fail: bool, code: int) -> None:
    """The hand-over is made either way."""
    player.sim.reset(world(parameters(SecretID=LIVE_SECRET)))
    played = player.play(ONE_TASK, fail_on_handover=fail)
    assert (played.code, played.one(ACTION).result["guard"]) == (code, "G5")
    assert player.sim.task(TASK)["owner_team"] == "Systeemsoftware"


def test_one_action_fails_for_a_task_that_is_not_ours(player: Player) -> None:
    """Whatever is said about hand-overs."""
    player.sim.reset(world(task={"owner_team": "Servicedesk"}))
    played = player.play(ONE_TASK, fail_on_handover=False)
    assert (played.code, played.one(ACTION).result["outcome"], player.sim.writes()) == (2, "not-ours", [])


def test_the_playbook_runs_with_roles_of_other_people(player: Player) -> None:
    """Roles of the same names, first in the path, take the place of ours; the removal is guarded all the same."""
    played = player.play(stub=True, stub_task=stub_task())
    assert played.code == 0, played.out
    assert [one["key_id"] for one in player.sim.removals()] == [EXPIRED_SECRET]
    assert played.one("Stub close").result["msg"] == "Expired secret for Sales removed / 1 / 40021"
    assert player.sim.writes() == ["remove-password"] or all("task" not in one for one in player.sim.writes())


def test_roles_of_other_people_are_given_the_reason_of_a_refusal(player: Player) -> None:
    """Their note and their reassignment get subject, body and team."""
    player.sim.reset(world(parameters(SecretID="")))
    played = player.play(stub=True, stub_task=stub_task(SecretID=""))
    assert (played.code, player.sim.removals()) == (2, [])
    assert played.one("Stub note").result["msg"] == "Secret removal failed / SecretID is empty / Status Update"
    assert played.one("Stub assign").result["msg"] == "Systeemsoftware / 40021"


def test_a_role_that_claims_something_else_than_the_task_removes_nothing(player: Player) -> None:
    """The task is read again where it is removed, so what a role says about it is only a hint (guard G7)."""
    player.sim.reset(world(parameters(SecretID=LIVE_SECRET)))
    played = player.play(stub=True, stub_task=stub_task())
    assert (played.code, player.sim.removals()) == (2, [])
    assert "(ticket: untouched)" in played.out


def stub_task(**changes: str) -> dict[str, Any]:
    """The task as another role gives it."""
    return {"AssignmentID": TASK, "RecId": "x", "servicereq_params": dict(parameters(**changes))}


def test_the_role_removes_and_closes(player: Player) -> None:
    """With a task it is closed."""
    played = player.play(PLAYS / "role.yml", remove_credential_key_id=EXPIRED_SECRET, remove_credential_task=TASK)
    assert played.code == 0, played.out
    assert [one["key_id"] for one in player.sim.removals()] == [EXPIRED_SECRET]
    assert player.sim.task(TASK)["status"] == "Completed"


def test_the_role_removes_without_any_task(player: Player) -> None:
    """Nothing is asked of Ivanti then, and every other guard still is."""
    played = player.play(PLAYS / "role.yml", remove_credential_key_id=EXPIRED_SECRET)
    assert played.code == 0, played.out
    assert [one["key_id"] for one in player.sim.removals()] == [EXPIRED_SECRET]
    assert [one for one in player.sim.journal() if one["system"] == "ivanti"] == []


def test_the_role_hands_over_and_fails(player: Player) -> None:
    """A refusal becomes a note and a reassignment, and the play is red."""
    player.sim.reset(world(parameters(SecretID=LIVE_SECRET)))
    played = player.play(PLAYS / "role.yml", remove_credential_key_id=LIVE_SECRET, remove_credential_task=TASK)
    assert (played.code, player.sim.removals()) == (2, [])
    assert player.sim.task(TASK)["owner_team"] == "Systeemsoftware"


@pytest.mark.parametrize("key_id", [None, ""])
def test_the_role_without_a_key_id_contacts_nobody(player: Player, key_id: str | None) -> None:
    """Its argument specification, or the module, says so."""
    more: dict[str, Any] = {} if key_id is None else {"remove_credential_key_id": key_id}
    played = player.play(PLAYS / "role.yml", **more)
    assert (played.code, player.sim.journal()) == (2, [])
    assert ("missing required arguments: remove_credential_key_id" in played.out) == (key_id is None)


@pytest.mark.parametrize(
    "variables",
    [
        {"remove_credential_request": {"Onderwijs": "No"}, "remove_credential_task": str(TASK)},
        {"remove_credential_request": {"SecretType": "secret"}, "remove_credential_tenant": "production"},
        {"remove_credential_onderwijs": "No", "remove_credential_kind": "SECRET"},
    ],
)
def test_the_role_takes_a_request(player: Player, variables: dict[str, Any]) -> None:
    """Beside its other variables, or in place of the tenant's name; a task as a text is closed."""
    given: dict[str, Any] = {"remove_credential_tenant": "{{ omit }}", "remove_credential_key_id": EXPIRED_SECRET}
    played = player.play(PLAYS / "role.yml", **(given | variables))
    assert played.code == 0, played.out
    assert [one["key_id"] for one in player.sim.removals()] == [EXPIRED_SECRET]
    closed = player.sim.task(TASK)["status"] == "Completed"
    assert closed == ("remove_credential_task" in variables)


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"remove_credential_request": {"Onderwijs": False}}, "Onderwijs is not a text"),
        (
            {"remove_credential_request": {"Onderwijs": "Yes"}},
            "the parameters mean the tenant onderwijs, not production",
        ),
        ({"remove_credential_task": "SCTASK0010001"}, "is not a task of [ivanti], such as 40021"),
    ],
)
def test_the_role_refuses_what_the_module_refuses(player: Player, variables: dict[str, Any], reason: str) -> None:
    """Nothing is removed, and no task is written to."""
    played = player.play(PLAYS / "role.yml", remove_credential_key_id=EXPIRED_SECRET, **variables)
    assert (played.code, reason in played.out) == (2, True), played.out
    assert (player.sim.removals(), player.sim.writes()) == ([], [])


def module(player: Player, name: str, **arguments: Any) -> dict[str, Any]:
    """The module itself, as Ansible runs it on another host, its arguments by its input."""
    given = {"config": str(player.sim.config), "settings": SETTINGS, **arguments}
    ended = subprocess.run(
        [sys.executable, "-m", f"ansible_collections.spentkey.entra.plugins.modules.{name}"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": given}),
        env={**environment(player.home), "PYTHONPATH": str(COLLECTIONS)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.stdout.startswith("\n{") or ended.stdout.startswith("{"), ended.stdout + ended.stderr
    return json.loads(ended.stdout)


def test_a_module_does_the_same_without_its_action(player: Player) -> None:
    """So it can run on another host."""
    told = module(player, "task", number=TASK)
    assert (told["outcome"], told["changed"], told["ticket"]) == ("removed", True, "closed")
    again = module(player, "task", number=TASK)
    assert (again["outcome"], again["changed"]) == ("removed", False)


ASKED = dict(parameters())


@pytest.mark.parametrize(
    "given",
    [
        {"request": ASKED},
        {"request": ASKED, "task": TASK},
        {"request": ASKED, "task": str(TASK), "kind": "secret", "key_id": EXPIRED_SECRET.upper()},
    ],
)
def test_a_request_is_all_that_a_removal_needs(player: Player, given: dict[str, Any]) -> None:
    """The parameters by name, and the task as a number or as a text."""
    told = module(player, "credential", state="absent", **given)
    assert (told["outcome"], told["changed"], told["tenant"]) == ("removed", True, "production")
    assert told["task"] == (str(TASK) if "task" in given else None)
    assert [one["key_id"] for one in player.sim.removals()] == [EXPIRED_SECRET]


def only_production(player: Player) -> str:
    """The simulator's configuration with one tenant that has no `when`."""
    tables = tomllib.loads(player.sim.config.read_text("utf-8"))
    del tables["tenants"]["onderwijs"], tables["tenants"]["production"]["when"]
    file = player.sim.config.with_name("only-production.toml")
    file.write_text("".join(f"{name} = {toml(table)}\n" for name, table in tables.items()), "utf-8")
    file.chmod(0o600)
    return str(file)


def test_the_only_tenant_needs_no_word(player: Player) -> None:
    """Neither for a look nor for a removal."""
    shown = module(player, "credential_info", config=only_production(player), app_id=APP)
    assert (shown["tenant"], shown["exists"]) == ("production", True)
    single = {"app_id": APP, "key_id": EXPIRED_SECRET, "app_display_name": "Sales"}
    told = module(player, "credential", config=only_production(player), state="absent", **single)
    assert (told["outcome"], told["tenant"]) == ("removed", "production")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"request": {**ASKED, "SecretID": ""}}, "SecretID is empty"),
        ({"request": {**ASKED, "Onderwijs": True}}, "Onderwijs is not a text"),
        ({"request": ASKED, "app_display_name": "Marketing"}, "says something else than AppDisplayName in request"),
        ({"request": ASKED, "task": "forty"}, "task: 'forty' is not a task of [ivanti], such as 40021"),
        ({"key_id": EXPIRED_SECRET}, "one of the following is required"),
    ],
)
def test_a_module_refuses_before_it_asks_anybody(player: Player, given: dict[str, Any], reason: str) -> None:
    """On another host as well as here; the journal of every system stays empty."""
    told = module(player, "credential", state="absent", **given)
    assert (told["failed"], reason in told["msg"]) == (True, True), told
    assert player.sim.journal() == []


def test_a_task_that_is_not_ours_is_shown_with_its_parameters(player: Player) -> None:
    """The guards judge it where something is to be written."""
    player.sim.reset(world(task={"owner_team": "Servicedesk"}))
    told = module(player, "ivanti_task_info", number=TASK)
    assert (told["ours"], "Servicedesk" in told["not_ours_reason"]) == (False, True)
    assert told["task_info"]["servicereq_params"] == ASKED


def test_a_module_says_when_the_package_is_missing(player: Player) -> None:
    """Where spentkey cannot be imported the message is Ansible's own, and names it."""
    hidden = player.home / "hidden"
    (hidden / "spentkey").mkdir(parents=True)
    (hidden / "spentkey" / "__init__.py").write_text("raise ImportError('not here')\n")
    ended = subprocess.run(
        [sys.executable, "-m", "ansible_collections.spentkey.entra.plugins.modules.task"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {"number": TASK}}),
        env={**environment(player.home), "PYTHONPATH": f"{hidden}{os.pathsep}{COLLECTIONS}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    told = json.loads(ended.stdout)
    assert (told["failed"], "Failed to import the required Python library (spentkey)" in told["msg"]) == (True, True)


def test_the_seeds_script_works_in_a_play(player: Player) -> None:
    """With the PFX from the vault in memory it makes an assertion that Entra takes, and a proof; the file is deleted."""
    dest = Path("/dev/shm") / f"{player.home.name}-{os.getpid()}.pfx"
    ca = player.sim.config.parent / "ca.pem"
    played = player.play(PLAYS / "script.yml", entra=player.sim.printed["entra"], ca=str(ca), pfx_dest=str(dest))
    assert played.code == 0, played.out
    told = played.one("What came of it").result["msg"]  # before 2.18 a template gives a text
    assert (int(told["status"]), [int(one) for one in told["parts"]]) == (200, [3, 3])
    assert (played.one("Delete the PFX").status, dest.exists()) == ("changed", False)
