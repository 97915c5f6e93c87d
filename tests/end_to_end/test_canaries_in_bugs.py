"""Bugs inside adapters: a traceback that shows the variables of every frame holds no secret."""

import asyncio
import ssl
import traceback
from collections.abc import Iterator
from typing import Any, cast

import aiohttp
import pytest
import rich.traceback
from real_simulator import QuickClock, RealSimulator, Steps
from test_canaries import found
from worlds import CANARIES, REF, certificate_parameters, world

from spentkey.bootstrap.context import context_for
from spentkey.core.errors import Outage
from spentkey.core.redaction import Bug, without_values
from spentkey.core.secret import Secret
from spentkey.http.tls import trust
from spentkey.story import work_on


class Crash(Exception):
    """A bug that nobody expects."""


class Crashing(aiohttp.TCPConnector):
    """Connects, but for the nth request whose path ends so: there it has a bug."""

    def __init__(self, ending: str, nth: int, context: ssl.SSLContext) -> None:
        super().__init__(ssl=context)  # pyright: ignore[reportUnknownMemberType]
        self.ending, self.nth, self.crashes = ending, nth, 0

    async def connect(self, req: aiohttp.ClientRequest, traces: Any, timeout: Any) -> Any:  # noqa: ASYNC109
        if req.url.path.rstrip("')").endswith(self.ending) or f"/{self.ending}" in req.url.path:
            self.nth -= 1
            if self.nth == 0:
                self.crashes += 1
                raise Crash("in a connector")
        return await super().connect(req, traces, timeout)


PLACES = {
    "reading the task": ("Task__Assignments", 1),
    "reading the parameters": ("ServiceReqParams", 1),
    "writing the note": ("Journal__Notess", 1),
    "reading the vault": ("8620", 1),
    "reading the certificate's entry": ("6691", 1),
    "fetching the PFX": ("document/password/501", 1),
    "signing in": ("token", 1),
    "signing in as the application": ("token", 2),
    "reading the application": ("$batch", 1),
    "reading it again": ("$batch", 2),
    "removing": ("removeKey", 1),
}


def shown(problem: BaseException) -> Iterator[str]:
    """The traceback with variables, as the standard library and as rich show it."""
    yield "".join(traceback.TracebackException.from_exception(problem, capture_locals=True).format())
    whole = rich.traceback.Traceback.extract(
        type(problem),
        problem,
        problem.__traceback__,
        show_locals=True,
        locals_max_length=10_000,
        locals_max_string=1_000_000,
    )
    frames = [frame for stack in whole.stacks for frame in stack.frames]
    yield "\n".join(
        "\n".join([frame.name, *(f"{name} = {shown}" for name, shown in (frame.locals or {}).items())])
        for frame in frames
    )


@pytest.mark.parametrize("where", PLACES)
async def test_a_bug_in_an_adapter_shows_no_secret(sim: RealSimulator, where: str) -> None:
    """Headers, forms, assertions, proofs and documents are no variables of any frame of the traceback."""
    sim.reset(world(certificate_parameters()))
    settings = sim.settings()
    async with context_for(settings, Steps(), use_proxies=False, clock=QuickClock()) as context:
        session = cast("Any", context.directories).session_for("https://localhost")
        spare, session._connector = session._connector, Crashing(*PLACES[where], trust(settings.tls.ca_file))
        await spare.close()
        with pytest.raises(Bug, match="Crash by way of") as caught:
            await work_on(REF, context)
        assert session._connector.crashes == 1
    for text in shown(caught.value):
        assert "work_on" in text
        assert "ref = '40021'" in text or "ref" in text
        assert found(text) == []
    assert found(str(caught.value)) == []


def test_variables_are_really_shown() -> None:
    """A secret that stands in a variable as it is would be seen in both forms."""
    bare = CANARIES["pfx password"]
    with pytest.raises(Crash) as caught:
        _crash_with(bare)
    assert [bool(found(text)) for text in shown(caught.value)] == [True, True]


def _crash_with(value: str) -> None:
    copied = value
    raise Crash(len(copied))


async def test_a_bug_is_told_by_its_kind_and_lines_alone() -> None:
    """Synchronous or not, once or nested; neither the text of the exception nor its frames remain."""

    @without_values()
    def sync(value: Secret) -> None:
        raise Crash(value.reveal())

    @without_values()
    async def coroutine(value: Secret) -> None:
        await asyncio.sleep(0)  # noqa: TID251
        sync(value)

    with pytest.raises(Bug, match=r"^Crash by way of redaction\.py:\d+, test_canaries_in_bugs\.py:\d+$") as caught:
        await coroutine(Secret(CANARIES["pfx password"]))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert [found(text) for text in shown(caught.value)] == [[], []]


def test_what_is_expected_goes_through() -> None:
    """An error that says who must act is not a bug."""

    @without_values(Outage)
    def away() -> None:
        raise Outage("away")

    with pytest.raises(Outage, match="away"):
        away()
