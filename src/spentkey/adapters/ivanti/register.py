"""Ivanti as a kind of service desk."""

import re
from collections.abc import Mapping, Sequence

from spentkey.adapters.ivanti.client import Fields, TaskForms
from spentkey.adapters.ivanti.offering import OpenForms
from spentkey.adapters.ivanti.requests import IvantiOpeningDesk
from spentkey.adapters.ivanti.settings import IvantiSettings
from spentkey.adapters.ivanti.wire import SYSTEM
from spentkey.adapters.kinds import DeskKind, Outside
from spentkey.core.rules import DeskRules, ParameterNames
from spentkey.core.task import TaskRef
from spentkey.ports.runtime import Checker, Probe
from spentkey.settings.sources import VaultEntry

LARGEST = 2**53
"""Largest AssignmentID: JSON numbers above it are not exact everywhere."""


def reference(text: str) -> str | None:
    """An AssignmentID, in its digits without leading zeros."""
    return text if re.fullmatch(r"[1-9][0-9]{0,15}", text, re.ASCII) and int(text) <= LARGEST else None


def rules(settings: IvantiSettings) -> DeskRules:
    """What the steps need to know."""
    names = settings.parameters
    return DeskRules(
        names=ParameterNames(names.app_display_name, names.app_id, names.secret_id, names.secret_type),
        secret_types=settings.secret_types,
        language=settings.language,
        note_on_close=not settings.fields.resolution,
        note_after_close=settings.anchor_note and bool(settings.fields.resolution),
        longest_note=settings.longest_note,
        numbers=True,
    )


async def open_desk(settings: IvantiSettings, outside: Outside) -> IvantiOpeningDesk:
    """The desk; its key may have to be fetched from the vault."""
    key = settings.api_key
    if isinstance(key, VaultEntry):
        key = (await outside.vault.login(key.title)).password
    forms = TaskForms(
        queue_team=settings.queue_team,
        escalation_team=settings.escalation_team,
        login_id=settings.login_id,
        open_statuses=settings.status.open,
        completed=settings.status.completed,
        handed_off=settings.status.handed_off,
        minutes=settings.minutes,
        sets_owner=settings.owner == "login",
        close_fields=settings.close_fields,
        hand_over_fields=settings.hand_over_fields,
        parent_category=settings.parent_category,
    )
    fields = settings.fields
    names = Fields(fields.minutes, fields.resolution, settings.note_category, settings.note_parent_category)
    opens = OpenForms(**dict(settings.open)) if settings.open is not None else None
    http = outside.connections.http(SYSTEM, settings.url)
    return IvantiOpeningDesk(http, key, forms, names, rules(settings).names, opens)


def check(settings: IvantiSettings, outside: Outside) -> Checker:
    """The check-up."""
    from spentkey.adapters.ivanti.check import IvantiCheck  # noqa: PLC0415  # only who checks loads it

    status, names = settings.status, rules(settings).names
    return IvantiCheck(
        make_desk=lambda: open_desk(settings, outside),
        teams={"queue_team": settings.queue_team, "escalation_team": settings.escalation_team},
        login_id=settings.login_id,
        statuses=tuple(dict.fromkeys((*status.open, status.completed, status.handed_off))),
        parameters=tuple(dict.fromkeys((*names.in_order(), *outside.parameters))),
        members=settings.team_members,
        opening=outside.parameters,
    )


def probes(desk: IvantiOpeningDesk) -> Sequence[Probe]:
    """A look for a task that cannot be there."""
    return [Probe("ivanti", lambda: desk.find(TaskRef("0")), SYSTEM)]


def entries(settings: IvantiSettings) -> Mapping[str, str]:
    """The entry with the key, where it is kept in the vault."""
    return {"ivanti.api_key": settings.api_key.title} if isinstance(settings.api_key, VaultEntry) else {}


def whose(settings: IvantiSettings) -> str:
    """Those of the queue team."""
    return f"with the team {settings.queue_team!r} (ivanti.queue_team)"


DESK = DeskKind(IvantiSettings, reference, "40021", rules, open_desk, check, probes, entries, whose)
