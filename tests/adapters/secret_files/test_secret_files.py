"""The folder of secrets as a vault: which files are believed, and what each of them gives."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from other_account import NOBODY, as_root, other_account, public_folder

from spentkey.adapters.secret_files.client import SecretFilesVault, is_signing_file
from spentkey.adapters.secret_files.folder import LONGEST
from spentkey.core.errors import AccessRefused
from spentkey.core.pfx import MOST_BYTES
from spentkey.core.secret import Secret
from spentkey.ports.vault import SigningFile
from spentkey.settings.surroundings import ProcessView

APP = "22222222-2222-4222-8222-222222222222"
OTHER = "22222222-2222-4222-8222-333333333333"
CANARY = "canary-in-a-file-5Kd"


@pytest.fixture
def vault(tmp_path: Path) -> SecretFilesVault:
    """An empty folder of secrets."""
    tmp_path.chmod(0o700)
    return SecretFilesVault(tmp_path)


def put(vault: SecretFilesVault, name: str, content: bytes = CANARY.encode(), mode: int = 0o600) -> Path:
    """A file in the folder."""
    file = vault.directory / name
    file.write_bytes(content)
    file.chmod(mode)
    return file


async def files(vault: SecretFilesVault) -> list[SigningFile]:
    """The signing files of the application."""
    return [one async for one in vault.signing_files(APP, "Sales")]


async def passwords(file: SigningFile) -> list[str]:
    """The passwords that may open it."""
    return [one.reveal() async for one in file.passwords()]


async def refused(vault: SecretFilesVault, title: str = "a") -> str:
    """Why a log-in is refused; no secret is in it."""
    with pytest.raises(AccessRefused) as caught:
        await vault.login(title)
    assert CANARY not in str(caught.value)
    return str(caught.value).replace(str(vault.directory), "FOLDER")


ENDS = {"none": b"", "one": b"\n", "of Windows": b"\r\n"}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("mode", [0o400, 0o600, 0o440, 0o640])
async def test_a_login_is_two_files(vault: SecretFilesVault, end: bytes, mode: int) -> None:
    """One line feed at the end is none of theirs; a group may read them."""
    put(vault, "a.username", b"u" + end, mode)
    put(vault, "a.password", CANARY.encode() + end, mode)
    login = await vault.login("a")
    assert (login.username, login.password) == ("u", Secret(CANARY))


async def test_a_password_is_what_it_is_but_for_that_line_feed(vault: SecretFilesVault) -> None:
    """Blanks at its ends count, and so do letters of any script; a byte order mark does not."""
    put(vault, "a.username", b" u \n")
    put(vault, "a.password", b"\xef\xbb\xbf" + " é \n".encode())
    login = await vault.login("a")
    assert (login.username, login.password.reveal()) == ("u", " é ")


CONTENTS = {
    "empty": (b"", "FOLDER/a.password is empty"),
    "only a line feed": (b"\n", "FOLDER/a.password is empty"),
    "two lines": (CANARY.encode() + b"\nx\n", "FOLDER/a.password has more than one line, or control characters"),
    "two line feeds": (CANARY.encode() + b"\n\n", "FOLDER/a.password has more than one line, or control characters"),
    "a zero": (CANARY.encode() + b"\0", "FOLDER/a.password has more than one line, or control characters"),
    "no UTF-8": (CANARY.encode() + b"\xff", "FOLDER/a.password is not a UTF-8 text"),
    "huge": (b"x" * (LONGEST + 1), "FOLDER/a.password is larger than 65536 bytes"),
}


@pytest.mark.parametrize("scenario", CONTENTS)
async def test_a_password_that_cannot_be_one_is_refused(vault: SecretFilesVault, scenario: str) -> None:
    """With its file, without its value."""
    content, reason = CONTENTS[scenario]
    put(vault, "a.username", b"u")
    put(vault, "a.password", content)
    assert await refused(vault) == reason


@pytest.mark.parametrize("ending", ["username", "password"])
async def test_a_login_without_one_of_its_files_is_refused(vault: SecretFilesVault, ending: str) -> None:
    """The missing one is named."""
    put(vault, f"a.{'password' if ending == 'username' else 'username'}")
    assert await refused(vault) == f"FOLDER/a.{ending} cannot be read (No such file or directory)"


@pytest.mark.parametrize("title", ["", ".a", "../a", "a/b", "/etc/passwd", "a\0", "a\n", "é", "n" * 129])
async def test_a_title_that_is_no_name_is_refused(vault: SecretFilesVault, title: str) -> None:
    """It never reaches the folder."""
    assert "cannot be the name of a file" in await refused(vault, title)


async def test_a_title_in_another_case_is_another_entry(vault: SecretFilesVault) -> None:
    """Titles are exact."""
    put(vault, "a.username", b"u")
    put(vault, "a.password")
    assert "No such file" in await refused(vault, "A")


MODES = {
    0o604: "FOLDER/a.password may be read by everybody; chmod o-r it",
    0o644: "FOLDER/a.password may be read by everybody; chmod o-r it",
    0o620: "FOLDER/a.password may be written by others; chmod go-w it",
    0o602: "FOLDER/a.password may be written by others; chmod go-w it",
}


@pytest.mark.parametrize("mode", MODES)
async def test_a_file_that_others_may_read_or_write_is_refused(vault: SecretFilesVault, mode: int) -> None:
    """With what mends it."""
    put(vault, "a.username", b"u")
    put(vault, "a.password", mode=mode)
    assert await refused(vault) == MODES[mode]


def _other_owner(file: Path) -> None:
    os.chown(file, NOBODY, -1)


def _a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


def _to_itself(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.name)


def _to_nothing(file: Path) -> None:
    file.unlink()
    file.symlink_to("nothing")


def _outside(file: Path) -> None:
    elsewhere = file.parent.parent / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


def _through_an_open_file(file: Path) -> None:
    target = file.rename(file.parent / "target")
    target.chmod(0o644)
    file.symlink_to("target")


SPOILT: dict[str, tuple[Callable[[Path], None], str]] = {
    "a folder": (_a_folder, "FOLDER/a.password is no plain file"),
    "a pipe": (_a_pipe, "FOLDER/a.password is no plain file"),
    "a link to itself": (_to_itself, "FOLDER/a.password cannot be read (Too many levels of symbolic links)"),
    "a link to nothing": (_to_nothing, "FOLDER/a.password cannot be read (No such file or directory)"),
    "a link to outside": (_outside, "FOLDER/a.password leads to outside of the folder"),
    "a link to an open file": (_through_an_open_file, "FOLDER/a.password may be read by everybody; chmod o-r it"),
}


@pytest.mark.parametrize("scenario", SPOILT)
async def test_what_is_no_file_of_the_folder_is_refused(tmp_path: Path, scenario: str) -> None:
    """The mode of what a link leads to counts, and nobody waits for a pipe."""
    vault = SecretFilesVault(tmp_path / "secrets")
    vault.directory.mkdir(mode=0o700)
    put(vault, "a.username", b"u")
    spoil, reason = SPOILT[scenario]
    spoil(put(vault, "a.password"))
    assert await refused(vault) == reason


@as_root
async def test_a_file_of_another_account_is_refused_and_one_of_root_is_not(vault: SecretFilesVault) -> None:
    """Who owns a file can change it; root can change everything."""
    put(vault, "a.username", b"u")
    _other_owner(put(vault, "a.password"))
    assert await refused(vault) == "FOLDER/a.password belongs to another account; chown it to this one or to root"
    with public_folder() as folder:
        theirs = SecretFilesVault(folder)
        for name in ("a.username", "a.password"):
            os.chown(put(theirs, name, b"x", 0o440), 0, NOBODY)
        os.setegid(NOBODY)
        try:
            with other_account():
                assert (await theirs.login("a")).username == "x"
        finally:
            os.setegid(0)
        with other_account():
            assert await refused(theirs) == "FOLDER/a.username cannot be read (Permission denied)"


def mounted(folder: Path, content: bytes, mode: int = 0o440) -> SecretFilesVault:
    """A secret as Kubernetes mounts it: a folder for each version, `..data` to the present one, links through it."""
    vault = SecretFilesVault(folder)
    for number in (1, 2):
        version = folder / f"..{number}"
        version.mkdir()
        for name in ("a.username", "a.password", f"{APP}.pfx"):
            (version / name).write_bytes(content + str(number).encode())
            (version / name).chmod(mode)
            (folder / name).symlink_to(f"..data/{name}") if number == 1 else None
    (folder / "..data").symlink_to("..1")
    folder.chmod(0o1777)
    return vault


async def test_a_mounted_secret_that_everybody_may_read_is_read_in_a_container_only(tmp_path: Path) -> None:
    """Kubernetes' own default is 0644, in memory; on a disk, or where no container is, it is refused as ever."""
    folder, mounts = tmp_path / "mounted", tmp_path / "mountinfo"
    folder.mkdir()
    mounts.write_text(f"1 1 0:1 / / rw - ext4 x rw\n2 1 0:2 / {folder} rw - tmpfs x rw\n")
    vault = mounted(folder, b"x", 0o644)
    pod, me = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, os.geteuid()
    assert (await SecretFilesVault(folder, ProcessView(pod, me, mounts)).login("a")).username == "x1"
    for here in (ProcessView(pod, me, tmp_path / "none"), ProcessView({}, me, mounts)):
        assert "may be read by everybody" in await refused(SecretFilesVault(vault.directory, here))


