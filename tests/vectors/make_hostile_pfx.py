"""Makes the PFX files in `hostile_pfx/` anew: `python tests/vectors/make_hostile_pfx.py`. Their keys protect nothing.

Beside them lie the certificates (`.der`) that a test registers on the application: that of the file where it has one of
its own, else that of `good-modern`. Then nothing but the flaw that gives a file its name keeps it from signing. The password is `vector`, but where the
name says otherwise. Weak keys are made by the `openssl` command, because the `cryptography` package makes none.
"""

import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from make_pfx import PASSWORD, triple_des

FOLDER = Path(__file__).parent / "hostile_pfx"
UNICODE = "w\u00e4chtwoord-\u20ac-\U0001f511"
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2126, 1, 1, tzinfo=UTC)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
BEST = BestAvailableEncryption(PASSWORD)


def certify(
    key: Key, begin: datetime = BEGIN, end: datetime = END, issuer: tuple[str, Key] | None = None, name: str = "vector"
) -> x509.Certificate:
    """A certificate for the key, signed by itself or by an issuer."""
    by, signer = issuer or (name, key)
    builder = x509.CertificateBuilder().subject_name(_named(name)).issuer_name(_named(by)).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end)
    return builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def with_rounds_inside(pfx: bytes) -> bytes:
    """The same file with 2**31 - 1 rounds for its first inner key derivation, where the outer MAC says nothing of it.

    The count follows the salt, an OCTET STRING; two bytes more make every SEQUENCE around it longer.
    """
    marker = bytes.fromhex("06092a864886f70d01050c")  # PBKDF2
    salt = pfx.index(marker) + len(marker) + 2
    count = salt + 2 + pfx[salt + 1]
    assert pfx[count : count + 2] == b"\x02\x02", "a count of two bytes"
    return _grown(pfx, count, pfx[count : count + 4], bytes.fromhex("02047fffffff"))


def _grown(pfx: bytes, offset: int, old: bytes, new: bytes) -> bytes:
    """Replace an element and lengthen all that hold it, from the inside out."""
    holders = _holders(pfx, 0, len(pfx), offset)
    changed, more = bytearray(pfx), len(new) - len(old)
    changed[offset : offset + len(old)] = new
    for start in reversed(holders):
        first = changed[start + 1]
        size = first & 0x7F if first & 0x80 else 0
        where = slice(start + 2, start + 2 + size) if size else slice(start + 1, start + 2)
        length = int.from_bytes(changed[where], "big") + more
        changed[where] = length.to_bytes(size or 1, "big")
    return bytes(changed)


def _holders(pfx: bytes, start: int, end: int, offset: int) -> list[int]:
    """The elements around a place, from the outside in; OCTET STRINGs hold elements too."""
    while start < end:
        first, body = pfx[start + 1], start + 2
        if first & 0x80:
            body += first & 0x7F
            length = int.from_bytes(pfx[start + 2 : body], "big")
        else:
            length = first
        if body <= offset < body + length:
            return [start, *_holders(pfx, body, body + length, offset)]
        start = body + length
    return []


def weak(folder: Path) -> tuple[bytes, bytes]:
    """A PFX with an RSA key of 512 bits, and its certificate."""
    key, pem, der, out = (str(folder / name) for name in ("key", "pem", "der", "out"))
    run = [
        ["genrsa", "-out", key, "512"],
        ["req", "-x509", "-key", key, "-subj", "/CN=vector", "-days", "36500", "-out", pem],
        ["x509", "-in", pem, "-outform", "DER", "-out", der],
        ["pkcs12", "-export", "-inkey", key, "-in", pem, "-out", out, "-passout", "pass:vector"],
    ]
    for arguments in run:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)  # noqa: S607
    return Path(out).read_bytes(), Path(der).read_bytes()


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(exist_ok=True)
    key, other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    own = certify(key)
    authority = certify(other, name="authority")
    chained = certify(key, issuer=("authority", other))
    curve, edwards = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    expired, early = (
        certify(key, end=datetime(2026, 3, 1, tzinfo=UTC)),
        certify(key, begin=datetime(2100, 1, 1, tzinfo=UTC)),
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BEST) + own.public_bytes(Encoding.PEM)

    def pack(key: Key | None, certificate: x509.Certificate | None, *more: x509.Certificate) -> bytes:
        return pkcs12.serialize_key_and_certificates(b"vector", key, certificate, more or None, BEST)

    modern = pack(key, own)
    with tempfile.TemporaryDirectory() as folder:
        weak_pfx, weak_der = weak(Path(folder))
    on_curve, on_edwards = certify(curve), certify(edwards)
    files: dict[str, tuple[bytes, x509.Certificate | bytes]] = {
        "good-modern": (modern, own),
        "good-chain": (pack(key, chained, authority), chained),
        "good-second-certificate": (pack(key, own, certify(other)), own),
        "good-legacy-3des": (pkcs12.serialize_key_and_certificates(b"v", key, own, None, triple_des()), own),
        "good-unicode-password": (
            pkcs12.serialize_key_and_certificates(b"v", key, own, None, BestAvailableEncryption(UNICODE.encode())),
            own,
        ),
        "good-not-encrypted": (pkcs12.serialize_key_and_certificates(b"v", key, own, None, NoEncryption()), own),
        "zero-bytes": (b"", own),
        "pem": (pem, own),
        "only-the-certificate": (own.public_bytes(Encoding.DER), own),
        "truncated": (modern[:-200], own),
        "good-padded": (modern + b"\x00" * 64, own),
        "length-beyond-the-file": (b"\x30\x84\x7f\xff\xff\xff" + modern[4:], own),
        "nested-deep": (b"\x30\x80" * 15_000 + b"\x00\x00" * 15_000, own),
        "nested-deep-octets": (b"\x24\x80" * 30_000, own),
        "other-password": (
            pkcs12.serialize_key_and_certificates(b"v", key, own, None, BestAvailableEncryption(b"nobody knows")),
            own,
        ),
        "damaged-mac": (modern[:-30] + bytes([modern[-30] ^ 1]) + modern[-29:], own),
        "no-key": (pack(None, own), own),
        "no-certificate": (pack(key, None), own),
        "others-certificate-only": (pack(key, None, certify(other)), own),
        "elliptic-curve": (pack(curve, on_curve), on_curve),
        "ed25519": (pack(edwards, on_edwards), on_edwards),
        "expired": (pack(key, expired), expired),
        "not-yet-valid": (pack(key, early), early),
        "of-another-application": (pack(other, certify(other)), own),
        "same-key-other-certificate": (pack(key, certify(key)), own),
        "many-rounds-inside": (with_rounds_inside(modern), own),
        "rsa-512": (weak_pfx, weak_der),
    }
    ders: dict[bytes, str] = {}
    for name, (content, certificate) in files.items():
        der = certificate if isinstance(certificate, bytes) else certificate.public_bytes(Encoding.DER)
        (FOLDER / f"{name}.pfx").write_bytes(content)
        (FOLDER / f"{ders.setdefault(der, name)}.der").write_bytes(der)


if __name__ == "__main__":
    main()
