"""Starts runs of `spentkey` as children that are forked from the loaded program, by `command_fork.py`."""

import json
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


class Fork:
    """One process that runs `spentkey` again and again, one run after the other, each in a child of its own."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        """`folder` takes what the runs print; the variables are those that the program is loaded with."""
        self._given, self._out, self._err = (folder / name for name in ("given", "out", "err"))
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("command_fork.py"))],
            bufsize=0,  # or both messages of a quick run are read as one, and nothing shows that the second is there
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(variables),
        )

    def start(
        self,
        home: Path,
        variables: Mapping[str, str],
        arguments: Sequence[str],
        given: str = "",
        changed_by: str = "",
    ) -> int:
        """Start one run, with that on its stdin; gives its process id. The one before must have ended.

        `changed_by` is a module of this folder that changes the program of this run alone.
        """
        assert self._process.stdin is not None
        self._given.write_text(given, "utf-8")
        asked = {
            "arguments": list(arguments),
            "environment": dict(variables),
            "folder": str(home),
            "given": str(self._given),
            "changed_by": changed_by,
            "out": str(self._out),
            "err": str(self._err),
        }
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        return self._message()

    def _message(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def exit_code(self, wait_s: float | None) -> int | None:
        """How the child ended, or None when it has not within that time."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], wait_s)
        return self._message() if ready else None

    def printed(self) -> tuple[str, str]:
        """What the run that ended last left on stdout and stderr."""
        return self._out.read_text("utf-8"), self._err.read_text("utf-8")

    def stop(self) -> None:
        """End it, when no child is left."""
        self._process.communicate()
