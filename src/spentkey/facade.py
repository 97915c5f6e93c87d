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
from spentkey.core.credential import Credential, Snapshot
from spentkey.core.errors import AccessRefused, Misconfigured
from spentkey.core.guards import g0_task_is_ours, g2_identity, g5_expired, g6_not_protected
from spentkey.core.notes import Remark, resolution_text
from spentkey.core.outcome import NotOurs, Refused, Removed, TicketState
from spentkey.core.planned import Planned
from spentkey.core.rules import DeskRules, Rules, TenantRules
from spentkey.core.secret import Secret
from spentkey.core.task import NOT_A_UUID, Parameter, RemovalRequest, Task, canonical_name, is_uuid, read_request
from spentkey.dry_run import dry_run
from spentkey.ports.read_only import NoLocks, ReadOnlyDesk, ReadOnlyEvidence
from spentkey.ports.service_desk import TaskDesk
from spentkey.ports.vault import CertificateEntry, DocumentRef, Login
from spentkey.settings.load import load_settings
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
    "canonical_name",
    "is_uuid",
    "read_asked",
    "resolution_text",
]


class StepsTaken:
    """The `Progress` port that only remembers which steps were taken."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def step(self, task: int, step: str, detail: str = "") -> None:
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
    """A task with its parameters, and why it is not ours, where it is not."""

    task: Task
    parameters: tuple[Parameter, ...]
    not_ours: str | None


def read_asked(values: Mapping[str, object]) -> RemovalRequest | Refused:
    """Guard G1 on what a caller gives: the task's five parameters by name; nothing is contacted."""
    return read_request(tuple(Parameter(name, value) for name, value in values.items()))


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

    def with_category(self, category: str) -> "Facade":
        """The same, whose notes are of that category."""
        ivanti = self.settings.ivanti.model_copy(update={"note_category": category})
        return replace(self, settings=self.settings.model_copy(update={"ivanti": ivanti}))

    def onderwijs_of(self, tenant: str) -> str:
        """What the parameter Onderwijs must say to mean that tenant."""
        rules = next((one for one in rules_of(self.settings).tenants if one.name == tenant), None)
        if rules is None:
            raise Misconfigured(f"no tenant is called {tenant}; there is {', '.join(self.settings.tenants)}")
        message = {name.casefold(): value for name, value in rules.when.items()}
        if "onderwijs" not in message:
            raise Misconfigured(f"tenants.{tenant}.when: does not name Onderwijs, so the parameter must be given")
        return message["onderwijs"]

    def work_on(self, task: int) -> Written:
        """The whole story of one task."""
        steps = StepsTaken()
        result = self._with_context(lambda context: work_on(task, context), steps)
        told = "report" in steps.taken and result.ticket in (TicketState.CLOSED, TicketState.HANDED_OFF)
        return Written(result, changed=told or "remove" in steps.taken)

    def dry_run(self, task: int) -> Planned:
        """What `work_on` would do."""
        return self._with_context(lambda context: dry_run(task, context))

    def remove(self, asked: Asked, pfx: GivenPfx | None = None) -> Written:
        """Remove one credential and prove it, with every guard; the ticket is left to the caller."""
        steps = StepsTaken()
        result = self._with_context(lambda context: remove_asked(asked, _with_pfx(context, pfx)), steps)
        return Written(result, changed="remove" in steps.taken and result.outcome == Removed.name)

    def dry_run_removal(self, asked: Asked, pfx: GivenPfx | None = None) -> Planned:
        """What `remove` would do."""
        return self._with_context(lambda context: dry_run_asked(asked, _with_pfx(context, pfx)))

    def close(self, task: int, wording: str | None = None, minutes: int | None = None) -> Written:
        """Close a task whose removal is on record."""
        return self._with_context(lambda context: close_proven(task, _booking(context, minutes), wording))

    def reassign(self, task: int, team: str | None = None, minutes: int | None = None) -> Written:
        """Hand a task over to a team, the escalation team unless said otherwise."""
        if team is not None and team.strip().casefold() == self.settings.ivanti.queue_team.casefold():
            raise Misconfigured("team: is the queue team, so a hand-over would come straight back")
        return self._with_context(lambda context: reassign_task(task, _booking(context, minutes, team)))

    def note(self, task: int, remark: Remark) -> Written:
        """Write a note on a task, once."""
        return self._with_context(lambda context: note_on(task, remark, context))

    def ticket(self, task: int) -> TaskView | None:
        """The task with its parameters; None where there is none of that number."""
        return self._with_context(lambda context: _ticket(context.desk, task, context.rules.desk))

    def application(self, app_id: str, tenant: str) -> ApplicationView:
        """The credentials of an application in the tenant of that name."""
        rules = next((one for one in rules_of(self.settings).tenants if one.name == tenant), None)
        if rules is None:
            raise Misconfigured(f"no tenant is called {tenant}; there is {', '.join(self.settings.tenants)}")
        return self._with_context(lambda context: _application(context, app_id, rules))

    def login(self, title: str) -> Login:
        """The entry of the credentials list with that title."""
        return self._with_context(lambda context: context.vault.login(title))

    def certificate_entries(self, app_id: str, name: str) -> Sequence[CertificateEntry]:
        """The entries of the certificates list that belong to the application."""
        return self._with_context(lambda context: context.vault.certificate_entries(app_id, name))

    def documents(self, entry_id: int) -> Sequence[DocumentRef]:
        """The PFX documents of an entry, by the configured query of the database."""
        entry = CertificateEntry(entry_id, "", Secret(""))
        return self._with_context(lambda context: context.vault.documents(entry))

    def download(self, document_id: int) -> bytes:
        """The bytes of a document."""
        return self._with_context(lambda context: context.vault.download(DocumentRef(document_id, "document")))

    def _with_context(self, do: Callable[[Context], Awaitable[T]], steps: StepsTaken | None = None) -> T:
        return asyncio.run(self._do(do, steps or StepsTaken()))

    async def _do(self, do: Callable[[Context], Awaitable[T]], steps: StepsTaken) -> T:
        async with context_for(self.settings, steps, use_proxies=self.use_proxies, read_only=self.check) as context:
            return await do(_writing_nothing(context) if self.check else context)


