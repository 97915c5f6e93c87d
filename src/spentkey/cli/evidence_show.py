"""`spentkey evidence show`: one removal step by step, and whether the newest checkpoint proves it; reads only."""

import os
from pathlib import Path

from spentkey.bootstrap.settings import load_settings
from spentkey.bootstrap.storage import storage_for
from spentkey.cli.ending import complain
from spentkey.cli.show import print_json
from spentkey.core.errors import EvidenceBroken
from spentkey.core.sanitize import plain
from spentkey.storage.removal_shown import UNKNOWN, ProofState, RemovalShown, removal_shown
from spentkey.system import SystemClock


async def show_removal(config: Path, name: str, *, as_json: bool) -> int:
    """Read what is on record about it and show it; 2 where nothing is known, 3 where it is not what was signed."""
    try:
        async with storage_for(load_settings(config, os.environ), SystemClock(), read_only=True) as storage:
            shown = await removal_shown(name, storage.evidence, storage.tree)
    except EvidenceBroken as problem:
        return complain(str(problem), 3)
    if shown is None:
        return complain(UNKNOWN.format(name=plain(name, 80)), 2)
    if as_json:
        print_json(shown.as_json())
    else:
        from spentkey.cli.evidence_tables import show_steps  # noqa: PLC0415  # drawing takes long to import

        show_steps(shown)
    return 0 if shown.holds else complain(_unproven(shown), 3)


def _unproven(shown: RemovalShown) -> str:
    failing = [str(seq) for seq, state in sorted(shown.proofs.items()) if state is ProofState.FAILS]
    which = "record" if len(failing) == 1 else "records"
    return f"{which} {', '.join(failing)}: what is there now is not what was signed; spentkey evidence verify says more"