async def test_in_a_container_the_owner_is_not_compared_and_others_still_may_not_write(tmp_path: Path) -> None:
    """What is mounted from outside may belong to any account there."""
    vault = mounted(tmp_path, b"x")
    here = ProcessView({"container": "podman"}, 54321, tmp_path / "none")
    assert (await SecretFilesVault(tmp_path, here).login("a")).username == "x1"
    (tmp_path / "..1" / "a.password").chmod(0o460)
    assert "may be written by others" in await refused(SecretFilesVault(vault.directory, here))


async def test_a_mounted_secret_is_read_through_its_links(tmp_path: Path) -> None:
    """In a folder that everybody may write but for the sticky bit; a new version is there at once."""
    vault = mounted(tmp_path, b"x")
    assert (await vault.login("a")).password == Secret("x1")
    (tmp_path / "..new").symlink_to("..2")
    (tmp_path / "..new").rename(tmp_path / "..data")
    assert (await vault.login("a")).password == Secret("x2")
    (file,) = await files(vault)
    assert (file.name, await file.read()) == (f"{APP}.pfx", b"x2")


async def test_a_mounted_secret_with_the_usual_mode_is_refused(tmp_path: Path) -> None:
    """0644 is what Kubernetes writes without `defaultMode`."""
    assert "may be read by everybody" in await refused(mounted(tmp_path, CANARY.encode(), 0o644))


