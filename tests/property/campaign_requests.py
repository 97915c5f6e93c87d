"""Any request parameters, each worked by the real story: `make campaign-requests CASES=1500 SEED=1`.

Nothing is removed but what a set means in its canonical reading, that is removed, and each task ends closed, handed
over with a clean note, or untouched.
"""

import asyncio
import itertools
import os
import random
import sys
import time
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any, cast

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

from any_request import NAMES, Set, already_gone, any_set, every_single_change, meant, request_world  # noqa: E402
from in_memory import InMemory, in_memory  # noqa: E402
from invariants import LOGIN, Ledger, asked_by, broken, removals_of, seen  # noqa: E402
from supervisor import supervise  # noqa: E402
from worlds import CANARIES, REF, TASK  # noqa: E402

from spentkey.story import work_on  # noqa: E402

FAST = {"SPENTKEY_POLICY__VERIFY_READS": "2", "SPENTKEY_POLICY__WRITE_SPACING_S": "0"}


async def hold(sim: InMemory, message: Set) -> tuple[str, list[str]]:
    """How the task of that set ended, and what does not hold of it."""
    sim.reset(request_world(), 1)
    sim.holder.world.ivanti.requests[0].parameters = cast("Any", message)
    ledger = Ledger.of(request_world(), sim.truth(), canaries=tuple(CANARIES.values()))
    asked = asked_by(message)
    ledger.asked[TASK] = {asked} if asked else set()
    async with sim.context(sim.settings(**FAST)) as context:
        result = await work_on(REF, context)
    truth = sim.truth()
    wrong = broken(ledger, truth, sim.store, [result.as_json()])
    target, removed = meant(message), [(one["app_id"], one["key_id"]) for one in removals_of(truth)]
    if removed != ([(target.app_id, target.key_id)] if target else []):
        wrong.append(f"1: {removed} was removed, and what the set means is {target}")
    wrong += _bad_end(message, result.ticket.value, removed=bool(removed))
    wrong += [f"a note holds {bad!r}" for note in _notes(truth) for bad in unclean(note)]
    return f"{result.outcome} {result.guard or ''} {result.ticket}".replace("  ", " "), wrong


def _bad_end(message: Set, ticket: str, *, removed: bool) -> list[str]:
    """Closed with a removal (or for what is not there), else handed over; a set without any of the five is not ours."""
    ours = any(seen(name).casefold() in {one.casefold() for one in NAMES} for name, _ in message)
    wanted = "closed" if removed or already_gone(message) else "handed-off" if ours else "untouched"
    return [] if ticket == wanted else [f"2: the ticket is {ticket}, not {wanted}"]


def _notes(truth: dict[str, Any]) -> list[str]:
    notes = truth["ivanti"]["tasks"][str(TASK)]["notes"]
    return [text for note in notes if note["created_by"] == LOGIN for text in (note["subject"], note["body"])]


def unclean(text: str) -> list[str]:
    """Control and invisible characters, raw markup, and what is far too long, in a note of ours."""
    bad = {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    return [*sorted(bad), *(mark for mark in "<>" if mark in text), *(["length"] if len(text) > 5000 else [])]


async def campaign(seed: int, cases: int) -> tuple[Counter[str], int]:
    """How the cases ended, and how many of them held."""
    ends, held = Counter[str](), 0
    async with in_memory(request_world()) as sim:
        drawn = (any_set(random.Random(f"{seed} {number}")) for number in itertools.count())  # noqa: S311
        for number, message in enumerate(itertools.islice(itertools.chain(every_single_change(), drawn), cases)):
            try:
                end, wrong = await hold(sim, message)
            except Exception as problem:  # noqa: BLE001  # a bug is told like a broken invariant
                end, wrong = "a bug", [repr(problem)[:500]]
            ends[end] += 1
            held += not wrong
            if wrong:
                print(f"--- seed {seed}, case {number}: {str(message)[:1500]}\n" + "\n".join(wrong), flush=True)
    return ends, held


def main() -> int:
    """Run the cases and print the counts; 0 when all held."""
    seed, cases = int(os.environ.get("SEED", "1")), int(os.environ.get("CASES", "1500"))
    began = time.monotonic()
    ends, held = asyncio.run(campaign(seed, cases))
    for end, count in sorted(ends.items()):
        print(f"{count:8} {end}")
    print(f"{cases} request parameter sets (seed {seed}), {held} held, in {time.monotonic() - began:.0f} s")
    return 0 if held == cases else 1


if __name__ == "__main__":
    supervise()
    sys.exit(main())
