"""Runs the gates of this repository: what CI runs, and `make test-all`.

`test` and `test-long` always run. Each other gate runs when something changed, since the merge base with origin/main,
in the folders that it judges; where there is no such base, or HEAD is on it, every gate runs. A gate is begun only
while there is time for it; each one that is left out is named, with the command that runs it.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from running import ROOT, StoppedError, hear_signals, run

TOTAL_S = 42 * 60
"""CI is over after that, whatever is left."""
EVERYWHERE = ("Makefile", "pyproject.toml", "uv.lock", "scripts/", ".ci/", "tests/support/", "tests/conftest.py")
"""A change here concerns every gate."""
COLLECTIONS = ("ansible/",)
PLAYED = ("ansible/", "tests/ansible/", "src/", "simulator/")


@dataclass(frozen=True)
class Gate:
    """One `make` target, or a part of it, and the folders that it judges: none of them means that it always runs."""

    name: str
    command: str
    folders: tuple[str, ...]
    usual_s: int
    """With less time than that left it is not begun."""
    limit_s: int
    """What takes longer has failed."""
    needs: str = ""
    """A command that fails where the gate cannot be run here; the last line that it says is the reason."""


def _ansible(name: str, folders: tuple[str, ...], usual_s: int, needs: str = "") -> Gate:
    return Gate(f"ansible {name}", f"make test-ansible GATES={name}", folders, usual_s, 900, needs)


GATES = (
    Gate("test", "make test", (), 0, 1200),
    Gate("test-long", "make test-long", (), 120, 1200),
    Gate("clients", "make test-clients", ("simulator/", "tests/clients/"), 120, 600),
    _ansible("unit", ("ansible/", "src/"), 60),
    _ansible("types", ("ansible/", "src/"), 60),
    _ansible("changelog", COLLECTIONS, 30),
    _ansible("build", COLLECTIONS, 30),
    _ansible("docs", COLLECTIONS, 60),
    _ansible("lint", COLLECTIONS, 90),
    _ansible("playbooks", PLAYED, 240),
    _ansible("aap", PLAYED, 400),
    _ansible("integration", PLAYED, 120),
    _ansible("galaxy", COLLECTIONS, 120),
    _ansible("sanity", COLLECTIONS, 300),
    _ansible("oldest", PLAYED, 300),
    _ansible("newest", PLAYED, 300, "scripts/ansible --newer-python"),
    Gate("audit", "make test-audit", ("deploy/",), 60, 300, "scripts/audit --reach"),
)


def concerned(gate: Gate, changed: Iterable[str] | None) -> bool:
    """Whether a change of these files concerns the gate; None is a change of everything."""
    if changed is None or not gate.folders:
        return True
    return any(file.startswith((*gate.folders, *EVERYWHERE)) for file in changed)


def changes() -> tuple[str, frozenset[str] | None]:
    """In words what is compared, and the files that changed; None where there is nothing to compare with."""
    base = _git("merge-base", "HEAD", "origin/main").strip()
    if not base:
        return "there is no merge base with origin/main, so every gate is to run", None
    if base == _git("rev-parse", "HEAD").strip():
        return "HEAD is on origin/main, so every gate is to run", None
    files = frozenset(_git("diff", "--name-only", "--no-renames", "-z", base).split("\0")) - {""}
    return f"{len(files)} files changed since the merge base with origin/main, {base[:10]}", files


def _lacking(gate: Gate) -> str:
    """Why the gate cannot be run on this machine; nothing where it can."""
    if not gate.needs:
        return ""
    ended = subprocess.run(gate.needs.split(), cwd=ROOT, capture_output=True, text=True, check=False)
    said = (ended.stdout + ended.stderr).strip().splitlines()
    return "" if ended.returncode == 0 else said[-1] if said else f"{gate.needs} failed"


def _git(*words: str) -> str:
    """What git says; nothing where it fails."""
    ended = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    return ended.stdout if ended.returncode == 0 else ""


class Gates:
    """Runs gates one after the other, and says at the end what became of each."""

    def __init__(self, total_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.failed = 0
        self.lines: list[str] = []
        self._ends, self._clock = clock() + total_s, clock

    def play(self, gates: Iterable[Gate], changed: Iterable[str] | None, without: Sequence[str] = ()) -> None:
        """Run each that is concerned and that there is time for."""
        for gate in gates:
            left = self._ends - self._clock()
            if gate.name.split()[0] in without:
                self._leave_out(gate, "as asked")
            elif not concerned(gate, changed):
                self._leave_out(gate, "nothing changed in " + ", ".join(gate.folders))
            elif left < gate.usual_s:
                self._leave_out(gate, f"only {left:.0f} s are left")
            elif why := _lacking(gate):
                self._leave_out(gate, why)
            else:
                self._run(gate, left)

    def _leave_out(self, gate: Gate, why: str) -> None:
        self.lines.append(f"{gate.name}: left out, {why}; it is: {gate.command}")

    def _run(self, gate: Gate, left: float) -> None:
        print(f"== {gate.name}: {gate.command}", flush=True)
        began = self._clock()
        code = run(gate.command.split(), min(gate.limit_s, left))
        took = f"{self._clock() - began:.0f} s"
        if code is None and left < gate.limit_s and gate.folders:
            self._leave_out(gate, f"cut off after {took}, when the time for all gates was over")
        else:
            self.failed += code != 0
            ended = {0: "passed", None: "FAILED, it took too long"}.get(code, f"FAILED, exit code {code}")
            self.lines.append(f"{gate.name}: {ended}, {took}")


def main(words: Sequence[str]) -> int:
    """Run the gates and print what became of them; 0 when none failed."""
    parser = argparse.ArgumentParser(description="Run the gates of this repository.")
    parser.add_argument("--all", action="store_true", help="every gate, however long it takes")
    asked = parser.parse_args(words)
    why, changed = ("every gate is to run", None) if asked.all else changes()
    without = [name for name in ("clients", "ansible") if os.environ.get(f"SPENTKEY_CI_{name.upper()}") == "0"]
    print(f"gates: {why}", flush=True)
    gates = Gates(float("inf") if asked.all else TOTAL_S)
    try:
        gates.play(GATES, changed, without)
    except StoppedError as stopped:
        print(f"gates: stopped by {stopped}")
        return 128 + stopped.number
    print("\n".join(["", f"gates: {why}", *gates.lines]))
    print(f"gates: {gates.failed} failed")
    return 1 if gates.failed else 0


if __name__ == "__main__":
    hear_signals()
    sys.exit(main(sys.argv[1:]))
