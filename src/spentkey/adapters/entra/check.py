"""The check-up of a tenant: sign-in, rights in the token, a read, and how long the automation's own credential lives."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from spentkey.adapters.entra.client import EntraDirectory
from spentkey.adapters.entra.directories import EntraDirectories
from spentkey.core.credential import AUDIT_LOG, OwnCredential, OwnKind, TokenClaims
from spentkey.core.errors import SpentkeyError
from spentkey.core.finding import Finding, FindingState, clock_finding
from spentkey.core.guards import g2_identity
from spentkey.core.rules import TenantRules

READ = {"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
WRITE = {"Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", "Directory.ReadWrite.All"}
SIGN_IN = "sign-in"
SOON = timedelta(days=30)
BEST = "better still, sign in without one: by a managed identity, a federated token, or a certificate, in that order"
"""CIS asks for no client secrets at all (Microsoft 365 Foundations 7.0.0, 5.1.5.3)."""


@dataclass(frozen=True)
class TenantCheck:
    """What must be in place in one tenant."""

    directories: EntraDirectories
    tenant: TenantRules
    patch_allowed: bool = False
    """Whether certificates may be removed by writing the list again, which needs the audit log."""

    @property
    def system(self) -> str:
        """How the tenant is called in the findings."""
        return f"Entra {self.tenant.name}"

    async def findings(self) -> AsyncIterator[Finding]:
        """Sign in first; without that nothing more can be seen."""
        try:
            directory = await self.directories.open(self.tenant)
            token_claims = await directory.token_claims()
        except SpentkeyError as problem:
            fix = f"check tenants.{self.tenant.name}: the client id, and what it signs in with"
            yield Finding(self.system, SIGN_IN, FindingState.FAIL, str(problem), fix)
            return
        stranger = g2_identity(token_claims, self.tenant.tenant_id, directory.client_id)
        if stranger is not None:
            fix = f"correct tenants.{self.tenant.name}.tenant_id, or what it signs in with"
            yield Finding(self.system, SIGN_IN, FindingState.FAIL, stranger.reason, fix)
            return
        yield Finding(self.system, SIGN_IN, FindingState.OK, f"as {directory.client_id}")
        yield self._roles(token_claims.roles)
        yield self._audit_log(token_claims)
        async for finding in self._own_application(directory):
            yield finding

    def _roles(self, roles: frozenset[str]) -> Finding:
        client = "the automation's app registration"
        missing = [name for name, any_of in (("read", READ), ("write", WRITE)) if not roles & any_of]
        message = ", ".join(sorted(roles)) or "none"
        if missing:
            fix = (
                f"grant {client} the application permission Application.ReadWrite.All, or Application.Read.All and "
                "Application.ReadWrite.OwnedBy with ownership of each application, and give admin consent"
            )
            return Finding(
                self.system, "permissions", FindingState.FAIL, f"cannot {' or '.join(missing)}: {message}", fix
            )
        return Finding(self.system, "permissions", FindingState.OK, message)

    def _audit_log(self, token_claims: TokenClaims) -> Finding:
        """Only good to have where removals are proven by reads; a PATCH is proven by nothing else."""
        what = "audit log"
        if token_claims.reads_audit_log:
            return Finding(self.system, what, FindingState.OK, "can be asked")
        if self.patch_allowed:
            message = (
                f"{AUDIT_LOG} is not granted, so no certificate is removed by the fallback: no read shows what it drops"
            )
            fix = f'grant {AUDIT_LOG} with admin consent, or set policy.certificate_fallback = "hand-off"'
            return Finding(self.system, what, FindingState.FAIL, message, fix)
        return Finding(self.system, what, FindingState.OK, f"not used: {AUDIT_LOG} is not granted, which is optional")

    async def _own_application(self, directory: EntraDirectory) -> AsyncIterator[Finding]:
        what = "reading an application"
        try:
            snapshot = await directory.look(directory.client_id)
        except SpentkeyError as problem:
            yield Finding(
                self.system, what, FindingState.FAIL, str(problem), "grant Application.Read.All with admin consent"
            )
            return
        yield Finding(self.system, what, FindingState.OK, "works")
        now = self.directories.clock.now()
        yield clock_finding(self.system, now, snapshot.directory_time)
        own = await directory.own_credential()
        yield _own_credential(self.system, own, now)


def _own_credential(system: str, own: OwnCredential, now: datetime) -> Finding:
    """When what we sign in with ends; of several secrets that it may be, the soonest end counts."""
    what = "own credential"
    if not own.kind.ends:
        message = f"a {own.kind.value.replace('-', ' ')}, which does not end"
        return Finding(system, what, FindingState.OK, f"{message}; {own.note}" if own.note else message)
    if own.ends is None:
        fix = "look at the automation's app registration: its credentials are not shown here"
        return Finding(system, what, FindingState.WARN, "no live client secret is shown", fix)
    message = f"{(own.ends - now).days} days left until {_name(own)} ends"
    if own.ends - now >= SOON:
        return Finding(system, what, FindingState.OK, message)
    word = "client secret" if own.kind is OwnKind.SECRET else "certificate"
    fix = f"make a new {word} and put it in the place of the old one in time; {BEST}"
    return Finding(system, what, FindingState.WARN, message, fix)


def _name(own: OwnCredential) -> str:
    if own.kind is OwnKind.CERTIFICATE:
        return "the certificate"
    return "the client secret" if own.among == 1 else f"the first of {own.among} live secrets"
