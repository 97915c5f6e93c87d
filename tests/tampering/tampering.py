"""One case: a copy of real evidence, one edit to its store, to an export of it or to the tickets, and everybody's verdict."""

import json
import os
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import export_edits
import store_edits
import ticket_edits
from click.testing import CliRunner
from click.testing import Result as ClickResult
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from findable import Before, Beside, findable, why_not
from harvest import Harvest
from spoilt_store import Server
from store_edits import OTHER_KEY, Edit, Effort
from stored_log import Json, StoredLog

from spentkey.cli.main import cli
from spentkey.core.checkpoint import VerifierKey

KEY_FILE = "signing.key"


@dataclass(frozen=True)
class Told:
    """What became of a case; `wrong` is empty where all is as it must be."""

    what: str
    became: str
    wrong: str = ""


def _called(*words: str) -> ClickResult:
    """A command of `spentkey evidence`, by the configuration's file alone."""
    nothing = {name: None for name in os.environ if name.startswith("SPENTKEY_")}
    return CliRunner(env=nothing).invoke(cli, ["evidence", *words])


def verdict(spoilt: Harvest, *words: str) -> tuple[int, Json]:
    """What `spentkey evidence verify` says, with its exit code; nobody is asked who is not named."""
    ended = _called("verify", *words, "--json", "--config", str(spoilt.config))
    if not ended.stdout.strip():
        return ended.exit_code, {"holds": False, "faults": [], "said": ended.stderr}
    told: Json = json.loads(ended.stdout)
    assert (ended.exit_code == 0) == told["holds"], ended.output
    return ended.exit_code, told


def key_of(harvest: Harvest) -> tuple[Ed25519PrivateKey, str]:
    """The private key of that evidence, and how its public part is written."""
    private = load_pem_private_key((harvest.state / KEY_FILE).read_bytes(), None)
    assert isinstance(private, Ed25519PrivateKey)
    origin = harvest.store.read().origin()
    return private, str(VerifierKey(origin, private.public_key().public_bytes_raw()))


def play(seed: int, harvest: Harvest, folder: Path, server: Server | None = None) -> Told:
    """Spoil a copy in that folder, which is made and removed; its evidence is in a database, where there is a server."""
    rng = random.Random(seed)  # noqa: S311  # a replayable case
    shutil.rmtree(folder, ignore_errors=True)
    spoilt = harvest.copied_to(folder, server)
    scene = rng.choice(
        [untouched, a_store, a_store, a_store, nodes, a_checkpoint, columns, tickets, an_export, reexported]
    )
    try:
        return scene(rng, spoilt)
    finally:
        shutil.rmtree(folder)


def held(rng: random.Random, log: StoredLog, folder: Path) -> tuple[Path, int]:
    """A checkpoint that somebody holds from before, in a file of his."""
    one = rng.choice(log.checkpoints)
    file = folder / "held-checkpoint"
    file.write_text(one.note, "utf-8")
    return file, one.size


def words_of(beside: Beside, key: str, file: Path) -> Sequence[str]:
    """The options that bring the beside in."""
    return {
        Beside.STORE: (),
        Beside.KEY: ("--key", key),
        Beside.CHECKPOINT: ("--checkpoint", str(file)),
        Beside.DESK: ("--desk",),
    }[beside]


def judged(what: str, must: bool, code: int, told: Json, reason: str = "") -> Told:
    """Whether it was found where it must be; every fault has its kind, and the exit code says so."""
    if must and (told["holds"] or code != 3 or not told["faults"]):
        return Told(what, "missed", f"not found: exit {code}, {json.dumps(told)[:600]}")
    if not must and not told["holds"]:
        return Told(what, "accused", f"found where nothing shows it: exit {code}, {json.dumps(told)[:600]}")
    return Told(what, "found" if must else f"not findable: {reason}")


def untouched(rng: random.Random, spoilt: Harvest) -> Told:
    """Every beside at once, and an export of it: nothing is found."""
    log = spoilt.store.read()
    file, _ = held(rng, log, spoilt.folder)
    _, key = key_of(spoilt)
    code, told = verdict(spoilt, "--key", key, "--checkpoint", str(file), "--desk")
    if (code, told["holds"]) == (0, True):
        archive = exported(rng, spoilt)
        code, told = verdict(spoilt, str(archive), "--key", key, "--checkpoint", str(file))
    wrong = "" if (code, told["holds"]) == (0, True) else f"accused: exit {code}, {json.dumps(told)[:600]}"
    return Told("untouched", "untouched, and not accused", wrong)


