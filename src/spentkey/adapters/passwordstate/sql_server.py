"""Where the SQL Server is, how it is reached, and by what its certificate is known."""

from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from spentkey.core.errors import Misconfigured
from spentkey.ports.read_only import UNMEASURED
from spentkey.ports.runtime import Meter

PORT = 1433
"""Where the default instance listens."""


@dataclass(frozen=True)
class Database:
    """Where the database is and what is asked; `query` has one parameter, the PasswordID."""

    server: str
    r"""`HOST`, or `HOST\INSTANCE`."""
    port: int | None
    r"""None: 1433 for a host, and for `HOST\INSTANCE` the port that SQL Server Browser tells."""
    name: str
    query: str
    ca_file: Path | None
    meter: Meter = UNMEASURED
    encrypt: str = "yes"
    """`yes`: TLS inside the log-in (TDS 7); `strict`: around everything (TDS 8). Verified both times."""
    name_in_certificate: str | None = None
    """The name that the certificate must have; None: the host's."""
    pin: bytes | None = None
    """The one certificate that is believed, in DER, whatever its name and issuer; only with `strict`."""
    multi_subnet_failover: bool = False
    application_intent: str = "ReadOnly"

    @property
    def host(self) -> str:
        """The host alone, as DNS knows it."""
        return self.server.partition("\\")[0]

    @property
    def instance(self) -> str:
        """The name of the instance; empty for the default one."""
        return self.server.partition("\\")[2]

    @property
    def known_port(self) -> int | None:
        """The port, or None where only SQL Server Browser can tell."""
        return self.port or (None if self.instance else PORT)

    @property
    def expected_name(self) -> str:
        """The name that the certificate must have, where it is not pinned."""
        return self.name_in_certificate or self.host

    def driver_options(self) -> dict[str, str]:
        """What the driver is told, but for the log-in and the pinned certificate."""
        known = self.known_port
        options = {
            "server": self.server if known is None else f"{self.server},{known}",
            "database": self.name,
            "Encrypt": self.encrypt,
            "TrustServerCertificate": "no",
            "ApplicationIntent": self.application_intent,
            "ConnectRetryCount": "0",
        }
        if self.name_in_certificate is not None:
            options["HostnameInCertificate"] = self.name_in_certificate
        if self.multi_subnet_failover:
            options["MultiSubnetFailover"] = "yes"
        return options


def pinned(file: Path) -> bytes:
    """The one certificate in a file, PEM or DER, as DER. Raises `Misconfigured` where there is none, or more than one."""
    try:
        content = file.read_bytes().removeprefix(BOM_UTF8)
        pem = b"-----BEGIN " in content
        found = x509.load_pem_x509_certificates(content) if pem else [x509.load_der_x509_certificate(content)]
    except OSError as problem:
        raise _unusable(file, problem.strerror or type(problem).__name__) from None
    except ValueError:
        raise _unusable(file, "it holds no certificate in PEM or DER") from None
    if len(found) != 1:
        raise _unusable(file, f"it holds {len(found)} certificates; keep the server's own alone")
    return found[0].public_bytes(Encoding.DER)


def _unusable(file: Path, why: str) -> Misconfigured:
    return Misconfigured(f"passwordstate.database.server_certificate: {file} cannot be used: {why}")
