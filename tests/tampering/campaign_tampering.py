"""The long form: `make campaign-tampering CASES=2000 SEED=1`; each case spoils a copy of the evidence, by its seed.

As many logs beside it live through crashes, several processes, new keys and restored backups (LIVES=2000): they are never
accused. What nobody can find of an edit is counted by its reason. With STORE=postgres the evidence of each case is in a
database of a real PostgreSQL; the lives then are those of a server with a standby that takes its turn (FAILOVERS=20).
"""

import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

from failovers import failed_over  # noqa: E402
from harvest import harvest_in  # noqa: E402
from lives import lived as plain_lived  # noqa: E402
from spoilt_store import Server, running_server  # noqa: E402
from stores import CHOSEN as STORE  # noqa: E402
from supervisor import supervise  # noqa: E402

from tampering import Told  # noqa: E402
from tampering import play as plain_play  # noqa: E402


def main() -> int:
    """Play the cases and print how many held; 0 when all did."""
    cases, first = int(os.environ.get("CASES", "2000")), int(os.environ.get("SEED", "1"))
    worlds = int(os.environ.get("WORLDS", "3"))
    lives = int(os.environ.get("LIVES", str(cases)))
    began, told, wrong = time.monotonic(), Counter[str](), 0
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        play, lived = plain_play, plain_lived
        if STORE == "postgres":
            server = Server(stack.enter_context(running_server()))
            lives = int(os.environ.get("FAILOVERS", "20"))
            play, lived = partial(plain_play, server=server), failed_over
        harvests = [harvest_in(folder / f"world-{number}", number) for number in range(1, worlds + 1)]
        for played, count in ((play, cases), (lived, lives)):
            for seed in range(first, first + count):
                ended: Told = played(seed, harvests[seed % worlds], folder / "case")
                told[ended.became] += 1
                if ended.wrong:
                    wrong += 1
                    print(f"seed {seed}: {ended.what}: {ended.wrong}", flush=True)
    for became, count in sorted(told.items()):
        print(f"{count:6} {became}")
    print(f"{cases} cases and {lives} lives (from seed {first} on), {wrong} wrong, in {time.monotonic() - began:.0f} s")
    return int(wrong > 0)


if __name__ == "__main__":
    supervise()
    sys.exit(main())
