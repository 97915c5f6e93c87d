"""The metrics of scans and of the requests that they open."""

from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge

from spentkey.ports.runtime import Clock

AGES = (0, 30, 90, 365)
"""Days since the end, each counting all that are older too."""


class ScanMetrics:
    """Counts scans, and tells what the last complete one of each tenant found."""

    def __init__(self, registry: CollectorRegistry, clock: Clock) -> None:
        self._clock = clock
        self._lapsed_told: set[tuple[str, str]] = set()
        self._scans = Counter(
            "spentkey_scans",
            "Scans of a tenant, by whether they read everything.",
            ("tenant", "complete"),
            registry=registry,
        )
        self._scan_time = Gauge(
            "spentkey_scan_complete_time",
            "When the last scan that read everything ended, in seconds since 1970.",
            ("tenant",),
            registry=registry,
        )
        self._pages_retried = Counter(
            "spentkey_scan_pages_retried",
            "Pages of a scan that had to be asked for anew.",
            ("tenant",),
            registry=registry,
        )
        self._lapsed = Gauge(
            "spentkey_lapsed",
            "Credentials that have ended, by the last complete scan; age: ended at least so many days ago.",
            ("tenant", "class", "age"),
            registry=registry,
        )
        self._requests = Counter(
            "spentkey_requests_opened",
            "Requests for a removal, by what became of each; known is a duplicate that was avoided.",
            ("tenant", "result"),
            registry=registry,
        )

    def scanned(self, tenant: str, lapsed: Mapping[str, Sequence[int]] | None, pages_retried: int) -> None:
        """Tell a scan: for each class how many days ago each of its credentials ended; None where it is not complete."""
        self._pages_retried.labels(tenant).inc(pages_retried)
        self._scans.labels(tenant, "no" if lapsed is None else "yes").inc()
        if lapsed is None:
            return
        self._scan_time.labels(tenant).set(self._clock.now().timestamp())
        for told in self._lapsed_told - {(tenant, one) for one in lapsed}:
            if told[0] == tenant:
                self._tell_lapsed(*told, ())
        for name, days in lapsed.items():
            self._tell_lapsed(tenant, name, days)

    def _tell_lapsed(self, tenant: str, name: str, days: Sequence[int]) -> None:
        self._lapsed_told.add((tenant, name))
        for age in AGES:
            self._lapsed.labels(tenant, name, str(age)).set(sum(one >= age for one in days))

    def opened(self, tenant: str, result: str) -> None:
        """Count what became of a request for a removal."""
        self._requests.labels(tenant, result).inc()
