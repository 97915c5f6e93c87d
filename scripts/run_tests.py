"""What `make test` runs: lint and format first; then types beside the tests; what the types say is printed last.

Words after it go to pytest. The rules of imports are among the tests. With `--long` as the first word it is the long
tests alone: what `make test-long` runs.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from running import StoppedError, hear_signals, run, started

BIN = Path(sys.executable).parent
LINT = (("ruff", "check", "--quiet", "."), ("ruff", "format", "--quiet", "--check", "."))
TYPES = ("basedpyright", "--level", "error")
WORKERS = (os.cpu_count() or 1) + 1
"""One more than processors: tests wait for other processes now and then."""
TESTS = ("-m", "pytest", "-n", str(WORKERS), "--dist", "worksteal")

LONG = "--long"


def tool(words: Sequence[str]) -> list[str]:
    """A command of this environment."""
    return [str(BIN / words[0]), *words[1:]]


def main(words: Sequence[str]) -> int:
    """Run everything; 0 when nothing was found."""
    if words[:1] == [LONG]:
        return run([sys.executable, *TESTS, "-m", "long", *words[1:]]) or 0
    for one in LINT:
        if run(tool(one)):
            return 1
    with tempfile.TemporaryFile() as found, started(tool(TYPES), found) as types:
        tests = run([sys.executable, *TESTS, *words])
        code = types.wait()
        found.seek(0)
        print(f"types: {'passed' if code == 0 else 'FAILED'}", flush=True)
        if code:
            print(found.read().decode("utf-8", "replace"), flush=True)
    return 1 if tests or code else 0


if __name__ == "__main__":
    hear_signals()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # to compile all tests at each run takes a tenth of its time
    try:
        sys.exit(main(sys.argv[1:]))
    except StoppedError as stopped:
        sys.exit(128 + stopped.number)
