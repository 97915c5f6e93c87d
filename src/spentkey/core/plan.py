"""The plan of one removal: the exact call, the exact key id, and the survivors that must still be there afterwards."""

import hashlib
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace

from spentkey.core.credential import Credential, Kind, Target
from spentkey.core.fingerprint import fingerprint_of_0_1, is_of_0_1
from spentkey.core.outcome import RemovalRoute

ROUTES = {Kind.SECRET: RemovalRoute.REMOVE_PASSWORD, Kind.CERTIFICATE: RemovalRoute.REMOVE_KEY}


@dataclass(frozen=True)
class Survivor:
    """A credential that must still be there, unchanged, after the removal."""

    kind: Kind
    key_id: str
    fingerprint: str


@dataclass(frozen=True)
class Plan:
    """What will be done, settled before anything is: one key id of one application, by one action."""

    application: Target
    credential: Credential
    route: RemovalRoute
    survivors: tuple[Survivor, ...]

    @property
    def key_id(self) -> str:
        """The one key id that may be removed."""
        return self.credential.key_id

    @property
    def fingerprints(self) -> frozenset[str]:
        """Those of the survivors."""
        return frozenset(one.fingerprint for one in self.survivors)


def by_patch(plan: Plan) -> Plan:
    """The same removal without a proof: the whole certificate list is written again without the one."""
    return replace(plan, route=RemovalRoute.PATCH)


def make_plan(application: Target, credential: Credential, removed_by_us: Set[str] = frozenset()) -> Plan:
    """Plan the removal of `credential`: everything else on the application must survive it.

    `removed_by_us` are key ids that Spentkey may have removed from the application before: a stale read may still
    show them, so they are no survivors.
    """
    gone = {credential.key_id, *removed_by_us}
    others = (other for other in application.entries if other.key_id not in gone)
    return Plan(application, credential, ROUTES[credential.kind], _survivors(others))


def _survivors(others: Iterable[Credential]) -> tuple[Survivor, ...]:
    return tuple(Survivor(other.kind, other.key_id, other.fingerprint) for other in others)


def certificates_among(survivors: Iterable[Survivor]) -> list[str]:
    """The key ids of the certificates, which a PATCH writes again."""
    return [one.key_id for one in survivors if one.kind is Kind.CERTIFICATE]


def certificates_fingerprint(application: Target) -> str:
    """SHA-256 over all certificates as they are shown, in any order: enough to tell two lists apart."""
    shown = sorted(f"{one.key_id} {one.fingerprint}" for one in application.certificates)
    return hashlib.sha256("\n".join(shown).encode()).hexdigest()


def lost_survivors(survivors: tuple[Survivor, ...], application: Target) -> tuple[Survivor, ...]:
    """The survivors that `application` no longer shows unchanged; additions by others do not matter.

    What only another kind of read can tell is not called lost: see `need_keys`.
    """
    shown = set(_survivors(application.entries))
    by_0_1 = {one for one in survivors if is_of_0_1(one.fingerprint)}
    lost = {one for one in by_0_1 if _lost_by_0_1(one, application)}
    return tuple(one for one in survivors if one in lost or one not in shown | by_0_1)


def need_keys(survivors: Iterable[Survivor]) -> bool:
    """Whether only a read that selects `keyCredentials`, as version 0.1 made it, can tell that they are unchanged."""
    return any(is_of_0_1(one.fingerprint) for one in survivors)


def _lost_by_0_1(survivor: Survivor, application: Target) -> bool:
    """Whether it is not there at all, or is shown as 0.1 read it and has changed."""
    same = [one for one in application.holding(survivor.key_id) if one.kind is survivor.kind]
    if not same or not application.with_keys:
        return not same
    if any(fingerprint_of_0_1(one.raw) == survivor.fingerprint for one in same):
        return False
    return not any(one.kind is Kind.CERTIFICATE and one.key is None for one in same)
