"""What is in the memory of this process stays there: no core file, and no other process of the account may read it.

For processes of our own, and never for a host's.
"""

import ctypes
import resource

_SET_DUMPABLE = 4
"""PR_SET_DUMPABLE (linux/prctl.h): at 0 no core is written, and `/proc/PID/mem` and ptrace are root's alone."""


def keep_memory_to_itself() -> bool:
    """Until the next exec; False where the system does not have it so, and core files alone are off."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return process_control(_SET_DUMPABLE, 0)


def process_control(option: int, value: int) -> bool:
    """Linux's `prctl`, with one number; False where the system does not have it, or refuses."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    return prctl is not None and prctl(option, value, 0, 0, 0) == 0
