"""The folder as a service desk: what is ours, what was asked first, and how a request ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from other_account import as_root, other_account, public_folder
from support_core import ManualClock

from spentkey.adapters.files.client import FilesDesk
from spentkey.adapters.files.register import DESK, reference
from spentkey.adapters.files.settings import FilesSettings
from spentkey.core.errors import DeskRefused, EndedByOthers, OddData, WriteRefused
from spentkey.core.notes import NewNote
from spentkey.core.task import FaultKind, Task, TaskRef

REF = TaskRef("a")
NOTE = NewNote("subject", "body [mark x]", "[mark ")


@pytest.fixture
def desk(tmp_path: Path) -> FilesDesk:
    """An empty folder of requests."""
    folder = tmp_path / "requests"
    folder.mkdir(mode=0o770)
    return FilesDesk(folder, approve=True, clock=ManualClock())


def ask(desk: FilesDesk, name: str = "a", approved: str | None = "the owner", table: str = 'AppID = "1"\n') -> Path:
    """A request."""
    head = f"approved_by = {json.dumps(approved)}\n" if approved is not None else ""
    file = desk.directory / f"{name}.toml"
    file.write_text(f"{head}[request]\n{table}", "utf-8")
    file.chmod(0o640)
    return file


def write(desk: FilesDesk, **facts: Any) -> None:
    """A line that a person appends."""
    file = desk.directory / "a.log"
    before = file.read_bytes() if file.exists() else b""
    text = json.dumps({"by": "an.other", "version": before.count(b"\n") + 1, **facts})
    file.write_bytes(before + text.encode() + b"\n")


def lines(desk: FilesDesk) -> list[dict[str, Any]]:
    """What the log says."""
    return [json.loads(one) for one in (desk.directory / "a.log").read_text("utf-8").splitlines()]


async def found(desk: FilesDesk) -> Task:
    """The request as it is now."""
    task = await desk.find(REF)
    assert task is not None
    return task


async def test_an_approved_request_is_open_and_ours(desk: FilesDesk) -> None:
    """By `approved_by`, and no log says otherwise."""
    ask(desk)
    task = await found(desk)
    assert (task.is_open, task.is_ours, task.why_not, task.version) == (True, True, "", "0")
    assert [one.ref for one in await desk.queue()] == ["a"]


async def test_a_request_that_nobody_approved_is_not_ours(desk: FilesDesk) -> None:
    """The reason says who approves; the queue leaves it out."""
    ask(desk, approved=None)
    task = await found(desk)
    assert (task.is_open, task.is_ours) == (True, False)
    assert task.why_not == "the request is not approved: whoever may approve it sets approved_by in a.toml"
    assert await desk.queue() == []


async def test_a_line_in_the_log_approves_the_request_that_it_names(desk: FilesDesk) -> None:
    """By the fingerprint: of another request it is no approval."""
    ask(desk, approved=None)
    write(desk, what="approved", request_sha256="0" * 64)
    assert not (await found(desk)).is_ours
    own: Any = (await found(desk)).own
    write(desk, what="approved", request_sha256=own.file.sha256)
    assert (await found(desk)).is_ours
    ask(desk, approved=None, table='AppID = "2"\n')
    assert not (await found(desk)).is_ours


async def test_where_nobody_must_approve_every_request_is_ours(desk: FilesDesk) -> None:
    """`approve = false`."""
    ask(desk, approved=None)
    assert [one.ref for one in await FilesDesk(desk.directory, approve=False, clock=desk.clock).queue()] == ["a"]


async def test_a_name_in_another_case_is_another_request(desk: FilesDesk) -> None:
    """Also on file systems for which it is the same: evidence and locks go by the name."""
    ask(desk)
    assert await desk.find(TaskRef("A")) is None
    assert await desk.find(TaskRef("b")) is None
    assert await desk.find(TaskRef("../requests/a")) is None


@pytest.mark.parametrize("text", ["", ".a", "-a", "a/b", "a b", "a\n", "é", "n" * 65, "../a", "a\0"])
def test_a_text_that_no_request_is_called_is_no_reference(text: str) -> None:
    """It never reaches the folder."""
    assert reference(text) is None


@pytest.mark.parametrize("text", ["a", "0", "sales-2026-07", "A.b_c", "n" * 64, DESK.example])
def test_a_reference_is_the_name_as_it_is(text: str) -> None:
    """In no other spelling."""
    assert reference(text) == text


async def test_what_is_asked_for_is_the_table(desk: FilesDesk) -> None:
    """By its own names; what is no text is a fault in it."""
    ask(desk, table='AppID = "1"\nSecretID = 2\n"AppDisplayName" = ""\nWhen = 2026-07-01\n')
    request = await desk.request(await found(desk))
    assert (request.value("appid"), request.value("AppDisplayName"), request.changed) == ("1", "", "")
    assert [request.value(name) for name in ("SecretID", "when")] == [FaultKind.NOT_TEXT] * 2


async def test_names_that_differ_only_in_case_are_given_twice(desk: FilesDesk) -> None:
    """TOML takes them for two."""
    ask(desk, table='AppID = "1"\nAPPID = "1"\n')
    assert (await desk.request(await found(desk))).value("AppID") is FaultKind.REPEATED


async def test_a_change_after_the_first_sight_is_told_and_leaves_the_queue(desk: FilesDesk) -> None:
    """Before it anything may change; and who puts the first text back has asked for nothing else."""
    ask(desk, table='AppID = "0"\n')
    ask(desk)
    await desk.begin(await found(desk))
    await desk.begin(await found(desk))
    assert [one["what"] for one in lines(desk)] == ["seen"]
    ask(desk, table='AppID = "2"\n')
    await desk.begin(await found(desk))
    assert "ask again in a file with another name than a.toml" in (await desk.request(await found(desk))).changed
    assert (await desk.queue(), len(lines(desk))) == ([], 1)
    ask(desk, approved="somebody else")
    assert (await desk.request(await found(desk))).changed == ""
    assert len(await desk.queue()) == 1


async def test_a_note_is_written_once(desk: FilesDesk) -> None:
    """By its marker, whatever else it says."""
    ask(desk)
    task = await found(desk)
    assert not await desk.has_note(task, NOTE.marker)
    for body in ("one [mark 1]", "two [mark 2]"):
        await desk.add_note(task, NewNote("subject", body, NOTE.marker))
    assert [(one.subject, one.body) for one in await desk.notes(task)] == [("subject", "one [mark 1]")]
    assert (await desk.has_note(task, NOTE.marker), await desk.has_note(task, "[other ")) == (True, False)


async def test_a_close_is_one_line_and_ends_it(desk: FilesDesk) -> None:
    """With the resolution as its text; a second one writes nothing."""
    ask(desk)
    change = desk.closing(await found(desk), "removed", None)
    await desk.apply(await found(desk), change)
    await desk.apply(await found(desk), change)
    (line,) = lines(desk)
    assert (line["what"], line["status"], line["owner"], line["body"], line["version"]) == (
        ("status", "closed", "spentkey", "removed", 1)
    )
    task = await found(desk)
    assert (task.is_open, task.is_ours, task.why_not) == (False, False, "the request is closed")
    assert await desk.queue() == []


async def test_a_hand_over_gives_it_to_people(desk: FilesDesk) -> None:
    """Given back by a line of a person, it shows that the hand-over took."""
    ask(desk)
    before = await found(desk)
    change = desk.handing_over(before, None)
    assert not desk.took(before, change.facts)
    await desk.apply(before, change)
    handed = await found(desk)
    assert (handed.is_ours, handed.team, handed.owner) == (False, change.team, "")
    write(desk, what="status", status="open")
    back = await found(desk)
    assert (back.is_ours, back.team, desk.took(back, change.facts) is not None) == (True, before.team, True)
    assert not desk.took(back, desk.handing_over(back, None).facts)


@pytest.mark.parametrize(("ended", "by_us"), [("closed", "handing_over"), ("handed-off", "closing")])
async def test_what_people_ended_meanwhile_stays_as_they_ended_it(desk: FilesDesk, ended: str, by_us: str) -> None:
    """Between the last read and the write."""
    ask(desk)
    task = await found(desk)
    change = desk.handing_over(task, None) if by_us == "handing_over" else desk.closing(task, "x", None)
    write(desk, what="status", status=ended)
    with pytest.raises(EndedByOthers, match=f"the request is {ended} by now"):
        await desk.apply(task, change)
    assert [one["status"] for one in lines(desk)] == [ended]


async def test_a_log_that_cannot_be_believed_stops_its_request_alone(desk: FilesDesk) -> None:
    """Not ours, not in the queue, no notes made up, none written."""
    ask(desk)
    ask(desk, "b")
    task = await found(desk)
    (desk.directory / "a.log").write_bytes(b"edited\n")
    assert (await found(desk)).why_not == "a.log: line 1 is not as Spentkey writes it"
    assert [one.ref for one in await desk.queue()] == ["b"]
    with pytest.raises(OddData, match="line 1"):
        await desk.has_note(task, NOTE.marker)
    with pytest.raises(WriteRefused, match="line 1"):
        await desk.add_note(task, NOTE)


async def test_a_file_that_cannot_be_read_stops_its_request_alone(desk: FilesDesk) -> None:
    """With the problem as the reason."""
    ask(desk).write_text("[request")
    ask(desk, "b")
    task = await found(desk)
    assert (task.is_open, task.is_ours, task.why_not[:27]) == (True, False, "a.toml is not valid TOML (a")
    assert [one.ref for one in await desk.queue()] == ["b"]


@pytest.mark.parametrize("what", ["away", "file", "open to everybody"])
async def test_a_folder_that_cannot_be_used_is_the_operators(desk: FilesDesk, what: str) -> None:
    """Nothing of it is taken for an empty queue, or for a task that is not there."""
    folder = desk.directory
    if what == "open to everybody":
        folder.chmod(0o1777)
    else:
        folder.rmdir()
        folder.touch() if what == "file" else None
    for look in (desk.queue(), desk.find(REF), desk.reach()):
        with pytest.raises(DeskRefused, match=r"files\.directory: "):
            await look


@as_root
async def test_another_account_is_told_what_it_may_not(desk: FilesDesk) -> None:
    """A request that it may not read is that request's problem, a folder that it may not enter the operator's."""
    with public_folder() as folder:
        theirs = FilesDesk(folder, approve=True, clock=desk.clock)
        ask(theirs).chmod(0o600)
        with other_account():
            assert (await found(theirs)).why_not == "a.toml cannot be read (Permission denied)"
            (task,) = await theirs.all()
            with pytest.raises(DeskRefused, match=r"a\.log cannot be written \(Permission denied\)"):
                await theirs.begin(task)
        folder.chmod(0o700)
        with other_account(), pytest.raises(DeskRefused, match=r"cannot be used \(Permission denied\)"):
            await theirs.queue()


async def test_the_folder_has_no_clock(desk: FilesDesk) -> None:
    """So nobody compares ours with it; what steps need to know comes from the settings."""
    assert await desk.time() is None
    rules = DESK.rules(FilesSettings.model_construct(directory=desk.directory, language="nl"))
    assert (rules.language, rules.numbers) == ("nl", False)
