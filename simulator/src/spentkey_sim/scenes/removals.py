"""Production, the tasks that end with the credential gone."""

from spentkey_sim.scenes.scene import (
    ALREADY_GONE,
    LIVE_CERTIFICATE,
    LIVE_SECRET,
    OLD_CERTIFICATE,
    REMOVED,
    RENEWED,
    App,
    Lock,
    Pfx,
    Scene,
    Secret,
    VaultEntry,
)


def _shouted(value: str) -> str:
    return f"  {value.upper()} "


_CIVIL_REGISTRY = App(
    "Civil Registry Exchange",
    secrets=(Secret("long spent", "-380d"), Secret("spent", "-15d"), LIVE_SECRET, Secret("spare", "+1y", "-5d")),
    certificates=(LIVE_CERTIFICATE,),
)

SCENES = (
    Scene(
        40021,
        "an expired secret",
        App("Parking Permits", secrets=(Secret("spent"), LIVE_SECRET)),
        asks="spent",
        ending=REMOVED,
    ),
    Scene(
        40022,
        "ids in capitals with spaces around them",
        App("Library Catalogue Sync", secrets=(Secret("spent", "-45d"),)),
        asks="spent",
        ending=REMOVED,
        written={"AppID": _shouted, "SecretID": _shouted},
        task={"status": "Assigned"},
    ),
    Scene(
        40023,
        "two live secrets and a live certificate stay",
        _CIVIL_REGISTRY,
        asks="long spent",
        ending=REMOVED,
        task={"minutes": 4},
    ),
    Scene(40024, "a second expired secret of the same application", _CIVIL_REGISTRY, asks="spent", ending=REMOVED),
    Scene(
        40025,
        "an expired certificate; the vault entry carries the AppID",
        App("Street Lighting Monitor", certificates=RENEWED, vault=VaultEntry()),
        asks=OLD_CERTIFICATE.label,
        ending=REMOVED,
        type="Certificaat",
    ),
    Scene(
        40026,
        "the other word for a certificate, and a .p12",
        App("Tree Inventory", certificates=RENEWED, vault=VaultEntry((Pfx(suffix=".p12"),))),
        asks=OLD_CERTIFICATE.label,
        ending=REMOVED,
        type="Cert",
    ),
    Scene(
        40027,
        "a PFX that only the PKI password opens",
        App("Noise Sensor Hub", certificates=RENEWED, vault=VaultEntry((Pfx(lock=Lock.PKI),))),
        asks=OLD_CERTIFICATE.label,
        ending=REMOVED,
        type="Certificaat",
    ),
    Scene(
        40028,
        "two documents, of which one is the old certificate",
        App("Road Works Map", certificates=RENEWED, vault=VaultEntry((Pfx(OLD_CERTIFICATE.label), Pfx()))),
        asks=OLD_CERTIFICATE.label,
        ending=REMOVED,
        type="Certificaat",
    ),
    Scene(
        40029,
        "a vault entry that only its title gives away",
        App("Cycle Counter Feed", certificates=RENEWED, vault=VaultEntry(by_title=True)),
        asks=OLD_CERTIFICATE.label,
        ending=REMOVED,
        type="Certificaat",
    ),
    Scene(
        40030,
        "a secret that somebody has removed already",
        App("Museum Pass Gateway", secrets=(LIVE_SECRET,)),
        asks="spent",
        ending=ALREADY_GONE,
    ),
)
