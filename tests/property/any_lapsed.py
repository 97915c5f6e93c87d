"""Any tenant as a scan sees it: each credential classified, and asked for by a task of its own that a dry run judges."""

import random
import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from any_world import Json, any_world
from in_memory import InMemory
from stores import records_of

from spentkey.core.classified import Classified, CredentialClass, ScanRules
from spentkey.core.credential import AUDIT_LOG, Kind, Target, TargetKind
from spentkey.core.listed import ListedObject
from spentkey.core.planned import Action, Planned
from spentkey.core.task import TaskRef
from spentkey.dry_run import dry_run
from spentkey.scan.classify import classify
from spentkey.steps.context import Context
from spentkey.story import work_on

NO_LIMITS = {
    f"SPENTKEY_POLICY__MAX_{name}": "9999"
    for name in ("REMOVALS_PER_RUN", "REMOVALS_PER_APP", "REMOVALS_PER_HOUR", "HANDOVERS_PER_HOUR", "ATTEMPTS")
}
NAMES_OF_NOBODY = ("", "   ", "\u200b", None, "x" * 300, "Sales\u0007")
SIGNING = {"customKeyIdentifier": "AAECAwQFBgcICQoLDA0ODxAREhM="}


@dataclass
class LapsedScenario:
    """One world at rest: what every class came to, and what does not hold."""

    counts: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])


def lapsed_world(rng: random.Random, now: datetime) -> tuple[Json, dict[str, str]]:
    """A world with odd objects in it, a request and a task for each credential, and no limits."""
    made = any_world(rng, now)
    environment = {
        name: value for name, value in made.environment.items() if "WINDOW" not in name and "FREEZE" not in name
    }
    if rng.random() < 0.2:
        environment["SPENTKEY_POLICY__PROTECTED"] = '["name:old"]'
    if rng.random() < 0.3:
        environment["SPENTKEY_POLICY__GRACE_DAYS"] = "40"
    world = made.world
    for tenant in world["tenants"]:
        for app in tenant["applications"]:
            app.pop("owners_only", None)
            _oddly(rng, app)
    requests = [
        {"number": 1000 + number, "parameters": [[name, value] for name, value in asked.items()]}
        for number, asked in enumerate(_asked_of(world))
    ]
    tasks = [{"number": 40000 + number, "parent": 1000 + number} for number in range(len(requests))]
    world["ivanti"] |= {"requests": requests, "tasks": tasks}
    return world, environment | NO_LIMITS


def _oddly(rng: random.Random, app: Json) -> None:
    """What real tenants have now and then, and what no guard may pass."""
    drawn = rng.random()
    if drawn < 0.06:
        app["shows"] = {"displayName": rng.choice(NAMES_OF_NOBODY)}
    elif drawn < 0.1:
        app["shows"] = {"@odata.type": "#microsoft.graph.agentIdentityBlueprint"}
    elif drawn < 0.14:
        app["service_principal"] = None
    elif drawn < 0.2 and app["passwords"]:
        rng.choice(app["passwords"])["shows"] = {"keyId": rng.choice([None, 7, "no uuid", str(uuid.UUID(int=7))])}
    elif drawn < 0.25 and app["passwords"]:
        app["passwords"].append(dict(rng.choice(app["passwords"])))
    elif drawn < 0.35 and app["passwords"] and app["certificates"]:
        rng.choice(app["passwords"])["shows"] = SIGNING
        rng.choice(app["certificates"]).update(shows=SIGNING, usage="Sign")


def _asked_of(world: Json) -> list[dict[str, Any]]:
    """What a scan that opens requests sends for each credential, of principals too."""
    found: list[dict[str, Any]] = []
    for tenant in world["tenants"]:
        for app in tenant["applications"]:
            principal: Json = app.get("service_principal") or {}
            held = [*app["passwords"], *app["certificates"], *principal.get("passwords", [])]
            found += [
                {
                    "AppDisplayName": app.get("shows", {}).get("displayName", app["display_name"]) or "Nameless",
                    "AppID": app["app_id"],
                    "SecretID": one["key_id"],
                    "SecretType": "Cert" if "certificate" in one else "Secret",
                    **tenant["when"],
                }
                for one in held
            ]
    return found


