"""The files of `deploy/`, and which commands of Spentkey a text calls."""

import re
import shlex
from pathlib import Path

import click

from spentkey.cli.main import cli

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CALL = re.compile(r"(?:^|[/\s])spentkey (?=[a-z-])(.*)$")


def call_problems(words: list[str]) -> list[str]:
    """What is wrong with the words after `spentkey`: no such command or option, or a needed option left out."""
    name, *rest = words
    command = cli.commands.get(name)
    if command is None:
        return [f"there is no command {name}"]
    options = {option: one for one in command.params if isinstance(one, click.Option) for option in one.opts}
    given = {word.partition("=")[0] for word in rest if word.startswith("--") and word != "--help"}
    needed = {one.opts[0] for one in options.values() if one.required}
    return [f"{name} has no option {option}" for option in sorted(given - set(options))] + [
        f"{name} needs {option}" for option in sorted(needed - given)
    ]


def calls(line: str) -> list[str]:
    """The words after `spentkey` in a line of shell, up to the end of that command; empty where it calls none."""
    found = CALL.search(line.partition(" #")[0].rstrip("\\"))
    if found is None:
        return []
    return shlex.split(re.split(r"[|;&>]", found[1])[0])
