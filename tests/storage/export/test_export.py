"""What an export holds, and how it comes to be there: whole, once, and the same bytes each time."""

import errno
import hashlib
import json
import os
import sqlite3
import stat
import zipfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from export_world import (
    BEGAN,
    ORIGIN,
    PROGRAM,
    LogInATree,
    exported,
    judged,
    key_of,
    lines_of,
    names_in,
    note_of,
    proofs_in,
    sealed,
    signer_of,
    stored,
    told,
    unzipped,
    with_manifest,
    zipped,
)
from support_core import NOW

from spentkey.core.checkpoint import signed_note
from spentkey.core.errors import EvidenceBroken, Misconfigured
from spentkey.ports.evidence_tree import Anchor, Filters
from spentkey.storage.export.export import write_export
from spentkey.storage.export.zip_file import ZipInTheMaking, zip_in_the_making
from spentkey.storage.sqlite.tree import SqliteTree

KEY = key_of(1)[1]


def minutes(first: int | None, end: int | None) -> Filters:
    """A period by the minutes of the log: record N is written in minute N."""
    since, until = (BEGAN + timedelta(minutes=one) if one is not None else None for one in (first, end))
    return Filters(since=since, until=until)


def test_an_export_of_all_holds_these_files(whole: dict[str, bytes]) -> None:
    """One from the beginning has nothing before it to continue."""
    names = {name for name in whole if not name.startswith("proofs/")}
    expected = {"records.jsonl", "checkpoint", "keys.txt", "manifest.json", "report.html", "verify.py", "README.txt"}
    assert names == expected


def test_a_period_shows_what_it_goes_on_from(period: dict[str, bytes], lines: list[str]) -> None:
    """Its beginning, signed, and the proof in the form of the reference."""
    assert {"checkpoint-from", "consistency-proof"} <= set(period)
    assert period["checkpoint-from"].decode() == note_of(LogInATree(lines).head(13), 1)
    assert period["consistency-proof"].decode() == LogInATree(lines[:53]).consistency(13)
    assert lines_of(period) == lines[13:53]


def test_what_shows_a_removal_has_a_proof_of_its_own(whole: dict[str, bytes], lines: list[str]) -> None:
    """The intent, the verdict and the closing result of each; of a filtered export every record."""
    expected = [n for n, one in enumerate(lines) if json.loads(one)["what"] in ("intent", "verified", "result")]
    assert proofs_in(whole) == expected


def test_a_proof_is_the_text_of_c2sp(whole: dict[str, bytes], lines: list[str]) -> None:
    """As an independent hand writes it."""
    log = LogInATree(lines)
    assert whole["proofs/18.tlog-proof"].decode() == log.proof(18, note_of(log.head(), 1))


def test_the_manifest_says_what_is_there(period: dict[str, bytes]) -> None:
    """Filters, order, bounds, counts, key, and the hash of each file."""
    manifest = json.loads(period["manifest.json"])
    others = {name: raw for name, raw in period.items() if name != "manifest.json"}
    assert manifest["files"] == {
        n: {"sha256": hashlib.sha256(r).hexdigest(), "size": len(r)} for n, r in others.items()
    }
    told_there = {
        name: manifest[name] for name in ("format", "program", "origin", "filtered", "order", "from", "to", "records")
    }
    assert told_there == {
        "format": 1,
        "program": PROGRAM,
        "origin": ORIGIN,
        "filtered": False,
        "order": "seq",
        "from": 13,
        "to": 53,
        "records": 40,
    }
    assert (manifest["key"], sum(n for what, n in manifest["counts"].items() if " " not in what)) == (str(KEY), 40)
    assert manifest["filters"]["since"] == "2026-07-01T00:13:00+00:00"


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filters(task="40022"), 8),
        (Filters(app="1a1a1a1a-0000-4000-8000-000000000001".upper()), 24),
        (Filters(app="sales & <B>40023</B>"), 8),
        (Filters(tenant="production"), 32),
        (Filters(outcome="removed"), 64),
        (Filters(outcome="refused"), 0),
        (Filters(task="40029"), 3),
        (Filters(tenant="production", since=BEGAN + timedelta(minutes=20)), 24),
        (Filters(task="nobody"), 0),
    ],
    ids=["task", "app-id", "app-name", "tenant", "outcome", "other-outcome", "not-ended", "tenant-and-time", "nothing"],
)
async def test_a_filtered_export_holds_what_belongs_to_those_removals(
    tmp_path: Path, lines: list[str], wanted: Filters, count: int
) -> None:
    """All records of each, a proof for each record, and no word of completeness."""
    contents = await exported(stored(tmp_path / "state", lines), tmp_path / "x.zip", wanted)
    files = unzipped(tmp_path / "x.zip")
    assert (contents.filtered, contents.records, len(lines_of(files)), len(proofs_in(files))) == (
        True,
        count,
        count,
        count,
    )
    assert "checkpoint-from" not in files
    assert judged(tmp_path / "x.zip", KEY)["faults"] == []


