"""A removal that was sent: what may have taken is a reply that was lost, and every error says that nothing was done."""

from typing import Any, cast

import pytest
from support_core import KEY_ID, application, secret

from spentkey.adapters.entra.client import EntraDirectory
from spentkey.core.errors import Outage
from spentkey.core.secret import Secret
from spentkey.http.client import Redirected, ReplyLost
from spentkey.ports.directory import Answer


class Tokens:
    """Always has one."""

    async def token(self) -> Secret:
        """The token."""
        return Secret("t")


class Broken:
    """An HTTP client whose every write ends so."""

    def __init__(self, problem: Exception) -> None:
        self.problem = problem

    async def write(self, *_: object, **__: object) -> None:
        """Fail."""
        raise self.problem


def directory(problem: Exception) -> EntraDirectory:
    """A directory that can only fail to write."""
    anything = cast("Any", None)
    return EntraDirectory(
        cast("Any", Broken(problem)), cast("Any", Tokens()), anything, anything, anything, anything, anything, anything
    )


@pytest.mark.parametrize("problem", [ReplyLost("no reply"), Redirected("answered with a redirect")])
async def test_what_does_not_say_whether_it_took_is_a_lost_reply(problem: Exception) -> None:
    """So that reads decide."""
    reply = await directory(problem).remove_secret(application(secret()), KEY_ID, "id")
    assert (reply.answer, str(problem) in reply.detail) == (Answer.LOST, True)


async def test_an_error_comes_out_as_it_is() -> None:
    """Nothing was done, and whoever asked knows why."""
    with pytest.raises(Outage, match="answered 429"):
        await directory(Outage("Microsoft Graph answered 429")).remove_secret(application(secret()), KEY_ID, "id")
