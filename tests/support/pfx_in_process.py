"""The `PfxOpener` port without a process: for campaigns whose clock stands still, and beside which the child is held."""

import asyncio
from collections.abc import AsyncIterable, Collection

from spentkey.core.pfx import Pfx, Unusable, only_wanted, read_pfx
from spentkey.core.secret import Secret
from spentkey.core.signer_reasons import LOCKED


class PfxInProcess:
    """Opens files in a thread of this process."""

    async def open(
        self,
        document: str,
        content: bytes,
        passwords: AsyncIterable[Secret],
        wanted: Collection[bytes] | None,
    ) -> Pfx | Unusable:
        """The same as the child, without its limits."""
        opened: Pfx | Unusable = Unusable(document, LOCKED(untried=""), locked=True)
        async for password in passwords:
            opened = await asyncio.to_thread(read_pfx, document, content, [password])
            if isinstance(opened, Pfx):
                return opened if wanted is None else only_wanted(opened, wanted)
            if not opened.locked:
                break
        return opened
