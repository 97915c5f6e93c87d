"""For tests that send SIGHUP: whoever runs the tests under `nohup` has it ignored, and so would all that they start."""

import signal
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def hang_up_heard() -> Generator[None]:
    """What is started meanwhile has SIGHUP as it is by default."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
