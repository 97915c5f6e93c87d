"""The licence of every locked package: on the list, as its own metadata has it, and one that is allowed."""

from dataclasses import replace
from importlib.metadata import Distribution

import pytest
from licences import LIST, UNREAD, Known, Row, as_text, environments, fits, problems, read_licence, renewed
from locked import Lock, Locked, declared, installed

LOCK = Lock.read()
KNOWN = Known.read(LIST.read_text("utf-8"))
HERE = installed(environments())
AIOHTTP = next(one for one in KNOWN.rows if one.name == "aiohttp")
"""Is in the product."""
RUFF = next(one for one in KNOWN.rows if one.name == "ruff")
"""Is a tool."""


def with_row(one: Locked, row: Row) -> Known:
    """The list with another row for one package."""
    return replace(KNOWN, rows={**KNOWN.rows, one: row})


def read_as(one: Locked, licence: str) -> list[str]:
    """What is said where this package declared that licence, and its metadata were not here to be asked."""
    here = {of: told for of, told in HERE.items() if of != one}
    return problems(LOCK, with_row(one, Row(licence, licence)), here)


def test_every_locked_package_has_a_licence_that_is_allowed() -> None:
    """Of the product and of the tools, as the metadata of what is installed here declares them."""
    assert problems(LOCK, KNOWN, HERE) == []


def test_what_is_installed_here_was_really_asked() -> None:
    """The product's own packages are among them, so that the list is held against the metadata."""
    assert {AIOHTTP, RUFF} <= set(HERE)
    assert declared(HERE[AIOHTTP]) == KNOWN.rows[AIOHTTP].declared


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-or-later", "AGPL-3.0-only", "SSPL-1.0", "BUSL-1.1", "LicenseRef-Proprietary"]
)
def test_another_licence_in_the_product_fails(licence: str) -> None:
    """Copyleft that reaches over, and terms that are no free licence."""
    assert read_as(AIOHTTP, licence) == [f"{AIOHTTP}: {licence} is not allowed in the product"]


@pytest.mark.parametrize("licence", ["AGPL-3.0-only", "BUSL-1.1"])
def test_another_licence_of_a_tool_fails(licence: str) -> None:
    """A tool may be under the GPL, because it is not passed on; not under everything."""
    assert read_as(RUFF, licence) == [f"{RUFF}: {licence} is not allowed for a tool"]
    assert read_as(RUFF, "GPL-3.0-or-later") == []


def test_a_package_without_a_row_fails() -> None:
    """Whoever adds a dependency has to look at its licence."""
    rows = {one: row for one, row in KNOWN.rows.items() if one != AIOHTTP}
    assert problems(LOCK, replace(KNOWN, rows=rows), HERE) == [f"{AIOHTTP}: has no row; `make licences` makes one"]


def test_a_row_of_another_version_fails() -> None:
    """A new version may have another licence."""
    old = Locked("aiohttp", "3.0.0")
    rows = {(old if one == AIOHTTP else one): row for one, row in KNOWN.rows.items()}
    assert problems(LOCK, replace(KNOWN, rows=rows), HERE) == [
        f"{AIOHTTP}: has no row; `make licences` makes one",
        f"{old}: is not in uv.lock any more; `make licences` takes it out",
    ]


def test_a_row_that_says_something_else_than_the_package_fails() -> None:
    """The metadata that is installed wins over the list."""
    told = declared(HERE[AIOHTTP])
    assert problems(LOCK, with_row(AIOHTTP, Row("MIT", "MIT")), HERE) == [
        f"{AIOHTTP}: declares {told!r}, and the list says 'MIT'"
    ]


def test_a_licence_that_is_declared_cannot_be_read_as_another() -> None:
    """Where the metadata is clear, nobody has a say in it."""
    row = Row("GPL-3.0-only", "MIT")
    here = {of: told for of, told in HERE.items() if of != AIOHTTP}
    assert problems(LOCK, with_row(AIOHTTP, row), here) == [f"{AIOHTTP}: declares GPL-3.0-only, and the list reads MIT"]


def test_an_exception_needs_a_reason_and_a_need() -> None:
    """One that is not needed any more goes, and none is without its reason."""
    more = {**KNOWN.exceptions, "aiohttp": "because", "nobody": "because", "mssql-python-odbc": " "}
    assert problems(LOCK, replace(KNOWN, exceptions=more), HERE) == [
        f"{AIOHTTP}: is an exception without need",
        "nobody: is an exception, and not in uv.lock",
        "mssql-python-odbc: is an exception without a reason",
    ]


def test_without_its_exception_the_driver_of_microsoft_fails() -> None:
    """It is not free software, and so it is named."""
    (line,) = problems(LOCK, replace(KNOWN, exceptions={}), HERE)
    assert line.endswith("LicenseRef-Microsoft-ODBC-Driver-18 is not allowed in the product")


@pytest.mark.parametrize(
    ("expression", "fit"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND Apache-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT AND SSPL-1.0", False),
        ("(MIT)", False),
        ("MIT Apache-2.0", False),
        ("MIT OR", False),
        ("MIT WITH Exception", False),
        ("", False),
    ],
)
def test_an_expression_is_judged_by_its_alternatives(expression: str, *, fit: bool) -> None:
    """One alternative of allowed licences is enough; what cannot be read is not allowed."""
    assert fits(expression, frozenset({"MIT", "Apache-2.0"})) is fit


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("MIT", "MIT"),
        ("Apache License, Version 2.0; Apache Software License", "Apache-2.0"),
        ("BSD-3-Clause; BSD License", "BSD-3-Clause"),
        ("BSD License", UNREAD),
        ("MIT License; Apache Software License", UNREAD),
        ("Free for all", UNREAD),
        ("", UNREAD),
    ],
)
def test_words_are_read_as_a_licence_only_where_they_mean_one(text: str, licence: str) -> None:
    """Everything else is for a person."""
    assert read_licence(text, []) == licence


def test_what_a_person_has_read_stays_while_the_same_is_declared() -> None:
    """A new version that declares something else has to be read again."""
    before = [Row("BSD License", "BSD-2-Clause")]
    assert read_licence("BSD License", before) == "BSD-2-Clause"
    assert read_licence("Free for all", before) == UNREAD


def test_renewing_changes_nothing_where_nothing_changed() -> None:
    """The file is what `make licences` writes."""
    assert as_text(renewed(LOCK, KNOWN, HERE)) == LIST.read_text("utf-8")


def test_renewing_names_what_it_knows_nothing_about() -> None:
    """A package that is neither installed nor on the list."""
    nothing: dict[Locked, Distribution] = {}
    rows = {one: row for one, row in KNOWN.rows.items() if one != AIOHTTP}
    with pytest.raises(KeyError, match="aiohttp=="):
        renewed(LOCK, replace(KNOWN, rows=rows), nothing)
