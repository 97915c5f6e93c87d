"""The kill test with folders as service desk and vault, short form; `campaign_kill_files.py` tries every moment."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from commands import loaded
from crash_cases import at_requests, lots, rehearse
from crash_files import (
    FILES_STORIES,
    AtLine,
    Between,
    FilesBlow,
    FilesStage,
    Held,
    at_lines,
    between,
    every_blow,
    files_failures,
    files_stage,
    held,
    series_of,
)
from crash_runs import AtRequest, Stage
from files_truth import log_lines, wrong_in
from forked_program import Fork
from real_postgres import RealPostgres
from real_simulator import RealSimulator
from stores import Database, StateDirectory

SECRET = FILES_STORIES["secret"]


@pytest.fixture(scope="module")
def fork(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fork]:
    """The loaded program."""
    made = loaded(tmp_path_factory.mktemp("fork"))
    yield made
    made.stop()


@pytest.fixture
def stage(sim: RealSimulator, tmp_path: Path, fork: Fork) -> FilesStage:
    """The simulator's tenants, the two folders and the program."""
    return files_stage(Stage(sim, tmp_path / "home", StateDirectory(sim.state), fork))


@pytest.fixture
def shared(stage: FilesStage, postgres: RealPostgres) -> Iterator[FilesStage]:
    """The same with a database, where the lease of a dead process lapses after two seconds."""
    with closing(Database(postgres.database(), stage.state)) as store:
        yield replace(stage, store=store)


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.long)])
def test_a_kill_at_any_request_changes_nothing_in_the_end(stage: FilesStage, every: int) -> None:
    """Before and after each request of a secret's removal; by itself every fourth of these moments."""
    moments = at_requests(SECRET, rehearse(stage, SECRET, records=False))
    assert len(moments) == 2 * 7
    assert files_failures(stage, SECRET, [(blow,) for blow in moments[::every]]) == (-(-2 * 7 // every), [])


@pytest.mark.parametrize("name", ["secret", pytest.param("not permitted", marks=pytest.mark.long)])
def test_a_kill_between_a_line_and_its_record_changes_nothing_in_the_end(stage: FilesStage, name: str) -> None:
    """A process that waits for the log's lock, or to record what it appended: killed exactly there."""
    story = FILES_STORIES[name]
    assert files_failures(stage, story, [(blow,) for blow in held()]) == (4, [])


@pytest.mark.parametrize(
    "blow",
    [
        Held(2, after=True),
        Between(7, 2, power=1),
        *(
            pytest.param(one, marks=pytest.mark.long)
            for one in (Held(2, after=False), Held(3, after=True), AtLine(2), Between(7, 2, torn=1))
        ),
    ],
    ids=str,
)
def test_a_kill_changes_nothing_in_the_end_on_a_database_either(shared: FilesStage, blow: FilesBlow) -> None:
    """A folder of requests, and what several machines share: whatever is there of lines and records is finished."""
    assert files_failures(shared, SECRET, [(blow,)]) == (1, [])


@pytest.mark.parametrize(
    ("name", "every"),
    [
        ("secret", 3),
        *(pytest.param(name, 1, marks=pytest.mark.long) for name in ("secret", "hand-over", "already gone")),
    ],
)
def test_whatever_part_of_records_and_lines_is_there_it_is_finished(stage: FilesStage, name: str, every: int) -> None:
    """From the note on, each record and each line, whole or torn."""
    story = FILES_STORIES[name]
    moments = [*between(rehearse(stage, story, records=False), lots(name))][::every]
    count, found = files_failures(stage, story, [(blow,) for blow in moments])
    assert (count, found) == (len(moments), [])
    assert count >= 4


def test_a_kill_when_a_line_is_seen_changes_nothing_in_the_end(stage: FilesStage) -> None:
    """The first sight, the note, the close."""
    assert files_failures(stage, SECRET, [(blow,) for blow in at_lines()]) == (3, [])


def test_three_kills_in_a_row_change_nothing_in_the_end(stage: FilesStage) -> None:
    """In the removal, after the note of the second run, and before the close of the third."""
    blows = (AtRequest("graph", "removePassword", 1, "after"), AtLine(1), AtRequest("login", "token", 1, "before"))
    assert files_failures(stage, SECRET, [blows]) == (1, [])


@pytest.mark.long
@pytest.mark.parametrize("name", FILES_STORIES)
def test_a_kill_in_any_story_changes_nothing_in_the_end(stage: FilesStage, name: str) -> None:
    """A sample of all moments, and of series of them."""
    story, rolls = FILES_STORIES[name], lots(name)
    moments = rehearse(stage, story)
    sample = [(blow,) for blow in rolls.sample(every_blow(story, moments, rolls), 6)]
    cases = [*sample, *series_of(story, moments, rolls, 3)]
    assert files_failures(stage, story, cases) == (9, [])


@pytest.mark.parametrize(
    ("blow", "records", "lines"),
    [
        (Held(2, after=False), "noting", 1),
        (Held(2, after=True), "noting", 2),
        (Held(3, after=False), "closing", 2),
        (Held(3, after=True), "closing", 3),
    ],
)
def test_a_kill_really_comes_between(stage: FilesStage, blow: Held, records: str, lines: int) -> None:
    """What is announced and what is there differ by exactly that line."""
    whole = rehearsed(stage)
    stage.set(SECRET)
    assert stage.strike(SECRET, blow)
    assert (whole[len(stage.lines()) - 1], len(log_lines(stage.log))) == (records, lines)


def rehearsed(stage: FilesStage) -> list[str]:
    """The kinds of the records of an undisturbed run."""
    return rehearse(stage, SECRET, records=False).kinds


def test_a_line_that_is_cut_off_is_really_there_in_part(stage: FilesStage) -> None:
    """The judge sees that the log does not end whole, and one that was written twice, too."""
    records = len(rehearsed(stage)) - 2
    stage.set(SECRET)
    stage.strike(SECRET, Between(records, 2, torn=1))
    assert wrong_in(stage.log) == [f"7: {stage.log.name} ends in the middle of a line"]
    stage.log.write_bytes(stage.log.read_bytes().rpartition(b"\n")[0] + b"\n")
    assert (wrong_in(stage.log), len(log_lines(stage.log))) == ([], 2)
    stage.log.write_bytes(stage.log.read_bytes() * 2)
    assert len(wrong_in(stage.log)) == 2


def test_what_does_not_hold_is_told(stage: FilesStage) -> None:
    """A story that must end in another way breaks with every kill."""
    count, found = files_failures(stage, replace(SECRET, removed=None), [()])
    assert (count, len(found), found[0][:16]) == (1, 1, "killed never: 1 ")
