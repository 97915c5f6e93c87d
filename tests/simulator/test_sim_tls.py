"""The certificates that the simulator makes pass the strictest look at them, which is Python's own from 3.13 on."""

import ssl
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from support_core import NOW
from tls_material import context_of, server_context


def shake_hands(authority: bytes, server: ssl.SSLContext) -> str | None:
    """A whole handshake in memory, by a strict client; the version of TLS that came out of it."""
    client = ssl.create_default_context(cadata=authority.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (asking, answering, asking, answering):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return asking.version()


def test_a_strict_client_believes_the_simulator() -> None:
    """Authority and server certificate have every extension that RFC 5280 wants of them."""
    context, authority = server_context()
    assert shake_hands(authority, context) == "TLSv1.3"


def certificate(name: str, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> x509.Certificate:
    """A certificate by `authority` with one extension and nothing else."""
    subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, "authority"))
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), 1, NOW, NOW + timedelta(days=36500))
    return builder.add_extension(extension, critical=True).sign(key, hashes.SHA256())


def test_a_strict_client_refuses_a_bare_authority() -> None:
    """One that does not say what it signs is refused, so the test above can fail."""
    key = ec.generate_private_key(ec.SECP256R1())
    authority = certificate("authority", key, x509.BasicConstraints(ca=True, path_length=None))
    server = certificate("localhost", key, x509.SubjectAlternativeName([x509.DNSName("localhost")]))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(authority.public_bytes(Encoding.PEM), context_of(server.public_bytes(Encoding.PEM) + private))
