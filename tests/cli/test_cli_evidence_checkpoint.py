"""`spentkey evidence checkpoint` as a process, and the checkpoints that commands make by themselves."""

from pathlib import Path
from typing import Any

import pytest
from commands import Ended, fits, spentkey
from evidence_store import evidence_in, lines_in, put_lines, records_in
from real_simulator import RealSimulator
from worlds import TASK

from spentkey.core.checkpoint import VerifierKey, read_checkpoint

KEY = "signing.key"


def checkpoint(sim: RealSimulator, home: Path, *arguments: str, **environment: str) -> Ended:
    """Run the command on the simulator's configuration."""
    return spentkey("evidence", "checkpoint", "--config", str(sim.config), *arguments, home=home, **environment)


def told(ended: Ended) -> dict[str, Any]:
    """The object that it printed."""
    value = ended.json()
    fits(value, "evidence-checkpoint.schema.json")
    return value


def checked(sim: RealSimulator, home: Path) -> dict[str, dict[str, str]]:
    """The lines of `spentkey check` about checkpoints."""
    found = spentkey("check", "--config", str(sim.config), "--json", home=home).json()["findings"]
    return {one["what"]: one for one in found if one["system"] == "checkpoints"}


def run(sim: RealSimulator, home: Path) -> Ended:
    """Work on the task of the default world."""
    return spentkey("run", str(TASK), "--config", str(sim.config), "--json", home=home)


def test_a_run_signs_what_it_put_on_record(sim: RealSimulator, tmp_path: Path) -> None:
    """Once, after its last record; a second run of the closed task has nothing to add."""
    assert run(sim, tmp_path).code == 0
    last = read_checkpoint((sim.state / f"{KEY}.last").read_text())
    assert last.head.size == len(lines_in(sim.state)) > 0
    before = (sim.state / f"{KEY}.last").stat().st_mtime_ns
    ended = run(sim, tmp_path)
    assert (ended.code, ended.err.count("checkpoint")) == (0, 0)
    assert (sim.state / f"{KEY}.last").stat().st_mtime_ns == before


def test_the_note_is_printed_and_nothing_else(sim: RealSimulator, tmp_path: Path) -> None:
    """So that it can be sent on as it is."""
    run(sim, tmp_path)
    ended = checkpoint(sim, tmp_path)
    assert (ended.code, ended.err, ended.out) == (0, "", (sim.state / f"{KEY}.last").read_text())
    key = VerifierKey.parse((sim.state / f"{KEY}.pub").read_text())
    assert read_checkpoint(ended.out).signed_by(key) is True


async def test_what_was_added_since_is_signed(sim: RealSimulator, tmp_path: Path) -> None:
    """And JSON says whether it is new."""
    await evidence_in(sim.state).append("paused", {"who": "ops", "why": "x"})
    values = [told(checkpoint(sim, tmp_path, "--json")) for _ in range(2)]
    assert [(one["size"], one["signed"], one["new"]) for one in values] == [(1, True, True), (1, True, False)]
    assert values[0]["note"] == values[1]["note"]
    assert values[0]["key"] == (sim.state / f"{KEY}.pub").read_text().strip()


def test_without_a_record_there_is_nothing_to_sign(sim: RealSimulator, tmp_path: Path) -> None:
    """It says so, and makes no key."""
    ended = checkpoint(sim, tmp_path)
    assert (ended.code, ended.out, ended.complaints()) == (
        0,
        "",
        ["spentkey: there is no record yet, so there is nothing to sign"],
    )
    assert not (sim.state / KEY).exists()
    assert told(checkpoint(sim, tmp_path, "--json"))["size"] is None


def test_a_restored_backup_ends_with_3_until_people_say_why(sim: RealSimulator, tmp_path: Path) -> None:
    """Runs go on meanwhile, and say that nothing is signed; their exit code is their own."""
    run(sim, tmp_path)
    put_lines(sim.state, lines_in(sim.state)[:3])
    ended = checkpoint(sim, tmp_path)
    (line,) = ended.complaints()
    assert (ended.code, ended.out, "does not continue the last signed checkpoint" in line) == (3, "", True)
    assert "spentkey evidence checkpoint --restored --why" in line
    value = told(checkpoint(sim, tmp_path, "--json"))
    assert (value["signed"], "--restored" in value["fix"]) == (False, True)
    again_run = run(sim, tmp_path)
    assert again_run.err.count("no checkpoint: the evidence does not continue") == 1
    ended = checkpoint(sim, tmp_path, "--restored", "--who", "ops", "--why", "the disk failed")
    assert (ended.code, ended.err) == (0, "")
    assert [(one["who"], one["why"]) for one in records_in(sim.state) if one["what"] == "restored"] == [
        ("ops", "the disk failed")
    ]
    assert run(sim, tmp_path).err.count("no checkpoint") == 0


