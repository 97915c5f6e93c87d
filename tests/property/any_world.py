"""Any world: several applications in both tenants, credentials in every state, tasks right, wrong and twice."""

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from worlds import AUTOMATION, CANARIES, document, world

Json = dict[str, Any]
NAMES = ("Sales", "Payroll", "Archief <b>ü</b>", "Sales")
KEPT = ("CWAP_AuthSecret", "ConnectSyncProvisioning_1")
ENDS = ("-30d", "-30d", "-400d", "-10m", "-4m", "+300d", "+2m", None)
MEANT_OTHERWISE = ("1970-01-01T00:00:00Z", "-800d", "-801d")
"""Ends that stand for one that is not known: before 2013, and not after the start of every secret here."""
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # noqa: TID251
"""Certificates end at whole days, so that one key and one PFX serve every world of a campaign."""


@dataclass(frozen=True)
class AnyWorld:
    """A world, what guards G5 and G6 keep in it, and the configuration that goes with it."""

    world: Json
    protected: frozenset[str]
    environment: dict[str, str]
    all_keys: tuple[str, ...]
    window: Callable[[datetime], bool]
    """Whether its policy lets a removal begin at that time."""


def any_world(rng: random.Random, now: datetime) -> AnyWorld:
    """A world of a few applications and a few tasks, that begins at `now`."""
    ids = _ids(rng.getrandbits(64))
    apps = {
        "production": [_application(rng, ids) for _ in range(rng.randint(1, 3))],
        "onderwijs": [_application(rng, ids) for _ in range(rng.randint(0, 2))],
    }
    if rng.random() < 0.1:
        apps["production"].append({**_application(rng, ids), "app_id": AUTOMATION})
    made = world()
    made["certificates"] = {**made["certificates"], **{name: _certificate(name) for name in ("old", "older", "new")}}
    for tenant in made["tenants"]:
        tenant["applications"] = apps[tenant["name"]]
    everything = [(name, app) for name, held in apps.items() for app in held]
    _fill_vault(rng, made, [app for _, app in everything])
    made["ivanti"] |= _tickets(rng, ids, everything)
    made["ivanti"] |= {"empty": rng.choice(["body", "204"]), "minutes_as": rng.choice(["number", "string"])}
    resolution = rng.random() < 0.3
    made["ivanti"]["task_fields"] = ["Resolution"] if resolution else []
    made["entra"] = {"write_spacing_s": rng.choice([0, 0, 2]), "audit_delay_s": rng.choice([0, 12, 900])}
    for tenant in made["tenants"]:
        if rng.random() < 0.4:
            tenant["clients"][0]["roles"] = ["Application.ReadWrite.All", "AuditLog.Read.All", "Directory.Read.All"]
    times, window = _times(rng, now)
    return AnyWorld(
        made,
        frozenset(key for _, app in everything for key in _protected_keys(app)),
        _policy(rng) | times | ({"SPENTKEY_IVANTI__FIELDS__RESOLUTION": "Resolution"} if resolution else {}),
        tuple(one["key_id"] for _, app in everything for one in _held(app)),
        window,
    )


def _policy(rng: random.Random) -> dict[str, str]:
    chosen: Json = {"VERIFY_READS": rng.choice([2, 3]), "VERIFY_INTERVAL_S": 5, "VERIFY_TIMEOUT_S": 60}
    chosen |= {"WRITE_SPACING_S": 5}
    for name in ("REMOVALS_PER_RUN", "REMOVALS_PER_APP", "REMOVALS_PER_HOUR", "HANDOVERS_PER_HOUR"):
        if rng.random() < 0.08:
            chosen[f"MAX_{name}"] = rng.randint(1, 3)
    if rng.random() < 0.35:
        chosen["CERTIFICATE_FALLBACK"] = "patch"
    if rng.random() < 0.2:
        chosen["MAX_ATTEMPTS"] = rng.randint(1, 3)
    return {f"SPENTKEY_POLICY__{name}": str(value) for name, value in chosen.items()}


def _times(rng: random.Random, now: datetime) -> tuple[dict[str, str], Callable[[datetime], bool]]:
    """Now and then a window of some hours of each day, or a freeze of the first day."""
    drawn = rng.random()
    if drawn < 0.1:
        begin = (now + timedelta(minutes=rng.choice([-200, -5, 1, 90, 500]))).replace(tzinfo=UTC)
        length = timedelta(minutes=rng.choice([75, 480]))
        text = f"Mon-Sun {begin:%H:%M}-{begin + length:%H:%M} UTC"
        return {"SPENTKEY_POLICY__WINDOW": f'["{text}"]'}, lambda at: (at - begin) % timedelta(days=1) < length
    if drawn < 0.14:
        return {"SPENTKEY_POLICY__FREEZE": f'["{now:%Y-%m-%d}"]'}, lambda at: at.date() != now.date()
    return {}, lambda _: True


def _ids(seed: int) -> Iterator[str]:
    """UUIDs that differ, whatever the seed."""
    drawn = random.Random(seed)  # noqa: S311
    while True:
        yield str(uuid.UUID(int=drawn.getrandbits(128), version=4))


