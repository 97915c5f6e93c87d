"""The files of `deploy/`, and which commands of Spentkey a text calls."""

import shlex
from itertools import pairwise
from pathlib import Path

import click

from spentkey.cli.main import cli

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def call_problems(words: list[str]) -> list[str]:
    """What is wrong with the words after `spentkey`: no such command or option, or a needed option left out."""
    name, *rest = words
    command = cli.commands.get(name)
    if isinstance(command, click.Group) and rest:
        inner, *rest = rest
        name, command = f"{name} {inner}", command.commands.get(inner)
    if command is None:
        return [f"there is no command {name}"]
    options = {option: one for one in command.params if isinstance(one, click.Option) for option in one.opts}
    given = {word.partition("=")[0] for word in rest if word.startswith("--") and word != "--help"}
    needed = {one.opts[0] for one in options.values() if one.required}
    return [f"{name} has no option {option}" for option in sorted(given - set(options))] + [
        f"{name} needs {option}" for option in sorted(needed - given)
    ]


def calls(shell: str) -> list[str]:
    """The words after `spentkey` in a line of shell, up to the end of that command; empty where it calls none.

    Only a path that ends in `/bin/spentkey`, or the word alone at the beginning of a command, is a call: accounts,
    units and images have the same name.
    """
    if "spentkey" not in shell:
        return []
    words = shlex.shlex(shell, posix=True, punctuation_chars="|;&<>")
    words.whitespace_split = True
    command: list[str] = []
    called = False
    for before, word in pairwise(["|", *words, ";"]):
        ends = set(word) <= set("|;&<>")
        if called and ends:
            break
        if called:
            command.append(word)
        called = called or word.endswith("/bin/spentkey") or (word == "spentkey" and set(before) <= set("|;&"))
    return command
