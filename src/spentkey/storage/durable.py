"""What makes a file outlive a power cut under its name."""

import os
from pathlib import Path


def flush_names(directory: Path) -> None:
    """Flush a directory, so that new, renamed and removed names in it are on the disk; raises `OSError`."""
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
