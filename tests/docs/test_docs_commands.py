"""The page of commands shows what `--help` says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from doc_texts import blocks, command_names, help_texts, page, tables

from spentkey.cli.generate_jwt_token import PUBLIC_CLOUD

PAGE = page("docs", "reference", "commands.md")
COMMANDS = ["spentkey", *(f"spentkey {name}" for name in command_names()), "spentkey-sim", "spentkey-sim serve"]


def unwrapped(text: str) -> str:
    """A help text with its usage on one line: where that is wrapped differs from one Python to the next."""
    usage, blank, rest = text.partition("\n\n")
    return " ".join(usage.split()) + blank + rest


def test_every_command_has_its_text() -> None:
    """The blocks of the page are the help texts, one for each command and in that order."""
    assert list(help_texts()) == COMMANDS
    assert [unwrapped(one) for one in help_texts().values()] == [unwrapped(one) for one in blocks(PAGE, "text")]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_heading(command: str) -> None:
    """Each block stands under the name of its command."""
    assert f"## `{command}`\n" in PAGE


def test_the_installed_command_says_the_same() -> None:
    """The text is that of the command as people call it, on a terminal of 80 columns."""
    spentkey = Path(sys.executable).with_name("spentkey")
    environment = {**os.environ, "COLUMNS": "80"}
    ended = subprocess.run([str(spentkey), "run", "-h"], capture_output=True, text=True, check=True, env=environment)
    assert help_texts()["spentkey run"] == ended.stdout


def needed_for(token_type: str) -> list[str]:
    """The variables that the page calls needed."""
    heading, *rows = next(table for table in tables(PAGE) if table[0][0] == "variable")
    column = heading.index(f"`{token_type}`")
    return [row[0].strip("`") for row in rows if row[column] == "needed" and row[0] != "`TOKEN_TYPE`"]


def call(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the script with this environment alone."""
    script = Path(sys.executable).with_name("generate_jwt_token.py")
    return subprocess.run([str(script)], capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize(
    ("token_type", "missing"), [(kind, name) for kind in ("client_assertion", "pop") for name in needed_for(kind)]
)
def test_the_scripts_needed_variables_are_needed(pfx: Path, token_type: str, missing: str) -> None:
    """Leaving one out ends with exit code 2 and its name; nothing is printed on stdout."""
    ended = call({name: value for name, value in given(pfx, token_type).items() if name != missing})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert missing in ended.stderr


@pytest.mark.parametrize("token_type", ["client_assertion", "pop"])
def test_the_scripts_needed_variables_are_enough(pfx: Path, token_type: str) -> None:
    """With what the page calls needed the script prints one token and nothing else."""
    ended = call(given(pfx, token_type))
    assert (ended.returncode, ended.stdout.strip().count("."), ended.stderr) == (0, 2, "")


def given(pfx: Path, token_type: str) -> dict[str, str]:
    """Values for exactly what the page calls needed."""
    some_id = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    values = {"PFX_PATH": str(pfx), "PFX_PASSWORD": "secret"}
    return {"TOKEN_TYPE": token_type} | {name: values.get(name, some_id) for name in needed_for(token_type)}


def test_the_scripts_default_authority_is_named() -> None:
    """The page names the authority that is taken when none is given."""
    assert f"default `{PUBLIC_CLOUD}`" in PAGE
