"""The signature of the webhook and of notices: HMAC-SHA256 over the timestamp, a full stop, and the body as it is sent."""

import hashlib
import hmac
import re
from datetime import datetime

from spentkey.core.secret import Secret

TIMESTAMP, SIGNATURE = "X-Spentkey-Timestamp", "X-Spentkey-Signature"
WITHIN_S = 300
"""How far the timestamp and our clock may be apart, in seconds. A replay inside it is harmless: the body is a hint."""


def signature_of(secret: Secret, timestamp: str, body: bytes) -> str:
    """The value of the signature's header."""
    message = timestamp.encode("utf-8", "surrogatepass") + b"." + body
    return "sha256=" + hmac.new(secret.reveal().encode(), message, hashlib.sha256).hexdigest()


def is_signed(secret: Secret, timestamp: str, signature: str, body: bytes, now: datetime) -> bool:
    """Whether the signature is ours and of now; the comparison takes the same time wherever they differ."""
    expected = signature_of(secret, timestamp, body).encode()
    same = hmac.compare_digest(expected, signature.strip().lower().encode("utf-8", "surrogatepass"))
    in_time = re.fullmatch(r"[0-9]{1,12}", timestamp, re.ASCII) and abs(now.timestamp() - int(timestamp)) <= WITHIN_S
    return bool(same and in_time)