def a_store(rng: random.Random, spoilt: Harvest) -> Told:
    """An edit of records, held against one beside."""
    private, key = key_of(spoilt)
    edit, before, file, log = _edited(rng, spoilt, private)
    beside = rng.choice(list(Beside))
    what = f"{edit.name} at {edit.first}, {edit.effort.name.lower()}, by {beside}"
    must = findable(edit, before, log.lines, beside)
    code, told = verdict(spoilt, *words_of(beside, key, file))
    return judged(what, must, code, told, why_not(edit, beside))


def _edited(
    rng: random.Random, spoilt: Harvest, private: Ed25519PrivateKey, least: Effort = Effort.EDIT
) -> tuple[Edit, Before, Path, StoredLog]:
    """Edit the store; what was there before, and the checkpoint that somebody holds."""
    log = spoilt.store.read()
    file, size = held(rng, log, spoilt.folder)
    lines, sizes = list(log.lines), [one.size for one in log.checkpoints]
    edit = store_edits.edited(rng, log, private, least)
    spoilt.store.write(log)
    if edit.effort >= Effort.DROP:
        (spoilt.state / f"{KEY_FILE}.last").unlink(missing_ok=True)
    if edit.effort is Effort.OTHER_KEY:
        if rng.random() < 0.5:
            (spoilt.state / f"{KEY_FILE}.pub").unlink(missing_ok=True)
        (spoilt.state / KEY_FILE).write_bytes(
            OTHER_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
    published = (spoilt.state / f"{KEY_FILE}.pub").exists()
    return edit, Before(lines, sizes, size, published), file, log


def nodes(rng: random.Random, spoilt: Harvest) -> Told:
    """The stored tree is another than the records'."""
    log = spoilt.store.read()
    what = store_edits.nodes_spoilt(rng, log)
    spoilt.store.write(log)
    return judged(f"the tree: {what}", True, *verdict(spoilt))


def a_checkpoint(rng: random.Random, spoilt: Harvest) -> Told:
    """A checkpoint that nobody signed so."""
    log = spoilt.store.read()
    what = store_edits.checkpoint_spoilt(rng, log)
    spoilt.store.write(log)
    return judged(f"a checkpoint: {what}", True, *verdict(spoilt))


def columns(rng: random.Random, spoilt: Harvest) -> Told:
    """What a record is found by is another than its line says."""
    column = spoilt.store.another_column(rng)
    return judged(f"the column {column}", True, *verdict(spoilt))


def tickets(rng: random.Random, spoilt: Harvest) -> Told:
    """A note says something else of the log, or is gone."""
    what = ticket_edits.edited(rng, spoilt.folder / "requests")
    assert what is not None, "no note names the log"
    code, told = verdict(spoilt, "--desk")
    if any("is not as Spentkey writes it" in one for one in told.get("not_checked", ())):
        return Told(f"a ticket: {what}", "found: a log that cannot be read is named")
    return judged(f"a ticket: {what}", True, code, told)


def exported(rng: random.Random, spoilt: Harvest) -> Path:
    """An export of all of it, or of one tenant's or one task's removals."""
    file = spoilt.folder / "export.zip"
    filters = rng.choice([(), (), ("--tenant", "production"), ("--task", "task-40021"), ("--since", "2020-01-01")])
    ended = _called("export", str(file), *filters, "--config", str(spoilt.config))
    assert ended.exit_code == 0, ended.output
    return file


def an_export(rng: random.Random, spoilt: Harvest) -> Told:
    """An edit of an export, by somebody without any key."""
    file = exported(rng, spoilt)
    archive = export_edits.Archive.read(file)
    what, must = export_edits.edited(rng, archive)
    archive.write(file)
    reason = "it retells, and the manifest was made to fit: nothing rests on it"
    code, told = verdict(spoilt, str(file))
    if must and code == 4 and "said" in told:
        return Told(f"an export: {what}", "found: it cannot be read")
    return judged(f"an export: {what}", must, code, told, reason)


def reexported(rng: random.Random, spoilt: Harvest) -> Told:
    """A store that was written anew with a key, and then exported: the file agrees with itself."""
    private, key = key_of(spoilt)
    edit, before, file, log = _edited(rng, spoilt, private, Effort.OTHER_KEY)
    archive = exported(rng, spoilt)
    beside = rng.choice([Beside.STORE, Beside.KEY, Beside.CHECKPOINT])
    must = findable(edit, replace(before, published=False), log.lines, beside)
    code, told = verdict(spoilt, str(archive), *words_of(beside, key, file))
    what = f"an export of {edit.name} at {edit.first}, {edit.effort.name.lower()}, by {beside}"
    if must and told.get("not_checked") and not told["faults"] and beside is Beside.CHECKPOINT:
        return Told(what, "not findable: the held checkpoint is outside of what was exported")
    return judged(what, must, code, told, why_not(edit, beside))
