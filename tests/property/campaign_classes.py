"""What scan calls a credential, held against what a run does with it: `make campaign-classes CASES=500 SEED=1`."""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

from any_lapsed import any_lapsed  # noqa: E402
from in_memory import in_memory  # noqa: E402
from supervisor import supervise  # noqa: E402
from worlds import world  # noqa: E402


async def campaign(first: int, cases: int) -> tuple[int, Counter[str]]:
    """How many worlds held, and how many credentials of each class they had."""
    held, counts = 0, Counter[str]()
    async with in_memory(world()) as sim:
        for seed in range(first, first + cases):
            try:
                scenario = await any_lapsed(sim, random.Random(seed))  # noqa: S311
                wrong = scenario.wrong
                counts += scenario.counts
            except Exception as problem:  # noqa: BLE001  # a bug is told like a broken rule
                wrong = [f"a bug: {problem!r}"[:800]]
            held += not wrong
            if wrong:
                print(f"--- seed {seed}\n" + "\n".join(wrong), flush=True)
    return held, counts


def main() -> int:
    """Run the cases and print the counts; 0 when all held."""
    first, cases = int(os.environ.get("SEED", "1")), int(os.environ.get("CASES", "500"))
    began = time.monotonic()
    held, counts = asyncio.run(campaign(first, cases))
    for klass, count in sorted(counts.items()):
        print(f"{count:8} {klass}")
    print(f"{cases} worlds (seeds {first} to {first + cases - 1}), {held} held, in {time.monotonic() - began:.0f} s")
    return 0 if held == cases else 1


if __name__ == "__main__":
    supervise()
    sys.exit(main())
