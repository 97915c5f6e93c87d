"""The story on real parts: applications that show what no client expects."""

from typing import Any

import pytest
from fault_rules import assert_nothing_unmeant, fault
from real_simulator import QuickClock, RealSimulator
from worlds import (
    ABSENT,
    APP,
    EXPIRED_CERT,
    EXPIRED_SECRET,
    LIVE_CERT,
    LIVE_SECRET,
    TASK,
    certificate_parameters,
    parameters,
    sales,
    world,
)

PATCH = {"SPENTKEY_POLICY__CERTIFICATE_FALLBACK": "patch"}
TRIES = 5


def of_type(told: str) -> dict[str, Any]:
    """The world whose application says that it is of that type."""
    return world(application={**sales(), "shows": {"@odata.type": told}})


def showing(key_id: str = "", asked: list[list[Any]] | None = None, **shows: Any) -> dict[str, Any]:
    """The world whose application, or the credential with that key id, is shown so."""
    application = sales()
    for one in [*application["passwords"], *application["certificates"]]:
        one.update({"shows": shows} if one["key_id"] == key_id else {})
    return world(asked, application=application if key_id else {**application, "shows": shows})


async def tried(sim: RealSimulator, times: int = TRIES, **environment: str) -> list[tuple[str, str, str | None]]:
    """How so many tries ended."""
    results = [await sim.run(TASK, None, **environment) for _ in range(times)]
    return [(one.outcome, one.ticket.value, one.guard) for one in results]


LASTING: dict[str, tuple[dict[str, Any], str]] = {
    "no name": (showing(displayName=None), "without a display name"),
    "a name that is a number": (showing(displayName=5), "without a display name"),
    "no object id": (showing(id=None), "without a usable id"),
    "an AppID that is none": (showing(appId="x"), "without a usable appId"),
    "an encryption key that is a number": (showing(tokenEncryptionKeyId=5), "tokenEncryptionKeyId"),
    "the asked secret without a key id": (showing(EXPIRED_SECRET, keyId=None), "passwordCredentials[0]"),
    "the asked secret with an odd key id": (showing(EXPIRED_SECRET, keyId="odd"), "passwordCredentials[0]"),
    "not there, beside one without a key id": (
        showing(LIVE_SECRET, parameters(SecretID=ABSENT), keyId=None),
        "passwordCredentials[1]",
    ),
    "another one with the same digits": (
        showing(LIVE_SECRET, keyId=EXPIRED_SECRET.replace("-", "")),
        "passwordCredentials[1]",
    ),
}


@pytest.mark.parametrize("scenario", LASTING)
async def test_a_lasting_fault_of_the_object_asked_about_is_handed_over(sim: RealSimulator, scenario: str) -> None:
    """After max_attempts tries, with what is wrong; nothing is removed, and it is never called gone."""
    odd, message = LASTING[scenario]
    sim.reset(odd)
    assert await tried(sim, TRIES - 1) == [("failed", "open", None)] * (TRIES - 1)
    last = await sim.run(TASK)
    assert (last.outcome, last.ticket.value, last.exit_code) == ("failed", "handed-off", 3)
    assert message in (last.reason or "")
    assert message in sim.task(TASK)["notes"][0]["body"]
    assert sim.removals() == []


async def test_a_fault_that_passes_is_no_fault(sim: RealSimulator) -> None:
    """The tries before it count for nothing once the application can be read."""
    sim.reset(showing(displayName=None))
    await tried(sim, 2)
    sim.post_reset(world())
    assert (await sim.run(TASK)).outcome == "removed"


@pytest.mark.parametrize("value", [None, {}, "none"])
@pytest.mark.parametrize("name", ["passwordCredentials", "keyCredentials"])
async def test_an_answer_without_a_list_is_an_outage_however_often(sim: RealSimulator, name: str, value: Any) -> None:
    """Nothing can be said of the application then, so no try counts."""
    sim.reset(showing(**{name: value}))
    assert await tried(sim, TRIES + 1) == [("failed", "open", None)] * (TRIES + 1)
    assert sim.removals() == []


OTHERS: dict[str, dict[str, Any]] = {
    "no key id": {"keyId": None},
    "a key id that is none": {"keyId": "odd"},
    "a key id that is a number": {"keyId": 5},
    "no end": {"endDateTime": None},
    "an end that is none": {"endDateTime": "never"},
    "a hint that is a number": {"hint": 5},
    "a type that is a list": {"type": []},
    "an identifier that is a number": {"customKeyIdentifier": 5},
    "a name that is a number": {"displayName": 5},
}


