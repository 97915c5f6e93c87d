"""The bench measures real processes, and its worlds are worlds."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.closure import closure
from bench.installs import NotInstalledError, Recipe, peer, size_of
from bench.loopback import clean_environment
from bench.meter import CommandFailedError, measure
from bench.world import KINDS, Kind, removals, world
from spentkey_sim.clock import SimClock
from spentkey_sim.world import load

NOW = datetime(2026, 1, 2, tzinfo=UTC)
BUSY = "import os; x = bytearray(60_000_000); os.system('exit 0'); [i * i for i in range(1_500_000)]; print('done')"


def test_a_process_is_measured(tmp_path: Path) -> None:
    """Wall, CPU, memory and output of a process that really works."""
    taken, message = measure([sys.executable, "-c", BUSY], dict(os.environ), tmp_path)
    assert (message.strip(), taken.wall > 0, taken.cpu > 0, taken.peak > 60_000_000) == ("done", True, True, True)


def test_a_childs_work_counts(tmp_path: Path) -> None:
    """CPU time and memory of a child are its parent's, as with tools that start others."""
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}], check=True)"
    taken, _ = measure([sys.executable, "-c", parent], dict(os.environ), tmp_path)
    assert (taken.cpu > 0.05, taken.peak > 60_000_000) == (True, True)


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    """A failure ends with the last line that was said, and gives no figures."""
    with pytest.raises(CommandFailedError, match=r"exit code 3: why it failed"):
        measure(
            [sys.executable, "-c", "import sys; print('first\\nwhy it failed', file=sys.stderr); sys.exit(3)"],
            dict(os.environ),
            tmp_path,
        )


def test_nothing_is_inherited_that_changes_what_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies, CA files, settings and Python's own variables stay out."""
    names = ("HTTPS_PROXY", "SSL_CERT_FILE", "SPENTKEY_POLICY__VERIFY_READS", "PYTHONDONTWRITEBYTECODE")
    for name in names:
        monkeypatch.setenv(name, "1")
    assert set(names) & clean_environment(tmp_path).keys() == set()


@pytest.mark.parametrize("kind", KINDS)
def test_a_world_is_one_that_the_simulator_takes(kind: Kind) -> None:
    """As many tasks and applications as were asked for, each application with the credential that is asked for."""
    made = load(world(kind, 3, NOW), SimClock())
    held = [
        {one.key_id for one in (app.passwords if kind == "secret" else app.certificates)}
        for app in made.tenants[0].applications
    ]
    assert (
        len(made.ivanti.tasks),
        [one.guid("expired") in ids for one, ids in zip(removals(kind, 3), held, strict=True)],
    ) == (3, [True] * 3)


def test_kinds_share_no_id() -> None:
    """What a secret's removal left behind cannot pass for a certificate's."""
    secrets, certificates = ({one.guid("expired") for one in removals(kind, 50)} for kind in KINDS)
    assert (50, 50, set()) == (len(secrets), len(certificates), secrets & certificates)


def test_a_world_does_not_change_while_it_is_measured() -> None:
    """The same moment gives the same world, so every reset finds its keys and certificates made."""
    assert world("certificate", 2, NOW) == world("certificate", 2, NOW)


def test_the_size_counts_what_is_needed() -> None:
    """The closure has what aiohttp needs, and nothing that it does not."""
    found = closure(["aiohttp"])
    assert ({"aiohttp", "yarl", "multidict"} <= found.keys(), "pytest" in found) == (True, False)


def test_what_is_not_installed_is_passed_over() -> None:
    """A name that only another platform installs does not end the count."""
    assert closure(["no-such-distribution-here"]) == {}


def test_a_peer_is_installed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment whose record is there is used as it is, without a word and without a download."""
    monkeypatch.setenv("BENCH_SCRATCH", str(tmp_path))
    (tmp_path / "az").mkdir()
    (tmp_path / "az" / "installed.json").write_text('{"versions": {"azure-cli": "2.91.0"}, "size": 7}')
    message: list[str] = []
    found = peer(Recipe("az", ("azure-cli",), ("azure-cli",)), message.append)
    assert (found.size, dict(found.versions), message) == (7, {"azure-cli": "2.91.0"}, [])


def test_a_peer_that_cannot_be_installed_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scratch folder that is no folder gives one line, not a traceback."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BENCH_SCRATCH", str(tmp_path / "file"))
    with pytest.raises(NotInstalledError, match=r"python.*(Not a directory|NotADirectory)"):
        peer(Recipe("az", ("azure-cli",), ("azure-cli",)), print)


def test_the_installer_is_no_part_of_the_size(tmp_path: Path) -> None:
    """What every environment has to install with does not count; byte code does."""
    for name, size in (("pip/a.py", 1000), ("setuptools/b.py", 1000), ("az/c.py", 10), ("az/__pycache__/c.pyc", 5)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    assert size_of(tmp_path) == 15
