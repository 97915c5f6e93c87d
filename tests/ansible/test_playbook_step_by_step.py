"""The seed's playbook, whole runs with ansible-playbook: what is removed, what the ticket says, what the job says."""

from pathlib import Path
from typing import Any

import pytest
from evidence_store import lines_in
from play_runs import STEP_BY_STEP, Played, Player
from worlds import (
    CANARIES,
    EXPIRED_CERT,
    EXPIRED_SECRET,
    LIVE_SECRET,
    TASK,
    certificate_entry,
    certificate_parameters,
    document,
    parameters,
    sales,
    world,
)

SPENTKEY_FILES = "spentkey-*.pfx"


def removed(player: Player) -> list[str]:
    """The key ids that were really removed, in any tenant."""
    return [one["key_id"] for one in player.sim.removals()]


def ticket(player: Player) -> tuple[Any, ...]:
    """What is true of the task: status, owner, team, minutes and the subjects of its notes."""
    task = player.sim.task(TASK)
    notes = [note["subject"] for note in task["notes"]]
    return task["status"], task["owner"], task["owner_team"], task["minutes"], notes


CLOSED = ("Completed", "svc-spentkey", "Spentkey", 1, ["Expired credential removed"])
UNTOUCHED: tuple[Any, ...] = ("Logged", "", "Spentkey", 0, [])


def handed_over(subject: str) -> tuple[Any, ...]:
    """A task that was handed over with one note of that subject."""
    return "Logged", "", "Systeemsoftware", 1, [subject]


def test_an_expired_secret_is_removed_and_the_task_closed(player: Player) -> None:
    """Job 0, exactly the one secret, the seed's resolution, one minute."""
    played = player.play()
    assert played.code == 0, played.out
    assert removed(player) == [EXPIRED_SECRET]
    assert ticket(player) == CLOSED
    assert player.sim.task(TASK)["notes"][0]["body"].splitlines()[0] == "Expired secret for Sales removed"
    assert played.one("Remove the secret").result["changed"] is True
    facts = played.one("See whether it went well, and whether the type is supported").result["ansible_facts"]
    assert facts == {"secret_removal_success": True, "noteError": ""}


@pytest.mark.parametrize("secret_type", ["Certificaat", " cert "])
def test_an_expired_certificate_is_removed_by_way_of_every_system(player: Player, secret_type: str) -> None:
    """PKI entry, certificate entry, database, document, assertion, token, proof, removeKey; and no file stays behind."""
    player.sim.reset(world(certificate_parameters(SecretType=secret_type)))
    played = player.play()
    assert played.code == 0, played.out
    assert (removed(player), ticket(player)) == ([EXPIRED_CERT], CLOSED)
    asked = [(one["system"], one["route"]) for one in player.sim.journal()]
    assert {"ivanti", "passwordstate", "sql", "login", "graph"} <= {system for system, _ in asked}
    assert ("graph", "removeKey") in asked
    assert played.one("Download the PFX into memory").status == "changed"
    assert played.one("Delete the PFX").status == "changed"
    assert list(Path("/dev/shm").glob(SPENTKEY_FILES)) == []


def test_the_other_tenant_is_chosen_by_onderwijs(player: Player) -> None:
    """With Onderwijs = Yes the application of the education tenant loses its secret, and nothing else does."""
    made = world(parameters(Onderwijs="yes"))
    made["tenants"][1]["applications"] = [sales()]
    made["tenants"][0]["applications"] = [sales()]
    player.sim.reset(made)
    assert player.play().code == 0
    truth = {name: one["removals"] for name, one in player.sim.truth()["tenants"].items()}
    assert {name for name, removals in truth.items() if removals} == {"onderwijs"}
    assert ticket(player) == CLOSED


def test_a_certificate_of_the_other_tenant_too(player: Player) -> None:
    """The same for removeKey."""
    made = world(certificate_parameters(Onderwijs="Yes"))
    made["tenants"][1]["applications"], made["tenants"][0]["applications"] = [sales()], []
    player.sim.reset(made)
    assert player.play().code == 0
    assert (removed(player), ticket(player)) == ([EXPIRED_CERT], CLOSED)


REGIONS = {"tenants": {"production": {"when": {"Region": "EU"}}, "onderwijs": {"when": {"Region": "US"}}}}


def asked_by_region(region: str | None) -> list[Any]:
    """The parameters of an offering that has a region, and nothing called Onderwijs."""
    more = [] if region is None else [["Region", region]]
    return [*parameters(Onderwijs=None), *more]


def test_the_tenant_may_be_chosen_by_any_parameter(player: Player) -> None:
    """By what `when` names in the configuration; the task's number may be a text."""
    player.sim.reset(world(asked_by_region(" eu ")))
    played = player.play(settings=REGIONS, task_number=str(TASK))
    assert played.code == 0, played.out
    assert (removed(player), ticket(player)) == ([EXPIRED_SECRET], CLOSED)


