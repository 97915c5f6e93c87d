"""Whatever is done to an export is found, and named; one that nobody touched is never accused."""

import base64
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from export_world import (
    LogInATree,
    as_bytes,
    judged,
    key_of,
    kinds_in,
    lines_of,
    note_of,
    proofs_in,
    resealed,
    sealed,
    told,
    unzipped,
    with_manifest,
    zipped,
)

from spentkey.core.checkpoint import in_base64, signed_note

KEY = key_of(1)[1]
Files = dict[str, bytes]
NAMES = ("all", "period", "filtered")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", [None, KEY], ids=["without-key", "with-key"])
def test_an_export_that_nobody_touched_holds(exports: Path, name: str, key: Any) -> None:
    """No fault is named, whatever the export is of."""
    report = judged(exports / f"{name}.zip", key)
    assert (report["faults"], report["holds"], report["key"]) == ([], True, "given" if key else "not-given")


def test_an_unsigned_export_holds_and_says_that_it_is_not_signed(exports: Path) -> None:
    """With a database and no key nothing is signed; who gives a key is told so."""
    assert (judged(exports / "unsigned.zip")["key"], judged(exports / "unsigned.zip")["holds"]) == ("unsigned", True)
    assert kinds_in(judged(exports / "unsigned.zip", KEY)) == {"bad-signature"}


@pytest.mark.parametrize("name", ["all", "period"])
def test_rewriting_the_manifest_without_a_change_is_no_fault(exports: Path, tmp_path: Path, name: str) -> None:
    """The helper that forges manifests in these tests makes honest ones of honest files."""
    files = with_manifest(unzipped(exports / f"{name}.zip"))
    assert judged(zipped(tmp_path / "same.zip", files), KEY)["faults"] == []


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("name", NAMES)
def test_a_byte_that_is_changed_in_a_file_is_found(exports: Path, tmp_path: Path, name: str, seed: int) -> None:
    """Any byte of any file, whether the manifest is adapted or not, but for what is only retold."""
    rng, files = random.Random(f"{name}{seed}"), unzipped(exports / f"{name}.zip")  # noqa: S311
    file = rng.choice(sorted(set(files) - {"report.html", "README.txt", "verify.py", "manifest.json"}))
    if not files[file]:
        return
    at = rng.randrange(len(files[file]))
    raw = bytearray(files[file])
    raw[at] ^= 1 << rng.randrange(8)
    changed = {**files, file: bytes(raw)}
    assert not _holds(tmp_path, changed)
    if file == "keys.txt":  # what stands behind a key is for people; the manifest is not signed
        return
    assert not _holds(tmp_path, with_manifest(changed))


def _holds(folder: Path, files: Files) -> bool:
    from spentkey.storage.export.verify import UnreadableExport

    file = zipped(folder / "changed.zip", files)
    try:
        return bool(judged(file, KEY)["holds"])
    except UnreadableExport:
        return False


def _field(files: Files, seq: int, **fields: Any) -> list[str]:
    lines = lines_of(files)
    first = json.loads(lines[0])["seq"]

    def change(records: list[dict[str, Any]]) -> None:
        records[seq - first] |= fields

    return resealed(lines, change)


def _not_resealed(files: Files) -> list[str]:
    return [one.replace('"outcome":"removed"', '"outcome":"refused"') for one in lines_of(files)]


CHANGED: dict[str, Callable[[Files], list[str]]] = {
    "an-outcome": _not_resealed,
    "spaces": lambda files: [one.replace('"v":1', '"v": 1') if '"seq":20,' in one else one for one in lines_of(files)],
    "a-field-and-all-resealed": lambda files: _field(files, 21, key_id="another"),
    "the-first-and-all-resealed": lambda files: _field(files, json.loads(lines_of(files)[0])["seq"], app_id="x"),
    "no-json": lambda files: ["{" if '"seq":30,' in one else one for one in lines_of(files)],
    "a-number-as-text": lambda files: [one.replace('"seq":30,', '"seq":"30",') for one in lines_of(files)],
}


@pytest.mark.parametrize("how", sorted(CHANGED))
@pytest.mark.parametrize("name", ["all", "period"])
def test_a_changed_record_is_found(exports: Path, tmp_path: Path, name: str, how: str) -> None:
    """Whether the records after it are written anew or not."""
    files = unzipped(exports / f"{name}.zip")
    forged = with_manifest({**files, "records.jsonl": as_bytes(CHANGED[how](files))})
    assert "changed" in kinds_in(judged(zipped(tmp_path / "x.zip", forged), KEY))