@pytest.mark.parametrize(
    ("first", "end", "span"),
    [
        (None, None, (0, 67)),
        (0, 67, (0, 67)),
        (1, 2, (1, 2)),
        (64, None, (64, 67)),
        (None, 64, (0, 64)),
        (500, 600, (67, 67)),
        (31, 33, (31, 33)),
        (32, 67, (32, 67)),
    ],
)
async def test_every_period_verifies(
    tmp_path: Path, lines: list[str], first: int | None, end: int | None, span: tuple[int, int]
) -> None:
    """Wherever it begins and ends, also where nothing happened in it."""
    contents = await exported(stored(tmp_path / "state", lines), tmp_path / "x.zip", minutes(first, end))
    report = judged(tmp_path / "x.zip", KEY)
    assert ((contents.first, contents.end), report["faults"], report["records"]) == (span, [], span[1] - span[0])


async def test_a_log_without_a_record_can_be_exported(tmp_path: Path) -> None:
    """It says that there is none."""
    await exported(stored(tmp_path / "state", []), tmp_path / "x.zip", seed=None)
    assert (judged(tmp_path / "x.zip")["faults"], judged(tmp_path / "x.zip")["size"]) == ([], 0)


async def test_the_same_period_gives_the_same_bytes(tmp_path: Path, lines: list[str]) -> None:
    """Also after the log has grown: two people who ask for it can compare."""
    await exported(stored(tmp_path / "a", lines), tmp_path / "a.zip", minutes(13, 53))
    await exported(stored(tmp_path / "b", sealed(list(told(99)))), tmp_path / "b.zip", minutes(13, 53))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


async def test_a_checkpoint_that_is_kept_over_exactly_the_end_is_used(tmp_path: Path, lines: list[str]) -> None:
    """Nothing is signed a second time, by whatever key signs now."""
    tree, head = stored(tmp_path / "state", lines), LogInATree(lines).head(53)
    await tree.keep_checkpoint(53, note_of(head, 1), NOW)
    await exported(tree, tmp_path / "x.zip", minutes(0, 53))
    assert unzipped(tmp_path / "x.zip")["checkpoint"].decode() == note_of(head, 1)


async def changed_keys(folder: Path, *, lost: bool, signers: tuple[int, ...] = (1, 2)) -> Path:
    """A log in which the second key follows the first, and an export that the second one signs."""
    facts = {"old": str(KEY), "new": str(key_of(2)[1]), "lost": lost, "why": "x", "who": "y"}
    lines = sealed([*told(16), ("new-key", facts), *told(8)])
    tree, log = stored(folder / "state", lines), LogInATree(lines)
    await tree.keep_checkpoint(16, note_of(log.head(16), 1), NOW)
    await tree.keep_checkpoint(17, note_of(log.head(17), *signers), NOW)
    await exported(tree, folder / "x.zip", minutes(20, None), seed=2)
    return folder / "x.zip"


@pytest.mark.parametrize("seed", [None, 1, 2], ids=["no-key", "old-key", "new-key"])
async def test_a_key_that_handed_over_is_believed_on(tmp_path: Path, seed: int | None) -> None:
    """Also where the change came before the period; `keys.txt` has both, in order."""
    file = await changed_keys(tmp_path, lost=False)
    assert judged(file, key_of(seed)[1] if seed else None)["faults"] == []
    keys = unzipped(file)["keys.txt"].decode().splitlines()[1:]
    assert keys == [f"{KEY} from=0 until=17", f"{key_of(2)[1]} from=17 until=now"]
    assert {"keys/16.json", "keys/16.tlog-proof"} <= set(unzipped(file))


