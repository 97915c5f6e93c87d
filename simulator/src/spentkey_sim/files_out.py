"""Writes the world's tasks and secrets as two folders, for a configuration without Ivanti and Passwordstate.

Each task becomes a file `task-NUMBER.toml`. It is approved where the task is free and with the team whose queue is
worked. A request that names a parameter twice cannot be written as a table, and is left out.
"""

import json
import re
from pathlib import Path

from spentkey_sim.material import document_bytes
from spentkey_sim.model import Document, Entry, PfxContent, World
from spentkey_sim.world_systems import CERTIFICATES_LIST, CREDENTIALS_LIST

APPROVER = "the owner of the application"


def write_requests(folder: Path, world: World) -> None:
    """One file for each task that can be written so."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    for task in world.ivanti.tasks:
        found = next((one for one in world.ivanti.requests if one.number == task.parent), None)
        pairs = found.parameters if found is not None else []
        names = [name.casefold() for name, _ in pairs]
        if not pairs or len(set(names)) < len(names):
            continue
        free = task.owner_team == world.ivanti.teams[0] and not task.owner
        approved = f"approved_by = {json.dumps(APPROVER)}\n" if free else ""
        table = "".join(f"{json.dumps(name)} = {_text(value)}\n" for name, value in pairs)
        _put(folder / f"task-{task.number}.toml", f"{approved}[request]\n{table}".encode(), 0o640)


def _text(value: object) -> str:
    return json.dumps("" if value is None else str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def write_secrets(folder: Path, world: World) -> None:
    """The log-ins of the tenants, and the PFX files of applications, each with its password."""
    vault = world.passwordstate
    for entry in vault.entries:
        if entry.list == CREDENTIALS_LIST and re.fullmatch(r"[A-Za-z0-9_-]+", entry.title):
            _put(folder / f"{entry.title}.username", f"{entry.username}\n".encode(), 0o600)
            _put(folder / f"{entry.title}.password", f"{entry.password}\n".encode(), 0o600)
    for entry in vault.entries:
        app_id = _application_of(entry, world) if entry.list == CERTIFICATES_LIST else None
        for document in vault.documents if app_id is not None else ():
            if document.owner == entry.id:
                name = f"{app_id}.{document.name}"
                _put(folder / name, document_bytes(world, document.content), 0o600)
                _put(folder / f"{name}.password", _password(document, entry, world).encode(), 0o600)


def _application_of(entry: Entry, world: World) -> str | None:
    """The AppID that the entry carries, else that of the application with its title."""
    applications = [one for tenant in world.tenants for one in tenant.applications]
    carried = [one.app_id for one in applications if one.app_id in entry.fields.values()]
    titled = [one.app_id for one in applications if one.display_name == entry.title]
    return next(iter((*carried, *titled)), None)


def _password(document: Document, entry: Entry, world: World) -> str:
    """The one that opens it, if anybody in the vault has it; else that of the entry, which does not."""
    opens = document.content.password if isinstance(document.content, PfxContent) else ""
    known = {one.password for one in world.passwordstate.entries}
    return opens if opens in known else entry.password


def _put(path: Path, content: bytes, mode: int) -> None:
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_bytes(content)
