"""Spans: one for each task, step and outside call, in their order and below one another; nothing where nobody asked."""

from collections import Counter
from pathlib import Path

from commands import against
from fault_rules import fault
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from real_simulator import QuickClock, RealSimulator
from worlds import CANARIES, REF, TASK, certificate_parameters, world

from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.service import observed
from spentkey.core.task import TaskRef
from spentkey.observe.observer import Observers
from spentkey.observe.traces import Traced
from spentkey.story import work_on
from spentkey.system import SystemIds


async def spans(sim: RealSimulator, *numbers: int) -> list[ReadableSpan]:
    """The spans of tasks that are worked on."""
    kept, provider, clock = InMemorySpanExporter(), TracerProvider(), QuickClock()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    traced = Traced(provider, clock)
    observer = Observers((traced,), clock)
    async with context_for(sim.settings(), observer, use_proxies=False, clock=clock, meter=observer) as context:
        for number in numbers:
            await observed(observer)(work_on, TaskRef(str(number)), context, SystemIds().new())
    traced.close()
    return list(kept.get_finished_spans())


def called(made: list[ReadableSpan], name: str) -> list[ReadableSpan]:
    """The spans of that name."""
    return [span for span in made if span.name == name]


async def test_a_task_is_one_trace(sim: RealSimulator) -> None:
    """The task above its steps, the steps above the calls made in them; none outlives what it belongs to."""
    sim.reset(world(certificate_parameters()))
    made = await spans(sim, TASK)
    by_id = {span.context.span_id: span for span in made if span.context is not None}
    (task,) = called(made, "task")
    assert {span.context.trace_id for span in made if span.context} == {task.context and task.context.trace_id}
    steps = [span for span in made if span.parent and by_id[span.parent.span_id] is task]
    assert [span.name for span in sorted(steps, key=lambda span: span.start_time or 0)][:5] == [
        *("ticket", "ask", "see", "judge", "plan"),
    ]
    calls = [span for span in made if span.kind.name == "CLIENT"]
    parents = [by_id[span.parent.span_id].name for span in calls if span.parent]
    assert Counter(parents).keys() <= {"ticket", "see", "judge", "plan", "remove", "verify", "report"}
    assert len(calls) == len([one for one in sim.journal() if (one["system"], one["route"]) != ("sql", "login")])
    assert all((span.end_time or 0) >= (span.start_time or 0) for span in made)


async def test_spans_say_who_and_how(sim: RealSimulator) -> None:
    """Task, attempt, outcome; system, route, status and client-request-id."""
    made = await spans(sim, TASK)
    (task,), (removal,) = (
        called(made, "task"),
        called(made, "Microsoft Graph POST /v1.0/applications/{id}/removePassword"),
    )
    (intent,) = [record for record in sim.evidence() if record["what"] == "intent"]
    assert dict(task.attributes or {}) == {
        "spentkey.task": REF,
        "spentkey.attempt": intent["attempt"],
        "spentkey.outcome": "removed",
        "spentkey.ticket": "closed",
    }
    assert dict(removal.attributes or {}) == {
        "peer.service": "Microsoft Graph",
        "http.route": "POST /v1.0/applications/{id}/removePassword",
        "spentkey.status": "204",
        "spentkey.client_request_id": intent["client_request_id"],
    }


async def test_trouble_is_an_error_and_quotes_nobody(sim: RealSimulator) -> None:
    """A call that failed is marked; no attribute of any span holds what a server or a requester wrote."""
    sim.faults(fault("ivanti", "task-query", "500", nth=1, params={"body": {"said": CANARIES["ivanti key"]}}))
    made = await spans(sim, TASK, 777)
    assert [span.status.status_code.name for span in called(made, "task")] == ["UNSET", "UNSET"]
    assert "ERROR" in {span.status.status_code.name for span in made}
    texts = " ".join(str(dict(span.attributes or {})) for span in made)
    assert [word for word in (*CANARIES.values(), "Sales", "no task has") if word in texts] == []


async def test_tasks_are_traces_of_their_own(sim: RealSimulator) -> None:
    """Two tasks, two traces."""
    made = await spans(sim, TASK, 777)
    assert len({span.context.trace_id for span in made if span.context}) == 2


def test_a_run_once_needs_no_collector(sim: RealSimulator, tmp_path: Path) -> None:
    """Commands that people watch do not trace, whatever the environment says."""
    message = against(sim, tmp_path, "work", "--once", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
    assert message.code == 0
