"""The receiver of notices: its name, and what `spentkey check` looks at."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from spentkey.core.errors import SpentkeyError
from spentkey.core.finding import Finding, FindingState
from spentkey.http.client import HttpClient
from spentkey.http.retry import Retryable

RECEIVER = "notify"
"""The name of the receiver in metrics and log lines; its address may be a secret of its own, and is in none."""
SERVER_ERROR = 500
RECEIVER_FIX = "look at notify.url, at the network, and at tls.ca_file; until it answers notices wait, for 7 days"


@dataclass(frozen=True)
class ReceiverCheck:
    """Whether the receiver of notices answers; a HEAD, so that it hears of nothing."""

    http: HttpClient

    async def findings(self) -> AsyncIterator[Finding]:
        """A warning where it does not: notices wait, and work goes on without it."""
        try:
            status = (await self.http.read_try("HEAD", "", None, None, dict[str, str])).status
        except (SpentkeyError, Retryable) as problem:
            yield Finding(RECEIVER, "receiver", FindingState.WARN, str(problem), RECEIVER_FIX)
            return
        if status >= SERVER_ERROR:
            yield Finding(RECEIVER, "receiver", FindingState.WARN, f"answered {status}", RECEIVER_FIX)
            return
        yield Finding(RECEIVER, "receiver", FindingState.OK, f"answers ({status} to HEAD); nothing was sent")
