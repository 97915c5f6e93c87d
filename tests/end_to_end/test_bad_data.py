"""Entries, documents, certificates and applications that are wrong, missing, twice or hostile."""

import base64
from typing import Any

import pytest
from fault_rules import assert_nothing_unmeant, fault
from real_simulator import RealSimulator
from worlds import (
    ABSENT,
    APP,
    CANARIES,
    EXPIRED_CERT,
    EXPIRED_SECRET,
    OTHER_APP,
    TASK,
    certificate_entry,
    certificate_parameters,
    document,
    parameters,
    sales,
    world,
)

AWAY = ("failed", None, "open", 4)
HANDED_OVER = ("failed", None, "handed-off", 3)
REMOVED = ("removed", None, "closed", 0)


def vault(asked: list[list[Any]] | None = None, **entries: dict[str, Any] | None) -> dict[str, Any]:
    """The default world with entries of the credentials list changed, by title; None takes one away."""
    changed = world(asked)
    store = changed["passwordstate"]
    store["auto_entries"] = False
    store["entries"] = [
        {**entry, **(entries.get(entry["title"], {}) or {})}
        for entry in store["entries"]
        if entries.get(entry["title"], {}) is not None
    ]
    return changed


def with_key(**key: Any) -> dict[str, Any]:
    """The world of the certificate, with one API key that may do less."""
    changed = world(certificate_parameters())
    changed["passwordstate"]["api_keys"][0] |= key
    return changed


def expired_client() -> dict[str, Any]:
    """The automation's own secret has expired."""
    changed = world()
    changed["tenants"][0]["clients"][0]["end"] = "-1d"
    return changed


VAULT: dict[str, tuple[dict[str, Any], str]] = {
    "no entry": (vault(Sys_Azure_AppRegs_PR=None), "no entry with the title 'Sys_Azure_AppRegs_PR'"),
    "a title that only contains it": (vault(Sys_Azure_AppRegs_PR={"title": "Sys_Azure_AppRegs_PR 2"}), "no entry"),
    "a title in another case": (vault(Sys_Azure_AppRegs_PR={"title": "SYS_AZURE_APPREGS_PR"}), "no entry"),
    "an entry of another list": (vault(Sys_Azure_AppRegs_PR={"list": 6691}), "no entry"),
    "a user name that is no UUID": (vault(Sys_Azure_AppRegs_PR={"username": "automation"}), "no client id"),
    "an empty user name": (vault(Sys_Azure_AppRegs_PR={"username": ""}), "no client id"),
    "an empty password": (vault(Sys_Azure_AppRegs_PR={"password": ""}), "no client secret"),
    "a wrong password": (vault(Sys_Azure_AppRegs_PR={"password": "guessed"}), "client secret is not valid"),
    "an expired client secret": (expired_client(), "client secret has expired"),
    "a client that nobody knows": (vault(Sys_Azure_AppRegs_PR={"username": ABSENT}), "does not exist"),
    "no database entry": (vault(certificate_parameters(), sys_pws_ansible_read=None), "sys_pws_ansible_read"),
    "a wrong database password": (
        vault(certificate_parameters(), sys_pws_ansible_read={"password": "guessed"}),
        "refuses the log-in",
    ),
    "an empty database password": (vault(certificate_parameters(), sys_pws_ansible_read={"password": ""}), "database"),
    "a database password with half a character": (
        vault(certificate_parameters(), sys_pws_ansible_read={"password": "\ud800"}),
        "refuses the log-in",
    ),
    "a key that may not see the certificates": (with_key(lists=[8620]), "an API key for it is missing"),
    "a key that may not fetch documents": (with_key(documents=False), "right to documents"),
    "a key that may see nothing": (with_key(lists=[1]), "an API key for it is missing"),
}


@pytest.mark.parametrize("scenario", VAULT)
async def test_a_vault_that_lacks_something_leaves_the_task_open(sim: RealSimulator, scenario: str) -> None:
    """The operator must act: the reason says where, nothing is written, and no value of a secret is in it."""
    changed, message = VAULT[scenario]
    sim.reset(changed)
    result = await sim.run(TASK)
    assert (result.outcome, result.guard, result.ticket.value, result.exit_code) == AWAY, result.reason
    assert message in (result.reason or "")
    assert not any(canary in (result.reason or "") for canary in [*CANARIES.values(), "guessed"])
    assert sim.writes() == []


