"""The suite for a store of evidence."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from spentkey.core.canary import patch_key, proof_key
from spentkey.core.errors import EvidenceBroken
from spentkey.core.evidence import GENESIS, follows
from spentkey.core.limits import BlastRadius
from spentkey.core.outcome import Refused
from spentkey.core.reason import reason_for
from spentkey.core.stops import About
from spentkey.core.tree import CompactRange, TreeHead, leaf_hash
from spentkey.ports.evidence import EvidenceLog, LossyEvidence
from spentkey.testing.running import with_rig

EVER = datetime(2000, 1, 1, tzinfo=UTC)


class EvidenceRig(Protocol):
    """One store, opened as often as a test likes."""

    async def log(self, *, read_only: bool = False) -> EvidenceLog:
        """The view of one process more."""
        ...

    async def lines(self) -> Sequence[str]:
        """The records as they are stored, oldest first."""
        ...


class EvidenceContract(ABC):
    """What every store of evidence does."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[EvidenceRig]:
        """An empty store."""

    def test_records_are_one_chain_whoever_appends(self) -> None:
        """Forty at once, from two processes."""

        async def do(rig: EvidenceRig) -> None:
            logs = [await rig.log(), await rig.log()]
            await asyncio.gather(*(logs[number % 2].append("step", {"task": number}) for number in range(40)))
            previous, lines = GENESIS, await rig.lines()
            for number, text in enumerate(lines):
                sealed = follows(text, previous, number)
                assert sealed is not None
                previous = sealed.hash
            assert (len(lines), await logs[0].verify()) == (40, 40)

        with_rig(self.rig(), do)

    def test_a_task_has_its_records_oldest_first(self) -> None:
        """A number is another task than the text of its digits."""

        async def do(rig: EvidenceRig) -> None:
            log = await rig.log()
            for number, task in enumerate((1, "1", 1, "INC-1")):
                await log.append("step", {"task": task, "n": number})
            later = await rig.log()
            found = [[one["n"] for one in (await later.history(task)).records] for task in (1, "1", "INC-1", 2)]
            assert found == [[0, 2], [1], [3], []]

        with_rig(self.rig(), do)

    def test_a_record_may_say_what_the_log_was_before_it(self) -> None:
        """Whoever appends beside it, and however many together: the size is its own number, the root is of what is before."""

        async def do(rig: EvidenceRig) -> None:
            logs = [await rig.log(), await rig.log()]

            def upon(head: TreeHead) -> dict[str, Any]:
                return {"task": 1, "log_size": head.size, "log_root": head.root.hex()}

            plain = (logs[number % 2].append("step", {"task": 2}) for number in range(20))
            heads = await asyncio.gather(
                *(logs[number % 2].append_upon("noting", upon) for number in range(20)), *plain
            )
            told = {head.size: head.root.hex() for head in heads if head is not None}
            grown, found = CompactRange(), 0
            for seq, text in enumerate(await rig.lines()):
                record = json.loads(text)
                if record["what"] == "noting":
                    assert (record["log_size"], record["log_root"]) == (seq, grown.head().root.hex())
                    assert told[seq] == record["log_root"]
                    found += 1
                grown.add(leaf_hash(text))
            assert (found, len(told), await logs[0].verify()) == (20, 20, 40)

        with_rig(self.rig(), do)

    def test_a_refused_record_is_not_kept(self) -> None:
        """What guard G8 says no to comes back, and leaves no trace."""

        async def do(rig: EvidenceRig) -> None:
            log, no = await rig.log(), Refused("G8", reason_for("enough"))
            assert await log.append_unless(lambda _: no, "intent", {"task": 1}) is no
            assert list(await rig.lines()) == []

        with_rig(self.rig(), do)

    def test_a_stop_holds_for_every_process_until_it_is_lifted(self) -> None:
        """Whoever put it on record."""

        async def do(rig: EvidenceRig) -> None:
            one, other = await rig.log(), await rig.log()
            await one.append("survivor-lost", {"task": 1, "lost": []})
            stopped = await other.ask(lambda blast_radius: blast_radius.refuse_any(About()))
            await other.append("resumed", {"who": "somebody", "why": "looked into"})
            assert stopped is not None
            assert await one.ask(lambda blast_radius: blast_radius.refuse_any(About())) is None

        with_rig(self.rig(), do)

    def test_what_proves_a_version_is_known_to_every_process(self) -> None:
        """The latest record for a tenant, a route and a version; what proves another one, or nothing, is none."""

        async def do(rig: EvidenceRig) -> None:
            log, key = await rig.log(), proof_key("one", "removeKey", "1.0")
            proof = {"tenant": "one", "route": "removeKey", "program": "1.0", "verdict": "gone"}
            for number, change in enumerate(
                ({}, {}, {"tenant": "two"}, {"program": "2.0"}, {"verdict": "still-there"})
            ):
                await log.append("verified", {**proof, "n": number, **change})
            assert [await _latest(one, key) for one in (log, await rig.log())] == [1, 1]
            assert await _latest(await rig.log(), proof_key("one", "removePassword", "1.0")) is None

        with_rig(self.rig(), do)

    def test_the_latest_step_of_a_patch_is_known_to_every_process(self) -> None:
        """Whoever wrote it, and however many steps there were before; it counts once as a removal."""

        async def do(rig: EvidenceRig) -> None:
            one, other = await rig.log(), await rig.log()
            patch = {"tenant": "one", "route": "patch", "program": "1.0", "app_id": "a", "run": "r"}
            await one.append("intent", {**patch, "n": 0})
            assert [await _latest(log, patch_key("one")) for log in (one, other, await rig.log())] == [0, 0, 0]
            await other.append("awaiting-event", {**patch, "n": 1})
            assert [await _latest(log, patch_key("one")) for log in (one, other, await rig.log())] == [1, 1, 1]
            await one.append("witness", {**patch, "shows": "ours", "n": 2})
            later = await rig.log()
            assert [await _latest(later, key) for key in (patch_key("one"), proof_key("one", "patch", "1.0"))] == [1, 2]
            assert await _count(later) == 1

        with_rig(self.rig(), do)

    def test_the_removals_of_an_application_are_known(self) -> None:
        """By the intents on record; another application has none of them."""

        async def do(rig: EvidenceRig) -> None:
            log = await rig.log()
            for task, app, key in ((1, "a", "1"), (1, "b", "2"), ("INC-1", "a", "1")):
                await log.append("intent", {"task": task, "app_id": app, "key_id": key})
            known = {key: list(tasks) for key, tasks in (await (await rig.log()).removals("a")).items()}
            assert known == {"1": [1, "INC-1"]}

        with_rig(self.rig(), do)

    def test_a_removal_that_was_refused_for_sure_is_none(self) -> None:
        """Its answer on record says so; one whose reply was lost may have taken."""

        async def do(rig: EvidenceRig) -> None:
            log = await rig.log()
            for key, answer in (("1", "forbidden"), ("2", "not-done"), ("3", "lost")):
                facts = {"task": 1, "app_id": "a", "key_id": key, "client_request_id": key}
                await log.append("intent", facts)
                await log.append("answer", {**facts, "answer": answer})
            assert dict(await (await rig.log()).removals("a")) == {"3": [1]}

        with_rig(self.rig(), do)

    def test_the_requests_that_were_opened_are_found(self) -> None:
        """By key id, by time and by state, each alone or together, whoever put them on record; nothing else is."""

        async def do(rig: EvidenceRig) -> None:
            log = await rig.log()
            for what, key, state in (
                ("opening", "k1", "sending"),
                ("opened", "k1", "opened"),
                ("opening", "k2", "sending"),
                ("opening", None, "allowed"),
                ("intent", "k1", "sending"),
            ):
                await log.append(what, {"task": 1, "key_id": key, "state": state, "said": '"state":"stopped"'})
            later = await rig.log()
            now = datetime.fromisoformat(str((await later.openings())[0]["at"]))
            hour = timedelta(hours=1)
            looked = [
                await later.openings(key_id="k1"),
                await later.openings(state="sending"),
                await later.openings(state="stopped"),
                await later.openings(since=now + hour),
                await later.openings(key_id="k2", since=now - hour, state="sending"),
            ]
            found = [[(str(one["what"]), one["key_id"]) for one in each] for each in looked]
            assert found == [
                [("opening", "k1"), ("opened", "k1")],
                [("opening", "k1"), ("opening", "k2")],
                [],
                [],
                [("opening", "k2")],
            ]
            assert len(await later.openings()) == 4

        with_rig(self.rig(), do)

    def test_the_latest_results_come_first(self) -> None:
        """So many, and those before a record."""

        async def do(rig: EvidenceRig) -> None:
            log = await rig.log()
            for number in range(5):
                await log.append("result", {"task": number})
                await log.append("step", {"task": number})
            assert [one["task"] for one in await log.recent(2)] == [4, 3]
            assert [one["task"] for one in await log.recent(9, before=4)] == [1, 0]

        with_rig(self.rig(), do)

    def test_the_end_of_a_try_is_found_by_its_id(self) -> None:
        """Of a try that wrote the ticket, and of one that left that to its caller; by the whole id, and no other text."""

        async def do(rig: EvidenceRig) -> None:
            log, other = await rig.log(), await rig.log()
            await log.append("intent", {"task": 1, "attempt": "one"})
            await log.append("result", {"task": 1, "attempt": "one", "reason": '"attempt":"two"'})
            await log.append("step-result", {"task": 0, "attempt": "three"})
            found = [await other.ended(one) for one in ("one", "three")]
            assert [one and (one["what"], one["seq"]) for one in found] == [("result", 1), ("step-result", 2)]
            for unknown in ("", "on", "two", "One", '"', "one\x00", "\ud800", "%", "nobody's"):
                assert await other.ended(unknown) is None

        with_rig(self.rig(), do)

    def test_a_reader_writes_nothing(self) -> None:
        """It is refused, and sees what others record."""

        async def do(rig: EvidenceRig) -> None:
            writer, reader = await rig.log(), await rig.log(read_only=True)
            with pytest.raises(EvidenceBroken):
                await reader.append("step", {"task": 1})
            await writer.append("step", {"task": 1})
            assert (len((await reader.history(1)).records), len(await rig.lines())) == (1, 1)

        with_rig(self.rig(), do)

    @pytest.mark.parametrize("text", ["a\ud800b", "nul \x00 and \n feed", "quote ' \" \\ %s", "é 漢 🙂"])
    def test_any_text_comes_back_as_it_was(self, text: str) -> None:
        """Requesters write what they like."""

        async def do(rig: EvidenceRig) -> None:
            await (await rig.log()).append("result", {"task": 1, "app_name": text})
            (record,) = (await (await rig.log()).history(1)).records
            assert record["app_name"] == text

        with_rig(self.rig(), do)


