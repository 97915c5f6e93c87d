"""Notices of real processes: `serve` and `work` send them, once all together, and work goes on without the receiver."""

import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from commands import BIN, QUICK, against, environment
from notice_receiver import SECRET, Received, receiving
from real_postgres import RealPostgres
from real_simulator import RealSimulator
from serve_process import serving
from web_support import OPERATOR
from worlds import AUTOMATION, CANARIES, TASK, world

HIDDEN_TASK: dict[str, Any] = {"owner_team": "Servicedesk"}


def notify(sim: RealSimulator, received: Received, folder: Path) -> dict[str, str]:
    """The variables that name the receiver, whose authority is believed beside the simulator's."""
    both = folder / "both.pem"
    known = sim.settings().tls.ca_file
    assert known is not None
    both.write_bytes(known.read_bytes() + received.ca_file.read_bytes())
    return {
        "SPENTKEY_NOTIFY__URL": received.url,
        "SPENTKEY_NOTIFY__SECRET": SECRET,
        "SPENTKEY_TLS__CA_FILE": str(both),
    }


def stops(received: Received) -> list[dict[str, Any]]:
    """The notices of stops."""
    return [body for body in received.bodies if body["event"] == "stop"]


def test_a_pause_is_told_once_across_restarts(sim: RealSimulator, tmp_path: Path) -> None:
    """By the service that made it; the next one knows that it was told. No name and no reason is in it."""
    sim.reset(world(task=HIDDEN_TASK))
    with receiving(tmp_path) as received:
        more = notify(sim, received, tmp_path)
        with serving(sim, tmp_path, **more) as service:
            assert service.ask("POST", "/api/v1/pause", OPERATOR, b'{"why": "Jane Doe changes keys"}')[0] == 200
            assert service.end(signal.SIGTERM) == 0
        with serving(sim, tmp_path, **more) as service:
            service.until("notice", about="stop", result="sent")
            assert service.end(signal.SIGTERM) == 0
        with serving(sim, tmp_path, **more) as service:
            service.ask("GET", "/readyz", {})
            assert service.end(signal.SIGTERM) == 0
    (told,) = stops(received)
    assert (told["about"]["kind"], "Jane" in str(told), "ops" in str(told)) == ("paused", False, False)
    assert (received.unsigned, [name for name, one in CANARIES.items() if one in str(received.bodies)]) == ([], [])


def test_several_machines_tell_it_once(sim: RealSimulator, postgres: RealPostgres, tmp_path: Path) -> None:
    """Three services on one database find the same stop at their start."""
    sim.reset(world(task=HIDDEN_TASK))
    database = {"SPENTKEY_ENGINE__DATABASE_URL": postgres.database()}
    assert against(sim, tmp_path, "pause", "--why", "x", **database).code == 0
    with receiving(tmp_path) as received, ExitStack() as stack:
        more = notify(sim, received, tmp_path) | database
        services = [stack.enter_context(serving(sim, tmp_path, **more)) for _ in range(3)]
        received.wait_for(1)
        assert [service.ask("GET", "/healthz", {})[0] for service in services] == [200] * 3
        assert [service.end(signal.SIGTERM) for service in services] == [0, 0, 0]
    assert len(stops(received)) == 1


