"""An export has its name only once it is on record."""

from pathlib import Path
from typing import Any

import pytest
from support_settings import load

from spentkey.bootstrap.exports import export_to
from spentkey.bootstrap.storage import storage_for
from spentkey.core.errors import EvidenceBroken
from spentkey.ports.evidence_tree import Filters
from spentkey.system import SystemClock


def untold(done: int, of: int) -> None:
    """Nobody waits."""
    del done, of


@pytest.mark.parametrize("holds", [True, False], ids=["on-record", "not-on-record"])
async def test_what_cannot_be_put_on_record_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, holds: bool
) -> None:
    """Neither under its name nor half written."""
    settings, clock, file = load(tmp_path, {"state.directory": "state"}), SystemClock(), tmp_path / "out" / "a.zip"
    file.parent.mkdir()
    async with storage_for(settings, clock) as storage:
        await storage.evidence.append("paused", {"who": "ops", "why": "x"})
        append = storage.evidence.append

        async def refused(what: str, facts: dict[str, Any]) -> None:
            if what == "exported" and not holds:
                raise EvidenceBroken("the disk is full")
            await append(what, facts)

        monkeypatch.setattr(storage.evidence, "append", refused)
        if holds:
            await export_to(file, Filters(), "ops", settings, storage, clock, untold)
        else:
            with pytest.raises(EvidenceBroken, match="full"):
                await export_to(file, Filters(), "ops", settings, storage, clock, untold)
    assert [one.name for one in file.parent.iterdir()] == (["a.zip"] if holds else [])
