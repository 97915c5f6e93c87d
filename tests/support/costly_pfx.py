"""PFX files that cost more than they look: each is small, and opening it takes minutes, or never ends."""

import os
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12
from cryptography.x509.oid import NameOID
from support_core import DAY, NOW
from support_pairs import CERTIFICATE_BAG, DATA, ENCRYPTED_KEY_BAG, X509, Pair, element

PBES2, PBKDF2, HMAC_SHA256, AES_256 = (
    bytes.fromhex(one)
    for one in ("06092a864886f70d01050d", "06092a864886f70d01050c", "06082a864886f70d0209", "060960864801650304012a")
)
SAFE_CONTENTS_BAG = "060b2a864886f70d010c0a0106"
ENCRYPTED_DATA = bytes.fromhex("06092a864886f70d010706")
MERSENNE = 2**4423 - 1, 2**9689 - 1
"""Two known primes: the RSA key of 14,112 bits that they make is sound, and need not be searched for."""


def _number(value: int) -> bytes:
    return element(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _scheme(salt: bytes, iterations: int, start: bytes) -> bytes:
    derived = element(0x30, element(0x04, salt), _number(iterations), element(0x30, HMAC_SHA256, element(0x05)))
    return element(
        0x30,
        PBES2,
        element(0x30, element(0x30, PBKDF2, derived), element(0x30, AES_256, element(0x04, start))),
    )


def shrouded(iterations: int) -> bytes:
    """A key bag that asks for so many rounds; what is in it is nothing."""
    return _bag(ENCRYPTED_KEY_BAG, element(0x30, _scheme(b"salt", iterations, bytes(16)), element(0x04, bytes(1200))))


def _bag(kind: str, value: bytes) -> bytes:
    return element(0x30, bytes.fromhex(kind), element(0xA0, value))


@cache
def _derived(password: bytes, salt: bytes, iterations: int) -> bytes:
    return PBKDF2HMAC(hashes.SHA256(), 32, salt, iterations).derive(password)


def encrypted(content: bytes, password: bytes, iterations: int = 1) -> bytes:
    """A part of a PFX that shows what it holds only to who has the password."""
    salt, start = b"salt", os.urandom(16)
    key = _derived(password, salt, iterations)
    filled = content + bytes([16 - len(content) % 16]) * (16 - len(content) % 16)
    cipher = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    body = cipher.update(filled) + cipher.finalize()
    info = element(0x30, bytes.fromhex(DATA), _scheme(salt, iterations, start), element(0x80, body))
    return element(0x30, ENCRYPTED_DATA, element(0xA0, element(0x30, _number(0), info)))


def plain(*bags: bytes) -> bytes:
    """A part of a PFX that anybody can read."""
    return element(0x30, bytes.fromhex(DATA), element(0xA0, element(0x04, element(0x30, *bags))))


def pfx_with(*parts: bytes) -> bytes:
    """A PFX without a MAC."""
    return element(
        0x30,
        _number(3),
        element(0x30, bytes.fromhex(DATA), element(0xA0, element(0x04, element(0x30, *parts)))),
    )


def hidden_rounds(iterations: int, password: bytes) -> bytes:
    """Two rounds to see; the key inside the encrypted part asks for many."""
    return pfx_with(encrypted(element(0x30, shrouded(iterations)), password))


def many_parts(iterations: int, count: int, password: bytes) -> bytes:
    """Each part is within what one file may ask for; all of them together are not."""
    return pfx_with(*[encrypted(element(0x30, _certificate_bag()), password, iterations)] * count)


def many_bags(count: int) -> bytes:
    """Thousands of certificates without a key."""
    return pfx_with(plain(*[_certificate_bag()] * count))


def _certificate_bag() -> bytes:
    der = long_pair()[1].public_bytes(Encoding.DER)
    return _bag(CERTIFICATE_BAG, element(0x30, bytes.fromhex(X509), element(0xA0, element(0x04, der))))


def nested(depth: int) -> bytes:
    """Parts that hold bags that hold bags (RFC 7292, 4.2.6)."""
    inner = shrouded(1)
    for _ in range(depth):
        inner = _bag(SAFE_CONTENTS_BAG, element(0x30, inner))
    return pfx_with(plain(inner))


@cache
def long_pair() -> Pair:
    """A sound RSA key of 14,112 bits, and its certificate, which another key signed."""
    first, second = MERSENNE
    exponent = pow(65537, -1, (first - 1) * (second - 1))
    public = rsa.RSAPublicNumbers(65537, first * second)
    numbers = rsa.RSAPrivateNumbers(
        first,
        second,
        exponent,
        exponent % (first - 1),
        exponent % (second - 1),
        pow(second, -1, first),
        public,
    )
    key = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "long")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
    return key, builder.sign(rsa.generate_private_key(65537, 2048), hashes.SHA256())


def long_key() -> bytes:
    """A PFX with a key that takes minutes to check."""
    return pkcs12.serialize_key_and_certificates(None, *long_pair(), None, NoEncryption())
