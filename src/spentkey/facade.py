"""Spentkey for programs that call it in their own process, such as the Ansible modules: one plain call for each action.

Each call reads the configuration, opens its connections, does one thing and closes them again. Errors are those of
`spentkey.core.errors`; ends that are expected are values. Nothing here decides anything.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from spentkey.adapters.given_pfx import GivenPfx, VaultWithPfx
from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.settings import load_settings, needs_desk, reference_of
from spentkey.core.credential import Credential, Snapshot
from spentkey.core.errors import AccessRefused, Misconfigured, Outage
from spentkey.core.guards import g0_task_is_ours, g2_identity, g5_expired, g6_not_protected
from spentkey.core.notes import Remark, resolution_text
from spentkey.core.outcome import NotOurs, Refused, Removed, TicketState
from spentkey.core.planned import Planned
from spentkey.core.rules import DeskRules, RequestRules, TenantRules
from spentkey.core.secret import Secret
from spentkey.core.task import (
    NOT_A_UUID,
    RemovalRequest,
    Request,
    Task,
    TaskRef,
    folded_name,
    folded_value,
    is_uuid,
    read_request,
    request_of,
)
from spentkey.dry_run import dry_run
from spentkey.ports.read_only import NoLocks, ReadOnlyDesk, ReadOnlyEvidence
from spentkey.ports.service_desk import ServiceDesk
from spentkey.ports.vault import Login, Vault
from spentkey.settings.rules import rules_of
from spentkey.settings.schema import Settings
from spentkey.step_by_step import Asked, Written, close_proven, dry_run_asked, note_on, reassign_task, remove_asked
from spentkey.steps.context import Context
from spentkey.story import work_on

T = TypeVar("T")

__all__ = [
    "NOT_A_UUID",
    "Asked",
    "Facade",
    "GivenPfx",
    "Remark",
    "Secret",
    "is_uuid",
    "resolution_text",
]


class StepsTaken:
    """The `Progress` port that only remembers which steps were taken."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def step(self, task: TaskRef, step: str, detail: str = "") -> None:
        """Remember it."""
        del task, detail
        self.taken.append(step)

    def tell(self, message: str) -> None:
        """It belongs to no step."""


@dataclass(frozen=True)
class Standing:
    """One credential of an application, and what the guards say of it now."""

    credential: Credential
    holder: str
    not_expired: str | None
    protected: str | None


@dataclass(frozen=True)
class ApplicationView:
    """An application as its tenant shows it; `name` is None where it does not exist."""

    tenant: str
    name: str | None
    object_id: str | None
    credentials: tuple[Standing, ...]


@dataclass(frozen=True)
class TaskView:
    """A task with what it asks for, and why it is not ours, where it is not."""

    task: Task
    request: Request
    not_ours: str | None


