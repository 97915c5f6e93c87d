"""The story on real parts: what is refused, handed over with the reason, and never removed."""

from typing import Any

import pytest
from real_simulator import RealSimulator
from worlds import (
    ABSENT,
    APP,
    EXPIRED_CERT,
    EXPIRED_SECRET,
    LIVE_CERT,
    LIVE_SECRET,
    OTHER_APP,
    TASK,
    certificate_entry,
    certificate_parameters,
    document,
    parameters,
    sales,
    world,
)

SECRET_ON_PRINCIPAL = {
    "object_id": "99999999-9999-4999-8999-999999999999",
    "passwords": [{"key_id": ABSENT, "display_name": "sp", "start": "-400d", "end": "-30d"}],
    "certificates": [],
}


def named(name: str) -> dict[str, Any]:
    """An application whose expired secret goes by that name."""
    return {"passwords": [{"key_id": EXPIRED_SECRET, "display_name": name, "start": "-400d", "end": "-30d"}]}


def ending(end: str | None) -> dict[str, Any]:
    """An application whose secret ends then."""
    return {"passwords": [{"key_id": EXPIRED_SECRET, "display_name": "old", "start": "-400d", "end": end}]}


REFUSALS = {
    "SecretID empty": ("G1", "SecretID is empty", world(parameters(SecretID=""))),
    "SecretID missing": ("G1", "SecretID is missing", world(parameters(SecretID=None))),
    "SecretID twice": ("G1", "SecretID is given more than once", world([*parameters(), ["secretid", ABSENT]])),
    "AppID not a UUID": ("G1", "AppID is not a UUID", world(parameters(AppID="'or'1'eq'1"))),
    "AppID with spaces": ("G1", "AppID has the character U+0020", world(parameters(AppID="' or 1 eq 1"))),
    "SecretType unknown": ("G1", "SecretType is not supported", world(parameters(SecretType="Password"))),
    "Onderwijs unknown": ("G2", "no configured tenant matches", world(parameters(Onderwijs="Maybe"))),
    "no such application": ("G2", "no application", world(parameters(AppID=OTHER_APP))),
    "application of the other tenant": ("G2", "no application", world(parameters(Onderwijs="Yes"))),
    "soft-deleted application": ("G2", "no application", world(application={"soft_deleted": True})),
    "another name": ("G3", "is called 'Sales'", world(parameters(AppDisplayName="Sales 2"))),
    "a no-break space": (
        "G3",
        "U+00A0 NO-BREAK SPACE in AppDisplayName",
        world(parameters(AppDisplayName="Sa\u00a0les"), application={"display_name": "Sa les"}),
    ),
    "a look-alike name": ("G3", "is called 'Sales'", world(parameters(AppDisplayName="Ｓales"))),
    "a certificate's id as secret": ("G4", "is a certificate", world(parameters(SecretID=EXPIRED_CERT))),
    "a secret's id as certificate": (
        "G4",
        "is a client secret",
        world(certificate_parameters(SecretID=EXPIRED_SECRET)),
    ),
    "on the service principal": (
        "G4",
        "security team",
        world(parameters(SecretID=ABSENT), application={"service_principal": SECRET_ON_PRINCIPAL}),
    ),
    "a typing error": ("G4", EXPIRED_SECRET, world(parameters(SecretID=ABSENT))),
    "not expired": ("G5", "has not expired", world(parameters(SecretID=LIVE_SECRET))),
    "expired within 300 s": ("G5", "has not expired", world(application=ending("-4m"))),
    "no end": ("G5", "endDateTime", world(application=ending(None))),
    "an unreadable end": ("G5", "endDateTime", world(application=ending("someday"))),
    "an end before 2013": ("G5", "before 2013", world(application=ending("1970-01-01T00:00:00Z"))),
    "an end before its start": ("G5", "not after its startDateTime", world(application=ending("-401d"))),
    "an end at its start": ("G5", "not after its startDateTime", world(application=ending("-400d"))),
    "an end without zone": ("G5", "endDateTime", world(application=ending("2020-01-01T00:00:00"))),
    "App Proxy's secret": ("G6", "CWAP_AuthSecret", world(application=named("CWAP_AuthSecret"))),
    "Connect Sync": ("G6", "ConnectSync", world(application=named("ConnectSyncProvisioning_x"))),
    "token encryption key": (
        "G6",
        "tokenEncryptionKeyId",
        world(certificate_parameters(), application={"token_encryption_key_id": EXPIRED_CERT}),
    ),
}


