"""The alert rules for Prometheus, judged by its own tool where that is installed."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

FILE = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.yaml"
PROMTOOL = shutil.which("promtool")
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(FILE.read_text("utf-8"))["groups"] for rule in group["rules"]
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_what_to_do(rule: dict[str, Any]) -> None:
    """A name of ours, a condition, and a sentence for whoever is woken up."""
    assert set(rule) == {"alert", "expr", "annotations"}
    assert rule["alert"].startswith("Spentkey")
    assert len(rule["annotations"]["summary"]) > 20


def test_no_rule_stands_twice() -> None:
    """By its name, and by its condition."""
    assert len({rule["alert"] for rule in RULES}) == len({rule["expr"] for rule in RULES}) == len(RULES)


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed: apt-get install prometheus")
def test_prometheus_takes_the_rules(tmp_path: Path) -> None:
    """And it refuses a rule whose condition it cannot read."""
    assert check(FILE).returncode == 0
    torn = tmp_path / "torn.yaml"
    torn.write_text(FILE.read_text("utf-8").replace("spentkey_stopped == 1", "spentkey_stopped === 1"), "utf-8")
    assert check(torn).returncode != 0


def check(file: Path) -> subprocess.CompletedProcess[str]:
    """What promtool says of a file of rules."""
    return subprocess.run([str(PROMTOOL), "check", "rules", str(file)], capture_output=True, text=True, check=False)
