"""The story on real parts: a signer that the directory does not know yet is followed by the next one."""

import base64
from typing import Any

import pytest
from real_simulator import RealSimulator
from worlds import CANARIES, EXPIRED_CERT, LIVE_CERT, TASK, certificate_entry, certificate_parameters, document, world

NEWEST = f"{LIVE_CERT[:-1]}5"
LATER = {"sign_in_from": "+1h"}
UNPROVEN = {"proof_from": "+1h"}


def two_signers(new: dict[str, Any] | None = None, newest: dict[str, Any] | None = None) -> dict[str, Any]:
    """Two files with a valid signer each; the certificate `newest` lives longer."""
    held = [
        {"key_id": EXPIRED_CERT, "certificate": "old"},
        {"key_id": LIVE_CERT, "certificate": "new", **(new or {})},
        {"key_id": NEWEST, "certificate": "newest", **(newest or {})},
    ]
    made = world(
        certificate_parameters(),
        application={"certificates": held},
        documents=[document(501, "new"), document(502, "newest")],
    )
    made["certificates"]["newest"] = {"subject": "CN=sales", "not_before": "-40d", "not_after": "+600d"}
    return made


def counted(sim: RealSimulator) -> tuple[int, int]:
    """How many sign-ins and how many removals of a key were asked for."""
    routes = [entry["route"] for entry in sim.journal()]
    return routes.count("token"), sim.writes().count("removeKey")


@pytest.mark.parametrize(
    ("new", "newest", "asked"),
    [({}, {}, (2, 1)), ({}, LATER, (3, 1)), ({}, UNPROVEN, (3, 2)), ({}, {"start": "-1m"}, (2, 1))],
)
async def test_the_next_signer_is_tried(
    sim: RealSimulator, new: dict[str, Any], newest: dict[str, Any], asked: tuple[int, int]
) -> None:
    """After a refused sign-in and after a rejected proof; a key that is seen to be new comes last."""
    sim.reset(two_signers(new, newest))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.attribution) == ("removed", "closed", "confirmed")
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_CERT]
    assert counted(sim) == asked


@pytest.mark.parametrize(
    ("new", "newest", "reasons"),
    [
        (LATER, LATER, ["AADSTS700027", "AADSTS700027"]),
        (UNPROVEN, UNPROVEN, ["rejected the proof", "rejected the proof"]),
        (LATER, UNPROVEN, ["AADSTS700027", "rejected the proof"]),
    ],
)
async def test_when_none_is_taken_the_reason_tells_each_try(
    sim: RealSimulator, new: dict[str, Any], newest: dict[str, Any], reasons: list[str]
) -> None:
    """By file; nothing was removed, and the note does not advise to register what is registered."""
    sim.reset(two_signers(new, newest))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "handed-off", 3)
    assert sim.removals() == []
    told = result.reason or ""
    for name, reason in zip(["new.pfx (document 501)", "newest.pfx (document 502)"], reasons, strict=True):
        (of_file,) = [part for part in told.split("; with ") if name in part]
        assert reason in of_file
    (note,) = sim.task(TASK)["notes"]
    assert "Spentkey removed nothing." in note["body"]
    assert "valid and registered on the application. If one was registered only minutes ago" in note["body"]


def one_file(name: str, content: bytes | None = None, password: str | None = None) -> dict[str, Any]:
    """The vault has one document, under that name."""
    given = {**document(501, "new", password), "name": name}
    if content is not None:
        given["content"] = {"base64": base64.b64encode(content).decode()}
    return world(certificate_parameters(), documents=[given])


@pytest.mark.parametrize("name", ["new.P12", "new.pfx   ", "new.pfx\u00a0", " New.PFX "])
async def test_a_padded_name_is_a_name(sim: RealSimulator, name: str) -> None:
    """A CHAR column of the database fills it up with blanks."""
    sim.reset(one_file(name))
    assert (await sim.run(TASK)).outcome == "removed"


@pytest.mark.parametrize("name", ["new.pfx.txt", "new", "new.pf x"])
async def test_a_document_of_another_kind_is_not_opened(sim: RealSimulator, name: str) -> None:
    """Its name says that it is none."""
    sim.reset(one_file(name))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("failed", "handed-off")
    assert "document" not in [entry["route"] for entry in sim.journal()]


@pytest.mark.parametrize("entry_password", ["the old password", "", f" {CANARIES['pfx password']} "])
async def test_the_password_of_an_entry_is_tried_in_its_forms(sim: RealSimulator, entry_password: str) -> None:
    """Azure Key Vault drops the password of a PFX; people copy blanks."""
    own = CANARIES["pfx password"] if entry_password.strip() == CANARIES["pfx password"] else ""
    made = one_file("new.pfx", password=own)
    made["passwordstate"]["entries"][-1] = certificate_entry(password=entry_password)
    sim.reset(made)
    assert (await sim.run(TASK)).outcome == "removed"


async def test_a_password_that_fits_in_no_form_is_handed_over(sim: RealSimulator) -> None:
    """The reason names the file and no password."""
    sim.reset(one_file("new.pfx", password="nobody knows"))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("failed", "handed-off")
    assert "new.pfx (document 501): no password at hand opens the file" in (result.reason or "")
    assert not [one for one in CANARIES.values() if one in (result.reason or "")]
