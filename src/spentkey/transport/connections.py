"""The two circles of trust: systems of the house, and Microsoft; each with one session that all lines share."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from spentkey.ports import Clock, Meter
from spentkey.system import jitter
from spentkey.transport.line import Line
from spentkey.transport.session import open_session
from spentkey.transport.trust import proxy_for, trust


@dataclass(frozen=True)
class Connections:
    """The sessions of both circles, which addresses belong to the house, and how proxies are found."""

    house: aiohttp.ClientSession
    microsoft: aiohttp.ClientSession
    clock: Clock
    is_house: Callable[[str], bool]
    proxy_of: Callable[[str], str | None]
    meter: Meter

    def line(self, name: str, url: str, refused_before_effect: frozenset[int] = frozenset({429})) -> Line:
        """A line to the system at `url`; loopback addresses belong to the house."""
        proxy = self.proxy_of(url)
        return Line(name, url, self.session_for(url), self.clock, jitter, proxy, refused_before_effect, self.meter)

    def session_for(self, url: str) -> aiohttp.ClientSession:
        """The session whose authorities are believed for that address."""
        return self.house if self.is_house(url) else self.microsoft


@asynccontextmanager
async def connected(
    house_ca: Path | None,
    microsoft_ca: Path | None,
    clock: Clock,
    is_house: Callable[[str], bool],
    *,
    use_proxies: bool,
    meter: Meter,
) -> AsyncGenerator[Connections]:
    """Open both sessions, which connect when they are first used, and close them at the end."""
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_session(trust(house_ca)))
        microsoft = await stack.enter_async_context(open_session(trust(microsoft_ca)))
        yield Connections(house, microsoft, clock, is_house, proxy_for if use_proxies else lambda _: None, meter)
