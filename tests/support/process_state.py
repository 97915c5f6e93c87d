"""What a package could change in the process that imports it, as one comparable text for each thing.

This module loads nothing but the standard library's own parts that it looks at; it runs in a fresh interpreter.
"""

import asyncio
import decimal
import gc
import locale
import logging
import os
import random
import resource
import signal
import socket
import ssl
import sys
import threading
import warnings
from asyncio import base_events, events, sslproto
from collections.abc import Iterator, Mapping
from types import ModuleType

asyncio.new_event_loop().close()  # the policy of event loops is made when it is first needed
LIMITS = ("RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_AS", "RLIMIT_STACK", "RLIMIT_NPROC", "RLIMIT_FSIZE")


def state() -> dict[str, str]:
    """Every thing by name. A logger that is new and says nothing of itself is no change."""
    found = {f"logger {name}": text for name, text in _loggers()}
    found |= {f"signal {number}": str(signal.getsignal(number)) for number in signal.valid_signals()}
    found |= {f"limit {name}": str(resource.getrlimit(getattr(resource, name))) for name in LIMITS}
    found |= {f"environment {name}": value for name, value in os.environ.items()}
    found |= dict(_attributes(sslproto.SSLProtocol, base_events, events, ssl.SSLContext, socket.socket))
    return found | {
        "warnings": str(warnings.filters),
        "warnings shown by": str(warnings.showwarning),
        "logging off below": str(logging.root.manager.disable),
        "logging classes": f"{logging.getLoggerClass()} {logging.getLogRecordFactory()}",
        "excepthook": f"{sys.excepthook} {sys.unraisablehook} {threading.excepthook}",
        "displayhook": str(sys.displayhook),
        "path": str(sys.path),
        "importers": f"{sys.meta_path} {sys.path_hooks}",
        "trace": f"{sys.gettrace()} {sys.getprofile()} {sys.getrecursionlimit()} {sys.getswitchinterval()}",
        "streams": f"{sys.stdin} {sys.stdout} {sys.stderr}",
        "garbage": f"{gc.isenabled()} {gc.get_threshold()} {gc.get_freeze_count()} {gc.callbacks}",
        "locale": locale.setlocale(locale.LC_ALL),
        "time-out of sockets": str(socket.getdefaulttimeout()),
        "TLS by default": f"{vars(ssl)['_create_default_https_context']} {ssl.get_default_verify_paths()}",
        "decimals": str(decimal.getcontext()),
        "random numbers": str(hash(random.getstate())),
        "threads": str(threading.active_count()),
        "umask": str(_umask()),
        "folder": os.getcwd(),  # noqa: PTH109
    }


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What is not as it was, with both."""
    names = sorted({*before, *after})
    return [f"{name}: {before.get(name)} -> {after.get(name)}" for name in names if before.get(name) != after.get(name)]


def _loggers() -> Iterator[tuple[str, str]]:
    for name, logger in [("root", logging.root), *logging.root.manager.loggerDict.items()]:
        if isinstance(logger, logging.Logger):
            heard = [one for one in logger.handlers if not isinstance(one, logging.NullHandler)]
            own = (logger.level, heard, logger.filters, logger.propagate, logger.disabled)
            if name == "root" or own != (0, [], [], True, False):
                yield name, str(own)


def _attributes(*holders: type | ModuleType) -> Iterator[tuple[str, str]]:
    """Whatever somebody could have patched in them; numbers, texts and functions by what they are."""
    for holder in holders:
        for name, value in vars(holder).items():
            if not name.startswith("__"):
                yield f"{holder.__name__}.{name}", str(value)


def _umask() -> int:
    before = os.umask(0o077)
    os.umask(before)
    return before
