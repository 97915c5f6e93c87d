"""What one sabotage is: a row of its tables."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sabotage:
    """One protection: where it stands, what takes its place, and who must notice: a campaign, or a test by its file or its node id."""

    file: str
    old: str
    new: str
    by: str
    invariant: str = ""
    """The number of the invariant that must break; empty where a test must fail."""
