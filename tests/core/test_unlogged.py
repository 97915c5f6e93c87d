"""What packages log of our calls is dropped, and what they log of others' stays, in the same moment."""

import asyncio
import logging
import threading

import pytest

from spentkey.core.unlogged import unlogged

NAME = "some.package"


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged at all."""
    caplog.set_level(logging.DEBUG)
    return caplog


def say(word: str, name: str = NAME) -> None:
    """What the package does."""
    logging.getLogger(name).warning("failed: %s", word)


def words(heard: pytest.LogCaptureFixture) -> list[str]:
    """What came through."""
    return [record.getMessage().removeprefix("failed: ") for record in heard.records]


def test_inside_nothing_is_heard_and_afterwards_all_is_as_before(heard: pytest.LogCaptureFixture) -> None:
    """The filter is gone with the last of those who needed it, also after an error."""
    with unlogged(NAME):
        with unlogged(NAME):
            say("inner")
        say("outer")
    with pytest.raises(ValueError, match="bug"), unlogged(NAME):
        raise ValueError("bug")
    say("after")
    assert (words(heard), logging.getLogger(NAME).filters) == (["after"], [])


def test_another_name_is_heard(heard: pytest.LogCaptureFixture) -> None:
    """A filter is for exactly one logger."""
    with unlogged(NAME):
        say("other", "some.package.part")
    assert words(heard) == ["other"]


def test_another_thread_of_the_host_is_heard(heard: pytest.LogCaptureFixture) -> None:
    """Its own calls of the same package go on to be logged."""
    with unlogged(NAME):
        thread = threading.Thread(target=say, args=("host",))
        thread.start()
        thread.join()
    assert words(heard) == ["host"]


async def test_a_task_that_is_started_inside_is_not_heard_and_one_from_before_is(
    heard: pytest.LogCaptureFixture,
) -> None:
    """A pool's workers are started when it opens; a task of somebody else runs meanwhile."""
    go = asyncio.Event()

    async def later(word: str) -> None:
        await go.wait()
        say(word)

    before = asyncio.create_task(later("before"))
    with unlogged(NAME):
        inside = asyncio.create_task(later("inside"))
        go.set()
        await asyncio.gather(before, inside)
    assert words(heard) == ["before"]
