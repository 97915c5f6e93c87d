"""The token of the next page: it belongs to one question, and it may grow too old.

learn.microsoft.com/graph/paging: the whole address is used as it was given.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from spentkey_sim.entra import errors
from spentkey_sim.model import World

_BEGIN = b"DSpt"
_DIGEST = 12


@dataclass(frozen=True)
class Skips:
    """The tokens of one tenant."""

    world: World
    tenant_id: str

    def token(self, collection: str, query: Mapping[str, str], first: int, now: datetime) -> str:
        """LEDGER: E-80, an opaque token for the page that starts there, good for this question alone."""
        payload = first.to_bytes(8) + round(now.timestamp() * 1000).to_bytes(8)
        raw = _BEGIN + payload + self._digest(collection, query, payload)
        return _encoded(raw)

    def first(self, collection: str, query: Mapping[str, str], now: datetime) -> int:
        """Where the page of the token in this question starts; a question without one starts at the beginning."""
        token = query.get("$skiptoken")
        if token is None:
            return 0
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise errors.bad_page_token() from None
        payload = raw[len(_BEGIN) : -_DIGEST]
        true = _BEGIN + payload + self._digest(collection, query, payload)
        if len(payload) != 16 or token != _encoded(true):
            raise errors.bad_page_token()
        made = datetime.fromtimestamp(int.from_bytes(payload[8:]) / 1000, UTC)
        life = self.world.entra.page_token_s
        if life and now - made > timedelta(seconds=life):
            raise errors.expired_page_token()
        return int.from_bytes(payload[:8])

    def _digest(self, collection: str, query: Mapping[str, str], payload: bytes) -> bytes:
        options = sorted((name, value) for name, value in query.items() if name != "$skiptoken")
        text = "\x1f".join(
            (str(self.world.seed), self.tenant_id, collection, *(part for option in options for part in option))
        )
        return hashlib.sha256(text.encode() + payload).digest()[:_DIGEST]


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
