"""What the story may rely on wherever evidence is kept: the same tests for a file and for PostgreSQL."""

import asyncio
import json

import pytest
from evidence_rig import Shelf, begin

from spentkey.core.errors import EvidenceBroken
from spentkey.core.outcome import Refused
from spentkey.core.reason import reason_for
from spentkey.core.stops import About


async def test_a_task_has_its_records_oldest_first(shelf: Shelf) -> None:
    """And nobody else's."""
    log = await shelf.log()
    for task, number in ((1, 0), (2, 1), (1, 2)):
        await log.append("step", {"task": task, "n": number})
    assert [record["n"] for record in (await log.history(1)).records] == [0, 2]
    assert [(record["seq"], record["task"]) for record in shelf.chained()] == [(0, 1), (1, 2), (2, 1)]


async def test_a_later_process_goes_on_with_the_chain(shelf: Shelf) -> None:
    """It knows what was recorded before."""
    first = await shelf.log()
    await first.append("step", {"task": 1, "n": 0})
    later = await shelf.log()
    await later.append("step", {"task": 1, "n": 1})
    assert [record["n"] for record in (await first.history(1)).records] == [0, 1]


async def test_a_task_without_records_has_an_empty_history(shelf: Shelf) -> None:
    """Also where nothing is kept yet."""
    assert not (await (await shelf.log()).history(1)).known


async def test_many_appends_at_once_keep_one_chain(shelf: Shelf) -> None:
    """From concurrent tasks of two processes."""
    logs = [await shelf.log(), await shelf.log()]
    await asyncio.gather(*(logs[number % 2].append("step", {"task": number}) for number in range(40)))
    assert sorted(record["task"] for record in shelf.chained()) == list(range(40))


async def test_two_processes_cannot_pass_a_limit_together(shelf: Shelf) -> None:
    """Real ones, each of which wants to begin 25 removals where 30 are allowed in an hour."""
    await (await shelf.log()).append("step", {"task": 9})
    running = [shelf.process(task, 25) for task in (1, 2)]
    message = [int((await asyncio.to_thread(process.communicate))[0]) for process in running]
    assert sum(message) == 30
    assert [record["what"] for record in shelf.chained()].count("intent") == 30


async def test_a_refused_record_is_not_kept(shelf: Shelf) -> None:
    """What a limit says no to comes back, and leaves no trace."""
    log, no = await shelf.log(), Refused("G8", reason_for("enough"))
    assert await log.append_unless(lambda _: no, "intent", {"task": 1}) is no
    assert shelf.lines() == []


async def test_a_question_sees_what_every_process_recorded(shelf: Shelf) -> None:
    """A stop of one stops the other, and its end too."""
    one, other = await shelf.log(), await shelf.log()
    await one.append("survivor-lost", {"task": 1, "lost": []})
    stopped = await other.ask(lambda blast_radius: blast_radius.refuse_any(About()))
    await other.append("resumed", {"who": "somebody", "why": "looked into"})
    assert (stopped is not None, await one.ask(lambda blast_radius: blast_radius.refuse_any(About()))) == (True, None)


async def test_the_removals_of_an_application_are_known(shelf: Shelf) -> None:
    """By every intent on record, whoever had it; another application has none of them."""
    log = await shelf.log()
    for task, app, key in ((1, "a", "1"), (1, "b", "2"), (2, "a", "3"), (3, "a", "1")):
        await log.append("intent", {"task": task, "app_id": app, "key_id": key})
    await log.append("answer", {"task": 1, "app_id": "a", "key_id": "4"})
    later = await shelf.log()
    known = {key: list(tasks) for key, tasks in (await later.removals("a")).items()}
    assert (known, await later.removals("c")) == ({"1": [1, 3], "3": [2]}, {})


async def test_a_removal_that_was_refused_for_sure_is_none(shelf: Shelf) -> None:
    """By the answer to that very intent, in whichever task; one without an answer, or with a lost one, may have taken."""
    log = await shelf.log()
    for task, key, answer in ((1, "1", "forbidden"), ("INC-1", "2", "not-done"), (2, "3", "lost"), ("INC-1", "4", "")):
        facts = {"task": task, "app_id": "a", "key_id": key, "client_request_id": f"{task}/{key}"}
        await log.append("intent", facts)
        if answer:
            await log.append("answer", {**facts, "answer": answer})
    await log.append("intent", {"task": 3, "app_id": "a", "key_id": "1", "client_request_id": "again"})
    later = await shelf.log()
    assert dict(await later.removals("a")) == {"3": [2], "4": ["INC-1"], "1": [3]}


