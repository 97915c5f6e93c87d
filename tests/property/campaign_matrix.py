"""The long form of the matrix: `make campaign-matrix PAIRS=200 SEED=1`; each case that breaks is told.

`SAMPLE=25` takes so many single faults of each world in place of all.
"""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

from in_memory import in_memory  # noqa: E402
from matrix import WORLDS, calls_of, hold, pairs, singles  # noqa: E402
from supervisor import supervise  # noqa: E402
from worlds import world  # noqa: E402


async def campaign(seed: int, pairs_each: int, sample: int) -> tuple[Counter[str], Counter[str]]:
    """How many cases of each world there were, and how many held."""
    cases, held = Counter[str](), Counter[str]()
    async with in_memory(world()) as sim:
        for name in WORLDS:
            calls = await calls_of(sim, name)
            print(f"{name}: {', '.join(' '.join(call) for call in calls)}", flush=True)
            alone = list(singles(name, calls))
            if sample:
                alone = random.Random(f"{seed} {name}").sample(alone, sample)  # noqa: S311
            for scenario in (*alone, *pairs(name, calls, seed, pairs_each)):
                try:
                    wrong = await hold(sim, scenario)
                except Exception as problem:  # noqa: BLE001  # a bug is told like a broken invariant
                    wrong = [f"a bug: {problem!r}"]
                cases[name] += 1
                held[name] += not wrong
                if wrong:
                    print(f"--- {scenario}\n" + "\n".join(wrong), flush=True)
    return cases, held


def main() -> int:
    """Run everything and print the counts; 0 when all held."""
    seed, pairs_each = int(os.environ.get("SEED", "1")), int(os.environ.get("PAIRS", "200"))
    began = time.monotonic()
    cases, held = asyncio.run(campaign(seed, pairs_each, int(os.environ.get("SAMPLE", "0"))))
    for name, count in cases.items():
        print(f"{name}: {count} cases, {held[name]} held")
    print(f"{cases.total()} cases, {held.total()} held, in {time.monotonic() - began:.0f} s (pairs by seed {seed})")
    return 0 if held == cases else 1


if __name__ == "__main__":
    supervise()
    sys.exit(main())
