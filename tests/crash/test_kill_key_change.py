"""SIGKILL at any step of a change of the signing key: the same command finishes it."""

import subprocess
import sys
from pathlib import Path

from evidence_store import records_in
from key_change_kills import keys_in, with_signer

from spentkey.core.checkpoint import VerifierKey
from spentkey.core.checkpoint_end import SignedHead
from spentkey.storage.checkpoints import Checkpoints
from spentkey.storage.export.store_judge import KnownBefore, judge_store
from spentkey.storage.key_change import change_key

PROGRAM = Path(__file__).with_name("key_change_kills.py")


async def finish(signer: Checkpoints) -> None:
    """The same command."""
    assert isinstance(await change_key(signer, "ops", "yearly", lost=False), SignedHead)


def test_a_change_of_the_key_that_is_killed_at_any_step_is_finished(tmp_path: Path) -> None:
    """With one record and one new key, to which the old one handed over; whoever has the old one verifies all of it."""
    ended = subprocess.run(
        [sys.executable, PROGRAM, tmp_path], capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.returncode == 0, ended.stderr
    count = int(ended.stdout)
    assert count > 20
    for at in range(1, count + 1):
        state = tmp_path / str(at)
        with_signer(state, finish)
        (record,) = [one for one in records_in(state) if one["what"] == "new-key"]
        old, new = VerifierKey.parse(record["old"]), VerifierKey.parse(record["new"])
        key = keys_in(state).read()
        assert key is not None
        assert key.verifier(new.name) == new != old
        assert {one.name for one in state.glob("signing.key*")} == {
            f"signing.key{end}" for end in ("", ".pub", ".last", ".lock")
        }

        async def judged(signer: Checkpoints, current: VerifierKey = new, given: VerifierKey = old) -> list[str]:
            report = await judge_store(signer.tree, KnownBefore(current, given), lambda _, __: None)
            return [one["message"] for one in report["faults"]]

        assert with_signer(state, judged) == []
