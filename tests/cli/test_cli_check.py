"""`spentkey check` as a process: a line for each finding, one object for programs, and no trace of it anywhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from commands import Ended, against, fits, spentkey
from cryptography.hazmat.primitives.serialization import Encoding
from fault_rules import fault
from real_simulator import RealSimulator
from support_pairs import pair
from worlds import CANARIES


def test_what_is_in_place_is_said_line_by_line(sim: RealSimulator, tmp_path: Path) -> None:
    """State, system, what and what was found; below a warning what mends it; the counts last; exit 0."""
    never = tmp_path / "never"
    ended = against(sim, tmp_path, "check", SPENTKEY_STATE__DIRECTORY=str(never))
    *lines, last = ended.out.splitlines()
    found = [line for line in lines if not line.startswith("      -> ")]
    warned = [number for number, line in enumerate(lines) if line.startswith("warn ")]
    assert (ended.code, ended.err) == (0, "")
    assert {line[:6] for line in found} == {"ok    ", "warn  "}
    assert [lines[number + 1][:9] for number in warned] == ["      -> "] * len(warned)
    assert last == f"{len(found)} checks: {len(found) - len(warned)} ok, {len(warned)} warn, 0 fail"
    assert (sim.writes(), never.exists()) == ([], False)


def test_a_program_gets_one_object(sim: RealSimulator, tmp_path: Path) -> None:
    """It fits its schema, its counts are right, and it holds what the lines say."""
    told = against(sim, tmp_path, "check", "--json").json()
    lines = against(sim, tmp_path, "check").out
    fits(told, "check.schema.json")
    states = [finding["state"] for finding in told["findings"]]
    assert {state: states.count(state) for state in ("ok", "warn", "fail")} == told["summary"]
    steady = [finding for finding in told["findings"] if finding["what"] != "clock"]
    assert [one for one in steady if f"{one['system']:<16} {one['what']}: {one['said']}\n" not in lines] == []


def windows_told(sim: RealSimulator, home: Path, window: str) -> list[dict[str, str]]:
    """What `check` says of that window."""
    told = against(sim, home, "check", "--json", SPENTKEY_POLICY__WINDOW=window).json()
    return [one for one in told["findings"] if one["what"] == "windows for removals"]


def test_a_window_is_said_to_be_open_or_closed_and_until_when(sim: RealSimulator, tmp_path: Path) -> None:
    """Neither is a fault, and without a window there is nothing to say."""
    now = datetime.now(UTC)  # noqa: TID251
    hours = [f"{now + timedelta(hours=hour):%H}:00" for hour in (-1, 2, 5)]
    (opened,) = windows_told(sim, tmp_path, f'["Mon-Sun {hours[0]}-{hours[1]}"]')
    (closed,) = windows_told(sim, tmp_path, f'["Mon-Sun {hours[1]}-{hours[2]}"]')
    assert (opened["state"], closed["state"]) == ("ok", "ok")
    assert opened["message"].startswith("open now, until 2")
    assert opened["message"].endswith(f"{hours[1]}+00:00")
    assert closed["message"].startswith("closed now: no removal begins before 2")
    assert closed["message"].endswith(f"{hours[1]}+00:00")
    assert windows_told(sim, tmp_path, "[]") == []


@pytest.mark.parametrize("command", [("check",), ("run", "40021"), ("plan", "40021"), ("work", "--once")], ids=" ".join)
def test_a_window_that_cannot_be_read_ends_a_command_before_anything(
    sim: RealSimulator, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Exit 2, by name, and no system is asked."""
    ended = against(sim, tmp_path, *command, SPENTKEY_POLICY__WINDOW='["Mon-Fri 08:00-16:00 Europe/Brussel"]')
    (line,) = ended.complaints()
    assert ended.code == 2
    assert "policy.window.0: 'Europe/Brussel' is no time zone" in line
    assert sim.journal() == []


