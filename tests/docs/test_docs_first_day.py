"""The first-day guide, followed as far as a test can: its configuration, its commands in their order, what they show."""

import configparser
import json
import re
import shutil
import ssl
import subprocess
import tomllib
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from commands import BIN, QUICK, Ended, ended, environment
from doc_texts import ROOT, blocks, page, tables
from first_day_guide import (
    FOLLOWED,
    GUIDE,
    STATE,
    configuration,
    fenced,
    ivanti_table,
    section,
    settings_of,
    shown,
    typed,
    unlike,
)
from first_day_world import KEYS, LIGHTING, LOGIN_ID, NEVER, REHEARSAL, TEAM, first_day
from real_simulator import RealSimulator
from test_docs_settings import PLACEHOLDERS
from worlds import CANARIES

from spentkey.adapters.entra.check import READ, WRITE
from spentkey.bootstrap.settings import load_settings
from spentkey.cli.main import cli
from spentkey.settings.schema import PolicySettings
from spentkey_sim import seeded

SQL = fenced("sql")
SHELL = fenced("sh")
EXIT = {"spentkey work --once": 3}
"""The exit codes that the guide names; all others are 0."""


@dataclass(frozen=True)
class Installation:
    """A folder that the guide was followed in, and how to type there."""

    sim: RealSimulator
    folder: Path

    def type(self, command: str) -> Ended:
        """What one line of the guide does here."""
        variables = environment(self.folder, **self._variables())
        command = command.replace(STATE, str(self.folder / "state"))
        result = ended(["sh", "-c", command], self.folder, variables)
        return Ended(result.code, self._as_in_the_guide(result.out), result.err)

    def _variables(self) -> dict[str, str]:
        """What the simulator needs on top of the guide: its ports, loopback for Microsoft, quick verification."""
        entra = self.sim.printed["entra"]
        tenants = {
            f"SPENTKEY_TENANTS__{name}__{what}": entra
            for name in ("production", "onderwijs")
            for what in ("AUTHORITY", "GRAPH_URL")
        }
        return {
            **QUICK,
            **tenants,
            "SPENTKEY_POLICY__VERIFY_READS": "5",
            "SPENTKEY_PASSWORDSTATE__DATABASE__PORT": self.sim.printed["sql"].split(",")[1],
            "PATH": f"{BIN}:/usr/bin:/bin",
            "COLUMNS": "100",
        }

    def _as_in_the_guide(self, text: str) -> str:
        message = text.replace(str(self.folder / "state"), STATE)
        return message.replace(self.sim.printed["ivanti"], "https://itsm.example.org/HEAT")


def installed(sim: RealSimulator, folder: Path) -> Installation:
    """Step 6, with the simulator's addresses in place of the placeholders."""
    hosts = {name: sim.printed[name].removeprefix("https://").split("/")[0] for name in ("ivanti", "passwordstate")}
    filled = {
        "<host of Ivanti>": hosts["ivanti"],
        "<host of Passwordstate>": hosts["passwordstate"],
        "<host of SQL Server>": "localhost",
        "<team whose tasks Spentkey takes>": TEAM,
        "<LoginID of the user behind the key>": LOGIN_ID,
    }
    text = configuration().replace(STATE, str(folder / "state"))
    for placeholder, value in filled.items():
        text = text.replace(placeholder, value)
    (folder / "secrets").mkdir(mode=0o700)
    (folder / "state").mkdir(mode=0o700)
    secrets = {
        "ivanti_api_key": CANARIES["ivanti key"],
        "passwordstate_api_key": KEYS["credentials"],
        "passwordstate_certificates_api_key": KEYS["certificates"],
        "passwordstate_documents_api_key": KEYS["certificates"],
    }
    for name, value in secrets.items():
        (folder / "secrets" / name).write_text(f"{value}\n")
        (folder / "secrets" / name).chmod(0o600)
    shutil.copy(sim.config.parent / "ca.pem", folder / "house-ca.pem")
    (folder / "spentkey.toml").write_text(text, "utf-8")
    for name, program in zip(
        ("evidence_lines.py", "check_chain.py"), blocks(page("docs", "reference", "evidence.md"), "python"), strict=True
    ):
        (folder / name).write_text(program, "utf-8")
    return Installation(sim, folder)


