"""A large tenant that takes no room: each application and service principal is made of the seed when it is asked for.

The position of an object is written into its ids, so that an id finds it at once. What was found by an id is held from
then on, because it may be changed.
"""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from spentkey_sim.entra import generated_der, oddities
from spentkey_sim.model import (
    Application,
    FederatedCredential,
    KeyCredential,
    PasswordCredential,
    ServicePrincipal,
)

MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
"""The tenant that owns Microsoft's own applications."""
_APPLICATIONS = "applications"
_DRAWN = 96
_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Shares:
    """What part of a generated tenant has what; each from 0 to 1, but for `secrets`, the most that one has."""

    secrets: int = 2
    certificates_share: float = 0.25
    lapsed_share: float = 0.3
    expiring_share: float = 0.05
    owned_share: float = 0.8
    federated_share: float = 0.05
    used_share: float = 0.5
    blueprint_share: float = 0.0
    odd_share: float = 0.0
    saml_share: float = 0.05
    managed_share: float = 0.1
    microsoft_share: float = 0.1
    legacy_share: float = 0.02

    @classmethod
    def of(cls, raw: dict[str, Any]) -> "Shares":
        """What a world says of it."""
        return cls(**{one.name: raw[one.name] for one in fields(cls) if one.name in raw})


class Draws:
    """What is random about one object, and yet always the same: each draw takes what follows."""

    def __init__(self, *names: object) -> None:
        self._bytes = hashlib.shake_256("\x1f".join(map(str, names)).encode()).digest(_DRAWN)
        self._at = 0

    def part(self) -> float:
        """A number from 0 up to 1."""
        return int.from_bytes(self._take(4)) / 2**32

    def number(self, most: int) -> int:
        """A number from 0 up to `most`, inclusive."""
        return int(self.part() * (most + 1))

    def guid(self) -> str:
        """An id."""
        return _guid(self._take(16))

    def _take(self, size: int) -> bytes:
        self._at += size
        return self._bytes[self._at - size : self._at]


def _guid(raw: bytes) -> str:
    """A GUID of version 4 with these sixteen bytes, but for those that tell the version."""
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _name(at: int) -> str:
    """The display name of the application at a position."""
    return f"Application {at:06}"


def _wire(moment: datetime) -> str:
    """A moment of whole seconds in UTC as Graph writes it."""
    return f"{moment.isoformat()[:19]}Z"


