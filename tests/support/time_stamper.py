"""A real time stamp authority on loopback: plain HTTP in front of `openssl ts -reply`, which can be in a bad mood."""

import datetime as dt
import subprocess
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = dt.timedelta(days=1)
PEM = serialization.Encoding.PEM
CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/{signer}.pem
signer_key = {folder}/{signer}.key
certs = {folder}/{root}.pem
default_policy = 1.2.3.4.1
digests = {digests}
signer_digest = sha256
ess_cert_id_alg = sha256
accuracy = secs:1
"""


@dataclass
class Stamper:
    """Where the authority is, whom to believe, what was asked, and in which mood each next answer is; then in none."""

    url: str
    folder: Path
    moods: list[str] = field(default_factory=list[str])
    asked: list[bytes] = field(default_factory=list[bytes])
    paths: list[str] = field(default_factory=list[str])

    @property
    def ca_file(self) -> Path:
        """The root of its tokens."""
        return self.folder / "root.pem"

    @property
    def other_ca_file(self) -> Path:
        """A root that has nothing to do with it."""
        return self.folder / "other.pem"

    def reply(self, query: bytes) -> tuple[int, bytes] | None:
        """The status and body of the answer to one question; None where none comes."""
        self.asked.append(query)
        mood = self.moods.pop(0) if self.moods else ""
        return MOODS.get(mood, lambda stamper, asked: (200, stamper.stamped(asked)))(self, query)

    def stamped(self, query: bytes, signer: str = "signer", root: str = "root", digests: str = "sha256") -> bytes:
        """What `openssl ts -reply` makes of a question."""
        asked, answer, config = self.folder / "query.tsq", self.folder / "answer.tsr", self.folder / "tsa.cnf"
        asked.write_bytes(query)
        config.write_text(CONFIG.format(folder=self.folder, signer=signer, root=root, digests=digests))
        command = ["openssl", "ts", "-reply", "-config", config, "-queryfile", asked, "-out", answer]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        return answer.read_bytes()


Mood = Callable[[Stamper, bytes], tuple[int, bytes] | None]
MOODS: dict[str, Mood] = {
    "refuses": lambda stamper, query: (200, stamper.stamped(query, digests="sha512")),
    "another hash": lambda stamper, query: (200, stamper.stamped(_with_another_hash(query))),
    "another nonce": lambda stamper, query: (200, stamper.stamped(_with_another_nonce(query))),
    "another authority": lambda stamper, query: (200, stamper.stamped(query, "other-signer", "other")),
    "an expired certificate": lambda stamper, query: (200, stamper.stamped(query, "expired")),
    "an earlier answer": lambda stamper, _: (200, stamper.stamped(stamper.asked[0])),
    "nothing": lambda _, __: (200, b""),
    "a page": lambda _, __: (200, b"<html>log in</html>"),
    "noise": lambda _, __: (200, bytes(range(256)) * 20),
    "half of it": lambda stamper, query: (200, stamper.stamped(query)[:-400]),
    "one byte changed": lambda stamper, query: (200, _flipped(stamper.stamped(query), -20)),
    "without end": lambda _, __: (200, b"\x30" * 1_000_000),
    "is away": lambda _, __: (503, b""),
    "knows no such path": lambda _, __: (404, b""),
    "is elsewhere": lambda _, __: (302, b""),
    "hangs up": lambda _, __: None,
}
"""What may come in the place of a time stamp."""


def _with_another_hash(query: bytes) -> bytes:
    at = query.index(b"\x04\x20") + 2  # OCTET STRING of 32 bytes
    return query[:at] + bytes(32) + query[at + 32 :]


def _with_another_nonce(query: bytes) -> bytes:
    at = query.rindex(b"\x01\x01\xff") - 1  # the last byte before BOOLEAN TRUE
    return query[:at] + bytes([query[at] ^ 1]) + query[at + 1 :]


def _flipped(answer: bytes, at: int) -> bytes:
    return answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _certificate(
    name: str, issuer: str, key: rsa.RSAPrivateKey, by: rsa.RSAPrivateKey, ends: dt.datetime
) -> x509.CertificateBuilder:
    del by
    made = x509.CertificateBuilder().subject_name(_named(name)).issuer_name(_named(issuer))
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    return made.not_valid_before(ends - 400 * DAY).not_valid_after(ends)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _write_authority(folder: Path, root: str, signers: dict[str, dt.datetime]) -> None:
    """A root, and a certificate for time stamps alone for each signer with its end."""
    key = rsa.generate_private_key(65537, 2048)
    now = dt.datetime.now(dt.UTC)  # noqa: TID251  # openssl has no other clock either
    made = _certificate(root, root, key, key, now + 300 * DAY)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    certificate = made.sign(key, hashes.SHA256())
    (folder / f"{root}.pem").write_bytes(certificate.public_bytes(PEM))
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    for name, ends in signers.items():
        own = _certificate(name, root, _key(), key, ends).add_extension(usage, critical=True)
        own = own.add_extension(
            x509.KeyUsage(True, False, False, False, False, False, False, False, False),
            critical=True,
        )
        (folder / f"{name}.pem").write_bytes(own.sign(key, hashes.SHA256()).public_bytes(PEM))
        form, nothing = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        (folder / f"{name}.key").write_bytes(_key().private_bytes(PEM, form, nothing))


@contextmanager
def stamping(folder: Path, path: str = "/tsr") -> Generator[Stamper]:
    """Stamp until the block ends."""
    now = dt.datetime.now(dt.UTC)  # noqa: TID251  # openssl has no other clock either
    _write_authority(folder, "root", {"signer": now + 300 * DAY, "expired": now - 10 * DAY})
    _write_authority(folder, "other", {"other-signer": now + 300 * DAY})
    (folder / "serial").write_text("01")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            stamper.paths.append(self.path)
            reply = stamper.reply(self.rfile.read(int(self.headers["Content-Length"])))
            if reply is None or self.headers["Content-Type"] != "application/timestamp-query":
                self.close_connection = True
                return
            self.send_response(reply[0])
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply[1])))
            self.end_headers()
            self.wfile.write(reply[1])

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stamper = Stamper(f"http://127.0.0.1:{server.server_port}{path}", folder)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield stamper
        finally:
            server.shutdown()
            thread.join()