@dataclass(frozen=True)
class FirstDay:
    """What every command of the guide did, and what was true in the end."""

    results: dict[str, Ended]
    truth: dict[str, Any]
    writes_before_step_9: list[str]


@pytest.fixture(scope="module")
def day(simulator_process: RealSimulator, tmp_path_factory: pytest.TempPathFactory) -> FirstDay:
    """The guide, followed once from its first command to its last."""
    simulator_process.reset(first_day())
    here = installed(simulator_process, tmp_path_factory.mktemp("first-day"))
    results: dict[str, Ended] = {}
    writes: list[str] = []
    for line in typed():
        if line == f"spentkey run {REHEARSAL}":
            writes = simulator_process.writes()
            change_task(simulator_process, REHEARSAL, {"Status": "Logged"})
        results[line] = here.type(line)
    return FirstDay(results, simulator_process.truth(), writes)


def test_the_guide_shows_every_command_of_a_first_day() -> None:
    """Check, plan, one task, the evidence, and the whole queue, in that order."""
    words = [line.split()[:2] for line in typed()]
    assert words == [
        ["spentkey", "check"],
        ["spentkey", "plan"],
        ["spentkey", "run"],
        ["spentkey", "run"],
        ["python3", "evidence_lines.py"],
        ["python3", "check_chain.py"],
        ["spentkey", "work"],
    ]
    assert set(shown()) == set(typed())


@pytest.mark.parametrize("command", typed())
def test_a_command_ends_as_the_guide_says(day: FirstDay, command: str) -> None:
    """Its exit code is the one that the guide names, and there is no bug."""
    result = day.results[command]
    assert EXIT.get(command, 0) == result.code, result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("command", typed())
def test_a_command_shows_what_the_guide_shows(day: FirstDay, command: str) -> None:
    """Line by line, but for dates, ids of tries and hashes."""
    assert unlike(shown()[command], day.results[command].out) == []


def test_a_task_that_is_given_back_is_taken_as_new(sim: RealSimulator, tmp_path: Path) -> None:
    """Step 11: with the queue team, an open status and no owner it is worked on again, and gets a note of its own."""
    sim.reset(first_day())
    here = installed(sim, tmp_path)
    handed_over = here.type("spentkey run 40023 --json").json()
    assert here.type("spentkey run 40023").code == 2
    give_back(sim, 40023)
    again = here.type("spentkey run 40023 --json").json()
    assert (handed_over["ticket"], again["ticket"]) == ("handed-off", "handed-off")
    assert [found for note in sim.task(40023)["notes"] for found in re.findall(r" assignment=\d ", note["body"])] == [
        " assignment=1 ",
        " assignment=2 ",
    ]


def give_back(sim: RealSimulator, number: int) -> None:
    """The task is with the queue team again, and open."""
    change_task(sim, number, {"OwnerTeam": TEAM, "Status": "Logged", "Owner": ""})


def change_task(sim: RealSimulator, number: int, change: dict[str, str]) -> None:
    """What a person does in Ivanti, by its API."""
    trusted = ssl.create_default_context(cafile=str(sim.config.parent / "ca.pem"))
    tasks = f"{sim.printed['ivanti']}/api/odata/businessobject/Task__Assignments"
    headers = {"Authorization": f"rest_api_key={CANARIES['ivanti key']}", "Content-Type": "application/json"}

    def ask(url: str, method: str = "GET", body: bytes | None = None) -> dict[str, Any]:
        request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, context=trusted) as response:  # noqa: S310
            return json.loads(response.read())

    (task,) = ask(f"{tasks}?$filter=AssignmentID%20eq%20{number}")["value"]
    ask(f"{tasks}('{task['RecId']}')", "PATCH", json.dumps(change).encode())


