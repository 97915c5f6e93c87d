"""PFX files with several keys, which the `cryptography` package opens and does not write (RFC 7292, section 4)."""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Pair = tuple[rsa.RSAPrivateKey, x509.Certificate]
KEY_BAG, ENCRYPTED_KEY_BAG, CERTIFICATE_BAG = (f"060b2a864886f70d010c0a01{kind}" for kind in ("01", "02", "03"))
DATA, X509 = "06092a864886f70d010701", "060a2a864886f70d01091601"


def element(tag: int, *content: bytes) -> bytes:
    """One element in DER."""
    body = b"".join(content)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (size if len(body) < 0x80 else bytes([0x80 | len(size)]) + size) + body


def pair(start: datetime, end: datetime, key: rsa.RSAPrivateKey | None = None) -> Pair:
    """A key, or that one, and a certificate of it."""
    key = key or rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pair")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
    return key, builder.sign(key, hashes.SHA256())


def pfx_of(pairs: list[Pair], password: bytes, *more: x509.Certificate) -> bytes:
    """A PFX without a MAC: `more` certificates first, then those of the pairs, then the keys, each in its own bag."""
    certificates = [*more, *(certificate for _, certificate in pairs)]
    bags = [_bag(CERTIFICATE_BAG, _certificate(one)) for one in certificates]
    kind, how = (ENCRYPTED_KEY_BAG, BestAvailableEncryption(password)) if password else (KEY_BAG, NoEncryption())
    bags += [_bag(kind, key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, how)) for key, _ in pairs]
    return element(0x30, bytes.fromhex("020103"), _data(element(0x30, _data(element(0x30, *bags)))))


def _certificate(certificate: x509.Certificate) -> bytes:
    der = element(0x04, certificate.public_bytes(Encoding.DER))
    return element(0x30, bytes.fromhex(X509), element(0xA0, der))


def _bag(kind: str, value: bytes) -> bytes:
    return element(0x30, bytes.fromhex(kind), element(0xA0, value))


def _data(content: bytes) -> bytes:
    return element(0x30, bytes.fromhex(DATA), element(0xA0, element(0x04, content)))
