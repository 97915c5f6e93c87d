"""A process that appends to one store and prints how long each append took, in seconds, as JSON.

It is a process of its own, so that nothing else of the bench works in it. One append goes before that is not measured.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.store_rows import facts_of
from spentkey.core.secret import Secret
from spentkey.ports.evidence import EvidenceLog
from spentkey.storage.postgres.connection import opened
from spentkey.storage.postgres.evidence import PostgresEvidence
from spentkey.storage.postgres.schema import prepare
from spentkey.storage.sqlite.evidence import SqliteEvidence
from spentkey.system import SystemClock

FIRST = 100_000_000
"""The number of the first record that is made: its task is nobody's of those that the bench fills a store with."""


@asynccontextmanager
async def evidence_at(where: str) -> AsyncGenerator[EvidenceLog]:
    """The store at a URL of PostgreSQL, or in a state directory; its tables are made."""
    if "://" in where:
        async with opened(Secret(where)) as database:
            await prepare(database)
            yield PostgresEvidence(database, SystemClock())
        return
    evidence = SqliteEvidence(Path(where), SystemClock())
    evidence.open()
    yield evidence
    evidence.close()


class Appends:
    """Appends records of the kinds of a story, one kind after the other, and notes how long each took."""

    def __init__(self, evidence: EvidenceLog) -> None:
        self._evidence, self._number, self.waits = evidence, FIRST, list[float]()

    async def one(self) -> None:
        """Append one record."""
        what, facts = facts_of(self._number)
        self._number += 1
        begun = time.perf_counter()
        await self._evidence.append(what, dict(facts))
        self.waits.append(time.perf_counter() - begun)

    async def together(self, tasks: int) -> float:
        """Let so many tasks append one record each at once; how long they took together."""
        begun = time.perf_counter()
        await asyncio.gather(*(self.one() for _ in range(tasks)))
        return time.perf_counter() - begun

    async def until_told(self, rest_s: float) -> None:
        """Append, with a rest after each, until there is something to read."""
        told = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
        while not told.done():
            await self.one()
            await asyncio.wait([told], timeout=rest_s)


async def main(where: str, count: int, tasks: int, rest_s: float) -> dict[str, Sequence[float]]:
    """Append as the options say; the waits, and how long each group took."""
    async with evidence_at(where) as evidence:
        appends, groups = Appends(evidence), list[float]()
        await appends.one()
        appends.waits.clear()
        print("ready", flush=True)
        if not count:
            await appends.until_told(rest_s)
        for _ in range(count // tasks):
            groups.append(await appends.together(tasks))
    return {"waits": appends.waits, "groups": groups}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("where", help="a state directory, or the URL of a database")
    parser.add_argument("--count", type=int, default=0, help="how many; 0: until a line comes in")
    parser.add_argument("--tasks", type=int, default=1, help="how many tasks at once")
    parser.add_argument("--rest", type=float, default=0.0, help="seconds after each, without --count")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(main(given.where, given.count, given.tasks, given.rest))), flush=True)
