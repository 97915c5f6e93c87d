"""Structured logs: one line for each event, as JSON or for a terminal, on stderr.

Values are texts, numbers, times and lists of them; anything else is refused by its kind's name, a `Secret` leaves no
trace, and what looks like a token is masked. Other libraries' records keep their template and lose their arguments,
because those may quote what a server said.
"""

import logging
import re
import sys
from collections.abc import Callable, Generator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

from spentkey.core.checkpoint import in_base64
from spentkey.core.checkpoint_end import CheckpointEnd, SignedHead, UnsignedHead
from spentkey.core.errors import SpentkeyError
from spentkey.core.outcome import Result
from spentkey.core.sanitize import plain
from spentkey.core.secret import Secret
from spentkey.core.task import TaskRef
from spentkey.observe.observer import Called, Observer
from spentkey.ports.runtime import Clock

LONGEST = 500
"""Longest text in a line, in characters."""
HIDDEN = "<hidden>"
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
_TOKEN = re.compile(r"eyJ[\w-]{8,}(\.[\w-]*)*|(?i:bearer|basic)\s+[\w.~+/=-]{8,}|rest_api_key=\S+")
_SECRET_NAME = re.compile(r"secret(?!_?id)|password|passwd|token|authorization|assertion|proof|api_?key|cookie", re.I)

Event = MutableMapping[str, Any]
Processor = Callable[[Any, str, Event], Event]


def redact(logger: Any, method: str, event: Event) -> Event:
    """The one gate: what is not plain data does not pass."""
    del logger, method
    kept = {name: _fit(value) for name, value in event.items() if not isinstance(value, Secret)}
    return {name: HIDDEN if _SECRET_NAME.search(name) else value for name, value in kept.items()}


def _fit(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _TOKEN.sub(HIDDEN, plain(value, LONGEST))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return redact(None, "", {str(name): inner for name, inner in cast("Mapping[Any, Any]", value).items()})
    if isinstance(value, list | tuple):
        return [_fit(one) for one in cast("Sequence[Any]", value) if not isinstance(one, Secret)]
    return f"<{type(value).__name__}>"


class _Foreign(logging.Filter):
    """Takes arguments and messages of exceptions away from the records of other libraries."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep one line: our own words, of others the template; and of an exception its kind and where it happened."""
        if record.name != "spentkey" and not hasattr(record, "_logger"):
            message = record.getMessage() if record.name.startswith("spentkey.") else str(record.msg)
            record.msg, record.args = message.split("\n", 1)[0], ()
            found = record.exc_info
            if found and found[0] is not None:
                record.msg += f" ({found[0].__name__} at {where(found[2])})"
            record.exc_info, record.exc_text, record.stack_info = None, None, None
        return True


def where(trace: TracebackType | None) -> str:
    """The lines of a traceback by file and number, innermost first, without source text and values."""
    slots: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        slots.insert(0, f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return ", ".join(slots[:12])


@contextmanager
def logging_to(stream: TextIO, *, as_json: bool, level: str, clock: Clock) -> Generator[None]:
    """Send every event and every library's warnings through the gate to `stream`; all is as before at the end."""

    def stamp(logger: Any, method: str, event: Event) -> Event:
        del logger, method
        return {"time": clock.now().isoformat(timespec="milliseconds"), **event}

    shared: list[Any] = [structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, stamp]
    show: Any = structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else _console(stream)
    handler = logging.StreamHandler(stream)
    handler.addFilter(_Foreign())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, show],
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    root, own = logging.getLogger(), logging.getLogger("spentkey")
    before = (root.handlers[:], root.level, own.level)
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    own.setLevel(LEVELS[level])
    try:
        yield
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        own.setLevel(before[2])
        structlog.reset_defaults()


def _console(stream: TextIO) -> Any:
    return structlog.dev.ConsoleRenderer(colors=stream.isatty(), sort_keys=False, timestamp_key="time")


def stderr_is_terminal() -> bool:
    """Whether people read stderr as it comes."""
    return sys.stderr.isatty()


def logger() -> Any:
    """The logger of the product; keyword arguments are the facts of an event."""
    return structlog.get_logger("spentkey")


class Logged(Observer):
    """Tasks, steps and results at INFO, outside calls at DEBUG and at WARNING when no usable answer came."""

    def called(self, call: Called) -> None:
        """One line for each outside call, with the id that finds it in Microsoft's logs."""
        facts = {"system": call.system, "route": call.route, "status": call.status, "seconds": round(call.seconds, 3)}
        if call.client_request_id is not None:
            facts["client_request_id"] = call.client_request_id
        refused = call.status in ("none", "refused", "401", "403", "429") or call.status.startswith("5")
        (logger().warning if refused else logger().debug)("outside call", **facts)

    def left_out(self, system: str, what: str, problem: str) -> None:
        """One line for what cannot be read."""
        logger().warning("left out", system=system, kind=what, said=problem)

    def stepped(self, task: TaskRef, step: str, detail: str) -> None:
        """One line for each step."""
        logger().info("step", **({"task": task, "step": step} | ({"detail": detail} if detail else {})))

    def told(self, message: str) -> None:
        """One line."""
        logger().info(message)

    def notified(self, event: str, result: str, why: str) -> None:
        """One line for what could not be sent, and one for what was."""
        if why:
            logger().warning("notice", about=event, result=result, said=why)
        elif result == "sent":
            logger().info("notice", about=event, result=result)

    def checkpointed(self, end: CheckpointEnd) -> None:
        """One line with what anybody may keep who wants to compare later."""
        if isinstance(end, SignedHead | UnsignedHead):
            key = end.key.id.hex() if isinstance(end, SignedHead) else None
            logger().info("checkpoint", size=end.head.size, root=in_base64(end.head.root), key=key)

    def not_checkpointed(self, why: str) -> None:
        """One line for each reason."""
        if why:
            logger().warning("no checkpoint", said=why)

    @contextmanager
    def working(self, task: TaskRef, attempt: str) -> Generator[None]:
        """Everything that is logged in the meantime carries both."""
        with structlog.contextvars.bound_contextvars(task=task, attempt=attempt):
            yield

    def ended(self, result: Result) -> None:
        """One line for how it ended, with the object of the contract."""
        logger().info("result", **result.as_json())

    def crashed(self, task: TaskRef, problem: Exception) -> None:
        """One line with the kind of the problem and where it is; its text may quote anything."""
        facts = {"task": task, "kind": type(problem).__name__, "where": where(problem.__traceback__)}
        if isinstance(problem, SpentkeyError):
            logger().error("misconfigured", said=str(problem), **facts)
        else:
            logger().error("bug", **facts)
