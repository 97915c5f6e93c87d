"""What a check-up says about a state directory in a container."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from support_core import ManualClock

from spentkey.core.finding import Finding, FindingState
from spentkey.settings.surroundings import MARKS
from spentkey.storage.sqlite.check import StateCheck
from spentkey.storage.sqlite.container import Surroundings, lasting

VOLUME = Path("/var/lib/spentkey")
IN_A_JOB = {"AWX_ISOLATED_DATA_DIR": "/runner/artifacts/1"}


def seen(environment: Mapping[str, str] | None = None, *, chosen: bool = True, marked: bool = False) -> Surroundings:
    """Surroundings with those variables, and the mark of a container or not."""
    return Surroundings(environment or {}, chosen, exists=lambda path: marked and path == MARKS[0])


def told(finding: Finding | None) -> tuple[FindingState, str]:
    """Whether it warns, and of what."""
    assert finding is not None
    return finding.state, finding.message


@pytest.mark.parametrize("chosen", [True, False])
def test_outside_of_containers_nothing_is_said(*, chosen: bool) -> None:
    """A machine keeps its default state directory."""
    assert lasting(VOLUME, seen(chosen=chosen)) is None


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        (IN_A_JOB, "a job of Automation Platform"),
        ({"AWX_PRIVATE_DATA_DIR": "/x"}, "a job of Automation Platform"),
        ({"LAUNCHED_BY_RUNNER": "1"}, "an execution environment"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "a pod"),
        ({"container": "podman"}, "a container"),
    ],
)
def test_the_default_directory_ends_with_a_container(environment: dict[str, str], kind: str) -> None:
    """Each sign of a container fails, and the mend says what cannot be shared."""
    finding = lasting(Path("/runner/.local/state/spentkey"), seen(environment, chosen=False))
    message = f"this is {kind}, and state.directory is not set: evidence, limits and locks end with it"
    assert told(finding) == (FindingState.FAIL, message)
    assert finding is not None
    assert "cannot share limits, locks and evidence" in finding.fix


def test_the_file_that_marks_a_container_counts_too() -> None:
    """Docker sets no variable, but leaves a file."""
    assert told(lasting(VOLUME, seen(marked=True, chosen=False)))[0] == FindingState.FAIL


@pytest.mark.parametrize("directory", [Path("/runner"), Path("/runner/state")])
def test_the_folder_of_one_job_ends_with_it_though_it_was_chosen(directory: Path) -> None:
    """Automation Platform throws it away after the job."""
    state, message = told(lasting(directory, seen(IN_A_JOB)))
    assert (state, "/runner is its own folder" in message) == (FindingState.WARN, True)


@pytest.mark.parametrize(
    ("directory", "environment"),
    [(VOLUME, IN_A_JOB), (Path("/runner/state"), {"container": "podman"}), (Path("/runners"), IN_A_JOB)],
)
def test_another_directory_that_somebody_chose_is_theirs(directory: Path, environment: dict[str, str]) -> None:
    """What is mounted where is not guessed, and a machine may be a container too."""
    assert lasting(directory, seen(environment)) is None


async def findings(directory: Path, surroundings: Surroundings) -> list[tuple[str, FindingState]]:
    """What the check-up of the state directory says, by what it looked at."""
    check = StateCheck(directory, ManualClock(), surroundings)
    return [(one.what.split(" /")[0], one.state) async for one in check.findings()]


async def test_the_check_up_says_it_between_directory_and_evidence(tmp_path: Path) -> None:
    """One line more, and only where it ends with it."""
    plain = [("directory", FindingState.OK), ("evidence", FindingState.OK), ("database", FindingState.OK)]
    assert await findings(tmp_path, Surroundings(IN_A_JOB, chosen=True)) == plain
    assert await findings(tmp_path, Surroundings(IN_A_JOB, chosen=False)) == [
        plain[0],
        ("outlives the container", FindingState.FAIL),
        *plain[1:],
    ]
