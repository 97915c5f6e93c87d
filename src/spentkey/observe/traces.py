"""Traces for an OpenTelemetry collector: a span for each task, step and outside call. Only imported when wanted.

OpenTelemetry's own variables say where they go (OTEL_EXPORTER_OTLP_ENDPOINT and others); spans carry
identifiers and statuses, nothing that a server or a requester wrote.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from spentkey import __version__
from spentkey.core.outcome import Result
from spentkey.core.task import TaskRef
from spentkey.observe.observer import Called, Observer
from spentkey.ports.runtime import Clock

_task: ContextVar[Span | None] = ContextVar("task", default=None)
_step: ContextVar[Span | None] = ContextVar("step", default=None)


def provider() -> TracerProvider:
    """A provider that sends to the collector which the environment names."""
    made = TracerProvider(resource=Resource.create({"service.name": "spentkey", "service.version": __version__}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return made


class Traced(Observer):
    """Makes the spans. A step lasts until the next one; an outside call belongs to the step that it is made in."""

    def __init__(self, made: TracerProvider, clock: Clock) -> None:
        self._provider, self._clock = made, clock
        self._tracer = made.get_tracer("spentkey", __version__)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    @contextmanager
    def working(self, task: TaskRef, attempt: str) -> Generator[None]:
        """The span of one try at a task."""
        facts = {"spentkey.task": task, "spentkey.attempt": attempt}
        span = self._tracer.start_span("task", attributes=facts, start_time=self._now())
        mine, none = _task.set(span), _step.set(None)
        try:
            yield
        finally:
            self._end_step()
            span.end(self._now())
            _step.reset(none)
            _task.reset(mine)

    def stepped(self, task: TaskRef, step: str, detail: str) -> None:
        """End the step before, and begin this one."""
        del detail
        parent = _task.get()
        if parent is None:
            return
        self._end_step()
        inside = trace.set_span_in_context(parent)
        facts = {"spentkey.task": task}
        _step.set(self._tracer.start_span(step, inside, attributes=facts, start_time=self._now()))

    def called(self, call: Called) -> None:
        """The span of an outside call, which has ended already."""
        parent, now = _step.get() or _task.get(), self._now()
        inside = trace.set_span_in_context(parent) if parent is not None else None
        facts = {"peer.service": call.system, "http.route": call.route, "spentkey.status": call.status}
        if call.client_request_id is not None:
            facts["spentkey.client_request_id"] = call.client_request_id
        began = now - int(call.seconds * 1e9)
        name = f"{call.system} {call.route}"
        span = self._tracer.start_span(name, inside, SpanKind.CLIENT, attributes=facts, start_time=began)
        if call.status == "none" or call.status.startswith("5"):
            span.set_status(Status(StatusCode.ERROR))
        span.end(now)

    def ended(self, result: Result) -> None:
        """What came of it, on the span of the task."""
        span = _task.get()
        if span is not None:
            span.set_attribute("spentkey.outcome", result.outcome)
            span.set_attribute("spentkey.ticket", result.ticket.value)
            if result.guard is not None:
                span.set_attribute("spentkey.guard", result.guard)

    def crashed(self, task: TaskRef, problem: Exception) -> None:
        """The kind of the bug, on the span of the task."""
        del task
        span = _task.get()
        if span is not None:
            span.set_status(Status(StatusCode.ERROR, type(problem).__name__))

    def _end_step(self) -> None:
        step = _step.get()
        if step is not None:
            step.end(self._now())

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1e9)
