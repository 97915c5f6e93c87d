"""When a command collects garbage. Imports make many objects and hardly any garbage, and a short command little more.

Measured in docs/adr/0017: a fifth of the CPU time of `spentkey run`. Only `main` begins this, so that a process that
imports these modules keeps its own ways.
"""

import gc

NEW_OBJECTS = 50_000
"""How many more objects there must be before garbage is looked for; Python's own figure is 700."""


def begin_without() -> None:
    """Look for no garbage while modules are imported."""
    gc.disable()


def collect_from_now_on() -> None:
    """Look for garbage, though never again among what is there now."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(NEW_OBJECTS)
        gc.enable()


def leave_the_rest() -> None:
    """The process ends and its memory with it: spare Python a last search."""
    if gc.get_freeze_count():
        gc.freeze()
