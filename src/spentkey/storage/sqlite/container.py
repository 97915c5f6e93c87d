"""Whether the state directory outlives the container that this process may run in, as far as that can be seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spentkey.core.errors import Misconfigured
from spentkey.core.finding import Finding, FindingState
from spentkey.settings.schema import Settings
from spentkey.settings.surroundings import JOB, container

SYSTEM = "state"
WHAT = "outlives the container"
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
        return container(self.environment, self.exists)


def refuse_to_forget(settings: Settings, environment: Mapping[str, str]) -> None:
    """Raise `Misconfigured` in a job or container where nobody chose what outlives it: limits would count for it alone."""
    seen = Surroundings(environment, settings.state.directory is not None)
    kind = seen.container()
    if kind is not None and not seen.chosen:
        raise Misconfigured(
            f"state.directory: this is {kind}, and neither state.directory nor engine.database_url is set: evidence, limits "
            f"and locks would end with it; {FIX}"
        )


def lasting(directory: Path, seen: Surroundings) -> Finding | None:
    """What is wrong with a state directory that ends with a container; nothing where there is no reason to say it."""
    kind = seen.container()
    if kind is None:
        return None
    if not seen.chosen:
        message = f"this is {kind}, and state.directory is not set: evidence, limits and locks end with it"
        return Finding(SYSTEM, WHAT, FindingState.FAIL, message, FIX)
    if directory.is_relative_to(RUNNER) and kind == JOB:
        message = f"this is {kind}, and {RUNNER} is its own folder: evidence, limits and locks end with it"
        return Finding(SYSTEM, WHAT, FindingState.WARN, message, FIX)
    return None  # whoever chose it knows what is mounted there; a machine may be a container too
