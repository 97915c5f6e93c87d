"""What the figures were measured on, without names of hosts or people."""

import os
import platform
from pathlib import Path


def description() -> str:
    """Processor, cores, memory, system and Python in one line."""
    system = _field(Path("/etc/os-release"), "PRETTY_NAME", "=").strip('"') or platform.system()
    processor = _field(Path("/proc/cpuinfo"), "model name", ":") or platform.machine()
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{processor}, {os.cpu_count()} cores, {gib:.0f} GiB, {system}, Python {platform.python_version()}"


def _field(file: Path, name: str, separator: str) -> str:
    """The value of the first line with that name; empty where there is none."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(separator)[2].strip() for line in lines if line.startswith(name)), "")
