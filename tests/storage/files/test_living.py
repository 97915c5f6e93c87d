"""Whether a process lives: by the lock of its file, which the kernel frees."""

import subprocess
import sys
from pathlib import Path

from waiting import until

from spentkey.storage.files.living import Living

HOLDS = """
import sys
from pathlib import Path
from spentkey.storage.files.living import Living
Living(Path(sys.argv[1]), "other").hold()
print("held", flush=True)
input()
"""


def test_a_process_lives_while_it_holds_its_lock_and_has_ended_when_it_is_killed(tmp_path: Path) -> None:
    """Its file is cleared away with the first look after that."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    one = Living(tmp_path, "one")
    assert not one.has_ended("other")
    process.kill()
    process.communicate()
    assert until(lambda: one.has_ended("other"))
    assert one.has_ended("other")
    assert list((tmp_path / "locks").iterdir()) == []


def test_two_in_one_process_see_one_another(tmp_path: Path) -> None:
    """The lock belongs to the open file, not to the process."""
    one, other = Living(tmp_path, "one"), Living(tmp_path, "other")
    one.hold()
    other.hold()
    assert (one.has_ended("other"), other.has_ended("one"), one.has_ended("one")) == (False, False, False)
    other.release()
    assert one.has_ended("other")
    one.release()


def test_what_dead_processes_left_is_cleared_away_at_the_next_start(tmp_path: Path) -> None:
    """Files of nobody."""
    (tmp_path / "locks").mkdir()
    for name in ("a", "b"):
        (tmp_path / "locks" / f"process-{name}.lock").touch()
    (tmp_path / "locks" / "task-1.lock").touch()
    one = Living(tmp_path, "one")
    one.hold()
    assert sorted(file.name for file in (tmp_path / "locks").iterdir()) == ["process-one.lock", "task-1.lock"]
    one.release()


def test_to_hold_twice_is_to_hold_once(tmp_path: Path) -> None:
    """And who released it holds it no longer."""
    one = Living(tmp_path, "one")
    one.hold()
    one.hold()
    one.release()
    one.release()
    assert list((tmp_path / "locks").iterdir()) == []