def _certificate(name: str) -> Json:
    begin, end = {"old": (-400, -30), "older": (-900, -500), "new": (-40, 300)}[name]
    days = {"not_before": begin, "not_after": end}
    return {"subject": f"CN={name}"} | {key: (TODAY + timedelta(days=value)).isoformat() for key, value in days.items()}


def _application(rng: random.Random, ids: Iterator[str]) -> Json:
    passwords = [_password(rng, ids) for _ in range(rng.randint(0, 4))]
    names = [name for name in ("old", "older", "new") if rng.random() < 0.4]
    certificates = [{"key_id": next(ids), "certificate": name} for name in names]
    app: Json = {
        "app_id": next(ids),
        "object_id": next(ids),
        "display_name": rng.choice(NAMES),
        "passwords": passwords,
        "certificates": certificates,
    }
    if certificates and rng.random() < 0.15:
        app["token_encryption_key_id"] = rng.choice(certificates)["key_id"]
    if rng.random() < 0.05:
        app["owners_only"] = True
    if rng.random() < 0.3:
        app["service_principal"] = {"object_id": next(ids), "passwords": [_password(rng, ids)]}
    return app


def _password(rng: random.Random, ids: Iterator[str]) -> Json:
    name = rng.choice(KEPT) if rng.random() < 0.1 else rng.choice(["old", "new", None])
    end = rng.choice(MEANT_OTHERWISE if rng.random() < 0.08 else ENDS)
    start = "1969-01-01T00:00:00Z" if end == MEANT_OTHERWISE[0] else "-800d"
    return {"key_id": next(ids), "display_name": name, "start": start, "end": end}


def _held(app: Json) -> list[Json]:
    return [*app["passwords"], *app["certificates"]]


def _protected_keys(app: Json) -> list[str]:
    if app["app_id"] == AUTOMATION:
        return [one["key_id"] for one in _held(app)]
    named = [one["key_id"] for one in app["passwords"] if one["display_name"] in KEPT or one["end"] in MEANT_OTHERWISE]
    return [*named, *([app["token_encryption_key_id"]] if "token_encryption_key_id" in app else [])]


def _fill_vault(rng: random.Random, made: Json, apps: list[Json]) -> None:
    vault = made["passwordstate"]
    vault["entries"] = [entry for entry in vault["entries"] if entry["list"] == 8620]
    vault["documents"] = []
    for number, app in enumerate(apps):
        if rng.random() < 0.85:
            entry = {"id": 1300 + number, "list": 6691, "title": "any", "password": CANARIES["pfx password"]}
            vault["entries"].append({**entry, "fields": {"GenericField1": app["app_id"]}})
            vault["documents"].append(document(500 + number, rng.choice(["new", "new", "old"]), owner=1300 + number))


def _tickets(rng: random.Random, ids: Iterator[str], apps: list[tuple[str, Json]]) -> Json:
    requests: list[Json] = []
    tasks: list[Json] = []
    for number in range(rng.randint(1, 5)):
        if not requests or rng.random() < 0.8:
            requests.append({"number": 1000 + number, "parameters": _any_parameters(rng, ids, apps)})
        elif rng.random() < 0.5:
            requests.append({"number": 1000 + number, "parameters": list(rng.choice(requests)["parameters"])})
        task: Json = {"number": 40000 + number, "parent": requests[-1]["number"], "minutes": rng.choice([0, 0, 15])}
        tasks.append(task | (_not_ours(rng) if rng.random() < 0.1 else {}))
    return {"requests": requests, "tasks": tasks}


def _not_ours(rng: random.Random) -> Json:
    return rng.choice(
        [
            {"owner": "an.other"},
            {"owner_team": "Servicedesk"},
            {"status": "Waiting"},
            {"read_only": True},
            {"minutes": 3},
        ]
    )


def _any_parameters(rng: random.Random, ids: Iterator[str], apps: list[tuple[str, Json]]) -> list[list[Any]]:
    """Five parameters: mostly right, for a credential that is mostly there."""
    tenant, app = rng.choice(apps)
    held = _held(app)
    chosen = rng.choice(held) if held and rng.random() < 0.9 else {"key_id": next(ids)}
    kind = rng.choice(["Certificaat", "Cert"]) if "certificate" in chosen else "Secret"
    message: dict[str, Any] = {
        "AppDisplayName": app["display_name"],
        "AppID": app["app_id"],
        "SecretID": chosen["key_id"],
        "SecretType": kind,
        "Onderwijs": "Yes" if tenant == "onderwijs" else "No",
    }
    if rng.random() < 0.15:
        name = rng.choice(list(message))
        wrong = {"AppDisplayName": "Other", "AppID": next(ids), "SecretID": next(ids), "SecretType": "Key"}
        message[name] = rng.choice([wrong.get(name, "Yes"), "", None, f" {message[name]} ", str(message[name]).upper()])
    parameters = [[name, value] for name, value in message.items()]
    return [*parameters, rng.choice(parameters)] if rng.random() < 0.04 else parameters
