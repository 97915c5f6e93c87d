"""The directions of imports, held by import-linter with the rules in .importlinter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from house_code import ROOT

LINTER = Path(sys.executable).with_name("lint-imports")


def lint(rules: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter with these rules."""
    return subprocess.run(
        [str(LINTER), "--config", str(rules), "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "src:simulator/src"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_every_rule_is_kept() -> None:
    """The code keeps all contracts of .importlinter."""
    ended = lint(ROOT / ".importlinter")
    assert (0, "0 broken" in ended.stdout) == (ended.returncode, True), ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ("spentkey.core", "spentkey.story"),
        ("spentkey.adapters", "spentkey.bootstrap"),
        ("spentkey.steps", "spentkey.cli"),
    ],
)
def test_an_arrow_the_other_way_would_be_seen(tmp_path: Path, upper: str, lower: str) -> None:
    """Rules turned upside down are broken by the code, so the linter really sees it."""
    rules = tmp_path / "rules"
    rules.write_text(
        "[importlinter]\nroot_package = spentkey\n[importlinter:contract:1]\nname = upside down\ntype = layers\n"
        f"layers =\n    {upper}\n    {lower}\n"
    )
    ended = lint(rules)
    assert (1, "1 broken" in ended.stdout) == (ended.returncode, True), ended.stdout + ended.stderr


def test_a_module_that_does_not_exist_is_no_rule(tmp_path: Path) -> None:
    """A rule about a module that was renamed fails instead of passing without a word."""
    rules = tmp_path / "rules"
    rules.write_text(
        "[importlinter]\nroot_package = spentkey\n[importlinter:contract:1]\nname = gone\ntype = layers\n"
        "layers =\n    spentkey.nobody\n    spentkey.core\n"
    )
    assert lint(rules).returncode == 1


def test_every_package_has_a_place_in_the_direction() -> None:
    """Nothing at the top of the product is left out of the layers, but what anybody may use."""
    layers = (ROOT / ".importlinter").read_text().split("layers =", 1)[1].split("[", 1)[0]
    placed = {name for line in layers.splitlines() for name in line.replace("|", " ").replace(":", " ").split()}
    tops = {f"spentkey.{path.stem}" for path in (ROOT / "src" / "spentkey").iterdir() if path.stem[0] not in "_."}
    assert tops - placed - {"spentkey.py"} == {"spentkey.system"}
