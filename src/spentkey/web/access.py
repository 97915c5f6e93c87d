"""Who may ask: names with keys, three roles, and a bound on wrong keys.

A key is made by a machine and at least 32 characters long, so a plain hash of it is enough to compare; every login is
compared each time, whatever the first one says.
"""

import base64
import binascii
import hashlib
import hmac
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security.http import HTTPBase

from spentkey.core.secret import Secret
from spentkey.ports.runtime import Clock
from spentkey.web.hosts import network_of

MINUTE_S = 60.0
MOST_ADDRESSES = 1000
"""Addresses whose failures are remembered; past that all others share one count."""
CHALLENGE = 'Basic realm="spentkey", charset="UTF-8"'


class Role(StrEnum):
    """What a login may do: look; also set things going and stop them; or also have the evidence listed and exported."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    AUDITOR = "auditor"


@dataclass(frozen=True)
class ApiLogin:
    """A caller with a valid key."""

    name: str
    role: Role
    digest: bytes

    @classmethod
    def make(cls, name: str, role: str, key: Secret) -> "ApiLogin":
        """A login that keeps only the hash of its key."""
        return cls(name, Role(role), _digest(key.reveal().encode()))


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


@dataclass
class Failures:
    """Wrong keys of the last minute, by the address that sent them."""

    clock: Clock
    most: int
    _seen: dict[str, deque[float]] = field(default_factory=dict[str, deque[float]])

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._seen)

    def too_many(self, address: str) -> bool:
        """Whether that address must wait."""
        return len(self._recent(address)) >= self.most

    def note(self, address: str) -> None:
        """One more wrong key."""
        self._recent(address).append(self.clock.monotonic())

    def _recent(self, address: str) -> deque[float]:
        now = self.clock.monotonic()
        if address not in self._seen and len(self._seen) >= MOST_ADDRESSES:
            self._seen = {one: seen for one, seen in self._seen.items() if seen and now - seen[-1] <= MINUTE_S}
        name = address if address in self._seen or len(self._seen) < MOST_ADDRESSES else "others"
        seen = self._seen.setdefault(name, deque())
        while seen and now - seen[0] > MINUTE_S:
            seen.popleft()
        return seen


@dataclass(frozen=True)
class Access:
    """The logins of the configuration."""

    logins: Sequence[ApiLogin]
    failures: Failures

    def login_of(self, authorization: str) -> ApiLogin | None:
        """The login that an Authorization header proves; every login is compared, each in the same time."""
        name, key = _presented(authorization)
        digest, found = _digest(key), None
        for login in self.logins:
            same_key = hmac.compare_digest(digest, login.digest)
            same_name = name is None or hmac.compare_digest(name, login.name.encode())
            if same_key and same_name:
                found = login
        return found if key else None


def _presented(authorization: str) -> tuple[bytes | None, bytes]:
    """The name, where one is given, and the key; an empty key for a header that is neither Basic nor Bearer."""
    scheme, _, value = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return None, value.strip().encode("utf-8", "surrogatepass")
    if scheme.lower() == "basic":
        try:
            name, colon, key = base64.b64decode(value.strip(), validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return b"", b""
        return name, key if colon else b""
    return b"", b""


# Only for the API's description: they read nothing but the header's words, and decide nothing.
BASIC = HTTPBase(scheme="basic", scheme_name="NameAndKey", auto_error=False, description="The login's name and key.")
BEARER = HTTPBase(scheme="bearer", scheme_name="Key", auto_error=False, description="The login's key.")


def address_of(request: Request) -> str:
    """Who is at the other end of the connection; what headers say about that is not believed."""
    return network_of(request.client.host) if request.client is not None else ""


def wrong(request: Request, message: str) -> HTTPException:
    """The answer to a wrong key or signature: 429 after too many of that address in a minute.

    Only wrong ones are ever told to wait. Somebody else may have the same address, behind a proxy all have it; and a key
    that a machine has made is not guessed, however often one tries.
    """
    failures: Failures = request.app.state.service.access.failures
    address = address_of(request)
    if failures.too_many(address):
        return HTTPException(429, "too many wrong keys from this address: wait a minute", {"Retry-After": "60"})
    failures.note(address)
    return unauthorised(message)


def unauthorised(message: str) -> HTTPException:
    """The answer to a request without a valid login."""
    return HTTPException(401, message, {"WWW-Authenticate": CHALLENGE})


def logged_in(request: Request) -> ApiLogin:
    """The login of the request, or 401, or 429."""
    access: Access = request.app.state.service.access
    authorization = request.headers.get("Authorization")
    if authorization is None:
        raise unauthorised("a login or key is needed")
    login = access.login_of(authorization)
    if login is None:
        raise wrong(request, "the login or key is wrong")
    request.scope["spentkey.who"] = login.name
    return login


def _viewer(
    request: Request, _basic: Annotated[Any, Security(BASIC)], _bearer: Annotated[Any, Security(BEARER)]
) -> ApiLogin:
    return logged_in(request)


def _needs(login: ApiLogin, *roles: Role) -> ApiLogin:
    if login.role not in roles:
        raise HTTPException(403, f"this needs the role {' or '.join(roles)}")
    return login


def needs_operator(login: ApiLogin) -> ApiLogin:
    """The login, where its role is operator; else 403."""
    return _needs(login, Role.OPERATOR)


def _operator(login: Annotated[ApiLogin, Depends(_viewer)]) -> ApiLogin:
    return needs_operator(login)


def _auditor(login: Annotated[ApiLogin, Depends(_viewer)]) -> ApiLogin:
    return _needs(login, Role.AUDITOR)


def _evidence_reader(login: Annotated[ApiLogin, Depends(_viewer)]) -> ApiLogin:
    return _needs(login, Role.AUDITOR, Role.OPERATOR)


Viewer = Annotated[ApiLogin, Depends(_viewer)]
Operator = Annotated[ApiLogin, Depends(_operator)]
Auditor = Annotated[ApiLogin, Depends(_auditor)]
EvidenceReader = Annotated[ApiLogin, Depends(_evidence_reader)]
"""An auditor or an operator."""
