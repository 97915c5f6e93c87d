"""How a service is told to stop: the first signal lets it reach a safe point, the second ends it at once."""

import asyncio
import signal
from collections.abc import Generator, Iterable
from contextlib import contextmanager

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def told_to_stop(signals: Iterable[signal.Signals] = SIGNALS) -> Generator[asyncio.Event]:
    """An event that is set by the first of these signals; after that they do what they always do.

    SIGHUP means that the terminal is gone; a process that was started to outlive that (nohup) ignores it further on.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    heard = [one for one in signals if signal.getsignal(one) is not signal.SIG_IGN]

    def first() -> None:
        stop.set()
        for number in heard:
            loop.remove_signal_handler(number)

    for number in heard:
        loop.add_signal_handler(number, first)
    try:
        yield stop
    finally:
        for number in heard:
            loop.remove_signal_handler(number)
