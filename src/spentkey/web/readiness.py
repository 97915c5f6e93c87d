"""Which system is missing: by the last real call to it, and by a small check of our own at most every 30 seconds."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spentkey.core.errors import SpentkeyError
from spentkey.observe.last_calls import LastCalls, LastKnown
from spentkey.ports.queue import Engine
from spentkey.ports.runtime import Clock, Probe
from spentkey.steps.context import Context

FRESH_FOR_S = 30.0
PATIENCE_S = 5.0
"""How long a check may take before the system counts as missing, in seconds."""


def probes_of(context: Context, engine: Engine, adapters: Sequence[Probe]) -> list[Probe]:
    """One for each system that work depends on; `adapters` are those of the desk and the vault."""

    async def sign_in(name: str) -> None:
        tenant = next(one for one in context.rules.tenants if one.name == name)
        await (await context.directories.open(tenant)).token_claims()

    return [
        *adapters,
        *(Probe(f"tenant-{one.name}", lambda name=one.name: sign_in(name)) for one in context.rules.tenants),
        Probe("evidence", lambda: context.evidence.ask(lambda _: None)),
        Probe("engine", engine.queued),
    ]


@dataclass
class Readiness:
    """What is within reach. Checks run one at a time, all systems together."""

    probes: Sequence[Probe]
    known: LastKnown
    clock: Clock
    patience_s: float = PATIENCE_S
    _looked: dict[str, LastCalls] = field(default_factory=dict[str, LastCalls])
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def systems(self) -> Mapping[str, bool]:
        """Every system, and whether it is within reach."""
        async with self._one_at_a_time:
            await asyncio.gather(*(self._look(probe) for probe in self.probes if self._is_stale(probe)))
        return self.last()

    def last(self) -> dict[str, bool]:
        """The same, by what is known already; a system that was not asked yet is left out."""
        known = (probe for probe in self.probes if self._real(probe) or self._looked.get(probe.system))
        return {probe.system: self._within_reach(probe) for probe in known}

    def _real(self, probe: Probe) -> LastCalls | None:
        return self.known.of(probe.calls) if probe.calls is not None else None

    def _is_stale(self, probe: Probe) -> bool:
        latest = [known.at for known in (self._real(probe), self._looked.get(probe.system)) if known is not None]
        return not latest or self.clock.monotonic() - max(latest) >= FRESH_FOR_S

    async def _look(self, probe: Probe) -> None:
        try:
            async with asyncio.timeout(self.patience_s):
                await probe.look()
            within_reach = True
        except (SpentkeyError, TimeoutError):
            within_reach = False
        self._looked[probe.system] = LastCalls(within_reach, self.clock.monotonic())

    def _within_reach(self, probe: Probe) -> bool:
        real, looked = self._real(probe), self._looked.get(probe.system)
        if probe.only_connects:
            return all(one.within_reach for one in (real, looked) if one is not None)
        latest = max((one for one in (looked, real) if one is not None), key=lambda one: one.at, default=None)
        return latest is not None and latest.within_reach
