"""Certificates by the ten thousand: one real one, with another serial number and other dates written into it.

Nobody has their key, and their own signature does not hold, which no reader of a self-signed certificate asks about.
"""

from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_SERIAL = bytes(range(0x21, 0x31))
_BEGIN = datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
_END = datetime(2043, 2, 1, 4, 3, 2, tzinfo=UTC)


@cache
def _template() -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "generated")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(_SERIAL))
        .not_valid_before(_BEGIN)
        .not_valid_after(_END)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.DER)


def certificate(serial: bytes, begin: datetime, end: datetime) -> bytes:
    """A certificate with these sixteen bytes as serial number; both dates are in UTC and before 2050."""
    pieces = _pieces()
    positive = bytes([serial[0] & 0x3F | 0x40]) + serial[1:]
    return pieces[0] + positive + pieces[1] + _written(begin) + pieces[2] + _written(end) + pieces[3]


@cache
def _pieces() -> tuple[bytes, bytes, bytes, bytes]:
    """What stands before, between and behind the serial number and the two dates."""
    head, rest = _template().split(_SERIAL, 1)
    issuer, rest = rest.split(_written(_BEGIN), 1)
    between, tail = rest.split(_written(_END), 1)
    return head, issuer, between, tail


def _written(moment: datetime) -> bytes:
    """A moment as UTCTime."""
    digits = moment.isoformat()
    return f"{digits[2:4]}{digits[5:7]}{digits[8:10]}{digits[11:13]}{digits[14:16]}{digits[17:19]}Z".encode()
