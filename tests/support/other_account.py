"""Being another account for a while: what a process that is not root may read, and whose files it believes."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
"""For tests that need it."""


@contextmanager
def other_account() -> Generator[None]:
    """Be nobody in here, as far as files are concerned."""
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def public_folder() -> Generator[Path]:
    """An empty folder that everybody may enter; those of pytest belong to whoever runs it."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
