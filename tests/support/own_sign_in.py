"""The automation's own ways to sign in, for tests against the simulator: a PFX of its own, a token, a managed identity."""

import base64
import json
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, pkcs12
from cryptography.x509.oid import NameOID
from real_simulator import RealSimulator
from worlds import AUTOMATION, world

PASSWORD = "canary-own-pfx-password-5Vd"
IDENTITY = "88888888-8888-4888-8888-888888888888"
HEADER = "canary-identity-header-3Jp"
ISSUER, SUBJECT = "https://cluster.example/oidc", "system:serviceaccount:ops:spentkey"
AUDIENCE = "api://AzureADTokenExchange"
OWN_OBJECT = "1c1c1c1c-1111-4111-8111-111111111111"
KEY = rsa.generate_private_key(65537, 2048)


def certificate(begin: timedelta = timedelta(days=-40), end: timedelta = timedelta(days=300)) -> x509.Certificate:
    """A certificate of `KEY`, whose dates count from now."""
    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "spentkey")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now + begin).not_valid_after(now + end).sign(KEY, hashes.SHA256())


def pfx(found: x509.Certificate, password: str = PASSWORD) -> bytes:
    """It with its key."""
    how = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"spentkey", KEY, found, None, how)


def put_pfx(path: Path, found: x509.Certificate, mode: int = 0o600) -> Path:
    """It in a file."""
    path.write_bytes(pfx(found))
    path.chmod(mode)
    return path


def own_world(found: x509.Certificate | None = None, **changes: Any) -> dict[str, Any]:
    """The usual world, whose first tenant knows the automation's certificate, a cluster's tokens and an identity."""
    made = world()
    tenant = made["tenants"][0]
    der = base64.b64encode((found or certificate()).public_bytes(Encoding.DER)).decode()
    made["certificates"]["own"] = {"der": der}
    tenant["applications"].append(
        {
            "app_id": AUTOMATION,
            "object_id": OWN_OBJECT,
            "display_name": "Automation",
            "certificates": [{"key_id": "77777777-7777-4777-8777-777777777777", "certificate": "own"}],
            "federated": [{"issuer": ISSUER, "subject": SUBJECT}],
            **changes,
        }
    )
    tenant["managed_identities"] = [{"client_id": IDENTITY, "header": HEADER}]
    return made


def federated_token(sim: RealSimulator, **changes: Any) -> str:
    """A token as a cluster projects it; `changes` replace issuer, subject, audience or its life in seconds."""
    body = {"issuer": ISSUER, "subject": SUBJECT, "audience": AUDIENCE, **changes}
    request = urllib.request.Request(f"{sim.control}/federated-token", json.dumps(body).encode(), method="POST")  # noqa: S310
    with urllib.request.urlopen(request) as response:  # noqa: S310
        return str(json.loads(response.read())["token"])


def signs_in_by(sim: RealSimulator, folder: Path, ways: str) -> Path:
    """The simulator's configuration, but that its first tenant signs in in this way (lines of TOML)."""
    entry = 'entry = "Sys_Azure_AppRegs_PR"'
    text = sim.config.read_text().replace('"ca.pem"', f'"{sim.config.parent}/ca.pem"')
    text = text.replace('"secrets/', f'"{sim.config.parent}/secrets/')
    assert entry in text
    file = folder / "spentkey.toml"
    file.write_text(text.replace(entry, ways))
    return file
