"""Notices: a signed POST for what people must know of, sent again until it arrives, and never in the way of work.

What is to be sent stands in the outbox first. So an event is told once by all processes together, and after a crash
again with the same id.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from spentkey.core.errors import SpentkeyError
from spentkey.core.notices import Event, Notice, Occurrence
from spentkey.core.secret import Secret
from spentkey.core.signature import SIGNATURE, TIMESTAMP, signature_of
from spentkey.http.client import HttpClient, ReplyLost
from spentkey.ports.outbox import Outbox, Put
from spentkey.ports.runtime import Clock, Ids

LOOK_EVERY_S = 15.0
"""How often stops are looked at, and what waits is sent, in seconds."""
MINUTE_S = 60.0
TIDY_EVERY_S = 3600.0
"""How often the outbox is tidied, in seconds."""
MOST_AT_ONCE = 50
"""Notices that are sent between two looks."""

Source = Callable[[], Awaitable[Sequence[Occurrence]]]
"""What has happened; it may say the same again and again."""
Heard = Callable[[str, str, str], None]
"""Hears of an event what became of its notice, and why, in words, at most once a minute."""


def unheard(event: str, result: str, why: str) -> None:
    """For callers whom it does not concern."""
    del event, result, why


@dataclass
class Notifier:
    """Watches sources, and sends what is new."""

    outbox: Outbox
    http: HttpClient
    secret: Secret
    clock: Clock
    ids: Ids
    heard: Heard
    _told: dict[str, float] = field(default_factory=dict[str, float])
    _tidied: float | None = None

    async def watch(self, source: Source, every_s: float) -> None:
        """Look, note what is new and send, until it is cancelled."""
        while True:
            try:
                await self.look(source)
                await self.send()
            except Exception as problem:  # noqa: BLE001  # a bug here must end neither the work nor the notices
                self._hear("any", "failed", f"a bug in Spentkey: {type(problem).__name__}")
            await self.clock.sleep(every_s)

    async def look(self, source: Source) -> None:
        """Put what is new into the outbox; a source or an outbox that is away is looked at again."""
        try:
            for occurrence in await source():
                notice = Notice.of(occurrence, self.ids.new(), self.clock.now())
                if await self.outbox.put(notice) is Put.FULL:
                    self._hear(occurrence.event, "dropped", "too many notices wait already")
        except SpentkeyError as problem:
            self._hear("any", "failed", f"cannot be looked for: {problem}")

    async def send(self) -> None:
        """Send what is due; what does not arrive is due again later."""
        try:
            await self._tidy()
            for _ in range(MOST_AT_ONCE):
                taken = await self.outbox.take()
                if taken is None:
                    return
                await self._send(taken.notice)
        except SpentkeyError as problem:
            self._hear("any", "failed", f"the outbox: {problem}")

    async def _tidy(self) -> None:
        now = self.clock.monotonic()
        if self._tidied is None or now - self._tidied >= TIDY_EVERY_S:
            self._tidied = now
            for _ in range(await self.outbox.tidy()):
                self._hear("any", "given-up", "did not arrive within 7 days")

    async def _send(self, notice: Notice) -> None:
        body = notice.body.encode()
        try:
            response = await self.http.write_once("POST", "", body, lambda: self._headers(body))
        except (SpentkeyError, ReplyLost) as problem:
            self._hear(notice.event, "failed", str(problem))
            return
        if not 200 <= response.status < 300:
            self._hear(notice.event, "failed", f"{self.http.name} answered {response.status}")
            return
        await self.outbox.sent(notice.key)
        self.heard(notice.event, "sent", "")

    def _headers(self, body: bytes) -> dict[str, str]:
        """Signed anew for each try: a receiver refuses an old timestamp."""
        timestamp = str(int(self.clock.now().timestamp()))
        signature = signature_of(self.secret, timestamp, body)
        return {"Content-Type": "application/json", TIMESTAMP: timestamp, SIGNATURE: signature}

    def _hear(self, event: Event | str, result: str, why: str) -> None:
        now = self.clock.monotonic()
        before = self._told.get(result)
        is_new = before is None or now - before >= MINUTE_S
        if is_new:
            self._told[result] = now
        self.heard(str(event), result, why if is_new else "")


async def watching(notifier: Notifier, *sources: tuple[Source, float]) -> None:
    """All sources side by side, each as often as it says, until this is cancelled."""
    await asyncio.gather(*(notifier.watch(source, every_s) for source, every_s in sources))
