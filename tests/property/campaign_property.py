"""The long form: `make campaign-property CASES=2000 SEED=1`; a case that breaks is told, with the seed that replays it.

With `REPLAY=1` every case is played twice, and the second time must be the first, request by request.
"""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

from any_scenario import Broken  # noqa: E402
from any_story import any_story, trace  # noqa: E402
from in_memory import InMemory, in_memory  # noqa: E402
from stores import wants_replay  # noqa: E402
from supervisor import supervise  # noqa: E402
from worlds import world  # noqa: E402


class Played(Protocol):
    """A case at rest, and what happened in it."""

    counts: Counter[str]


Story = Callable[[InMemory, random.Random], Awaitable[Played]]


async def campaign(story: Story, seeds: Sequence[int], *, replay: bool) -> tuple[int, Counter[str]]:
    """How many of the cases held, and what happened in them."""
    held, counts = 0, Counter[str]()
    async with in_memory(world()) as sim:
        for seed in seeds:
            try:
                scenario = await story(sim, random.Random(seed))  # noqa: S311
                first = trace(sim)
                if replay:
                    await story(sim, random.Random(seed))  # noqa: S311
                    if trace(sim) != first:
                        raise Broken("the same seed gave another case")
            except Broken as problem:
                print(f"--- seed {seed}\n{problem}", flush=True)
            except Exception as problem:  # noqa: BLE001  # a bug is told like a broken invariant
                print(f"--- seed {seed}\na bug: {problem!r}", flush=True)
            else:
                held += 1
                counts += scenario.counts
    return held, counts


def main(story: Story) -> int:
    """Run the cases and print the counts; 0 when all held."""
    cases, first = int(os.environ.get("CASES", "2000")), int(os.environ.get("SEED", "1"))
    began = time.monotonic()
    held, counts = asyncio.run(campaign(story, range(first, first + cases), replay=wants_replay()))
    for what, times in sorted(counts.items()):
        print(f"{times:8} {what}")
    print(f"{cases} cases (seeds {first} to {first + cases - 1}), {held} held, in {time.monotonic() - began:.0f} s")
    return 0 if held == cases else 1


if __name__ == "__main__":
    supervise()
    sys.exit(main(any_story))
