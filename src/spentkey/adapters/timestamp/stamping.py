"""Time stamps over the newest checkpoint, now and then, in the background: without an authority everything else goes on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from spentkey.adapters.timestamp.tokens import Stamp
from spentkey.core.checkpoint import read_checkpoint
from spentkey.core.errors import SpentkeyError
from spentkey.ports.evidence_tree import Anchor, EvidenceTree
from spentkey.ports.runtime import Clock

KIND = "rfc3161"
"""The kind of these anchors."""
LOOK_EVERY_S = 60.0
"""How often a new checkpoint is looked for, in seconds."""


class Stamps(Protocol):
    """Who stamps."""

    async def stamp(self, data: bytes) -> Stamp:
        """A verified token over these bytes; raises a `SpentkeyError` where none comes."""
        ...


@dataclass
class Stamping:
    """Asks for a token over the newest checkpoint that has none, at most once in `every_s`; keeps what was verified."""

    tree: EvidenceTree
    authority: Stamps
    clock: Clock
    every_s: float
    tell: Callable[[str], None]
    """Hears why there is no token, each reason once until one comes."""
    _asked: float | None = field(default=None, init=False)
    _told: str = field(default="", init=False)

    async def on_and_on(self) -> None:
        """Until it is cancelled; nothing that happens here ends the work."""
        while True:
            await self.once()
            await self.clock.sleep(min(LOOK_EVERY_S, self.every_s))

    async def once(self) -> Anchor | None:
        """Ask now, if there is a checkpoint without a token and the last question is old enough; what was kept."""
        try:
            anchor = await self._new_anchor()
        except SpentkeyError as problem:
            self._tell_once(f"no time stamp, asked for again later: {problem}")
            return None
        except Exception as problem:  # noqa: BLE001  # a bug here must end neither the work nor the stamps
            self._tell_once(f"no time stamp: a bug in Spentkey: {type(problem).__name__}")
            return None
        if anchor is not None:
            self._told = ""
        return anchor

    async def _new_anchor(self) -> Anchor | None:
        now = self.clock.monotonic()
        if self._asked is not None and now - self._asked < self.every_s:
            return None
        note = await self.tree.checkpoint()
        if note is None:
            return None
        size = read_checkpoint(note).head.size
        if any(one.kind == KIND for one in await self.tree.anchors(size)):
            return None
        self._asked = now
        stamp = await self.authority.stamp(note.encode())
        anchor = Anchor(size, KIND, stamp.at, stamp.token)
        await self.tree.keep_anchor(anchor)
        return anchor

    def _tell_once(self, message: str) -> None:
        if message != self._told:
            self._told = message
            self.tell(message)
