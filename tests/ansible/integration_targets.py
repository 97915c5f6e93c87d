"""Runs `ansible-test integration` in a copy of the collection, against a simulator of its own: the gate `integration`.

`python tests/ansible/integration_targets.py FOLDER`, where FOLDER is the copy, `…/ansible_collections/spentkey/entra`.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from string import Template

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

from play_runs import BIN, SETTINGS  # noqa: E402
from real_simulator import RealSimulator  # noqa: E402
from worlds import certificate_parameters, world  # noqa: E402

WORLDS = {"secret": world(), "certificate": world(certificate_parameters())}
DEADLINE_S = 300


def main(collection: Path) -> int:
    """Play every target; 0 when all of them passed."""
    with tempfile.TemporaryDirectory() as name:
        sim = RealSimulator.start(Path(name), WORLDS["secret"])
        try:
            return run(collection, sim, Path(name))
        finally:
            sim.stop()


def run(collection: Path, sim: RealSimulator, home: Path) -> int:
    """Fill in what the targets need, and play them with this Python."""
    told = {"CONFIG": str(sim.config), "CONTROL": sim.control, "SETTINGS": SETTINGS, "WORLDS": WORLDS}
    template = Template((collection / "tests/integration/integration_config.yml.template").read_text("utf-8"))
    filled = template.substitute({key: json.dumps(value) for key, value in told.items()})
    (collection / "tests/integration/integration_config.yml").write_text(filled, "utf-8")
    command = [str(BIN / "ansible-test"), "integration", "--color", "no", "--local", "--python", "default"]
    environment = os.environ | {"HOME": str(home)}
    return subprocess.run(command, cwd=collection, env=environment, check=False, timeout=DEADLINE_S).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