@pytest.mark.parametrize("seed", [None, 1, 2], ids=["no-key", "old-key", "new-key"])
async def test_a_key_that_was_lost_hands_nothing_over(tmp_path: Path, seed: int | None) -> None:
    """The break is named; who knows the old key alone is told that another one signed."""
    report = judged(await changed_keys(tmp_path, lost=True, signers=(2,)), key_of(seed)[1] if seed else None)
    assert any("a key was lost" in one for one in report["not_checked"])
    assert [one["kind"] for one in report["faults"]] == (["other-key"] if seed == 1 else [])


async def test_a_key_that_nobody_knows_hands_nothing_over_to_who_knows_another(tmp_path: Path) -> None:
    """The change is whole and signed; only it begins with a key that is not the given one."""
    report = judged(await changed_keys(tmp_path, lost=False), key_of(3)[1])
    assert "other-key" in {one["kind"] for one in report["faults"]}


async def test_each_signature_of_a_known_key_must_hold(tmp_path: Path) -> None:
    """The new key signed, and what stands there as the old one's is none."""
    files, private = unzipped(await changed_keys(tmp_path, lost=False)), key_of(2)[0]
    text = files["checkpoint"].decode().partition("\n\n")[0] + "\n"
    note = signed_note(text, [(KEY, bytes(64)), (key_of(2)[1], private.sign(text.encode()))])
    report = judged(zipped(tmp_path / "y.zip", with_manifest({**files, "checkpoint": note.encode()})), KEY)
    assert "bad-signature" in {one["kind"] for one in report["faults"]}


async def test_a_change_of_keys_that_the_old_one_did_not_sign_is_a_fault(tmp_path: Path) -> None:
    """Who took the log over by a record alone is found."""
    report = judged(await changed_keys(tmp_path, lost=False, signers=(2,)))
    assert not report["holds"]


async def test_time_stamps_lie_beside_their_checkpoints(tmp_path: Path, lines: list[str]) -> None:
    """Of the period alone; one that is over something else is a fault."""
    tree, log = stored(tmp_path / "state", lines), LogInATree(lines)
    for size in (8, 24, 60):
        note = note_of(log.head(size), 1)
        await tree.keep_checkpoint(size, note, NOW)
        token = b"token " + hashlib.sha256(note.encode()).digest()
        await tree.keep_anchor(Anchor(size, "rfc3161", NOW, token if size != 60 else b"token over nothing"))
    await exported(tree, tmp_path / "x.zip", minutes(13, 53))
    anchors = {name for name in unzipped(tmp_path / "x.zip") if name.startswith("anchors/")}
    assert anchors == {"anchors/24.rfc3161", "anchors/24.checkpoint"}
    assert judged(tmp_path / "x.zip", KEY)["faults"] == []
    await exported(tree, tmp_path / "y.zip")
    assert [(one["kind"], one["where"]) for one in judged(tmp_path / "y.zip", KEY)["faults"]] == [
        ("bad-proof", "anchors/60.rfc3161")
    ]


async def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path, lines: list[str]) -> None:
    """Whatever it is, also a link to nothing."""
    (tmp_path / "x.zip").write_text("mine")
    (tmp_path / "y.zip").symlink_to(tmp_path / "nowhere")
    for name in ("x.zip", "y.zip"):
        with pytest.raises(Misconfigured, match="no export is overwritten"):
            await exported(stored(tmp_path / "state", lines), tmp_path / name)
    assert ((tmp_path / "x.zip").read_text(), names_in(tmp_path)) == ("mine", ["state", "x.zip", "y.zip"])


async def test_a_file_that_comes_meanwhile_is_not_overwritten_either(tmp_path: Path, lines: list[str]) -> None:
    """The name is taken in one step."""
    tree = stored(tmp_path / "state", lines)
    with zip_in_the_making(tmp_path / "x.zip") as made:
        await write_export(tree, Filters(), signer_of(1), made, PROGRAM, lambda _, __: None)
        made.finish()
        (tmp_path / "x.zip").write_text("mine")
        with pytest.raises(Misconfigured, match="no export is overwritten"):
            made.put_in_place()
    assert ((tmp_path / "x.zip").read_text(), names_in(tmp_path)) == ("mine", ["state", "x.zip"])


