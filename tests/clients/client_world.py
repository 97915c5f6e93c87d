"""The world that clients of other makers meet: `Sales`, which may read applications and roll its own keys, and a stranger."""

from typing import Any

from worlds import OTHER_APP, document, sales, world

STRANGER_OBJECT = "2b2b2b2b-2222-4222-8222-333333333333"
STRANGER_CERT = "44444444-4444-4444-8444-555555555555"
READER, READER_SECRET = "11111111-1111-4111-8111-333333333333", "the reader's secret"
LAPSED, LAPSED_SECRET = "11111111-1111-4111-8111-444444444444", "a secret that has lapsed"
NOBODY = "99999999-9999-4999-8999-999999999999"
DOCUMENTS = {"new": 501, "old": 502, "stranger": 503}
"""The vault's PFX documents, by the name of the certificate in them."""


def clients_world() -> dict[str, Any]:
    """One tenant with four ways to sign in: a writer, a reader, one whose secret has lapsed, and applications by certificate."""
    reads = {"service_principal": {"app_roles": ["Application.Read.All"]}}
    made = world(documents=[document(number, name) for name, number in DOCUMENTS.items()])
    tenant = made["tenants"][0]
    tenant["clients"] += [
        {"app_id": READER, "secret": READER_SECRET, "roles": ["Application.Read.All"]},
        {"app_id": LAPSED, "secret": LAPSED_SECRET, "end": "-1d"},
    ]
    stranger = {
        "app_id": OTHER_APP,
        "object_id": STRANGER_OBJECT,
        "display_name": "Stranger",
        "certificates": [{"key_id": STRANGER_CERT, "certificate": "stranger"}],
    }
    tenant["applications"] = [sales(**reads), stranger | reads]
    return made
