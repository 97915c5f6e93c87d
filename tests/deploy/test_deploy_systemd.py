"""The unit files: read, hardened, and verified by systemd itself where it is installed."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from deploy_files import DEPLOY, ROOT, call_problems, calls
from deploy_units import HARDENED, command_problems, read_unit, secret_problems, unit_problems

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
DROP_INS = sorted((DEPLOY / "systemd" / "drop-ins").glob("*.conf"))
SPENTKEY = "/opt/spentkey/.venv/bin/spentkey"
TEXT = (DEPLOY / "systemd" / "spentkey.service").read_text("utf-8")
AROUND = (
    "sysinit.target",
    "basic.target",
    "shutdown.target",
    "network-online.target",
    "time-sync.target",
    "system.slice",
)
"""What a machine has around a unit, and what ours name."""
with_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here: sudo apt-get install -y systemd"
)


def name(path: Path) -> str:
    """A file by its name."""
    return path.name


def analyze(*words: str) -> tuple[int, str]:
    """The exit code and everything that `systemd-analyze` says; this machine's own units have no part in it."""
    with tempfile.TemporaryDirectory() as folder:
        for unit in AROUND:
            Path(folder, unit).write_text("[Unit]\nDescription=stands in for that of a machine\n", "utf-8")
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "SYSTEMD_UNIT_PATH": folder}
        command = ["systemd-analyze", *words]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return ended.returncode, ended.stdout + ended.stderr


def installed(unit: Path, folder: Path, text: str | None = None) -> Path:
    """A copy of a unit that starts the command of this environment, with every drop-in beside it."""
    copy = folder / unit.name
    here = folder / "spentkey"  # a path without blanks, wherever the clone lies
    here.symlink_to(Path(sys.executable).with_name("spentkey"))
    copy.write_text((text or unit.read_text("utf-8")).replace(SPENTKEY, str(here)), "utf-8")
    beside = folder / f"{unit.name}.d"
    beside.mkdir()
    for drop_in in DROP_INS:
        shutil.copy(drop_in, beside)
    return copy


@pytest.mark.parametrize("path", UNITS, ids=name)
def test_a_unit_is_hardened_and_starts_what_there_is(path: Path) -> None:
    """Every key that bounds the service is set, and its command exists with those options."""
    assert unit_problems(read_unit(path.read_text("utf-8"))) == []


def test_both_units_differ_in_their_command_alone() -> None:
    """What holds for `serve` holds for `work`: the sections of the service are the same but for one word."""
    both = {path.name: path.read_text("utf-8").partition("\n[Service]\n")[2] for path in UNITS}
    assert set(both) == {"spentkey.service", "spentkey-work.service"}
    assert both["spentkey.service"].replace("spentkey serve", "spentkey work") == both["spentkey-work.service"]


@pytest.mark.parametrize("path", DROP_INS, ids=name)
def test_a_drop_in_loads_what_it_points_at(path: Path) -> None:
    """Each path of a credential in a drop-in is one that it loads, and it holds no secret itself."""
    unit = read_unit(path.read_text("utf-8"))
    assert list(unit) == ["Service"]
    assert secret_problems(unit["Service"]) == []


@with_systemd
@pytest.mark.parametrize("path", UNITS, ids=name)
def test_systemd_finds_nothing_wrong(path: Path, tmp_path: Path) -> None:
    """`systemd-analyze verify` is silent, with the drop-ins in place."""
    assert analyze("verify", "--man=no", str(installed(path, tmp_path))) == (0, "")


@with_systemd
def test_systemd_finds_a_wrong_key(tmp_path: Path) -> None:
    """A key that systemd does not know is named by it, so the test above can fail."""
    copy = installed(UNITS[0], tmp_path, UNITS[0].read_text("utf-8").replace("ProtectClock", "ProtectClokc"))
    assert "ProtectClokc" in analyze("verify", "--man=no", str(copy))[1]


@with_systemd
@pytest.mark.parametrize("path", UNITS, ids=name)
def test_the_exposure_is_low(path: Path) -> None:
    """Systemd's own score of what a unit is exposed to is at most 1.5 of 10."""
    code, message = analyze("security", "--offline=true", "--no-pager", "--threshold=15", str(path))
    assert (code, "OK" in message) == (0, True)


