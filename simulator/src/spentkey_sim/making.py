"""What the readers of a world share: ids made from the seed, and times relative to the clock."""

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from spentkey_sim.clock import wire_time

Raw = dict[str, Any]
"""A part of the world as it stands in JSON, already checked against the schema."""

_RELATIVE = re.compile(r"([+-]\d+)([smhdy])")
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "y": timedelta(days=365),
}


class WorldError(ValueError):
    """A world that cannot be loaded; the text is one line for the person who wrote it."""


@dataclass(frozen=True)
class Making:
    """One loading of one world: its seed, and the moment that relative times count from."""

    seed: int
    now: datetime

    def digest(self, *names: object) -> str:
        """64 hexadecimal digits that depend on the seed and these names alone."""
        return hashlib.sha256("\x1f".join(map(str, (self.seed, *names))).encode()).hexdigest()

    def guid(self, *names: object) -> str:
        """A GUID made from the seed."""
        return str(uuid.UUID(bytes=bytes.fromhex(self.digest(*names))[:16], version=4))

    def rec_id(self, *names: object) -> str:
        """An Ivanti RecId made from the seed: 32 upper-case hexadecimal digits."""
        return self.digest(*names)[:32].upper()

    def token(self, *names: object) -> str:
        """A secret made from the seed, for those that a world leaves out."""
        return self.digest("secret", *names)[:40]

    def relative(self, text: str) -> datetime | None:
        """The moment that a relative time means, or None when the text is not one."""
        found = _RELATIVE.fullmatch(text)
        return self.now + int(found[1]) * _UNITS[found[2]] if found else None

    def moment(self, text: str, where: str) -> datetime:
        """A time that must be understood."""
        relative = self.relative(text)
        if relative is not None:
            return relative
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise WorldError(f"{where}: {text!r} is neither an ISO 8601 time nor a relative one such as -30d") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def wire(self, text: str | None) -> str | None:
        """A time as Graph writes it. What is not relative stays as it is, so that a world may hold hostile texts."""
        relative = self.relative(text) if text else None
        return wire_time(relative) if relative else text
