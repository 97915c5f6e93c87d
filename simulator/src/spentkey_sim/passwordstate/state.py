"""What the vault holds, as its interface shows it, and the audit list that it keeps."""

from dataclasses import dataclass
from typing import Any

from spentkey_sim.clock import wire_time
from spentkey_sim.model import Document, Entry, World

GENERIC_FIELDS = tuple(f"GenericField{number}" for number in range(1, 11))
_TEXTS = ("Domain", "HostName", "URL", "ExpiryDate", "AccountType")
_LISTS = {8620: "Azure Credentials", 6691: "EntraID ServicePrincipal Certificaten"}


@dataclass(frozen=True)
class Audit:
    """One record of the audit list."""

    at: str
    action: str
    id: int
    title: str
    reason: str


def audit(world: World) -> list[Audit]:
    """The audit list of this world."""
    return world.memory.setdefault("passwordstate audit", list[Audit]())


def record(world: World, now: Any, action: str, entries: list[Entry], reason: str) -> None:
    """One audit record for each entry that was handed out."""
    # LEDGER: P-10, one record for each entry returned
    audit(world).extend(Audit(wire_time(now), action, entry.id, entry.title, reason) for entry in entries)


def entry_by_id(world: World, number: int) -> Entry | None:
    """The entry with that PasswordID."""
    return next((entry for entry in world.passwordstate.entries if entry.id == number), None)


def document_by_id(world: World, store: str, number: int) -> Document | None:
    """The document with that DocumentID in that store; the same id in another store is another document."""
    documents = world.passwordstate.documents
    return next((each for each in documents if each.id == number and each.store == store), None)


def in_list(world: World, number: int) -> list[Entry]:
    """The entries of a list."""
    return [entry for entry in world.passwordstate.entries if entry.list == number]


def entry_json(entry: Entry, *, password: bool) -> dict[str, Any]:
    """An entry with the fields of a current build."""
    # LEDGER: P-06, the fields of an entry; PasswordListID is a text here
    shown: dict[str, Any] = {
        "PasswordListID": str(entry.list),
        "PasswordList": _LISTS.get(entry.list, f"List {entry.list}"),
        "PasswordID": entry.id,
        "Title": entry.title,
        "UserName": entry.username,
        "Description": entry.description,
        "Notes": entry.notes,
        **{name: entry.fields.get(name, "") for name in (*_TEXTS, *GENERIC_FIELDS)},
        "GenericFieldInfo": [_generic(name, entry.fields[name]) for name in GENERIC_FIELDS if name in entry.fields],
        "AccountTypeID": 0,
        "AllowExport": False,
        "OTP": None,
    }
    # LEDGER: P-07, ExcludePassword leaves the field out
    return shown | {"Password": entry.password} if password else shown


def _generic(name: str, value: str) -> dict[str, str]:
    return {"GenericFieldID": name, "DisplayName": name, "Value": value}


def truth(world: World) -> dict[str, Any]:
    """The audit list; what the vault holds does not change."""
    return {"audit": [vars(each) for each in audit(world)]}
