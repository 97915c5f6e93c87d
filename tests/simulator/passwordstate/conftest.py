"""Fixtures for the vault and its database: a certificate, and servers that run for one test."""

import datetime as dt
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from vault_support import Equipment

from spentkey_sim.passwordstate.tds import TdsServer


@pytest.fixture
def equipment() -> Equipment:
    """A fresh world, clock, journal and faults."""
    return Equipment()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate authority, and a server certificate of it with its key: (ca.pem, server.pem)."""
    folder = tmp_path_factory.mktemp("tls")
    now = dt.datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    later = dt.datetime.fromisoformat("2090-01-01T00:00:00+00:00")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder(ca_name, subject, public, x509.random_serial_number(), now, later)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        )

    authority = (
        builder(ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    server = (
        builder(name, key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "ca.pem").write_bytes(authority.public_bytes(pem))
    (folder / "server.pem").write_bytes(private + server.public_bytes(pem))
    return folder / "ca.pem", folder / "server.pem"


@pytest.fixture
def database(equipment: Equipment, certificate: tuple[Path, Path]) -> Iterator[int]:
    """The SQL listener, running; its port."""
    server = TdsServer(equipment.holder, equipment.journal, equipment.faults, equipment.clock, certificate[1])
    yield server.start()
    server.stop()
