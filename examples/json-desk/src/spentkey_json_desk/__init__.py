"""A service desk in one JSON file, as a package of its own."""

import re
from collections.abc import Sequence

from spentkey.adapters.kinds import DeskKind, Outside
from spentkey.core.rules import DeskRules
from spentkey.ports.runtime import Checker, Probe
from spentkey.settings.section import Section
from spentkey.settings.values import FilePath, Text
from spentkey_json_desk.desk import JsonDesk, JsonDeskCheck


class JsonDeskSettings(Section):
    """The table `[json_desk]`."""

    file: FilePath
    group: Text = "automation"
    """The group whose tasks Spentkey takes."""
    people: Text = "service desk"
    """The group that a task is handed over to."""


def reference(text: str) -> str | None:
    """A task's reference in its only spelling; None for a text that no task of this desk has."""
    return text if re.fullmatch(r"INC[0-9]{1,9}", text, re.ASCII) else None


def rules(settings: JsonDeskSettings) -> DeskRules:
    """What Spentkey's steps must know: here the defaults, with references that are texts."""
    del settings
    return DeskRules(numbers=False)


async def open_desk(settings: JsonDeskSettings, outside: Outside) -> JsonDesk:
    """The desk. One with an API asks `outside.connections.http(name, url)` for its client."""
    del outside
    return JsonDesk(settings.file, settings.group, settings.people)


def check(settings: JsonDeskSettings, outside: Outside) -> Checker:
    """What `spentkey check` says of it."""
    del outside
    return JsonDeskCheck(JsonDesk(settings.file, settings.group, settings.people))


def probes(desk: JsonDesk) -> Sequence[Probe]:
    """A cheap look, for `/readyz`."""
    return [Probe("json-desk", desk.queue)]


DESK = DeskKind(JsonDeskSettings, reference, "INC1", rules, open_desk, check, probes)
