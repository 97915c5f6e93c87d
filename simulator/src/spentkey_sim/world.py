"""Reads a world from JSON: checks it against world.schema.json and fills in what was left out.

Ids that are left out are made from the seed by hash, so one seed always gives the same world. Times are ISO 8601
in UTC, or relative to the simulator's clock ("-30d", "+1y", "+10m", "-2h", "+5s").
"""

import json
from functools import cache
from importlib import resources
from typing import Any, cast

import jsonschema

from spentkey_sim import world_entra, world_systems
from spentkey_sim.clock import SimClock
from spentkey_sim.making import Making, WorldError
from spentkey_sim.model import (
    AUTOMATIC_CERTIFICATE,
    ApiKey,
    Application,
    CertificateSpec,
    Client,
    Credentials,
    Database,
    Document,
    Entry,
    Holder,
    Ivanti,
    KeyCredential,
    Note,
    PasswordCredential,
    Passwordstate,
    PfxContent,
    Removal,
    ServicePrincipal,
    ServiceRequest,
    Task,
    TaskWrite,
    Tenant,
    World,
)

__all__ = [
    "ApiKey",
    "Application",
    "CertificateSpec",
    "Client",
    "Credentials",
    "Database",
    "Document",
    "Entry",
    "Holder",
    "Ivanti",
    "KeyCredential",
    "Note",
    "PasswordCredential",
    "Passwordstate",
    "PfxContent",
    "Removal",
    "ServicePrincipal",
    "ServiceRequest",
    "Task",
    "TaskWrite",
    "Tenant",
    "World",
    "WorldError",
    "load",
    "schema",
]


def load(raw: dict[str, Any], clock: SimClock) -> World:
    """The world that `raw` describes, with relative times counted from the clock's present. Raises WorldError."""
    _check(raw)
    making = Making(seed=raw.get("seed", 1), now=clock.now())
    specs = world_entra.certificates(raw.get("certificates", {}), making)
    tenants = world_entra.tenants(raw.get("tenants", []), specs, making)
    world = World(
        seed=making.seed,
        tenants=tenants,
        certificates=specs,
        entra=world_entra.options(raw.get("entra", {})),
        passwordstate=world_systems.passwordstate(raw.get("passwordstate", {}), tenants, making),
        ivanti=world_systems.ivanti(raw.get("ivanti", {}), making),
        expect=raw.get("expect", {}),
    )
    _check_documents(world)
    return world


@cache
def schema() -> dict[str, Any]:
    """The JSON schema of a world."""
    return json.loads(resources.files("spentkey_sim").joinpath("world.schema.json").read_text("utf-8"))


def _check(raw: dict[str, Any]) -> None:
    validator = cast("Any", jsonschema.Draft202012Validator(schema()))
    worst = cast("Any", jsonschema).exceptions.best_match(validator.iter_errors(raw))
    if worst is not None:
        where = str(worst.json_path).removeprefix("$").removeprefix(".") or "world"
        raise WorldError(f"{where}: {' '.join(str(worst.message).split())[:300]}")


def _check_documents(world: World) -> None:
    for document in world.passwordstate.documents:
        content = document.content
        if isinstance(content, PfxContent) and content.certificate not in world.certificates:
            raise WorldError(f"passwordstate.documents: there is no certificate {content.certificate!r}")
    shown = world.passwordstate.database.certificate
    if shown not in ("", AUTOMATIC_CERTIFICATE, *world.certificates):
        raise WorldError(f"passwordstate.database: there is no certificate {shown!r}")
