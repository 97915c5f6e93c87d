"""The directory."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from spentkey.core.audit_event import AuditEvent, WrittenList
from spentkey.core.credential import OwnCredential, Snapshot, Target, TokenClaims
from spentkey.core.outcome import RemovalRoute
from spentkey.core.reason import Reason
from spentkey.core.rules import TenantRules
from spentkey.core.signer import Signer
from spentkey.ports.directory_lists import DirectoryLists
from spentkey.ports.runtime import BeforeTry, allowed


class Answer(StrEnum):
    """What Graph answered to a removal. Whatever it is, only reads prove what happened."""

    ACCEPTED = "accepted"
    NOT_PRESENT = "not-present"
    LOST = "lost"
    FORBIDDEN = "forbidden"
    PROOF_REJECTED = "proof-rejected"
    REJECTED = "rejected"
    NOT_DONE = "not-done"
    """No try took effect: Graph refused each one before any effect, or none was sent; and then it was given up."""


@dataclass(frozen=True)
class Reply:
    """The answer to a removal, in words, with the ids that find it in Microsoft's logs."""

    answer: Answer
    detail: Reason
    client_request_id: str
    request_id: str | None = None


@dataclass
class Sending:
    """One removal on its way, in one try or several."""

    before_try: BeforeTry = allowed
    """Awaited before every try, the first one too; what it raises ends the sending without that try."""
    may_have_taken: bool = False
    """Whether a try was refused in a way that does not say for sure that nothing was done."""


@dataclass(frozen=True)
class SignInRefused:
    """Why an application may not sign in with a signer, in words."""

    reason: Reason
    another_may: bool
    """Whether that is a matter of this signer, so that another one may be taken."""


class Directory(Protocol):
    """One tenant's directory (Entra ID through Microsoft Graph), signed in as the automation.

    The three that remove follow their `Sending`. An error that comes out of them, one of `before_try` included, says that
    nothing was removed for sure, unless the sending `may_have_taken`; else what may have been removed is a `Reply`.
    """

    @property
    def client_id(self) -> str:
        """The AppID that the automation signs in with."""
        ...

    async def token_claims(self) -> TokenClaims:
        """Who the automation's token is for; raises `AccessRefused` when sign-in is refused."""
        ...

    async def own_credential(self) -> OwnCredential:
        """What the automation signed in with, and when that ends; raises as `look` does."""
        ...

    async def sign_in_time(self) -> datetime | None:
        """The clock of sign-in now, as far as its last answer told; None where there was none."""
        ...

    async def look(self, app_id: str) -> Snapshot:
        """The application with both credential lists, and its service principal; certificates without their `key`."""
        ...

    async def read(self, application: Target) -> Snapshot:
        """The application alone, for verification; certificates without their `key`."""
        ...

    async def read_with_keys(self, application: Target) -> Snapshot:
        """The application alone, certificates with their `key`: scarce, so only where it is needed."""
        ...

    async def room_to_write(self, route: RemovalRoute) -> None:
        """Wait until one write more fits into the tenant's quota; asked before the last look, so that none is old."""
        ...

    async def remove_secret(
        self, application: Target, key_id: str, client_request_id: str, sending: Sending | None = None
    ) -> Reply:
        """`removePassword` of exactly that key id."""
        ...

    async def sign_in_as(self, application: Target, signer: Signer) -> SignInRefused | None:
        """Get the application's own token with `signer`; None when it is at hand, else why sign-in is refused."""
        ...

    async def replace_certificates(
        self, application: Target, key_id: str, client_request_id: str, sending: Sending | None = None
    ) -> Reply:
        """Write the certificate list again as it was read in `application`, without exactly that key id."""
        ...

    async def remove_certificate(
        self,
        application: Target,
        key_id: str,
        signer: Signer,
        client_request_id: str,
        sending: Sending | None = None,
    ) -> Reply:
        """`removeKey` of exactly that key id, with the application's own token and a proof by `signer`."""
        ...

    async def audit_event(self, application: Target, key_id: str, route: RemovalRoute, since: datetime) -> AuditEvent:
        """What the directory's audit log shows of the removal; asks once, never waits, and never raises an outage."""
        ...

    async def patch_event(self, application: Target, key_id: str, since: datetime, written: WrittenList) -> AuditEvent:
        """What the audit log shows of the lists that we wrote since then; asks once, and never raises an outage.

        `ours`: exactly that key id went. `more`: another credential went, changed or came back with it.
        """
        ...


class Directories(Protocol):
    """Signs in to tenants, once for each."""

    async def open(self, tenant: TenantRules) -> Directory:
        """The directory of that tenant; raises `AccessRefused` when its credential cannot be had."""
        ...

    async def lists(self, tenant: TenantRules) -> DirectoryLists:
        """Its whole lists, with the same sign-in and quota; raises as `open` does."""
        ...
