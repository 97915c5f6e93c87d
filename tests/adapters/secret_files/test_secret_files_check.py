"""The check-up of the folder of secrets."""

import os
from pathlib import Path

import pytest

from spentkey.adapters.secret_files.check import SecretFilesCheck
from spentkey.adapters.secret_files.client import SecretFilesVault
from spentkey.settings.surroundings import ProcessView

APP = "22222222-2222-4222-8222-222222222222"
CANARY = "canary-in-a-check-8Wz"
TITLES = {"tenants.production.entry": "a"}


def put(folder: Path, name: str, content: str = CANARY, mode: int = 0o600) -> None:
    """A file in the folder."""
    (folder / name).write_text(content)
    (folder / name).chmod(mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the log-in of a tenant and a signing file."""
    tmp_path.chmod(0o700)
    for name, content in (("a.username", f"{APP}\n"), ("a.password", CANARY), (f"{APP}.pfx", "x")):
        put(tmp_path, name, content)
    return tmp_path


async def findings(folder: Path, titles: dict[str, str] = TITLES) -> list[tuple[str, str, str]]:
    """What the check-up finds; no secret is in it."""
    found = [one async for one in SecretFilesCheck(SecretFilesVault(folder), titles).findings()]
    assert CANARY not in repr(found)
    return [(one.what, one.state.value, one.message.replace(str(folder), "FOLDER")) for one in found]


async def test_a_sound_folder_has_every_title(folder: Path) -> None:
    """And says how many PFX files are there."""
    assert await findings(folder) == [
        ("directory", "ok", "FOLDER can be read"),
        ("entry a", "ok", "found"),
        ("signing files", "ok", "1 PFX files"),
    ]


LOGINS = {
    "no password": ("a.password", None, "FOLDER/a.password cannot be read (No such file or directory)"),
    "an empty password": ("a.password", "\n", "FOLDER/a.password is empty"),
    "an open password": ("a.password", CANARY, "FOLDER/a.password may be read by everybody; chmod o-r it"),
    "no client id": ("a.username", CANARY, "the user name is no client id"),
}


@pytest.mark.parametrize("scenario", LOGINS)
async def test_a_title_that_does_not_serve_fails(folder: Path, scenario: str) -> None:
    """With the file that is wrong, and never with what stands in it."""
    name, content, message = LOGINS[scenario]
    (folder / name).unlink()
    if content is not None:
        put(folder, name, content, 0o644 if "open" in scenario else 0o600)
    assert (await findings(folder))[1] == ("entry a", "fail", message)


async def test_the_user_name_of_another_system_may_be_anything(folder: Path) -> None:
    """Only a tenant signs in with a client id."""
    put(folder, "a.username", "svc")
    assert (await findings(folder, {"x.entry": "a"}))[1] == ("entry a", "ok", "found")


async def test_a_signing_file_that_serves_nobody_is_a_warning(folder: Path) -> None:
    """A name without AppID, a file or a password that may not be read; the sound one beside them is none."""
    put(folder, "sales.pfx")
    put(folder, f"{APP}.old.P12", mode=0o644)
    put(folder, f"{APP}.pfx.password", mode=0o604)
    assert (await findings(folder))[2:] == [
        (f"file {APP}.old.P12", "warn", f"FOLDER/{APP}.old.P12 may be read by everybody; chmod o-r it"),
        (f"file {APP}.pfx", "warn", f"FOLDER/{APP}.pfx.password may be read by everybody; chmod o-r it"),
        ("file sales.pfx", "warn", "belongs to no application: its name does not begin with an AppID"),
        ("signing files", "ok", "3 PFX files"),
    ]


@pytest.mark.parametrize("mode", [0o770, 0o702, None])
async def test_a_folder_that_cannot_be_believed_fails(folder: Path, mode: int | None) -> None:
    """Nothing in it is looked at then."""
    if mode is not None:
        os.chmod(folder, mode)  # noqa: PTH101
    ((what, state, message),) = await findings(folder if mode is not None else folder / "away")
    assert (what, state, message.startswith("secrets.directory: ")) == ("directory", "fail", True)


OWN = {"tenants.production.certificate": "spentkey"}


async def test_the_certificate_of_a_tenant_is_looked_for(folder: Path) -> None:
    """It belongs to no application, and is none that signs for one."""
    put(folder, "spentkey.pfx")
    assert (await findings(folder, OWN))[1:] == [
        ("certificate spentkey", "ok", "spentkey.pfx found"),
        ("signing files", "ok", "1 PFX files"),
    ]


async def test_a_missing_certificate_of_a_tenant_fails(folder: Path) -> None:
    """By the names that it may have."""
    message = "there is no spentkey.pfx or spentkey.p12 in FOLDER"
    assert (await findings(folder, OWN))[1] == ("certificate spentkey", "fail", message)


async def test_what_everybody_in_the_container_may_read_is_a_warning(folder: Path) -> None:
    """Named file by file, with the line of the volume that mends it."""
    mounts = folder.parent / f"{folder.name}.mountinfo"
    mounts.write_text(f"2 1 0:2 / {folder} rw - tmpfs x rw\n")
    (folder / "a.password").chmod(0o644)
    vault = SecretFilesVault(folder, ProcessView({"container": "podman"}, os.geteuid(), mounts))
    *_, last = [one async for one in SecretFilesCheck(vault, TITLES).findings()]
    expected = "a.password: may be read by every account of this container; mount it with mode 0440"
    assert (last.state.value, last.what, last.message) == ("warn", "modes", expected)
    assert "defaultMode: 0440" in last.fix
