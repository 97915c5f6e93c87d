"""Writes an export: the records of a period or of some removals, with what proves them, as docs/reference/evidence.md says.

The records are read through once, or twice where only some are asked for. Each is checked as it is read: what does not
hold in the store is not exported.
"""

import json
from array import array
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from spentkey.core.checkpoint import checkpoint_text, in_base64, proof_text
from spentkey.core.errors import EvidenceBroken
from spentkey.core.evidence import Facts
from spentkey.core.history import ENDS
from spentkey.core.tree import CompactRange, TreeHead, compact_range_in, leaf_hash
from spentkey.ports.evidence_tree import EvidenceTree, Filters
from spentkey.storage.export.chosen import ChosenRemovals, is_filtered
from spentkey.storage.export.readme import readme
from spentkey.storage.export.report import Cover, Report
from spentkey.storage.export.signers import HeadSigner, Signed, keys_text, noted_at, signed_so_far
from spentkey.storage.export.statement import in_text
from spentkey.storage.export.verify import FORMAT, Records, needs_proof
from spentkey.storage.export.zip_file import ZipInTheMaking

VERIFIER = Path(__file__).with_name("verify.py")
TOLD_EVERY = 10_000
"""How often it is told how far the export is, in records."""
Tell = Callable[[int, int], None]
"""How many records are written, of how many."""


@dataclass(frozen=True)
class Contents:
    """What an export holds."""

    filters: dict[str, str | None]
    filtered: bool
    first: int
    end: int
    records: int
    removals: int
    proofs: int
    signed: bool


@dataclass
class _Period:
    """The log at the beginning and at the end of what is asked for, and what is signed of it."""

    tree: EvidenceTree
    wanted: Filters
    origin: str
    start: TreeHead
    end: TreeHead
    path: Sequence[bytes]
    signed: Signed
    signer: HeadSigner | None
    counts: Counter[str] = field(default_factory=Counter)
    proofs: "array[int]" = field(default_factory=lambda: array("Q"))
    records: int = 0

    @property
    def filtered(self) -> bool:
        return is_filtered(self.wanted)

    async def note_at(self, head: TreeHead) -> str:
        """The checkpoint exactly over this head: one that is kept, else signed now, else without a signature."""
        kept_note = noted_at(self.signed, head)
        if kept_note is not None:
            return kept_note
        return checkpoint_text(self.origin, head) + "\n" if self.signer is None else await self.signer.sign(head)


async def write_export(
    tree: EvidenceTree,
    wanted: Filters,
    signer: HeadSigner | None,
    made: ZipInTheMaking,
    program: str,
    tell: Tell,
    population: str | None = None,
) -> Contents:
    """Write all files of an export into the ZIP; raises `EvidenceBroken` where the store does not hold.

    `population` is the text of `population.json`, for an export that is whole.
    """
    period = await _period(tree, wanted, signer)
    report = Report(made.file.parent)
    try:
        await _write_records(period, made, report, tell)
        note = await _write_checkpoints(period, made)
        await _write_keys(period, made)
        await _write_proofs(period, made, note)
        await _write_anchors(period, made)
        if population is not None and not period.filtered:
            made.add("population.json", population)
        key = str(signer.key) if signer is not None else None
        cover = _cover(period, key)
        with made.member("report.html") as write:
            report.write(cover, write)
        made.add("verify.py", VERIFIER.read_bytes())
        statement = in_text(filtered=period.filtered, signed=key is not None)
        seq = period.proofs[0] if period.proofs else None
        made.add("README.txt", readme(title=cover.title, origin=period.origin, key=key, seq=seq, statement=statement))
        made.add("manifest.json", _manifest(period, made, program, key))
    finally:
        report.close()
    return Contents(
        filters_of(wanted),
        period.filtered,
        period.start.size,
        period.end.size,
        period.records,
        report.removals,
        len(period.proofs),
        key is not None,
    )


async def _period(tree: EvidenceTree, wanted: Filters, signer: HeadSigner | None) -> _Period:
    bounded = wanted.since is not None or wanted.until is not None
    first, size = await tree.span(wanted.since, wanted.until) if bounded else (0, (await tree.head()).size)
    start, end = await tree.head(first), await tree.head(size)
    anchored = {one.size for one in await tree.anchors() if first < one.size <= size}
    signed = await signed_so_far(tree, frozenset({first, size, *anchored}))
    return _Period(
        tree,
        wanted,
        await _origin(tree, signed, signer),
        start,
        end,
        await tree.consistency(first, size),
        signed,
        signer,
    )


async def _origin(tree: EvidenceTree, signed: Signed, signer: HeadSigner | None) -> str:
    """The name under which the log is signed; its own where nobody signs it."""
    return signer.key.name if signer is not None else signed.origin or await tree.origin()


def _refuse(kind: str, message: str, seq: int | None = None) -> NoReturn:
    number = "" if seq is None else f" {seq}"
    raise EvidenceBroken(
        f"record{number} {message}: nothing is exported ({kind}); spentkey evidence verify names all faults"
    )


