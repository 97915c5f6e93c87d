"""The checked-in PFX files, and applications on which their certificates are registered."""

import warnings
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from support_core import DAY, NOW, certificate

from spentkey.core.credential import Credential
from spentkey.core.secret import Secret

FOLDER = Path(__file__).parents[1] / "vectors" / "pfx"
PASSWORD = Secret("vector")
WRONG = Secret("canary-wrong-password")


def vector(name: str) -> bytes:
    """The bytes of a checked-in file."""
    return (FOLDER / f"{name}.pfx").read_bytes()


def certificate_in(content: bytes, password: bytes = b"vector") -> x509.Certificate:
    """The certificate in a PFX."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one of the files is BER, which the library regrets
        found = pkcs12.load_key_and_certificates(content, password)[1]
    assert found is not None
    return found


def registered(found: x509.Certificate, **changes: Any) -> Credential:
    """The key credential that the certificate has on an application, living for a year."""
    sound: dict[str, Any] = {"key": found.public_bytes(Encoding.DER), "end": NOW + 365 * DAY}
    return certificate(**{**sound, **changes})
