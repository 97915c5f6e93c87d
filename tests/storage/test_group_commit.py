"""What comes while something is being written goes with the next, and each learns how its own ended."""

import asyncio
from collections.abc import Sequence

import pytest

from spentkey.storage.group_commit import MOST, Ends, GroupCommit


class Disk:
    """Takes groups of numbers, each only when it is let; a number below 0 is refused."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.let = asyncio.Event()
        self.broken = False

    async def write(self, items: Sequence[int]) -> Ends:
        """Take one group."""
        self.groups.append(list(items))
        await self.let.wait()
        if self.broken:
            raise OSError("no disk")
        return [ValueError(str(item)) if item < 0 else None for item in items]


async def begun(together: GroupCommit[int], *items: int) -> list[asyncio.Task[None]]:
    """Add items, and come back when nothing more happens by itself."""
    adding = [asyncio.create_task(together.add(item)) for item in items]
    for _ in range(5):
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    return adding


async def test_what_comes_meanwhile_goes_together() -> None:
    """The first goes alone; those that came while it was written make the next group, in their order."""
    disk = Disk()
    together = GroupCommit[int](disk.write)
    adding = [*await begun(together, 1), *await begun(together, 2, 3, 4)]
    disk.let.set()
    await asyncio.gather(*adding)
    assert disk.groups == [[1], [2, 3, 4]]


async def test_nobody_is_told_before_it_is_written() -> None:
    """Whoever adds waits for the disk."""
    disk = Disk()
    adding = await begun(GroupCommit[int](disk.write), 1, 2)
    assert [one.done() for one in adding] == [False, False]
    disk.let.set()
    await asyncio.gather(*adding)


async def test_one_that_is_refused_does_not_spoil_the_others() -> None:
    """Each learns its own end."""
    disk = Disk()
    disk.let.set()
    ends = await asyncio.gather(*await begun(GroupCommit[int](disk.write), 1, -2, 3), return_exceptions=True)
    assert [str(end) for end in ends] == ["None", "-2", "None"]


async def test_a_disk_that_fails_is_everybodys_problem() -> None:
    """Nobody in the group takes what was not written for written, and the next group is tried anew."""
    disk = Disk()
    disk.let.set()
    disk.broken = True
    together = GroupCommit[int](disk.write)
    ends = await asyncio.gather(*await begun(together, 1, 2), return_exceptions=True)
    disk.broken = False
    await together.add(3)
    assert ([type(end) for end in ends], disk.groups[-1]) == ([OSError, OSError], [3])


async def test_one_that_is_given_up_does_not_hold_up_the_others() -> None:
    """Whoever stops waiting leaves the rest of its group as it is."""
    disk = Disk()
    together = GroupCommit[int](disk.write)
    first, second = await begun(together, 1, 2)
    first.cancel()
    disk.let.set()
    await second
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_group_is_not_without_end() -> None:
    """However many wait, so many go at once."""
    disk = Disk()
    together = GroupCommit[int](disk.write)
    adding = await begun(together, *range(2 * MOST + 10))
    disk.let.set()
    await asyncio.gather(*adding)
    assert max(len(group) for group in disk.groups) == MOST