BROKEN = {
    "Ivanti's key": ("Ivanti", fault("ivanti", "task-query", "401")),
    "Passwordstate's page": ("Passwordstate", fault("passwordstate", "search", "html")),
    "the database's log-in": ("SQL Server", fault("sql", "login", "18456")),
    "the right to read": ("Entra production", fault("graph", "batch", "403")),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_failure_is_exit_2_with_what_mends_it(sim: RealSimulator, tmp_path: Path, broken: str) -> None:
    """The other systems are still looked at, nothing is written, and no secret is shown."""
    system, rule = BROKEN[broken]
    sim.faults(rule)
    ended = against(sim, tmp_path, "check", "--json")
    told = ended.json()
    fits(told, "check.schema.json")
    assert (ended.code, ended.err) == (2, "")
    assert system in {finding["system"] for finding in told["findings"] if finding["state"] == "fail"}
    assert {"state", "Passwordstate", "Ivanti", "Entra production", "Entra onderwijs"} <= {
        finding["system"] for finding in told["findings"]
    }
    assert sim.writes() == []
    assert [name for name, canary in CANARIES.items() if canary in ended.out] == []


def shown_as_failed(ended: Ended) -> list[str]:
    """The lines that fail, and below each what mends it."""
    lines = ended.out.splitlines()
    return [line for at, one in enumerate(lines) if one.startswith("fail ") for line in lines[at : at + 2]]


def test_one_cause_is_one_line(sim: RealSimulator, tmp_path: Path) -> None:
    """A wrong key of the vault fails in many checks: people see it once, by its setting; a program sees each of them."""
    wrong = {"SPENTKEY_PASSWORDSTATE__API_KEY": "no-such-key"}
    failed, mend = shown_as_failed(against(sim, tmp_path, "check", **wrong))
    every = against(sim, tmp_path, "check", "--json", **wrong).json()["summary"]["fail"]
    last = against(sim, tmp_path, "check", **wrong).out.splitlines()[-1]
    assert "Passwordstate refuses the request (401)" in failed
    assert mend == "      -> correct passwordstate.api_key, or give that key the right to read list 8620"
    assert every > 4
    assert last.endswith(f"{every} fail ({every - 1} for a reason that stands above, not shown again)")


def test_two_tenants_with_the_same_fault_are_two_lines(sim: RealSimulator, tmp_path: Path) -> None:
    """Each has to be mended in its own tenant."""
    sim.faults(fault("graph", "batch", "403"))
    failed = shown_as_failed(against(sim, tmp_path, "check"))
    assert {" ".join(line.split()[1:3]) for line in failed[::2]} == {"Entra production", "Entra onderwijs"}


def test_an_authority_that_is_missing_is_named_by_its_setting(sim: RealSimulator, tmp_path: Path) -> None:
    """Once for each system, and not once for each request."""
    now = datetime.now(UTC)  # noqa: TID251
    (tmp_path / "other.pem").write_bytes(pair(now, now + timedelta(days=1))[1].public_bytes(Encoding.PEM))
    other = {"SPENTKEY_TLS__CA_FILE": str(tmp_path / "other.pem")}
    failed = shown_as_failed(against(sim, tmp_path, "check", **other))
    assert [line.split()[1] for line in failed[::2]] == ["Passwordstate", "SQL", "Ivanti"]
    assert all("tls.ca_file" in line + mend for line, mend in zip(failed[::2], failed[1::2], strict=True))


def test_a_pause_is_shown_until_it_is_lifted(sim: RealSimulator, tmp_path: Path) -> None:
    """As a warning with its reason and its id; without one, that removals may begin."""

    def stops() -> list[dict[str, str]]:
        told = against(sim, tmp_path, "check", "--json").json()["findings"]
        return [one for one in told if one["system"] == "stops"]

    assert [(one["what"], one["state"]) for one in stops()] == [("none", "ok")]
    assert against(sim, tmp_path, "pause", "--why", "change of keys", "--who", "ada").code == 0
    (paused,) = stops()
    assert paused["state"] == "warn"
    assert "change of keys" in paused["message"]
    assert "spentkey resume --stop" in paused["fix"]
    assert against(sim, tmp_path, "resume", "--why", "done", "--who", "ada").code == 0
    assert [(one["what"], one["state"]) for one in stops()] == [("none", "ok")]


def test_a_directory_without_room_fails(sim: RealSimulator, tmp_path: Path) -> None:
    """As far as that shows without writing: a file system in memory that is full, of the kind that cannot be missing."""
    full = Path("/sys/fs")  # sysfs has no room at all
    told = against(sim, tmp_path, "check", "--json", SPENTKEY_STATE__DIRECTORY=str(full / "spentkey")).json()
    (finding,) = [one for one in told["findings"] if one["what"] == f"directory {full}/spentkey"]
    assert finding["state"] == "fail"
    assert finding["fix"]


@pytest.mark.parametrize("arguments", [("check",), ("check", "--json")], ids=" ".join)
def test_without_a_configuration_nothing_is_reached(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """One line says which file is missing, with exit 2; that is no finding."""
    ended = spentkey(*arguments, home=tmp_path)
    (line,) = ended.complaints()
    assert ended.code == 2
    assert "spentkey.toml: there is no such configuration file" in line


def test_a_task_is_no_argument(sim: RealSimulator, tmp_path: Path) -> None:
    """`check` looks at the installation, not at a task."""
    ended = against(sim, tmp_path, "check", "40021")
    assert ended.code == 2
    assert "unexpected extra argument" in ended.complaints()[-1]
