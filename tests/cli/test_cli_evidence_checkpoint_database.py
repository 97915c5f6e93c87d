"""Checkpoints over evidence in PostgreSQL: not signed without a key, and with one by each machine that has it."""

from pathlib import Path
from typing import Any

from commands import Ended, against, fits
from evidence_store import evidence_in
from real_simulator import RealSimulator
from worlds import TASK

from spentkey.core.checkpoint import read_checkpoint
from spentkey.core.note_key import NoteKey

TASK_ARGUMENT = str(TASK)


def machine(home: Path, name: str, database: str, key: bytes | None = None) -> dict[str, str]:
    """The variables of one machine: the database, a state directory, and the key, where it has one."""
    folder = home / name
    folder.mkdir(mode=0o700)
    made = {"SPENTKEY_ENGINE__DATABASE_URL": database, "SPENTKEY_STATE__DIRECTORY": str(folder)}
    if key is not None:
        (folder / "own.key").write_bytes(key)
        (folder / "own.key").chmod(0o600)
        made["SPENTKEY_EVIDENCE__SIGNING_KEY"] = f'{{"file": "{folder / "own.key"}"}}'
    return made


def told(ended: Ended) -> dict[str, Any]:
    """The object that it printed."""
    value = ended.json()
    fits(value, "evidence-checkpoint.schema.json")
    return value


def test_without_a_key_the_tree_is_told_and_nothing_signed(sim: RealSimulator, tmp_path: Path, database: str) -> None:
    """A run ends as always; `check` warns with the line that mends it, and no key is made anywhere."""
    variables = machine(tmp_path, "one", database)
    assert against(sim, tmp_path, "run", TASK_ARGUMENT, **variables).code == 0
    ended = against(sim, tmp_path, "evidence", "checkpoint", **variables)
    origin, size, root = ended.out.splitlines()
    assert (ended.code, "checkpoint, not signed" in ended.err) == (0, True)
    value = told(against(sim, tmp_path, "evidence", "checkpoint", "--json", **variables))
    assert (value["origin"], str(value["size"]), value["root"], value["signed"]) == (origin, size, root, False)
    status = against(sim, tmp_path, "status", "--json", **variables).json()
    fits(status, "status.schema.json")
    assert status["last_checkpoint"] == {
        "size": int(size),
        "root": root,
        "at": None,
        "key": None,
        "signed": False,
    }
    found = against(sim, tmp_path, "check", "--json", **variables).json()["findings"]
    (line,) = [one for one in found if one["system"] == "checkpoints"]
    assert (line["state"], "openssl genpkey -algorithm ed25519" in line["fix"]) == ("warn", True)
    assert not [path for path in tmp_path.rglob("*.key*") if path.is_file()]


def test_machines_with_one_key_sign_one_log(sim: RealSimulator, tmp_path: Path, database: str) -> None:
    """Each has its own memory; a change on one of them is followed when the file is copied."""
    key = NoteKey.from_seed(bytes(range(32))).pem()
    one, two = (machine(tmp_path, name, database, key) for name in ("one", "two"))
    assert against(sim, tmp_path, "run", TASK_ARGUMENT, **one).code == 0
    first = read_checkpoint((tmp_path / "one" / "own.key.last").read_text())
    value = told(against(sim, tmp_path, "evidence", "checkpoint", "--json", **two))
    assert (value["note"], value["new"]) == (first.note, False)
    assert against(sim, tmp_path, "pause", "--why", "x", **two).code == 0
    assert told(against(sim, tmp_path, "evidence", "checkpoint", "--json", **two))["size"] == first.head.size + 1
    changed = against(sim, tmp_path, "evidence", "checkpoint", "--new-key", "--why", "yearly", **one)
    assert (changed.code, len(read_checkpoint(changed.out).signatures)) == (0, 2)
    behind = against(sim, tmp_path, "evidence", "checkpoint", **two)
    assert (behind.code, "signed until now" in behind.err) == (3, True)
    (tmp_path / "two" / "own.key").write_bytes((tmp_path / "one" / "own.key").read_bytes())
    value = told(against(sim, tmp_path, "evidence", "checkpoint", "--json", **two))
    assert (value["note"], value["signed"]) == (changed.out, True)


async def test_a_configured_key_that_is_not_there_is_told_with_the_line_that_makes_it(
    sim: RealSimulator, tmp_path: Path
) -> None:
    """On one machine too; a run works all the same."""
    await evidence_in(sim.state).append("paused", {"who": "ops", "why": "x"})
    variables = {"SPENTKEY_EVIDENCE__SIGNING_KEY": f'{{"file": "{tmp_path / "no.key"}"}}'}
    ended = against(sim, tmp_path, "evidence", "checkpoint", **variables)
    assert (ended.code, "openssl genpkey" in ended.err) == (2, True)
    assert "no checkpoint: evidence.signing_key" in against(sim, tmp_path, "run", TASK_ARGUMENT, **variables).err