REFUSED = ("a wrong password", "an expired client secret", "a wrong database password", "a key that may see nothing")


@pytest.mark.parametrize("scenario", REFUSED)
async def test_a_refused_log_in_is_never_handed_over(sim: RealSimulator, scenario: str) -> None:
    """It is the operator's, however often it is tried, and counts for no try: once it is mended, the rest goes on."""
    sim.reset(VAULT[scenario][0])
    ends = [await sim.run(TASK, SPENTKEY_POLICY__MAX_ATTEMPTS="2") for _ in range(4)]
    assert [(one.outcome, one.ticket.value) for one in ends] == [("failed", "open")] * 4
    assert {one["outage"] for one in sim.evidence() if one["what"] == "result"} == {True}
    assert sim.task(TASK)["notes"] == []
    sim.post_reset(world())
    sim.faults(*[fault("ivanti", "task-write", "noop", "before")])
    first = await sim.run(TASK, SPENTKEY_POLICY__MAX_ATTEMPTS="2")
    assert first.ticket.value == "open"  # its first try that counts


async def test_a_desk_that_refuses_us_is_never_handed_over_to(sim: RealSimulator) -> None:
    """The task is not even touched; a plan says the same."""
    sim.faults(fault("ivanti", "*", "401"))
    ends = [await sim.run(TASK, SPENTKEY_POLICY__MAX_ATTEMPTS="2") for _ in range(4)]
    sim.faults()
    assert [(one.outcome, one.ticket.value) for one in ends] == [("failed", "untouched")] * 4
    assert sim.task(TASK)["notes"] == []


async def test_a_refused_write_of_the_desk_is_the_operators_too(sim: RealSimulator) -> None:
    """The key may read and not write: the credential is gone, and the task stays open until that is mended."""
    sim.faults(fault("ivanti", "task-write", "403"), fault("ivanti", "note-create", "403"))
    ends = [await sim.run(TASK, SPENTKEY_POLICY__MAX_ATTEMPTS="2") for _ in range(4)]
    sim.faults()
    assert {one.ticket.value for one in ends} <= {"open", "untouched"}
    assert sim.task(TASK)["owner_team"] == "Spentkey"
    assert (await sim.run(TASK)).ticket.value == "closed"


async def test_a_plan_leaves_what_a_refused_log_in_holds_up(sim: RealSimulator) -> None:
    """Also after more tries than are allowed."""
    sim.reset(VAULT["a wrong password"][0])
    for _ in range(3):
        await sim.run(TASK, SPENTKEY_POLICY__MAX_ATTEMPTS="2")
    assert (await sim.plan(TASK, SPENTKEY_POLICY__MAX_ATTEMPTS="2")).action.value == "leave"


def raw(content: bytes, number: int = 501, **more: Any) -> dict[str, Any]:
    """A document of these bytes."""
    encoded = {"base64": base64.b64encode(content).decode()}
    return {"id": number, "owner": 1301, "name": f"{number}.pfx", "content": encoded, **more}


PAGE = b"<!DOCTYPE html><html><body>Sign in</body></html>"
TOO_LARGE = b"\x30\x83\x12\x4f\x80" + bytes(1_200_000)
BAD_DOCUMENTS: dict[str, tuple[dict[str, Any], tuple[Any, ...], str]] = {
    "a page": (raw(PAGE, content_type="text/html"), AWAY, "HTML page"),
    "a page that calls itself a PFX": (raw(PAGE, content_type="application/x-pkcs12"), AWAY, "HTML page"),
    "nothing": (raw(b""), HANDED_OVER, "not a readable PFX"),
    "random bytes": (raw(bytes(range(256)) * 8), HANDED_OVER, "not a readable PFX"),
    "a cut DER": (raw(b"\x30\x82\x09\x00\x02\x01\x03"), HANDED_OVER, "not a readable PFX"),
    "an empty sequence": (raw(b"\x30\x00"), HANDED_OVER, "no password at hand"),
    "a PEM": (raw(b"-----BEGIN CERTIFICATE-----\n"), HANDED_OVER, "not a readable PFX"),
    "more than a million bytes": (raw(TOO_LARGE), HANDED_OVER, "larger than"),
    "an elliptic-curve key": (document(501, "curve"), HANDED_OVER, "not an RSA key"),
    "an unknown password": (document(501, "new", "nobody knows"), HANDED_OVER, "no password at hand"),
    "the expired certificate": (document(501, "old"), HANDED_OVER, "not valid now"),
    "a certificate of nobody": (document(501, "stranger"), HANDED_OVER, "not registered"),
}