def test_nothing_is_written_before_step_9(day: FirstDay) -> None:
    """Check and plan leave every system as it was."""
    assert day.writes_before_step_9 == []


def test_the_certificate_goes_without_a_right_to_write(day: FirstDay) -> None:
    """The application of the example is not the automation's, and still its expired certificate is removed."""
    (lighting,) = [
        one for one in first_day()["tenants"][0]["applications"] if one["app_id"] == LIGHTING and one["owners_only"]
    ]
    removed = [one["key_id"] for one in day.truth["tenants"]["production"]["removals"]]
    assert lighting["certificates"][0]["key_id"] in removed
    assert len(removed) == 2


@pytest.mark.parametrize(
    ("task", "subject"),
    [
        (str(REHEARSAL), "Credential not present"),
        ("40021", "Expired credential removed"),
        ("40023", "Secret removal failed"),
    ],
)
def test_the_notes_are_those_of_the_guide(day: FirstDay, task: str, subject: str) -> None:
    """Subject and body of the note on a closed and on a handed-over task."""
    (note,) = day.truth["ivanti"]["tasks"][task]["notes"]
    assert subject == note["subject"]
    assert f"`{subject}`" in GUIDE
    (body,) = [block for block in fenced("text") if f"[spentkey task={task} " in block]
    assert unlike(body, note["body"]) == []


def test_the_closed_task_is_as_the_guide_says(day: FirstDay) -> None:
    """Status, owner and booked minutes."""
    task = day.truth["ivanti"]["tasks"]["40021"]
    assert (task["status"], task["owner"], task["minutes"]) == ("Completed", "svc-spentkey", 1)
    assert "the task is now `Completed`, its owner is `svc-spentkey`, one minute is booked" in GUIDE


def test_the_rehearsal_goes_the_whole_way_and_removes_nothing(day: FirstDay) -> None:
    """A note, the close, and no credential is missing: what `check` wanted is on record."""
    task = day.truth["ivanti"]["tasks"][str(REHEARSAL)]
    assert (task["status"], task["owner"], len(task["notes"]), len(task["writes"])) == ("Completed", LOGIN_ID, 1, 2)
    removed = {one["key_id"] for one in day.truth["tenants"]["production"]["removals"]}
    assert NEVER not in removed
    assert f"SecretID is a fresh UUID, for example `{NEVER}`" in GUIDE


def test_check_recommends_the_rehearsal_until_a_close_is_on_record(sim: RealSimulator, tmp_path: Path) -> None:
    """It names an application that has no expired secret; and it makes no store to look."""
    sim.reset(first_day())
    here = installed(sim, tmp_path)
    before = here.type("spentkey check")
    assert "rehearsal        a close: none is on record yet" in before.out
    assert "on Street Lighting Monitor (" in before.out
    assert list((tmp_path / "state").iterdir()) == []
    change_task(sim, REHEARSAL, {"Status": "Logged"})
    here.type(f"spentkey run {REHEARSAL}")
    assert "rehearsal        a close: is on record" in here.type("spentkey check").out


def test_a_missing_permission_shows_as_in_the_guide(sim: RealSimulator, tmp_path: Path) -> None:
    """Without the right to write, `check` ends with 2 and names what grants it."""
    sim.reset(first_day(["Application.Read.All"]))
    result = installed(sim, tmp_path).type("spentkey check")
    (failing,) = [block for block in fenced("text") if "\nfail " in block]
    assert result.code == 2
    assert unlike(failing, result.out) == []


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("a\nb\n", "a\n"),
        ("a\n", "a\nb\n"),
        ("a\nb\n", "b\na\n"),
        ("a\n…\nc\n", "a\nb\n"),
        ("a\nc\n", "a\nb\nc\n"),
        ("0 s apart\n", "0 min apart\n"),
        ("│ a │\n", "│ a  │\n"),
    ],
)
def test_another_output_would_be_found(expected: str, actual: str) -> None:
    """A line too few or too many, another order, another column."""
    assert unlike(expected, actual) != []


