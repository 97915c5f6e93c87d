"""Scans for tests: of one tenant, with a credential in every state."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from support_core import NOW, application, certificate, secret

from spentkey.core.classified import Classified, CredentialClass, Successor
from spentkey.core.credential import Credential, Target
from spentkey.core.listed import CredentialUse, ListedObject, Owner
from spentkey.core.reason import reason_for
from spentkey.core.scan_result import ListCount, ScannedCredential, ScanResult, TenantScan

WHOLE = TenantScan("production", True, ListCount(3, 3, 1), ListCount(2, 2, 1))
BROKEN = TenantScan(
    "onderwijs", False, ListCount(999, 2400, 1), ListCount(2, None, 1), (reason_for("page 2 of applications: 503"),)
)
HOSTILE = '=cmd|"/c calc"!A1<script>alert(1)</script>'


def classified(credential: Credential, klass: CredentialClass, target: Target | None = None, **more: Any) -> Classified:
    """A credential of that class."""
    holder = ListedObject(target or application(credential))
    given: dict[str, Any] = {"team": None, "successor": None, **more}
    return Classified("production", holder, credential, klass, reason_for("it ended"), **given)


def ended(days: int, **changes: Any) -> Credential:
    """A secret that ended so many days ago."""
    return secret(
        **({"key_id": f"{days:08d}-0000-4000-8000-000000000001", "end": NOW - timedelta(days=days)} | changes)
    )


def scanned(days: int = 40, klass: CredentialClass = CredentialClass.REMOVABLE, **more: Any) -> ScannedCredential:
    """A secret that ended so many days ago, of that class, with no owner."""
    return ScannedCredential(classified(ended(days), klass), NOW, **({"owners": (), "federated": 0} | more))


def scan(*credentials: ScannedCredential, tenants: tuple[TenantScan, ...] = (WHOLE,)) -> ScanResult:
    """A scan that found these."""
    return ScanResult("scan-1", NOW, tenants, credentials)


def of_every_kind() -> ScanResult:
    """A whole scan with every class and everything else that a cell can hold."""
    following = Successor("00000000-0000-4000-8000-00000000000f", NOW + timedelta(days=90), "used")
    owner = Owner("11111111-0000-4000-8000-000000000001", "Ada", "ada@example.org")
    hostile = replace(application(ended(900)), name=HOSTILE)
    more = [
        ScannedCredential(
            classified(ended(900), CredentialClass.REMOVABLE, hostile, team="Payroll", successor=following),
            NOW,
            (owner, Owner("2", None, None)),
            2,
            CredentialUse("used", NOW - timedelta(days=2)),
            "40021",
        ),
        ScannedCredential(classified(secret(end=None), CredentialClass.DOUBTFUL), NOW),
        ScannedCredential(classified(certificate(), CredentialClass.NEEDS_SIGNER), NOW, (owner,)),
    ]
    plain = [scanned(number + 1, klass) for number, klass in enumerate(CredentialClass)]
    return scan(*more, *plain)
