"""A configuration that says nothing of the state directory."""

from pathlib import Path

from real_simulator import RealSimulator


def without_state(sim: RealSimulator, folder: Path) -> Path:
    """The simulator's configuration in a folder of its own, without [state]."""
    text = sim.config.read_text()
    text = text.replace('[state]\ndirectory = "state"\n', "")
    text = text.replace('"secrets/', f'"{sim.config.parent}/secrets/').replace(
        '"ca.pem"', f'"{sim.config.parent}/ca.pem"'
    )
    file = folder / "spentkey.toml"
    file.write_text(text)
    file.chmod(0o600)
    return file
