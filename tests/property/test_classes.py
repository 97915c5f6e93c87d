"""The campaign of classes in short, and its judge by itself."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from any_lapsed import disagreements

from spentkey.core.classified import Classified, CredentialClass
from spentkey.core.credential import Credential, Kind, Target, TargetKind
from spentkey.core.listed import ListedObject
from spentkey.core.planned import Action, Planned
from spentkey.core.reason import reason_for

REASON = reason_for("protected")
SECRET = Credential("k", Kind.SECRET, None, None, "{}")
HOLDER = ListedObject(Target(TargetKind.APPLICATION, "o", "a", "Sales", (SECRET,)))
PROTECTED = Classified("production", HOLDER, SECRET, CredentialClass.PROTECTED, REASON, None, None, "G6")


@pytest.mark.parametrize("cases", [8, pytest.param(200, marks=pytest.mark.long)])
def test_what_scan_calls_a_credential_is_what_a_run_does_with_it(cases: int) -> None:
    """Each credential of any tenant is asked for: the removable ones go, the others are refused by the guard that scan names."""
    program = [sys.executable, str(Path(__file__).with_name("campaign_classes.py"))]
    environment = {**os.environ, "CASES": str(cases), "SEED": "500"}
    ended = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{cases} worlds (seeds 500 to {499 + cases}), {cases} held" in ended.stdout
    assert all(f" {klass}\n" in ended.stdout for klass in ("removable", "live", "expiring", "doubtful", "on-principal"))


def planned(action: Action, guard: str | None, reason: str) -> Planned:
    """A dry run that came to that."""
    result: Any = SimpleNamespace(guard=guard, reason=reason_for(reason))
    return Planned(action, result)


@pytest.mark.parametrize(
    ("action", "guard", "reason", "found"),
    [
        (Action.HAND_OFF, "G6", "protected", []),
        (Action.HAND_OFF, "G4", "protected", ["another guard"]),
        (Action.HAND_OFF, "G6", "something else", ["another reason"]),
        (Action.REMOVE, "G6", "protected", ["not what is removed"]),
    ],
)
def test_the_judge_sees_a_class_that_a_run_does_not_share(
    action: Action, guard: str | None, reason: str, found: list[str]
) -> None:
    """By guard, by reason, and by what becomes of the credential."""
    wrong = disagreements(PROTECTED, planned(action, guard, reason))
    assert [text.partition(":")[0] for text in wrong] == found


def test_the_judge_sees_what_is_removable_and_stays() -> None:
    """A secret that scan would let people ask for, and that no run removes."""
    removable = replace(PROTECTED, klass=CredentialClass.REMOVABLE, guard=None)
    wrong = disagreements(removable, planned(Action.HAND_OFF, None, "no signer"))
    assert [text.partition(":")[0] for text in wrong] == ["not what is removed"]