@pytest.mark.parametrize(
    ("expected", "actual"),
    [("a\n…\nd\n", "a\nb\nc\nd\n"), ("a\n…\n", "a\nb\n"), ("in 12 days left\n", "in 7 days left\n"), ("…\nb\n", "b\n")],
)
def test_what_is_left_out_or_changes_does_not_count(expected: str, actual: str) -> None:
    """Lines where the guide says so, and figures that are never the same."""
    assert unlike(expected, actual) == []


def test_the_configuration_is_the_examples() -> None:
    """The guide and `examples/spentkey.toml` say the same; the guide adds what is optional, and the authorities."""
    example, guide = (settings_of(text) for text in (page("examples", "spentkey.toml"), configuration()))
    assert {name: value for name, value in guide.items() if name in example} == example
    assert set(guide) - set(example) == {
        "ivanti.escalation_team",
        "ivanti.status",
        "ivanti.fields",
        "tls.ca_file",
    }


def test_every_placeholder_is_known() -> None:
    """Nothing else in the configuration is left for the reader to fill in."""
    assert set(PLACEHOLDERS) == set(re.findall(r"<[^>]+>", configuration()))


def test_what_the_configuration_adds_is_taken(sim: RealSimulator, tmp_path: Path) -> None:
    """The guide's protected names and limits load, lower than usual, and no literal secret stands in it."""
    sim.reset(first_day())
    here = installed(sim, tmp_path)
    file = here.folder / "spentkey.toml"
    file.write_text(file.read_text("utf-8") + fenced("toml")[1], "utf-8")
    entra = {f"SPENTKEY_TENANTS__{name}__AUTHORITY": sim.printed["entra"] for name in ("production", "onderwijs")}
    graph = {name.replace("AUTHORITY", "GRAPH_URL"): value for name, value in entra.items()}
    settings = load_settings(file, {**entra, **graph})
    usual = PolicySettings()
    limits = [name for name in tomllib.loads(fenced("toml")[1])["policy"] if name.startswith("max_")]
    assert len(settings.policy.protected) == 2
    assert [name for name in limits if getattr(settings.policy, name) >= getattr(usual, name)] == []
    assert len(limits) == 3
    assert [line for line in configuration().splitlines() if "key" in line.split("=")[0] and "{ file" not in line] == []


@pytest.mark.parametrize("block", SHELL, ids=lambda block: block.splitlines()[0][:30])
def test_a_shell_block_parses(block: str) -> None:
    """Every block is shell that can be pasted: no placeholder that would be a redirection."""
    parsed = subprocess.run(["/bin/sh", "-n"], input=block, capture_output=True, text=True, check=False)
    assert (parsed.returncode, parsed.stderr) == (0, "")
    assert re.findall(r"(?<!<)<\w", block) == []


def test_the_keys_go_into_files_of_their_own(tmp_path: Path) -> None:
    """What is typed in lands in the files that the configuration names, whole, and nobody else may read them."""
    (asking,) = [block for block in SHELL if "read -r" in block]
    (before,) = [block for block in SHELL if "umask" in block]
    umask = next(line for line in before.splitlines() if line.startswith("umask"))
    (tmp_path / "secrets").mkdir()
    keys = ["first", "with space and \\ and ' and $HOME", "  indented", "last%s"]
    script = f"{umask}\n{asking}"
    typed_in = "".join(f"{key}\n" for key in keys)
    ran = subprocess.run(
        ["/bin/sh", "-c", script], cwd=tmp_path, input=typed_in, capture_output=True, text=True, check=False
    )
    named = re.findall(r'\{ file = "(secrets/\w+)" \}', configuration())
    assert ran.returncode in (0, 1)  # `stty` has no terminal here
    assert {name: key.strip() for name, key in zip(named, keys, strict=True)} == {
        name: (tmp_path / name).read_text().rstrip("\n") for name in named
    }
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in named} == {0o600}
    assert not [key for key in keys if key in ran.stdout + ran.stderr]