@dataclass
class Generated:
    """The population of one tenant."""

    seed: str
    tenant_id: str
    now: datetime
    applications: int
    principals: int
    shares: Shares = field(default_factory=Shares)
    _held: dict[int, Application] = field(default_factory=dict[int, Application])
    _held_foreign: dict[int, Application] = field(default_factory=dict[int, Application])
    _masks: dict[str, int] = field(default_factory=dict[str, int])
    own: int = field(init=False)
    """How many of the service principals are those of the first applications."""

    def __post_init__(self) -> None:
        self.now = self.now.astimezone(UTC).replace(microsecond=0)
        self.own = min(self.applications, max(0, self.principals - sum(self._kinds())))

    def _kinds(self) -> tuple[int, int, int]:
        """How many service principals are managed identities, Microsoft's own, and Legacy."""
        shares = (self.shares.managed_share, self.shares.microsoft_share, self.shares.legacy_share)
        managed, microsoft, legacy = (round(self.principals * one) for one in shares)
        return managed, microsoft, legacy

    def application(self, at: int) -> Application:
        """The application at this position."""
        return self._held.get(at) or self._application(at)

    def holder(self, at: int) -> Application:
        """The application, registered here or elsewhere, whose service principal is at this position."""
        if at < self.own:
            return self.application(at)
        return self._held_foreign.get(at) or self._foreign(at)

    def find(self, by: str, value: str) -> Application | None:
        """The application of that object id or app id."""
        at = self._position("app" if by == "appId" else "object", value)
        return self._hold(at) if at is not None and at < self.applications else None

    def find_holder(self, value: str) -> Application | None:
        """The application whose service principal has that object id or app id."""
        for kind in ("principal", "app"):
            at = self._position(kind, value)
            if at is not None and at < self.own:
                return self._hold(at)
        for kind in ("principal", "foreign"):
            at = self._position(kind, value)
            if at is not None and self.own <= at < self.principals:
                return self._held_foreign.setdefault(at, self._held_foreign.get(at) or self._foreign(at))
        return None

    def candidates(self, collection: str, name: str, wanted: str, first: int) -> Iterable[int]:
        """The positions from one on whose object may have that id, or a display name that begins like that."""
        registered = collection == _APPLICATIONS
        end = self.applications if registered else self.principals
        if name == "displayName":
            begins, named = wanted.casefold(), self.applications if registered else self.own
            return (
                at
                for at in range(first, end)
                if at >= named or at in self._held or _name(at).casefold().startswith(begins)
            )
        kinds = {"id": ("object" if registered else "principal",), "appId": ("app", "foreign")}.get(name, ())
        found = {self._position(kind, wanted.lower()) for kind in kinds}
        return sorted(at for at in found if at is not None and first <= at < end) if kinds else range(first, end)

    def held(self) -> Iterable[Application]:
        """The applications of this tenant that were found so far, and so may have changed."""
        return self._held.values()

    def unchanged(self, collection: str, first: int, end: int) -> bool:
        """Whether none of those from one position up to another was found."""
        found = range(first, end)
        if collection == _APPLICATIONS:
            return not self._held or not any(at in self._held for at in found)
        return not any(at in self._held or at in self._held_foreign for at in found)

    def _hold(self, at: int) -> Application:
        if at not in self._held:
            self._held[at] = self._application(at)
        return self._held[at]

    def _id(self, kind: str, at: int) -> str:
        """An id that has the position in its last twelve digits, behind a mask."""
        mask, digest = self._mask(kind), hashlib.sha256(f"{self.seed}\x1f{kind}\x1f{at}".encode()).digest()
        return _guid(digest[:10] + (at ^ mask).to_bytes(6))

    def _mask(self, kind: str) -> int:
        if kind not in self._masks:
            self._masks[kind] = int.from_bytes(hashlib.sha256(f"{self.seed}\x1f{kind}".encode()).digest()[:6])
        return self._masks[kind]

    def _position(self, kind: str, value: str) -> int | None:
        try:
            at = int(value[-12:], 16) ^ self._mask(kind)
        except ValueError:
            return None
        known = max(self.applications, self.principals)
        return at if at < known and self._id(kind, at) == value else None

    def _application(self, at: int) -> Application:
        draws, shares = Draws(self.seed, "application", at), self.shares
        some = 1 + draws.number(1) if draws.part() < shares.certificates_share else 0
        owners = 1 + draws.number(1) if draws.part() < shares.owned_share else 0
        made = Application(
            [self._password("application", at, n) for n in range(draws.number(shares.secrets))],
            [self._certificate("application", at, n) for n in range(some)],
            app_id=self._id("app", at),
            object_id=self._id("object", at),
            display_name=_name(at),
            owners=[f"owner{draws.number(999):04}@example.org" for _ in range(owners)],
            service_principal=self._principal(at) if at < self.own else None,
            created=_wire(self.now - timedelta(days=30 + draws.number(2000))),
        )
        if draws.part() < shares.federated_share:
            subject = f"repo:example/{at}:ref:refs/heads/main"
            issuer = "https://token.actions.githubusercontent.com"
            made.federated.append(FederatedCredential(issuer, subject, "api://AzureADTokenExchange"))
        if draws.part() < shares.blueprint_share:
            made.shows["@odata.type"] = "#microsoft.graph.agentIdentityBlueprint"
        if draws.part() < shares.odd_share:
            oddities.make_odd(made, draws.number(255), self.now)
        return made

    def _principal(self, at: int) -> ServicePrincipal:
        draws, share = Draws(self.seed, "principal", at), self.shares.saml_share
        made = ServicePrincipal(object_id=self._id("principal", at))
        if draws.part() < share:
            self._sign_on(made, "principal", at)
        elif draws.part() < share:
            made.passwords = [self._password("principal", at, 0)]
        return made

    def _foreign(self, at: int) -> Application:
        """What is registered elsewhere, or is a managed identity, which is registered nowhere."""
        draws, shares, after = Draws(self.seed, "foreign", at), self.shares, at - self.own
        managed, microsoft, legacy = self._kinds()
        principal = ServicePrincipal(object_id=self._id("principal", at))
        name = f"Other {at:06}"
        if after < managed:
            principal.type, name = "ManagedIdentity", f"managed-{at:06}"
            principal.certificates = [self._certificate("foreign", at, 0)]
        elif after < managed + microsoft:
            principal.owner_tenant, name = MICROSOFT, f"Microsoft {at:06}"
        elif after < managed + microsoft + legacy:
            principal.type, principal.passwords = "Legacy", [self._password("foreign", at, 0)]
        else:
            principal.owner_tenant = draws.guid()
            if draws.part() < shares.saml_share:
                self._sign_on(principal, "foreign", at)
        return Application(app_id=self._id("foreign", at), display_name=name, service_principal=principal)

    def _times(self, draws: Draws) -> tuple[datetime, datetime]:
        """Begin and end of a credential: lapsed, about to lapse, or good for long."""
        part, shares = draws.part(), self.shares
        if part < shares.lapsed_share:
            end = self.now - timedelta(days=1 + draws.number(900))
        elif part < shares.lapsed_share + shares.expiring_share:
            end = self.now + timedelta(days=1 + draws.number(28))
        else:
            end = self.now + timedelta(days=31 + draws.number(700))
        return end - _YEAR, end

    def _used(self, draws: Draws, start: datetime, end: datetime) -> str | None:
        if draws.part() >= self.shares.used_share:
            return None
        return _wire(max(start, min(end, self.now) - timedelta(hours=draws.number(24 * 60))))

    def _password(self, kind: str, at: int, n: int) -> PasswordCredential:
        draws = Draws(self.seed, kind, at, "secret", n)
        key_id = draws.guid()
        start, end = self._times(draws)
        used = self._used(draws, start, end)
        return PasswordCredential(key_id, f"secret {n}", key_id[:3], _wire(start), _wire(end), last_used=used)

    def _certificate(self, kind: str, at: int, n: int) -> KeyCredential:
        draws = Draws(self.seed, kind, at, "certificate", n)
        key_id = draws.guid()
        start, end = self._times(draws)
        return KeyCredential(
            key_id,
            "CN=generated",
            None,
            "AsymmetricX509Cert",
            "Verify",
            _wire(start),
            _wire(end),
            last_used=self._used(draws, start, end),
            der=generated_der.certificate(uuid.UUID(key_id).bytes, start, end),
        )

    def _sign_on(self, principal: ServicePrincipal, kind: str, at: int) -> None:
        """A certificate as single sign-on has it: to sign, to verify, and the password of its key."""
        verify, sign_id = self._certificate(kind, at, 0), Draws(self.seed, kind, at, "sign").guid()
        sign = replace(verify, key_id=sign_id, type="X509CertAndPassword", usage="Sign", last_used=None)
        mark = hashlib.sha1(verify.der or b"").hexdigest().upper()
        password = PasswordCredential(sign_id, verify.display_name, None, verify.start, verify.end, mark)
        principal.signs_on_by, principal.passwords = "saml", [password]
        principal.certificates = [verify, sign]
