"""Step 3: pick the tenant, sign in, and look at the application with all its credentials."""

from dataclasses import dataclass

from spentkey.core.credential import Application, Sighting
from spentkey.core.guards import g2_application, g2_identity, g2_tenant
from spentkey.core.outcome import End, Refused, hand_over
from spentkey.core.rules import TenantRules
from spentkey.core.task import RemovalRequest
from spentkey.ports.directory import Directory
from spentkey.steps.attempt import Case


@dataclass(frozen=True)
class Seen:
    """What the directory of the chosen tenant shows of the application."""

    directory: Directory
    tenant: TenantRules
    sighting: Sighting
    application: Application


async def see_application(case: Case, request: RemovalRequest) -> Seen | End:
    """Guard G2, in its three parts: one tenant, a token for it, one application in it."""
    case.step("see")
    tenant = g2_tenant(request, case.hands.rules.tenants)
    if isinstance(tenant, Refused):
        return hand_over(tenant)
    case.tenant = tenant
    directory = await case.hands.directories.open(tenant)
    stranger = g2_identity(await directory.identity(), tenant.tenant_id, directory.client_id)
    if stranger is not None:
        return hand_over(stranger)
    return await look(case, request, tenant, directory)


async def look(case: Case, request: RemovalRequest, tenant: TenantRules, directory: Directory) -> Seen | End:
    """Look until the application shows, or `verify_reads` looks in a row agree that it does not exist."""
    rules = case.hands.rules.verify
    for attempt in range(rules.reads):
        if attempt:
            await case.hands.clock.sleep(rules.interval_s)
        sighting = await directory.look(request.app_id)
        application = g2_application(sighting, request, tenant)
        if isinstance(application, Application):
            case.learn_application(application)
            return Seen(directory, tenant, sighting, application)
        refusal = application
    return hand_over(refusal)  # pyright: ignore[reportPossiblyUnboundVariable]  # verify_reads is at least 1
