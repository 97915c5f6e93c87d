"""What another process of the same account sees of one at work: root everything, others nothing of one that is not dumpable."""

import os
from pathlib import Path


def environment_seen(pid: int) -> str:
    """The environment of a process; empty where the system keeps it to root."""
    try:
        return Path(f"/proc/{pid}/environ").read_text()
    except PermissionError:
        assert os.geteuid() != 0
        return ""


def files_seen(pid: int) -> list[str]:
    """What it has open; empty where the system keeps that to root."""
    try:
        return [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()]
    except PermissionError:
        assert os.geteuid() != 0
        return []
