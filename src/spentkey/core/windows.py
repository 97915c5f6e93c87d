"""Guard G8: the windows in which removals may begin, and the freezes in which none may.

A window is open while the clock of its zone shows a time inside it. So a time that a change of the clock leaves out
opens nothing, and one that comes twice is inside both times. All times here carry a zone.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from spentkey.core.outcome import Refused
from spentkey.core.reason import ReasonKind

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WHOLE_DAY = 24 * 60
"""Minutes; the end of a day, which is a time only as the end of a window."""
FORESEEN = 15
"""Days within which a window opens, also where a change of the clock leaves out its one time in the first week."""
YEARS = range(2000, 3000)
"""A freeze outside these is a slip of the pen."""
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)

WINDOW = re.compile(
    r"(?P<days>[a-z]+(?:\s*[-,]\s*[a-z]+)*)\s+(?P<begin>[0-9]{1,2}:[0-9]{2})\s*-\s*(?P<end>[0-9]{1,2}:[0-9]{2})"
    r"(?:\s+(?P<zone>\S+))?",
    re.IGNORECASE | re.ASCII,
)
FREEZE = re.compile(
    r"(?P<first>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:\s*/\s*(?P<last>[0-9]{4}-[0-9]{2}-[0-9]{2}))?(?:\s+(?P<zone>\S+))?",
    re.ASCII,
)
CLOSED = ReasonKind(
    "g8-outside-window",
    en="no removal begins outside policy.window; the next window opens at {opens}",
    nl="buiten policy.window begint geen verwijdering; het volgende venster opent op {opens}",
    fr="aucune suppression ne commence en dehors de policy.window ; la prochaine fenêtre s'ouvre le {opens}",
)
FROZEN = ReasonKind(
    "g8-freeze",
    en="no removal begins during {freeze} (policy.freeze); the next one may begin at {opens}",
    nl="tijdens {freeze} begint geen verwijdering (policy.freeze); de volgende mag beginnen op {opens}",
    fr="aucune suppression ne commence pendant {freeze} (policy.freeze) ; la prochaine peut commencer le {opens}",
)

ZoneOf = Callable[[str], tzinfo]
"""The zone of a name such as Europe/Brussels; raises ValueError, in words, for one that is not known."""


@dataclass(frozen=True)
class Window:
    """Some days of the week, from a time to a time; one whose end comes first runs past midnight, and is its first day's."""

    text: str
    days: frozenset[int]
    begin: int
    end: int
    """Both in minutes since midnight; the end is outside."""
    zone: tzinfo

    def covers(self, now: datetime) -> bool:
        """Whether the clock of its zone shows a time inside it."""
        local = now.astimezone(self.zone)
        minute, today = local.hour * 60 + local.minute, local.weekday()
        if self.begin < self.end:
            return today in self.days and self.begin <= minute < self.end
        yesterday = (today - 1) % 7
        return (today in self.days and minute >= self.begin) or (yesterday in self.days and minute < self.end)


@dataclass(frozen=True)
class Freeze:
    """Whole days, the first and the last one included."""

    text: str
    first: date
    last: date
    zone: tzinfo

    def covers(self, now: datetime) -> bool:
        """Whether the calendar of its zone shows one of these days."""
        return self.first <= now.astimezone(self.zone).date() <= self.last

    @property
    def begins(self) -> datetime:
        """Its first moment."""
        return _midnight(self.first, self.zone)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return _midnight(self.last + DAY, self.zone)