@pytest.mark.parametrize("how", ["first", "last"])
@pytest.mark.parametrize("name", ["all", "period"])
def test_a_record_whose_hash_stands_elsewhere_is_named(exports: Path, tmp_path: Path, name: str, how: str) -> None:
    """The same fields and the same hash, and yet another text: each record is written in one way alone."""
    files = unzipped(exports / f"{name}.zip")

    def moved(text: str) -> str:
        own = f'"hash":"{json.loads(text)["hash"]}"'
        bare = text.replace(f"{own},", "")
        return f"{{{own},{bare[1:]}" if how == "first" else f"{bare[:-1]},{own}}}"

    lines = [moved(one) if '"seq":20,' in one else one for one in lines_of(files)]
    report = judged(zipped(tmp_path / "x.zip", with_manifest({**files, "records.jsonl": as_bytes(lines)})), KEY)
    assert ("changed", 20) in [(one["kind"], one["seq"]) for one in report["faults"]]


@pytest.mark.parametrize("more", [b"{}", b'{"hash":"', b"\xff"])
@pytest.mark.parametrize("name", ["all", "period"])
def test_what_stands_behind_the_last_record_is_found(exports: Path, tmp_path: Path, name: str, more: bytes) -> None:
    """Without a line feed it is no record, and must not be passed over."""
    files = unzipped(exports / f"{name}.zip")
    forged = with_manifest({**files, "records.jsonl": files["records.jsonl"] + more})
    assert "changed" in kinds_in(judged(zipped(tmp_path / "x.zip", forged), KEY))


def _without(files: Files, *seqs: int) -> list[str]:
    return [one for one in lines_of(files) if json.loads(one)["seq"] not in seqs]


@pytest.mark.parametrize(
    ("seqs", "named"),
    [((20,), [20]), ((20, 21, 22), [20, 21, 22]), ((20, 40), [20, 40])],
    ids=["one", "three", "two-apart"],
)
@pytest.mark.parametrize("name", ["all", "period"])
def test_a_missing_record_is_named(
    exports: Path, tmp_path: Path, name: str, seqs: tuple[int, ...], named: list[int]
) -> None:
    """By its number."""
    files = unzipped(exports / f"{name}.zip")
    forged = with_manifest({**files, "records.jsonl": as_bytes(_without(files, *seqs))})
    report = judged(zipped(tmp_path / "x.zip", forged), KEY)
    assert [one["seq"] for one in report["faults"] if one["kind"] == "missing"] == named


@pytest.mark.parametrize("count", [1, 2, 20])
@pytest.mark.parametrize("name", ["all", "period"])
def test_an_end_that_is_cut_off_is_found(exports: Path, tmp_path: Path, name: str, count: int) -> None:
    """The checkpoint says how many records there were."""
    files = unzipped(exports / f"{name}.zip")
    forged = with_manifest({**files, "records.jsonl": as_bytes(lines_of(files)[:-count])})
    assert "cut-off" in kinds_in(judged(zipped(tmp_path / "x.zip", forged), KEY))


INSERTED: dict[str, Callable[[list[str]], list[str]]] = {
    "a-double": lambda lines: [*lines[:20], lines[19], *lines[20:]],
    "one-at-the-end": lambda lines: [*lines, *_behind(lines)],
    "another-with-a-number-that-is-there": lambda lines: [*lines[:20], *_behind(lines[:20]), *lines[20:]],
}


def _behind(lines: list[str]) -> list[str]:
    last = json.loads(lines[-1])
    return sealed([("result", {"task": 1, "outcome": "removed", "attempt": "z"})], last["hash"], last["seq"] + 1)


@pytest.mark.parametrize("how", sorted(INSERTED))
@pytest.mark.parametrize("name", ["all", "period"])
def test_a_record_that_was_put_in_is_found(exports: Path, tmp_path: Path, name: str, how: str) -> None:
    """Also where it continues the chain."""
    files = unzipped(exports / f"{name}.zip")
    forged = with_manifest({**files, "records.jsonl": as_bytes(INSERTED[how](lines_of(files)))})
    assert "inserted" in kinds_in(judged(zipped(tmp_path / "x.zip", forged), KEY))


