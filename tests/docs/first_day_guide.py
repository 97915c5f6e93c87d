"""Reads the first-day guide as somebody who follows it: what is typed, and what should be seen then."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, cast

from doc_texts import page, tables

GUIDE = page("docs", "tutorial", "first-day.md")
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
FOLLOWED = ("spentkey ", "grep ", "python3 ")
"""What a command starts with that a test can follow; the others need an administrator or another system."""
STATE = "/var/lib/spentkey"
LEFT_OUT = "…"
INLINE = ("when", "status", "fields", "api_key", "certificates_api_key", "documents_api_key")
"""Settings whose value is itself a table."""
CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"), "2027-09-19T14:12:14+00:00"),
    (re.compile(r"Evidence: [0-9a-f-]{36} · log \d+ \S{44}"), "Evidence: 3ce2e64d · log 96 AAAA"),
    (re.compile(r" id=[0-9a-f-]{36} "), " id=9f1c64d2-6a0e-4f0c-8b53-2d0f7c1a9e11 "),
    (re.compile(r"\b[0-9a-f]{64}\b"), "0" * 64),
    (re.compile(r"\b(on|ends) \d{4}-\d\d-\d\d\b"), r"\1 2027-09-19"),
    (re.compile(r"\b\d+ (s apart|days left)"), r"0 \1"),
)
"""What differs from one run to the next, and what it is taken for."""


def section(number: int) -> str:
    """The text of one step."""
    (text,) = re.findall(rf"^## {number} .*?(?=^## |\Z)", GUIDE, re.M | re.S)
    return str(text)


def fenced(language: str, text: str = GUIDE) -> list[str]:
    """The blocks of one language."""
    return [body for found, body in FENCED.findall(text) if found == language]


def typed() -> list[str]:
    """The commands that a test can follow, in the order of the guide."""
    lines = [line for block in fenced("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith(FOLLOWED)]


def shown() -> dict[str, str]:
    """What should be seen after each of these commands: the next block of text behind it."""
    found: dict[str, str] = {}
    waiting: list[str] = []
    for language, body in FENCED.findall(GUIDE):
        if language == "sh":
            waiting = [line for line in body.splitlines() if line.startswith(FOLLOWED)]
        elif language == "text" and waiting:
            found[waiting.pop()] = body
    return found


def settled(text: str) -> str:
    """A text with everything that changes from run to run made the same, and no spaces at the ends of lines."""
    for changing, same in CHANGING:
        text = changing.sub(same, text)
    return "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))


def unlike(expected: str, actual: str) -> list[str]:
    """The lines of what should be seen that are not there, in their order, with nothing between but what is left out."""
    lines, at, anywhere = settled(actual).splitlines(), 0, False
    for line in settled(expected).splitlines():
        if line == LEFT_OUT:
            anywhere = True
            continue
        place = next((n for n in range(at, len(lines)) if lines[n] == line), None)
        if place is None or (place != at and not anywhere):
            return [line, *lines[at : at + 1]]
        at, anywhere = place + 1, False
    return [] if anywhere else lines[at:]


def configuration() -> str:
    """The whole configuration of step 6."""
    return fenced("toml")[0]


def settings_of(text: str) -> dict[str, Any]:
    """The configuration as a table of dotted names."""
    return dict(_flat(tomllib.loads(text), ""))


def _flat(table: dict[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and name not in INLINE:
            yield from _flat(cast("dict[str, Any]", value), f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def ivanti_table() -> list[list[str]]:
    """The rows of what the role in Ivanti may do."""
    (table,) = [one for one in tables(GUIDE) if one[0][0] == "object"]
    return table[1:]