FOLDERS = {
    "others may write it": (0o722, "may be written by others; chmod go-w it"),
    "its group may write it": (0o770, "may be written by others; chmod go-w it"),
}


@pytest.mark.parametrize("scenario", FOLDERS)
async def test_a_folder_in_which_others_rename_is_refused(vault: SecretFilesVault, scenario: str) -> None:
    """Whoever may rename gives a log-in the password of another; the signing files are not listed either."""
    put(vault, "a.username", b"u")
    put(vault, "a.password")
    mode, reason = FOLDERS[scenario]
    vault.directory.chmod(mode)
    assert await refused(vault) == f"secrets.directory: FOLDER {reason}"
    with pytest.raises(AccessRefused, match=reason):
        await files(vault)


@as_root
async def test_a_folder_of_another_account_is_refused(vault: SecretFilesVault) -> None:
    """Who owns it can rename in it."""
    _other_owner(vault.directory)
    with pytest.raises(AccessRefused, match="belongs to another account"):
        await vault.reach()


@pytest.mark.parametrize("what", ["away", "file"])
async def test_a_folder_that_is_none_is_the_operators(tmp_path: Path, what: str) -> None:
    """It vanished, or is something else."""
    (tmp_path / "file").touch()
    vault = SecretFilesVault(tmp_path / what)
    for look in (vault.reach(), files(vault), vault.login("a")):
        with pytest.raises(AccessRefused):
            await look


SIGNING = (
    f"{APP}.pfx",
    f"{APP}.p12",
    f"{APP.upper()}.PFX",
    f"{APP}.P12",
    f"{APP}.2026.pfx",
    f"{APP}.a b.c.Pfx",
)
NOT_SIGNING = (
    APP,
    f"{APP}.pfx.password",
    f"{APP}.pem",
    f"{APP}pfx",
    f"{APP}x.pfx",
    f"{OTHER}.pfx",
    f"x{APP}.pfx",
    f"{APP}.pfx.bak",
    f"{APP}.p\uff1112",
    ".pfx",
    "..data",
)


async def test_the_signing_files_of_an_application_begin_with_its_appid(vault: SecretFilesVault) -> None:
    """In any case, in the order of their names; nothing else is one."""
    for name in (*SIGNING, *NOT_SIGNING):
        put(vault, name)
    assert [one.name for one in await files(vault)] == sorted(SIGNING)
    assert all(is_signing_file(name, APP.upper()) for name in SIGNING)


@pytest.mark.parametrize("name", [f"{APP}.pfx", f"{APP}.P12", f"{APP}.new.pfx"])
async def test_the_password_of_a_file_is_beside_it(vault: SecretFilesVault, name: str) -> None:
    """In the same name, to the letter; without one it is empty, and so is that of an empty file."""
    put(vault, name, b"pfx")
    (file,) = await files(vault)
    assert (await file.read(), await passwords(file)) == (b"pfx", [""])
    put(vault, f"{name}.password", f" {CANARY}\n".encode())
    assert await passwords(file) == [f" {CANARY}"]
    put(vault, f"{name}.password", b"\n")
    assert await passwords(file) == [""]


async def test_a_password_that_may_not_be_read_is_not_taken_for_none(vault: SecretFilesVault) -> None:
    """Else a file would be called locked that only has a wrong mode."""
    put(vault, f"{APP}.pfx")
    put(vault, f"{APP}.pfx.password", mode=0o644)
    (file,) = await files(vault)
    with pytest.raises(AccessRefused, match="may be read by everybody"):
        await passwords(file)


