"""The suite for locks (guard G9)."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import pytest

from spentkey.core.errors import Busy
from spentkey.core.task import TaskRef
from spentkey.ports.locks import Locks
from spentkey.testing.running import with_rig

APP, OTHER = "22222222-2222-4222-8222-222222222222", "22222222-2222-4222-8222-333333333333"
TASK = TaskRef("INC-1")


class LocksRig(Protocol):
    """Locks of several processes that share them; they wait for at most a second, and ask for no pause."""

    async def locks(self) -> Locks:
        """Those of one process more."""
        ...


class LocksContract(ABC):
    """What every kind of lock does."""

    @abstractmethod
    def rig(self) -> AbstractAsyncContextManager[LocksRig]:
        """Nothing is locked."""

    @pytest.mark.parametrize("what", ["task", "application", "canary", "opening"])
    def test_two_in_one_process_hold_it_one_after_the_other(self, what: str) -> None:
        """The second waits until the first is done."""

        async def do(rig: LocksRig) -> None:
            locks, seen = await rig.locks(), list[str]()

            async def hold(name: str) -> None:
                async with _lock(locks, what):
                    seen.append(f"{name} begins")
                    await asyncio.sleep(0)  # let the other try
                    seen.append(f"{name} ends")

            await asyncio.gather(hold("one"), hold("two"))
            assert seen == ["one begins", "one ends", "two begins", "two ends"]

        with_rig(self.rig(), do)

    @pytest.mark.parametrize("what", ["task", "application", "canary", "opening"])
    def test_another_process_is_told_that_it_is_busy(self, what: str) -> None:
        """After its patience; once the holder is done it gets the lock."""

        async def do(rig: LocksRig) -> None:
            one, other = await rig.locks(), await rig.locks()
            async with _lock(one, what):
                with pytest.raises(Busy):
                    async with _lock(other, what):
                        raise AssertionError("two hold it")
            async with _lock(other, what):
                pass

        with_rig(self.rig(), do)

    def test_a_holder_that_fails_releases_it(self) -> None:
        """Whatever went wrong in between."""

        async def do(rig: LocksRig) -> None:
            one, other = await rig.locks(), await rig.locks()
            with pytest.raises(LookupError):
                async with one.task(TASK):
                    raise LookupError
            async with other.task(TASK):
                pass

        with_rig(self.rig(), do)

    def test_different_things_do_not_wait_for_one_another(self) -> None:
        """Another task, another application, a task beside an application; a canary's tenant and route go together; two openings."""

        async def do(rig: LocksRig) -> None:
            one, other = await rig.locks(), await rig.locks()
            async with (
                one.task(TASK),
                other.task(TaskRef("INC-2")),
                one.application(APP),
                other.application(OTHER),
                one.canary("a", "removeKey"),
                other.canary("b", "removeKey"),
                other.canary("a", "removePassword"),
                one.opening("a/1"),
                other.opening("a/2"),
            ):
                pass

        with_rig(self.rig(), do)

    def test_any_reference_can_be_locked(self) -> None:
        """Also one that could not be the name of a file."""

        async def do(rig: LocksRig) -> None:
            one, other = await rig.locks(), await rig.locks()
            async with one.task(TaskRef("../a b/ü")):
                with pytest.raises(Busy):
                    async with other.task(TaskRef("../a b/ü")):
                        raise AssertionError("two hold it")

        with_rig(self.rig(), do)


def _lock(locks: Locks, what: str) -> AbstractAsyncContextManager[None]:
    if what == "opening":
        return locks.opening("the tenant / ü/1/2")
    if what == "canary":
        return locks.canary("the tenant / ü", "removeKey")
    return locks.task(TASK) if what == "task" else locks.application(APP)