@with_systemd
def test_an_open_unit_is_over_that_score(tmp_path: Path) -> None:
    """The same unit without its bounds is refused by the same call."""
    bare = re.sub(r"^(Protect|Private|Restrict|SystemCall|Capability)\w+=.*\n", "", TEXT, flags=re.M)
    (tmp_path / "spentkey.service").write_text(bare, "utf-8")
    unit = str(tmp_path / "spentkey.service")
    assert analyze("security", "--offline=true", "--no-pager", "--threshold=15", unit)[0] == 1


@pytest.mark.parametrize("key", HARDENED)
def test_a_unit_without_a_bound_is_refused(key: str) -> None:
    """Each key that is left out is named."""
    without = re.sub(rf"^{key}=.*\n", "", TEXT, flags=re.M)
    assert unit_problems(read_unit(without)) == [f"{key} is not {HARDENED[key]!r}"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("User=spentkey", "User=root", "it runs as root"),
        ("User=spentkey", "#", "it runs as root"),
        ("TimeoutStopSec=45", "TimeoutStopSec=35", "a graceful stop is cut off"),
        ("SystemCallFilter=@system-service", "#", "system calls are not filtered"),
        ("spentkey serve", "spentkey surve", "there is no command surve"),
        ("serve --config", "serve --configuration", "serve has no option --configuration"),
        ("ExecStart=", "ExecStartPre=", "it does not start spentkey, once"),
        ('{"file": "%d/ivanti_api_key"}', "0123456789", "SPENTKEY_IVANTI__API_KEY is not the path of a credential"),
        ("%d/ivanti_api_key", "%d/other", "SPENTKEY_IVANTI__API_KEY: the credential other is not loaded"),
    ],
)
def test_a_bad_unit_is_refused(old: str, new: str, problem: str) -> None:
    """Each change for the worse is found, and nothing else."""
    assert old in TEXT
    assert unit_problems(read_unit(TEXT.replace(old, new))) == [problem]


@pytest.mark.parametrize("text", ["Restart on failure", "=x", "User root"])
def test_a_line_that_is_no_setting_is_refused(text: str) -> None:
    """What systemd would ignore with a warning is an error here."""
    with pytest.raises(ValueError, match="line 2 is neither"):
        read_unit(f"[Service]\n{text}\n")


def test_a_second_command_is_refused() -> None:
    """One unit, one process."""
    line = f"{SPENTKEY} serve"
    assert command_problems({"ExecStart": [line, line]}) == ["it does not start spentkey, once"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "sudo -u spentkey /opt/spentkey/.venv/bin/spentkey plan 40021 --json > plan.json",
            ["plan", "40021", "--json"],
        ),
        ('spentkey resume --why "looked into" # a comment', ["resume", "--why", "looked into"]),
        ("cat /etc/spentkey/spentkey.toml", []),
        ("cd /opt/spentkey", []),
    ],
)
def test_calls_are_found_in_a_line(text: str, words: list[str]) -> None:
    """The words of a call are those that the command would get."""
    assert calls(text) == words


@pytest.mark.parametrize(
    ("words", "problems"),
    [
        (["resume"], ["resume needs --why"]),
        (["check", "--fix"], ["check has no option --fix"]),
        (["reports"], ["there is no command reports"]),
        (["plan", "40021", "--json"], []),
    ],
)
def test_a_call_is_held_against_the_commands(words: list[str], problems: list[str]) -> None:
    """A command or option that is not there, or a needed one left out, is named."""
    assert call_problems(words) == problems


def test_the_secrets_of_the_units_are_those_of_the_example() -> None:
    """A configuration made from the example needs no change: the files that the units load are those that it names."""
    example = (ROOT / "examples" / "spentkey.toml").read_text("utf-8")
    loaded = {one.partition(":")[0] for one in read_unit(TEXT)["Service"]["LoadCredential"]}
    assert set(re.findall(r'^(?!#).*\{ file = "secrets/(\w+)" \}', example, re.M)) == loaded
