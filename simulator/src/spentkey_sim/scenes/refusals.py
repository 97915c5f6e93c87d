"""Production, the tasks where nothing is removed: each would be a normal removal but for the one thing it shows.

What is protected: learn.microsoft.com/entra/identity/app-proxy/application-proxy-faq (CWAP_AuthSecret) and
learn.microsoft.com/graph/api/resources/application (tokenEncryptionKeyId). Who may sign:
learn.microsoft.com/graph/application-rollkey-prooftoken.
"""

from spentkey_sim.scenes.scene import (
    FAILED,
    LIVE_CERTIFICATE,
    LIVE_SECRET,
    NOT_OURS,
    OLD_CERTIFICATE,
    RENEWED,
    App,
    Lock,
    Pfx,
    Scene,
    Secret,
    VaultEntry,
    refused,
)

SCENES = (
    Scene(
        40031,
        "a typing error: another expired secret remains",
        App("Swimming Pool Tickets", secrets=(Secret("spent"), LIVE_SECRET)),
        asks="mistyped",
        ending=refused("G4"),
        reason="spent",
    ),
    Scene(
        40032,
        "a secret that has not expired",
        App("Waste Collection Planner", secrets=(Secret("in use", "+40d"),)),
        asks="in use",
        ending=refused("G5"),
    ),
    Scene(
        40033,
        "a certificate's id in a request for a secret",
        App("Market Stall Planner", secrets=(LIVE_SECRET,), certificates=RENEWED, vault=VaultEntry()),
        asks=OLD_CERTIFICATE.label,
        ending=refused("G4"),
    ),
    Scene(
        40034,
        "a secret of the service principal",
        App("Air Quality Dashboard", secrets=(LIVE_SECRET,), principal_secrets=(Secret("of the principal"),)),
        asks="of the principal",
        ending=refused("G4"),
    ),
    Scene(
        40035,
        "a SecretType that does not exist",
        App("Badge Printer Queue", secrets=(Secret("spent"),)),
        asks="spent",
        ending=refused("G1"),
        type="Password",
        reason="SecretType",
    ),
    Scene(
        40036,
        "the name of another application",
        App("Town Hall Appointments", secrets=(Secret("spent"),)),
        asks="spent",
        ending=refused("G3"),
        written={"AppDisplayName": lambda _: "Town Hall Announcements"},
    ),
    Scene(
        40037,
        "no certificate but the expired one",
        App(
            "Heritage Archive Viewer", certificates=(OLD_CERTIFICATE,), vault=VaultEntry((Pfx(OLD_CERTIFICATE.label),))
        ),
        asks=OLD_CERTIFICATE.label,
        ending=FAILED,
        type="Certificaat",
        reason="heritage-archive-viewer-previous.pfx",
    ),
    Scene(
        40038,
        "the right PFX, and nobody has its password",
        App("Fleet Telemetry", certificates=RENEWED, vault=VaultEntry((Pfx(lock=Lock.NOBODY),))),
        asks=OLD_CERTIFICATE.label,
        ending=FAILED,
        type="Certificaat",
        reason="fleet-telemetry-current.pfx",
    ),
    Scene(
        40039,
        "an application that exists nowhere",
        App("Pager Gateway", secrets=(Secret("spent"),), registered=False),
        asks="spent",
        ending=refused("G2"),
    ),
    Scene(
        40040,
        "a task of another team",
        App("Meeting Room Displays", secrets=(Secret("spent"),)),
        asks="spent",
        ending=NOT_OURS,
        task={"owner_team": "Servicedesk"},
    ),
    Scene(
        40041,
        "a task that somebody else has taken",
        App("Cemetery Register", secrets=(Secret("spent"),)),
        asks="spent",
        ending=NOT_OURS,
        task={"owner": "duty-officer", "status": "Accepted"},
    ),
    Scene(
        40042,
        "no SecretID",
        App("Subsidy Desk", secrets=(Secret("spent"),)),
        asks="spent",
        ending=refused("G1"),
        written={"SecretID": lambda _: ""},
        reason="SecretID",
    ),
    Scene(
        40043,
        "the secret of Application Proxy",
        App("Intranet Publisher", secrets=(Secret("CWAP_AuthSecret", "-5d"),)),
        asks="CWAP_AuthSecret",
        ending=refused("G6"),
    ),
    Scene(
        40044,
        "the certificate that encrypts the application's tokens",
        App(
            "Invoice Archive",
            certificates=RENEWED,
            vault=VaultEntry(),
            token_encryption=OLD_CERTIFICATE.label,
        ),
        asks=OLD_CERTIFICATE.label,
        ending=refused("G6"),
        type="Certificaat",
    ),
    Scene(
        40045,
        "two ids in one request",
        App("Sports Hall Booking", secrets=(Secret("long spent", "-400d"), Secret("spent"))),
        asks="long spent",
        ending=refused("G1"),
        repeated=(("secretid", "spent"),),
        reason="SecretID",
    ),
    Scene(
        40046,
        "an application that only its owners may change",
        App("Payment Terminal Link", secrets=(Secret("spent"),), certificates=(LIVE_CERTIFICATE,), owners_only=True),
        asks="spent",
        ending=FAILED,
    ),
)