@pytest.mark.parametrize("is_link", [False, True], ids=["file", "link-to-nothing"])
def test_a_file_that_is_there_is_refused_before_anything_is_read(tmp_path: Path, *, is_link: bool) -> None:
    """An export of a large log would else be made in vain, and nothing lies beside it afterwards."""
    file = tmp_path / "x.zip"
    if is_link:
        file.symlink_to(tmp_path / "nowhere")
    else:
        file.write_text("mine")
    with pytest.raises(Misconfigured, match="no export is overwritten"):
        ZipInTheMaking(file)
    assert names_in(tmp_path) == ["x.zip"]


@pytest.mark.parametrize("is_there", [False, True], ids=["free", "taken-meanwhile"])
def test_without_hard_links_no_file_is_overwritten_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    """Some file systems have none: the name is taken by an empty file first."""

    def none_here(source: Path, target: Path) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    file = tmp_path / "x.zip"
    monkeypatch.setattr(os, "link", none_here)
    with zip_in_the_making(file) as made:
        made.add("README.txt", "x")
        made.finish()
        if is_there:
            file.write_text("mine")
            with pytest.raises(Misconfigured, match="no export is overwritten"):
                made.put_in_place()
        else:
            made.put_in_place()
    assert (names_in(tmp_path), zipfile.is_zipfile(file)) == (["x.zip"], not is_there)


async def test_an_export_is_for_its_owner_alone(tmp_path: Path, lines: list[str]) -> None:
    """It names applications and tasks."""
    before = os.umask(0)
    try:
        await exported(stored(tmp_path / "state", lines), tmp_path / "x.zip")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.zip").stat().st_mode) == 0o600
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert {(one.date_time, one.external_attr >> 16) for one in archive.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), 0o100600)
        }


@pytest.mark.parametrize("at", [0, 30, 66])
async def test_what_does_not_hold_is_not_exported(tmp_path: Path, lines: list[str], at: int) -> None:
    """Nothing is left behind, and what is wrong is named."""
    forged = [one.replace("a-400", "b-400") if number == at else one for number, one in enumerate(lines)]
    with pytest.raises(
        EvidenceBroken, match=f"record {at} is not the record that its own hash names: nothing is exported"
    ):
        await exported(stored(tmp_path / "state", forged), tmp_path / "x.zip")
    assert names_in(tmp_path) == ["state"]


async def test_records_that_do_not_make_the_root_of_the_store_are_not_exported(
    tmp_path: Path, lines: list[str]
) -> None:
    """Each record is the one of its leaf; a node above them is another."""
    tree, database = stored(tmp_path / "state", lines), tmp_path / "state" / "spentkey.db"
    await tree.head()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TRIGGER spentkey_tree_stays")
        connection.execute("UPDATE spentkey_tree SET nodes = substr(nodes, 1, 192) || zeroblob(32) WHERE seq = 63")
    with pytest.raises(EvidenceBroken, match="do not make the root that the store has"):
        await exported(tree, tmp_path / "x.zip")
    assert names_in(tmp_path) == ["state"]


async def test_an_export_into_a_folder_that_is_not_there_is_wrong_usage(tmp_path: Path, lines: list[str]) -> None:
    """The operator names another one."""
    with pytest.raises(Misconfigured, match="cannot be made"):
        await exported(stored(tmp_path / "state", lines), tmp_path / "missing" / "x.zip")


async def full_disk(tree: SqliteTree, file: Path) -> None:
    """An export during which the disk fills up."""

    def tell(_: int, __: int) -> None:
        raise OSError(28, "No space left on device")

    with zip_in_the_making(file) as made:
        await write_export(tree, Filters(), signer_of(1), made, PROGRAM, tell)


async def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the disk is told as such."""
    monkeypatch.setattr("spentkey.storage.export.export.TOLD_EVERY", 10)
    with pytest.raises(EvidenceBroken, match="No space left"):
        await full_disk(stored(tmp_path / "state", sealed(list(told(32)))), tmp_path / "x.zip")
    assert names_in(tmp_path) == ["state"]
