"""The suite for the tree over a store of evidence."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from spentkey.core.errors import EvidenceBroken
from spentkey.core.tree import EMPTY, CompactRange, TreeHead, is_consistent, leaf_hash, root_by
from spentkey.ports.evidence_tree import Anchor, EvidenceTree, Filters
from spentkey.testing.running import with_rig

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
SIZE = 23
"""A tree whose right edge has four nodes, on five levels."""


class TreeRig(Protocol):
    """One store, opened as often as a test likes, that an attacker may change as well."""

    async def append(self, at: datetime, what: str, facts: dict[str, Any]) -> None:
        """Add a record at that time, by a process of its own."""
        ...

    async def tree(self, *, read_only: bool = False) -> EvidenceTree:
        """The view of one process more."""
        ...

    async def verify(self) -> int:
        """Check chain and tree from the beginning, in a process of its own; returns how many records there are."""
        ...

    async def stored(self) -> Sequence[str]:
        """The records as they are stored, oldest first."""
        ...

    async def put_line(self, seq: int, record_line: str) -> None:
        """Put another line in the place of one, past what protects it."""
        ...

    async def put_nodes(self, seq: int, nodes: bytes | None) -> None:
        """Put other nodes beside a record, or none, past what protects them."""
        ...

    async def nodes(self, seq: int) -> bytes:
        """The nodes beside a record."""
        ...


class TreeContract(ABC):
    """What every tree over a store of evidence does."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[TreeRig]:
        """An empty store."""

    def test_a_store_without_records_has_the_empty_tree(self) -> None:
        """RFC 9162: the hash of nothing. There is nothing to prove in it."""

        async def do(rig: TreeRig) -> None:
            tree = await rig.tree()
            assert (await tree.head(), await tree.head(0)) == (TreeHead(0, EMPTY), TreeHead(0, EMPTY))
            assert [one async for one in tree.lines()] == []
            assert await tree.span(None, None) == (0, 0)
            for ask in (tree.head(1), tree.inclusion(0, 0), tree.inclusion(0, 1), tree.consistency(0, 1)):
                with pytest.raises(ValueError, match="tree"):
                    await ask
            assert await rig.verify() == 0

        with_rig(self.rig(), do)

    def test_the_tree_is_that_of_the_lines_at_every_size(self) -> None:
        """Whoever appended, and whatever size is asked for."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            tree, grown = await rig.tree(), CompactRange()
            for size, text in enumerate(await rig.stored(), 1):
                grown.add(leaf_hash(text))
                assert await tree.head(size) == grown.head()
            assert await tree.head() == grown.head() == TreeHead(SIZE, grown.head().root)

        with_rig(self.rig(), do)

    def test_every_record_is_proven_in_every_tree_that_holds_it(self) -> None:
        """By the root that is computed from the proof."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            tree, lines = await rig.tree(), await rig.stored()
            for size in (1, 2, 8, 22, SIZE):
                root = (await tree.head(size)).root
                for seq in range(size):
                    assert root_by(seq, size, leaf_hash(lines[seq]), await tree.inclusion(seq, size)) == root

        with_rig(self.rig(), do)

    def test_every_tree_goes_on_from_every_older_one(self) -> None:
        """And is proven to."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            tree = await rig.tree()
            for new in (1, 7, 8, 22, SIZE):
                for old in range(new + 1):
                    path = await tree.consistency(old, new)
                    assert is_consistent(await tree.head(old), await tree.head(new), path)

        with_rig(self.rig(), do)

    @pytest.mark.parametrize(("seq", "size"), [(0, 0), (3, 3), (-1, 3), (0, SIZE + 1), (SIZE, SIZE + 1)])
    def test_a_record_that_is_not_in_a_tree_has_no_proof(self, seq: int, size: int) -> None:
        """Also where the tree is larger than what is on record."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            with pytest.raises(ValueError, match="tree"):
                await (await rig.tree()).inclusion(seq, size)
            assert (await (await rig.tree()).head()).size == SIZE

        with_rig(self.rig(), do)

    @pytest.mark.parametrize(("old", "new"), [(3, 2), (-1, 2), (1, SIZE + 1)])
    def test_a_tree_that_is_none_is_not_proven(self, old: int, new: int) -> None:
        """One that shrinks, one below zero, one beyond the end."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            with pytest.raises(ValueError, match="tree"):
                await (await rig.tree()).consistency(old, new)

        with_rig(self.rig(), do)

    def test_the_tree_grows_with_records_of_every_process(self) -> None:
        """A view that was opened before sees them."""

        async def do(rig: TreeRig) -> None:
            early = await rig.tree()
            assert (await early.head()).size == 0
            await _filled(rig)
            before = await early.head()
            await rig.append(BEGAN, "step", {"task": 1})
            after = await early.head()
            assert (before.size, after.size) == (SIZE, SIZE + 1)
            assert await (await rig.tree()).head() == after

        with_rig(self.rig(), do)

    def test_lines_are_read_as_they_are_written(self) -> None:
        """All, a part, and none."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            tree, lines = await rig.tree(), list(await rig.stored())
            assert [one async for one in tree.lines()] == lines
            assert [one async for one in tree.lines(3, 9)] == lines[3:9]
            assert [one async for one in tree.lines(9, 9)] == []
            assert [one async for one in tree.lines(SIZE)] == []

        with_rig(self.rig(), do)

    def test_lines_that_are_not_there_are_missed(self) -> None:
        """A reader who knows how many there were does not end early without a word."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            with pytest.raises(EvidenceBroken, match=f"record {SIZE} is missing"):
                _ = [one async for one in (await rig.tree()).lines(3, SIZE + 2)]

        with_rig(self.rig(), do)

    @pytest.mark.parametrize(
        ("since", "until", "found"),
        [
            (None, None, (0, 6)),
            (1, None, (1, 6)),
            (None, 3, (0, 6)),
            (2, 3, (2, 6)),
            (3, 4, (4, 6)),
            (5, 9, (6, 6)),
            (None, 0, (0, 0)),
            (2.5, 2.6, (4, 6)),
        ],
    )
    def test_a_period_is_a_run_of_records(
        self, since: float | None, until: float | None, found: tuple[int, int]
    ) -> None:
        """From the first that is not earlier to the last that is; a clock that was set back leaves none out."""

        async def do(rig: TreeRig) -> None:
            for hour in (0, 1, 2, 1, 3, 2):
                await rig.append(BEGAN + timedelta(hours=hour), "step", {"task": 1})
            times = [None if hour is None else BEGAN + timedelta(hours=hour) for hour in (since, until)]
            assert await (await rig.tree()).span(*times) == found

        with_rig(self.rig(), do)

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (Filters(), [5, 4, 3, 2, 1, 0]),
            (Filters(task="2"), [2]),
            (Filters(task="INC-1"), [5]),
            (Filters(task="02"), []),
            (Filters(app="A-1"), [3, 1]),
            (Filters(app="one app"), [4, 2, 0]),
            (Filters(tenant="north"), [4, 2, 0]),
            (Filters(tenant="nor"), []),
            (Filters(outcome="removed"), [3, 0]),
            (Filters(outcome="removed", tenant="north"), [0]),
            (Filters(since=BEGAN + timedelta(hours=4)), [5, 4]),
            (Filters(until=BEGAN + timedelta(hours=2)), [1, 0]),
            (Filters(since=BEGAN + timedelta(hours=2), until=BEGAN + timedelta(hours=3)), [2]),
            (Filters(since=BEGAN + timedelta(hours=3), until=BEGAN + timedelta(hours=3)), []),
        ],
        ids=str,
    )
    def test_the_results_that_are_asked_for_come_newest_first(self, wanted: Filters, found: list[int]) -> None:
        """By each filter, and by several together."""

        async def do(rig: TreeRig) -> None:
            await _results(rig)
            tree = await rig.tree()
            assert [one["n"] for one in await tree.results(wanted, 100)] == found
            assert [one["n"] for one in await tree.results(wanted, 1)] == found[:1]
            assert await tree.results(wanted, 0) == []

        with_rig(self.rig(), do)

    def test_results_are_read_on_from_where_a_page_ended(self) -> None:
        """By the `seq` of its last one."""

        async def do(rig: TreeRig) -> None:
            await _results(rig)
            tree = await rig.tree()
            first = await tree.results(Filters(tenant="north"), 2)
            rest = await tree.results(Filters(tenant="north"), 2, before=first[-1]["seq"])
            assert [[one["n"] for one in page] for page in (first, rest)] == [[4, 2], [0]]
            assert await tree.results(Filters(), 9, before=0) == []

        with_rig(self.rig(), do)

    def test_checkpoints_are_stored_as_they_were_signed(self) -> None:
        """In their order, the newest first where one is asked for; every process sees them."""

        async def do(rig: TreeRig) -> None:
            tree = await rig.tree()
            assert (await tree.checkpoint(), [one async for one in tree.checkpoints()]) == (None, [])
            assert await tree.checkpointed_at() is None
            for number, size in enumerate((3, 5, 5, 4)):
                await tree.keep_checkpoint(size, f"note {number} é\n", BEGAN + timedelta(hours=number))
            later = await rig.tree(read_only=True)
            assert await later.checkpointed_at() == BEGAN + timedelta(hours=3)
            assert [one async for one in later.checkpoints()] == [f"note {number} é\n" for number in range(4)]
            found = [await later.checkpoint(least) for least in (0, 4, 5, 6)]
            assert found == ["note 3 é\n", "note 3 é\n", "note 2 é\n", None]

        with_rig(self.rig(), do)

    def test_anchors_are_stored_as_they_were_answered(self) -> None:
        """Any bytes, with their time."""

        async def do(rig: TreeRig) -> None:
            tree, at = await rig.tree(), BEGAN + timedelta(microseconds=7)
            some = [Anchor(size, "rfc3161", at, bytes([0, 255, size])) for size in (3, 5, 3)]
            for one in some:
                await tree.keep_anchor(one)
            later = await rig.tree()
            assert list(await later.anchors()) == some
            assert list(await later.anchors(3)) == [some[0], some[2]]
            assert list(await later.anchors(4)) == []

        with_rig(self.rig(), do)

    def test_a_reader_stores_nothing(self) -> None:
        """It is refused."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            reader = await rig.tree(read_only=True)
            with pytest.raises(EvidenceBroken, match="writes none"):
                await reader.keep_checkpoint(1, "note\n", BEGAN)
            with pytest.raises(EvidenceBroken, match="writes none"):
                await reader.keep_anchor(Anchor(1, "rfc3161", BEGAN, b"x"))
            assert (await reader.head()).size == SIZE

        with_rig(self.rig(), do)

    def test_the_log_has_one_name_for_good(self) -> None:
        """Drawn once, the same for every process."""

        async def do(rig: TreeRig) -> None:
            await rig.append(BEGAN, "step", {"task": 1})
            names = {await (await rig.tree()).origin() for _ in range(3)}
            names.add(await (await rig.tree(read_only=True)).origin())
            (name,) = names
            begin, _, digits = name.partition("/")
            assert (begin, len(digits), set(digits) <= set("0123456789abcdef")) == ("spentkey", 16, True)

        with_rig(self.rig(), do)

    @pytest.mark.parametrize("seq", [0, 7, 15, 22])
    def test_a_record_that_was_written_anew_is_not_proven(self, seq: int) -> None:
        """Its own hash may be right; the tree was made of another one."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            other = (await rig.stored())[seq].replace('"task":', '"task" :')
            await rig.put_line(seq, other)
            await _stops(rig, lambda tree: tree.inclusion(seq, SIZE))
            await _stops(rig, lambda tree: _all_of(tree, seq))
            with pytest.raises(EvidenceBroken, match=f"record {seq}"):
                await rig.verify()

        with_rig(self.rig(), do)

    @pytest.mark.parametrize("seq", [0, 1, 7, 15])
    @pytest.mark.parametrize("how", ["another leaf", "another node", "too short", "too long", "gone"])
    def test_nodes_that_were_changed_are_found(self, seq: int, how: str) -> None:
        """By verification all of them, with one line that names the record."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            nodes = await rig.nodes(seq)
            changed = {
                "another leaf": bytes([nodes[0] ^ 1]) + nodes[1:],
                "another node": nodes[:-1] + bytes([nodes[-1] ^ 1]),
                "too short": nodes[:-1],
                "too long": nodes + nodes[-32:],
                "gone": None,
            }[how]
            await rig.put_nodes(seq, changed)
            with pytest.raises(EvidenceBroken, match=f"record {seq}\\b") as caught:
                await rig.verify()
            assert "\n" not in str(caught.value)

        with_rig(self.rig(), do)

    def test_a_proof_of_changed_nodes_is_never_given(self) -> None:
        """Whichever node is changed: what is asked for is proven, or is refused."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            lines, root = await rig.stored(), (await (await rig.tree()).head()).root
            for seq in range(SIZE):
                nodes = await rig.nodes(seq)
                await rig.put_nodes(seq, bytes(len(nodes)))
                try:
                    path = await (await rig.tree()).inclusion(5, SIZE)
                except EvidenceBroken:
                    path = None
                same = (await _root(rig)) == root
                assert path is None or not same or root_by(5, SIZE, leaf_hash(lines[5]), path) == root
                await rig.put_nodes(seq, nodes)

        with_rig(self.rig(), do)

    def test_nodes_of_a_record_that_is_not_there_are_found(self) -> None:
        """Somebody cut the end of the chain off, and left the tree."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            await rig.put_nodes(SIZE, bytes(32))
            with pytest.raises(EvidenceBroken, match=f"record {SIZE}, which is not there"):
                await rig.verify()

        with_rig(self.rig(), do)

    def test_records_of_an_older_program_are_in_the_tree_all_the_same(self) -> None:
        """It adds them without nodes: they are computed for who reads, and added with the next record."""

        async def do(rig: TreeRig) -> None:
            await _filled(rig)
            whole = await (await rig.tree()).head()
            for seq in range(SIZE - 1, 5, -1):
                await rig.put_nodes(seq, None)
            reader = await rig.tree(read_only=True)
            assert (await reader.head(), await rig.verify()) == (whole, SIZE)
            path = await reader.inclusion(3, SIZE)
            assert root_by(3, SIZE, leaf_hash((await rig.stored())[3]), path) == whole.root
            assert is_consistent(await reader.head(4), whole, await reader.consistency(4, SIZE))
            await rig.append(BEGAN, "step", {"task": 1})
            assert await (await rig.tree()).head(SIZE) == whole
            assert all([await rig.nodes(seq) for seq in range(SIZE + 1)])
            assert await rig.verify() == SIZE + 1

        with_rig(self.rig(), do)

    def test_processes_that_append_at_once_make_one_tree(self) -> None:
        """Each record has its nodes, as if one had written all."""

        async def do(rig: TreeRig) -> None:
            await rig.append(BEGAN, "step", {"task": 0})
            await asyncio.gather(*(rig.append(BEGAN, "step", {"task": number}) for number in range(30)))
            grown = CompactRange()
            for text in await rig.stored():
                grown.add(leaf_hash(text))
            assert await (await rig.tree()).head() == grown.head()
            assert await rig.verify() == 31

        with_rig(self.rig(), do)


