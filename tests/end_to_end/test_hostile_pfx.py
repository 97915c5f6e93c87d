"""PFX files that are hostile, damaged or unfit, each through the whole story; `tests/vectors/make_hostile_pfx.py` made them.

The certificate in a file (or the one that belongs to its key) is registered on the application, so that nothing but
the flaw that gives the file its name keeps it from signing.
"""

import base64
import importlib.util
import time
from pathlib import Path
from typing import Any

import costly_pfx
import pytest
from fault_rules import assert_nothing_unmeant
from real_simulator import QuickClock, RealSimulator, Steps
from worlds import CANARIES, EXPIRED_CERT, LIVE_CERT, REF, TASK, certificate_entry, certificate_parameters, sales, world

from spentkey.adapters.pfx_child.opener import PfxInChild
from spentkey.bootstrap.context import context_for
from spentkey.story import work_on

FOLDER = Path(__file__).parents[1] / "vectors" / "hostile_pfx"
HANDED_OVER, REMOVED = ("failed", "handed-off", 3), ("removed", "closed", 0)
PASSWORDS = {"good-unicode-password": "w\u00e4chtwoord-\u20ac-\U0001f511", "good-not-encrypted": ""}
NO_PFX, LOCKED = "not a readable PFX (PKCS#12) file", "no password at hand opens the file"
REASONS = {
    "zero-bytes": NO_PFX,
    "pem": NO_PFX,
    "only-the-certificate": LOCKED,
    "truncated": NO_PFX,
    "length-beyond-the-file": NO_PFX,
    "nested-deep": NO_PFX,
    "nested-deep-octets": NO_PFX,
    "other-password": LOCKED,
    "damaged-mac": LOCKED,
    "no-key": "no private key with its certificate",
    "no-certificate": "no private key with its certificate",
    "others-certificate-only": "no private key with its certificate",
    "elliptic-curve": "not an RSA key",
    "ed25519": "not an RSA key",
    "expired": "not valid now (it ends 2026-03-01)",
    "not-yet-valid": "not valid now",
    "of-another-application": "not registered on the application",
    "same-key-other-certificate": "not registered on the application",
    "many-rounds-inside": "2147483647 key-derivation rounds",
    "rsa-512": "the RSA key has 512 bits, which is too short to sign",
}
GOOD = sorted(file.stem for file in FOLDER.glob("good-*.pfx"))
LONGEST_S = 20.0
"""Far less than any of these files would cost that is opened as it asks to be."""


def der_of(name: str) -> bytes:
    """The certificate that is registered for a file."""
    own = FOLDER / f"{name}.der"
    return (own if own.exists() else FOLDER / "good-modern.der").read_bytes()


def holding(*names: str, contents: dict[str, bytes] | None = None) -> dict[str, Any]:
    """A world where the vault holds these files, and the application has the certificates of all of them."""
    given = contents or {}
    found = {name: given[name] if name in given else (FOLDER / f"{name}.pfx").read_bytes() for name in names}
    documents = [
        {
            "id": 501 + number,
            "owner": 1301,
            "name": f"{name}.pfx",
            "content": {"base64": base64.b64encode(content).decode()},
        }
        for number, (name, content) in enumerate(found.items())
    ]
    password = PASSWORDS.get(names[0], "vector")
    ders = dict.fromkeys(der_of(name) for name in names)
    keys = [{"key_id": EXPIRED_CERT, "certificate": "old"}]
    keys += [{"key_id": f"{LIVE_CERT[:-1]}{n}", "certificate": f"given-{n}"} for n in range(len(ders))]
    made = world(
        certificate_parameters(),
        application=sales(certificates=keys),
        entries=[certificate_entry(password=password)],
        documents=documents,
    )
    made["certificates"] |= {f"given-{n}": {"der": base64.b64encode(der).decode()} for n, der in enumerate(ders)}
    return made


async def ending(sim: RealSimulator) -> tuple[str, str, int]:
    """Run the task, check what holds for every file, and say how it ended."""
    began = time.monotonic()
    result = await sim.run(TASK)
    assert time.monotonic() - began < LONGEST_S
    assert_nothing_unmeant(sim, EXPIRED_CERT)
    assert CANARIES["pki password"] not in str(sim.task(TASK))
    return result.outcome, result.ticket.value, result.exit_code


@pytest.mark.parametrize("name", REASONS)
async def test_a_file_with_a_flaw_removes_nothing(sim: RealSimulator, name: str) -> None:
    """Handed over; the note names the document and the flaw."""
    sim.reset(holding(name))
    assert await ending(sim) == HANDED_OVER
    assert sim.removals() == []
    assert "removeKey" not in sim.writes()
    (note,) = sim.task(TASK)["notes"]
    assert f"{name}.pfx (document 501): " in note["body"]
    assert REASONS[name] in note["body"]


