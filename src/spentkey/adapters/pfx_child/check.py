"""Whether the child process that opens PFX files can do so on this machine: told where it cannot."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from spentkey.adapters.pfx_child.opener import PfxInChild
from spentkey.core.errors import Outage
from spentkey.core.finding import Finding, FindingState
from spentkey.core.pfx import Pfx
from spentkey.core.secret import Secret
from spentkey.core.signer_reasons import NO_PFX
from spentkey.ports.pfx import PfxOpener

FIX = (
    "this Python must start with an empty environment (no LD_LIBRARY_PATH) and set its own limits: allow the system calls "
    "setrlimit and prlimit64, and 150 MB for each of two children"
)


@dataclass(frozen=True)
class PfxCheck:
    """Opens what is no PFX: a child that works says so."""

    opener: PfxOpener = field(default_factory=PfxInChild)

    async def findings(self) -> AsyncIterator[Finding]:
        """Nothing where it works."""
        try:
            opened = await self.opener.open("", b"no PFX", _empty(), None)
        except Outage as problem:
            message = str(problem)
        else:
            if isinstance(opened, Pfx) or opened.reason == NO_PFX():
                return
            message = f"the process that opens them does not answer: {opened.reason}"
        yield Finding("configuration", "PFX files", FindingState.FAIL, message, FIX)


async def _empty() -> AsyncIterator[Secret]:
    yield Secret("")
