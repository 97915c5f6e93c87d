"""Worlds whose SQL Server is set up otherwise, and the certificate that it shows."""

import secrets
import ssl
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from real_simulator import RealSimulator
from worlds import certificate_parameters, world

AUTOMATIC = "SSL_Self_Signed_Fallback"
CERTIFICATES = {
    "named": {"subject": "CN=sql.corp.example", "not_before": "-40d", "not_after": "+300d"},
    "lapsed": {"subject": "CN=localhost", "not_before": "-40d", "not_after": "-3d"},
    "numbered": {"subject": "CN=127.0.0.1", "not_before": "-40d", "not_after": "+300d"},
}
"""What a SQL Server may show, by the name that the world has for it."""


def sql_world(**switches: str) -> dict[str, Any]:
    """The usual world about a certificate, with these switches of its database."""
    made = world(certificate_parameters())
    made["certificates"] |= CERTIFICATES
    made["passwordstate"]["database"] |= switches
    return made


def shown_pem(sim: RealSimulator) -> bytes:
    """The certificate that the database shows, in PEM; TDS 8 is TLS from the first byte, so anybody can ask."""
    host, _, port = sim.printed["sql"].rpartition(",")
    return ssl.get_server_certificate((host.partition("\\")[0], int(port))).encode()


def as_der(pem: bytes) -> bytes:
    """The same certificate in DER."""
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def own_address() -> str:
    """A loopback address that nobody else of this machine is likely to have taken: the Browser's port is fixed."""
    return f"127.{1 + secrets.randbelow(250)}.{secrets.randbelow(250)}.{2 + secrets.randbelow(250)}"
