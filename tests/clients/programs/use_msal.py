"""Signs in with msal, as a program of its own; reads what to do as JSON, writes JSON."""

import json
import sys
from pathlib import Path
from typing import Any

import msal
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12


def by_thumbprint(pfx: str, password: str) -> dict[str, str]:
    """The form with a private key in PEM and the SHA-1 thumbprint of its certificate, which is how scripts used to do it."""
    key, certificate, _ = pkcs12.load_key_and_certificates(Path(pfx).read_bytes(), password.encode())
    assert key is not None
    assert certificate is not None
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {"private_key": pem, "thumbprint": certificate.fingerprint(hashes.SHA1()).hex()}  # noqa: S303 - msal's interface


def credential(order: dict[str, Any]) -> Any:
    """What msal calls a client credential, in the form that is ordered."""
    if "secret" in order:
        return order["secret"]
    if order["form"] == "thumbprint":
        return by_thumbprint(order["pfx"], order["password"])
    pfx = {"private_key_pfx_path": order["pfx"], "passphrase": order["password"]}
    return pfx | ({"public_certificate": True} if order["form"] == "chain" else {})


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Get one token; asked twice, the second one comes from the cache."""
    library: Any = msal
    try:
        app = library.ConfidentialClientApplication(
            order["client_id"], client_credential=credential(order), **order["options"]
        )
        answers = [app.acquire_token_for_client([order["scope"]]) for _ in range(order.get("times", 1))]
    except (requests.RequestException, ValueError) as problem:
        return {"error": str(problem)}
    answer = answers[-1]
    if "access_token" not in answer:
        return {"error": answer["error_description"], "codes": answer["error_codes"]}
    return {"token": answer["access_token"], "source": answer["token_source"]}


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
