"""A run of the tests leaves nothing behind, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import supervisor
from hang_up import hang_up_heard
from house_code import ROOT

ALONE = """
import os, signal, subprocess, sys
from supervisor import VARIABLE, supervise
supervise()
words = [sys.executable, "-c", "import os; os.setsid(); print(os.getpid(), flush=True); os.read(0, 1)"]
server = subprocess.Popen(words, stdin=os.pipe()[0], stdout=subprocess.PIPE, text=True)
print(os.environ[VARIABLE], os.getpid(), server.stdout.readline().strip(), flush=True)
{then}
"""
WAIT = "os.read(os.pipe()[0], 1)"
A_TEST = """
import os
import pytest


def test_a(postgres, sim):
    print(os.environ["SPENTKEY_TESTS_FOLDER"], postgres.pid, sim.process.pid, file=open({said!r}, "w"), flush=True)
    os.mkfifo({fifo!r})
    open({fifo!r}).read()
"""


@contextmanager
def running(*command: str, **more: str) -> Generator["subprocess.Popen[str]"]:
    """A process that nobody supervises yet, as one starts it who ignores SIGINT (`nohup make test &`)."""
    variables = {
        name: value for name, value in os.environ.items() if name[:7] != "PYTEST_" and name != supervisor.VARIABLE
    }
    words = ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh", *command]
    path = str(ROOT / "tests" / "support")
    with hang_up_heard():
        process = subprocess.Popen(words, stdout=-1, text=True, env={**variables, "PYTHONPATH": path, **more})
    with process:
        yield process


def gone(folder: str, *pids: str) -> bool:
    """Whether neither that folder nor one of those processes is there any more."""
    return not Path(folder).exists() and not any(Path("/proc", pid).exists() for pid in pids)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_was_started_ends_with_the_run(stop: signal.Signals) -> None:
    """A server in a session of its own is ended with the run, its folder is gone, and the run ends by that signal."""
    with running(sys.executable, "-c", ALONE.format(then=WAIT)) as process:
        assert process.stdout is not None
        folder, *pids = process.stdout.readline().split()
        assert (len(pids), gone(folder, *pids)) == (2, False)
        process.send_signal(stop)
        assert process.wait(60) == -stop
    assert gone(folder, *pids)


@pytest.mark.parametrize(
    ("then", "code"), [("sys.exit(3)", 3), ("", 0), ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL)]
)
def test_a_run_ends_as_its_tests_did(then: str, code: int) -> None:
    """Exit code or signal are those of the tests, and what they left running is ended."""
    with running(sys.executable, "-c", ALONE.format(then=then)) as process:
        assert process.stdout is not None
        folder, *pids = process.stdout.readline().split()
        assert process.wait(60) == code
    assert gone(folder, *pids)


def test_sigint_is_heard_where_it_was_ignored() -> None:
    """Tests that send SIGINT find it as it is by default, in the tests and in what they start."""
    with running(
        sys.executable,
        "-c",
        ALONE.format(
            then="os.kill(int(sys.argv[1]), signal.SIGINT); server.wait()".replace("int(sys.argv[1])", "server.pid")
            + "; print(server.returncode)"
        ),
    ) as process:
        out, _ = process.communicate(timeout=60)
    assert out.splitlines()[-1] == str(-signal.SIGINT)


@pytest.mark.long
def test_a_run_with_servers_leaves_none_of_them(tmp_path: Path) -> None:
    """PostgreSQL and the simulator, started by a worker of pytest, end with the run, and their data with them."""
    said, fifo = tmp_path / "said", tmp_path / "fifo"
    os.mkfifo(said)
    test = tmp_path / "test_it.py"
    test.write_text(A_TEST.format(said=str(said), fifo=str(fifo)))
    words = ("-m", "pytest", "-q", "-n", "1", "-c", str(ROOT / "pyproject.toml"), "-p", "conftest", str(test))
    with running(sys.executable, *words, PYTHONPATH=f"{ROOT / 'tests' / 'support'}:{ROOT / 'tests'}") as process:
        folder, *pids = said.read_text().split()
        assert (len(pids), gone(folder, *pids)) == (2, False)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM
    assert gone(folder, *pids)
