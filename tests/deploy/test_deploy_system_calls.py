"""The child process that opens PFX files works under the system-call filter of the units, and its limits hold there."""

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from deploy_files import DEPLOY

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SUPPORT = Path(__file__).parents[1] / "support"
OPENS = """
import asyncio, resource
from spentkey.adapters.pfx_child.opener import PfxInChild
from spentkey.adapters.process_memory import keep_memory_to_itself
from spentkey.core.secret import Secret
from support_pfx import vector
async def passwords():
    yield Secret("wrong")
    yield Secret("vector")
keep_memory_to_itself()
opened = asyncio.run(PfxInChild().open("a.pfx", vector("modern"), passwords(), None))
print(len(getattr(opened, "pairs", [])), resource.getrlimit(resource.RLIMIT_CORE))
"""
SETS_A_LIMIT = """
import ctypes
from ctypes import c_ulong
number = {"x86_64": 160, "aarch64": 164}[__import__("platform").machine()]
print(ctypes.CDLL(None).syscall(number, 4, (c_ulong * 2)(0, 0)))
"""
"""By `setrlimit` itself, which C libraries other than glibc call."""
RENAMES_THE_HOST = "import socket; socket.sethostname('x')"
with_the_means = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or ctypes.util.find_library("seccomp") is None,
    reason="systemd-analyze and libseccomp are needed: sudo apt-get install -y systemd",
)


def under(unit: Path, program: str) -> subprocess.CompletedProcess[str]:
    """A Python program under the filter of that unit."""
    command = [sys.executable, str(SUPPORT / "under_filter.py"), str(unit), sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@with_the_means
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_pfx_is_opened_under_the_filter(unit: Path) -> None:
    """The child starts, binds itself and answers; core files are off."""
    ended = under(unit, OPENS)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("1 (0, 0)\n", "", 0)


@with_the_means
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_limits_may_be_set_by_either_call(unit: Path) -> None:
    """The rest of @resources stays forbidden."""
    assert under(unit, SETS_A_LIMIT).stdout == "0\n"
    refused = under(unit, "import os; os.nice(1)")
    assert "PermissionError" in refused.stderr


@with_the_means
def test_the_filter_is_real(tmp_path: Path) -> None:
    """What no unit allows fails, and without the calls that start a process no file is opened."""
    assert "PermissionError" in under(UNITS[0], RENAMES_THE_HOST).stderr
    bare = tmp_path / "bare.service"
    text = UNITS[0].read_text("utf-8")
    bare.write_text(text.replace("~@privileged", "~clone clone3 fork vfork @privileged"), "utf-8")
    assert "Outage: the process that opens PFX files cannot be started" in under(bare, OPENS).stderr