@pytest.mark.parametrize(("at", "to"), [(20, 21), (20, 39), (30, 10)], ids=["by-one", "later", "earlier"])
@pytest.mark.parametrize("name", ["all", "period"])
def test_a_record_that_was_moved_is_found(exports: Path, tmp_path: Path, name: str, at: int, to: int) -> None:
    """Out of its order."""
    files = unzipped(exports / f"{name}.zip")
    lines = lines_of(files)
    lines.insert(to, lines.pop(at))
    forged = with_manifest({**files, "records.jsonl": as_bytes(lines)})
    assert "moved" in kinds_in(judged(zipped(tmp_path / "x.zip", forged), KEY))


def _anew(files: Files, lines: list[str], seed: int, sign: Callable[..., str] = note_of) -> Files:
    """Everything written anew over these lines, with that key."""
    log = LogInATree(lines)
    note = sign(log.head(), seed)
    proofs = {f"proofs/{seq}.tlog-proof": log.proof(seq, note).encode() for seq in proofs_in(files)}
    keys = f"{key_of(seed)[1]} from=0 until=now\n"
    size = len(lines)
    made = {**files, **proofs, "checkpoint": note.encode(), "keys.txt": keys.encode(), "records.jsonl": as_bytes(lines)}
    return with_manifest(made, to=size, key=str(key_of(seed)[1]))


@pytest.mark.parametrize(
    "change", [{"outcome": "refused"}, {"task": 7}, {"key_id": "x"}], ids=["outcome", "task", "key-id"]
)
def test_all_of_it_written_anew_with_another_key_is_found_by_who_knows_the_key(
    whole: Files, tmp_path: Path, change: dict[str, Any]
) -> None:
    """Without the key nothing shows it, and that is said."""
    file = zipped(tmp_path / "x.zip", _anew(whole, _field(whole, 23, **change), 2))
    assert kinds_in(judged(file, KEY)) == {"other-key"}
    assert (judged(file)["holds"], judged(file)["key"]) == (True, "not-given")


@pytest.mark.parametrize("size", [8, 24, 67])
def test_all_of_it_written_anew_with_the_stolen_key_is_found_by_an_earlier_checkpoint(
    whole: Files, tmp_path: Path, lines: list[str], size: int
) -> None:
    """A fork: the first records were other ones when that checkpoint was signed."""
    file = zipped(tmp_path / "x.zip", _anew(whole, _field(whole, 3, key_id="x"), 1))
    assert judged(file, KEY)["holds"] is True
    earlier = note_of(LogInATree(lines).head(size), 1).encode()
    assert kinds_in(judged(file, KEY, earlier=earlier)) == {"fork"}


@pytest.mark.parametrize("size", [66, 40, 9])
def test_an_export_that_was_cut_before_it_was_signed_is_found_by_an_earlier_checkpoint(
    whole: Files, tmp_path: Path, lines: list[str], size: int
) -> None:
    """With the key everything can be signed, but not be longer than it is."""
    kept = {name: raw for name, raw in whole.items() if not name.startswith("proofs/")}
    log = LogInATree(lines[: size - 1])
    files = _anew(kept, lines[: size - 1], 1)
    note = files["checkpoint"].decode()
    seqs = [seq for seq in proofs_in(whole) if seq < size - 1]
    files = with_manifest({**files, **{f"proofs/{seq}.tlog-proof": log.proof(seq, note).encode() for seq in seqs}})
    file = zipped(tmp_path / "x.zip", files)
    assert judged(file, KEY)["holds"] is True
    assert kinds_in(judged(file, KEY, earlier=note_of(LogInATree(lines).head(size), 1).encode())) == {"cut-off"}


@pytest.mark.parametrize("size", [1, 13, 32, 53, 67])
@pytest.mark.parametrize("name", ["all", "period", "filtered"])
def test_an_earlier_checkpoint_of_the_same_log_is_never_held_against_it(
    exports: Path, lines: list[str], name: str, size: int
) -> None:
    """One outside of the export is named as not checked."""
    earlier = note_of(LogInATree(lines).head(size), 1).encode()
    report = judged(exports / f"{name}.zip", KEY, earlier=earlier)
    inside = size >= {"all": 0, "period": 13, "filtered": 67}[name] and size <= {"period": 53}.get(name, 67)
    assert (report["faults"], any("earlier" in one for one in report["not_checked"])) == ([], not inside)


SIGNATURES: dict[str, Callable[[Files], bytes]] = {
    "of-another-text": lambda files: files["checkpoint"].replace(b"\n67\n", b"\n66\n"),
    "none": lambda files: files["checkpoint"].split(b"\n\n")[0] + b"\n\n",
    "another-root": lambda files: _with_root(files["checkpoint"]),
    "of-zeros": lambda files: _with_signature(files["checkpoint"], bytes(64)),
}


