"""The `PfxOpener` port by child processes, each of which is started once for what it opens.

The worlds of the tests have the same few files: what a child made of one is what the next would make of it.
"""

from collections.abc import AsyncIterable, AsyncIterator, Collection

from spentkey.adapters.pfx_child.opener import PfxInChild
from spentkey.core.pfx import Pfx, Unusable
from spentkey.core.secret import Secret

Known = tuple[str, bytes, str, frozenset[bytes] | None]
OPENED: dict[Known, Pfx] = {}
"""What children of this process have opened; what they could not open is tried anew."""


async def _seen(passwords: AsyncIterable[Secret], tried: list[str]) -> AsyncIterator[Secret]:
    async for password in passwords:
        tried.append(password.reveal())
        yield password


async def _before(first: Secret, others: AsyncIterator[Secret]) -> AsyncIterator[Secret]:
    yield first
    async for one in others:
        yield one


class RememberedPfx:
    """Opens files in children, but for those that one has opened by the first password that is offered."""

    async def open(
        self,
        document: str,
        content: bytes,
        passwords: AsyncIterable[Secret],
        wanted: Collection[bytes] | None,
    ) -> Pfx | Unusable:
        """As the child has opened it, or does now."""
        several, chosen = aiter(passwords), None if wanted is None else frozenset(wanted)
        first = await anext(several, None)
        if first is None:
            return await PfxInChild().open(document, content, several, wanted)
        known = OPENED.get((document, content, first.reveal(), chosen))
        if known is not None:
            return known
        tried: list[str] = []
        opened = await PfxInChild().open(document, content, _seen(_before(first, several), tried), wanted)
        if isinstance(opened, Pfx) and len(tried) == 1:
            OPENED[document, content, tried[0], chosen] = opened
        return opened