def test_the_key_is_changed(sim: RealSimulator, tmp_path: Path) -> None:
    """Both sign, and the new one is in place; no output shows either."""
    run(sim, tmp_path)
    old = (sim.state / f"{KEY}.pub").read_text()
    ended = checkpoint(sim, tmp_path, "--new-key", "--why", "yearly")
    assert (ended.code, ended.err) == (0, "")
    new = (sim.state / f"{KEY}.pub").read_text()
    note = read_checkpoint(ended.out)
    assert [one.key_id for one in note.signatures] == [VerifierKey.parse(one).id for one in (old, new)]
    record = records_in(sim.state)[-1]
    assert (record["what"], record["old"], record["new"]) == ("new-key", old.strip(), new.strip())


def test_a_lost_key_is_replaced_on_record(sim: RealSimulator, tmp_path: Path) -> None:
    """Never in silence."""
    run(sim, tmp_path)
    (sim.state / KEY).unlink()
    assert checkpoint(sim, tmp_path, "--new-key", "--why", "x").code == 3
    assert checkpoint(sim, tmp_path, "--new-key", "--lost", "--why", "the disk of the key failed").code == 0
    assert records_in(sim.state)[-1]["lost"] is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--restored",), "--why: say in a few words what was restored"),
        (("--new-key", "--why", " "), "--why: say in a few words why the key is changed"),
        (("--restored", "--new-key", "--why", "x"), "one after the other"),
        (("--lost",), "--lost: goes with --new-key"),
        (("--why", "x"), "--why: goes with --restored or --new-key"),
        (("--restored", "--why", "x", "--who", " "), "--who: say who says so"),
    ],
    ids=["no-why", "empty-why", "both", "lost-alone", "why-alone", "nobody"],
)
async def test_options_that_do_not_go_together_end_with_2(
    sim: RealSimulator, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """One clear line, and nothing is signed."""
    await evidence_in(sim.state).append("paused", {"who": "ops", "why": "x"})
    ended = checkpoint(sim, tmp_path, *arguments)
    assert (ended.code, ended.out, message in ended.err) == (2, "", True)
    assert not (sim.state / f"{KEY}.last").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660], ids=oct)
def test_a_key_that_others_may_read_signs_nothing(sim: RealSimulator, tmp_path: Path, mode: int) -> None:
    """The line says what mends it; a run works on and says it too."""
    run(sim, tmp_path)
    (sim.state / KEY).chmod(mode)
    ended = checkpoint(sim, tmp_path)
    assert (ended.code, "evidence.signing_key" in ended.err or "state.directory" in ended.err) == (2, True)
    assert "chmod" in ended.err


def test_a_key_that_is_a_link_is_refused(sim: RealSimulator, tmp_path: Path) -> None:
    """As everything in the state directory."""
    run(sim, tmp_path)
    (sim.state / KEY).rename(tmp_path / "elsewhere")
    (sim.state / KEY).symlink_to(tmp_path / "elsewhere")
    ended = checkpoint(sim, tmp_path)
    assert (ended.code, "is a link" in ended.err) == (2, True)


def test_status_and_check_tell_of_the_last_one_and_write_nothing(sim: RealSimulator, tmp_path: Path) -> None:
    """Before there is one, and with one."""
    lines = checked(sim, tmp_path)
    assert {what: one["state"] for what, one in lines.items()} == {"signing key": "ok", "last checkpoint": "ok"}
    assert not (sim.state / KEY).exists()
    run(sim, tmp_path)
    files = {path.name: path.stat().st_mtime_ns for path in sim.state.glob(f"{KEY}*")}
    value = spentkey("status", "--config", str(sim.config), "--json", home=tmp_path).json()
    fits(value, "status.schema.json")
    last, key = value["last_checkpoint"], VerifierKey.parse((sim.state / f"{KEY}.pub").read_text())
    assert (last["size"], last["key"], last["signed"]) == (len(lines_in(sim.state)), key.id.hex(), True)
    assert (
        f"over {last['size']} records, key {last['key']}"
        in spentkey("status", "--config", str(sim.config), home=tmp_path).out
    )
    lines = checked(sim, tmp_path)
    assert str(key) in lines["signing key"]["message"]
    assert "out of backups" in lines["signing key"]["message"]
    assert lines["last checkpoint"]["state"] == "ok"
    assert files == {path.name: path.stat().st_mtime_ns for path in sim.state.glob(f"{KEY}*")}


@pytest.mark.parametrize("what", ["restored", "no-key", "damaged"])
def test_check_fails_where_nothing_can_be_signed(sim: RealSimulator, tmp_path: Path, what: str) -> None:
    """With the line that mends it."""
    run(sim, tmp_path)
    if what == "restored":
        put_lines(sim.state, lines_in(sim.state)[:2])
    elif what == "no-key":
        (sim.state / KEY).unlink()
    else:
        (sim.state / f"{KEY}.last").write_text("nonsense")
    failed = [one for one in checked(sim, tmp_path).values() if one["state"] == "fail"]
    assert failed
    assert all("spentkey evidence checkpoint" in one["fix"] for one in failed)
