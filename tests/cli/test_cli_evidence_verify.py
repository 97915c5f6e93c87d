"""`spentkey evidence verify` as a process: the store, an export, exit codes and what it says first."""

from pathlib import Path
from typing import Any

import pytest
from commands import Ended, fits, spentkey
from evidence_store import keep, put_lines
from export_world import LogInATree, key_of, note_of, resealed, sealed, told, unzipped, with_manifest, zipped
from test_cli_evidence_export import export
from test_cli_evidence_export import home as home_with_a_log

home = home_with_a_log
"""The same folder, as a fixture of these tests."""


def verify(home: Path, *arguments: str) -> Ended:
    """Run the command in that folder."""
    return spentkey("evidence", "verify", *arguments, home=home)


def found(home: Path, *arguments: str) -> tuple[int, list[str]]:
    """The exit code, and the kinds of faults."""
    ended = verify(home, *arguments, "--json")
    fits(ended.json(), "evidence-verify.schema.json")
    faults: list[dict[str, Any]] = ended.json()["faults"]
    return ended.code, sorted({one["kind"] for one in faults})


def key_in(home: Path) -> str:
    """The public key as it was published."""
    return (home / "state" / "signing.key.pub").read_text().strip()


def test_a_store_that_nobody_touched_holds(home: Path) -> None:
    """Signed, and with the key: no line about it."""
    export(home, "a.zip")
    assert (found(home), found(home, "--key", key_in(home))) == ((0, []), (0, []))
    assert "not given" not in verify(home, "--key", key_in(home)).out


@pytest.mark.parametrize("of", [[], ["a.zip"]], ids=["store", "export"])
def test_without_the_key_that_is_said_first(home: Path, of: list[str]) -> None:
    """Whoever made it may have made the key too; an earlier checkpoint says who is believed."""
    export(home, "a.zip")
    assert verify(home, *of).out.startswith("the key was not given: whoever made this ")
    (home / "earlier").write_bytes(unzipped(home / "a.zip")["checkpoint"])
    assert "the key was not given" not in verify(home, *of, "--checkpoint", "earlier").out


def test_a_store_that_was_cut_off_is_found_by_what_this_machine_signed_last(home: Path) -> None:
    """The file beside the key knows how many there were."""
    export(home, "a.zip")
    keep(home / "state", 50)
    assert found(home) == (3, ["cut-off"])


def test_a_restore_that_another_machine_put_on_record_is_named_and_no_fault(home: Path) -> None:
    """What this machine signed of the lost log is as it was before anybody restored a backup."""
    database, last = home / "state" / "spentkey.db", home / "state" / "signing.key.last"
    now = database.read_bytes()
    keep(home / "state", 50)
    backup = database.read_bytes()
    database.write_bytes(now)
    export(home, "a.zip")
    before = last.read_bytes()
    database.write_bytes(backup)
    assert found(home) == (3, ["cut-off"])
    assert spentkey("evidence", "checkpoint", "--restored", "--why", "the disk failed", home=home).code == 0
    last.write_bytes(before)
    ended = verify(home)
    assert (ended.code, "says who restored a backup, and why" in ended.out) == (0, True)


def test_a_store_that_was_written_anew_is_found(home: Path) -> None:
    """By every checkpoint that was signed before."""
    export(home, "a.zip")
    forged = resealed(sealed(list(told(65))), lambda records: records[3].update(key_id="x"))
    put_lines(home / "state", forged)
    assert found(home) == (3, ["fork"])


def test_a_changed_export_is_found_and_named(home: Path) -> None:
    """One line for each fault, and a last one that says how many."""
    export(home, "a.zip")
    files = unzipped(home / "a.zip")
    forged = with_manifest({**files, "records.jsonl": files["records.jsonl"].replace(b"removed", b"refused")})
    zipped(home / "b.zip", forged)
    ended = verify(home, "b.zip", "--key", key_in(home))
    assert (ended.code, ended.out.splitlines()[0].split(":")[0]) == (3, "changed       records.jsonl, record 7")
    assert ended.out.splitlines()[-1].endswith("people must look")


@pytest.mark.parametrize("of", [[], ["a.zip"]], ids=["store", "export"])
def test_another_key_and_another_log_are_found(home: Path, of: list[str]) -> None:
    """By who knows the key, or has a checkpoint."""
    export(home, "a.zip")
    assert found(home, *of, "--key", str(key_of(9)[1])) == (3, ["other-key"])
    other = LogInATree(sealed([(what, {**facts, "run": "x"}) for what, facts in told(64)]))
    (home / "other").write_text(note_of(other.head(64), 9))
    code, kinds = found(home, *of, "--checkpoint", "other")
    assert (code, kinds[0]) == (3, "fork")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--key", "x"], 2, "--key: a key is written NAME+ID+BASE64"),
        (["--checkpoint", "missing"], 4, "--checkpoint: missing cannot be read"),
        (["--checkpoint", "secret"], 4, "--checkpoint: secret is no checkpoint"),
        (["missing.zip"], 4, "missing.zip is no ZIP that can be read"),
        (["secret"], 4, "secret is no ZIP that can be read"),
        (["--since", "2026-07-01"], 2, "--desk without FILE.zip"),
        (["a.zip", "--desk"], 2, "--desk without FILE.zip"),
        (["--desk", "--since", "x"], 2, "--since: give a date"),
    ],
    ids=["key", "no-checkpoint", "other-file", "no-file", "no-zip", "since", "desk-of-export", "no-time"],
)
def test_what_cannot_be_read_or_asked_for_is_one_line(home: Path, arguments: list[str], code: int, says: str) -> None:
    """What, and what to do."""
    ended = verify(home, *arguments)
    assert (ended.code, [says in one for one in ended.complaints()]) == (code, [True])


def test_an_export_needs_no_configuration_but_the_store_does(tmp_path: Path) -> None:
    """An auditor has none."""
    ended = verify(tmp_path)
    assert (ended.code, len(ended.complaints())) == (2, 1)
    assert verify(tmp_path, "missing.zip").code == 4


def test_verifying_writes_nothing(home: Path) -> None:
    """No file comes or changes."""
    export(home, "a.zip")
    before = {one: one.read_bytes() for one in home.rglob("*") if one.is_file()}
    verify(home)
    verify(home, "a.zip")
    assert {one: one.read_bytes() for one in home.rglob("*") if one.is_file()} == before
