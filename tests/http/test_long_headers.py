"""Answers with one very long header, as a web server or a firewall in front of it sends them."""

from pathlib import Path

import pytest
from lying_server import Answer, lying
from real_simulator import QuickClock, RealSimulator

from spentkey.core.errors import Outage
from spentkey.http.client import HttpClient
from spentkey.http.sessions import open_session
from spentkey.http.tls import trust


async def status_of(sim: RealSimulator, folder: Path, length: int) -> int:
    """The status of an answer with a header of that length."""
    reply: Answer = (200, {}, {"Content-Security-Policy": "x" * length})
    async with lying(sim, folder, {"/long": reply}) as liar, open_session(trust(liar.ca_file)) as session:
        return (await HttpClient("Ivanti", liar.url, session, QuickClock(), lambda: 0.5).read("/long")).status


@pytest.mark.parametrize("length", [8_000, 12_000, 60_000])
async def test_a_long_header_is_read(sim: RealSimulator, tmp_path: Path, length: int) -> None:
    """A content security policy of a portal has some 10,000 bytes."""
    assert await status_of(sim, tmp_path, length) == 200


async def test_a_header_without_end_is_an_outage_in_one_line(sim: RealSimulator, tmp_path: Path) -> None:
    """Nothing of it is repeated."""
    with pytest.raises(Outage) as away:
        await status_of(sim, tmp_path, 70_000)
    assert str(away.value) == "Ivanti did not answer (a header of its answer is too long)"
