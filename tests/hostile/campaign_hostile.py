"""The long form: `make campaign-hostile CASES=60 SEED=1`; each case is played alone and beside attacks, drawn by its seed.

With `TIMED=0` it does not matter how long a case takes: for hosts that have other work to do.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

from bystanders import bystanders  # noqa: E402
from play import Parts, encounter_of, play  # noqa: E402
from real_postgres import RealPostgres  # noqa: E402
from real_simulator import RealSimulator  # noqa: E402
from supervisor import supervise  # noqa: E402


def main() -> int:
    """Play the cases and print how many held; 0 when all did."""
    cases, first = int(os.environ.get("CASES", "60")), int(os.environ.get("SEED", "1"))
    timed = os.environ.get("TIMED", "1") != "0"
    began, counts, held = time.monotonic(), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as name:
        stage = Parts(RealSimulator.start(Path(name), bystanders()), RealPostgres(), Path(name) / "home")
        try:
            for seed in range(first, first + cases):
                encounter = encounter_of(seed)
                try:
                    wrong = play(encounter, stage, timed=timed)
                except AssertionError as problem:
                    wrong = [str(problem)]
                counts[encounter.mode] += 1
                held[encounter.mode] += not wrong
                for problem in wrong:
                    print(f"{encounter}: {problem}", flush=True)
        finally:
            stage.sim.stop()
            stage.postgres.stop()
    for mode, count in sorted(counts.items()):
        print(f"{mode}: {count} cases, {held[mode]} held")
    print(
        f"{cases} cases (seeds {first} to {first + cases - 1}), {held.total()} held, in {time.monotonic() - began:.0f} s"
    )
    return int(held.total() != cases)


if __name__ == "__main__":
    supervise()
    sys.exit(main())
