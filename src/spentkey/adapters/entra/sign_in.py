"""Where and as which application to sign in, and what proves that identity."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from spentkey.core.errors import AccessRefused
from spentkey.core.secret import Secret

SYSTEM = "Microsoft sign-in"
"""What it is called in metrics, logs, traces, messages and findings."""
ROUTE = "POST /{tenant}/oauth2/v2.0/token"
Proof = Secret | Callable[[], Awaitable[str]]
"""A client secret, or a function that gives a client assertion, asked anew for each token."""


class KeyRefused(AccessRefused):
    """Sign-in does not take the key that signed the assertion; it may take another one of the same application."""


@dataclass(frozen=True)
class SignIn:
    """Where and as which application to sign in; `scope` is the Graph address with `/.default`."""

    authority: str
    tenant_id: str
    client_id: str
    scope: str
    proxy: str | None = None

    @property
    def token_endpoint(self) -> str:
        """The audience of a client assertion."""
        return f"{self.authority.rstrip('/')}/{self.tenant_id}/oauth2/v2.0/token"
