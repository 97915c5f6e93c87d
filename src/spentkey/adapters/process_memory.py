"""What is in the memory of this process stays there: no core file, and no other process of the account may read it.

For processes of our own, and never for a host's.
"""

import ctypes
import resource

_SET_DUMPABLE = 4
"""PR_SET_DUMPABLE (linux/prctl.h): at 0 no core is written, and `/proc/PID/mem` and ptrace are root's alone."""


def keep_memory_to_itself() -> None:
    """Until the next exec. A system without that call (it is Linux's) has the limit of core files alone."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_SET_DUMPABLE, 0, 0, 0, 0)
