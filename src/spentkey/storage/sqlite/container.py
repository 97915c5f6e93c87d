"""Whether the state directory outlives the container that this process may run in, as far as that can be seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spentkey.core.finding import Finding, FindingState

SYSTEM = "state"
WHAT = "outlives the container"
MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
"""Files that Docker and Podman put into each container."""
VARIABLES = {
    "AWX_ISOLATED_DATA_DIR": "a job of Automation Platform",
    "AWX_PRIVATE_DATA_DIR": "a job of Automation Platform",
    "LAUNCHED_BY_RUNNER": "an execution environment",
    "KUBERNETES_SERVICE_HOST": "a pod",
    "container": "a container",
}
"""Variables that stand in the environment of jobs and containers, and what they mean."""
RUNNER = Path("/runner")
"""The folder of one job, in Automation Platform: it is thrown away after it."""
FIX = (
    "mount a directory that all containers share and set state.directory to it, or set engine.database_url to a "
    "PostgreSQL that all of them reach; several containers with neither cannot share limits, locks and evidence"
)


@dataclass(frozen=True)
class Surroundings:
    """What this process can see of where it runs, and whether the state directory was configured."""

    environment: Mapping[str, str]
    chosen: bool
    exists: Callable[[Path], bool] = Path.exists

    def container(self) -> str | None:
        """What kind of container this is; None where nothing says that it is one."""
        for name, kind in VARIABLES.items():
            if self.environment.get(name):
                return kind
        return "a container" if any(self.exists(mark) for mark in MARKS) else None


def lasting(directory: Path, seen: Surroundings) -> Finding | None:
    """A warning about a state directory that ends with a container; nothing where there is no reason for one."""
    kind = seen.container()
    if kind is None:
        return None
    if not seen.chosen:
        message = f"this is {kind}, and state.directory is not set: evidence, limits and locks end with it"
    elif directory.is_relative_to(RUNNER) and kind == VARIABLES["AWX_ISOLATED_DATA_DIR"]:
        message = f"this is {kind}, and {RUNNER} is its own folder: evidence, limits and locks end with it"
    else:
        return None  # whoever chose it knows what is mounted there; a machine may be a container too
    return Finding(SYSTEM, WHAT, FindingState.WARN, message, FIX)