@pytest.mark.parametrize("scenario", BAD_DOCUMENTS)
async def test_a_document_that_cannot_sign(sim: RealSimulator, scenario: str) -> None:
    """Handed over with what was tried; a log-in page in place of a document is an outage."""
    bad, wanted, message = BAD_DOCUMENTS[scenario]
    sim.reset(world(certificate_parameters(), documents=[bad]))
    result = await sim.run(TASK)
    assert wanted == (result.outcome, result.guard, result.ticket.value, result.exit_code), result.reason
    assert message in (result.reason or "")
    assert sim.removals() == []
    assert "removeKey" not in sim.writes()


@pytest.mark.parametrize("scenario", BAD_DOCUMENTS)
async def test_a_bad_document_does_not_spoil_a_good_one(sim: RealSimulator, scenario: str) -> None:
    """Beside a document that fits, one that does not is passed over."""
    sim.reset(world(certificate_parameters(), documents=[BAD_DOCUMENTS[scenario][0], document(502, "new")]))
    result = await sim.run(TASK)
    assert (result.outcome, result.guard, result.ticket.value, result.exit_code) == REMOVED, result.reason
    assert_nothing_unmeant(sim, EXPIRED_CERT)


async def test_a_locked_document_without_a_pki_entry_leaves_the_task_open(sim: RealSimulator) -> None:
    """The entry that would open it is missing: that is the operator's to mend."""
    changed = vault(certificate_parameters(), sys_srvaapwin_pki=None)
    changed["passwordstate"]["documents"] = [document(501, "new", "nobody knows")]
    sim.reset(changed)
    result = await sim.run(TASK)
    assert (result.outcome, result.guard, result.ticket.value, result.exit_code) == AWAY
    assert "sys_srvaapwin_pki" in (result.reason or "")


async def test_documents_of_other_kinds_are_not_even_fetched(sim: RealSimulator) -> None:
    """Only .pfx and .p12 are opened, in any case of their letters."""
    listed = [
        {**document(number, "new"), "name": name} for number, name in ((501, "a.txt"), (502, "b.pem"), (503, "c"))
    ]
    sim.reset(world(certificate_parameters(), documents=listed))
    assert "no PFX document" in ((await sim.run(TASK)).reason or "")
    assert "document" not in [entry["route"] for entry in sim.journal()]


@pytest.mark.parametrize("name", ["new.P12", "NEW.PFX", "Ünïcode €.pfx", "../../etc/passwd.pfx", "a'b\"c.pfx"])
async def test_a_document_may_have_any_name(sim: RealSimulator, name: str) -> None:
    """Names are shown and never used as paths."""
    sim.reset(world(certificate_parameters(), documents=[{**document(501, "new"), "name": name}]))
    assert (await sim.run(TASK)).outcome == "removed"


async def test_two_entries_for_one_application_are_both_searched(sim: RealSimulator) -> None:
    """The first entry holds nothing that fits, the second one does."""
    entries = [certificate_entry(1301), certificate_entry(1302, title="Sales, second")]
    documents = [document(501, "old"), document(502, "new", owner=1302)]
    sim.reset(world(certificate_parameters(), entries=entries, documents=documents))
    assert (await sim.run(TASK)).outcome == "removed"


