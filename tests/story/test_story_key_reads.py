"""The story on real parts: Graph's 150 reads a minute that select `keyCredentials`, and what is compared without them."""

import json
import re
import urllib.request
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from fault_rules import assert_nothing_unmeant, fault
from real_simulator import QuickClock, RealSimulator, SteppingClock, Steps
from worlds import (
    APP,
    EXPIRED_CERT,
    EXPIRED_SECRET,
    LIVE_CERT,
    LIVE_SECRET,
    TASK,
    certificate_parameters,
    sales,
    without,
    world,
)

from spentkey.adapters.entra import batch, client
from spentkey.bootstrap.context import context_for
from spentkey.core.credential import Credential
from spentkey.core.fingerprint import fingerprint_of_0_1
from spentkey.ports.directory import Directory

SELECTED = "id,appId,displayName,passwordCredentials,keyCredentials"


def everything(sim: RealSimulator) -> list[dict[str, Any]]:
    """Every request to Graph, the parts of a batch too."""
    with urllib.request.urlopen(f"{sim.control}/journal") as response:  # noqa: S310  # with what `journal` leaves out
        entries = cast("list[dict[str, Any]]", json.load(response)["entries"])
    return [entry for entry in entries if entry["system"] == "graph"]


def key_reads(sim: RealSimulator) -> int:
    """How many reads selected the keys."""
    return sum("keyCredentials" in entry["path"] for entry in everything(sim) if not entry["write"])


def throttled(sim: RealSimulator) -> int:
    """How often Graph said 429."""
    return sum(entry["status"] == 429 for entry in everything(sim))


async def test_a_removal_of_a_secret_selects_no_keys(sim: RealSimulator) -> None:
    """Neither to judge nor to prove."""
    assert (await sim.run(TASK)).outcome == "removed"
    assert key_reads(sim) == 0


async def test_a_removal_of_a_certificate_selects_them_once(sim: RealSimulator) -> None:
    """To match a signer."""
    sim.reset(world(certificate_parameters()))
    assert (await sim.run(TASK)).outcome == "removed"
    assert key_reads(sim) == 1


@pytest.mark.parametrize(
    "asked",
    [
        certificate_parameters(SecretID=LIVE_CERT),
        certificate_parameters(SecretID="55555555-5555-4555-8555-555555555555"),
        certificate_parameters(AppDisplayName="Payroll"),
    ],
    ids=["not expired", "not there", "another name"],
)
async def test_a_certificate_that_is_not_removed_costs_none(sim: RealSimulator, asked: list[list[Any]]) -> None:
    """What the guards refuse needs no signer."""
    sim.reset(world(asked))
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    assert key_reads(sim) == 0


async def test_an_application_without_service_principal_costs_none(sim: RealSimulator) -> None:
    """Nobody can sign for it."""
    sim.reset(world(certificate_parameters(), application={"service_principal": None}))
    assert (await sim.run(TASK)).ticket.value == "handed-off"
    assert key_reads(sim) == 0


class Moving(SteppingClock):
    """Sleeping moves every clock on, that of the machine too."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.slept)


def with_entra(asked: list[list[Any]] | None = None, **entra: Any) -> dict[str, Any]:
    """The world with such a tenant."""
    return world(asked) | {"entra": entra}


@pytest.mark.parametrize("keys_quota", ["together", "apart"])
async def test_many_reads_with_keys_meet_no_429(sim: RealSimulator, keys_quota: str) -> None:
    """Two processes of one machine, as fast as they may: no minute sees more than 150 of both together."""
    sim.reset(with_entra(keys_quota=keys_quota))
    clock = Moving(sim)
    async with directory_of(sim, clock) as here, directory_of(sim, clock) as there:
        application = (await here.look(APP)).application
        assert application is not None
        for nth in range(200):
            await (here, there)[nth % 2].read_with_keys(application)
    assert (key_reads(sim), throttled(sim)) == (200, 0)
    assert clock.slept < 100


@asynccontextmanager
async def directory_of(sim: RealSimulator, clock: QuickClock) -> AsyncGenerator[Directory]:
    """The tenant's directory as one process sees it."""
    async with context_for(sim.settings(), Steps(), use_proxies=False, clock=clock) as context:
        yield await context.directories.open(context.rules.tenants[0])


async def test_a_limit_that_others_have_used_up_is_waited_for(sim: RealSimulator) -> None:
    """The other tools of the tenant share it: 429 with Retry-After, then it goes on."""
    sim.reset(world(certificate_parameters()))
    refusal = fault("graph", "read-application", "429", nth=1, params={"retry_after": 7})
    sim.faults(refusal)
    clock = SteppingClock(sim)
    assert (await sim.run(TASK, clock)).outcome == "removed"
    assert 7.0 in clock.sleeps


async def test_where_plain_reads_count_after_all_they_join_the_pace(sim: RealSimulator) -> None:
    """The documents exempt them, nobody has measured it. One 429 tells; after it no more come."""
    sim.reset(with_entra(keys_quota="every-read"))
    async with directory_of(sim, Moving(sim)) as directory:
        application = (await directory.look(APP)).application
        assert application is not None
        for _ in range(400):
            assert (await directory.read(application)).application is not None
        refused = throttled(sim)
        assert (await directory.look(APP)).principal is not None
    assert (refused, throttled(sim), key_reads(sim)) == (1, 1, 0)


