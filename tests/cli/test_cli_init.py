"""`spentkey init`: a first configuration, with nothing asked or with answers typed, and nothing half done."""

import stat
import subprocess
from pathlib import Path

import pytest
from commands import BIN, Ended, environment, spentkey
from real_simulator import RealSimulator
from worlds import AUTOMATION, CANARIES, EXPIRED_SECRET, TENANT, parameters

from spentkey.bootstrap.settings import load_settings

SECRET = CANARIES["automation secret"]
GIVEN = {
    "--tenant-id": TENANT,
    "--domain": "production.onmicrosoft.com",
    "--client-id": AUTOMATION,
    "--client-secret-file": "client_secret",
}


def first(folder: Path, *more: str, without: str = "", **changes: str) -> Ended:
    """The command with everything that it needs, asked for nothing."""
    (folder / "client_secret").write_text(f"{SECRET}\n")
    (folder / "client_secret").chmod(0o600)
    given = {**GIVEN, "--client-secret-file": str(folder / "client_secret"), **changes}
    options = [word for option, value in given.items() if option != without for word in (option, value)]
    command = ("init", "--non-interactive", "--config", str(folder / "spentkey.toml"))
    return spentkey(*command, *options, *more, home=folder)


def mode(path: Path) -> int:
    """The rights on a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_and_one_app_registration_are_enough(tmp_path: Path) -> None:
    """The desk is a folder, there is no vault, and what was made is for this account alone."""
    ended = first(tmp_path)
    made = [tmp_path / name for name in ("requests", "state", "spentkey.toml")]
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [*(f"made {path}" for path in made), f"next: spentkey check --config {made[-1]}"]
    assert [mode(path) for path in made] == [0o700, 0o700, 0o600]
    settings = load_settings(tmp_path / "spentkey.toml", {})
    assert (settings.desk.name if settings.desk else None, settings.vault) == ("files", None)


def test_a_program_gets_one_object(tmp_path: Path) -> None:
    """With the configuration and everything that was made."""
    made = [str(tmp_path / name) for name in ("requests", "state", "spentkey.toml")]
    assert first(tmp_path, "--json").json() == {"config": made[-1], "made": made}


def test_the_secret_is_in_its_own_file_alone(tmp_path: Path) -> None:
    """Neither in the configuration nor in what is printed."""
    ended = first(tmp_path)
    assert SECRET not in ended.out + ended.err + (tmp_path / "spentkey.toml").read_text()


def test_check_plan_and_run_work_with_what_was_made(sim: RealSimulator, tmp_path: Path) -> None:
    """From nothing to a removal, with one app registration and a folder."""
    home = tmp_path / "home"
    home.mkdir()
    assert first(home).code == 0
    values = "".join(f'{name} = "{value}"\n' for name, value in parameters())
    (home / "requests" / "first.toml").write_text(f'approved_by = "me"\n[request]\n{values}')
    where = {f"SPENTKEY_TENANTS__PRODUCTION__{name}": sim.printed["entra"] for name in ("AUTHORITY", "GRAPH_URL")} | {
        "SPENTKEY_TLS__CA_FILE": str(sim.config.parent / "ca.pem"),
        "SPENTKEY_POLICY__VERIFY_INTERVAL_S": "0.01",
    }
    config = ("--config", str(home / "spentkey.toml"))
    codes = [spentkey(*words, *config, home=home, **where).code for words in (("check",), ("plan",), ("run", "first"))]
    assert (codes, [one["key_id"] for one in sim.removals()]) == ([0, 0, 0], [EXPIRED_SECRET])


@pytest.mark.parametrize("option", GIVEN)
def test_what_is_missing_is_named(tmp_path: Path, option: str) -> None:
    """Exit 2, one line, and nothing is made."""
    ended = first(tmp_path, without=option)
    (line,) = ended.complaints()
    assert (ended.code, f"{option}: is missing" in line) == (2, True)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["client_secret"]


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--tenant-id", "example.org", "--tenant-id: must be a UUID"),
        ("--client-id", "spentkey", "--client-id: must be a UUID"),
        ("--client-secret-file", "/nowhere/secret", "the file /nowhere/secret cannot be read"),
        ("--desk", "jira", "--desk: jira is none of files, ivanti"),
        ("--vault", "bitwarden", "--vault: bitwarden is no vault"),
        ("--domain", " ", "domain: "),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, option: str, value: str, complaint: str) -> None:
    """Exit 2, one line, and no configuration is left."""
    ended = first(tmp_path, **{option: value})
    (line,) = ended.complaints()
    assert (ended.code, complaint in line, (tmp_path / "spentkey.toml").exists()) == (2, True, False)


def test_a_configuration_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    """Exit 2, whatever it holds."""
    (tmp_path / "spentkey.toml").write_text("mine")
    ended = first(tmp_path)
    (line,) = ended.complaints()
    assert (ended.code, "is there already" in line) == (2, True)
    assert ((tmp_path / "spentkey.toml").read_text(), (tmp_path / "requests").exists()) == ("mine", False)


def test_a_desk_with_addresses_is_not_guessed(tmp_path: Path) -> None:
    """Each setting that it needs is named, when nobody can be asked."""
    ended = first(tmp_path, "--desk", "ivanti")
    assert (ended.code, ended.out) == (2, "")
    for setting in ("ivanti.url", "ivanti.api_key", "ivanti.queue_team", "ivanti.login_id"):
        assert f"{setting}: is missing" in ended.err


def test_folders_can_be_chosen(tmp_path: Path) -> None:
    """The requests, the secrets of a vault, and the state."""
    more = ("--vault", "secrets", "--directory", "in", "--secrets", "keys", "--state", str(tmp_path / "var"))
    assert first(tmp_path, *more).code == 0
    settings = load_settings(tmp_path / "spentkey.toml", {})
    assert settings.state.directory == tmp_path / "var"
    assert [mode(tmp_path / name) for name in ("in", "keys", "var")] == [0o700] * 3
    assert settings.vault is not None


def typed(folder: Path, *replies: str) -> subprocess.CompletedProcess[str]:
    """The command, with somebody who types."""
    return subprocess.run(
        [str(Path(BIN) / "spentkey"), "init", "--config", str(folder / "spentkey.toml")],
        input="".join(f"{reply}\n" for reply in replies),
        env=environment(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_answers_are_asked_for_and_asked_again(tmp_path: Path) -> None:
    """Defaults by a bare return; an id that is none is asked for again; the secret goes into a file of its own."""
    ended = typed(tmp_path, "", "", "no id", TENANT, "example.onmicrosoft.com", AUTOMATION, SECRET)
    assert ended.returncode == 0, ended.stderr
    assert "this must be a UUID" in ended.stderr
    assert SECRET not in ended.stdout + ended.stderr + (tmp_path / "spentkey.toml").read_text()
    assert mode(tmp_path / "secrets" / "client_secret") == 0o600
    assert (tmp_path / "secrets" / "client_secret").read_text() == f"{SECRET}\n"
    assert load_settings(tmp_path / "spentkey.toml", {}).tenants["production"].client_id == AUTOMATION


def test_whoever_stops_answering_leaves_nothing(tmp_path: Path) -> None:
    """The input ends after the first answers."""
    ended = typed(tmp_path, "files", "none", TENANT)
    assert (ended.returncode != 0, "Traceback" in ended.stderr) == (True, False)
    assert list(tmp_path.iterdir()) == []