async def any_lapsed(sim: InMemory, rng: random.Random) -> LapsedScenario:
    """Classify every credential, and hold each class against what a dry run and a run make of a task for it."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)  # noqa: TID251
    world, environment = lapsed_world(rng, now)
    odd = {app["app_id"] for tenant in world["tenants"] for app in tenant["applications"] if "shows" in app}
    sim.reset(world, rng.getrandbits(32), now)
    scenario = LapsedScenario()
    settings = sim.settings(**environment)
    async with sim.context(settings) as context:
        classified = [one for tenant in context.rules.tenants for one in await _scanned(sim, context, tenant.name, rng)]
        tasks = {
            (str(dict(request["parameters"])["AppID"]), str(dict(request["parameters"])["SecretID"])): task["number"]
            for request, task in zip(world["ivanti"]["requests"], world["ivanti"]["tasks"], strict=True)
        }
        chosen = [(one, tasks.get((one.holder.target.app_id, one.credential.key_id))) for one in classified]
        for one, number in chosen:
            if number is not None and one.is_named:
                planned = await dry_run(TaskRef(str(number)), context)
                scenario.counts[str(one.klass)] += 1
                refused_first = (
                    one.holder.target.kind is TargetKind.SERVICE_PRINCIPAL and one.holder.target.app_id in odd
                )
                wrong = [] if refused_first and planned.action is not Action.REMOVE else disagreements(one, planned)
                scenario.wrong += [f"{number}: {text}" for text in wrong]
        for one, number in chosen:
            if number is not None and one.klass in (CredentialClass.REMOVABLE, CredentialClass.LIVE):
                scenario.wrong += await _worked(sim, context, one, number)
    return scenario


async def _scanned(sim: InMemory, context: Context, tenant_name: str, rng: random.Random) -> list[Classified]:
    """Each application and each service principal of the tenant, as a list shows them."""
    tenant = next(one for one in context.rules.tenants if one.name == tenant_name)
    directory = await context.directories.open(tenant)
    rules = replace(context.rules, own_apps=context.rules.own_apps | {directory.client_id.lower()})
    scan = ScanRules(reads_audit_log=AUDIT_LOG in (await directory.token_claims()).roles)
    found: list[Classified] = []
    for app in next(one for one in sim.holder.world.tenants if one.name == tenant_name).applications:
        seen = await directory.look(app.app_id)
        if seen.application is None:
            continue
        application = (await directory.read_with_keys(seen.application)).application or seen.application
        more: dict[str, Any] = {"principal": seen.principal, "with_live": rng.random() < 0.8}
        now = context.clock.now()
        found += classify(
            tenant,
            ListedObject(replace(seen.application, credentials=application.credentials)),
            rules,
            scan,
            now,
            **more,
        )
        if isinstance(seen.principal, Target):
            found += classify(tenant, ListedObject(seen.principal), rules, scan, now)
    return found


def disagreements(one: Classified, planned: Planned) -> list[str]:
    """Where the class of a credential and the dry run of a task for it do not fit together."""
    result, klass = planned.result, one.klass
    told = f"{klass} ({one.guard}: {one.reason}), and a run: {planned.action} ({result.guard}: {result.reason})"
    wrong: list[str] = []
    if result.guard != one.guard:
        wrong.append(f"another guard: {told}")
    if one.guard is not None and klass.lapsed and result.reason != one.reason:
        wrong.append(f"another reason: {told}")
    if (klass is CredentialClass.REMOVABLE) != (
        planned.action is Action.REMOVE
    ) and klass is not CredentialClass.NEEDS_SIGNER:
        wrong.append(f"not what is removed: {told}")
    if klass is CredentialClass.NO_SIGNER and planned.action is not Action.HAND_OFF:
        wrong.append(f"a signer after all: {told}")
    if klass is CredentialClass.NEEDS_SIGNER and one.credential.kind is not Kind.CERTIFICATE:
        wrong.append(f"a secret needs no signer: {told}")
    on_principal = one.holder.target.kind is TargetKind.SERVICE_PRINCIPAL
    if on_principal and klass.lapsed and klass not in (CredentialClass.ON_PRINCIPAL, CredentialClass.SAML_GROUP):
        wrong.append(f"on a principal: {told}")
    return wrong


async def _worked(sim: InMemory, context: Context, one: Classified, number: int) -> list[str]:
    """What is called removable goes when a run works on it; what is called live stays."""
    before = [record["what"] for record in records_of(sim.store)].count("intent")
    result = await work_on(TaskRef(str(number)), context)
    begun = [record["what"] for record in records_of(sim.store)].count("intent") - before
    if result.guard == "G8":  # a limit, or a list that was written and whose event is waited for: no matter of this one
        return []
    if begun != (one.klass is CredentialClass.REMOVABLE):
        return [f"{number}: {one.klass}, and a run: {result.outcome} ({result.guard}: {result.reason})"]
    return []
