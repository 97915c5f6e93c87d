"""Which gates CI runs, in which order, and what it says of those that it leaves out."""

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from gates import GATES, Gate, Gates, concerned
from house_code import ROOT
from running import run

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
ALWAYS = {"test", "test-long"}
COLLECTIONS = {
    f"ansible {name}" for name in ("unit", "types", "changelog", "build", "docs", "lint", "galaxy", "sanity")
}
PLAYED = {f"ansible {name}" for name in ("playbooks", "aap", "integration", "oldest", "newest")}
EVERY = ALWAYS | COLLECTIONS | PLAYED | {"clients", "audit"}


def chosen(changed: Iterable[str] | None) -> set[str]:
    """The gates that these changes concern."""
    return {gate.name for gate in GATES if concerned(gate, changed)}


@pytest.mark.parametrize(
    ("changed", "gates"),
    [
        ((), ALWAYS),
        (("README.md", "docs/README.md"), ALWAYS),
        (("tests/story/test_story_removes.py",), ALWAYS),
        (("simulator/src/spentkey_sim/faults.py",), ALWAYS | PLAYED | {"clients"}),
        (("tests/clients/client_world.py",), ALWAYS | {"clients"}),
        (("src/spentkey/facade.py",), ALWAYS | PLAYED | {"ansible unit", "ansible types"}),
        (("ansible/README.md",), ALWAYS | PLAYED | COLLECTIONS),
        (("tests/ansible/conftest.py",), ALWAYS | PLAYED),
        (("uv.lock",), EVERY),
        (("deploy/container/Containerfile",), ALWAYS | {"audit"}),
        (("docs/README.md", "tests/support/worlds.py"), EVERY),
        (None, EVERY),
    ],
)
def test_what_changed_chooses_the_gates(changed: Iterable[str] | None, gates: set[str]) -> None:
    """A gate runs when a folder that it judges has changed, and all of them where nothing can be compared."""
    assert chosen(changed) == gates


def test_the_tests_come_first() -> None:
    """`test`, then `test-long`, then the others."""
    assert [gate.name for gate in GATES][:2] == ["test", "test-long"]


def test_every_gate_of_the_makefile_is_run() -> None:
    """Each target that tests something is the command of a gate, each gate's target exists, and so do its folders."""
    targets = set(re.findall(r"^(test[a-z-]*):", MAKEFILE, re.M)) - {"test-all"}
    assert {gate.command.split()[1] for gate in GATES} == targets
    assert [folder for gate in GATES for folder in gate.folders if not (ROOT / folder).is_dir()] == []


def test_every_part_of_the_ansible_gates_is_run() -> None:
    """The names that scripts/ansible knows."""
    (names,) = re.findall(r'^ALL="(.*)"$', (ROOT / "scripts" / "ansible").read_text("utf-8"), re.M)
    assert {gate.name for gate in GATES if gate.name.startswith("ansible ")} == {
        f"ansible {one}" for one in names.split()
    }


def gate(name: str, command: str, folders: tuple[str, ...] = ("a/",), usual_s: int = 10, limit_s: float = 60) -> Gate:
    """A gate that takes as long as its command."""
    return Gate(name, command, folders, usual_s, limit_s)  # pyright: ignore[reportArgumentType]  # parts of a second


def test_what_becomes_of_each_gate_is_said() -> None:
    """Passed, failed and left out; one that fails does not keep the others from running."""
    gates = Gates(60, lambda: 0.0)
    gates.play(
        [gate("one", "true"), gate("two", "false"), gate("three", "true", ("b/",)), gate("four", "true")],
        ["a/x"],
        ["four"],
    )
    assert (gates.failed, gates.lines) == (
        1,
        [
            "one: passed, 0 s",
            "two: FAILED, exit code 1, 0 s",
            "three: left out, nothing changed in b/; it is: true",
            "four: left out, as asked; it is: true",
        ],
    )


def test_a_gate_that_takes_too_long_has_failed() -> None:
    """It is ended after its limit, however much time is left for all."""
    gates = Gates(3600, lambda: 0.0)
    gates.play([gate("slow", "sleep 100", limit_s=0.1)], None)
    assert (gates.failed, gates.lines) == (1, ["slow: FAILED, it took too long, 0 s"])


def test_a_gate_is_not_begun_when_the_time_is_over() -> None:
    """What usually takes longer than is left is named, with the command that runs it."""
    gates = Gates(9, lambda: 0.0)
    gates.play([gate("slow", "false")], None)
    assert (gates.failed, gates.lines) == (0, ["slow: left out, only 9 s are left; it is: false"])


def test_a_gate_that_cannot_be_run_here_is_left_out_by_name() -> None:
    """With the reason that its own question gives; where the answer is yes it runs."""
    gates, command = Gates(60, lambda: 0.0), ROOT / "tests" / "house" / "no such file"
    lacking = gate("one", "false")
    gates.play([Gate(*fields(lacking), f"cat {command}"), Gate(*fields(gate("two", "true")), "echo yes")], None)
    assert (gates.failed, gates.lines[1]) == (0, "two: passed, 0 s")
    assert gates.lines[0].startswith("one: left out, cat: ")
    assert gates.lines[0].endswith("; it is: false")