async def _filled(rig: TreeRig) -> None:
    for number in range(SIZE):
        await rig.append(BEGAN + timedelta(minutes=number), "step", {"task": number, "n": "é 漢"})


async def _results(rig: TreeRig) -> None:
    """Six of them, each after another record; the last is of a task that is no number."""
    for number in range(6):
        at, task = BEGAN + timedelta(hours=number), "INC-1" if number == 5 else number
        app = {"app_id": "a-1", "app_name": "Other"} if number in (1, 3) else {"app_id": "b", "app_name": "One App"}
        app = {"app_id": None, "app_name": None} if number == 5 else app
        said = {"tenant": "south" if number % 2 else "north", "outcome": "removed" if number % 3 == 0 else "refused"}
        await rig.append(at, "step", {"task": task, **said, "n": -1})
        await rig.append(at, "result", {"task": task, "n": number, **app, **said})


async def _root(rig: TreeRig) -> bytes | None:
    try:
        return (await (await rig.tree()).head()).root
    except EvidenceBroken:
        return None


async def _stops(rig: TreeRig, ask: Callable[[EvidenceTree], Awaitable[object]]) -> None:
    with pytest.raises(EvidenceBroken, match="nothing is removed"):
        await ask(await rig.tree())


async def _all_of(tree: EvidenceTree, first: int) -> list[str]:
    return [one async for one in tree.lines(first)]