class LossyEvidenceRig(Protocol):
    """One store that may lose what was acknowledged, opened as often as a test likes."""

    async def log(self) -> LossyEvidence:
        """The view of one process more, on a machine of its own."""
        ...

    async def lose(self, first: int) -> None:
        """Let the store lose every record from that `seq` on, as a failover does."""
        ...


class LossyEvidenceContract(ABC):
    """What every store of evidence does that may lose what was acknowledged."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[LossyEvidenceRig]:
        """An empty store."""

    def test_where_nothing_is_lost_nothing_is_told(self) -> None:
        """Also to a process that has not seen anything yet."""

        async def do(rig: LossyEvidenceRig) -> None:
            log = await rig.log()
            await log.append("step", {"task": 1})
            assert [await log.lost(), await (await rig.log()).lost()] == [None, None]

        with_rig(self.rig(), do)

    def test_who_saw_a_lost_record_stops(self) -> None:
        """It writes nothing and answers nothing, again and again; who did not see it goes on."""

        async def do(rig: LossyEvidenceRig) -> None:
            log, other = await rig.log(), await rig.log()
            await log.append("step", {"task": 1})
            await other.history(1)
            await log.append("step", {"task": 1})
            await rig.lose(1)
            for _ in range(2):
                with pytest.raises(EvidenceBroken, match="records 1 to 1"):
                    await log.append("step", {"task": 1})
                with pytest.raises(EvidenceBroken, match="records 1 to 1"):
                    await log.history(1)
            await other.append("step", {"task": 1})
            assert len((await other.history(1)).records) == 2

        with_rig(self.rig(), do)

    def test_accepted_work_goes_on_with_the_gap_on_record(self) -> None:
        """For every process whose own loss lies in it."""

        async def do(rig: LossyEvidenceRig) -> None:
            log, other = await rig.log(), await rig.log()
            for _ in range(3):
                await log.append("step", {"task": 1})
            await other.history(1)
            await rig.lose(1)
            lost = await log.lost()
            assert lost is not None
            await log.accept(lost, "somebody", "looked into")
            await log.append("step", {"task": 1})
            assert [len((await one.history(1)).records) for one in (log, other)] == [2, 2]
            assert [await one.lost() for one in (log, other)] == [None, None]
            assert await log.verify() == 3

        with_rig(self.rig(), do)


async def _latest(log: EvidenceLog, key: str) -> int | None:
    """The number of the latest record with that key."""
    found: list[int | None] = []

    def look(blast_radius: BlastRadius) -> None:
        record = blast_radius.past.latest(key)
        found.append(record["n"] if record is not None else None)

    await log.ask(look)
    return found[0]


async def _count(log: EvidenceLog) -> int:
    """How many removals were begun, ever."""
    found: list[int] = []
    await log.ask(lambda blast_radius: found.append(len(blast_radius.past.removals_since(EVER))))
    return found[0]
