"""Who opens PFX files: apart from everything else, because their makers decide what that costs."""

from collections.abc import AsyncIterable, Collection
from typing import Protocol

from spentkey.core.pfx import Pfx, Unusable
from spentkey.core.secret import Secret


class PfxOpener(Protocol):
    """Opens PFX files. Raises `Outage` where it cannot work now; a file that cannot be opened is an answer."""

    async def open(
        self,
        document: str,
        content: bytes,
        passwords: AsyncIterable[Secret],
        wanted: Collection[bytes] | None,
    ) -> Pfx | Unusable:
        """What is in the file, by the first password that opens it.

        A later password is fetched only when the ones before did not open it. Keys come of the certificates that are
        wanted, which are told by their SHA-256; None wants all.
        """
        ...
