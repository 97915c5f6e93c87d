"""Step 3: pick the tenant, sign in, and look at the application with all its credentials."""

from dataclasses import dataclass

from spentkey.core.credential import Snapshot, Target
from spentkey.core.guards import g2_application, g2_identity, g2_tenant
from spentkey.core.outcome import End, Failed, Refused, hand_over, leave_open
from spentkey.core.rules import TenantRules
from spentkey.core.step_reasons import LEFT_ALONE
from spentkey.core.task import RemovalRequest
from spentkey.ports.directory import Directory
from spentkey.steps.attempt import Attempt


@dataclass(frozen=True)
class Seen:
    """What the directory of the chosen tenant shows of the application."""

    directory: Directory
    tenant: TenantRules
    snapshot: Snapshot
    application: Target


async def see_application(attempt: Attempt, request: RemovalRequest) -> Seen | End:
    """Guard G2, in its three parts: one tenant, a token for it, one application in it."""
    attempt.step("see")
    signed_in = await sign_in(attempt, request)
    return signed_in if isinstance(signed_in, End) else await look(attempt, request, *signed_in)


async def sign_in(attempt: Attempt, request: RemovalRequest) -> tuple[TenantRules, Directory] | End:
    """The first two parts: one tenant, and a token for it."""
    tenant = g2_tenant(request, attempt.context.rules.tenants)
    if isinstance(tenant, Refused):
        return hand_over(tenant)
    attempt.tenant = tenant
    directory = await attempt.context.directories.open(tenant)
    stranger = g2_identity(await directory.token_claims(), tenant.tenant_id, directory.client_id)
    if stranger is not None:
        return hand_over(stranger)
    return tenant, directory


async def look(attempt: Attempt, request: RemovalRequest, tenant: TenantRules, directory: Directory) -> Seen | End:
    """Look until the application shows, or `verify_reads` looks in a row agree that it does not exist."""
    rules = attempt.context.rules.verify
    for nth in range(rules.reads):
        if nth:
            await attempt.context.clock.sleep(rules.interval_s)
        snapshot = await directory.look(request.app_id)
        application = g2_application(snapshot, request, tenant)
        if isinstance(application, Target):
            attempt.learn_application(application)
            _tell_unreadable(attempt, application)
            return Seen(directory, tenant, snapshot, application)
        end = hand_over(application) if isinstance(application, Refused) else leave_open(Failed(application.reason))
    return end  # pyright: ignore[reportPossiblyUnboundVariable]  # verify_reads is at least 1


def _tell_unreadable(attempt: Attempt, application: Target) -> None:
    for one in application.unreadable:
        reason = LEFT_ALONE(where=one.where)
        attempt.step("see", reason)
        attempt.warn([reason])
