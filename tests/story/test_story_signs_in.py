"""A tenant that signs in with a client id and a secret of the settings: no entry of the vault is asked for."""

from pathlib import Path

import pytest
from real_simulator import QuickClock, RealSimulator, Steps
from worlds import AUTOMATION, CANARIES, EXPIRED_SECRET, REF

from spentkey.bootstrap.context import context_for
from spentkey.bootstrap.settings import load_settings
from spentkey.core.outcome import Result
from spentkey.story import work_on

ENTRY = 'entry = "Sys_Azure_AppRegs_PR"'


async def run(sim: RealSimulator, folder: Path, secret: str) -> Result:
    """One task, with the simulator's configuration but for the sign-in of the first tenant."""
    text = sim.config.read_text().replace('"ca.pem"', f'"{sim.config.parent}/ca.pem"')
    text = text.replace('"secrets/', f'"{sim.config.parent}/secrets/')
    assert ENTRY in text
    file = folder / "spentkey.toml"
    file.write_text(text.replace(ENTRY, f'client_id = "{AUTOMATION}"\nclient_secret = {{ env = "GIVEN" }}'))
    where = {"SPENTKEY_STATE__DIRECTORY": str(folder / "state"), "GIVEN": secret}
    settings = load_settings(file, {**sim.environment, **where})
    async with context_for(settings, Steps(), use_proxies=False, clock=QuickClock()) as context:
        return await work_on(REF, context)


async def test_a_removal_needs_no_entry_to_sign_in(sim: RealSimulator, tmp_path: Path) -> None:
    """The secret is removed and the task closed; the vault was not asked for anything."""
    result = await run(sim, tmp_path, CANARIES["automation secret"])
    assert (result.outcome, result.ticket.value, result.exit_code) == ("removed", "closed", 0), result.reason
    assert [one["key_id"] for one in sim.removals()] == [EXPIRED_SECRET]
    assert [entry for entry in sim.journal() if entry["system"] == "passwordstate"] == []


@pytest.mark.parametrize("secret", ["another", f"{CANARIES['automation secret']}x"])
async def test_a_wrong_secret_is_for_the_operator(sim: RealSimulator, tmp_path: Path, secret: str) -> None:
    """The task stays open, and nothing repeats what was given."""
    result = await run(sim, tmp_path, secret)
    assert (result.outcome, result.ticket.value, result.exit_code) == ("failed", "open", 4)
    assert secret not in (result.reason or "")
    assert sim.writes() == []
