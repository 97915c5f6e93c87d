"""Where a campaign works: a folder that is gone afterwards, or with `KEEP=FOLDER` in the environment one that stays."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import supervisor


@contextmanager
def campaign_folder(*, fast: bool) -> Generator[Path]:
    """An empty folder; one that stays is there for whoever wants to look at it, or to search it for secrets."""
    kept = os.environ.get("KEEP")
    if kept:
        Path(kept).mkdir(parents=True)
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory(dir=supervisor.folder() if fast else None) as folder:
        yield Path(folder)
