"""The names of service desks and vaults stand where they belong: no other file of the product knows one."""

import re

import pytest
from house_code import ROOT

SOURCE = ROOT / "src" / "spentkey"
VENDORS = re.compile(r"ivanti|passwordstate|servicenow|openbao|hashicorp", re.I)
AT_HOME = ("adapters", "bootstrap", "demo")
"""Each in its own adapter; the registry; and the demonstration, which starts the simulator of some of them."""


def strangers() -> list[str]:
    """The lines elsewhere that name one."""
    return [
        f"{path.relative_to(SOURCE)}:{number}: {text.strip()}"
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).parts[0] not in AT_HOME
        for number, text in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if VENDORS.search(text)
    ]


def test_no_other_room_names_a_vendor() -> None:
    """Core, steps, ports, settings, worker, web, commands: what they say is true for every desk and vault."""
    assert strangers() == []


@pytest.mark.parametrize("name", ["entra", "files", "ivanti", "passwordstate", "secret_files"])
def test_an_adapter_names_no_other(name: str) -> None:
    """Ivanti's knows nothing of Passwordstate, and the other way round."""
    own = {"ivanti": "ivanti", "passwordstate": "passwordstate"}.get(name, "")
    texts = [path.read_text("utf-8") for path in (SOURCE / "adapters" / name).glob("*.py")]
    found = {one.lower() for text in texts for one in VENDORS.findall(text)}
    assert found - {own} == set()


@pytest.mark.parametrize("text", ["the task in Ivanti", "PASSWORDSTATE_URL", "from servicenow import x"])
def test_a_vendor_would_be_found(text: str) -> None:
    """Whatever its case."""
    assert VENDORS.search(text) is not None