async def test_a_huge_file_is_not_read_to_its_end(vault: SecretFilesVault) -> None:
    """As far as it takes to see that it is too large."""
    with put(vault, f"{APP}.pfx").open("r+b") as stream:
        stream.truncate(50 * MOST_BYTES)
    (file,) = await files(vault)
    assert len(await file.read()) == MOST_BYTES + 1


async def test_a_file_that_went_away_since_it_was_listed_is_refused(vault: SecretFilesVault) -> None:
    """As access, not as a bug."""
    put(vault, f"{APP}.pfx")
    (file,) = await files(vault)
    (vault.directory / file.name).unlink()
    with pytest.raises(AccessRefused, match="No such file"):
        await file.read()


async def test_there_are_no_keys_that_stay_inside(vault: SecretFilesVault) -> None:
    """And where there is no file either, it says which one was looked for."""
    assert [one async for one in vault.signing_keys(APP, "Sales")] == []
    assert await files(vault) == []
    assert await vault.none_found(APP, "Sales") == f"the folder of secrets has neither {APP}.pfx nor {APP}.p12"


async def test_nothing_is_remembered(vault: SecretFilesVault) -> None:
    """A changed password is there at the next look."""
    put(vault, "a.username", b"u")
    for password in ("one", "two"):
        put(vault, "a.password", password.encode())
        assert (await vault.login("a")).password == Secret(password)
    assert CANARY not in repr(vault)


@pytest.mark.parametrize("name", [f"{APP}.pfx ", f" {APP}.P12", f"{APP}.new.pfx\u00a0"])
@pytest.mark.parametrize("beside", ["{}.password", "{}.PASSWORD", " {}.Password "])
async def test_blanks_around_a_name_are_no_part_of_it(vault: SecretFilesVault, name: str, beside: str) -> None:
    """Neither of a PFX nor of the file with its password."""
    put(vault, name, b"pfx")
    put(vault, beside.format(name.strip()))
    (file,) = await files(vault)
    assert (file.name, await file.read(), await passwords(file)) == (name, b"pfx", [CANARY])


async def test_the_password_with_the_very_name_comes_first(vault: SecretFilesVault) -> None:
    """One that differs in case belongs to another file."""
    put(vault, f"{APP}.pfx", b"pfx")
    put(vault, f"{APP}.PFX.password", b"another")
    put(vault, f"{APP}.pfx.password")
    (file,) = await files(vault)
    assert await passwords(file) == [CANARY]


@pytest.mark.parametrize("beside", [f"{APP}.p12.password", f"{APP}.pfx.passwords", f"{APP}.new.pfx.password"])
async def test_the_password_of_another_file_is_not_taken(vault: SecretFilesVault, beside: str) -> None:
    """An empty one is tried then."""
    put(vault, f"{APP}.pfx", b"pfx")
    put(vault, beside)
    (file,) = await files(vault)
    assert await passwords(file) == [""]


async def test_a_password_that_others_may_read_is_refused_under_any_name(vault: SecretFilesVault) -> None:
    """Blanks do not make it a better one."""
    put(vault, f"{APP}.pfx ", b"pfx")
    put(vault, f"{APP}.pfx.password", mode=0o644)
    (file,) = await files(vault)
    with pytest.raises(AccessRefused, match="may be read by everybody"):
        await passwords(file)


@pytest.mark.parametrize("name", [f"{APP}.pfx.txt", f"{APP} .pfx", f"x{APP}.pfx", f"{APP}.pf x"])
def test_other_names_with_blanks_are_none_of_the_application(name: str) -> None:
    """Blanks count inside a name."""
    assert not is_signing_file(name, APP)


@pytest.mark.parametrize("ending", [".pfx", ".p12"])
async def test_the_certificate_of_a_title_is_one_file_with_its_password(vault: SecretFilesVault, ending: str) -> None:
    """With which the automation signs in."""
    put(vault, f"spentkey{ending}", b"content")
    put(vault, f"spentkey{ending}.password", b"word\n")
    put(vault, "spentkey.old.pfx", b"other")
    (file,) = [one async for one in vault.files_of("spentkey")]
    assert (file.name, await file.read(), await passwords(file)) == (f"spentkey{ending}", b"content", ["word"])


async def test_a_title_without_a_certificate_is_refused_by_its_files(vault: SecretFilesVault) -> None:
    """Both names are told."""
    put(vault, "spentkey.username")
    with pytest.raises(AccessRefused, match=r"there is no spentkey.pfx or spentkey.p12 in "):
        _ = [one async for one in vault.files_of("spentkey")]