async def _write_records(period: _Period, made: ZipInTheMaking, report: Report, tell: Tell) -> None:
    first, size = period.start.size, period.end.size
    chosen = await ChosenRemovals.among(period.tree.lines(first, size), period.wanted) if period.filtered else None
    nodes = compact_range_in(period.start, period.end, period.path)
    grown = nodes if nodes is not None or first < size else CompactRange()
    if grown is None:
        raise EvidenceBroken(f"the log of {size} records does not go on from its first {first}: nothing is exported")
    judge = Records(_refuse, first)
    with made.member("records.jsonl") as write:
        lines: AsyncIterator[str] = period.tree.lines(first, size)
        async for record_line in lines:
            raw = record_line.encode()
            record = judge.take(raw)
            grown.add(leaf_hash(record_line))
            if record is None or (chosen is not None and not chosen.holds(record)):
                continue
            write(raw + b"\n")
            report.take(record)
            _count(period, record)
            if period.records % TOLD_EVERY == 0:
                tell(judge.next - first, size - first)
    if first < size and grown.head() != period.end:
        raise EvidenceBroken("the records do not make the root that the store has for them: nothing is exported")


def _count(period: _Period, record: Facts) -> None:
    period.records += 1
    period.counts[str(record["what"])] += 1
    if record["what"] in ENDS:
        period.counts[f"outcome {record.get('outcome')}"] += 1
    if period.filtered or needs_proof(record):
        period.proofs.append(int(record["seq"]))


async def _write_checkpoints(period: _Period, made: ZipInTheMaking) -> str:
    note = await period.note_at(period.end)
    made.add("checkpoint", note)
    if period.start.size and not period.filtered:
        made.add("checkpoint-from", await period.note_at(period.start))
        made.add("consistency-proof", "".join(f"{one}\n" for one in _consistency(period)))
    return note


def _consistency(period: _Period) -> Iterator[str]:
    yield f"old {period.start.size}"
    yield from map(in_base64, period.path)


async def _write_keys(period: _Period, made: ZipInTheMaking) -> None:
    changes, signer = period.signed.changes, period.signer
    made.add("keys.txt", keys_text(period.origin, signer.key if signer is not None else None, changes))
    for change in changes:
        made.add(f"keys/{change.seq}.json", change.record_line)
        proof = await change.proof(period.tree)
        if proof is not None:
            made.add(f"keys/{change.seq}.tlog-proof", proof)


async def _write_proofs(period: _Period, made: ZipInTheMaking, note: str) -> None:
    for seq in period.proofs:
        path = await period.tree.inclusion(seq, period.end.size)
        made.add(f"proofs/{seq}.tlog-proof", proof_text(seq, path, note))


async def _write_anchors(period: _Period, made: ZipInTheMaking) -> None:
    """What somebody else said of checkpoints of the period, each beside the checkpoint that it is over."""
    counted: Counter[int] = Counter()
    for one in await period.tree.anchors():
        notes = period.signed.notes.get(one.size, ())
        if not notes or not period.start.size < one.size <= period.end.size:
            continue
        counted[one.size] += 1
        stem = f"anchors/{one.size}" + (f"-{counted[one.size]}" if counted[one.size] > 1 else "")
        made.add(f"{stem}.{one.kind}", one.token)
        made.add(f"{stem}.checkpoint", notes[0].note)


def filters_of(wanted: Filters) -> dict[str, str | None]:
    """The filters as the manifest and the evidence have them; times in ISO 8601, in UTC."""
    times = {name: _moment(one) for name, one in (("since", wanted.since), ("until", wanted.until))}
    return {"task": wanted.task, "app": wanted.app, "tenant": wanted.tenant, "outcome": wanted.outcome, **times}


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at is not None else None


def _cover(period: _Period, key: str | None) -> Cover:
    filters = [(name, text) for name, text in filters_of(period.wanted).items() if text is not None]
    title = "Some removals on record" if period.filtered else "The records of a period" if filters else "All records"
    return Cover(
        title,
        period.origin,
        period.start.size,
        period.end.size,
        period.records,
        in_base64(period.end.root),
        key,
        filters,
        period.filtered,
    )


def _manifest(period: _Period, made: ZipInTheMaking, program: str, key: str | None) -> str:
    manifest = {
        "format": FORMAT,
        "program": program,
        "origin": period.origin,
        "filtered": period.filtered,
        "filters": filters_of(period.wanted),
        "order": "seq",
        "from": period.start.size,
        "to": period.end.size,
        "root": in_base64(period.end.root),
        "key": key,
        "records": period.records,
        "counts": dict(sorted(period.counts.items())),
        "files": _in_order(made.files.items()),
    }
    return json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"


def _in_order(files: Iterable[tuple[str, dict[str, str | int]]]) -> dict[str, dict[str, str | int]]:
    return dict(sorted(files))
