"""The kill test, short form: the process gets SIGKILL, runs again, and everything is as if nothing had happened."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from commands import loaded
from crash_cases import at_requests, failures, lots, rehearse, single
from crash_runs import AtRecord, AtRequest, Blow, InRecord, Stage
from crash_stories import SAMPLED, STORIES
from evidence_store import JOURNAL
from forked_program import Fork
from real_postgres import RealPostgres
from real_simulator import RealSimulator
from stores import TAKE_OVER_S, Database, StateDirectory

SAMPLE = 5


@pytest.fixture(scope="module")
def fork(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fork]:
    """The loaded program."""
    made = loaded(tmp_path_factory.mktemp("fork"))
    yield made
    made.stop()


@pytest.fixture
def stage(sim: RealSimulator, tmp_path: Path, fork: Fork) -> Stage:
    """The simulator and the program."""
    return Stage(sim, tmp_path / "home", StateDirectory(sim.state), fork)


@pytest.fixture
def shared(stage: Stage, postgres: RealPostgres) -> Iterator[Stage]:
    """The same with a database, where the lease of a dead process lapses after two seconds."""
    with closing(Database(postgres.database(), stage.state)) as store:
        yield replace(stage, store=store)


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.long)])
def test_a_kill_at_any_request_of_a_secret_removal_changes_nothing_in_the_end(stage: Stage, every: int) -> None:
    """Before and after each of its requests; by itself every fifth of these moments."""
    story = STORIES["secret"]
    moments = at_requests(story, rehearse(stage, story, records=False))
    assert len(moments) == 2 * 17
    assert failures(stage, story, [(blow,) for blow in moments[::every]]) == (-(-2 * 17 // every), [])


def test_a_kill_when_a_record_is_seen_changes_nothing_in_the_end(stage: Stage) -> None:
    """As soon as a record is in the file: every third of them."""
    story = STORIES["secret"]
    moments = [*rehearse(stage, story, records=False).at_records()]
    assert len(moments) == 9
    assert failures(stage, story, [(blow,) for blow in moments[::3]]) == (3, [])


@pytest.mark.long
def test_a_kill_at_any_record_of_a_secret_removal_changes_nothing_in_the_end(stage: Stage) -> None:
    """While each record is written, by two power cuts, and as soon as each is seen in the file."""
    story = STORIES["secret"]
    moments = rehearse(stage, story)
    torn = [blow for blow in moments.within_records(lots(1)) if blow.torn is not None]
    count, found = failures(stage, story, [(blow,) for blow in (*torn, *moments.at_records())])
    assert (count, found) == (3 * 9, [])


@pytest.mark.parametrize(
    ("name", "every"),
    [
        ("secret", 6),
        ("hand-over", 6),
        *(pytest.param(name, 1, marks=pytest.mark.long) for name in ("secret", "certificate", "hand-over")),
    ],
)
def test_what_version_0_1_left_at_any_moment_is_taken_over_and_finished(stage: Stage, name: str, every: int) -> None:
    """An open intent, a removal that nobody verified, a half-done hand-over: from the file of 0.1, with a torn line."""
    story = STORIES[name]
    moments = at_requests(story, rehearse(stage, story, records=False))[::every]
    aged = replace(stage, by_0_1=True)
    assert failures(aged, story, [(blow,) for blow in moments]) == (len(moments), [])


@pytest.mark.parametrize("name", SAMPLED)
def test_a_kill_at_a_request_of_any_other_story_changes_nothing_in_the_end(stage: Stage, name: str) -> None:
    """One moment, chosen by lot."""
    story = STORIES[name]
    sample = lots(name).sample(at_requests(story, rehearse(stage, story, records=False)), 1)
    assert failures(stage, story, [(blow,) for blow in sample]) == (1, [])


@pytest.mark.long
@pytest.mark.parametrize("name", SAMPLED)
def test_a_kill_in_any_other_story_changes_nothing_in_the_end(stage: Stage, name: str) -> None:
    """A sample of the moments; `make campaign-kill` tries them all."""
    story = STORIES[name]
    moments = rehearse(stage, story)
    sample = lots(name).sample(single(story, moments, lots(1)), SAMPLE)
    assert failures(stage, story, [(blow,) for blow in sample]) == (SAMPLE, [])


@pytest.mark.parametrize("when", ["after", pytest.param("before", marks=pytest.mark.long)])
def test_the_installed_command_survives_a_kill_as_well(stage: Stage, when: str) -> None:
    """Started as people start it, and killed while Graph is asked to remove."""
    command = Stage(stage.sim, stage.home, stage.store)
    assert failures(command, STORIES["secret"], [(AtRequest("graph", "removePassword", 1, when),)]) == (1, [])


AT_THE_REMOVAL = AtRequest("graph", "removePassword", 1, "before")


@pytest.mark.parametrize(
    "blow",
    [
        AtRequest("graph", "removePassword", 1, "after"),
        InRecord(AT_THE_REMOVAL, 0, 1),
        AtRecord("noting"),
        *(
            pytest.param(one, marks=pytest.mark.long)
            for one in (AT_THE_REMOVAL, AtRequest("ivanti", "task-write", 1, "after"), InRecord(None, 8, None))
        ),
    ],
    ids=str,
)
def test_a_kill_changes_nothing_in_the_end_on_a_database_either(shared: Stage, blow: Blow) -> None:
    """The lease of the dead process is waited for; nothing of a record that was not committed is there."""
    assert failures(shared, STORIES["secret"], [(blow,)]) == (1, [])


@pytest.mark.long
@pytest.mark.parametrize("name", ["certificate", "hand-over"])
def test_a_kill_in_any_other_story_changes_nothing_in_the_end_on_a_database_either(shared: Stage, name: str) -> None:
    """A sample of the moments; `make campaign-kill STORE=postgres` tries them all."""
    story = STORIES[name]
    sample = lots(name).sample(single(story, rehearse(shared, story), lots(1)), SAMPLE)
    assert failures(shared, story, [(blow,) for blow in sample]) == (SAMPLE, [])


def test_what_a_killed_process_leaves_in_a_database_is_a_lease_that_lapses(shared: Stage) -> None:
    """The rerun waits for it, and works on then; it does not end before that."""
    story = STORIES["secret"]
    shared.set(story)
    assert shared.strike(story, AT_THE_REMOVAL)
    began = time.monotonic()
    assert shared.run(story).code == 0
    assert time.monotonic() - began > TAKE_OVER_S / 2


def test_three_kills_in_a_row_change_nothing_in_the_end(stage: Stage) -> None:
    """In the removal, in the note of the second run, and in the close of the third."""
    blows = (
        AtRequest("graph", "removePassword", 1, "after"),
        AtRequest("ivanti", "note-create", 1, "after"),
        AtRequest("ivanti", "task-write", 1, "before"),
    )
    assert failures(stage, STORIES["secret"], [blows]) == (1, [])


def test_a_kill_that_never_comes_leaves_an_ordinary_run(stage: Stage) -> None:
    """A ninth removal is not sent: the process ends by itself, and that is told."""
    story = STORIES["secret"]
    stage.set(story)
    assert stage.strike(story, AtRequest("graph", "removePassword", 9, "before")) is False
    assert len(stage.sim.removals()) == 1


def test_a_kill_really_comes_in_the_middle(stage: Stage) -> None:
    """Before the removal the intent is on record and nothing is gone; after it, the credential is gone unrecorded."""
    story = STORIES["secret"]
    seen: list[tuple[bool, int, int]] = []
    for when in ("before", "after"):
        stage.set(story)
        killed = stage.strike(story, AtRequest("graph", "removePassword", 1, when))
        seen.append((killed, len(stage.lines()), len(stage.sim.removals())))
    assert seen == [(True, 1, 0), (True, 1, 1)]


@pytest.mark.parametrize("lot", range(6))
def test_a_write_that_is_cut_off_is_really_there_in_part(stage: Stage, lot: int) -> None:
    """With a journal beside the file; of the record nothing is to be seen."""
    story = STORIES["secret"]
    stage.set(story)
    stage.strike(story, InRecord(AtRequest("graph", "removePassword", 1, "before"), 0, lot))
    assert (stage.state / JOURNAL).stat().st_size > 0
    assert stage.lines() == []
