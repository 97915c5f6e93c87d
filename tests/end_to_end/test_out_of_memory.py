"""Memory that runs out ends in a ticket that says so, is never closed without proof, and is finished by the next run."""

import ssl
import subprocess
import sys
from typing import Any, cast

import aiohttp
import pytest
from real_simulator import QuickClock, RealSimulator, Steps
from worlds import REF, TASK, certificate_parameters, world

from spentkey.bootstrap.context import context_for
from spentkey.core.errors import OUT_OF_MEMORY
from spentkey.core.outcome import Result, TicketState
from spentkey.dry_run import dry_run
from spentkey.http.tls import trust
from spentkey.story import work_on


class Exhausted(aiohttp.TCPConnector):
    """Connects, but for the nth request whose path ends so: there the memory is used up."""

    def __init__(self, ending: str, nth: int, context: ssl.SSLContext) -> None:
        super().__init__(ssl=context)  # pyright: ignore[reportUnknownMemberType]
        self.ending, self.nth, self.happened = ending, nth, 0

    async def connect(self, req: aiohttp.ClientRequest, traces: Any, timeout: Any) -> Any:  # noqa: ASYNC109
        if req.url.path.rstrip("')").endswith(self.ending) or f"/{self.ending}" in req.url.path:
            self.nth -= 1
            if self.nth == 0:
                self.happened += 1
                raise MemoryError
        return await super().connect(req, traces, timeout)


BEFORE = {
    "reading the task": ("Task__Assignments", 1),
    "reading the parameters": ("ServiceReqParams", 1),
    "reading the vault": ("8620", 1),
    "fetching the PFX": ("document/password/501", 1),
    "signing in": ("token", 1),
    "reading the application": ("$batch", 1),
}
AFTER = {"removing": ("removeKey", 1), "verifying": ("applications", 3)}
WRITING = {"writing the note": ("Journal__Notess", 1)}


async def exhausted(sim: RealSimulator, ending: str, nth: int) -> Result:
    """One task, in whose middle the memory is used up."""
    settings = sim.settings()
    async with context_for(settings, Steps(), use_proxies=False, clock=QuickClock()) as context:
        session = cast("Any", context.directories).session_for("https://localhost")
        spare, session._connector = session._connector, Exhausted(ending, nth, trust(settings.tls.ca_file))
        await spare.close()
        result = await work_on(REF, context)
        assert session._connector.happened == 1
    return result


@pytest.mark.parametrize("where", BEFORE)
async def test_before_the_removal_the_task_stays_open(sim: RealSimulator, where: str) -> None:
    """Nothing is removed; the reason is the memory; and the next run does everything."""
    sim.reset(world(certificate_parameters()))
    result = await exhausted(sim, *BEFORE[where])
    assert (result.ticket, result.exit_code, result.reason) == (TicketState.OPEN, 4, OUT_OF_MEMORY())
    assert "removeKey" not in sim.writes()
    assert (await sim.run(TASK)).ticket is TicketState.CLOSED


@pytest.mark.parametrize("where", [*AFTER, *WRITING])
async def test_after_the_removal_nothing_is_claimed(sim: RealSimulator, where: str) -> None:
    """The task is left open, not closed; the next run proves what is true, and removes nothing again."""
    sim.reset(world(certificate_parameters()))
    result = await exhausted(sim, *{**AFTER, **WRITING}[where])
    assert (result.ticket, result.exit_code) == (TicketState.OPEN, 4)
    assert OUT_OF_MEMORY() in str(result.reason)
    assert (await sim.run(TASK)).ticket is TicketState.CLOSED
    assert list(sim.writes()).count("removeKey") == 1


async def test_a_plan_says_so_too(sim: RealSimulator) -> None:
    """What would be done is not known."""
    sim.reset(world(certificate_parameters()))
    settings = sim.settings()
    async with context_for(settings, Steps(), use_proxies=False, clock=QuickClock(), read_only=True) as context:
        session = cast("Any", context.directories).session_for("https://localhost")
        spare, session._connector = session._connector, Exhausted("$batch", 1, trust(settings.tls.ca_file))
        await spare.close()
        planned = await dry_run(REF, context)
    assert OUT_OF_MEMORY() in str(planned.as_json())


ENDS = """
from spentkey.cli.ending import until_done
async def work():
    return len(bytes(2**60))
until_done(work())
"""


def test_a_command_without_memory_is_one_line() -> None:
    """No traceback, and exit code 4: try again."""
    ended = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, check=False)
    assert ended.stderr == "spentkey: this process has no memory left; open tasks stay open and are found again\n"
    assert (ended.stdout, ended.returncode) == ("", 4)


LOOKS = """
import ctypes, resource
from spentkey.cli.ending import until_done
async def work():
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))
    return 0
until_done(work())
"""


def test_a_command_keeps_its_memory_to_itself() -> None:
    """It is not dumpable, and writes no core."""
    ended = subprocess.run([sys.executable, "-c", LOOKS], capture_output=True, text=True, check=True)
    assert ended.stdout == "0 (0, 0)\n"


def test_importing_the_facade_leaves_the_host_dumpable() -> None:
    """The process is somebody else's."""
    program = "import ctypes, spentkey.facade, spentkey.adapters.pfx_child.opener; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "1\n"
