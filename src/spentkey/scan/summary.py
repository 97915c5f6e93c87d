"""What people read first of a scan: whether it is whole, how much has lapsed, and what would go first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from spentkey.core.classified import CredentialClass
from spentkey.core.sanitize import plain
from spentkey.core.scan_result import ListCount, ScannedCredential, ScanResult

AGES = ((30, "up to 30 days"), (90, "31 to 90 days"), (365, "91 days to a year"), (730, "one to two years"))
OLDER, NO_END = "more than two years", "no usable end"
FIRST = 5
"""How many of the first removals are named."""


@dataclass(frozen=True)
class CountRow:
    """One row of a count: what, and how many."""

    what: str
    count: int


def incomplete(result: ScanResult) -> list[str]:
    """What must stand above everything else where the scan is not whole: empty where it is."""
    if result.complete:
        return []
    missing = [one for one in result.tenants if not one.complete]
    head = (
        "INCOMPLETE: not every list was read whole, so every count below is only a part, and nothing follows from it."
    )
    if not result.tenants:
        return [head, "No tenant was read."]
    return [
        head,
        *(f"{one.tenant}: {plain('; '.join(one.problems) or 'its lists ended early', 600)}" for one in missing),
    ]


def in_brief(result: ScanResult) -> list[str]:
    """A few sentences on what has lapsed."""
    lapsed = result.lapsed
    at_least = "" if result.complete else "at least "
    applications = len({(one.classified.tenant, one.classified.holder.target.object_id) for one in lapsed})
    told = [f"{at_least}{len(lapsed)} credentials on {applications} objects have lapsed."]
    ended = [one for one in lapsed if one.classified.credential.end is not None]
    if ended:
        oldest = min(ended, key=lambda one: (one.classified.credential.end, one.classified.credential.key_id))
        told.append(f"The oldest ended {oldest.classified.days_expired(result.at)} days ago: {named(oldest)}.")
    nobody, unknown = sum(one.owners == () for one in lapsed), sum(one.owners is None for one in lapsed)
    told.append(f"{nobody} have no owner" + (f"; of {unknown} the owners are not known." if unknown else "."))
    unseen = sum(one.use is None or one.use.state in ("unknown", "not-available") for one in lapsed)
    if unseen:
        told.append(f"Whether they are still used is not known of {unseen}.")
    return told


def first_removals(result: ScanResult) -> list[str]:
    """The removable ones that ended longest ago, which requests would remove first; of a scan that is not whole, none."""
    if not result.complete:
        return []
    removable = [one for one in result.lapsed if one.classified.klass is CredentialClass.REMOVABLE]
    removable.sort(key=lambda one: (str(one.classified.credential.end), one.classified.credential.key_id))
    return [f"{named(one)}, ended {one.classified.credential.end:%Y-%m-%d}" for one in removable[:FIRST]]


def named(one: ScannedCredential) -> str:
    """A credential by its kind, application and tenant."""
    classified = one.classified
    target = classified.holder.target
    what, name = classified.credential.kind.value, plain(target.name or target.app_id, 60)
    return f"{what} {classified.credential.key_id} of {name} ({classified.tenant})"


def by_class(result: ScanResult) -> list[CountRow]:
    """Lapsed by class, in the order of the classes."""
    counts = Counter(one.classified.klass for one in result.lapsed)
    return [CountRow(klass.value, counts[klass]) for klass in CredentialClass if counts[klass]]


def by_age(result: ScanResult) -> list[CountRow]:
    """Lapsed by how long ago it ended."""
    counts = Counter(age_of(one.classified.days_expired(result.at)) for one in result.lapsed)
    order = [*(name for _, name in AGES), OLDER, NO_END]
    return [CountRow(name, counts[name]) for name in order if counts[name]]


def age_of(days: int | None) -> str:
    """The age that so many days belong to."""
    if days is None:
        return NO_END
    return next((name for most, name in AGES if days <= most), OLDER)


def by_tenant(result: ScanResult) -> list[CountRow]:
    """Lapsed by tenant, every tenant that was scanned among them; one that is not whole says so."""
    counts = Counter(one.classified.tenant for one in result.lapsed)
    return [
        CountRow(one.tenant if one.complete else f"{one.tenant} (INCOMPLETE)", counts[one.tenant])
        for one in result.tenants
    ]


def lists_read(result: ScanResult) -> list[str]:
    """How much of each list was read, beside the directory's own counter."""
    return [
        f"{one.tenant}: {_list(one.applications, 'applications')}, {_list(one.service_principals, 'service principals')}"
        for one in result.tenants
    ]


def _list(count: ListCount, what: str) -> str:
    own = "its counter is not known" if count.count is None else f"its counter says {count.count}"
    differs = "" if count.count in (None, count.listed) else f", a difference of {abs(count.count - count.listed)}"
    return f"{count.listed} {what} in {count.pages} pages ({own}{differs})"


def owner_of(one: ScannedCredential) -> str:
    """The owners in one cell: `no owner` where there is none, `not known` where they could not be read."""
    if one.owners is None:
        return "not known"
    return joined([owner.mail or owner.name or owner.object_id for owner in one.owners]) or "no owner"


def joined(texts: Sequence[str]) -> str:
    """Several texts in one cell."""
    return "; ".join(texts)