@pytest.mark.parametrize(
    ("region", "reason"),
    [(None, "Region is missing"), ("", "Region is empty"), ("Mars", "tenant"), ("US", "application")],
)
def test_a_task_that_does_not_choose_a_tenant_is_handed_over(player: Player, region: str | None, reason: str) -> None:
    """Nothing is removed in any tenant, and the note has the reason."""
    player.sim.reset(world(asked_by_region(region)))
    played = player.play(settings=REGIONS)
    assert (played.code, removed(player)) == (2, []), played.out
    assert ticket(player) == handed_over("Secret removal failed")
    assert reason in played.one("Fail the job, after the hand-over or because the task stays open").result["msg"]


@pytest.mark.parametrize("number", ["abc", "4002x", "040021"])
def test_a_number_that_is_no_task_fails_before_anything_is_asked(player: Player, number: str) -> None:
    """In one line, by the form that the configured desk has."""
    played = player.play(task_number=number)
    assert (played.code, f"task: '{number}' is not a task of [ivanti], such as 40021" in played.out) == (2, True)
    assert player.sim.journal() == []


def test_a_finished_task_is_left_as_it_is_by_a_second_run(player: Player) -> None:
    """The job is green again, nothing changes, nothing is written."""
    player.play()
    written = len(player.sim.writes())
    again = player.play()
    assert (again.code, "changed=0" in again.out) == (0, True), again.out
    assert len(player.sim.writes()) == written
    assert (removed(player), ticket(player)) == ([EXPIRED_SECRET], CLOSED)


def test_a_credential_that_is_gone_already_closes_the_task(player: Player) -> None:
    """Nothing changes in the directory, and the ticket says so."""
    application = sales()
    application["passwords"] = [one for one in application["passwords"] if one["key_id"] == LIVE_SECRET]
    player.sim.reset(world(application=application))
    played = player.play()
    assert played.code == 0, played.out
    assert played.one("Remove the secret").result["changed"] is False
    assert removed(player) == []
    assert ticket(player) == ("Completed", "svc-spentkey", "Spentkey", 1, ["Credential not present"])


def test_a_check_changes_nothing_and_says_what_would_be_done(player: Player) -> None:
    """With --check the same way is gone, without one write anywhere and without evidence."""
    played = player.play(STEP_BY_STEP, "--check", "--diff")
    assert played.code == 0, played.out
    assert played.one("Remove the secret").result["would"] == "remove"
    assert [one.status for one in played.named("Close the task")][-1] == "changed"
    assert player.sim.writes() == []
    assert (removed(player), ticket(player), player.sim.evidence()) == ([], UNTOUCHED, [])


def test_a_check_of_what_is_gone_shows_the_close(player: Player) -> None:
    """Nothing would be removed, the task would be closed, and neither is claimed."""
    application = sales()
    application["passwords"] = [one for one in application["passwords"] if one["key_id"] == LIVE_SECRET]
    player.sim.reset(world(application=application))
    played = player.play(STEP_BY_STEP, "--check")
    assert played.code == 0, played.out
    told = played.one("Remove the secret").result
    assert (told["changed"], told["outcome"], told["ticket"], told["would"]) == (False, None, None, "close-as-gone")
    assert [one.status for one in played.named("Close the task")][-1] == "changed"
    assert (player.sim.writes(), ticket(player)) == ([], UNTOUCHED)


def test_a_check_of_a_refusal_shows_the_hand_over(player: Player) -> None:
    """The note and the reassignment would be made, and are not."""
    player.sim.reset(world(parameters(SecretID=LIVE_SECRET)))
    played = player.play(STEP_BY_STEP, "--check")
    assert played.code == 2
    assert played.one("Write the note").status == "changed"
    assert played.one("Hand the task over").status == "changed"
    assert (player.sim.writes(), ticket(player)) == ([], UNTOUCHED)


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "SecretID is empty": (world(parameters(SecretID="")), "Secret removal failed", "SecretID is empty"),
    "SecretID is null": (
        world([*parameters(SecretID=None), ["SecretID", None]]),
        "Secret removal failed",
        "SecretID is empty",
    ),
    "SecretID is omitted": (world(parameters(SecretID=None)), "Secret removal failed", "SecretID is missing"),
    "SecretID is given twice": (
        world([*parameters(), ["secretid", LIVE_SECRET]]),
        "Secret removal failed",
        "SecretID is empty",
    ),
    "a certificate without SecretID": (
        world(certificate_parameters(SecretID=None)),
        "Certificaat removal failed",
        "SecretID is missing",
    ),
    "Onderwijs is missing": (
        world(parameters(Onderwijs=None)),
        "Secret removal failed",
        "Onderwijs is missing",
    ),
    "the type is not supported": (
        world(parameters(SecretType="Password")),
        "Password removal failed",
        "SecretType is not supported: it must be Secret, Certificaat or Cert",
    ),
    "the type is empty": (
        world(parameters(SecretType="")),
        "Credential removal failed",
        "SecretType is not supported: it must be Secret, Certificaat or Cert",
    ),
    "the name is another (G3)": (
        world(parameters(AppDisplayName="Marketing")),
        "Secret removal failed",
        "AppDisplayName is 'Marketing', but the application with this AppID is called 'Sales'",
    ),
    "the kind is another (G4)": (
        world(certificate_parameters(SecretID=EXPIRED_SECRET)),
        "Certificaat removal failed",
        "secret",
    ),
    "not expired (G5)": (
        world(parameters(SecretID=LIVE_SECRET)),
        "Secret removal failed",
        "the credential has not expired",
    ),
    "no PFX": (world(certificate_parameters(), documents=[]), "Certificaat removal failed", "no valid signer"),
    "Graph refuses": (world(application={"owners_only": True}), "Secret removal failed", "Graph"),
}


