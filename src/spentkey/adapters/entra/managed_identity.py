"""Tokens for a managed identity, from the endpoint that its platform puts on this machine.

App Service, Functions and Container Apps name it in IDENTITY_ENDPOINT (learn.microsoft.com/azure/app-service/
overview-managed-identity, 2019-08-01). Without that variable the metadata address of a virtual machine is asked (IMDS,
learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token), which was never tried on a real
one. Whatever it is, it is on this machine: a request in the clear goes to no other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit

from spentkey.adapters.entra.own_reasons import IDENTITY_NO_TOKEN, IDENTITY_REFUSED
from spentkey.core.errors import AccessRefused, Misconfigured, Outage, SpentkeyError
from spentkey.core.redaction import without_values
from spentkey.core.secret import Secret
from spentkey.http.client import HttpClient, json_object
from spentkey.http.retry import Retryable
from spentkey.ports.runtime import Clock

SYSTEM = "managed identity"
"""What it is called in metrics, logs, traces and messages."""
ENDPOINT, HEADER = "IDENTITY_ENDPOINT", "IDENTITY_HEADER"
METADATA = "http://169.254.169.254"
UNTRIED = "by the metadata address of a virtual machine (IMDS), which was never tried on a real one"
UPDATING = frozenset({404, 410})
"""What the metadata address answers while it is updated; the request is sent again then (how-to-use-vm-token)."""
LATEST = 1e11
"""No token lives that long, in seconds since 1970; nor does NaN, which is not smaller."""
_PRINTABLE = re.compile(r"[\x21-\x7e]{1,65536}", re.ASCII)


@dataclass(frozen=True)
class IdentityEndpoint:
    """Where the tokens are, how a request is asked for, and what shows that it comes from this machine."""

    base: str
    path: str
    version: str
    header: str
    value: Secret = field(repr=False)
    updating: frozenset[int] = frozenset()
    """Statuses after which it is asked again, beside the usual ones."""


METADATA_ENDPOINT = IdentityEndpoint(
    METADATA, "/metadata/identity/oauth2/token", "2018-02-01", "Metadata", Secret("true"), UPDATING
)


def identity_endpoint(environment: Mapping[str, str]) -> IdentityEndpoint:
    """The endpoint that the environment names, else the metadata address; raises `Misconfigured` for an unusable one."""
    address, header = environment.get(ENDPOINT, ""), environment.get(HEADER, "")
    if not address:
        return METADATA_ENDPOINT
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = None, ""
    usable = parts is not None and parts.scheme in ("http", "https") and _is_here(host) and not parts.query
    if parts is None or not usable or "@" in parts.netloc or not address.isprintable() or set(address) & set("# \\"):
        raise Misconfigured(
            f"{ENDPOINT}: must be an address of this machine (loopback or link-local), such as "
            "http://127.0.0.1:41000/msi/token; the header goes to no other"
        )
    if not _PRINTABLE.fullmatch(header):
        raise Misconfigured(
            f"{HEADER}: is not set or is no header, and {ENDPOINT} needs it (Azure Arc is not supported)"
        )
    base = f"{parts.scheme}://{parts.netloc}"
    return IdentityEndpoint(base, parts.path or "/", "2019-08-01", "X-IDENTITY-HEADER", Secret(header))


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_link_local


@dataclass(frozen=True)
class ManagedIdentity:
    """An identity of this machine; `client_id` says which one where there are several, `resource` is Graph's address."""

    endpoint: IdentityEndpoint
    http: HttpClient
    client_id: str | None
    resource: str


class IdentityRequest:
    """Asks for a token, one request each time; who calls stores it."""

    def __init__(self, managed: ManagedIdentity, clock: Clock) -> None:
        self._managed, self._clock = managed, clock
        self.date: datetime | None = None
        """The endpoint's clock, by its last answer."""

    @without_values(Retryable, SpentkeyError)
    async def send(self) -> tuple[Secret, float]:
        """A token and its end; raises `Retryable`, `Outage`, or `AccessRefused` where there is no such identity."""
        one, endpoint = self._managed, self._managed.endpoint
        query = {"api-version": endpoint.version, "resource": one.resource}
        query |= {"client_id": one.client_id} if one.client_id else {}
        headers = lambda: {endpoint.header: endpoint.value.reveal()}  # noqa: E731  # made when it is sent
        response = one.http.usable(await one.http.read_try("GET", endpoint.path, query, None, headers))
        if response.status in endpoint.updating:
            raise Retryable(IDENTITY_REFUSED(status=response.status))
        if response.status != 200:
            raise AccessRefused(IDENTITY_REFUSED(status=response.status))
        self.date = response.time()
        return _token_in(json_object(response, SYSTEM), self._clock.now())


def _token_in(answer: Mapping[str, Any], now: datetime) -> tuple[Secret, float]:
    token, end = answer.get("access_token"), _end_in(answer, now)
    if end is None or not isinstance(token, str) or not _PRINTABLE.fullmatch(token):
        raise Outage(IDENTITY_NO_TOKEN())
    return Secret(token), end


def _end_in(answer: Mapping[str, Any], now: datetime) -> float | None:
    """In seconds since 1970, as a number or as a text; None where it is not told."""
    told, lives = answer.get("expires_on"), answer.get("expires_in")
    try:
        end = float(told) if told is not None else now.timestamp() + float(cast("Any", lives))
    except (TypeError, ValueError, OverflowError):
        return None
    return end if 0 < end < LATEST else None
