"""The guide without a service desk: its configuration loads, its request is one, and its commands do what it says."""

import json
import os
import subprocess
from pathlib import Path

from doc_texts import blocks, page
from support_core import ManualClock

from spentkey.adapters.files.client import FilesDesk
from spentkey.adapters.files.request_file import read_request_file
from spentkey.adapters.files.request_log import read_log
from spentkey.bootstrap.settings import load_settings
from spentkey.core.rules import RequestRules
from spentkey.core.task import RemovalRequest, TaskRef, read_request

NAME = "sales-2026-07"
GUIDE = page("docs", "howto", "without-a-service-desk.md").replace("\n   ", "\n")
CONFIGURATION, REQUEST = blocks(GUIDE, "toml")


def shell(folder: Path, begins: str, **more: str) -> str:
    """Run the guide's block that begins so, and give what it printed."""
    (block,) = [one for one in blocks(GUIDE, "sh") if one.startswith(begins)]
    environment = {"PATH": os.environ["PATH"], "USER": "an.other", **more}
    return subprocess.run(
        ["/bin/sh", "-eu", "-c", block], cwd=folder, env=environment, capture_output=True, check=True
    ).stdout.decode()


def filed(folder: Path) -> FilesDesk:
    """A folder with the guide's request."""
    (folder / f"{NAME}.toml").write_text(REQUEST, "utf-8")
    (folder / f"{NAME}.toml").chmod(0o640)
    return FilesDesk(folder, approve=True, clock=ManualClock())


def test_the_configuration_loads(tmp_path: Path) -> None:
    """As it stands."""
    (tmp_path / "spentkey.toml").write_text(CONFIGURATION, "utf-8")
    settings = load_settings(tmp_path / "spentkey.toml", {})
    assert settings.desk is not None
    assert settings.vault is not None
    assert (settings.desk.name, settings.vault.name, len(settings.tenants)) == ("files", "secrets", 1)


async def test_the_request_is_approved_and_exact(tmp_path: Path) -> None:
    """Guard G1 takes it."""
    desk = filed(tmp_path)
    task = await desk.find(TaskRef(NAME))
    assert task is not None
    assert task.is_ours
    assert isinstance(read_request(await desk.request(task), RequestRules()), RemovalRequest)


def test_the_command_for_the_fingerprint_gives_that_of_the_log(tmp_path: Path) -> None:
    """So anybody can see what was approved."""
    filed(tmp_path)
    found = read_request_file(tmp_path, NAME)
    assert found is not None
    assert shell(tmp_path, "python3 -c").strip() == found.sha256


async def test_the_command_gives_a_request_back(tmp_path: Path) -> None:
    """Once it was handed off; the line is one that is believed."""
    desk = filed(tmp_path)
    task = await desk.find(TaskRef(NAME))
    assert task is not None
    await desk.begin(task)
    await desk.apply(task, desk.handing_over(task, None))
    assert read_log(tmp_path, NAME).status == "handed-off"
    shell(tmp_path, "NAME=")
    log = read_log(tmp_path, NAME)
    assert (log.problem, log.torn, log.status, log.version) == ("", False, "open", 3)
    assert json.loads((tmp_path / f"{NAME}.log").read_text().splitlines()[-1])["by"] == "an.other"
