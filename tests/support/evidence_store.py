"""The evidence in a state directory, as tests read and change it: the one file that knows how one machine keeps it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spentkey.ports.evidence import EvidenceLog
from spentkey.storage.files.evidence import FILE, JsonLinesEvidence
from spentkey.system import SystemClock


def evidence_in(state: Path) -> EvidenceLog:
    """What a process would append to."""
    return JsonLinesEvidence(state, SystemClock())


def lines_in(state: Path) -> list[str]:
    """The complete lines, oldest first; none where nothing was ever recorded."""
    file = state / FILE
    return file.read_bytes().decode("utf-8").split("\n")[:-1] if file.exists() else []


def records_in(state: Path) -> list[dict[str, Any]]:
    """The records, oldest first."""
    return [json.loads(line) for line in lines_in(state)]


def put_lines(state: Path, lines: Sequence[str]) -> None:
    """Let there be these lines, whatever was there before, as somebody might who wants another past."""
    state.mkdir(mode=0o700, exist_ok=True)
    (state / FILE).write_text("".join(f"{line}\n" for line in lines), "utf-8")


def snapshot(state: Path) -> tuple[bytes, int]:
    """The content and the time of the last change: equal where nothing was written meanwhile."""
    file = state / FILE
    return file.read_bytes(), file.stat().st_mtime_ns