@pytest.mark.parametrize("scenario", REFUSALS)
async def test_a_guard_that_says_no_hands_the_task_over_and_removes_nothing(sim: RealSimulator, scenario: str) -> None:
    """The task goes to the escalation team with one note that holds the guard's reason."""
    guard, reason, small_world = REFUSALS[scenario]
    sim.reset(small_world)
    result = await sim.run(TASK)
    assert ("refused", guard, "handed-off", 3) == (
        result.outcome,
        result.guard,
        result.ticket.value,
        result.exit_code,
    ), result.reason
    assert reason in (result.reason or "")
    assert sim.removals() == []
    task = sim.task(TASK)
    assert (task["owner_team"], task["owner"], task["status"], task["minutes"]) == ("Systeemsoftware", "", "Logged", 1)
    (note,) = task["notes"]
    assert note["subject"].endswith(" removal failed")
    assert reason.replace("'", "'") in note["body"].replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("SPENTKEY_POLICY__PROTECTED", f'["{APP}"]'),
        ("SPENTKEY_POLICY__PROTECTED", '["name:OLD*"]'),
    ],
)
async def test_the_operators_list_protects(sim: RealSimulator, setting: str, value: str) -> None:
    """An AppID, or a pattern on the credential's name, in any case."""
    result = await sim.run(TASK, None, **{setting: value})
    assert (result.guard, result.ticket.value) == ("G6", "handed-off")
    assert sim.removals() == []


async def test_days_of_grace_are_waited_for(sim: RealSimulator) -> None:
    """Thirty days after the end is too early with thirty-one days of grace."""
    assert (await sim.run(TASK, SPENTKEY_POLICY__GRACE_DAYS="31")).guard == "G5"


async def test_the_automations_own_application_is_never_touched(sim: RealSimulator) -> None:
    """Even when a task asks for an expired secret of it."""
    own = "11111111-1111-4111-8111-111111111111"
    sim.reset(world(parameters(AppID=own), application={"app_id": own}))
    result = await sim.run(TASK)
    assert (result.guard, result.ticket.value) == ("G6", "handed-off")


Records = list[dict[str, Any]] | None

NO_SIGNER: dict[str, tuple[Records, Records, str]] = {
    "no entry": ([], None, "no certificate entry"),
    "no document": (None, [], "no PFX document"),
    "only the expired certificate": (None, [document(501, "old")], "not valid now"),
    "another certificate": (None, [document(501, "stranger")], "not registered on the application"),
    "an elliptic-curve key": (None, [document(501, "curve")], "not an RSA key"),
    "an unknown password": (None, [document(501, "new", "nobody knows")], "no password"),
    "not a PFX": (
        None,
        [{"id": 501, "owner": 1301, "name": "a.pfx", "content": {"text": "hello"}}],
        "not a readable PFX",
    ),
}


@pytest.mark.parametrize("scenario", NO_SIGNER)
async def test_without_a_valid_signer_a_certificate_is_handed_over(sim: RealSimulator, scenario: str) -> None:
    """The reason names what was tried; no proof is sent and nothing is removed."""
    entries, documents, reason = NO_SIGNER[scenario]
    sim.reset(world(certificate_parameters(), entries=entries, documents=documents))
    result = await sim.run(TASK)
    assert (result.outcome, result.guard, result.ticket.value, result.exit_code) == ("failed", None, "handed-off", 3)
    assert reason in (result.reason or "")
    assert sim.removals() == []
    assert "removeKey" not in sim.writes()