def _with_root(note: bytes) -> bytes:
    lines = note.split(b"\n")
    return b"\n".join([*lines[:2], b"A" * 43 + b"=", *lines[3:]])


def _with_signature(note: bytes, value: bytes) -> bytes:
    text = note.decode().split("\n\n")[0]
    return f"{text}\n\n\u2014 {KEY.name} {in_base64(KEY.id + value)}\n".encode()


@pytest.mark.parametrize("how", sorted(SIGNATURES))
def test_a_bad_signature_is_found(whole: Files, tmp_path: Path, how: str) -> None:
    """It is over exactly these bytes, or it is none."""
    forged = with_manifest({**whole, "checkpoint": SIGNATURES[how](whole)})
    assert "bad-signature" in kinds_in(judged(zipped(tmp_path / "x.zip", forged), KEY))


PROOFS: dict[str, Callable[[Files], Files]] = {
    "one-is-missing": lambda files: {name: raw for name, raw in files.items() if name != "proofs/18.tlog-proof"},
    "of-another-record": lambda files: {**files, "proofs/18.tlog-proof": files["proofs/16.tlog-proof"]},
    "another-index": lambda files: _in_proof(files, b"index 18", b"index 16"),
    "one-too-many": lambda files: {**files, "proofs/5000.tlog-proof": files["proofs/16.tlog-proof"]},
    "a-hash-less": lambda files: _in_proof(files, files["proofs/18.tlog-proof"].split(b"\n")[3] + b"\n", b""),
    "of-another-checkpoint": lambda files: _in_proof(files, b"\n67\n", b"\n66\n"),
}


def _in_proof(files: Files, old: bytes, new: bytes) -> Files:
    name = "proofs/18.tlog-proof"
    assert old in files[name]
    return {**files, name: files[name].replace(old, new)}


@pytest.mark.parametrize("how", sorted(PROOFS))
def test_a_bad_proof_is_found(whole: Files, tmp_path: Path, how: str) -> None:
    """Whatever is wrong with it."""
    assert "bad-proof" in kinds_in(judged(zipped(tmp_path / "x.zip", with_manifest(PROOFS[how](whole))), KEY))


