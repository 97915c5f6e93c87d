"""A PFX for the tests of the documents."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID


@pytest.fixture(scope="session")
def pfx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate that is valid now; its password is `secret`."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "documents")])
    now = datetime.now(UTC)  # noqa: TID251
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("pfx") / "current.pfx"
    content = pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, BestAvailableEncryption(b"secret"))
    file.write_bytes(content)
    return file
