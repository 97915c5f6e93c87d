# SPDX-License-Identifier: Apache-2.0
"""What the modules `passwordstate_entry` and `passwordstate_document` do.

FOR INTERNAL COLLECTION USE ONLY: this file may change in any release.
"""

from __future__ import annotations

import base64
import ctypes
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.spentkey.entra.plugins.module_utils.facade import CONNECTION, Call, Refusal, Secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from spentkey.adapters.passwordstate.entries import DocumentRef
    from spentkey.adapters.passwordstate.vault import PasswordstateVault
    from spentkey.facade import Facade
    from spentkey.ports.vault import Vault

T = TypeVar("T")

ENTRY: dict[str, Any] = {
    **CONNECTION,
    "list": {"type": "str", "choices": ["credentials", "certificates"], "default": "credentials"},
    "title": {"type": "str"},
    "app_id": {"type": "str"},
    "app_display_name": {"type": "str"},
}
ENTRY_RULES: dict[str, Any] = {
    "required_if": [("list", "credentials", ("title",)), ("list", "certificates", ("app_id", "app_display_name"))]
}
DOCUMENT: dict[str, Any] = {
    **CONNECTION,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "entry_id": {"type": "int"},
    "document_id": {"type": "int"},
    "dest": {"type": "path"},
    "allow_disk": {"type": "bool", "default": False},
    "download": {"type": "bool", "default": True},
}
DOCUMENT_RULES: dict[str, Any] = {
    "required_if": [("state", "present", ("entry_id", "document_id"), True), ("state", "absent", ("dest",))]
}
MEMORY = {0x01021994: "tmpfs", 0x858458F6: "ramfs"}
"""File systems that live in memory, by their magic number (statfs(2))."""


def entry(call: Call) -> dict[str, Any]:
    """A user name with its password, or the certificate entries of an application."""
    given, facade = call.parameters, call.facade()
    if given["list"] == "credentials":
        login = _in_passwordstate(facade, lambda vault: vault.login(given["title"]))
        shown = {"title": given["title"], "username": login.username, "password": login.password.reveal()}
        return {"changed": False, "entries": [shown], **shown}
    app_id, name = given["app_id"].strip().lower(), given["app_display_name"]
    found = _in_passwordstate(facade, lambda vault: vault.certificate_entries(app_id, name))
    entries = [
        {"entry_id": one.entry_id, "title": one.title, "password": one.password.reveal()} for one in found.entries
    ]
    return {"changed": False, "entries": entries, **(entries[0] if len(entries) == 1 else {})}


def _in_passwordstate(facade: Facade, do: Callable[[PasswordstateVault], Awaitable[T]]) -> T:
    """Something that only Passwordstate has; another vault is refused by its name."""
    from spentkey.adapters.passwordstate.vault import PasswordstateVault  # noqa: PLC0415  # only who needs it loads it

    chosen = facade.settings.vault
    name = f"the configured vault is [{chosen.name}]" if chosen is not None else "no vault is configured"

    async def there(vault: Vault) -> T:
        if not isinstance(vault, PasswordstateVault):
            raise Refusal(f"{name}, and this module works with [passwordstate] alone")
        return await do(vault)

    return facade.of_vault(there)


def _documents(facade: Facade, entry_id: int) -> Sequence[DocumentRef]:
    """The PFX documents of an entry, by the configured query of the database."""
    from spentkey.adapters.passwordstate.entries import CertificateEntry  # noqa: PLC0415

    return _in_passwordstate(
        facade, lambda vault: vault.documents(CertificateEntry(entry_id, "", Secret("")))
    ).documents


def _download(facade: Facade, number: int) -> bytes:
    from spentkey.adapters.passwordstate.entries import DocumentRef  # noqa: PLC0415

    return _in_passwordstate(facade, lambda vault: vault.download(DocumentRef(number, "document")))


def document(call: Call) -> dict[str, Any]:
    """The documents of an entry, and the bytes of one: as base64, or in a file on a memory file system."""
    given = call.parameters
    if given["state"] == "absent":
        return _delete(Path(given["dest"]), check=call.check)
    facade = call.facade()
    refs = _documents(facade, given["entry_id"]) if given["entry_id"] is not None else ()
    known = [{"document_id": one.document_id, "name": one.name} for one in refs]
    shown: dict[str, Any] = {"changed": False, "documents": known}
    if not given["download"]:
        return shown
    number = given["document_id"] if given["document_id"] is not None else _only(refs)
    if given["entry_id"] is not None and number not in [one.document_id for one in refs]:
        raise Refusal(f"document_id: {number} does not hang on the entry {given['entry_id']}")
    shown["document_id"] = number
    shown["name"] = next((one.name for one in refs if one.document_id == number), None)
    if given["dest"] is None:
        return {**shown, "content": base64.b64encode(_download(facade, number)).decode()}
    return {**shown, **_write(facade, number, Path(given["dest"]), call)}


def _only(refs: Sequence[DocumentRef]) -> int:
    if len(refs) != 1:
        names = ", ".join(f"{one.document_id} ({one.name})" for one in refs) or "none"
        raise Refusal(f"the entry has {len(refs)} PFX documents: {names}; name one with document_id")
    return int(refs[0].document_id)


def _write(facade: Facade, number: int, dest: Path, call: Call) -> dict[str, Any]:
    if not call.parameters["allow_disk"]:
        _in_memory(dest.parent)
    content = _download(facade, number)
    if dest.is_symlink() or (dest.exists() and not dest.is_file()):
        raise Refusal(f"dest: {dest} is there already, and is no plain file")
    before = dest.read_bytes() if dest.exists() else None
    same = before == content and (dest.stat().st_mode & 0o777) == 0o600
    if not same and not call.check:
        dest.unlink(missing_ok=True)
        file = os.open(dest, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
    state = f"{dest}, {len(content)} bytes, mode 0600\n"
    return {"changed": not same, "dest": str(dest), "diff": {"before": state if same else "", "after": state}}


def _delete(dest: Path, *, check: bool) -> dict[str, Any]:
    there = dest.is_file() or dest.is_symlink()
    if there and not check:
        dest.unlink()
    return {"changed": there, "dest": str(dest), "diff": {"before": f"{dest}\n" if there else "", "after": ""}}


def _in_memory(folder: Path) -> None:
    """A private key does not touch a disk unless somebody says so."""
    kind = file_system(folder)
    if kind not in MEMORY:
        raise Refusal(f"dest: {folder} is not on a memory file system (tmpfs or ramfs); use /dev/shm, or allow_disk")


def file_system(folder: Path) -> int:
    """The magic number of the file system that a folder is on, by statfs(2); Python has no call for it."""
    libc = ctypes.CDLL(None, use_errno=True)
    answer = ctypes.create_string_buffer(256)
    if libc.statfs(os.fsencode(folder), answer) != 0:
        raise Refusal(f"dest: {folder} cannot be examined ({os.strerror(ctypes.get_errno())})")
    return int.from_bytes(answer.raw[: ctypes.sizeof(ctypes.c_long)], "little") & 0xFFFFFFFF
