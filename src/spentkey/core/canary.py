"""Guard G8, canary: the first removal by a new version, in a tenant and by a route, goes alone until it is proven.

So a fault of a version or of a route costs one removal in each tenant a day. Reads prove a removal of one key id; only
the directory's audit event proves a PATCH, so until that is there the next PATCH in the tenant waits.
"""

import json
from datetime import datetime, timedelta
from typing import Protocol

from spentkey.core.evidence import Facts
from spentkey.core.history import NOTHING_DONE
from spentkey.core.outcome import Refused, RemovalRoute
from spentkey.core.reason import ReasonKind
from spentkey.core.records import RecordKind

PROVEN_FOR = timedelta(hours=24)
"""How long a proof counts."""
AHEAD = timedelta(seconds=300)
"""How far the clock of another machine may be ahead; a proof from further in the future is none."""
PENDING_FOR = timedelta(hours=2)
"""How long a PATCH without an end on record counts as under way."""
ASK_AGAIN = timedelta(minutes=5)
OF_A_PATCH = (
    RecordKind.INTENT,
    RecordKind.ANSWER,
    RecordKind.VERIFIED,
    RecordKind.AWAITING_EVENT,
    RecordKind.AUDIT_EVENT,
)
FOUND_BY_KIND = (RecordKind.HEARTBEAT, RecordKind.RESTORED, RecordKind.NEW_KEY)
"""The records about checkpoints, of which the latest is asked for; they name no tenant."""
FIRST_GOES_ALONE = ReasonKind(
    "g8-canary",
    en="the first removal by {route} with this version in the tenant {tenant} goes alone until it is proven, and that was "
    "not so in time",
    nl="de eerste verwijdering met {route} door deze versie in de tenant {tenant} gaat alleen tot ze bewezen is, en dat was "
    "niet op tijd zo",
    fr="la première suppression par {route} avec cette version dans le tenant {tenant} se fait seule jusqu'à ce qu'elle "
    "soit prouvée, et cela n'a pas été le cas à temps",
)
PATCH_GOES_ALONE = ReasonKind(
    "g8-canary-patch",
    en="a list of certificates was written in the tenant {tenant} for task {task}; no other one is written until the "
    "audit log shows what that did",
    nl="in de tenant {tenant} werd voor taak {task} een lijst van certificaten geschreven; er wordt geen andere geschreven "
    "tot het auditlogboek toont wat dat deed",
    fr="une liste de certificats a été écrite dans le tenant {tenant} pour la tâche {task} ; aucune autre n'est écrite "
    "avant que le journal d'audit n'en montre l'effet",
)


class Known(Protocol):
    """What is known of the records."""

    def latest(self, key: str) -> Facts | None:
        """The latest record whose `canary_key` this is."""
        ...


def canary_key(record: Facts) -> str | None:
    """By what a record that matters here is found: what proves a version, or what became of the PATCHes of a tenant.

    Records about checkpoints are found in the same way, by their kind.

    None for everything else, and for whatever versions wrote that knew no canary.
    """
    what, tenant, route, program = (record.get(name) for name in ("what", "tenant", "route", "program"))
    if what in FOUND_BY_KIND:
        return str(what)
    if not isinstance(tenant, str) or not isinstance(route, str) or (what == RecordKind.INTENT and program is None):
        return None
    if route != RemovalRoute.PATCH:
        proves = what == RecordKind.VERIFIED and record.get("verdict") == "gone"
        return proof_key(tenant, route, program) if proves and isinstance(program, str) else None
    if what == RecordKind.AUDIT_EVENT and record.get("shows") == "ours" and isinstance(program, str):
        return proof_key(tenant, route, program)
    return patch_key(tenant) if what in OF_A_PATCH else None


def proof_key(tenant: str, route: str, program: str) -> str:
    """Of what proves that version in that tenant, by that route."""
    return json.dumps([tenant, route, program])


def patch_key(tenant: str) -> str:
    """Of every step of a PATCH in that tenant, but for its proof."""
    return json.dumps([tenant, RemovalRoute.PATCH.value])


def refuse_unproven(known: Known, tenant: str, route: RemovalRoute, program: str, now: datetime) -> Refused | None:
    """Whether that version has still to prove itself in that tenant, by that route."""
    proof = known.latest(proof_key(tenant, route.value, program))
    if proof is not None and -AHEAD <= now - _at(proof) < PROVEN_FOR:
        return None
    return Refused("G8", FIRST_GOES_ALONE(tenant=tenant, route=route.value))


def refuse_patch(known: Known, tenant: str, program: str, key_id: str, now: datetime) -> Refused | None:
    """Whether another PATCH in that tenant has still to be proven; one of the same credential is not in its own way."""
    last = known.latest(patch_key(tenant))
    if refuse_unproven(known, tenant, RemovalRoute.PATCH, program, now) is None or last is None:
        return None
    if last.get("key_id") == key_id or _is_over(last, now):
        return None
    reason = PATCH_GOES_ALONE(tenant=tenant, task=str(last.get("task")))
    return Refused("G8", reason, until=now + ASK_AGAIN)


def _is_over(last: Facts, now: datetime) -> bool:
    """Whether nothing more is to be expected of the PATCH that this record is about."""
    match last.get("what"):
        case RecordKind.AUDIT_EVENT:
            return True
        case RecordKind.ANSWER if last.get("answer") in NOTHING_DONE:
            return True
        case RecordKind.VERIFIED if last.get("verdict") in ("still-there", "survivor-lost"):
            return True
        case RecordKind.AWAITING_EVENT:
            return now >= datetime.fromisoformat(str(last.get("until")))
        case _:
            return now >= _at(last) + PENDING_FOR


def _at(record: Facts) -> datetime:
    return datetime.fromisoformat(str(record.get("at")))
