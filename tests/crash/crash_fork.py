"""A process that has loaded the program and forks for every run of it, so that thousands of runs cost little.

Each line on stdin asks for one run; the answers are the run's process id and, when it has ended, its exit status.
"""

import json
import os
import sys
from typing import Any

# Loading is what costs time. Nothing of this starts a thread, or a fork would not be safe.
import aiohttp
import azure.identity.aio
import mssql_python

import spentkey.bootstrap.context
import spentkey.bootstrap.postgres
import spentkey.cli.run
from spentkey.cli.main import main

LOADED = (
    aiohttp,
    azure.identity.aio,
    mssql_python,
    spentkey.bootstrap.context,
    spentkey.bootstrap.postgres,
    spentkey.cli.run,
)


def become(asked: dict[str, Any]) -> None:
    """Be the command that was asked for, from its arguments and environment to its outputs."""
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    for number, name in ((0, "/dev/null"), (1, asked["out"]), (2, asked["err"])):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["spentkey", *asked["arguments"]]
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
    for line in sys.stdin:
        child = fork(json.loads(line))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
