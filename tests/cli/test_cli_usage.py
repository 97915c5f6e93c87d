"""Wrong options and wrong configurations as processes: one clear line for each problem, exit 2, nothing on stdout."""

import sys
from pathlib import Path

import pytest
from commands import Ended, ended, environment, spentkey
from real_simulator import RealSimulator

CANARY = "canary-literal-secret-5Bd"
COMMANDS = ("check", "demo", "pause", "plan", "resume", "serve", "status", "work")
LONG = pytest.mark.long
WRONG: dict[tuple[str, ...], str] = {
    ("walk",): "No such command 'walk'",
    ("run",): "Missing argument 'TASK...'",
    ("run", "-5"): "No such option",
    ("run", "40021", "--yaml"): "No such option",
    ("plan", "40021", "40022"): "unexpected extra argument",
    ("serve", "40021"): "unexpected extra argument",
    ("serve", "--once"): "No such option",
    ("work", "40021"): "unexpected extra argument",
    ("resume",): "Missing option '--why'",
    ("resume", "--why", "x", "--stop"): "Option '--stop' requires an argument",
    ("pause",): "Missing option '--why'",
    ("pause", "--why", "x", "40021"): "unexpected extra argument",
    ("status", "40021"): "unexpected extra argument",
    ("resume", "--why", "x", "40021"): "unexpected extra argument",
    ("demo", "--seed", "x"): "is not a valid integer",
    ("demo", "--seed", "-1"): "not in the range",
    ("--config", "x"): "No such option",
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_a_wrong_command_line_is_exit_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """The usage, where to find help, and what is wrong; nothing on stdout."""
    message = spentkey(*arguments, home=tmp_path)
    lines = message.complaints()
    assert message.code == 2
    assert lines[-1].startswith("Error: ")
    assert WRONG[arguments] in lines[-1]


HELP = [("--help",), ("-h",), ("run", "--help"), *(pytest.param((name, "--help"), marks=LONG) for name in COMMANDS)]


@pytest.mark.parametrize("arguments", HELP, ids=" ".join)
def test_help_is_exit_0_and_names_what_there_is(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Without any configuration."""
    message = spentkey(*arguments, home=tmp_path)
    assert (message.code, message.err) == (0, "")
    assert all(word in message.out for word in (COMMANDS if len(arguments) == 1 else ("Usage", "--json")))


def test_the_version_is_told(tmp_path: Path) -> None:
    """One line."""
    message = spentkey("--version", home=tmp_path)
    assert (message.code, message.out.startswith("spentkey, version ")) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [((), "spentkey.toml"), (("SPENTKEY_CONFIG",), "variable.toml"), (("SPENTKEY_CONFIG", "--config"), "option.toml")],
)
def test_the_configuration_is_that_of_the_option_else_of_the_variable(
    tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    """None of them is there; the complaint names the one that was looked for."""
    more = {"SPENTKEY_CONFIG": "variable.toml"} if "SPENTKEY_CONFIG" in arguments else {}
    option = ("--config", "option.toml") if "--config" in arguments else ()
    message = spentkey("plan", *option, home=tmp_path, **more)
    (line,) = message.complaints()
    assert (message.code, named in line, "there is no such" in line) == (2, True, True)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["walk"]], ids=" ".join)
def test_help_is_quick_because_it_loads_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    """Neither HTTP, nor tokens, nor cryptography, nor the database driver is imported for it."""
    script = (
        "import atexit, sys\n"
        "heavy = ('aiohttp', 'azure', 'cryptography', 'mssql_python', 'pydantic', 'jwt')\n"
        "atexit.register(lambda: print('LOADED', *[name for name in heavy if name in sys.modules]))\n"
        f"sys.argv = ['spentkey', *{arguments!r}]\n"
        "from spentkey.cli.main import main\n"
        "main()\n"
    )
    message = ended([sys.executable, "-c", script], tmp_path, environment(tmp_path))
    assert message.out.splitlines()[-1] == "LOADED"


def complaints(message: Ended) -> list[str]:
    """The lines of a configuration problem: exit 2, each line by Spentkey, no canary."""
    lines = message.complaints()
    assert message.code == 2
    assert lines
    assert all(line.startswith("spentkey: ") for line in lines)
    assert CANARY not in message.err
    return lines


@pytest.mark.parametrize("command", [("run", "40021"), ("plan",), ("work", "--once"), ("serve",)], ids=" ".join)
def test_a_missing_configuration_is_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    """It names the file that was looked for."""
    (line,) = complaints(spentkey(*command, "--json", home=tmp_path))
    assert "spentkey.toml" in line


BROKEN: dict[str, tuple[bytes, int, str]] = {
    "not TOML": (f'api_key = "{CANARY}'.encode(), 0o600, "not valid TOML"),
    "a value that is none": (f"[ivanti]\napi_key = {CANARY}\n".encode(), 0o600, "not valid TOML"),
    "not UTF-8": (b"\xff\xfe" + CANARY.encode(), 0o600, "not valid TOML"),
    "empty": (b"", 0o600, "tenants: is missing"),
    "a section that is a text": (f'ivanti = "{CANARY}"'.encode(), 0o600, "ivanti"),
}


@pytest.mark.parametrize("scenario", BROKEN)
def test_a_broken_configuration_says_where_and_not_what(tmp_path: Path, scenario: str) -> None:
    """The text of the file is never repeated, since a secret may stand there."""
    content, mode, message = BROKEN[scenario]
    file = tmp_path / "spentkey.toml"
    file.write_bytes(content)
    file.chmod(mode)
    assert any(message in line for line in complaints(spentkey("plan", home=tmp_path)))


def changed(sim: RealSimulator, folder: Path, mode: int, *pairs: tuple[str, str]) -> Path:
    """The simulator's configuration with parts replaced."""
    text = sim.config.read_text()
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    file = folder / "spentkey.toml"
    file.write_text(text.replace('"ca.pem"', f'"{sim.config.parent}/ca.pem"'))
    file.chmod(mode)
    return file


KEY = 'api_key = { file = "secrets/ivanti_api_key" }'
VAULT_KEY = 'api_key = { file = "secrets/passwordstate_api_key" }'


@pytest.mark.parametrize(
    ("mode", "value", "message"),
    [
        (0o644, f'"{CANARY}"', "ivanti.api_key: a literal secret needs a file of mode 0600"),
        (0o600, f'["{CANARY}"]', "ivanti.api_key: must be"),
        (0o600, f'{{ files = "{CANARY}" }}', "files is not a way"),
        (0o600, f'{{ file = "{CANARY}", env = "X" }}', "ivanti.api_key: must be"),
        (0o600, '{ env = "NOT_SET" }', "is empty or its variable is not set"),
        (0o600, '""', "is empty"),
        (0o600, f'"{CANARY}\\n{CANARY}"', "control characters"),
    ],
)
def test_a_secret_that_cannot_be_used_is_not_shown(
    sim: RealSimulator, tmp_path: Path, mode: int, value: str, message: str
) -> None:
    """The setting is named, its value is not."""
    given = (VAULT_KEY, f'api_key = {{ file = "{sim.config.parent}/secrets/passwordstate_api_key" }}')
    changed(sim, tmp_path, mode, given, (KEY, f"api_key = {value}"))
    (line,) = complaints(spentkey("plan", home=tmp_path))
    assert message in line


def test_every_problem_is_named_in_one_go(sim: RealSimulator, tmp_path: Path) -> None:
    """An unknown setting, a wrong address, equal teams, a number that is none, and a file that is not there."""
    file = changed(sim, tmp_path, 0o600, ('queue_team = "', 'quue = 1\nqueue_team = "'))
    message = spentkey(
        *("plan", "--config", str(file)),
        home=tmp_path,
        SPENTKEY_IVANTI__URL="http://plain.example.org",
        SPENTKEY_POLICY__VERIFY_READS="many",
        SPENTKEY_ENGINE__CONCURRENCY="0",
        SPENTKEY_NO_SUCH__SETTING="1",
    )
    lines = complaints(message)
    for setting in ("ivanti.quue", "ivanti.url", "policy.verify_reads", "engine.concurrency", "no_such", "api_key"):
        assert any(setting in line for line in lines), setting
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize(
    ("content", "message"), [(None, "No such file"), (b"no certificate", "cannot be used"), (b"", "cannot be used")]
)
def test_an_authority_that_cannot_be_read_is_one_line(
    sim: RealSimulator, tmp_path: Path, content: bytes | None, message: str
) -> None:
    """Nothing is asked of anybody with a CA file that is no such file."""
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    ca_file = {"SPENTKEY_TLS__CA_FILE": str(tmp_path / "ca.pem")}
    (line,) = complaints(spentkey("plan", "--config", str(sim.config), home=tmp_path, stdin=None, **ca_file))
    assert "ca.pem" in line
    assert message in line
    assert sim.journal() == []


NO_TASKS = [
    "abc",
    "forty",
    "0",
    "1e3",
    "007",
    " 5",
    "+5",
    "5.0",
    "1_000",
    "\u0664",
    "99999999999999999999",
    "SCTASK0010001",
    "",
]


@pytest.mark.parametrize("text", NO_TASKS, ids=repr)
@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_text_that_no_task_of_the_desk_has_is_one_line(
    sim: RealSimulator, tmp_path: Path, command: str, text: str
) -> None:
    """Exit 2 with the desk's name and an example; nobody is asked, not even for a key, and nothing is kept."""
    state, key = tmp_path / "state", '{"entry": "sys_ivanti"}'
    more = {"SPENTKEY_STATE__DIRECTORY": str(state), "SPENTKEY_IVANTI__API_KEY": key}
    (line,) = complaints(spentkey(command, text, "--json", "--config", str(sim.config), home=tmp_path, **more))
    assert line == f"spentkey: task: {text!r} is not a task of [ivanti], such as 40021"
    assert (sim.journal(), state.exists()) == ([], False)


DESKLESS = [("run", "40021"), ("plan", "40021"), ("plan",), ("work", "--once"), ("work",), ("serve",)]


@pytest.mark.parametrize("command", DESKLESS, ids=" ".join)
def test_without_a_service_desk_no_task_can_be_worked_on(
    sim: RealSimulator, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Exit 2 and one line that names the tables of which one is needed; nobody is asked, and nothing is kept."""
    text = sim.config.read_text()
    desk = text.index("[ivanti]")
    after = text.index("[passwordstate]")
    assert desk < after
    secrets = f'"{sim.config.parent}/secrets/'
    text = (
        (text[:desk] + text[after:]).replace('"secrets/', secrets).replace('"ca.pem"', f'"{sim.config.parent}/ca.pem"')
    )
    file, state = tmp_path / "spentkey.toml", tmp_path / "state"
    file.write_text(text)
    file.chmod(0o600)
    ended = spentkey(*command, "--json", home=tmp_path, SPENTKEY_STATE__DIRECTORY=str(state))
    (line,) = complaints(ended)
    assert line.startswith("spentkey: no service desk is configured; ")
    assert "[ivanti]" in line
    assert (sim.journal(), state.exists()) == ([], False)


def test_a_directory_is_no_configuration(tmp_path: Path) -> None:
    """One line."""
    (line,) = complaints(spentkey("plan", "--config", str(tmp_path), home=tmp_path))
    assert "cannot be read" in line
