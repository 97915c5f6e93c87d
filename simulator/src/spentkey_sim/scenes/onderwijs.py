"""The education tenant: both kinds of removal, and what goes wrong between tenants."""

import unicodedata

from spentkey_sim.scenes.scene import (
    ALREADY_GONE,
    LIVE_CERTIFICATE,
    LIVE_SECRET,
    OLD_CERTIFICATE,
    ONDERWIJS,
    PRODUCTION,
    REMOVED,
    RENEWED,
    App,
    Scene,
    Secret,
    VaultEntry,
    refused,
)


def _decomposed_capitals(value: str) -> str:
    """As a requester's Mac may write it: capitals, and every accent a character of its own."""
    return unicodedata.normalize("NFD", value.upper())


SCENES = (
    Scene(
        40047,
        "an expired secret of the education tenant",
        App("School Enrolment", secrets=(Secret("spent", "-20d"), LIVE_SECRET), location=ONDERWIJS),
        asks="spent",
        ending=REMOVED,
    ),
    Scene(
        40048,
        "an expired certificate of the education tenant",
        App("Timetable Sync", certificates=RENEWED, location=ONDERWIJS, vault=VaultEntry()),
        asks=OLD_CERTIFICATE.label,
        ending=REMOVED,
        type="Certificaat",
    ),
    Scene(
        40049,
        "a certificate that somebody has removed already",
        App("Classroom Device Registry", certificates=(LIVE_CERTIFICATE,), location=ONDERWIJS, vault=VaultEntry()),
        asks=OLD_CERTIFICATE.label,
        ending=ALREADY_GONE,
        type="Cert",
    ),
    Scene(
        40050,
        "an application of production, asked for in the education tenant",
        App("Youth Work Planner", secrets=(Secret("spent"),), location=PRODUCTION),
        asks="spent",
        ending=refused("G2"),
        written={"Onderwijs": lambda _: ONDERWIJS.onderwijs},
    ),
    Scene(
        40051,
        "a secret without an end",
        App("School Meals Ordering", secrets=(Secret("endless", None),), location=ONDERWIJS),
        asks="endless",
        ending=refused("G5"),
    ),
    Scene(
        40052,
        "a name with accents, written in capitals and decomposed",
        App("Portaal Crèche & Kleuteropvang", secrets=(Secret("spent", "-60d"),), location=ONDERWIJS),
        asks="spent",
        ending=REMOVED,
        written={"AppDisplayName": _decomposed_capitals},
    ),
)
