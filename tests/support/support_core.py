"""Builders for the core's values, each sound by itself, so that a test names only what it is about."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from spentkey.core.credential import Credential, Kind, Snapshot, Target, TargetKind
from spentkey.core.rules import DeskRules, Limits, RequestRules, Rules, TenantRules, VerifyRules
from spentkey.core.task import RemovalRequest, Request, Task, TaskRef, request_of

NOW = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)
"""The present, in every test of the core."""
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

APP_ID = "1a1a1a1a-0000-4000-8000-00000000000a"
OTHER_APP_ID = "1a1a1a1a-0000-4000-8000-00000000000b"
OBJECT_ID = "2b2b2b2b-0000-4000-8000-00000000000a"
PRINCIPAL_ID = "2b2b2b2b-0000-4000-8000-00000000000c"
KEY_ID = "3c3c3c3c-0000-4000-8000-00000000000a"
OTHER_KEY_ID = "3c3c3c3c-0000-4000-8000-00000000000b"
THIRD_KEY_ID = "3c3c3c3c-0000-4000-8000-00000000000c"
TENANT_ID = "4d4d4d4d-0000-4000-8000-00000000000a"
OTHER_TENANT_ID = "4d4d4d4d-0000-4000-8000-00000000000b"
CLIENT_ID = "5e5e5e5e-0000-4000-8000-00000000000a"

DESK = DeskRules(numbers=True)
REQUEST_RULES = RequestRules(when=("Onderwijs",))
REF = TaskRef("40021")
"""The task that tests of the core are about."""
PRODUCTION = TenantRules("production", TENANT_ID, {"Onderwijs": "No"})
ONDERWIJS = TenantRules("onderwijs", OTHER_TENANT_ID, {"Onderwijs": "Yes"})
VERIFY = VerifyRules(reads=3, interval_s=5, timeout_s=60)
LIMITS = Limits(per_run=3, per_app=2, per_hour=5, hand_overs_per_hour=2)
RULES = Rules(
    desk=DESK,
    request=REQUEST_RULES,
    tenants=(PRODUCTION, ONDERWIJS),
    verify=VERIFY,
    grace=timedelta(0),
    max_attempts=5,
    limits=LIMITS,
    protected=(),
)

SOUND: dict[str, object] = {
    "AppDisplayName": "Sales",
    "AppID": APP_ID,
    "SecretID": KEY_ID,
    "SecretType": "Secret",
    "Onderwijs": "No",
}
"""The five parameters as a careful requester gives them."""


class ManualClock:
    """The `Clock` port that never waits: every sleep is noted, and moves the time on."""

    def __init__(self, start: datetime = NOW) -> None:
        self._start, self._passed = start, 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The start and what was slept since."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """The seconds slept."""
        return self._passed

    async def sleep(self, seconds: float) -> None:
        """Move the time on."""
        self.slept.append(seconds)
        self._passed += seconds


def parameters(**changes: object) -> Request:
    """The five parameters, some of them changed."""
    return request_of({**SOUND, **changes}.items())


def parameters_without(name: str) -> Request:
    """The five parameters but one."""
    return request_of((one, value) for one, value in SOUND.items() if one != name)


def task(**changes: Any) -> Task:
    """An open task that is with us and nobody else has."""
    sound = Task(ref=REF, is_open=True, is_ours=True, team="Spentkey", owner="", version="1")
    return replace(sound, **changes)


def request(**changes: Any) -> RemovalRequest:
    """What the sound parameters ask for."""
    sound = RemovalRequest(
        app_display_name="Sales",
        app_id=APP_ID,
        key_id=KEY_ID,
        kind=Kind.SECRET,
        secret_type="Secret",
        when={"onderwijs": "no"},
    )
    return replace(sound, **changes)


def secret(**changes: Any) -> Credential:
    """A client secret that expired a month ago."""
    sound = Credential(KEY_ID, Kind.SECRET, "old", NOW - 30 * DAY, raw='{"keyId":"a"}')
    return replace(sound, **changes)


def certificate(**changes: Any) -> Credential:
    """A certificate that expired a month ago."""
    sound = Credential(
        KEY_ID,
        Kind.CERTIFICATE,
        "CN=sales",
        NOW - 30 * DAY,
        raw='{"keyId":"a","type":"AsymmetricX509Cert"}',
        type="AsymmetricX509Cert",
        usage="Verify",
    )
    return replace(sound, **changes)


def application(*credentials: Credential, **changes: Any) -> Target:
    """The application `Sales` with these credentials."""
    return replace(Target(TargetKind.APPLICATION, OBJECT_ID, APP_ID, "Sales", credentials), **changes)


def snapshot(found: Target | None, *on_principal: Credential, **changes: Any) -> Snapshot:
    """A look at the directory that shows `found`, and a service principal with those credentials."""
    principal = Target(TargetKind.SERVICE_PRINCIPAL, PRINCIPAL_ID, APP_ID, "Sales", on_principal)
    return replace(Snapshot(found, principal, NOW), **changes)


def as_identifier(name: str, codec: str = "utf-8") -> str:
    """The name of an old secret as `customKeyIdentifier` keeps it."""
    return base64.b64encode(name.encode(codec)).decode()
