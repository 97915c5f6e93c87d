"""`spentkey work` as a process that goes on: on one machine, until it is told to stop, through kills and outages."""

import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from commands import BIN, QUICK, against, environment
from fault_rules import chain_is_whole, fault
from queue_worlds import CERTIFICATE_TASK, GONE_TASK, LIVE_TASK, SECRET_TASK, UNSUPPORTED_TASK, queue_world
from real_simulator import RealSimulator
from waiting import until
from worlds import CANARIES, EXPIRED_CERT, EXPIRED_SECRET

SERVICE = {**QUICK, "SPENTKEY_ENGINE__POLL_S": "0.3"}


@contextmanager
def working(sim: RealSimulator, home: Path, **more: str) -> Generator[subprocess.Popen[str]]:
    """A process that works until something ends it."""
    command = [str(BIN / "spentkey"), "work", "--config", str(sim.config)]
    variables = environment(home, **(SERVICE | more))
    with subprocess.Popen(command, cwd=home, env=variables, stdout=-1, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(sim: RealSimulator, *numbers: int) -> bool:
    """Whether these tasks were closed or handed over."""
    tasks = sim.truth()["ivanti"]["tasks"]
    return all(tasks[str(number)]["writes"] for number in numbers)


def test_it_works_on_what_comes_and_stops_when_told(sim: RealSimulator, tmp_path: Path) -> None:
    """SIGTERM lets it come to an end with exit code 0; all it said is plain, and no canary is in it."""
    sim.reset(queue_world())
    with working(sim, tmp_path) as process:
        until(lambda: ended(sim, SECRET_TASK, CERTIFICATE_TASK, GONE_TASK, LIVE_TASK, UNSUPPORTED_TASK))
        process.send_signal(signal.SIGTERM)
        message, _ = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in message, [one for one in CANARIES.values() if one in message]) == (
        0,
        False,
        [],
    )
    assert {one["key_id"] for one in sim.removals()} == {EXPIRED_SECRET, EXPIRED_CERT}
    assert chain_is_whole(sim.config.parent / "state")


def test_it_stops_at_a_safe_point_and_the_next_start_goes_on(sim: RealSimulator, tmp_path: Path) -> None:
    """Told to stop while it verifies, it leaves the task open with the removal on record; nothing is removed twice."""
    sim.reset(queue_world(SECRET_TASK))
    long = {"SPENTKEY_POLICY__VERIFY_INTERVAL_S": "60", "SPENTKEY_POLICY__VERIFY_TIMEOUT_S": "600"}
    with working(sim, tmp_path, **long) as process:
        until(lambda: any(record["what"] == "answer" for record in sim.evidence()))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    results = [record for record in sim.evidence() if record["what"] == "result"]
    assert (process.returncode, [one["ticket"] for one in results], [one["outage"] for one in results]) == (
        0,
        ["open"],
        [True],
    )
    assert against(sim, tmp_path, "work", "--once").code == 0
    assert sim.writes().count("removePassword") == 1
    assert sim.task(SECRET_TASK)["status"] == "Completed"


def test_a_second_signal_ends_it_at_once(sim: RealSimulator, tmp_path: Path) -> None:
    """A request that hangs is not waited for any longer."""
    sim.reset(queue_world(SECRET_TASK))
    sim.faults(fault("graph", "removePassword", "hang", "before", params={"seconds": 20}))
    with working(sim, tmp_path) as process:
        until(lambda: "removePassword" in sim.writes())
        process.send_signal(signal.SIGTERM)
        until(lambda: not _still_catches(process.pid, signal.SIGTERM))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == -signal.SIGTERM


def _still_catches(pid: int, number: int) -> bool:
    """Whether a process handles that signal itself."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
    return bool(caught & 1 << (number - 1))


def test_a_killed_one_is_taken_up_by_the_next_start(sim: RealSimulator, tmp_path: Path) -> None:
    """SIGKILL while it removes: there is nothing to clean up, and one removal."""
    sim.reset(queue_world(SECRET_TASK, GONE_TASK))
    sim.faults(fault("graph", "removePassword", "hang", "after", params={"seconds": 20}))
    with working(sim, tmp_path) as process:
        until(lambda: "removePassword" in sim.writes())
        process.kill()
    sim.faults()
    with working(sim, tmp_path) as process:
        until(lambda: ended(sim, SECRET_TASK, GONE_TASK))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert (process.returncode, sim.writes().count("removePassword")) == (0, 1)


def test_an_outage_of_the_vault_is_waited_out(sim: RealSimulator, tmp_path: Path) -> None:
    """The tasks stay open while it lasts, and are worked on when it is over; nobody has to do anything."""
    sim.reset(queue_world(SECRET_TASK, CERTIFICATE_TASK))
    sim.faults(fault("passwordstate", "search", "html"))
    with working(sim, tmp_path) as process:
        until(lambda: sum(record["what"] == "result" for record in sim.evidence()) >= 3)
        assert sim.removals() == []
        sim.faults()
        until(lambda: ended(sim, SECRET_TASK, CERTIFICATE_TASK))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert sorted(one["key_id"] for one in sim.removals()) == sorted([EXPIRED_SECRET, EXPIRED_CERT])


def test_a_configuration_that_cannot_be_used_is_exit_2(sim: RealSimulator, tmp_path: Path) -> None:
    """At once, and with one line; so is another kind of database."""
    message = against(sim, tmp_path, "work", SPENTKEY_ENGINE__DATABASE_URL="mysql://x")
    assert (message.code, len(message.complaints())) == (2, 1)