def fields(one: Gate) -> tuple[str, str, tuple[str, ...], int, int]:
    """All but what the gate needs."""
    return one.name, one.command, one.folders, one.usual_s, one.limit_s


def test_a_gate_that_needs_something_and_is_not_told_why_names_the_question() -> None:
    """A question that fails without a word."""
    gates = Gates(60, lambda: 0.0)
    gates.play([Gate(*fields(gate("one", "true")), "false")], None)
    assert (gates.failed, gates.lines) == (0, ["one: left out, false failed; it is: true"])


def test_a_gate_is_cut_off_when_the_time_for_all_is_over() -> None:
    """It has not failed, and it is named."""
    gates = Gates(0.1, lambda: 0.0)
    gates.play([gate("slow", "sleep 100", usual_s=0)], None)
    line = "slow: left out, cut off after 0 s, when the time for all gates was over; it is: sleep 100"
    assert (gates.failed, gates.lines) == (0, [line])


def test_the_tests_must_not_be_cut_off() -> None:
    """What always runs has failed when it did not come to its end."""
    gates = Gates(0.1, lambda: 0.0)
    gates.play([gate("test", "sleep 100", (), usual_s=0)], None)
    assert gates.failed == 1


def test_what_a_command_started_ends_with_it(tmp_path: Path) -> None:
    """A limit ends the whole group, not only its first process."""
    said = tmp_path / "pid"
    assert run(["/bin/sh", "-c", f"sleep 100 & echo $! > {said}; wait"], 0.5) is None
    assert ends(int(said.read_text()))


def ends(pid: int) -> bool:
    """Whether a process ends within half a minute; one that is not there any more has."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return select.select([watched], [], [], 30)[0] == [watched]
    finally:
        os.close(watched)


REPOSITORY = """
git init -q -b main . && git config user.email a@example.org && git config user.name a
mkdir scripts && cp "{scripts}/gates.py" "{scripts}/running.py" scripts
printf '#!/bin/sh\\n' | tee scripts/ansible > scripts/audit && chmod +x scripts/ansible scripts/audit
printf 'test test-long test-clients test-ansible test-audit:\\n\\t@echo made $@ $(GATES)\\n' > Makefile
git add . && git commit -qm one && git update-ref refs/remotes/origin/main HEAD
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose targets only say that they were made, at origin/main."""
    commands = REPOSITORY.format(scripts=ROOT / "scripts")
    subprocess.run(["/bin/sh", "-ec", commands], cwd=tmp_path, check=True)
    return tmp_path


def gates_of(repository: Path, commands: str = "", *words: str) -> tuple[int, list[str]]:
    """The exit code of the script after these commands, and the lines that it ends with."""
    subprocess.run(["/bin/sh", "-ec", commands], cwd=repository, check=True)
    command = [sys.executable, str(repository / "scripts" / "gates.py"), *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout.split("\n\n")[-1].splitlines()


COMMIT = "git add . && git commit -qm two"


@pytest.mark.parametrize("commands", ["", "git update-ref -d refs/remotes/origin/main"])
def test_every_gate_runs_where_nothing_can_be_compared(repository: Path, commands: str) -> None:
    """On origin/main itself, and without it."""
    code, lines = gates_of(repository, commands)
    assert (code, len([line for line in lines if ": passed, " in line]), lines[-1]) == (
        0,
        len(EVERY),
        "gates: 0 failed",
    )


def test_only_what_changed_is_judged_on_a_branch(repository: Path) -> None:
    """After a commit that changes the simulator's clients alone, the collections are left out and named."""
    code, lines = gates_of(repository, f"mkdir -p tests/clients && touch tests/clients/x && {COMMIT}")
    passed = {line.partition(":")[0] for line in lines if ": passed, " in line}
    left_out = {line.partition(":")[0] for line in lines if ": left out, nothing changed in " in line}
    assert (code, passed, left_out) == (0, ALWAYS | {"clients"}, COLLECTIONS | PLAYED | {"audit"})


def test_a_gate_that_fails_is_the_exit_code(repository: Path) -> None:
    """One failure is 1, and the last line counts it."""
    code, lines = gates_of(repository, f"printf 'test test-long:\\n\\t@exit 3\\n' > Makefile && {COMMIT}", "--all")
    assert (code, lines[-1]) == (1, f"gates: {len(EVERY)} failed")


def test_a_stop_ends_the_gates(repository: Path) -> None:
    """SIGTERM ends the gate that runs, and is told."""
    (repository / "Makefile").write_text("test:\n\t@echo $$$$; sleep 100\n")
    command = [sys.executable, str(repository / "scripts" / "gates.py")]
    alone = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=alone) as process:
        assert process.stdout is not None
        pid = [process.stdout.readline() for _ in range(3)][-1].strip()
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    assert (process.returncode, said.splitlines()[-1]) == (128 + signal.SIGTERM, "gates: stopped by SIGTERM")
    assert ends(int(pid))