def test_work_tells_too(sim: RealSimulator, tmp_path: Path) -> None:
    """Without any service."""
    sim.reset(world(task=HIDDEN_TASK))
    assert against(sim, tmp_path, "pause", "--why", "x").code == 0
    with receiving(tmp_path) as received:
        variables = environment(tmp_path, **(QUICK | notify(sim, received, tmp_path)))
        command = [str(BIN / "spentkey"), "work", "--config", str(sim.config)]
        with subprocess.Popen(command, cwd=tmp_path, env=variables, stderr=subprocess.DEVNULL) as process:
            received.wait_for(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
    assert len(stops(received)) == 1


def test_an_own_secret_that_ends_soon_is_told(sim: RealSimulator, tmp_path: Path) -> None:
    """By the days that are left of the one that ends first; the others are not told of."""
    made = world(task=HIDDEN_TASK)
    secrets = {"77777777-7777-4777-8777-111111111111": "+5d", "77777777-7777-4777-8777-222222222222": "+400d"}
    mine = {
        "app_id": AUTOMATION,
        "object_id": "1c1c1c1c-1111-4111-8111-111111111111",
        "display_name": "Automation",
        "passwords": [
            {"key_id": key_id, "end": end, "hint": CANARIES["automation secret"][:3]} for key_id, end in secrets.items()
        ],
        "certificates": [],
    }
    made["tenants"][0]["applications"].append(mine)
    sim.reset(made)
    with receiving(tmp_path) as received, serving(sim, tmp_path, **notify(sim, received, tmp_path)) as service:
        received.wait_for(1)
        assert service.end(signal.SIGTERM) == 0
    (told,) = received.bodies
    assert (told["event"], told["about"]["tenant"], told["about"]["days"]) == ("credential-ends", "production", 4)
    assert told["message"].startswith("the automation's own secret of tenant production ends within 7 days")


def test_work_goes_on_while_the_receiver_hangs(sim: RealSimulator, tmp_path: Path) -> None:
    """A receiver that takes the connection and says nothing: the task is done, and the end does not wait for it."""
    sim.faults()
    with receiving(tmp_path) as received:
        received.came.acquire()  # nobody gets an answer from now on
        try:
            with serving(sim, tmp_path, **notify(sim, received, tmp_path)) as service:
                assert service.until("result", task=str(TASK))["outcome"] == "removed"
                assert service.end(signal.SIGTERM) == 0
        finally:
            received.came.release()


def test_without_the_table_nothing_is_kept_or_sent(sim: RealSimulator, tmp_path: Path) -> None:
    """No notice is on record for who does not want any; half a table is refused."""
    sim.reset(world(task=HIDDEN_TASK))
    with receiving(tmp_path) as received:
        with serving(sim, tmp_path) as service:
            assert service.ask("POST", "/api/v1/pause", OPERATOR, b'{"why": "x"}')[0] == 200
            assert service.end(signal.SIGTERM) == 0
        assert received.bodies == []
        half = against(sim, tmp_path, "status", SPENTKEY_NOTIFY__URL=received.url)
    assert (half.code, "notify.secret: is missing" in half.err) == (2, True)


@pytest.mark.parametrize("status", [405, 204, 404])
def test_a_check_only_looks_whether_the_receiver_answers(sim: RealSimulator, tmp_path: Path, status: int) -> None:
    """By a HEAD: whatever it says to that, it is there, and heard of nothing."""
    sim.reset(world(task=HIDDEN_TASK))
    with receiving(tmp_path) as received:
        received.answers.append(status)
        ended = against(sim, tmp_path, "check", **notify(sim, received, tmp_path))
    assert f"ok    notify           receiver: answers ({status} to HEAD); nothing was sent\n" in ended.out
    assert (received.looks, received.bodies, received.unsigned) == (1, [], [])


def test_a_check_warns_of_a_receiver_that_does_not_answer(sim: RealSimulator, tmp_path: Path) -> None:
    """In trouble, or gone; work would go on without it, so it is no failure."""
    sim.reset(world(task=HIDDEN_TASK))
    with receiving(tmp_path) as received:
        more = notify(sim, received, tmp_path)
        received.answers.append(503)
        troubled = against(sim, tmp_path, "check", **more)
    gone = against(sim, tmp_path, "check", **more)
    for ended, message in ((troubled, "answered 503"), (gone, "notify did not answer")):
        (line,) = [one for one in ended.out.splitlines() if "notify " in one and one.startswith("warn")]
        assert message in line
        assert "hook" not in ended.out, "the address may be a secret of its own"
        assert ended.code == 0