@pytest.mark.parametrize("name", ['The "Sales" app', "Sales & Söns <x>", "Sales%20?#/..", "O'Neill"])
async def test_a_name_with_marks_finds_its_entry_by_title(sim: RealSimulator, name: str) -> None:
    """Quotes, markup and characters of addresses reach neither a filter nor an address unescaped."""
    entry = certificate_entry(title=name, fields={})
    asked = certificate_parameters(AppDisplayName=name)
    sim.reset(world(asked, application={"display_name": name}, entries=[entry]))
    result = await sim.run(TASK)
    assert (result.outcome, result.guard, result.ticket.value, result.exit_code) == REMOVED, result.reason


async def test_of_two_applications_with_one_name_only_the_asked_one_changes(sim: RealSimulator) -> None:
    """Names do not choose: the AppID does."""
    changed = world()
    twin = {**sales(), "app_id": OTHER_APP, "object_id": "2b2b2b2b-2222-4222-8222-333333333333"}
    changed["tenants"][0]["applications"].insert(0, twin)
    sim.reset(changed)
    assert (await sim.run(TASK)).outcome == "removed"
    assert [(one["app_id"], one["key_id"]) for one in sim.removals()] == [(APP, EXPIRED_SECRET)]


BAD_PARAMETERS: dict[str, tuple[list[list[Any]], str]] = {
    "null": ([*parameters()[:2], ["SecretID", None], *parameters()[3:]], "SecretID is empty"),
    "blank": (parameters(SecretID="   "), "SecretID is empty"),
    "a wildcard": (parameters(SecretID="*"), "SecretID is not a UUID"),
    "braces": (parameters(SecretID="{" + EXPIRED_SECRET + "}"), "SecretID is not a UUID"),
    "a urn": (parameters(AppID=f"urn:uuid:{APP}"), "AppID is not a UUID"),
    "two ids in one": (parameters(SecretID=f"{EXPIRED_SECRET},{ABSENT}"), "SecretID is not a UUID"),
    "an injection": (parameters(AppID="' or AppID ne '"), "AppID has the character U+0020"),
    "an injection without spaces": (parameters(AppID="'or'1'eq'1"), "AppID is not a UUID"),
    "a control character": (parameters(AppDisplayName="Sa\u0007les"), "control characters"),
    "half a character": (parameters(AppDisplayName="Sales\ud83d"), ""),
    "half a character as id": (parameters(SecretID="\udc00"), "SecretID"),
    "far too long": (parameters(AppDisplayName="S" * 5000), "longer than"),
    "full-width digits": (parameters(SecretID="３" + EXPIRED_SECRET[1:]), "SecretID is not a UUID"),
    "markup": (parameters(SecretType="<img src=x onerror=alert(1)>"), "SecretType is not supported"),
    "no Onderwijs": (parameters(Onderwijs=None), "Onderwijs is missing"),
}


@pytest.mark.parametrize("scenario", BAD_PARAMETERS)
async def test_a_parameter_that_cannot_be_meant_is_handed_over(sim: RealSimulator, scenario: str) -> None:
    """Whatever a requester writes ends in one note and a reassignment; no look at the directory is needed for that."""
    asked, message = BAD_PARAMETERS[scenario]
    sim.reset(world(asked))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("refused", "handed-off", 3), result.reason
    assert message in (result.reason or "")
    assert sim.removals() == []
    (note,) = sim.task(TASK)["notes"]
    assert "<img" not in note["subject"] + note["body"]


@pytest.mark.parametrize("dialect", [{"empty": "204"}, {"minutes_as": "string"}])
async def test_every_dialect_of_the_service_desk_is_understood(sim: RealSimulator, dialect: dict[str, Any]) -> None:
    """Empty collections, numbers as texts: the answers differ between installations."""
    sim.reset(world(**dialect))
    assert (await sim.run(99)).outcome == "not-ours"
    result = await sim.run(TASK)
    assert (result.outcome, result.guard, result.ticket.value, result.exit_code) == REMOVED
    assert sim.task(TASK)["minutes"] == 1


async def test_a_vault_that_answers_an_empty_list_is_understood(sim: RealSimulator) -> None:
    """No hit is a 404 in one build and an empty list in another."""
    changed = world(certificate_parameters(), entries=[])
    changed["passwordstate"]["empty_search"] = "200"
    sim.reset(changed)
    assert "no certificate entry" in ((await sim.run(TASK)).reason or "")
