"""Run a program under the system-call filter of a unit: `python under_filter.py UNIT PROGRAM ARGUMENT…`.

The groups of systemd come from `systemd-analyze syscall-filter`, the filter is made by libseccomp, as systemd makes it.
"""

import ctypes
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EPERM = 1
NO_NEW_PRIVILEGES = 38


def lines(unit: str) -> list[str]:
    """The values of SystemCallFilter, in their order."""
    key = "SystemCallFilter="
    return [one.removeprefix(key) for one in unit.splitlines() if one.startswith(key)]


@cache
def members(name: str) -> frozenset[str]:
    """The calls of a group, with those of its groups; a call is itself."""
    if not name.startswith("@"):
        return frozenset({name})
    ended = subprocess.run(
        ["systemd-analyze", "syscall-filter", name],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    inside = [text for one in ended.stdout.splitlines()[1:] if (text := one.strip()) and not text.startswith("#")]
    return frozenset[str]().union(*(members(one) for one in inside))


def allowed(unit: str) -> frozenset[str]:
    """The calls that a unit allows: the first line allows, a later one takes away (~) or adds."""
    found = members("@default")
    for value in lines(unit):
        named = frozenset[str]().union(*(members(one) for one in value.removeprefix("~").split()))
        found = found - (named - members("@default")) if value.startswith("~") else found | named
    return found


def filter_this_process(calls: Sequence[str]) -> None:
    """From here on every other call is answered with EPERM, in this process and all that it starts."""
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    made = ctypes.c_void_p(seccomp.seccomp_init(ERRNO | EPERM))
    for call in calls:
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:
            seccomp.seccomp_rule_add(made, ALLOW, number, 0)
    ctypes.CDLL(None).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if seccomp.seccomp_load(made) != 0:
        raise OSError("the filter cannot be loaded")


if __name__ == "__main__":
    filter_this_process(sorted(allowed(Path(sys.argv[1]).read_text("utf-8"))))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606
