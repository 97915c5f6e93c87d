"""How a command ends: errors become one line and an exit code."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

import click

from spentkey.adapters.process_memory import keep_memory_to_itself
from spentkey.cli import garbage
from spentkey.core.errors import OUT_OF_MEMORY, Misconfigured, SpentkeyError


def until_done(work: Coroutine[Any, Any, int]) -> None:
    """Run a command's coroutine and leave with its exit code; a known problem is one line (or one for each)."""
    garbage.collect_from_now_on()
    keep_memory_to_itself()
    try:
        code = asyncio.run(work)
    except Misconfigured as problem:
        code = complain(str(problem), 2)
    except SpentkeyError as problem:
        code = complain(str(problem), 4)
    except MemoryError:
        code = complain(f"{OUT_OF_MEMORY()}; open tasks stay open and are found again", 4)
    except KeyboardInterrupt:
        code = complain("interrupted; open tasks stay open and are found again", 130)
    garbage.leave_the_rest()
    sys.exit(code)


def complain(text: str, code: int) -> int:
    """Say what is wrong on stderr."""
    for line in text.splitlines():
        click.echo(f"spentkey: {line}", err=True)
    return code
