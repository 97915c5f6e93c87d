"""Reads and changes an application with msgraph-sdk, as a program of its own; reads what to do as JSON, writes JSON.

Without a `graph_url` the client is made as its own documentation says; with one it is led there by its base URL.
"""
# The environment in which types are checked has no msgraph-sdk, which is 200 MB.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

import asyncio
import json
import sys
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from azure.core.exceptions import AzureError
from azure.identity import CertificateCredential, ClientSecretCredential
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.applications.applications_request_builder import ApplicationsRequestBuilder
from msgraph.generated.applications.item.application_item_request_builder import ApplicationItemRequestBuilder
from msgraph.generated.applications.item.remove_key.remove_key_post_request_body import RemoveKeyPostRequestBody
from msgraph.generated.applications.item.remove_password.remove_password_post_request_body import (
    RemovePasswordPostRequestBody,
)
from msgraph.generated.models.application import Application
from msgraph_core.tasks import PageIterator


def connect(order: dict[str, Any]) -> GraphServiceClient:
    """The client, signed in with a secret or with a certificate."""
    who, options = (order["tenant"], order["client_id"]), order["options"]
    if "secret" in order:
        credential: Any = ClientSecretCredential(*who, order["secret"], **options)
    else:
        credential = CertificateCredential(*who, order["pfx"], password=order["password"], **options)
    if "graph_url" not in order:
        return GraphServiceClient(credential, [order["scope"]])
    address = urlsplit(order["graph_url"])
    hosts = [address.netloc, str(address.hostname)]  # the library looks for the name without its port
    provider = AzureIdentityAuthenticationProvider(credential, scopes=[order["scope"]], allowed_hosts=hosts)
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = f"{order['graph_url']}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


def seen(application: Application) -> dict[str, Any]:
    """What the typed model says of an application."""
    return {
        "id": application.id,
        "app_id": application.app_id,
        "display_name": application.display_name,
        "passwords": [[str(one.key_id), one.end_date_time.isoformat()] for one in application.password_credentials],
        "certificates": [
            [str(one.key_id), one.end_date_time.isoformat(), one.key is not None, one.custom_key_identifier.hex()]
            for one in application.key_credentials
        ],
    }


async def read(graph: GraphServiceClient, order: dict[str, Any]) -> Any:
    """One application by its app id, with every default property."""
    return seen(await graph.applications_with_app_id(order["app_id"]).get())


async def read_keys(graph: GraphServiceClient, order: dict[str, Any]) -> Any:
    """One application by its object id, with the keys of its certificates."""
    parameters = ApplicationItemRequestBuilder.ApplicationItemRequestBuilderGetQueryParameters(
        select=["id", "appId", "displayName", "passwordCredentials", "keyCredentials"]
    )
    chosen = RequestConfiguration(query_parameters=parameters)
    return seen(await graph.applications.by_application_id(order["object_id"]).get(request_configuration=chosen))


async def find(graph: GraphServiceClient, order: dict[str, Any]) -> Any:
    """The applications that a filter finds, with their number."""
    parameters = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters(
        filter=order["filter"], count=order.get("count"), top=5, select=["id", "appId", "displayName"]
    )
    chosen = RequestConfiguration(query_parameters=parameters)
    if order.get("count"):
        chosen.headers.add("ConsistencyLevel", "eventual")
    found = await graph.applications.get(request_configuration=chosen)
    return {"names": [one.display_name for one in found.value], "count": found.odata_count}


async def iterate(graph: GraphServiceClient, order: dict[str, Any]) -> Any:
    """Every application, page by page, with the iterator that the library has for it."""
    parameters = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters(
        top=order["top"], select=["id", "appId", "displayName", "passwordCredentials", "keyCredentials"]
    )
    chosen = RequestConfiguration(query_parameters=parameters)
    found: list[str] = []

    def take(application: Application) -> bool:
        found.append(str(application.id))
        return len(found) < order.get("most", len(found) + 1)

    first = await graph.applications.get(request_configuration=chosen)
    await PageIterator(first, graph.request_adapter).iterate(take)
    return found


async def count(graph: GraphServiceClient, order: dict[str, Any]) -> Any:
    """How many applications there are, from the index."""
    chosen = RequestConfiguration()
    if order["eventual"]:
        chosen.headers.add("ConsistencyLevel", "eventual")
    return await graph.applications.count.get(request_configuration=chosen)


async def remove_password(graph: GraphServiceClient, order: dict[str, Any]) -> Any:
    """Remove one secret."""
    body = RemovePasswordPostRequestBody(key_id=UUID(order["key_id"]) if order["key_id"] else None)
    await graph.applications.by_application_id(order["object_id"]).remove_password.post(body)


async def remove_key(graph: GraphServiceClient, order: dict[str, Any]) -> Any:
    """Remove one certificate, with a proof that was made elsewhere."""
    body = RemoveKeyPostRequestBody(key_id=UUID(order["key_id"]), proof=order["proof"])
    await graph.applications.by_application_id(order["object_id"]).remove_key.post(body)


async def patch_keys(graph: GraphServiceClient, order: dict[str, Any]) -> Any:
    """Replace the certificates by those that were just read, less one."""
    item = graph.applications.by_application_id(order["object_id"])
    read_now = await item.get()
    left = [one for one in read_now.key_credentials if str(one.key_id) != order["key_id"]]
    await item.patch(Application(key_credentials=left))


ACTIONS = {
    each.__name__: each for each in (read, read_keys, find, iterate, count, remove_password, remove_key, patch_keys)
}


async def main(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one action."""
    try:
        return {"answer": await ACTIONS[order["action"]](connect(order), order)}
    except APIError as problem:
        error = getattr(problem, "error", None)
        return {"error": str(problem), "status": problem.response_status_code, "code": error and error.code}
    except (AzureError, httpx.HTTPError, ValueError) as problem:
        return {"error": str(problem)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
