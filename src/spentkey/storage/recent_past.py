"""The recent past in a database: what counts is found by an index when a process starts, and noted from there on."""

from collections.abc import Sequence
from datetime import UTC, datetime

from spentkey.core.limits import HOUR, FoldedPast, HandOver

EVER = datetime.min.replace(tzinfo=UTC)


class RecentPast(FoldedPast):
    """A `Past` that knows removals and hand-overs from the time `begins` on.

    The removals of a run are counted as they are noted, and no further back: a run belongs to one process and is made
    after that has started, so all of its removals are read by this process itself, and most are its own.
    """

    def __init__(self, begins: datetime = EVER) -> None:
        super().__init__()
        self.begins = begins

    def goes_on_from(self, before: "RecentPast") -> None:
        """Take over the counts of runs, which go back further than what was read again."""
        self._by_run = before._by_run  # noqa: SLF001  # of the same class

    def removals_since(self, since: datetime) -> Sequence[tuple[datetime, str]]:
        """Those that are older by an hour are forgotten, so that a clock may be set back by as much."""
        return [one for one in super().removals_since(self._forget(since)) if one[0] >= since]

    def hand_overs_since(self, since: datetime) -> Sequence[HandOver]:
        """Those that are older by an hour are forgotten, so that a clock may be set back by as much."""
        return [one for one in super().hand_overs_since(self._forget(since)) if one.at >= since]

    def _forget(self, since: datetime) -> datetime:
        self.begins = max(self.begins, since - HOUR)
        return self.begins
