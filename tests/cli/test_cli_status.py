"""`spentkey status` as a process: it reads only, and says what it could not read."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from commands import Ended, fits, spentkey
from evidence_store import evidence_in, lines_in, put_lines
from fault_rules import fault
from own_sign_in import PASSWORD, certificate, federated_token, own_world, put_pfx, signs_in_by
from real_simulator import RealSimulator
from worlds import AUTOMATION, CANARIES, world

HINT = CANARIES["automation secret"][:3]
"""What Graph shows of the secret that the automation signs in with."""
LOST: dict[str, Any] = {"task": 40021, "tenant": "production", "route": "removePassword", "app_id": "a", "lost": []}


def status(sim: RealSimulator, home: Path, *arguments: str) -> Ended:
    """Run the command on the simulator's configuration."""
    return spentkey("status", "--config", str(sim.config), *arguments, home=home)


def told(ended: Ended) -> dict[str, Any]:
    """The object that it printed."""
    value = ended.json()
    fits(value, "status.schema.json")
    return value


def with_own_application() -> dict[str, Any]:
    """A world whose directory shows the automation's own app registration."""
    made = world()
    mine = {
        "app_id": AUTOMATION,
        "display_name": "Automation",
        "object_id": "1c1c1c1c-1111-4111-8111-111111111111",
        "certificates": [],
        "passwords": [
            {"key_id": "5ff382ee-6b0d-4f53-8a39-0d7c4be1f0a1", "display_name": "old", "start": "-400d", "end": "-30d"},
            {"key_id": "5ff382ee-6b0d-4f53-8a39-0d7c4be1f0a2", "hint": HINT, "start": "-30d", "end": "+40d"},
        ],
    }
    made["tenants"][0]["applications"].append(mine)
    return made


async def test_nothing_is_stopped_and_one_task_is_open(sim: RealSimulator, tmp_path: Path) -> None:
    """It makes no store, and writes nowhere."""
    before = sim.state.exists()
    value = told(status(sim, tmp_path, "--json"))
    assert (value["queue"], value["stops"], value["paused"]) == (1, [], False)
    assert (value["last_scan"], value["last_checkpoint"]) == (None, None)
    assert (sim.evidence(), sim.state.exists(), sim.removals()) == ([], before, [])


async def test_stops_and_pauses_are_shown(sim: RealSimulator, tmp_path: Path) -> None:
    """With all that a stop is; and in words for people."""
    await evidence_in(sim.state).append("survivor-lost", LOST)
    value = told(status(sim, tmp_path, "--json"))
    assert ([one["scope"] for one in value["stops"]], value["paused"]) == (
        ["application:a", "route:production/removePassword"],
        False,
    )
    await evidence_in(sim.state).append("paused", {"who": "ops", "why": "change of keys"})
    assert told(status(sim, tmp_path, "--json"))["paused"] is True
    words = status(sim, tmp_path)
    assert (words.code, "1 open" in words.out, "stop 1" in words.out, "change of keys" in words.out) == (0, *[True] * 3)


async def test_our_own_credential_that_ends_first_is_shown(sim: RealSimulator, tmp_path: Path) -> None:
    """With its end and the whole days until then."""
    sim.reset(with_own_application())
    value = told(status(sim, tmp_path, "--json"))
    (one,) = [each for each in value["credentials"] if each["ends"]]
    assert (one["kind"], one["days"] in (39, 40)) == ("secret", True)
    assert "days left" in status(sim, tmp_path).out


async def test_our_own_certificate_is_shown_with_its_end(sim: RealSimulator, tmp_path: Path) -> None:
    """The one that signed in."""
    found = certificate(end=timedelta(days=100))
    sim.reset(own_world(found))
    put_pfx(tmp_path / "own.pfx", found)
    way = f'client_id = "{AUTOMATION}"\ncertificate = {{ file = "own.pfx" }}\ncertificate_password = {{ env = "PFX" }}'
    config = str(signs_in_by(sim, tmp_path, way))
    ended = spentkey("status", "--config", config, "--json", home=tmp_path, PFX=PASSWORD)
    (one,) = [each for each in told(ended)["credentials"] if each["tenant"] == "production"]
    assert (one["kind"], one["days"]) == ("certificate", 99)
    assert one["ends"] == found.not_valid_after_utc.isoformat()


async def test_a_federated_token_is_shown_without_an_end(sim: RealSimulator, tmp_path: Path) -> None:
    """And people read that it does not end."""
    sim.reset(own_world())
    (tmp_path / "token").write_text(federated_token(sim))
    config = str(signs_in_by(sim, tmp_path, f'client_id = "{AUTOMATION}"\nfederated_token_file = "token"'))
    (one,) = [
        each
        for each in told(spentkey("status", "--config", config, "--json", home=tmp_path))["credentials"]
        if each["tenant"] == "production"
    ]
    assert one == {"tenant": "production", "kind": "federated-token", "ends": None, "days": None}
    words = spentkey("status", "--config", config, home=tmp_path).out
    assert "production   signs in with a federated token, which does not end" in words


async def test_what_cannot_be_read_is_named(sim: RealSimulator, tmp_path: Path) -> None:
    """Exit 4; the rest is shown all the same."""
    sim.faults(fault("ivanti", "task-query", "503"))
    ended = status(sim, tmp_path, "--json")
    value = told(ended)
    assert (ended.code, value["queue"], value["stops"]) == (4, None, [])
    assert "spentkey: queue: " in ended.err


async def test_evidence_that_cannot_be_believed_shows_no_stops_rather_than_none(
    sim: RealSimulator, tmp_path: Path
) -> None:
    """Null is not an empty list."""
    await evidence_in(sim.state).append("survivor-lost", LOST)
    put_lines(sim.state, [line.replace('"app_id":"a"', '"app_id":"b"') for line in lines_in(sim.state)])
    ended = status(sim, tmp_path, "--json")
    value = told(ended)
    assert (ended.code, value["stops"], value["paused"], value["queue"]) == (4, None, None, 1)
    assert "stops        not known" in status(sim, tmp_path).out


def test_a_missing_configuration_is_one_line(tmp_path: Path) -> None:
    """It names the file that was looked for."""
    message = spentkey("status", home=tmp_path)
    (line,) = message.complaints()
    assert (message.code, "spentkey.toml" in line) == (2, True)
