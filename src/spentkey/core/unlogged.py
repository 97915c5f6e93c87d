"""What other packages log about our own calls, left out where it quotes what a server said.

A level on their loggers would change what the host process hears of its own calls. So a filter looks at who is calling:
it drops records of a task that is inside `unlogged`, or was started there, and it goes away with the last of them.
"""

import logging
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_inside: ContextVar[bool] = ContextVar("spentkey_unlogged", default=False)
_entered, _entering = Counter[str](), threading.Lock()


class _OthersOnly(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        del record
        return not _inside.get()


_OTHERS_ONLY = _OthersOnly()


@contextmanager
def unlogged(name: str) -> Generator[None]:
    """Drop what is logged under exactly that name by this task and the tasks that it starts meanwhile."""
    logger, before = logging.getLogger(name), _inside.get()
    with _entering:
        _entered[name] += 1
        logger.addFilter(_OTHERS_ONLY)  # a filter that is there already is not added twice
    _inside.set(True)
    try:
        yield
    finally:
        _inside.set(before)
        with _entering:
            _entered[name] -= 1
            if not _entered[name]:
                logger.removeFilter(_OTHERS_ONLY)
