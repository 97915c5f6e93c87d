"""Spentkey warm: many tasks one after another in one process, with the product's own assembly and story."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from bench.loop import measured_loop
from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.settings import load_settings
from spentkey.core.task import TaskRef
from spentkey.ports.read_only import NoProgress
from spentkey.story import work_on


async def main(config: Path, first: int, count: int) -> None:
    """Work on `count` measured tasks, after one to warm up."""
    settings = load_settings(config, os.environ)
    async with context_for(settings, NoProgress(), use_proxies=False) as context:

        async def work(task: int) -> None:
            result = await work_on(TaskRef(str(task)), context)
            if (result.outcome, result.exit_code) != ("removed", 0):
                sys.exit(f"task {task}: {result.outcome}, {result.reason}")

        await measured_loop(range(first, first + count + 1), work)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    given = parser.parse_args()
    asyncio.run(main(given.config, given.first, given.count))