@pytest.mark.parametrize("other", [LIVE_SECRET, EXPIRED_CERT])
@pytest.mark.parametrize("scenario", OTHERS)
async def test_an_odd_credential_of_others_is_left_alone(sim: RealSimulator, scenario: str, other: str) -> None:
    """The asked one is removed all the same, and the odd one must survive like every other."""
    sim.reset(showing(other, **OTHERS[scenario]))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("removed", "closed"), result.reason
    assert_nothing_unmeant(sim, EXPIRED_SECRET)
    (intent,) = [record for record in sim.evidence() if record["what"] == "intent"]
    assert len(intent["survivors"]) == 3


@pytest.mark.parametrize("scenario", ["no key id", "a key id that is none", "a hint that is a number"])
async def test_an_odd_credential_does_not_stand_in_a_proofs_way(sim: RealSimulator, scenario: str) -> None:
    """RemoveKey names one certificate, so the others do not matter."""
    sim.reset(showing(LIVE_SECRET, certificate_parameters(), **OTHERS[scenario]))
    result = await sim.run(TASK)
    assert (result.outcome, result.route) == ("removed", "removeKey"), result.reason
    unread = "keyId" in OTHERS[scenario]
    assert ["no keyId that can be read; it is left alone" in one for one in result.warnings] == [True] * unread


@pytest.mark.parametrize("other", [LIVE_SECRET, LIVE_CERT])
async def test_a_list_with_an_entry_that_cannot_be_read_is_not_written_again(sim: RealSimulator, other: str) -> None:
    """PATCH would have to send it back; the hand-over names it."""
    odd = showing(other, certificate_parameters(), keyId=None)
    odd["passwordstate"]["documents"] = []
    odd["tenants"][0]["clients"][0]["roles"] = ["Application.ReadWrite.All", "AuditLog.Read.All"]
    sim.reset(odd)
    result = await sim.run(TASK, None, **PATCH)
    assert (result.outcome, result.ticket.value) == ("failed", "handed-off"), result.reason
    assert "cannot be read" in (result.reason or "")
    assert "Credentials[1]" in (result.reason or "")
    assert "patch" not in sim.writes()


async def test_a_resumed_removal_beside_an_odd_credential_is_proven(sim: RealSimulator) -> None:
    """It stood there before, as the intent on record shows, so it is not the one that was removed."""
    sim.reset(showing(LIVE_SECRET, keyId=None))
    sim.faults(fault("graph", "removePassword", "reset", "after"), fault("graph", "read-application", "503"))
    assert (await sim.run(TASK)).outcome == "cannot-tell"
    sim.faults()
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("removed", "closed"), result.reason


async def test_a_removed_credential_that_turns_odd_is_not_called_gone(sim: RealSimulator) -> None:
    """204, and then an entry without a key id that was not there before: reads cannot tell."""
    sim.reset(world())
    sim.faults(fault("graph", "removePassword", "noop"), fault("graph", "read-application", "503"))
    assert (await sim.run(TASK)).outcome == "cannot-tell"
    sim.faults()
    sim.post_reset(showing(EXPIRED_SECRET, keyId=None))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("failed", "open"), result.reason
    assert "passwordCredentials[0]" in (result.reason or "")


class Turning(QuickClock):
    """At the first pause, which is that before the first read of a verification, the world becomes another one."""

    def __init__(self, sim: RealSimulator, other: dict[str, Any]) -> None:
        super().__init__()
        self._sim, self._other = sim, other

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if len(self.sleeps) == 1:
            self._sim.post_reset(self._other)


async def test_reads_that_may_hide_the_credential_prove_nothing(sim: RealSimulator) -> None:
    """204 without effect, and then an entry without a key id that was not there when it was planned."""
    sim.reset(world())
    sim.faults(fault("graph", "removePassword", "noop"))
    result = await sim.run(TASK, Turning(sim, showing(EXPIRED_SECRET, keyId=None)))
    assert (result.outcome, result.ticket.value) == ("cannot-tell", "open"), result.reason


@pytest.mark.parametrize("told", ["#microsoft.graph.agentIdentityBlueprint", "#microsoft.graph.somethingNew"])
async def test_an_object_of_a_derived_type_is_handed_over_by_that_name(sim: RealSimulator, told: str) -> None:
    """Guard G2: it answers under /applications, and is none."""
    sim.reset(of_type(told))
    result = await sim.run(TASK)
    assert (result.outcome, result.guard, result.ticket.value) == ("refused", "G2", "handed-off")
    assert told.rpartition(".")[2] in (result.reason or "")
    assert sim.removals() == []


async def test_an_application_that_says_that_it_is_one_is_one(sim: RealSimulator) -> None:
    """The name of the type alone is nothing odd."""
    sim.reset(of_type("#microsoft.graph.application"))
    assert (await sim.run(TASK)).outcome == "removed"
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]
    assert APP in {one["app_id"] for one in sim.removals()}
