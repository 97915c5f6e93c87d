"""Who hears what happens: the log, a moving table on a terminal, and other observers beside either."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from commands import environment
from real_simulator import QuickClock
from worlds import REF

from spentkey.cli.attending import COLLECTOR, attending
from spentkey.core.task import TaskRef
from spentkey.observe.observer import Observer
from spentkey.settings.schema import ServiceSettings

PROGRAM = """
import os, sys
from spentkey.cli.attending import attending
from spentkey.settings.schema import ServiceSettings
from spentkey.system import SystemClock
with attending(ServiceSettings(log_format={wanted!r}), SystemClock(), {{}}, live={live}) as watch:
    watch.step("40021", "judge")
"""


class Ear(Observer):
    """Remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[TaskRef, str]] = []

    def stepped(self, task: TaskRef, step: str, detail: str) -> None:
        """Hear a step."""
        self.heard.append((task, step + detail))


@pytest.mark.parametrize("live", [False, True])
def test_without_a_terminal_it_is_a_log_in_json(capsys: pytest.CaptureFixture[str], live: bool) -> None:
    """Also for a command that would show a table; others hear it too, and stdout stays empty."""
    ear = Ear()
    with attending(ServiceSettings(), QuickClock(), {}, ear, live=live) as observer:
        observer.step(REF, "judge")
    out, err = capsys.readouterr()
    assert (out, json.loads(err)["step"], ear.heard) == ("", "judge", [(REF, "judge")])


@pytest.mark.parametrize(
    ("wanted", "as_json", "first"), [("console", False, "2"), ("console", True, "{"), ("json", False, "{")]
)
def test_the_format_is_said_by_the_option_then_by_the_configuration(
    capsys: pytest.CaptureFixture[str], wanted: str, as_json: bool, first: str
) -> None:
    """Whatever stderr is."""
    service = ServiceSettings.model_validate({"log_format": wanted})
    with attending(service, QuickClock(), {COLLECTOR: ""}, as_json=as_json) as observer:
        observer.step(REF, "judge")
    assert capsys.readouterr().err[0] == first


def on_a_terminal(home: Path, wanted: str | None, *, live: bool) -> str:
    """What a terminal shows on stderr."""
    ours, theirs = pty.openpty()
    program = PROGRAM.format(wanted=wanted, live=live)
    variables = environment(home, TERM="xterm", COLUMNS="80", LINES="24")
    with subprocess.Popen([sys.executable, "-c", program], stderr=theirs, env=variables, cwd=home) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            shown += piece
        assert process.wait(30) == 0
    os.close(ours)
    return shown.decode()


def test_a_terminal_shows_the_table_where_it_is_wanted(tmp_path: Path) -> None:
    """The moving table in place of lines."""
    shown = on_a_terminal(tmp_path, None, live=True)
    assert ("1 under way" in shown, '"event"' in shown) == (True, False)


@pytest.mark.parametrize(("wanted", "live", "mark"), [(None, False, "task"), ("json", True, '"step": "judge"')])
def test_a_terminal_shows_lines_otherwise(tmp_path: Path, wanted: str | None, live: bool, mark: str) -> None:
    """For people, or as JSON where the configuration says so."""
    shown = on_a_terminal(tmp_path, wanted, live=live)
    assert (mark in shown, "under way" in shown) == (True, False)