@dataclass(frozen=True)
class Schedule:
    """All windows, which add up, and all freezes; without any window it is always open but for the freezes."""

    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()

    def is_open(self, now: datetime) -> bool:
        """Whether a removal may begin."""
        return self._freeze(now) is None and self._in_window(now)

    def refuse(self, now: datetime) -> Refused | None:
        """Guard G8: no removal begins outside a window, or in a freeze, and none is repeated."""
        if self.is_open(now):
            return None
        opens, freeze = self.opens(now), self._freeze(now)
        if freeze is not None:
            return Refused("G8", FROZEN(freeze=freeze.text, opens=self.shown(opens)), until=opens)
        return Refused("G8", CLOSED(opens=self.shown(opens)), until=opens)

    def opens(self, now: datetime) -> datetime:
        """The first moment from now on at which a removal may begin."""
        at = now.astimezone(UTC)
        while not self.is_open(at):
            freeze = self._freeze(at)
            at = freeze.ends if freeze is not None else next(filter(self._in_window, self._window_edges(at)))
        return at

    def closes(self, now: datetime) -> datetime | None:
        """The first moment after now at which no removal may begin; None where none can be foreseen."""
        edges = [*self._window_edges(now), *(one.begins for one in self.freezes if one.begins > now)]
        return next((edge for edge in sorted(edges) if not self.is_open(edge)), None)

    def shown(self, at: datetime) -> str:
        """A moment for people, as the clock of the first window or freeze shows it."""
        zones = [one.zone for one in (*self.windows, *self.freezes)]
        return at.astimezone(zones[0] if zones else UTC).isoformat(" ", "minutes")

    def _in_window(self, now: datetime) -> bool:
        return not self.windows or any(one.covers(now) for one in self.windows)

    def _freeze(self, now: datetime) -> Freeze | None:
        return next((one for one in self.freezes if one.covers(now)), None)

    def _window_edges(self, after: datetime) -> Iterator[datetime]:
        """Every moment within `FORESEEN` days at which a window may open or close, in order."""
        edges = {edge for one in self.windows for edge in _edges(one, after)}
        yield from sorted(edge for edge in edges if edge > after)


ALWAYS = Schedule()
"""Neither windows nor freezes."""


def read_window(text: str, zone_of: ZoneOf) -> Window:
    """A window as it stands in the configuration; raises ValueError, in words, for what is none."""
    found = WINDOW.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f"{text!r} is no window such as Mon-Fri 08:00-16:00 Europe/Brussels (whole days: 00:00-24:00; no zone: UTC)"
        )
    begin, end = _minutes(found["begin"]), _minutes(found["end"])
    if begin == WHOLE_DAY:
        raise ValueError(f"{text!r} begins at 24:00, which is 00:00 of the next day")
    if begin == end:
        raise ValueError(f"{text!r} ends at the time at which it begins; a whole day is 00:00-24:00")
    return Window(text.strip(), _days(found["days"]), begin, end, zone_of(found["zone"] or "UTC"))


def read_freeze(text: str, zone_of: ZoneOf) -> Freeze:
    """A freeze as it stands in the configuration; raises ValueError, in words, for what is none."""
    found = FREEZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no freeze such as 2026-12-24/2027-01-03 Europe/Brussels (no zone: UTC)")
    first = _date(found["first"])
    last = _date(found["last"]) if found["last"] else first
    if last < first:
        raise ValueError(f"{text!r} ends before it begins")
    return Freeze(text.strip(), first, last, zone_of(found["zone"] or "UTC"))


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        ends = [_day(name) for name in part.split("-")]
        if len(ends) > 2:
            raise ValueError(f"{part.strip()!r} is no range of days such as Mon-Fri")
        days |= {(ends[0] + nth) % 7 for nth in range((ends[-1] - ends[0]) % 7 + 1)}
    return frozenset(days)


def _day(name: str) -> int:
    lower = name.strip().lower()
    for number, day in enumerate(DAYS):
        if lower in (day, day[:3]):
            return number
    raise ValueError(f"{name.strip()!r} is no day such as Mon")


def _minutes(text: str) -> int:
    hour, minute = (int(part) for part in text.split(":"))
    if minute > 59 or hour * 60 + minute > WHOLE_DAY:
        raise ValueError(f"{text} is no time from 00:00 to 24:00")
    return hour * 60 + minute


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year not in YEARS:
        raise ValueError(f"{text} is no date")
    return day


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _edges(window: Window, after: datetime) -> Iterator[datetime]:
    """When the clock of its zone shows its begin or its end, also for the second time, and when that clock is put."""
    today = after.astimezone(window.zone).date()
    for nth in range(-1, FORESEEN + 1):
        day = today + nth * DAY
        for minute in (window.begin, window.end % WHOLE_DAY):
            shown = datetime.combine(day, time(minute // 60, minute % 60), window.zone)
            yield from (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        yield from _put(day, window.zone)


def _put(day: date, zone: tzinfo) -> Iterator[datetime]:
    """The moment of that day at which the clock of the zone is put forward or back, if it is, to the second."""
    low, high = _midnight(day, zone), _midnight(day + DAY, zone)
    before = low.astimezone(zone).utcoffset()
    if before == high.astimezone(zone).utcoffset():
        return
    while high - low > SECOND:
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    yield high.replace(microsecond=0)
