"""Metrics in Prometheus' format, in a registry of their own. No label holds an id, a name of an application or a text."""

from collections import Counter as Counted
from collections.abc import Iterable, Mapping, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from spentkey import __version__
from spentkey.core.checkpoint_end import CheckpointEnd, SignedHead
from spentkey.core.errors import Misconfigured
from spentkey.core.outcome import Result
from spentkey.core.task import TaskRef
from spentkey.observe.observer import Called, Observer
from spentkey.observe.scan_metrics import ScanMetrics
from spentkey.ports.runtime import Clock

CONTENT_TYPE = CONTENT_TYPE_LATEST
CALL_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
STEP_SECONDS = (0.05, 0.25, 1, 5, 15, 30, 60, 120, 300, 900)
STAGES = ("queued", "working", "later")
STOPS = (
    ("everything", "survivor-lost"),
    ("everything", "paused"),
    ("route", "survivor-lost"),
    ("application", "survivor-lost"),
)


class Metrics(Observer):
    """Counts and times; the service adds what it must ask for: the queue, stops, days left, systems."""

    def __init__(self, clock: Clock) -> None:
        disable_created_metrics()  # a second series for each counter, of no use here
        self._clock = clock
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._calls = Counter(
            "spentkey_outside_calls", "Requests to outside systems.", ("system", "route", "status"), registry=registry
        )
        self._call_seconds = Histogram(
            "spentkey_outside_call_seconds",
            "How long requests to outside systems took.",
            ("system", "route"),
            buckets=CALL_SECONDS,
            registry=registry,
        )
        self._throttled = Counter(
            "spentkey_throttled",
            "Answers 429 of outside systems, parts of a batch included.",
            ("system",),
            registry=registry,
        )
        self._left_out = Counter(
            "spentkey_left_out",
            "Records of outside systems that cannot be read and were left out, each time that they were met.",
            ("system", "what"),
            registry=registry,
        )
        self._outcomes = Counter(
            "spentkey_outcomes", "Tries at tasks, by how they ended.", ("outcome", "guard", "ticket"), registry=registry
        )
        self._step_seconds = Histogram(
            "spentkey_step_seconds", "How long steps took.", ("step",), buckets=STEP_SECONDS, registry=registry
        )
        self._requests = Counter(
            "spentkey_http_requests", "Requests to this service.", ("method", "route", "status"), registry=registry
        )
        self._turned_away = Counter(
            "spentkey_http_turned_away",
            "Connections to this service that were not kept or not answered.",
            ("why",),
            registry=registry,
        )
        self._notices = Counter(
            "spentkey_notices", "Notices to people, by what became of them.", ("event", "result"), registry=registry
        )
        self._checkpoint = Gauge(
            "spentkey_checkpoint_time",
            "When this process last signed all records, in seconds since 1970.",
            registry=registry,
        )
        self._no_checkpoint = Counter(
            "spentkey_checkpoint_failures", "Checkpoints that could not be made.", registry=registry
        )
        self._of_scans = ScanMetrics(registry, clock)
        self._queue = Gauge("spentkey_queue_tasks", "Tasks that the engine holds.", ("stage",), registry=registry)
        self._days_left = Gauge(
            "spentkey_credential_days_left",
            "Days until what the automation itself signs in with ends; infinite for a kind that does not end.",
            ("tenant", "kind"),
            registry=registry,
        )
        self._stopped = Gauge("spentkey_stopped", "1 while anything is stopped or paused.", registry=registry)
        self._stops = Gauge("spentkey_stops", "Stops that stand.", ("scope", "kind"), registry=registry)
        self._ready = Gauge(
            "spentkey_system_ready", "1 while the system is within reach.", ("system",), registry=registry
        )
        Gauge("spentkey_build_info", "Always 1.", ("version",), registry=registry).labels(__version__).set(1)
        self._at: dict[TaskRef, tuple[str, float]] = {}
        self._told: set[tuple[str, str]] = set()

    def called(self, call: Called) -> None:
        """Count and time an outside call."""
        self._calls.labels(call.system, call.route, call.status).inc()
        self._call_seconds.labels(call.system, call.route).observe(call.seconds)

    def throttled(self, system: str) -> None:
        """Count a 429."""
        self._throttled.labels(system).inc()

    def left_out(self, system: str, what: str, problem: str) -> None:
        """Count what cannot be read."""
        del problem
        self._left_out.labels(system, what).inc()

    def stepped(self, task: TaskRef, step: str, detail: str) -> None:
        """Time the step that ends here; the last one of a try is the word for its ticket, and takes no time."""
        del detail
        now = self._clock.monotonic()
        before = self._at.get(task)
        if before is not None:
            self._step_seconds.labels(before[0]).observe(now - before[1])
        self._at[task] = (step, now)

    def ended(self, result: Result) -> None:
        """Count how a try ended."""
        self._at.pop(TaskRef(result.task), None)
        self._outcomes.labels(result.outcome, result.guard or "", result.ticket.value).inc()

    def crashed(self, task: TaskRef, problem: Exception) -> None:
        """Count a bug, or a configuration that cannot be used, as an outcome of its own; the task stays as it is."""
        self._at.pop(task, None)
        outcome = "misconfigured" if isinstance(problem, Misconfigured) else "bug"
        self._outcomes.labels(outcome, "", "open").inc()

    def requested(self, method: str, route: str, status: int) -> None:
        """Count a request to the service."""
        self._requests.labels(method, route, str(status)).inc()

    def notified(self, event: str, result: str, why: str) -> None:
        """Count what became of a notice."""
        del why
        self._notices.labels(event, result).inc()

    def checkpointed(self, end: CheckpointEnd) -> None:
        """Say when that was; a head that nobody signs is no checkpoint."""
        if isinstance(end, SignedHead):
            self._checkpoint.set(self._clock.now().timestamp())

    def not_checkpointed(self, why: str) -> None:
        """Count it, told or not."""
        del why
        self._no_checkpoint.inc()

    def scanned(self, tenant: str, lapsed: Mapping[str, Sequence[int]] | None, pages_retried: int) -> None:
        """Tell a scan: for each class how many days ago each of its credentials ended; None where it is not complete."""
        self._of_scans.scanned(tenant, lapsed, pages_retried)

    def request_opened(self, tenant: str, result: str) -> None:
        """Count what became of a request for a removal."""
        self._of_scans.opened(tenant, result)

    def turned_away(self, why: str) -> None:
        """Count a connection that was not kept."""
        self._turned_away.labels(why).inc()

    def queue(self, stages: Iterable[str] | None) -> None:
        """Say in which stages the engine's tasks are; None when that is not known."""
        self._queue.clear()
        if stages is not None:
            held = list(stages)
            for stage in STAGES:
                self._queue.labels(stage).set(held.count(stage))

    def stopped(self, stops: Sequence[tuple[str, str]] | None) -> None:
        """Say what is stopped, by scope and kind; None without evidence, and then nothing is removed."""
        self._stopped.set(stops is None or bool(stops))
        self._stops.clear()
        if stops is not None:
            found = Counted((scope.partition(":")[0], kind) for scope, kind in stops)
            for one in (*STOPS, *found):
                self._stops.labels(*one).set(found[one])

    def ready(self, systems: Mapping[str, bool]) -> None:
        """Say which systems are within reach."""
        for name, within_reach in systems.items():
            self._ready.labels(name).set(within_reach)

    def days_left(self, tenant: str, kind: str, days: float | None) -> None:
        """Say how long the automation's own credential lives; None, where it is not known, takes the figure away."""
        for told in [one for one in self._told if one[0] == tenant and (days is None or one[1] != kind)]:
            self._told.remove(told)
            self._days_left.remove(*told)
        if days is not None:
            self._days_left.labels(tenant, kind).set(days)
            self._told.add((tenant, kind))

    def text(self) -> bytes:
        """Everything, in the format that Prometheus reads."""
        return generate_latest(self.registry)
