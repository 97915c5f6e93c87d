"""What one PFX file may cost, and how the child process binds itself to that before it reads anything."""

import resource
import signal

from spentkey.adapters.process_memory import keep_memory_to_itself, process_control

SECONDS = 10
"""How long one file may take, with all its passwords together: so long the caller waits, and so much CPU the child gets."""
MEGABYTES = 150
"""How much memory one child may have, in millions of bytes of address space; a usual file takes 40."""
MOST_CHILDREN = 2
"""How many files are opened at the same time."""

_SET_PDEATHSIG = 1
"""PR_SET_PDEATHSIG (linux/prctl.h): the child ends with who started it."""


def bind_this_process() -> None:
    """Bound memory and CPU; no file is written, no process started; it ends with its parent, and its memory is its own."""
    keep_memory_to_itself()
    process_control(_SET_PDEATHSIG, signal.SIGKILL)
    memory = MEGABYTES * 1_000_000
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (most, most))


def open_nothing_more() -> None:
    """From here on no file and no socket can be opened: what is needed is loaded, and the pipes are there."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
