"""What a scan counts for the benchmark's controls on application credentials.

CIS Microsoft 365 Foundations 7.0.0, 5.1.5.3 to 5.1.5.6, as a public tool's tests read them. They ask for policies; what is
counted here is what stands in the directory, which is evidence beside a policy and no proof of one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from spentkey.core.credential import Credential, Kind, Target, TargetKind

LONGEST = timedelta(days=180)
BENCHMARK = "CIS Microsoft 365 Foundations 7.0.0"


@dataclass
class ControlCounts:
    """Counts over every credential of every application that was listed, live ones included."""

    secrets: int = 0
    long_secrets: int = 0
    certificates: int = 0
    long_certificates: int = 0
    without_span: int = 0
    """Credentials whose start or end is not known."""

    def add(self, target: Target) -> None:
        """Count those of one object; a service principal counts for none of these controls."""
        if target.kind is not TargetKind.APPLICATION:
            return
        for one in target.entries:
            self._add(one)

    def _add(self, credential: Credential) -> None:
        known = credential.start is not None and credential.end is not None
        self.without_span += not known
        long = (
            credential.start is not None and credential.end is not None and credential.end - credential.start > LONGEST
        )
        if credential.kind is Kind.SECRET:
            self.secrets += 1
            self.long_secrets += long
        else:
            self.certificates += 1
            self.long_certificates += long

    def as_json(self) -> dict[str, int]:
        """By name, as the inventory remembers them."""
        return dict(vars(self))


def controls_told(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The four controls, each with how many credentials are not as it asks; null where the directory does not show it."""
    unknown = counts.get("without_span", 0)
    beside = f"; of {unknown} credentials the span is not known" if unknown else ""
    rows = (
        ("5.1.5.3", "no client secrets", counts.get("secrets"), "client secrets on applications"),
        (
            "5.1.5.4",
            "secrets of at most 180 days",
            counts.get("long_secrets"),
            f"secrets of more than 180 days{beside}",
        ),
        ("5.1.5.5", "secrets are system-generated", None, "not known: the directory does not show who made a secret"),
        (
            "5.1.5.6",
            "certificates of at most 180 days",
            counts.get("long_certificates"),
            f"certificates of more than 180 days{beside}",
        ),
    )
    return [
        {"control": f"{BENCHMARK}, {number}", "asks": asks, "count": count, "counted": counted}
        for number, asks, count, counted in rows
    ]
