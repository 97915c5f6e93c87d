"""The checked-in PFX files, and applications on which their certificates are registered."""

import warnings
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from support_core import DAY, NOW, certificate

from spentkey.core.credential import Credential, Target
from spentkey.core.pfx import Pfx, Unusable, only_wanted, read_pfx
from spentkey.core.secret import Secret
from spentkey.core.signer import Signer, match_pfx, wanted_by

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


def open_signers(
    document: str, content: bytes, passwords: Sequence[Secret], held: Target, now: datetime
) -> list[Signer | Unusable]:
    """What a plan makes of one file."""
    opened = read_pfx(document, content, passwords)
    wanted = only_wanted(opened, wanted_by(held)) if isinstance(opened, Pfx) else opened
    return match_pfx(document, wanted, held, now)
