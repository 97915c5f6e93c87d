"""How a command ends: errors become one line and an exit code."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import click

from spentkey.adapters.process_memory import keep_memory_to_itself
from spentkey.cli import garbage
from spentkey.cli.output import NOT_READ, Acted, what_was_lost
from spentkey.core.errors import OUT_OF_MEMORY, Misconfigured, SpentkeyError
from spentkey.settings.sources import FILE_VARIABLE, NoConfiguration


def until_done(work: Coroutine[Any, Any, int], *, acts: bool = False) -> None:
    """Run a command's coroutine and leave with its exit code; a known problem is one line (or one for each).

    `acts` is for commands that do something: their exit code tells what was done, also where it cannot be printed.
    """
    garbage.collect_from_now_on()
    keep_memory_to_itself()
    try:
        code = asyncio.run(work)
    except NoConfiguration as problem:
        code = complain(f"{problem}, and name it with --config or {FILE_VARIABLE}", 2)
    except Misconfigured as problem:
        code = complain(str(problem), 2)
    except SpentkeyError as problem:
        code = complain(str(problem), 4)
    except MemoryError:
        code = complain(f"{OUT_OF_MEMORY()}; open tasks stay open and are found again", 4)
    except KeyboardInterrupt:
        code = complain("interrupted; open tasks stay open and are found again", 130)
    garbage.leave_the_rest()
    raise (Acted if acts else SystemExit)(code)


def left(end: SystemExit) -> int:
    """The exit code of a process that ends so, after a line about output that is lost."""
    code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    lost = what_was_lost()
    if lost is None:
        return code
    acted = isinstance(end, Acted)
    stands = "; what was done stands: run the command again to see it" if acted else ""
    return complain(f"the output could not be written ({lost.strerror}){stands}", code or (0 if acted else NOT_READ))


def complain(text: str, code: int) -> int:
    """Say what is wrong on stderr."""
    for line in text.splitlines():
        click.echo(f"spentkey: {line}", err=True)
    return code