@pytest.mark.parametrize("scenario", REFUSED)
def test_a_refusal_removes_nothing_hands_the_task_over_and_fails_the_job(player: Player, scenario: str) -> None:
    """One note with the reason, the task with Systeemsoftware, the job red with the same reason."""
    made, subject, reason = REFUSED[scenario]
    player.sim.reset(made)
    played = player.play()
    assert (played.code, removed(player)) == (2, []), played.out
    assert ticket(player) == handed_over(subject)
    failed = played.one("Fail the job, after the hand-over or because the task stays open")
    assert reason in failed.result["msg"]
    assert failed.result["msg"].endswith("(ticket: handed-off)")


def test_an_empty_key_id_reaches_no_tenant_at_all(player: Player) -> None:
    """The one refusal that Azure's own module turns into the removal of every secret contacts neither vault nor Graph."""
    player.sim.reset(world(parameters(SecretID="")))
    player.play()
    assert {one["system"] for one in player.sim.journal()} == {"ivanti"}


def test_a_job_that_handed_over_may_stay_green(player: Player) -> None:
    """With fail_on_handover=false the hand-over is the job done."""
    player.sim.reset(world(parameters(SecretID="")))
    assert player.play(fail_on_handover=False).code == 0
    assert ticket(player) == handed_over("Secret removal failed")


@pytest.mark.parametrize("task", [{"owner_team": "Servicedesk"}, {"owner": "somebody"}, {"status": "Completed"}])
def test_a_task_that_is_not_ours_is_not_touched(player: Player, task: dict[str, Any]) -> None:
    """Guard G0: no note, no reassignment, no removal; the job is red."""
    player.sim.reset(world(task=task))
    played = player.play()
    assert (played.code, removed(player), player.sim.writes()) == (2, [], [])
    assert "(ticket: untouched)" in played.out


def test_an_unknown_task_fails_before_anything_else(player: Player) -> None:
    """Its number is named."""
    played = player.play(task_number=99999)
    assert (played.code, "no task has the number 99999" in played.out) == (2, True)
    assert player.sim.writes() == []


def test_an_outage_leaves_the_task_open_for_another_try(player: Player) -> None:
    """The vault is away: nothing is written to Ivanti, the job is red; and the next run goes through."""
    player.sim.faults({"system": "passwordstate", "kind": "503", "times": 50})
    played = player.play()
    assert (played.code, "(ticket: open)" in played.out) == (2, True), played.out
    assert (removed(player), ticket(player)) == ([], UNTOUCHED)
    player.sim.faults()
    assert player.play().code == 0
    assert (removed(player), ticket(player)) == ([EXPIRED_SECRET], CLOSED)


def test_no_secret_is_shown_or_left_behind_however_loud_ansible_is(player: Player) -> None:
    """With -vvvv neither the output nor any file that Ansible made holds a secret of the vault."""
    player.sim.reset(world(certificate_parameters()))
    played = player.play(STEP_BY_STEP, "-vvvv", "--diff")
    assert played.code == 0, played.out
    files = b"".join(path.read_bytes() for path in player.home.rglob("*") if path.is_file())
    evidence = "\n".join(lines_in(player.sim.state)).encode()
    seen = played.out.encode() + files + evidence
    assert [name for name, value in CANARIES.items() if value.encode() in seen] == []


def test_two_documents_are_left_to_the_removal_to_choose_from(player: Player) -> None:
    """The playbook downloads none; the removal itself finds the one that may sign."""
    player.sim.reset(world(certificate_parameters(), documents=[document(501, "new"), document(502, "old")]))
    played = player.play()
    assert (played.code, removed(player)) == (0, [EXPIRED_CERT]), played.out
    assert played.one("Download the PFX into memory").status == "skipping"


def test_the_pki_password_opens_what_the_entry_does_not(player: Player) -> None:
    """The second password of the PFX is that of the PKI entry."""
    documents = [document(501, "new", CANARIES["pki password"])]
    player.sim.reset(world(certificate_parameters(), documents=documents, entries=[certificate_entry()]))
    assert (player.play().code, removed(player)) == (0, [EXPIRED_CERT])


def test_a_success_that_is_only_claimed_closes_nothing(player: Player) -> None:
    """Variables on the command line win over facts in Ansible, but without proof on record no task is closed."""
    player.sim.reset(world(parameters(SecretID=LIVE_SECRET)))
    forged: dict[str, Any] = {"ticket": "closed", "removal": {"resolution": "done"}}
    played: Played = player.play(secret_removal_success=True, **forged)
    assert (played.code, "no verified removal is on record" in played.out) == (2, True), played.out
    assert (removed(player), ticket(player)) == ([], UNTOUCHED)
