"""`spentkey check` says where the child process that opens PFX files cannot work, and is silent where it can."""

import sys
from collections.abc import Sequence

import pytest

from spentkey.adapters.pfx_child.check import PfxCheck
from spentkey.adapters.pfx_child.opener import PfxInChild
from spentkey.core.finding import Finding, FindingState


async def found(program: Sequence[str] | None) -> list[Finding]:
    """The findings with that program as the child."""
    return [one async for one in PfxCheck(PfxInChild(seconds=20, program=program)).findings()]


async def test_a_child_that_works_is_no_finding() -> None:
    """Nothing needs to be done."""
    assert await found(None) == []


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (["/nonexistent/python"], "cannot be started (No such file or directory)"),
        ([sys.executable, "-c", "import nothing_of_that_name"], "does not answer"),
    ],
)
async def test_one_that_does_not_work_fails_the_check(program: list[str], message: str) -> None:
    """With the line that mends it."""
    (finding,) = await found(program)
    assert finding.state is FindingState.FAIL
    assert message in finding.message
    assert "prlimit64" in finding.fix
