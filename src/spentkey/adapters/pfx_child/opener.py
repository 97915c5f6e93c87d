"""The `PfxOpener` port by child processes: a file costs what its limits allow, whatever is in it, and nobody else waits.

OpenSSL derives keys and checks them without letting other threads of Python go on, so a thread does not help.
"""

import asyncio
import sys
from asyncio import SubprocessProtocol, SubprocessTransport
from collections.abc import AsyncIterable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import cryptography

from spentkey.adapters.pfx_child.limits import MEGABYTES, MOST_CHILDREN, SECONDS
from spentkey.adapters.pfx_child.messages import MOST_ANSWER, NoMessage, PfxRequest, read_answer
from spentkey.core.errors import Outage
from spentkey.core.pfx import Pfx, Unusable, too_large
from spentkey.core.redaction import without_values
from spentkey.core.secret import Secret
from spentkey.core.signer_reasons import BEYOND_LIMITS, CANNOT_START, LOCKED

PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from spentkey.adapters.pfx_child.child import main; main()"


def command() -> Sequence[str]:
    """How this Python is started, so that it reads neither variables, nor site-packages of its own, and writes no byte code.

    It finds its modules where this process found them; those are paths, so they may stand in the process list.
    """
    own = [str(Path(file).resolve().parents[up]) for file, up in ((__file__, 3), (str(cryptography.__file__), 1))]
    found = dict.fromkeys([*(one for one in sys.path if one and Path(one).is_absolute()), *own])
    return (sys.executable or "", "-I", "-S", "-B", "-c", PROGRAM, *found)


class PfxInChild:
    """Opens each file in a process of its own, so many at a time."""

    def __init__(
        self, seconds: float = SECONDS, most: int = MOST_CHILDREN, program: Sequence[str] | None = None
    ) -> None:
        self._seconds, self._program = seconds, program
        self._slots = asyncio.Semaphore(most)

    async def open(
        self,
        document: str,
        content: bytes,
        passwords: AsyncIterable[Secret],
        wanted: Collection[bytes] | None,
    ) -> Pfx | Unusable:
        """Each password is tried in a child; the seconds are those of all of them together, without the waits between."""
        opened: Pfx | Unusable | None = too_large(document, content)
        if opened is not None:
            return opened
        opened, left, loop = (
            Unusable(document, LOCKED(untried=""), locked=True),
            self._seconds,
            asyncio.get_running_loop(),
        )
        async for password in passwords:
            async with self._slots:
                begun = loop.time()
                opened = await self._ask(document, PfxRequest(content, [password], wanted), left)
                left = max(0.0, left - (loop.time() - begun))
            if isinstance(opened, Pfx) or not opened.locked:
                break
        return opened

    @without_values(Outage)
    async def _ask(self, document: str, request: PfxRequest, seconds: float) -> Pfx | Unusable:
        """One child for one request; without a whole answer in time the file is beyond its limits."""
        answer = await _dialogue(self._program or command(), request, seconds)
        try:
            return await asyncio.to_thread(read_answer, document, answer)
        except NoMessage:
            return Unusable(document, BEYOND_LIMITS(seconds=SECONDS, megabytes=MEGABYTES))


class _Dialogue(SubprocessProtocol):
    """Collects the answer, until the child has closed its pipe or has said more than the longest there is."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.answer, self.too_much = bytearray(), False
        self.said: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        del fd
        self.too_much = self.too_much or len(self.answer) + len(data) > MOST_ANSWER
        if self.too_much:
            _done(self.said)
        else:
            self.answer += data

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        del exc
        if fd == 1:
            _done(self.said)

    def process_exited(self) -> None:
        _done(self.ended)


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _dialogue(program: Sequence[str], request: PfxRequest, seconds: float) -> bytes:
    """What the child answers; nothing where it takes too long or says too much. It is gone when this returns."""
    try:
        started, protocol = await asyncio.get_running_loop().subprocess_exec(
            _Dialogue, *program, stderr=asyncio.subprocess.DEVNULL, env={}, cwd="/", start_new_session=True
        )
    except (OSError, ValueError, RuntimeError) as problem:
        raise Outage(CANNOT_START(why=str(getattr(problem, "strerror", None) or type(problem).__name__))) from None
    transport: SubprocessTransport = started
    try:
        stdin = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))
        stdin.write(request.to_bytes())
        stdin.close()
        async with asyncio.timeout(seconds):
            await protocol.said
            if protocol.too_much:
                return b""
            await protocol.ended
            return bytes(protocol.answer)
    except TimeoutError:
        return b""
    finally:
        if transport.get_returncode() is None:
            with suppress(ProcessLookupError):
                transport.kill()
            await protocol.ended
        transport.close()
