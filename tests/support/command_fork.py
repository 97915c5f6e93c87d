"""A process that has loaded the program and forks for every run of it, so that thousands of runs cost little.

Each line on stdin asks for one run; the answers are the run's process id and, when it has ended, its exit status.
"""

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import spentkey.cli
from spentkey.cli.main import main

OTHERS = ("aiohttp", "azure.identity.aio", "mssql_python", "spentkey.bootstrap.postgres")
"""What some commands load when they need it."""


def load() -> None:
    """Loading is what costs time. Nothing of this starts a thread, or a fork would not be safe."""
    folder = Path(spentkey.cli.__path__[0])
    for name in (*OTHERS, *(f"spentkey.cli.{file.stem}" for file in sorted(folder.glob("[a-z]*.py")))):
        import_module(name)


def become(asked: dict[str, Any]) -> None:
    """Be the command that was asked for, from its arguments and environment to its outputs."""
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    for number, name in enumerate((asked["given"], asked["out"], asked["err"])):
        made = os.O_RDWR | os.O_CREAT | os.O_TRUNC if number else os.O_RDONLY
        opened = os.open(name, made, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.argv = ["spentkey", *asked["arguments"]]
    if asked["changed_by"]:
        import_module(asked["changed_by"])
    main()


def fork(asked: dict[str, Any]) -> int:
    """Start one run; gives its process id. The child never comes back from here."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        become(asked)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    """One run after the other, until stdin ends."""
    load()
    for line in sys.stdin:
        child = fork(json.loads(line))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