def _writing_nothing(context: Context) -> Context:
    silent = ReadOnlyEvidence(context.evidence)
    return replace(context, desk=ReadOnlyDesk(context.desk), evidence=silent, locks=NoLocks())


def _with_pfx(context: Context, pfx: GivenPfx | None) -> Context:
    return context if pfx is None else replace(context, vault=VaultWithPfx(context.vault, pfx))


def _booking(context: Context, minutes: int | None, team: str | None = None) -> Context:
    """The same context with other minutes, or another escalation team."""
    desk: DeskRules = context.rules.desk
    desk = desk if minutes is None else replace(desk, minutes=minutes)
    desk = desk if team is None else replace(desk, escalation_team=team.strip())
    rules: Rules = replace(context.rules, desk=desk)
    return replace(context, rules=rules)


async def _ticket(desk: TaskDesk, number: int, rules: DeskRules) -> TaskView | None:
    task = await desk.find(number)
    if task is None:
        return None
    parameters = await desk.parameters(task) if task.service_request is not None else ()
    not_ours: NotOurs | None = g0_task_is_ours(task, parameters, rules)
    return TaskView(task, parameters, not_ours.reason if not_ours is not None else None)


async def _application(context: Context, app_id: str, tenant: TenantRules) -> ApplicationView:
    directory = await context.directories.open(tenant)
    stranger = g2_identity(await directory.token_claims(), tenant.tenant_id, directory.client_id)
    if stranger is not None:
        raise AccessRefused(stranger.reason)
    snapshot = await directory.look(app_id)
    application = snapshot.application
    if application is None:
        return ApplicationView(tenant.name, None, None, ())
    standing = _standing(context, snapshot, directory.client_id)
    return ApplicationView(tenant.name, application.display_name, application.object_id, standing)


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
