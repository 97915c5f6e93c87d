"""The machine itself: how many files a process may open."""

import resource
from collections.abc import Iterator

import pytest

from spentkey.system import allow_many_files


@pytest.fixture
def hard() -> Iterator[int]:
    """A process that begins with leave for 1,024 files, as many systems have it; afterwards the limit is as it was."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_more_files_are_allowed_when_the_machine_allows_them(hard: int) -> None:
    """Up to what was asked for, and never beyond what the machine allows."""
    allow_many_files(2000)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (
        2000 if hard == resource.RLIM_INFINITY else min(2000, hard),
        hard,
    )


def test_a_higher_limit_stays(hard: int) -> None:
    """Nothing is taken away."""
    allow_many_files(100)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1024, hard)
