"""Which certificate the SQL listener shows: the simulator's own, one of the world, or the automatic one of SQL Server."""

import ssl
import tempfile
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from spentkey_sim import material
from spentkey_sim.clock import SimClock
from spentkey_sim.model import AUTOMATIC_CERTIFICATE as AUTOMATIC
from spentkey_sim.model import CertificateSpec, World


@dataclass(frozen=True)
class Encryption:
    """TLS as TDS 7 has it, inside its packets, and as TDS 8 has it, around them."""

    tunnel: ssl.SSLContext
    strict: ssl.SSLContext


class Certificates:
    """The contexts of one listener, made when they are first needed."""

    def __init__(self, own: Path) -> None:
        self._own = encryption(own)
        self._made: dict[str | CertificateSpec, Encryption] = {}
        self._lock = threading.Lock()

    def of(self, world: World) -> Encryption:
        """What the listener of that world shows."""
        name = world.passwordstate.database.certificate
        if not name:
            return self._own
        known = AUTOMATIC if name == AUTOMATIC else world.certificates[name]
        with self._lock:
            if known not in self._made:
                self._made[known] = _from_memory(_automatic() if name == AUTOMATIC else _of_world(world, name))
            return self._made[known]


def encryption(cert_pem: Path) -> Encryption:
    """TDS 7 cannot carry a TLS 1.3 handshake in its packets; TDS 8 can, and names itself by ALPN."""
    # LEDGER: P-18 - both kinds of TLS
    tunnel = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tunnel.load_cert_chain(cert_pem)
    tunnel.maximum_version = ssl.TLSVersion.TLSv1_2
    strict = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    strict.load_cert_chain(cert_pem)
    strict.set_alpn_protocols(["tds/8.0"])
    return Encryption(tunnel, strict)


def _from_memory(pem: bytes) -> Encryption:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "server.pem")
        file.touch(0o600)
        file.write_bytes(pem)
        return encryption(file)


def _of_world(world: World, name: str) -> bytes:
    return _pem(material.certificate(world, name), material.private_key(world, name))


def _automatic() -> bytes:
    # LEDGER: P-31 - the automatic certificate
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, AUTOMATIC)])
    now = SimClock().now()  # clients judge it by real time
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=30 * 365))
        .sign(key, hashes.SHA256())
    )
    return _pem(made, key)


def _pem(certificate: x509.Certificate, key: material.PrivateKey) -> bytes:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM) + private
