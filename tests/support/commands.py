"""Runs the commands: as processes, with arguments, environment, folder and streams of their own."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import jsonschema
import supervisor
from forked_program import Fork
from real_simulator import RealSimulator
from referencing import Registry, Resource

BIN = Path(sys.executable).parent
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
QUICK = {
    "SPENTKEY_POLICY__VERIFY_READS": "3",
    "SPENTKEY_POLICY__VERIFY_INTERVAL_S": "0.02",
    "SPENTKEY_POLICY__VERIFY_TIMEOUT_S": "1",
    "SPENTKEY_POLICY__WRITE_SPACING_S": "0",
}


LOADED_WITH = ("PYTHON", "LC_", "LANG", "TZ", "LD_", "PATH")
SLOWEST_S = 100
FREE: list[Fork] = []
"""The loaded programs of this process of the tests that no run is under way in."""


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout; anything before or after it is an error."""
        found: Any = json.loads(self.out)
        assert isinstance(found, dict)
        return cast("dict[str, Any]", found)

    def complaints(self) -> list[str]:
        """The lines on stderr, for a command that said nothing on stdout and had no bug."""
        assert self.out == ""
        assert "Traceback" not in self.err
        return self.err.splitlines()


def environment(home: Path, **more: str) -> dict[str, str]:
    """A small environment: nothing of the one that the tests run in but the way to programs, and to a spoilt copy."""
    ways = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {**ways, "HOME": str(home), "LANG": "C.UTF-8", **more}


def installed(*arguments: str, home: Path, stdin: str | None = None, **more: str) -> Ended:
    """Run the installed `spentkey` in the folder `home`, started as people start it."""
    return ended([str(BIN / "spentkey"), *arguments], home, environment(home, **more), stdin)


def spentkey(*arguments: str, home: Path, stdin: str | None = None, **more: str) -> Ended:
    """The same in a process that is forked from the loaded program, for loading it is most of what a run costs.

    What Python itself reads when it starts (`LOADED_WITH`) needs the installed command.
    """
    if any(name.startswith(LOADED_WITH) for name in more):
        return installed(*arguments, home=home, stdin=stdin, **more)
    return forked(arguments, home, environment(home, **more), stdin or "")


def forked(
    arguments: Sequence[str], home: Path, variables: Mapping[str, str], given: str = "", changed_by: str = ""
) -> Ended:
    """Run `spentkey` in a forked process to its end; `changed_by` as in `Fork.start`."""
    fork = FREE.pop() if FREE else loaded(Path(tempfile.mkdtemp(prefix="spentkey-fork-", dir=supervisor.folder())))
    run = fork.start(home, variables, arguments, given, changed_by)
    code = fork.exit_code(SLOWEST_S)
    if code is None:
        os.kill(run, signal.SIGKILL)
        raise AssertionError(f"{arguments} did not end within {SLOWEST_S} s: {fork.printed()}")
    FREE.append(fork)
    return Ended(code, *fork.printed())


def loaded(folder: Path) -> Fork:
    """A loaded program; `folder` takes what its runs print."""
    return Fork(folder, environment(folder))


def ended(command: list[str], home: Path, variables: Mapping[str, str], stdin: str | None = None) -> Ended:
    """Run a command to its end."""
    process = subprocess.run(
        command,
        cwd=home,
        env=dict(variables),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=SLOWEST_S,
    )
    return Ended(process.returncode, process.stdout, process.stderr)


def against(sim: RealSimulator, home: Path, *arguments: str, **more: str) -> Ended:
    """Run `spentkey` against the simulator, with quick verification."""
    return spentkey(*arguments, "--config", str(sim.config), home=home, stdin=None, **(QUICK | more))


def fits(value: Any, schema: str) -> None:
    """Check a value against a schema of docs/reference."""
    every = {file.name: json.loads(file.read_text("utf-8")) for file in REFERENCE.glob("*.schema.json")}
    registry = cast("Any", Registry)()
    for name, content in every.items():
        registry = registry.with_resource(name, Resource[Any].from_contents(content))
    cast("Any", jsonschema).Draft202012Validator(every[schema], registry=registry).validate(value)