async def test_two_notations_of_one_moment_are_no_change(sim: RealSimulator) -> None:
    """Reads that select the keys write whole seconds, the others seven decimals."""
    for asked, key_id in ((None, EXPIRED_SECRET), (certificate_parameters(), EXPIRED_CERT)):
        sim.reset(with_entra(asked, long_times=True))
        result = await sim.run(TASK)
        assert (result.outcome, result.ticket.value) == ("removed", "closed"), result.reason
        assert_nothing_unmeant(sim, key_id)


def as_0_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 0.1 selected the keys in every look, and its fingerprint covered every byte."""
    plain = batch.batch_of_two

    def selecting(app_id: str) -> dict[str, Any]:
        body = plain(app_id)
        for part, more in zip(body["requests"], (",tokenEncryptionKeyId", ""), strict=True):
            part["url"] += f"?$select={SELECTED}{more}"
        return body

    monkeypatch.setattr(client, "batch_of_two", selecting)
    monkeypatch.setattr(Credential, "fingerprint", property(lambda self: fingerprint_of_0_1(self.raw)))


RELATIVE = re.compile(r"([+-]\d+)d")
BEGUN = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  # once, so that two worlds have the same times


def absolute(value: Any) -> Any:
    """The same world with moments that stay as they are when it is made again."""
    if isinstance(value, dict):
        return {name: absolute(one) for name, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [absolute(one) for one in cast("list[Any]", value)]
    found = RELATIVE.fullmatch(value) if isinstance(value, str) else None
    return f"{BEGUN + timedelta(days=int(found[1])):%Y-%m-%dT%H:%M:%SZ}" if found else value


def hinted(**changes: Any) -> dict[str, Any]:
    """The world with that application, whose secrets keep their hints when it is made again."""
    application = sales(**changes)
    application["passwords"] = [{"hint": "abc", **one} for one in application["passwords"]]
    made: dict[str, Any] = absolute(world(application=application))
    return made


REMOVED = without(sales(), EXPIRED_SECRET)


async def removed_by(sim: RealSimulator) -> None:
    """The secret was removed, and the run stopped before a read could prove it."""
    sim.reset(hinted())
    sim.faults(fault("graph", "removePassword", "reset", "after"), fault("graph", "read-application", "503"))
    first = await sim.run(TASK)
    assert (first.outcome, first.ticket.value) == ("cannot-tell", "open")
    sim.faults()


async def removed_by_0_1(sim: RealSimulator) -> None:
    """The same, by version 0.1."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        as_0_1(monkeypatch)
        await removed_by(sim)
    (intent,) = [record for record in sim.evidence() if record["what"] == "intent"]
    assert [one["fingerprint"].startswith("fp2:") for one in intent["survivors"]] == [False] * 3


async def test_an_intent_of_0_1_is_finished_and_loses_no_survivor(sim: RealSimulator) -> None:
    """One read selects the keys, as 0.1 did, because only that can be compared."""
    await removed_by_0_1(sim)
    before = key_reads(sim)
    result = await sim.run(TASK)
    assert (result.outcome, result.attribution, result.ticket.value) == ("removed", "presumed", "closed")
    assert key_reads(sim) - before == 1
    assert_nothing_unmeant(sim, EXPIRED_SECRET)


async def test_an_intent_of_this_version_needs_no_keys(sim: RealSimulator) -> None:
    """Whatever notation the reads have that compare it."""
    await removed_by(sim)
    sim.post_reset(hinted(**REMOVED) | {"entra": {"long_times": True}})
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value, key_reads(sim)) == ("removed", "closed", 0), result.reason


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "a certificate gone": ({"certificates": [{"key_id": EXPIRED_CERT, "certificate": "old"}]}, LIVE_CERT),
    "another certificate under its key id": (
        {
            "certificates": [
                {"key_id": EXPIRED_CERT, "certificate": "old"},
                {"key_id": LIVE_CERT, "certificate": "stranger"},
            ]
        },
        LIVE_CERT,
    ),
    "a secret gone": ({"passwords": []}, LIVE_SECRET),
    "a secret renamed": (
        {"passwords": [{"key_id": LIVE_SECRET, "display_name": "newer", "start": "-40d", "end": "+300d"}]},
        LIVE_SECRET,
    ),
    "a secret that ends a day later": (
        {"passwords": [{"key_id": LIVE_SECRET, "display_name": "new", "start": "-40d", "end": "+301d"}]},
        LIVE_SECRET,
    ),
}


@pytest.mark.parametrize("first", [removed_by_0_1, removed_by])
@pytest.mark.parametrize("change", CHANGES)
async def test_a_lost_survivor_is_noticed_whichever_version_began(
    sim: RealSimulator, change: str, first: Callable[[RealSimulator], Awaitable[None]]
) -> None:
    """Gone, another one, or changed by a word or a day."""
    changes, key_id = CHANGES[change]
    await first(sim)
    sim.post_reset(hinted(**{**REMOVED, **changes}))
    result = await sim.run(TASK)
    assert (result.outcome, result.ticket.value) == ("failed", "handed-off"), result.reason
    (lost,) = [record["lost"] for record in sim.evidence() if record["what"] == "survivor-lost"]
    assert [one["key_id"] for one in lost] == [key_id]
