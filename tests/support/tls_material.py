"""A throw-away certificate authority with one server certificate for this machine, made once for all tests."""

import ssl
import tempfile
from functools import cache
from pathlib import Path

from spentkey_sim import tls


@cache
def server_context() -> tuple[ssl.SSLContext, bytes]:
    """A context to serve with, and the authority that signed it, as PEM."""
    made = tls.make()
    return context_of(made.server), made.ca


def context_of(pem: bytes) -> ssl.SSLContext:
    """A context that serves with this certificate and key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "server.pem")
        file.write_bytes(pem)
        context.load_cert_chain(file)
    return context