async def test_a_task_is_a_number_or_a_text(shelf: Shelf) -> None:
    """As its service desk names it; the number and the text of its digits are two tasks."""
    log = await shelf.log()
    for number, task in enumerate((40021, "40021", "INC'40021")):
        await log.append("intent", {"task": task, "app_id": "a", "key_id": "k", "n": number})
    later = await shelf.log()
    found = [[r["n"] for r in (await later.history(task)).records] for task in (40021, "40021", "INC'40021")]
    assert (found, dict(await later.removals("a"))) == ([[0], [1], [2]], {"k": [40021, "40021", "INC'40021"]})


@pytest.mark.parametrize("task", ["40021 ", "040021", "inc40021", "", "40021.0"])
async def test_a_task_with_another_name_has_no_records(shelf: Shelf, task: str) -> None:
    """However alike they look."""
    log = await shelf.log()
    for known in (40021, "40021", "INC40021"):
        await log.append("step", {"task": known})
    assert not (await log.history(task)).known


async def test_a_fault_is_remembered(shelf: Shelf) -> None:
    """What was changed is put back, and the process that saw it still neither answers nor appends; another one does."""
    log = await shelf.log()
    await log.append("step", {"task": 1})
    await log.append("step", {"task": 2})
    right = shelf.lines()[0]
    shelf.write(0, right.replace('"task":1', '"task":3'))
    with pytest.raises(EvidenceBroken):
        await log.verify()
    shelf.write(0, right)
    for refused in (log.history(2), log.recent(1), log.verify(), log.append("step", {"task": 1}), log.removals("a")):
        with pytest.raises(EvidenceBroken, match="record 0 does not continue the chain"):
            await refused
    assert await (await shelf.log()).verify() == 2


@pytest.mark.parametrize("change", ['"n":1', '"task":1', '"prev":"'])
async def test_a_changed_record_is_not_believed(shelf: Shelf, change: str) -> None:
    """By a process that reads it for the first time; nothing is recorded after it."""
    log = await shelf.log()
    for number in range(3):
        await log.append("step", {"task": 1, "n": number})
    other = {'"n":1': '"n":7', '"task":1': '"task":2', '"prev":"': '"prev":"0'}[change]
    shelf.write(1, shelf.lines()[1].replace(change, other))
    later = await shelf.log()
    with pytest.raises(EvidenceBroken):
        await later.history(1)
    with pytest.raises(EvidenceBroken):
        await later.append("step", {"task": 1})
    assert len(shelf.lines()) == 3


async def test_a_record_that_changes_under_way_is_not_believed(shelf: Shelf) -> None:
    """Records are read again when they are asked for, and must be those that were checked."""
    log = await shelf.log()
    await log.append("step", {"task": 1, "n": 0})
    await log.append("step", {"task": 1, "n": 1})
    assert len((await log.history(1)).records) == 2
    shelf.write(0, shelf.lines()[0].replace('"n":0', '"n":8'))
    with pytest.raises(EvidenceBroken):
        await log.history(1)


async def test_a_reader_writes_nothing(shelf: Shelf) -> None:
    """`plan` cannot put anything on record, and sees what others do."""
    writer, reader = await shelf.log(), await shelf.log(read_only=True)
    with pytest.raises(EvidenceBroken, match="reads evidence and writes none"):
        await reader.append("step", {"task": 1})
    await writer.append("step", {"task": 1})
    assert (len((await reader.history(1)).records), len(shelf.lines())) == (1, 1)


async def test_facts_that_cannot_be_written_leave_the_chain_as_it_was(shelf: Shelf) -> None:
    """A mistake of ours does not break the evidence."""
    log = await shelf.log()
    with pytest.raises(TypeError):
        await log.append("step", {"task": 1, "fact": object()})
    await log.append("step", {"task": 1})
    assert len(shelf.chained()) == 1


@pytest.mark.parametrize("text", ["a\ud800b", "nul \x00 and \n feed", "quote ' \" \\ %s", "é 漢 🙂", "x" * 20_000])
async def test_any_text_can_be_put_on_record(shelf: Shelf, text: str) -> None:
    """Requesters write what they like, and it comes back as it was."""
    log = await shelf.log()
    await log.append("result", {"task": 1, "app_name": text})
    (record,) = (await (await shelf.log()).history(1)).records
    assert record["app_name"] == text


async def test_values_that_are_no_texts_or_numbers_are_kept_too(shelf: Shelf) -> None:
    """A task, application or key that is null stands as null."""
    log = await shelf.log()
    await log.append("resumed", {"task": None, "app_id": None, "key_id": None, "deep": {"list": [1, None, 0.5]}})
    assert json.loads(shelf.lines()[0])["deep"] == {"list": [1, None, 0.5]}
    assert not (await (await shelf.log()).history(0)).known


async def test_begin_counts(shelf: Shelf) -> None:
    """The thirty-first removal of an hour is refused, in this process as in any other."""
    log = await shelf.log()
    begun = [await begin(log, number) for number in range(32)]
    assert begun == [True] * 30 + [False] * 2
