"""Signs in with azure.identity.aio, as a program of its own; reads what to do as JSON, writes JSON."""

import asyncio
import json
import sys
from typing import Any

from azure.core.exceptions import AzureError
from azure.identity.aio import CertificateCredential, ClientSecretCredential


async def main(order: dict[str, Any]) -> dict[str, Any]:
    """Get one token."""
    who = (order["tenant"], order["client_id"])
    try:
        if "secret" in order:
            credential = ClientSecretCredential(*who, order["secret"], **order["options"])
        else:
            credential = CertificateCredential(*who, order["pfx"], password=order["password"], **order["options"])
        async with credential:
            return {"token": (await credential.get_token(order["scope"])).token}
    except (AzureError, ValueError) as problem:
        return {"error": str(problem)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
