"""The long form: `make campaign-takeover CASES=60 SEED=1`; three workers, one blow in each case, drawn by its seed."""

import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

from blows import case_of, play  # noqa: E402
from real_postgres import RealPostgres  # noqa: E402
from real_simulator import RealSimulator  # noqa: E402
from supervisor import supervise  # noqa: E402
from worlds import world  # noqa: E402


def main() -> int:
    """Play the cases and print how many held; 0 when all did."""
    cases, first = int(os.environ.get("CASES", "60")), int(os.environ.get("SEED", "1"))
    began, counts, held = time.monotonic(), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        sim, postgres = RealSimulator.start(Path(name), world()), RealPostgres()
        try:
            for seed in range(first, first + cases):
                blow = case_of(random.Random(seed))  # noqa: S311
                wrong = play(blow, sim, postgres, Path(name) / "home")
                counts[blow.what] += 1
                held[blow.what] += not wrong
                for problem in wrong:
                    print(f"seed {seed}, {blow}: {problem}", flush=True)
        finally:
            sim.stop()
            postgres.stop()
    for what, count in sorted(counts.items()):
        print(f"{what}: {count} cases, {held[what]} held")
    print(
        f"{cases} cases (seeds {first} to {first + cases - 1}), {held.total()} held, in {time.monotonic() - began:.0f} s"
    )
    return int(held.total() != cases)


if __name__ == "__main__":
    supervise()
    sys.exit(main())
