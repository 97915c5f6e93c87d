"""Records that were acknowledged, and are not there any more: a standby that was behind was promoted, or a backup restored.

Which ones those are is found by comparing what a machine saw acknowledged with what the database has now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spentkey.core.errors import EvidenceBroken
from spentkey.core.evidence import Facts
from spentkey.core.reason import ReasonKind

RECORDS_LOST = ReasonKind(
    "evidence-records-lost",
    "the evidence has become shorter: records {first} to {last}, which this machine saw acknowledged, are not in the "
    "database any more (a standby that was behind, or a backup); nothing is removed until somebody has looked into it and "
    "runs spentkey resume --why …",
    "het bewijs is korter geworden: records {first} tot {last}, die voor deze machine bevestigd waren, staan niet meer in "
    "de database (een standby die achterliep, of een back-up); er wordt niets verwijderd tot iemand dit heeft onderzocht en "
    "spentkey resume --why … uitvoert",
    "les preuves sont devenues plus courtes : les enregistrements {first} à {last}, confirmés pour cette machine, ne sont "
    "plus dans la base (un standby en retard, ou une sauvegarde) ; rien n'est supprimé tant que personne n'a examiné la "
    "cause et lancé spentkey resume --why …",
)


@dataclass(frozen=True)
class Lost:
    """The range of records that are lost, as far as this machine can tell."""

    first: int
    last: int
    hash: str
    """Of the last one, as it was acknowledged."""
    common: int
    """The last record that this machine knows and that is still there; one less than `first` where it knows none."""

    def is_covered_by(self, gap: Facts) -> bool:
        """Whether a `gap` record says that somebody knows of it: one made after the loss, about at least this range."""
        first, last, seq = (gap.get(name) for name in ("first", "last", "seq"))
        if not (isinstance(first, int) and isinstance(last, int) and isinstance(seq, int)):
            return False
        return seq > self.common and first <= self.first and self.last <= last


class RecordsLost(EvidenceBroken):
    """Acknowledged records are not there any more; nothing is done until people have said that they know."""

    def __init__(self, lost: Lost) -> None:
        super().__init__(RECORDS_LOST(first=lost.first, last=lost.last))
        self.lost = lost


def what_is_lost(known: Mapping[int, str], found: Iterable[tuple[int, str]], end: int) -> Lost | None:
    """Compare what is known, hashes by `seq`, with what is found of it in a database whose last record is `end`.

    None where the latest known record is there as it was. Where nothing that is known is left, more may be lost than is told.
    """
    latest = max(known, default=None)
    if latest is None:
        return None
    left = [seq for seq, digest in found if known.get(seq) == digest]
    common = max(left) if left else min(min(known) - 1, end)
    return None if common == latest else Lost(common + 1, latest, known[latest], common)