@pytest.mark.parametrize("name", GOOD)
async def test_a_file_without_a_flaw_signs(sim: RealSimulator, name: str) -> None:
    """A chain, a second certificate, old ciphers, any password: the same story ends with the removal."""
    sim.reset(holding(name))
    assert await ending(sim) == REMOVED
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_CERT]


@pytest.mark.parametrize("name", REASONS)
async def test_a_flawed_file_does_not_spoil_a_good_one(sim: RealSimulator, name: str) -> None:
    """Beside it, a file that fits is found and signs."""
    sim.reset(holding(name, "good-modern"))
    assert await ending(sim) == REMOVED


@pytest.mark.parametrize("name", ["good-modern", "good-chain", "good-legacy-3des"])
async def test_a_file_without_a_flaw_signs_as_base64_too(sim: RealSimulator, name: str) -> None:
    """In lines, as Azure Key Vault and certutil give it."""
    sim.reset(holding(name, contents={name: base64.encodebytes((FOLDER / f"{name}.pfx").read_bytes())}))
    assert await ending(sim) == REMOVED


@pytest.mark.parametrize("name", ["truncated", "many-rounds-inside", "nested-deep", "expired", "only-the-certificate"])
async def test_a_flaw_stays_one_in_base64(sim: RealSimulator, name: str) -> None:
    """Handed over; a certificate alone is told from a PFX."""
    sim.reset(holding(name, contents={name: base64.encodebytes((FOLDER / f"{name}.pfx").read_bytes())}))
    assert await ending(sim) == HANDED_OVER
    assert sim.removals() == []
    (note,) = sim.task(TASK)["notes"]
    assert (NO_PFX if name == "only-the-certificate" else REASONS[name]) in note["body"]


async def test_a_file_over_the_limit_is_not_opened(sim: RealSimulator) -> None:
    """A good file with so many bytes of another certificate in front of its end that it passes a million."""
    large = (FOLDER / "good-modern.pfx").read_bytes() + bytes(1_000_000)
    sim.reset(holding("large", contents={"large": large}))
    assert await ending(sim) == HANDED_OVER
    assert sim.removals() == []
    (note,) = sim.task(TASK)["notes"]
    assert "large.pfx (document 501): the file is larger than 1000000 bytes" in note["body"]


async def test_eleven_files_are_too_many(sim: RealSimulator) -> None:
    """None of them is opened, not even a good one."""
    names = [*(f"copy-{number}" for number in range(10)), "good-modern"]
    copies = dict.fromkeys(names[:-1], (FOLDER / "good-modern.pfx").read_bytes())
    sim.reset(holding(*names, contents=copies))
    assert await ending(sim) == HANDED_OVER
    assert "11 PFX files" in sim.task(TASK)["notes"][0]["body"]
    assert "document" not in [entry["route"] for entry in sim.journal()]


def test_every_file_is_tried_and_the_script_makes_every_file() -> None:
    """No file lies about that no test opens, and none without the script that made it."""
    script = FOLDER.parent / "make_hostile_pfx.py"
    assert importlib.util.spec_from_file_location("made", script) is not None
    names = {file.stem for file in FOLDER.glob("*.pfx")}
    assert names == {*REASONS, *GOOD}
    assert [name for name in names if f'"{name}"' not in script.read_text("utf-8")] == []


async def test_a_file_that_never_ends_is_told_and_the_other_one_signs(sim: RealSimulator) -> None:
    """2,000,000,000 rounds that nobody sees from outside: the limit ends it, in its own process, and the removal goes on."""
    endless = costly_pfx.hidden_rounds(2 * 10**9, b"vector")
    sim.reset(holding("endless", "good-modern", contents={"endless": endless}))
    settings = sim.settings()
    async with context_for(
        settings, Steps(), use_proxies=False, clock=QuickClock(), pfx=PfxInChild(seconds=3)
    ) as context:
        result = await work_on(REF, context)
    assert (result.outcome, result.ticket.value) == ("removed", "closed")
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_CERT]


async def test_a_file_that_never_ends_is_handed_over_alone(sim: RealSimulator) -> None:
    """The note says that the file is beyond its limits."""
    endless = costly_pfx.hidden_rounds(2 * 10**9, b"vector")
    sim.reset(holding("endless", contents={"endless": endless}))
    settings = sim.settings()
    async with context_for(
        settings, Steps(), use_proxies=False, clock=QuickClock(), pfx=PfxInChild(seconds=3)
    ) as context:
        result = await work_on(REF, context)
    assert (result.outcome, result.ticket.value) == ("failed", "handed-off")
    (note,) = sim.task(TASK)["notes"]
    assert (
        "endless.pfx (document 501): the file could not be opened within its limits of 10 s and 150 MB" in note["body"]
    )