async def test_a_signer_registered_as_sign_only_does_not_sign(sim: RealSimulator) -> None:
    """Only AsymmetricX509Cert with usage Verify is a signer."""
    certificates = sales()["certificates"]
    certificates[1] |= {"type": "X509CertAndPassword", "usage": "Sign"}
    sim.reset(world(certificate_parameters(), application={"certificates": certificates}))
    result = await sim.run(TASK)
    assert "cannot sign" in (result.reason or "")
    assert sim.removals() == []


async def test_an_application_we_may_not_change_is_handed_over(sim: RealSimulator) -> None:
    """A 403 on this one application says which permission is missing."""
    sim.reset(world(application={"owners_only": True}))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "handed-off", 3)
    assert "Application.ReadWrite" in (result.reason or "")
    assert sim.removals() == []


UNTOUCHED = {
    "another team": {"owner_team": "Servicedesk"},
    "another owner": {"owner": "an.other"},
    "waiting": {"status": "Waiting"},
    "read-only": {"read_only": True},
    "no parent": {"parent": None},
}


@pytest.mark.parametrize("scenario", UNTOUCHED)
async def test_a_task_that_is_not_ours_is_not_touched_at_all(sim: RealSimulator, scenario: str) -> None:
    """No note, no reassignment, no look at the directory."""
    sim.reset(world(task=UNTOUCHED[scenario]))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("not-ours", "untouched", 2)
    assert sim.writes() == []
    assert {"ivanti"} == {entry["system"] for entry in sim.journal()}


async def test_a_request_without_any_of_our_parameters_is_not_ours(sim: RealSimulator) -> None:
    """Another offering's request is left alone."""
    sim.reset(world([["Colour", "blue"]]))
    assert ((result := await sim.run(TASK)).outcome, result.exit_code) == ("not-ours", 2)


async def test_an_unknown_task_is_not_ours(sim: RealSimulator) -> None:
    """There is nothing to write to."""
    assert (
        (result := await sim.run(99)).outcome,
        result.ticket.value,
        result.exit_code,
    ) == ("not-ours", "untouched", 2)


async def test_a_task_that_was_handed_over_is_not_ours_any_more(sim: RealSimulator) -> None:
    """A second run finds it with the other team and writes nothing."""
    sim.reset(world(parameters(SecretType="Password")))
    await sim.run(TASK)
    writes = sim.writes()
    assert ((result := await sim.run(TASK)).outcome, result.ticket.value) == ("not-ours", "untouched")
    assert writes == sim.writes()


async def test_markup_and_control_characters_of_a_requester_do_not_reach_a_note(sim: RealSimulator) -> None:
    """Texts of the task are stripped, escaped and cut."""
    sim.reset(world(parameters(AppDisplayName="<script>x</script>" + "A" * 200)))
    await sim.run(TASK)
    (note,) = sim.task(TASK)["notes"]
    assert "<script>" not in note["body"]
    assert "&lt;script&gt;" in note["body"]


async def test_the_live_credentials_of_an_application_are_all_still_there(sim: RealSimulator) -> None:
    """After a removal, the truth shows every survivor."""
    await sim.run(TASK)
    shown = sim.truth()["tenants"]["production"]["applications"][APP]
    kept = {one["key_id"] for one in shown["passwords"] + shown["certificates"]}
    assert {LIVE_SECRET, LIVE_CERT, EXPIRED_CERT} == kept


async def test_two_entries_with_the_title_of_the_tenant_stop_the_tenant(sim: RealSimulator) -> None:
    """Ambiguity in the vault is an error that names the candidates; the task stays open."""
    small_world = world()
    twin = {**small_world["passwordstate"]["entries"][0], "id": 1299}
    small_world["passwordstate"]["entries"].append(twin)
    sim.reset(small_world)
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "open", 4)
    assert "1201, 1299" in (result.reason or "")
    assert sim.writes() == []


async def test_more_than_ten_documents_are_not_tried(sim: RealSimulator) -> None:
    """A vault entry with eleven documents is handed over."""
    documents = [document(500 + number, "new") for number in range(11)]
    sim.reset(world(certificate_parameters(), documents=documents, entries=[certificate_entry()]))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("failed", "handed-off")
    assert "11 PFX files" in (result.reason or "")
