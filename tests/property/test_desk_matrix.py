"""What real desks do, each alone here and in pairs in the long form: one note, one write, and warnings where they belong."""

import asyncio
from collections.abc import Iterable

import pytest
from desk_matrix import CLOSE, HAND_OVER, SWITCHES, Combination, DeskMatrix, expected_warnings, pairs, singles
from in_memory import Event, in_memory
from worlds import world

STORIES = (CLOSE, HAND_OVER)
LONGEST_STORY = 45
"""More requests than a story of one secret makes."""


def played(combinations: Iterable[Combination], stories: Iterable[str] = STORIES) -> list[str]:
    """What does not hold in any of them."""

    async def all_of_them() -> list[str]:
        async with in_memory(world()) as sim:
            return [
                one
                for names in combinations
                for story in stories
                for one in await DeskMatrix(sim, names, story).wrong()
            ]

    return asyncio.run(all_of_them())


def killed(names: Combination, story: str, step: int) -> list[str]:
    """The same with a death at every so many requests, before and after it took effect."""

    async def all_of_them() -> list[str]:
        found: list[str] = []
        async with in_memory(world()) as sim:
            for nth in range(1, LONGEST_STORY, step):
                for before in (True, False):
                    wrong = await DeskMatrix(sim, names, story).wrong(Event(nth, before))
                    found += [f"died at request {nth}, {before=}: {one}" for one in wrong]
        return found

    return asyncio.run(all_of_them())


def test_whatever_a_desk_does_a_task_ends_with_one_note_and_one_write() -> None:
    """Closed with the removal proven, or handed over; the rerun changes nothing; the warnings are those expected."""
    assert played(singles()) == []


@pytest.mark.long
def test_whatever_two_things_a_desk_does_a_task_ends_the_same() -> None:
    """Every pair of switches."""
    assert played(pairs()) == []


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("names", [("minutes computed", "status moved on"), ("note cut",)])
def test_a_death_anywhere_makes_no_second_note(names: Combination, story: str) -> None:
    """Though nothing shows as it was written."""
    assert killed(names, story, 6) == []


@pytest.mark.long
@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("name", SWITCHES)
def test_a_death_at_every_request_makes_no_second_note(name: str, story: str) -> None:
    """The same for every switch and every moment."""
    assert killed((name,), story, 1) == []


def test_what_is_not_written_is_not_expected_to_come_out_otherwise() -> None:
    """The matrix knows which switches cover one another."""
    assert expected_warnings(("owner by name", "owner refused"), CLOSE) == 0
    assert expected_warnings(("owner by name", "note cut"), CLOSE) == 2
    assert expected_warnings(("owner by name", "note cut"), HAND_OVER) == 1
