"""The long form of the kill test with folders: every story, every moment, then series of kills that seeds draw by lot.

It prints how many cases ran and how many held, and ends with 1 when one did not.
"""

import argparse
import sys

from campaign_folder import campaign_folder
from commands import loaded
from crash_cases import lots, rehearse
from crash_files import FILES_STORIES, FilesStage, every_blow, files_failures, files_stage, series_of
from crash_runs import Stage
from real_simulator import RealSimulator
from stores import CHOSEN, STORES, store_chosen
from supervisor import supervise


def arguments() -> argparse.Namespace:
    """What can be chosen."""
    parser = argparse.ArgumentParser(description="Kill the process at every moment of every story, with folders.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="seeds of the series of kills")
    parser.add_argument("--series", type=int, default=100, help="series of two or three kills, for each seed and story")
    parser.add_argument("--stories", nargs="+", default=list(FILES_STORIES), choices=FILES_STORIES, metavar="STORY")
    parser.add_argument("--store", default=CHOSEN, choices=STORES, help="where evidence and locks are")
    return parser.parse_args()


def one_story(stage: FilesStage, name: str, seeds: list[int], series: int) -> tuple[int, list[str]]:
    """Every single kill, then the series of each seed."""
    story = FILES_STORIES[name]
    moments = rehearse(stage, story)
    count, found = files_failures(stage, story, [(), *((blow,) for blow in every_blow(story, moments, lots(0)))])
    for seed in seeds:
        more, also = files_failures(stage, story, series_of(story, moments, lots(seed), series))
        count, found = count + more, found + [f"seed {seed}: {problem}" for problem in also]
    return count, found


def campaign(stage: FilesStage, asked: argparse.Namespace) -> int:
    """All stories; gives the exit code."""
    cases = held = 0
    for name in asked.stories:
        count, found = one_story(stage, name, asked.seeds, asked.series)
        cases, held = cases + count, held + count - len(found)
        print(f"{name}: {count} cases, {count - len(found)} held", flush=True)
        for problem in found:
            print(f"  {problem}", flush=True)
    print(f"{cases} cases, {held} held")
    return int(held != cases)


def main() -> int:
    """One simulator and one program for all of it."""
    asked = arguments()
    with campaign_folder(fast=False) as folder, store_chosen(folder / "state", asked.store) as store:
        sim = RealSimulator.start(folder, FILES_STORIES["secret"].made)
        (folder / "fork").mkdir()
        fork = loaded(folder / "fork")
        try:
            return campaign(files_stage(Stage(sim, folder / "home", store, fork)), asked)
        finally:
            fork.stop()
            sim.stop()


if __name__ == "__main__":
    supervise()
    sys.exit(main())