@dataclass(frozen=True)
class Facade:
    """One configuration, and what can be done with it. `check` reads and judges, and writes nothing anywhere."""

    settings: Settings
    check: bool = False
    use_proxies: bool = True

    @classmethod
    def open(cls, config: Path, environment: Mapping[str, str], *, check: bool = False) -> "Facade":
        """Read the configuration; raises `Misconfigured` with a line for each problem."""
        return cls(load_settings(config, environment), check)

    def reference(self, task: int | str) -> TaskRef:
        """A task's reference as the desk writes it; raises `Misconfigured` for one that it cannot have."""
        return reference_of(self.settings, str(task))

    def rules(self) -> RequestRules:
        """How requests are read: the parameters' names, the words of SecretType, and what chooses a tenant."""
        chosen, kind = needs_desk(self.settings)
        return rules_of(self.settings, kind.rules(chosen.section)).request

    def read_asked(self, values: Mapping[str, object]) -> RemovalRequest | Refused:
        """Guard G1 on what a caller gives, by the names of the configured desk; nothing is contacted."""
        return read_request(request_of(values.items()), self.rules())

    def with_desk(self, **changes: object) -> "Facade":
        """The same with other settings of the desk, for this call; None leaves one as it is."""
        given = {name: value for name, value in changes.items() if value is not None}
        chosen, _ = needs_desk(self.settings)
        for name in given:
            if name not in type(chosen.section).model_fields:
                raise Misconfigured(f"{chosen.name}.{name}: this service desk has no such setting")
        changed = replace(chosen, section=chosen.section.model_copy(update=given))
        return replace(self, settings=self.settings.model_copy(update={"desk": changed}))

    def when_of(self, tenant: str) -> Mapping[str, str]:
        """What the parameters must say to mean that tenant."""
        rules = next((one for one in self._tenants() if one.name == tenant), None)
        if rules is None:
            raise Misconfigured(f"no tenant is called {tenant}; there is {', '.join(self.settings.tenants)}")
        return rules.when

    def tenant_of(self, values: Mapping[str, str]) -> str | None:
        """The tenant whose `when` these values meet, or the only one, without a `when`; None where none or several do."""
        tenants = self._tenants()
        said = {folded_name(name): folded_value(value) for name, value in values.items()}
        found = [
            one.name
            for one in tenants
            if (one.when or len(tenants) == 1)
            and all(said.get(folded_name(name)) == folded_value(value) for name, value in one.when.items())
        ]
        return found[0] if len(found) == 1 else None

    def _tenants(self) -> Sequence[TenantRules]:
        return rules_of(self.settings, DeskRules()).tenants

    def work_on(self, task: TaskRef) -> Written:
        """The whole story of one task."""
        steps = StepsTaken()
        result = self._with_context(lambda context: work_on(task, context), steps)
        told = "report" in steps.taken and result.ticket in (TicketState.CLOSED, TicketState.HANDED_OFF)
        return Written(result, changed=told or "remove" in steps.taken)

    def dry_run(self, task: TaskRef) -> Planned:
        """What `work_on` would do."""
        return self._with_context(lambda context: dry_run(task, context), reads=True)

    def remove(self, asked: Asked, pfx: GivenPfx | None = None) -> Written:
        """Remove one credential and prove it, with every guard; the ticket is left to the caller."""
        steps = StepsTaken()
        result = self._with_context(lambda context: remove_asked(asked, _with_pfx(context, pfx)), steps)
        return Written(result, changed="remove" in steps.taken and result.outcome == Removed.name)

    def dry_run_removal(self, asked: Asked, pfx: GivenPfx | None = None) -> Planned:
        """What `remove` would do."""
        return self._with_context(lambda context: dry_run_asked(asked, _with_pfx(context, pfx)), reads=True)

    def close(self, task: TaskRef, wording: str | None = None, minutes: int | None = None) -> Written:
        """Close a task whose removal is on record."""
        facade = self.with_desk(minutes=minutes)
        return facade._with_context(lambda context: close_proven(task, context, wording))  # noqa: SLF001  # itself

    def reassign(self, task: TaskRef, team: str | None = None, minutes: int | None = None) -> Written:
        """Hand a task over to a team, the one of the settings unless said otherwise."""
        team = team.strip() if team is not None else None
        chosen, _ = needs_desk(self.settings)
        if team is not None and team.casefold() == str(getattr(chosen.section, "queue_team", "")).casefold():
            raise Misconfigured("team: is the queue team, so a hand-over would come straight back")
        facade = self.with_desk(minutes=minutes, escalation_team=team)
        return facade._with_context(lambda context: reassign_task(task, context))  # noqa: SLF001  # itself

    def note(self, task: TaskRef, remark: Remark) -> Written:
        """Write a note on a task, once."""
        return self._with_context(lambda context: note_on(task, remark, context))

    def ticket(self, task: TaskRef) -> TaskView | None:
        """The task with its parameters; None where there is none of that number."""
        return self._with_context(lambda context: _ticket(context.desk, task, context.rules.request), reads=True)

    def application(self, app_id: str, tenant: str) -> ApplicationView:
        """The credentials of an application in the tenant of that name."""
        rules = next((one for one in self._tenants() if one.name == tenant), None)
        if rules is None:
            raise Misconfigured(f"no tenant is called {tenant}; there is {', '.join(self.settings.tenants)}")
        return self._with_context(lambda context: _application(context, app_id, rules), reads=True)

    def login(self, title: str) -> Login:
        """The entry of the credentials list with that title."""
        return self._with_context(lambda context: context.vault.login(title), reads=True)

    def of_vault(self, do: Callable[[Vault], Awaitable[T]]) -> T:
        """Something that only the configured vault can do."""
        return self._with_context(lambda context: do(context.vault), reads=True)

    def _with_context(
        self, do: Callable[[Context], Awaitable[T]], steps: StepsTaken | None = None, *, reads: bool = False
    ) -> T:
        """Do it; what only reads makes no store, and needs none in a job."""
        return asyncio.run(self._do(do, steps or StepsTaken(), reads=reads or self.check))

    async def _do(self, do: Callable[[Context], Awaitable[T]], steps: StepsTaken, *, reads: bool) -> T:
        made = context_for(self.settings, steps, use_proxies=self.use_proxies, read_only=reads, signs=True)
        async with made as context:
            return await do(_writing_nothing(context) if reads else context)


def _writing_nothing(context: Context) -> Context:
    silent = ReadOnlyEvidence(context.evidence)
    return replace(context, desk=ReadOnlyDesk(context.desk), evidence=silent, locks=NoLocks())


def _with_pfx(context: Context, pfx: GivenPfx | None) -> Context:
    return context if pfx is None else replace(context, vault=VaultWithPfx(context.vault, pfx))


async def _ticket(desk: ServiceDesk, ref: TaskRef, rules: RequestRules) -> TaskView | None:
    task = await desk.find(ref)
    if task is None:
        return None
    request = await desk.request(task)
    not_ours: NotOurs | None = g0_task_is_ours(task, request, rules)
    return TaskView(task, request, not_ours.reason if not_ours is not None else None)


async def _application(context: Context, app_id: str, tenant: TenantRules) -> ApplicationView:
    directory = await context.directories.open(tenant)
    stranger = g2_identity(await directory.token_claims(), tenant.tenant_id, directory.client_id)
    if stranger is not None:
        raise AccessRefused(stranger.reason)
    snapshot = await directory.look(app_id)
    application = snapshot.application
    if snapshot.fault is not None:
        raise Outage(snapshot.fault)
    if application is None:
        return ApplicationView(tenant.name, None, None, ())
    standing = _standing(context, snapshot, directory.client_id)
    return ApplicationView(tenant.name, application.name, application.object_id, standing)


def _standing(context: Context, snapshot: Snapshot, client_id: str) -> tuple[Standing, ...]:
    application, now, rules = snapshot.application, context.clock.now(), context.rules
    if application is None:
        return ()
    own = rules.own_apps | {client_id.lower()}
    found: list[Standing] = []
    for holder, name in ((application, "application"), (snapshot.principal, "service-principal")):
        for one in holder.credentials if holder is not None else ():
            expired = g5_expired(one, now, snapshot.directory_time, rules.grace)
            guarded = g6_not_protected(one, application, rules.protected, own)
            found.append(Standing(one, name, expired.reason if expired else None, guarded.reason if guarded else None))
    return tuple(found)