def _respelled(text: str) -> str:
    """Other base64 of the same 32 bytes: the last letter has two bits that count for nothing."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    made = f"{text[:42]}{letters[letters.index(text[42]) ^ 1]}="
    assert base64.b64decode(made) == base64.b64decode(text)
    return made


@pytest.mark.parametrize("how", ["another-size", "a-hash-less", "none", "other-hashes", "another-spelling"])
def test_a_proof_that_the_log_only_grew_must_be_one(period: Files, tmp_path: Path, how: str) -> None:
    """Without it nothing shows that the period goes on from its beginning."""
    lines = period["consistency-proof"].decode().splitlines()
    made = {
        "another-size": ["old 12", *lines[1:]],
        "a-hash-less": lines[:-1],
        "none": lines[:1],
        "other-hashes": [lines[0], *reversed(lines[1:])],
        "another-spelling": [lines[0], _respelled(lines[1]), *lines[2:]],
    }[how]
    forged = with_manifest({**period, "consistency-proof": as_bytes(made)})
    assert "bad-proof" in kinds_in(judged(zipped(tmp_path / "x.zip", forged), KEY))


def test_a_beginning_of_another_log_is_not_gone_on_from(period: Files, tmp_path: Path) -> None:
    """As many records, the same root and our own key; only the name is of another log."""
    private, key = key_of(1)
    size, root = period["checkpoint-from"].decode().split("\n")[1:3]
    text = f"spentkey/other\n{size}\n{root}\n"
    forged = signed_note(text, [(key, private.sign(text.encode()))]).encode()
    files = with_manifest({**period, "checkpoint-from": forged})
    assert "bad-proof" in kinds_in(judged(zipped(tmp_path / "x.zip", files), KEY))


MANIFESTS: dict[str, dict[str, Any]] = {
    "from": {"from": 1},
    "to": {"to": 66},
    "count": {"records": 66},
    "kinds": {"counts": {"intent": 67}},
    "log": {"origin": "spentkey/other"},
    "key": {"key": str(key_of(2)[1])},
    "since": {
        "filters": {
            **dict.fromkeys(("task", "app", "tenant", "outcome", "until")),
            "since": "2026-07-02T00:00:00+00:00",
        }
    },
    "until": {
        "filters": {
            **dict.fromkeys(("task", "app", "tenant", "outcome", "since")),
            "until": "2026-07-01T00:30:00+00:00",
        }
    },
}


@pytest.mark.parametrize("how", sorted(MANIFESTS))
def test_a_manifest_that_lies_is_found(whole: Files, tmp_path: Path, how: str) -> None:
    """What it says of the records must be what they are."""
    forged = with_manifest(whole, **MANIFESTS[how])
    assert "manifest" in kinds_in(judged(zipped(tmp_path / "x.zip", forged), KEY))


@pytest.mark.parametrize(
    "name", ["report.html", "README.txt", "keys.txt", "checkpoint", "records.jsonl", "proofs/18.tlog-proof"]
)
def test_a_file_that_is_not_in_the_manifest_as_it_is_is_found(whole: Files, tmp_path: Path, name: str) -> None:
    """Changed, taken out, or put in."""
    changed = zipped(tmp_path / "a.zip", {**whole, name: whole[name] + b" "})
    taken = zipped(tmp_path / "b.zip", {one: raw for one, raw in whole.items() if one != name})
    assert not judged(changed, KEY)["holds"]
    assert "manifest" in kinds_in(judged(taken, KEY))
    assert "manifest" in kinds_in(judged(zipped(tmp_path / "c.zip", {**whole, "anchors/1.extra": b"x"}), KEY))


@pytest.mark.parametrize("name", ["report.html", "README.txt", "verify.py"])
def test_a_file_of_the_same_size_is_not_the_one_in_the_manifest(whole: Files, tmp_path: Path, name: str) -> None:
    """What people read, or run, proves nothing by itself: its hash alone tells that it was changed."""
    other = whole[name].replace(b"e", b"o", 1)
    assert len(other) == len(whole[name])
    report = judged(zipped(tmp_path / "x.zip", {**whole, name: other}), KEY)
    assert [(one["kind"], one["where"]) for one in report["faults"]] == [("manifest", name)]


def test_a_thinned_export_is_not_taken_for_a_filtered_one(whole: Files, tmp_path: Path) -> None:
    """Who says `filtered` needs a proof for every record, and states no completeness."""
    thinned = with_manifest({**whole, "records.jsonl": as_bytes(_without(whole, 20, 21))}, filtered=True)
    assert "bad-proof" in kinds_in(judged(zipped(tmp_path / "x.zip", thinned), KEY))


def test_a_filtered_export_says_that_it_states_no_completeness(exports: Path) -> None:
    """It stands among what was not checked."""
    assert any("completeness" in one for one in judged(exports / "filtered.zip")["not_checked"])


def test_a_record_of_another_task_than_the_filter_is_found(exports: Path, tmp_path: Path) -> None:
    """Each has its proof, and yet it is not what was asked for."""
    files = unzipped(exports / "filtered.zip")
    filters = {**json.loads(files["manifest.json"])["filters"], "task": "99"}
    report = judged(zipped(tmp_path / "x.zip", with_manifest(files, filters=filters)), KEY)
    assert any("another task than the filter" in one["message"] for one in report["faults"])


def test_very_many_faults_are_named_up_to_a_hundred(tmp_path: Path, whole: Files) -> None:
    """A file of noise costs neither memory nor a page of ten thousand lines."""
    noise = with_manifest({**whole, "records.jsonl": b"x\n" * 5000})
    assert len(judged(zipped(tmp_path / "x.zip", noise), KEY)["faults"]) == 100


def test_the_records_of_another_log_are_found(whole: Files, tmp_path: Path) -> None:
    """As many records, each sound by itself."""
    other = sealed([(what, {**facts, "run": "r-2"}) for what, facts in told(67)])
    forged = with_manifest({**whole, "records.jsonl": as_bytes(other)})
    assert kinds_in(judged(zipped(tmp_path / "x.zip", forged), KEY)) >= {"bad-proof", "changed"}


@pytest.mark.parametrize("length", [5, 76, 2424], ids=["tiny", "cosignature", "ml-dsa-44"])
def test_a_signature_of_another_kind_beside_ours_is_no_fault(period: Files, tmp_path: Path, length: int) -> None:
    """A signed note may carry those of others, of kinds that are not known here."""
    line = f"\u2014 witness.example {in_base64(bytes(length))}\n".encode()
    files = {name: raw for name, raw in period.items() if not name.startswith("proofs/")}
    proofs = {name: raw + line for name, raw in period.items() if name.startswith("proofs/")}
    more = with_manifest({**files, **proofs, "checkpoint": period["checkpoint"] + line})
    assert judged(zipped(tmp_path / "x.zip", more), KEY)["faults"] == []
