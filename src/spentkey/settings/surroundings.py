"""What this process can see of where it runs: whether in a container, and on what kind of file system a file lies."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
"""Files that Docker and Podman put into each container."""
JOB = "a job of Automation Platform"
VARIABLES = {
    "AWX_ISOLATED_DATA_DIR": JOB,
    "AWX_PRIVATE_DATA_DIR": JOB,
    "LAUNCHED_BY_RUNNER": "an execution environment",
    "KUBERNETES_SERVICE_HOST": "a pod",
    "container": "a container",
}
"""Variables that stand in the environment of jobs and containers, and what they mean."""
MOUNTS = Path("/proc/self/mountinfo")
MEMORY = frozenset({"tmpfs", "ramfs"})
"""File systems that are in memory: what is on them ends with the machine or the container."""


@dataclass(frozen=True)
class ProcessView:
    """Who this process is, what stands in its environment, and where the kernel lists mounts."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    me: int = field(default_factory=os.geteuid)
    mounts: Path = MOUNTS


def container(environment: Mapping[str, str], exists: Callable[[Path], bool] = Path.exists) -> str | None:
    """What kind of container this is; None where nothing says that it is one."""
    for name, kind in VARIABLES.items():
        if environment.get(name):
            return kind
    return "a container" if any(exists(mark) for mark in MARKS) else None


def kind_of(path: Path, mounts: Path = MOUNTS) -> str:
    """The kind of the file system, empty where the kernel does not say (proc_pid_mountinfo(5))."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    real, kind, depth = path.resolve(), "", -1
    for line in lines:
        before, _, after = line.partition(" - ")
        mounted = Path(_unescaped(before.split(" ")[4]))
        if real.is_relative_to(mounted) and len(mounted.parts) >= depth:  # of two on one folder the later one counts
            kind, depth = after.split(" ")[0], len(mounted.parts)
    return kind


def _unescaped(text: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
