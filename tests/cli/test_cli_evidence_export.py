"""`spentkey evidence export` as a process: the file, the record, and what it refuses."""

import hashlib
import json
import stat
from pathlib import Path

import pytest
from commands import Ended, fits, spentkey
from evidence_store import put_lines, records_in
from export_world import names_in, sealed, told, unzipped

SOME_ID = "c3c1e6bb-1ebf-4335-ad13-3419266a9781"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a configuration, and a log of eight removals in its state directory."""
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0o600)
    options = ["--tenant-id", SOME_ID, "--domain", "one.example.org", "--client-id", SOME_ID]
    made = spentkey("init", "--non-interactive", *options, "--client-secret-file", "secret", home=tmp_path)
    assert made.code == 0, made.err
    put_lines(tmp_path / "state", sealed(list(told(64))))
    return tmp_path


def export(home: Path, *arguments: str) -> Ended:
    """Run the command in that folder."""
    return spentkey("evidence", "export", *arguments, home=home)


def test_an_export_is_there_and_on_record(home: Path) -> None:
    """Its hash and size, who made it, and what was asked for; the record lies behind what is exported."""
    ended = export(home, "a.zip", "--who", "auditor", "--json")
    assert (ended.code, ended.err) == (0, "")
    fits(ended.json(), "evidence-export.schema.json")
    raw = (home / "a.zip").read_bytes()
    record = records_in(home / "state")[-1]
    told_there = {name: record[name] for name in ("what", "seq", "who", "from", "to", "records", "size", "sha256")}
    assert told_there == {
        "what": "exported",
        "seq": 64,
        "who": "auditor",
        "from": 0,
        "to": 64,
        "records": 64,
        "size": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
    }
    assert len(unzipped(home / "a.zip")["records.jsonl"].splitlines()) == 64
    assert stat.S_IMODE((home / "a.zip").stat().st_mode) == 0o600


def test_an_export_verifies_anywhere(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without a configuration, by the key that was published."""
    export(home, "a.zip")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    key = (home / "state" / "signing.key.pub").read_text().strip()
    ended = spentkey("evidence", "verify", str(home / "a.zip"), "--key", key, "--json", home=elsewhere)
    fits(ended.json(), "evidence-verify.schema.json")
    assert (ended.code, ended.json()["holds"], ended.json()["key"]) == (0, True, "given")


def test_people_are_told_what_was_written(home: Path) -> None:
    """And that a filtered export states no completeness."""
    whole, some = export(home, "a.zip"), export(home, "b.zip", "--task", "40022")
    assert whole.out.splitlines()[0].startswith("a.zip: 64 records, 8 removals, 24 proofs, ")
    assert ("completeness" in whole.out, "completeness" in some.out) == (False, True)


def test_a_second_export_holds_the_record_of_the_first(home: Path) -> None:
    """Exports are on record."""
    export(home, "a.zip")
    export(home, "b.zip")
    last = json.loads(unzipped(home / "b.zip")["records.jsonl"].splitlines()[-1])
    assert (last["what"], last["sha256"]) == ("exported", hashlib.sha256((home / "a.zip").read_bytes()).hexdigest())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--since", "yesterday"], "--since: give a date"),
        (["--until", "2026-02-30"], "--until: there is no such time"),
        (["--since", "2026-07-02", "--until", "2026-07-01"], "--since, --until: since must be before until"),
        (["--outcome", "deleted"], "--outcome: give one of removed, "),
        (["--task", ""], "--task: is empty"),
        (["--who", " "], "--who: say who exports"),
        (["--config", "missing.toml"], "missing.toml"),
    ],
    ids=["since", "until", "backwards", "outcome", "task", "who", "config"],
)
def test_wrong_usage_is_one_line_and_leaves_nothing(home: Path, options: list[str], says: str) -> None:
    """2; no file, and nothing on record."""
    ended = export(home, "a.zip", *options)
    assert (ended.code, [says in one for one in ended.complaints()]) == (2, [True])
    assert ("a.zip" in names_in(home), len(records_in(home / "state"))) == (False, 64)


def test_a_file_that_is_there_is_left_as_it_is(home: Path) -> None:
    """2, and nothing on record."""
    (home / "a.zip").write_text("mine")
    ended = export(home, "a.zip")
    assert (ended.code, ended.complaints()) == (
        2,
        ["spentkey: a.zip is there already, and no export is overwritten; name another file"],
    )
    assert ((home / "a.zip").read_text(), len(records_in(home / "state"))) == ("mine", 64)


def test_a_log_that_does_not_hold_is_not_exported(home: Path) -> None:
    """4: the operator looks; nothing is left behind."""
    lines = [one.replace("a-40023", "b-40023") for one in sealed(list(told(64)))]
    put_lines(home / "state", lines)
    ended = export(home, "a.zip")
    assert (ended.code, "spentkey evidence verify" in ended.err) == (4, True)
    assert [name for name in names_in(home) if "zip" in name] == []


def test_a_log_that_does_not_go_on_from_what_was_signed_is_not_exported(home: Path) -> None:
    """A backup was restored, or somebody cut it off: it says what to do."""
    export(home, "a.zip")
    put_lines(home / "state", sealed(list(told(32))))
    ended = export(home, "b.zip")
    assert (ended.code, "--restored" in ended.err) == (4, True)
    assert "b.zip" not in names_in(home)
