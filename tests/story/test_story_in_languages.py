"""The story on real parts, at a desk that reads Dutch or French: its notes are whole, results and evidence are English."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from real_simulator import QuickClock, RealSimulator, Steps
from worlds import (
    EXPIRED_CERT,
    EXPIRED_SECRET,
    LIVE_CERT,
    LIVE_SECRET,
    REF,
    TASK,
    certificate_parameters,
    document,
    parameters,
    world,
)

from spentkey.bootstrap.context import context_for
from spentkey.core.notes import Remark
from spentkey.core.task import RemovalRequest, read_request, request_of
from spentkey.facade import Facade
from spentkey.step_by_step import Asked, note_on, remove_asked
from spentkey.steps.context import Context

T = TypeVar("T")
EACH = pytest.mark.parametrize(
    ("language", "subject", "found"),
    [
        ("nl", "Verwijdering van Secret mislukt", "de credential is niet vervallen: ze eindigt op "),
        ("fr", "Échec de la suppression : Secret", "l'identifiant n'a pas expiré : il se termine le "),
    ],
)


def too_early() -> dict[str, Any]:
    """A task about a credential that lives."""
    live = [{"key_id": LIVE_SECRET, "end": "2099-01-01T00:00:00Z"}]
    return world(parameters(SecretID=LIVE_SECRET), application={"passwords": live})


@EACH
async def test_a_hand_over_is_told_in_the_language_of_the_desk(
    sim: RealSimulator, language: str, subject: str, found: str
) -> None:
    """The result and the evidence say the same in English, with its code."""
    sim.reset(too_early())
    result = await sim.run(TASK, SPENTKEY_IVANTI__LANGUAGE=language)
    (note,) = sim.task(TASK)["notes"]
    assert (note["subject"], note["body"][: len(found)]) == (subject, found)
    assert (result.reason_code, (result.reason or "")[:33]) == ("g5-not-expired", "the credential has not expired: i")
    (record,) = [one for one in sim.evidence() if one["what"] == "handing-over"]
    assert (record["said"], record["reason_code"]) == (result.reason, "g5-not-expired")


@EACH
@pytest.mark.parametrize("given", ["", "Secret removal failed"])
async def test_a_playbook_hands_over_in_the_language_of_the_desk(
    sim: RealSimulator, language: str, subject: str, found: str, given: str
) -> None:
    """What a removal by itself found is read from the record; a subject that is Spentkey's own is translated too."""
    sim.reset(too_early())
    request = read_request(
        request_of(dict(parameters(SecretID=LIVE_SECRET)).items()),
        Facade(sim.settings(SPENTKEY_IVANTI__LANGUAGE=language)).rules(),
    )
    assert isinstance(request, RemovalRequest)
    result = await in_pieces(sim, language, lambda context: remove_asked(Asked(request, task=REF), context))
    remark = Remark(given, result.reason or "", hands_over=True)
    await in_pieces(sim, language, lambda context: note_on(REF, remark, context))
    (note,) = sim.task(TASK)["notes"]
    assert (note["subject"], note["body"][: len(found)]) == (subject, found)


async def test_a_callers_own_subject_and_words_stay(sim: RealSimulator) -> None:
    """They are quoted in any language."""
    sim.reset(too_early())
    remark = Remark("Look at this", "Something broke", hands_over=True)
    await in_pieces(sim, "nl", lambda context: note_on(REF, remark, context))
    (note,) = sim.task(TASK)["notes"]
    assert (note["subject"], note["body"].splitlines()[0]) == ("Look at this", "Something broke")
    assert "Spentkey heeft niets verwijderd." in note["body"]


async def in_pieces(sim: RealSimulator, language: str, do: Callable[[Context], Awaitable[T]]) -> T:
    """One piece of the story, with real adapters."""
    async with context_for(
        sim.settings(SPENTKEY_IVANTI__LANGUAGE=language), Steps(), use_proxies=False, clock=QuickClock()
    ) as context:
        return await do(context)


@pytest.mark.parametrize(
    ("language", "subject", "first", "how"),
    [
        ("nl", "Vervallen credential verwijderd", "Vervallen credential van Sales verwijderd", "Hoe"),
        ("fr", "Identifiant expiré supprimé", "Identifiant expiré de Sales supprimé", "Comment"),
    ],
)
async def test_a_close_is_told_in_the_language_of_the_desk(
    sim: RealSimulator, language: str, subject: str, first: str, how: str
) -> None:
    """In the note of a desk without a field for the resolution."""
    assert (await sim.run(TASK, SPENTKEY_IVANTI__LANGUAGE=language)).outcome == "removed"
    (note,) = sim.task(TASK)["notes"]
    assert (note["subject"], note["body"].splitlines()[0]) == (subject, first)
    assert f"{how}: removePassword (confirm" in note["body"] or f"{how}: removePassword (bevestigd)" in note["body"]
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]


async def test_each_file_that_was_tried_is_told_in_dutch(sim: RealSimulator) -> None:
    """A reason with a reason for each file; what was said by another system stays as it is."""
    held = [{"key_id": EXPIRED_CERT, "certificate": "old"}, {"key_id": LIVE_CERT, "certificate": "new"}]
    documents = [document(501, "old"), document(502, "new", "another")]
    sim.reset(world(certificate_parameters(), application={"certificates": held}, documents=documents))
    result = await sim.run(TASK, SPENTKEY_IVANTI__LANGUAGE="nl")
    (note,) = sim.task(TASK)["notes"]
    found = note["body"].splitlines()[0]
    assert (result.outcome, result.reason_code) == ("failed", "no-signer")
    assert found.startswith("de applicatie heeft geen geldige ondertekenaar: removeKey vereist een bewijs")
    assert "old.pfx (document 501): het certificaat is nu niet geldig (het eindigt op " in found
    assert "new.pfx (document 502): geen van de beschikbare wachtwoorden opent het bestand" in found


async def test_without_an_entry_in_the_vault_the_note_says_so_in_french(sim: RealSimulator) -> None:
    """The vault's own words are translated too."""
    sim.reset(world(certificate_parameters(), entries=[], documents=[]))
    await sim.run(TASK, SPENTKEY_IVANTI__LANGUAGE="fr")
    (note,) = sim.task(TASK)["notes"]
    assert "(le coffre n'a aucune entrée de certificat pour cette application)" in note["body"]
