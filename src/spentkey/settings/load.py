"""Reads the configuration: the file, the environment and the secrets that they name; every problem at once."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from spentkey.core.errors import Misconfigured
from spentkey.settings.schema import Settings
from spentkey.settings.sources import read_sources
from spentkey.settings.values import UUID_PATTERN


def load_settings(file: Path, environment: Mapping[str, str]) -> Settings:
    """Read the configuration; raises `Misconfigured` with one line for each problem."""
    sources = read_sources(file, environment)
    try:
        return Settings.model_validate(sources.values, context={"sources": sources})
    except ValidationError as problem:
        problems = {_in_words(error) for error in problem.errors(include_input=False, include_url=False)}
    raise Misconfigured("\n".join(f"{file}: {problem}" for problem in sorted(problems)))


def _in_words(error: ErrorDetails) -> str:
    *sections, setting = (str(part) for part in error["loc"])
    if error["type"] == "about_another":  # found where the later of two settings was read
        setting = error.get("ctx", {})["setting"]
    words = {"missing": "is missing", "extra_forbidden": "is not a known setting"}
    message = words.get(error["type"], error["msg"].removeprefix("Value error, "))
    if error["type"] == "string_pattern_mismatch" and UUID_PATTERN in message:
        message = "must be a UUID such as c3c1e6bb-1ebf-4335-ad13-3419266a9781"
    return f"{'.'.join((*sections, setting))}: {message}"
