"""PFX files are opened by the child process alone: whoever makes one decides what that costs."""

import ast
from pathlib import Path

import pytest

import spentkey

SOURCE = Path(spentkey.__file__).parent
ALLOWED = {"core/pfx.py", "adapters/pfx_child/answering.py"}
OPENS = {"read_pfx", "pkcs12"}


def opening(text: str) -> set[str]:
    """The names by which a module could open a PFX itself."""
    imported = [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.ImportFrom)]
    return {name.name for one in imported for name in one.names} & OPENS


def test_nothing_but_the_child_opens_a_pfx() -> None:
    """Everybody else asks the port `PfxOpener`, for files of the vault, of the settings and of callers alike."""
    files = {str(file.relative_to(SOURCE)): file.read_text("utf-8") for file in SOURCE.rglob("*.py")}
    assert {name for name, text in files.items() if opening(text)} == ALLOWED


@pytest.mark.parametrize("name", sorted(OPENS))
def test_an_opening_is_seen(name: str) -> None:
    """Wherever the import stands."""
    assert opening(f"def open():\n    from somewhere import {name} as other\n") == {name}
