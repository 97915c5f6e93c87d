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
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder, "server.pem")
        pem.write_bytes(made.server)
        context.load_cert_chain(pem)
    return context, made.ca