def test_no_secret_stands_on_a_command_line() -> None:
    """No command takes a password, key or secret as an argument."""
    typed_in = "\n".join(SHELL)
    assert re.findall(r"--(?:password|secret|api-key|client-secret)[ =]\S+", typed_in) == []
    assert re.findall(r"(?i)export \w*(?:secret|key|password)", typed_in) == []


def test_resetting_a_credential_keeps_the_others() -> None:
    """`az ad app credential reset` clears everything unless it is told to append."""
    resets = [line for line in "\n".join(SHELL).splitlines() if "credential reset" in line]
    assert [line for line in resets if "--append" not in line.split()] == []
    assert len(resets) == 1


def grants(sql: str) -> list[str]:
    """Every statement that gives a right away, by itself or by a role."""
    found = re.findall(
        r"(?im)^\s*((?:GRANT|ALTER\s+(?:SERVER\s+)?ROLE|ALTER\s+AUTHORIZATION|EXEC\w*\s+sp_add\w+)\b[^;]*)", sql
    )
    return [" ".join(statement.split()) for statement in found]


def test_the_log_in_may_read_the_view_and_nothing_else() -> None:
    """One grant in all of the T-SQL: SELECT on the view that the configured query reads."""
    assert [one for sql in SQL for one in grants(sql)] == ["GRANT SELECT ON dbo.vw_PfxDocuments TO spentkey_reader"]
    query = settings_of(configuration())["passwordstate.database.query"]
    assert "FROM dbo.vw_PfxDocuments " in query
    assert not [sql for sql in SQL if "db_datareader" in sql or "db_owner" in sql]


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER ROLE db_datareader ADD MEMBER spentkey_reader;",
        "EXEC sp_addrolemember 'db_datareader', 'spentkey_reader';",
        "GRANT CONTROL TO spentkey_reader;",
        "  grant select on schema::dbo to spentkey_reader;",
        "ALTER SERVER ROLE sysadmin ADD MEMBER spentkey_reader;",
    ],
)
def test_another_right_would_be_found(sql: str) -> None:
    """Roles and wider grants are seen."""
    assert len(grants(sql)) == 1


def test_the_view_shows_three_columns() -> None:
    """What the query needs, and no ciphertext; nothing else is selected from the table of documents."""
    (view,) = [sql for sql in SQL if "CREATE VIEW" in sql]
    assert re.findall(r"SELECT ([\w, *]+) FROM dbo\.\[<", view) == ["DocumentID, PasswordID, DocumentName"]


def test_the_permissions_are_those_that_check_wants() -> None:
    """Both ways of the table satisfy `check`, and no other permission is named in the step."""
    named = set(re.findall(r"`((?:Application|Directory)\.[\w.]+)`", section(2)))
    assert named == {"Application.Read.All", "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"}
    (ways,) = [table for table in tables(section(2)) if table[0][0] == "permissions"]
    for way in ways[1:]:
        granted = set(re.findall(r"`([\w.]+)`", way[0]))
        assert granted & READ
        assert granted & WRITE


def fields(cell: str) -> set[str]:
    """The names in backticks."""
    return set(re.findall(r"`(\w+)`", cell))


def asked_of_ivanti() -> str:
    """The code that talks to Ivanti."""
    return "\n".join(
        page("src", "spentkey", "adapters", "ivanti", name)
        for name in ("client.py", "judging.py", "wire.py", "check.py")
    )


def test_the_role_in_ivanti_may_read_what_is_read() -> None:
    """Every field that the code takes from a record stands in the table, and every field of the table is used."""
    code = asked_of_ivanti()
    taken = set(re.findall(r'row\.get\("(\w+)"\)|_text\(row, "(\w+)"\)|record\.get\("(\w+)"\)', code))
    read = {name for names in taken for name in names if name}
    allowed = {name for row in ivanti_table() for name in fields(row[2])}
    assert read <= allowed
    assert {name for name in allowed if f'"{name}"' not in code and f"{name}=" not in code} <= {"ActualEffort"}


