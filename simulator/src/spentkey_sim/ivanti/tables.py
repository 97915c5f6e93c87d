"""The record sets of one world at one moment, as rows."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from spentkey_sim.ivanti import paths, records, state
from spentkey_sim.ivanti.behaviour import members
from spentkey_sim.ivanti.offerings import question_row
from spentkey_sim.ivanti.records import Row
from spentkey_sim.model import Note, OfferingQuestion, RequestOffering, ServiceRequest, Task, World

Pinned = Mapping[str, str]
"""Fields that a filter demands to have one value, by name."""


class Tables:
    """Rows by set, relation or key; a stale one shows tasks and notes as they were before the latest write."""

    def __init__(self, world: World, now: datetime, *, stale: bool) -> None:
        self.world = world
        self.now = state.beginning(world, now)
        self.stale = stale

    def rows(self, name: str, pinned: Pinned) -> list[Row]:
        """The rows of a set that can match a filter which pins these fields; without any, all of them.

        In a world of thousands of tasks most questions are about one, and writing out all the others takes the time.
        """
        return list(self._rows(name, pinned))

    def row(self, name: str, key: str) -> Row | None:
        """The row with that RecId."""
        return next((row for row in self._rows(name, {"RecId": key}) if row["RecId"].upper() == key), None)

    def names(self, name: str) -> dict[str, str]:
        """The fields of a set, by their names in lower case. A set without rows has fields, too."""
        return {field.lower(): field for field in self._blank(name)}

    def related(self, name: str, key: str, relation: str) -> list[Row] | None:
        """The rows that hang on one record, or None for a relationship that does not exist."""
        if (name, relation) == (paths.REQUESTS, paths.PARAMETERS_OF_REQUEST):
            pinned = {"ParentLink_RecID": key}
            return [row for row in self._rows(paths.PARAMETERS, pinned) if row["ParentLink_RecID"] == key]
        if (name, relation) == (paths.TEAMS, paths.MEMBERS_OF_TEAM):
            team = self.row(name, key)
            first = team is not None and team["Team"] == self.world.ivanti.teams[0]
            people = members(self.world) if first else []
            return [records.employee_row(self.world, login, self.now) for login in people]
        if name == paths.TASKS and relation in paths.NOTES_OF_TASK:
            # LEDGER: I-29, a note without the category of its parent is linked by half and does not show up here
            notes = (row for row in self._rows(paths.NOTES, {}) if row["ParentLink_RecID"] == key)
            return [row for row in notes if row["ParentLink_Category"]]
        return None

    def _rows(self, name: str, pinned: Pinned) -> Iterable[Row]:
        world = self.world
        match name:
            case paths.TASKS:
                tasks = (state.shown_task(world, task, stale=self.stale) for task in self._tasks(pinned))
                return (_kept_row(world, task) for task in tasks if _may_be(task, pinned))
            case paths.REQUESTS:
                return (self._request(each) for each in self._requests(pinned))
            case paths.PARAMETERS:
                parent = pinned.get("ParentLink_RecID")
                requests = world.ivanti.requests if parent is None else [state.request_by_id(world, parent)]
                return (row for each in requests if each for row in records.parameter_rows(world, each, self.now))
            case paths.NOTES:
                return (records.note_row(world, note) for note in self._notes(pinned))
            case paths.TEAMS:
                return (records.team_row(world, team, self.now) for team in world.ivanti.teams)
            case paths.QUESTIONS:
                each_one = ((one, n, asked) for one in world.ivanti.offerings for n, asked in enumerate(one.questions))
                return (question_row(*one) for one in each_one)
            case _:
                return (records.employee_row(world, each, self.now) for each in state.employees(world))

    def _requests(self, pinned: Pinned) -> Iterable[ServiceRequest]:
        """The requests among which those that match must be."""
        if "RecId" not in pinned:
            return self.world.ivanti.requests
        found = state.request_by_id(self.world, pinned["RecId"])
        return [] if found is None else [found]

    def _request(self, request: ServiceRequest) -> Row:
        """A request is over when all of its tasks are."""
        # LEDGER: I-61, the workflow ends a request with its last task
        final = self.world.ivanti.final_statuses
        statuses = [task.status for task in self.world.ivanti.tasks if task.parent == request.number]
        row = records.request_row(self.world, request, self.now)
        return {**row, "Status": "Fulfilled"} if statuses and all(one in final for one in statuses) else row

    def _tasks(self, pinned: Pinned) -> Iterable[Task]:
        """The tasks among which those that match must be."""
        if "RecId" in pinned:
            found = state.task_by_id(self.world, pinned["RecId"])
        elif "AssignmentID" in pinned:
            found = state.task_by_number(self.world, pinned["AssignmentID"])
        else:
            return self.world.ivanti.tasks
        return [] if found is None else [found]

    def _notes(self, pinned: Pinned) -> Iterable[Note]:
        """The notes among which those that match must be."""
        shown = state.shown_notes(self.world, stale=self.stale)
        if "RecId" in pinned and not self.stale:
            found = state.note_by_id(self.world, pinned["RecId"])
            return [] if found is None else [found]
        parent = pinned.get("ParentLink_RecID")
        return shown if parent is None else [note for note in shown if note.parent == parent]

    def _blank(self, name: str) -> Row:
        request = ServiceRequest("", 0, [("", "")])
        match name:
            case paths.TASKS:
                task = Task("", 0, "", "", "", "", "", None, "", 0, False, self.now, self.now, "")
                return records.task_row(self.world, task, None)
            case paths.REQUESTS:
                return records.request_row(self.world, request, self.now)
            case paths.PARAMETERS:
                return records.parameter_rows(self.world, request, self.now)[0]
            case paths.NOTES:
                return records.note_row(self.world, Note("", "", "", "", "", "", self.now, ""))
            case paths.TEAMS:
                return records.team_row(self.world, "", self.now)
            case paths.QUESTIONS:
                question = OfferingQuestion("", "", "text", required=False)
                return question_row(RequestOffering("", "", "", (), "", "", 0, 0, 0, makes_task=False), 0, question)
            case _:
                return records.employee_row(self.world, "", self.now)


def _may_be(task: Task, pinned: Pinned) -> bool:
    """Whether the task can be in a queue that a filter pins; texts are compared more loosely than the filter does."""
    return all(
        value is None or value.casefold() == held.casefold()
        for value, held in ((pinned.get("OwnerTeam"), task.owner_team), (pinned.get("Status"), task.status))
    )


def _kept_row(world: World, task: Task) -> Row:
    """The row of a task, which is written out anew only when something about the task has changed."""
    stored: dict[str, tuple[object, Row]] = world.memory.setdefault("ivanti rows", {})
    parent = state.parent_of(world, task)
    about = ({**vars(task), "fields": dict(task.fields), "writes": None}, parent and parent.rec_id)
    known = stored.get(task.rec_id)
    if known is None or known[0] != about:
        known = stored[task.rec_id] = (about, records.task_row(world, task, parent))
    return dict(known[1])
