"""A problem of the configuration in words: where it stands, what is wrong, and what was probably meant."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast, get_args

from pydantic_core import ErrorDetails

from spentkey.settings.section import Section
from spentkey.settings.values import UUID_PATTERN

PLACEHOLDER = re.compile(r"(?:\w+://)?<\w[^<>]*>")
"""How the examples write what a site has to fill in."""
A_UUID = "must be a UUID such as c3c1e6bb-1ebf-4335-ad13-3419266a9781"
UNKNOWN = "is not a known setting"
LIST = 'must be a list, such as ["a", "b"]'
TABLE = "must be a table"
NUMBER = "must be a number"
WHOLE = "must be a whole number"
TEXT = 'must be a text in quotes, such as "x"'
WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "is missing",
    "model_type": lambda _: TABLE,
    "mapping_type": lambda _: TABLE,
    "dict_type": lambda _: TABLE,
    "tuple_type": lambda _: LIST,
    "list_type": lambda _: LIST,
    "string_type": lambda _: TEXT,
    "path_type": lambda _: TEXT,
    "int_type": lambda _: WHOLE,
    "int_parsing": lambda _: WHOLE,
    "int_from_float": lambda _: WHOLE,
    "float_type": lambda _: NUMBER,
    "float_parsing": lambda _: NUMBER,
    "finite_number": lambda _: f"{NUMBER} that is not infinite",
    "bool_type": lambda _: "must be true or false",
    "bool_parsing": lambda _: "must be true or false",
    "greater_than_equal": lambda context: f"must be at least {context['ge']}",
    "greater_than": lambda context: f"must be more than {context['gt']}",
    "less_than_equal": lambda context: f"must be at most {context['le']}",
    "less_than": lambda context: f"must be less than {context['lt']}",
    "literal_error": lambda context: f"must be {context['expected']}",
    "enum": lambda context: f"must be {context['expected']}",
    "string_too_short": lambda _: "must not be empty",
    "too_short": lambda _: "must not be empty",
}
"""What pydantic calls a problem, as people say it."""


def path_of(error: ErrorDetails, where: Sequence[str]) -> tuple[str, ...]:
    """The setting that an error is about, part by part."""
    *sections, setting = (*where, *(str(part) for part in error["loc"]))
    if error["type"] == "about_another":  # found where the later of two settings was read
        setting = str(error.get("ctx", {})["setting"])
    return (*sections, setting)


def in_words(error: ErrorDetails, model: type[Section]) -> str:
    """What is wrong with it; the value is never repeated."""
    kind = error["type"]
    if kind == "extra_forbidden":
        *tables, name = (str(part) for part in error["loc"])
        return unknown(name, names_in(model, tables))
    if kind in WORDS:
        return WORDS[kind](error.get("ctx", {}))
    message = error["msg"].removeprefix("Value error, ")
    if kind == "string_pattern_mismatch":
        return A_UUID if UUID_PATTERN in message else "has characters or a length that it cannot have"
    return message


def unknown(name: str, known: Iterable[str]) -> str:
    """That there is no such setting, and which one was probably meant."""
    near = difflib.get_close_matches(name.lower(), list(known), 1, 0.7)
    return f"{UNKNOWN}; did you mean {near[0]}?" if near else UNKNOWN


def names_in(model: type[Section], tables: Sequence[str]) -> list[str]:
    """The settings that a table has, which is found by its path."""
    for part in tables:
        inner = _inside(model.model_fields[part].annotation) if part in model.model_fields else None
        model = inner or model  # below a table of tables, such as tenants, the next part is a name of its own
    return list(model.model_fields)


def _inside(annotation: Any) -> type[Section] | None:
    """The kind of table that a setting holds, or holds by name."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((inner for one in get_args(annotation) if (inner := _inside(one)) is not None), None)


def still_to_be_filled_in(values: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of texts that still are what an example says."""
    if isinstance(values, str) and PLACEHOLDER.match(values):
        yield path
    elif isinstance(values, dict):
        for name, value in cast("dict[str, object]", values).items():
            yield from still_to_be_filled_in(value, (*path, name))
    elif isinstance(values, list):
        for value in cast("list[object]", values):
            yield from still_to_be_filled_in(value, path)
