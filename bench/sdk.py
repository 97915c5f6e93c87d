"""A removal with Microsoft's own SDK, as its documentation shows it: the removal alone, no ticket and no verification.

Run by an environment of its own that has msgraph-sdk; a certificate needs the application's PFX beside the job.
"""
# The SDK is no dependency of this project, so its types are not known here.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

import argparse
import asyncio
import base64
import json
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
from azure.identity.aio import CertificateCredential, ClientSecretCredential
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import pkcs12
from msgraph import GraphServiceClient
from msgraph.generated.applications.applications_request_builder import ApplicationsRequestBuilder
from msgraph.generated.applications.item.remove_key.remove_key_post_request_body import RemoveKeyPostRequestBody
from msgraph.generated.applications.item.remove_password.remove_password_post_request_body import (
    RemovePasswordPostRequestBody,
)

SCOPES = ["https://graph.microsoft.com/.default"]
PROOF_AUDIENCE = "00000002-0000-0000-c000-000000000000"


async def remove_secret(order: dict[str, Any], one: dict[str, Any]) -> None:
    """Find the application by its AppID, then removePassword."""
    async with ClientSecretCredential(order["tenant"], order["client"], order["secret"]) as credential:
        graph = GraphServiceClient(credential, SCOPES)
        query = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters(
            filter=f"appId eq '{one['app_id']}'"
        )
        asked = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetRequestConfiguration(query_parameters=query)
        found = await graph.applications.get(request_configuration=asked)
        body = RemovePasswordPostRequestBody(key_id=UUID(one["key_id"]))
        await graph.applications.by_application_id(found.value[0].id).remove_password.post(body)


async def remove_certificate(order: dict[str, Any], one: dict[str, Any]) -> None:
    """Sign in as the application itself, then removeKey with a proof by its valid certificate."""
    pfx, password = Path(order["pfx"]).read_bytes(), order["pfx_password"]  # noqa: ASYNC240  # nothing else waits
    async with CertificateCredential(
        order["tenant"], one["app_id"], certificate_data=pfx, password=password
    ) as credential:
        graph = GraphServiceClient(credential, SCOPES)
        body = RemoveKeyPostRequestBody(key_id=UUID(one["key_id"]), proof=proof(pfx, password, one["object_id"]))
        await graph.applications.by_application_id(one["object_id"]).remove_key.post(body)


def proof(pfx: bytes, password: str, object_id: str) -> str:
    """The proof of possession."""
    key, certificate, _ = pkcs12.load_key_and_certificates(pfx, password.encode())
    if certificate is None:
        raise SystemExit("the PFX holds no certificate")
    now = int(time.time())  # noqa: TID251
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA1())).rstrip(b"=").decode()  # noqa: S303
    claims = {"aud": PROOF_AUDIENCE, "iss": object_id, "nbf": now, "exp": now + 600}
    return jwt.encode(claims, key, "RS256", {"x5t": thumbprint})  # pyright: ignore[reportArgumentType]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("order", type=Path)
    order: dict[str, Any] = json.loads(parser.parse_args().order.read_text("utf-8"))
    one: dict[str, Any] = order["removals"][0]
    asyncio.run((remove_secret if one["kind"] == "secret" else remove_certificate)(order, one))
