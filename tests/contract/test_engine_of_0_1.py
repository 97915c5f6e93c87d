"""A database that workers of version 0.1 share: their jobs carry a task as a number, and they read no other."""

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from engine_rig import Maker, refs
from real_postgres import RealPostgres

from spentkey.core.task import TaskRef

OLD = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)"
    " VALUES (%s, 'spentkey.work', %s, '7', '{\"task\": 7}')"
)
"""How version 0.1 puts a task on the queue: offered, or found and sorted."""


@pytest.fixture
async def shared(tmp_path: Path, postgres: RealPostgres) -> AsyncGenerator[Maker]:
    """Makes engines that share a database."""
    async with AsyncExitStack() as stack:
        yield Maker("distributed", tmp_path, postgres.database(), stack)


@pytest.mark.parametrize("lock", ["unsorted 7", "application 22222222-2222-4222-8222-000000000000", "later 7"])
async def test_a_job_of_version_0_1_is_the_task_of_that_number(
    shared: Maker, postgres: RealPostgres, lock: str
) -> None:
    """It is known by its text, an offer finds it, and it is worked on once."""
    rig, (ref,) = await shared.rig(), refs(7)
    shared.desk.add(ref)
    postgres.rows(shared.database, OLD, "desk" if lock == "unsorted 7" else "production", lock)
    held, again = [one.task for one in await rig.engine.queued()], await rig.engine.offer(ref)
    async with rig.serving():
        await rig.until(lambda: rig.ended == [ref])
        await rig.until_empty()
    assert (held, again, rig.started) == ([ref], False, [ref])


async def test_what_reads_as_a_number_is_written_as_one(shared: Maker, postgres: RealPostgres) -> None:
    """So that a worker of version 0.1 can read it; every other reference stays the text that it is."""
    rig = await shared.rig()
    for text in ("40021", "0042", "SCTASK0010001", "\u0664\u0662"):
        await rig.engine.offer(TaskRef(text))
    found = postgres.rows(shared.database, "SELECT args::text, queueing_lock, lock FROM procrastinate_jobs ORDER BY id")
    assert [(json.loads(args)["task"], queueing, lock) for args, queueing, lock in found] == [
        (40021, "40021", "unsorted 40021"),
        ("0042", "0042", "unsorted 0042"),
        ("SCTASK0010001", "SCTASK0010001", "unsorted SCTASK0010001"),
        ("\u0664\u0662", "\u0664\u0662", "unsorted \u0664\u0662"),
    ]
