"""`make campaign-open`: any number of stories of opening requests, and some hundreds of real processes that are killed."""

import os
import sys
import tempfile
from pathlib import Path

from opening_cases import Told, played
from opening_processes import KillCase, Loaded


def main() -> int:
    """Play the cases; a seed that is printed replays its case with CASES=1."""
    cases, seed = int(os.environ.get("CASES", "10000")), int(os.environ.get("SEED", "1"))
    kills = int(os.environ.get("KILLS", str(max(1, cases // 100))))
    told = [_shown(number, played(number)) for number in range(seed, seed + cases)]
    _summary("stories in memory", told)
    loaded = Loaded()
    killed: list[Told] = []
    for number in range(seed, seed + kills):
        with tempfile.TemporaryDirectory() as folder:
            killed.append(_shown(number, KillCase(number, Path(folder), loaded).play()))
    loaded.stop()
    _summary("stories of real processes", killed)
    return 1 if any(one.faults for one in (*told, *killed)) else 0


def _shown(seed: int, told: Told) -> Told:
    for fault in told.faults:
        print(f"seed {seed}: {fault}", flush=True)
    return told


def _summary(what: str, told: list[Told]) -> None:
    runs, deaths, lost = (sum(getattr(one, name) for one in told) for name in ("runs", "deaths", "lost_replies"))
    sent, read = sum(one.sent for one in told), sum(one.read_back for one in told)
    faults = sum(len(one.faults) for one in told)
    print(
        f"{len(told)} {what}: {runs} runs, {deaths} killed, {lost} with lost replies; {sent} sent, {read} requests read back; {faults} faults"
    )


if __name__ == "__main__":
    sys.exit(main())
