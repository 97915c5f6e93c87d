"""The story on real parts: what is removed, proven and closed."""

import pytest
from real_simulator import RealSimulator
from worlds import (
    APP,
    EXPIRED_CERT,
    EXPIRED_SECRET,
    TASK,
    certificate_entry,
    certificate_parameters,
    document,
    parameters,
    sales,
    world,
)

VERIFICATION = "read-application"


def requests(sim: RealSimulator) -> list[str]:
    """Every request but the reads of verification; a SQL log-in belongs to its connection, as the TLS handshake does."""
    logins = ("sql", "login")
    made = [entry for entry in sim.journal() if (entry["system"], entry["route"]) != logins]
    return [entry["route"] for entry in made if entry["route"] != VERIFICATION]


async def test_an_expired_secret_is_removed_and_the_task_closed(sim: RealSimulator) -> None:
    """Exactly the one secret goes, and the task is closed in our name with one minute and the seed's text."""
    result = await sim.run(TASK)
    assert (
        result.outcome,
        result.attribution,
        result.route,
        result.ticket.value,
        result.exit_code,
    ) == ("removed", "confirmed", "removePassword", "closed", 0)
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]
    task = sim.task(TASK)
    assert (task["status"], task["owner"], task["minutes"]) == ("Completed", "svc-spentkey", 1)
    (note,) = task["notes"]
    assert (
        note["subject"],
        note["category"],
        note["parent_category"],
    ) == ("Expired credential removed", "Status Update", "Task.Assignment")
    assert note["body"].splitlines()[0] == "Expired secret for Sales removed"


@pytest.mark.parametrize("secret_type", ["Certificaat", "Cert", " cert ", "CERTIFICAAT"])
async def test_an_expired_certificate_is_removed_with_a_proof(sim: RealSimulator, secret_type: str) -> None:
    """The certificate goes by removeKey, signed by the live certificate whose PFX the vault holds."""
    sim.reset(world(certificate_parameters(SecretType=secret_type)))
    result = await sim.run(TASK)
    assert (result.outcome, result.route, result.ticket.value) == ("removed", "removeKey", "closed")
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_CERT]


async def test_ids_in_capitals_with_spaces_around_are_the_same_ids(sim: RealSimulator) -> None:
    """UUIDs are canonicalised before anything is compared."""
    sim.reset(world(parameters(AppID=f"  {APP.upper()} ", SecretID=f"\t{EXPIRED_SECRET.upper()}\n")))
    assert (await sim.run(TASK)).outcome == "removed"


async def test_a_secret_removal_takes_at_most_fourteen_requests(sim: RealSimulator) -> None:
    """Cold, besides the reads of verification, and with every safety read."""
    await sim.run(TASK)
    made = requests(sim)
    assert len(made) <= 14, made
    assert made.count("task-query") == 3, "the ticket is read, read again before the removal, and before the close"
    assert made.count("params-query") == 2
    assert made.count("batch") == 2, "judged, and read again just before the write"


async def test_a_certificate_removal_takes_at_most_nineteen_requests(sim: RealSimulator) -> None:
    """Cold, with the query of the database counted as one."""
    sim.reset(world(certificate_parameters()))
    await sim.run(TASK)
    made = requests(sim)
    assert len(made) <= 19, made


async def test_a_document_that_opens_with_the_pki_password_serves(sim: RealSimulator) -> None:
    """Where the entry's own password does not fit, the PKI entry's is tried."""
    sim.reset(world(certificate_parameters(), documents=[document(501, "new", "canary-pki-password-6Wn")]))
    assert (await sim.run(TASK)).outcome == "removed"


async def test_of_two_documents_the_one_that_fits_signs(sim: RealSimulator) -> None:
    """The expired certificate's own PFX lies beside the live one's; only the live one can sign."""
    sim.reset(world(certificate_parameters(), documents=[document(501, "old"), document(502, "new")]))
    assert (await sim.run(TASK)).outcome == "removed"


async def test_an_entry_is_found_by_its_title_when_no_field_has_the_appid(sim: RealSimulator) -> None:
    """The second rule of certificate_match serves when the first has no hit."""
    sim.reset(world(certificate_parameters(), entries=[certificate_entry(title="sales", fields={})]))
    assert (await sim.run(TASK)).outcome == "removed"


async def test_a_credential_that_was_already_gone_closes_the_task(sim: RealSimulator) -> None:
    """Absent in every spaced read, nothing else of its kind expired: closed without any removal."""
    kept = [one for one in sales()["passwords"] if one["key_id"] != EXPIRED_SECRET]
    sim.reset(world(application={"passwords": kept}))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("already-gone", "closed", 0)
    assert [entry["route"] for entry in sim.journal()].count("batch") == 3, "as many looks as verify_reads says"
    assert sim.removals() == []
    (note,) = sim.task(TASK)["notes"]
    assert note["subject"] == "Credential not present"
    assert f"Credential {EXPIRED_SECRET} was not present on Sales; nothing removed" == note["body"].splitlines()[0]


async def test_a_resolution_field_takes_the_text_and_no_note_is_written(sim: RealSimulator) -> None:
    """Tenants with a field for the resolution get it there, in the directory's spelling."""
    sim.reset(world(parameters(AppDisplayName="SALES"), task_fields=["CloseText"]))
    result = await sim.run(TASK, SPENTKEY_IVANTI__FIELDS='{"resolution": "CloseText"}')
    assert result.ticket.value == "closed"
    task = sim.task(TASK)
    assert (task["fields"], task["notes"]) == ({"CloseText": "Expired secret for Sales removed"}, [])


async def test_minutes_that_were_booked_are_kept(sim: RealSimulator) -> None:
    """The field's value as read, plus one."""
    sim.reset(world(task={"minutes": 12}))
    await sim.run(TASK)
    assert sim.task(TASK)["minutes"] == 13


async def test_a_task_that_we_closed_gives_its_result_again(sim: RealSimulator) -> None:
    """A second run of a closed task writes nothing and says the same."""
    first = await sim.run(TASK)
    writes = sim.writes()
    second = await sim.run(TASK)
    assert first.as_json() == second.as_json()
    assert writes == sim.writes()


async def test_the_evidence_holds_the_intent_before_the_removal(sim: RealSimulator) -> None:
    """Records come in the order in which things happened, and name the survivors."""
    await sim.run(TASK)
    records = sim.evidence()
    assert [record["what"] for record in records] == [
        "intent",
        "answer",
        "verified",
        "witness",
        "noting",
        "noted",
        "closing",
        "closed",
        "result",
    ]
    assert len(records[0]["survivors"]) == 3
    assert records[0]["seen"] == "present"


async def test_every_request_to_graph_carries_a_client_request_id(sim: RealSimulator) -> None:
    """So that Microsoft's logs can be searched; the removal's own id stands in the evidence."""
    await sim.run(TASK)
    graph = [entry for entry in sim.journal() if entry["system"] == "graph"]
    assert all(entry["client_request_id"] for entry in graph)
    (removal,) = [entry for entry in graph if entry["route"] == "removePassword"]
    assert removal["client_request_id"] == sim.evidence()[0]["client_request_id"]
