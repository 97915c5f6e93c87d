"""Makes the PFX files in `pfx/` anew: `python tests/vectors/make_pfx.py`. Their keys protect nothing.

Most are written by the `cryptography` package; `legacy-rc2.pfx` by the `openssl` command, as old Windows servers write;
the last ones are the first one with its bytes changed by hand. Every certificate but the expired one is valid from
2026-01-01 to 2126-01-01; the password of all is `vector`, but of `empty-password.pfx`.
"""

import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

FOLDER = Path(__file__).parent / "pfx"
PASSWORD = b"vector"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def make_certificate(key: Key, end: datetime = datetime(2126, 1, 1, tzinfo=UTC)) -> x509.Certificate:
    """A self-signed certificate for the key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vector")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(end)
        .sign(key, SHA256())
    )


def pack(key: Key | None, certificate: x509.Certificate, encryption: KeySerializationEncryption) -> bytes:
    """A PFX with that key and certificate."""
    return pkcs12.serialize_key_and_certificates(b"vector", key, certificate, None, encryption)


def triple_des() -> KeySerializationEncryption:
    """What Windows wrote until 2018, and much else still does."""
    builder = PrivateFormat.PKCS12.encryption_builder()
    return (
        builder.kdf_rounds(2000)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(SHA1())  # noqa: S303  # as old files have it
        .build(PASSWORD)
    )


def by_openssl(key: Key, certificate: x509.Certificate, *options: str) -> bytes:
    """A PFX as the openssl command writes it."""
    with tempfile.TemporaryDirectory() as folder:
        pem, out = Path(folder) / "in.pem", Path(folder) / "out.pfx"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        command = ["openssl", "pkcs12", "-export", "-in", str(pem), "-out", str(out), "-passout", "pass:vector"]
        subprocess.run([*command, *options], check=True)
        return out.read_bytes()


def with_lengths_left_open(der: bytes) -> bytes:
    """The same file in BER: the outer SEQUENCE without a length, ended by a mark."""
    assert der[:2] == b"\x30\x82"
    return b"\x30\x80" + der[4:] + b"\x00\x00"


def with_many_rounds(der: bytes) -> bytes:
    """The same file with 2**31 - 1 rounds for its integrity code, which would take an hour."""
    body, run_window = der[4:], bytes.fromhex("02047fffffff")
    head, tail = body[:-4], body[-4:]  # the count is the last element: 02 02 xx xx
    assert tail[:2] == b"\x02\x02"
    mac_data = head.rfind(b"\x30", 0, head.rfind(b"\x30\x31\x30\x0d"))
    mac = head[mac_data + 2 :] + run_window
    whole = head[:mac_data] + b"\x30" + bytes([len(mac)]) + mac
    return b"\x30\x82" + len(whole).to_bytes(2, "big") + whole


def with_salt_in_chunks(der: bytes) -> bytes:
    """The same as `with_many_rounds`, the salt before the count in BER chunks, where a simple search would miss it."""
    costly = with_many_rounds(der)
    body = costly[4:]
    count = body[-6:]
    salt = body[-16:-6]  # 04 08 and eight bytes
    assert salt[:2] == b"\x04\x08"
    mac_data = body.rfind(b"\x30", 0, body.rfind(b"\x30\x31\x30\x0d"))
    mac = body[mac_data + 2 : -16] + b"\x24\x80" + salt + b"\x00\x00" + count
    whole = body[:mac_data] + b"\x30" + bytes([len(mac)]) + mac
    return b"\x30\x82" + len(whole).to_bytes(2, "big") + whole


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(exist_ok=True)
    key, curve = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    certificate, best = make_certificate(key), BestAvailableEncryption(PASSWORD)
    aes = by_openssl(key, certificate)
    files = {
        "modern": pack(key, certificate, best),
        "legacy-3des": pack(key, certificate, triple_des()),
        "legacy-rc2": by_openssl(key, certificate, "-legacy"),
        "empty-password": by_openssl(key, certificate, "-passout", "pass:"),
        "not-encrypted": by_openssl(key, certificate, "-keypbe", "NONE", "-certpbe", "NONE"),
        "no-key": pack(None, certificate, best),
        "elliptic-curve": pack(curve, make_certificate(curve), best),
        "expired": pack(key, make_certificate(key, datetime(2026, 3, 1, tzinfo=UTC)), best),
        "ber-open-lengths": with_lengths_left_open(aes),
        "many-rounds": with_many_rounds(aes),
        "many-rounds-salt-in-chunks": with_salt_in_chunks(aes),
    }
    for name, content in files.items():
        (FOLDER / f"{name}.pfx").write_bytes(content)


if __name__ == "__main__":
    main()
