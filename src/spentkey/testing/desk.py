"""The suite for a service desk."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Protocol

from spentkey.core.notes import NewNote
from spentkey.core.task import Change, Task, TaskRef
from spentkey.ports.service_desk import ServiceDesk
from spentkey.testing.running import with_rig

LONGEST_REFERENCE = 200
"""Longest reference, in characters: it stands in names of locks, in addresses and in an index of the database."""
ASKED = {
    "AppDisplayName": "Sales",
    "AppID": "22222222-2222-4222-8222-222222222222",
    "SecretID": "33333333-3333-4333-8333-333333333333",
    "SecretType": "Secret",
    "Region": "North",
}
"""What the tasks of the suite ask for."""


class DeskRig(Protocol):
    """A desk, and what people do at it. Tasks are filed before anything is written to the desk."""

    @property
    def desk(self) -> ServiceDesk:
        """The desk that is held against the suite."""
        ...

    @property
    def reference(self) -> Callable[[str], str | None]:
        """That of its `DeskKind`."""
        ...

    @property
    def unknown(self) -> TaskRef:
        """A valid reference that no task has."""
        ...

    async def file(self, values: Mapping[str, str]) -> TaskRef:
        """An open task that is with us and asks for this."""
        ...

    async def file_for_others(self, values: Mapping[str, str]) -> TaskRef:
        """The same, but not for us to work on."""
        ...

    async def give_back(self, ref: TaskRef) -> None:
        """People give a task back that was handed over: it is open and with us again."""
        ...

    async def keep_otherwise(self) -> bool:
        """From now on the desk keeps something else than what is written to end a task, as computed minutes do.

        False where it has nothing of the kind.
        """
        ...


class DeskContract(ABC):
    """What every service desk does."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[DeskRig]:
        """A desk without tasks."""

    def test_a_task_is_found_as_it_is(self) -> None:
        """Open, with us, nobody's, and by its reference."""

        async def do(rig: DeskRig) -> None:
            ref = await rig.file(ASKED)
            task = await _found(rig, ref)
            assert (task.ref, task.is_open, task.is_ours, task.why_not) == (ref, True, True, "")

        with_rig(self.rig(), do)

    def test_a_task_that_is_not_there_is_none(self) -> None:
        """It is no error."""

        async def do(rig: DeskRig) -> None:
            await rig.file(ASKED)
            assert await rig.desk.find(rig.unknown) is None

        with_rig(self.rig(), do)

    def test_a_task_of_others_says_why_it_is_not_ours(self) -> None:
        """In words; it is not in the queue."""

        async def do(rig: DeskRig) -> None:
            theirs = await rig.file_for_others(ASKED)
            task = await _found(rig, theirs)
            assert not (task.is_open and task.is_ours)
            assert task.why_not
            assert theirs not in [one.ref for one in await rig.desk.queue() if one.is_open and one.is_ours]

        with_rig(self.rig(), do)

    def test_the_queue_has_what_can_be_worked_on(self) -> None:
        """Each task once."""

        async def do(rig: DeskRig) -> None:
            refs = [await rig.file(ASKED), await rig.file(ASKED)]
            found = [one.ref for one in await rig.desk.queue()]
            assert sorted(found) == sorted(refs)

        with_rig(self.rig(), do)

    def test_references_have_one_spelling(self) -> None:
        """A reference of the desk is its own canonical form, short, and without spaces; nonsense is none."""

        async def do(rig: DeskRig) -> None:
            ref = await rig.file(ASKED)
            assert rig.reference(ref) == ref
            assert len(ref) <= LONGEST_REFERENCE
            assert not any(character.isspace() for character in ref)
            assert [rig.reference(text) for text in ("", " ", f"{ref} ", f" {ref}", "a/b", "a\nb", "x" * 300)] == [
                None
            ] * 7

        with_rig(self.rig(), do)

    def test_a_request_has_the_values_by_name(self) -> None:
        """All that were given, as they were written."""

        async def do(rig: DeskRig) -> None:
            request = await rig.desk.request(await _found(rig, await rig.file(ASKED)))
            assert {name: request.value(name) for name in ASKED} == ASKED
            assert (request.faults, request.changed) == ((), "")

        with_rig(self.rig(), do)

    def test_a_note_is_written_once_and_found_by_its_marker(self) -> None:
        """Also when it is written a second time; another marker is not there."""

        async def do(rig: DeskRig) -> None:
            task = await _found(rig, await rig.file(ASKED))
            note = NewNote("Removal failed", "The reason & what to do\n[spentkey test 1]", "[spentkey test 1")
            assert not await rig.desk.has_note(task, note.marker)
            await rig.desk.add_note(task, note)
            assert await rig.desk.has_note(task, note.marker)
            assert not await rig.desk.has_note(task, "[spentkey test 2")
            assert [one.subject for one in await rig.desk.notes(task)] == ["Removal failed"]
            assert "[spentkey test 1]" in (await rig.desk.notes(task))[0].body

        with_rig(self.rig(), do)

    def test_making_a_change_writes_nothing(self) -> None:
        """The task is as before until the change is applied."""

        async def do(rig: DeskRig) -> None:
            ref = await rig.file(ASKED)
            task = await _found(rig, ref)
            rig.desk.closing(task, "Expired secret removed", None)
            rig.desk.handing_over(task, None)
            again = await _found(rig, ref)
            assert (again.is_open, again.is_ours, again.version) == (True, True, task.version)

        with_rig(self.rig(), do)

    def test_a_close_ends_the_task(self) -> None:
        """It is not open any more, out of the queue, and its version is another one."""

        async def do(rig: DeskRig) -> None:
            ref = await rig.file(ASKED)
            task = await _found(rig, ref)
            await rig.desk.apply(task, rig.desk.closing(task, "Expired secret removed", None))
            closed = await _found(rig, ref)
            assert not closed.is_open
            assert closed.why_not
            assert await rig.desk.queue() == []
            assert not task.version or closed.version != task.version

        with_rig(self.rig(), do)

    def test_a_change_is_written_from_its_record(self) -> None:
        """After a crash only the JSON of it is there."""

        async def do(rig: DeskRig) -> None:
            ref = await rig.file(ASKED)
            task = await _found(rig, ref)
            change = rig.desk.closing(task, "Expired secret removed", None)
            await rig.desk.apply(task, replace(change, facts=json.loads(json.dumps(dict(change.facts)))))
            assert not (await _found(rig, ref)).is_open

        with_rig(self.rig(), do)

    def test_a_change_that_took_may_be_written_again(self) -> None:
        """The reply to the first write was lost."""

        async def do(rig: DeskRig) -> None:
            ref = await rig.file(ASKED)
            task = await _found(rig, ref)
            change = rig.desk.closing(task, "Expired secret removed", None)
            await rig.desk.apply(task, change)
            await rig.desk.apply(task, change)
            assert not (await _found(rig, ref)).is_open

        with_rig(self.rig(), do)

    def test_an_unfinished_change_is_begun_again_as_it_was(self) -> None:
        """What a desk adds up is not added twice."""

        async def do(rig: DeskRig) -> None:
            task = await _found(rig, await rig.file(ASKED))
            begun = rig.desk.closing(task, "Expired secret removed", None)
            await rig.desk.apply(task, begun)
            again = rig.desk.closing(task, "Expired secret removed", begun.facts)
            assert again.facts.get("minutes") == begun.facts.get("minutes")

        with_rig(self.rig(), do)

    def test_a_hand_over_gives_the_task_to_people(self) -> None:
        """It is with the team that the change names, and not ours."""

        async def do(rig: DeskRig) -> None:
            ref = await rig.file(ASKED)
            task = await _found(rig, ref)
            change = rig.desk.handing_over(task, None)
            assert change.team
            await rig.desk.apply(task, change)
            handed = await _found(rig, ref)
            assert (handed.team, handed.is_open and handed.is_ours) == (change.team, False)
            assert await rig.desk.queue() == []

        with_rig(self.rig(), do)

    def test_a_change_that_was_applied_tells_what_the_task_shows(self) -> None:
        """Nothing came out otherwise, and the version is that of the next read."""

        async def do(rig: DeskRig) -> None:
            refs = [await rig.file(ASKED), await rig.file(ASKED)]
            for ref, handing_over in zip(refs, (False, True), strict=True):
                task = await _found(rig, ref)
                change = rig.desk.handing_over(task, None) if handing_over else rig.desk.closing(task, "removed", None)
                applied = await rig.desk.apply(task, change)
                assert (applied.warnings, applied.version) == ((), (await _found(rig, ref)).version)

        with_rig(self.rig(), do)

    def test_what_came_out_otherwise_is_a_warning(self) -> None:
        """Where the desk keeps it so: the change took all the same, and is written once."""

        async def do(rig: DeskRig) -> None:
            refs = [await rig.file(ASKED), await rig.file(ASKED)]
            if not await rig.keep_otherwise():
                return
            for ref, handing_over in zip(refs, (False, True), strict=True):
                task = await _found(rig, ref)
                change = rig.desk.handing_over(task, None) if handing_over else rig.desk.closing(task, "removed", None)
                assert (await rig.desk.apply(task, change)).warnings
                ended = await _found(rig, ref)
                assert not (ended.is_open and ended.is_ours)

        with_rig(self.rig(), do)

    def test_an_ended_task_shows_a_close_whose_record_is_missing(self) -> None:
        """And an open one does not."""

        async def do(rig: DeskRig) -> None:
            ref = await rig.file(ASKED)
            task = await _found(rig, ref)
            change = rig.desk.closing(task, "removed", None)
            assert rig.desk.took(task, change.facts) is None
            await rig.desk.apply(task, change)
            assert rig.desk.took(await _found(rig, ref), change.facts) is not None

        with_rig(self.rig(), do)

    def test_a_task_that_was_given_back_shows_that_the_hand_over_took(self) -> None:
        """So that the next hand-over is a new one; before the hand-over nothing of the kind shows."""

        async def do(rig: DeskRig) -> None:
            ref = await rig.file(ASKED)
            task = await _found(rig, ref)
            change = rig.desk.handing_over(task, None)
            assert not rig.desk.took(task, change.facts)
            await rig.desk.apply(task, change)
            await rig.give_back(ref)
            back = await _found(rig, ref)
            assert (back.is_open, back.is_ours) == (True, True)
            assert rig.desk.took(back, change.facts)

        with_rig(self.rig(), do)

    def test_a_close_and_a_hand_over_are_told_apart(self) -> None:
        """Only one of them names a team."""

        async def do(rig: DeskRig) -> None:
            task = await _found(rig, await rig.file(ASKED))
            changes: tuple[Change, Change] = (
                rig.desk.closing(task, "Expired secret removed", None),
                rig.desk.handing_over(task, None),
            )
            assert [bool(one.team) for one in changes] == [False, True]

        with_rig(self.rig(), do)

    def test_work_may_begin_more_than_once(self) -> None:
        """The request is still the one that was filed."""

        async def do(rig: DeskRig) -> None:
            ref = await rig.file(ASKED)
            for _ in range(2):
                await rig.desk.begin(await _found(rig, ref))
            request = await rig.desk.request(await _found(rig, ref))
            assert (request.value("AppID"), request.changed) == (ASKED["AppID"], "")

        with_rig(self.rig(), do)

    def test_the_time_of_the_desk_has_a_zone(self) -> None:
        """Where it has a clock at all."""

        async def do(rig: DeskRig) -> None:
            await rig.file(ASKED)
            shown = await rig.desk.time()
            assert shown is None or shown.utcoffset() is not None

        with_rig(self.rig(), do)


async def _found(rig: DeskRig, ref: TaskRef) -> Task:
    task = await rig.desk.find(ref)
    assert task is not None
    return task