def test_the_role_in_ivanti_may_write_what_is_written() -> None:
    """The fields of a change and of a note are those of the table."""
    client = page("src", "spentkey", "adapters", "ivanti", "client.py")
    written = set(re.findall(r'^\s+"([A-Z]\w+)": ', client, re.M)) | set(re.findall(r'body\["(\w+)"\] =', client))
    allowed = {name for row in ivanti_table() for name in fields(row[3])}
    assert written | {"ActualEffort"} == allowed


def test_every_object_in_ivanti_is_named() -> None:
    """The entity sets of the code, as objects, are the rows of the table."""
    code = asked_of_ivanti()
    sets = set(re.findall(r'"(Task__Assignments|\w+Params|Journal__\w+|StandardUserTeams|Employees)"', code))
    assert {name.removesuffix("s").replace("__", "#") for name in sets} == {row[0].strip("`") for row in ivanti_table()}


def units() -> dict[str, configparser.ConfigParser]:
    """The two files of systemd, by the section that only one of them has."""
    found: dict[str, configparser.ConfigParser] = {}
    for block in fenced("ini"):
        unit = configparser.ConfigParser(interpolation=None, strict=True)
        unit.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
        unit.read_string(block)
        found["timer" if "Timer" in unit else "service"] = unit
    return found


def test_the_service_runs_what_was_installed() -> None:
    """The command exists, takes these options, and paths and account are those of step 6."""
    service = units()["service"]["Service"]
    program, command, *options = service["ExecStart"].split()
    assert (program, command, options) == (
        "/opt/spentkey/.venv/bin/spentkey",
        "work",
        ["--once", "--config", "/etc/spentkey/spentkey.toml"],
    )
    assert command in cli.commands
    for place in ("/opt/spentkey", "/etc/spentkey", service["ReadWritePaths"], f" {service['User']}\n"):
        assert place in section(6)


def test_the_service_fails_when_somebody_must_look() -> None:
    """Handed over is no failure; a bug, a wrong configuration and tasks left open are."""
    assert units()["service"]["Service"]["SuccessExitStatus"] == "3"


def test_the_timer_never_starts_two_at_once() -> None:
    """The service ends before it counts as started, and the timer names no other unit."""
    both = units()
    assert both["service"]["Service"]["Type"] == "oneshot"
    assert "Unit" not in both["timer"]["Timer"]


def test_the_reasons_are_those_of_the_code() -> None:
    """Every text in the table of reasons is written somewhere in the code."""
    (table,) = [one for one in tables(section(11)) if one[0][0] == "the reason says"]
    code = "\n".join(file.read_text("utf-8") for file in (ROOT / "src" / "spentkey").rglob("*.py"))
    joined = re.sub(r'"\s*\n\s*f?"', "", code).replace("{name}", "AppDisplayName")
    parts = [
        part.strip(" ,") for row in table[1:] for text in re.findall(r"`([^`]+)`", row[0]) for part in text.split("…")
    ]
    assert [part for part in parts if part and part not in joined] == []
    assert len(parts) >= len(table) - 1


def test_the_demonstration_has_as_many_tasks() -> None:
    """The number in step 1 is that of the seeded world."""
    assert f"You should see {len(seeded.build(1)['expect'])} tasks " in section(1)


def test_the_guide_has_its_eleven_steps() -> None:
    """Numbered without a gap, and each is in the table at the top."""
    assert [str(number) for number in range(1, 12)] == re.findall(r"^## (\d+) ", GUIDE, re.M)
    assert re.findall(r"\(#\d+-[\w-]+\)", GUIDE)


def test_only_these_commands_are_followed() -> None:
    """Everything else in the shell blocks is for administrators; no other line starts Spentkey."""
    lines = [line for block in SHELL for line in block.splitlines()]
    assert [
        line
        for line in lines
        if re.search(r"(?<![/\w-])spentkey (?:{})\b".format("|".join(cli.commands)), line)
        and not line.startswith(FOLLOWED)
    ] == []
