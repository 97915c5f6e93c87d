# SPDX-License-Identifier: Apache-2.0
"""Settings as variables, versions, and what happens when the package is missing or too old."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.spentkey.entra.plugins.module_utils import vault
from ansible_collections.spentkey.entra.plugins.module_utils.facade import (
    Call,
    Refusal,
    as_variables,
    perform_safely,
)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, {}),
        ({"policy": {"verify_reads": 3}}, {"SPENTKEY_POLICY__verify_reads": "3"}),
        ({"ivanti": {"status": {"open": ["A", "B"]}}}, {"SPENTKEY_IVANTI__status__open": '["A", "B"]'}),
        ({"ivanti": {"api_key": {"env": "X"}}}, {"SPENTKEY_IVANTI__api_key": '{"env": "X"}'}),
        ({"tenants": {"p": {"when": {"Onderwijs": "No"}}}}, {"SPENTKEY_TENANTS__p__when": '{"Onderwijs": "No"}'}),
        ({"ivanti": {"secret_types": {"secret": "secret"}}}, {"SPENTKEY_IVANTI__secret_types": '{"secret": "secret"}'}),
    ],
)
def test_settings_become_variables(settings: dict[str, Any], wanted: dict[str, str]) -> None:
    """Nested tables are joined, lists are JSON, a secret's source stays a table."""
    found = {name.lower(): value for name, value in as_variables(settings).items()}
    assert {name.lower(): value for name, value in wanted.items()} == found


@pytest.mark.parametrize("name", ["api_key", "certificates_api_key", "password", "webhook_secret"])
def test_a_secret_is_never_an_argument(name: str) -> None:
    """As a text it is refused, and its value is not repeated."""
    with pytest.raises(Refusal) as caught:
        as_variables({"ivanti": {name: "abc"}})
    assert (f"settings.ivanti.{name}" in str(caught.value), "abc" in str(caught.value)) == (True, False)


def call(parameters: Mapping[str, Any]) -> Call:
    """A call with an empty environment."""
    return Call({"config": "nowhere.toml", "settings": {}, **parameters}, check=False, environment={})


def test_a_refusal_is_a_failed_result() -> None:
    """With its text, and without a traceback."""

    def refuse(called: Call) -> dict[str, Any]:
        del called
        raise Refusal("no")

    wanted = {"failed": True, "changed": False, "msg": "no", "who": "operator"}
    assert wanted == perform_safely(refuse, call({}))


def test_a_problem_of_the_configuration_says_who_must_act() -> None:
    """The file that does not exist is named."""
    told = perform_safely(vault.entry, call({"title": "x", "list": "credentials"}))
    assert (told["failed"], told["who"], "nowhere.toml" in told["msg"]) == (True, "operator", True)


def test_memory_file_systems_are_known(tmp_path: Path) -> None:
    """Linux's shared memory is one, a folder that does not exist is none."""
    assert vault.file_system(Path("/dev/shm")) in vault.MEMORY
    with pytest.raises(Refusal):
        vault.file_system(tmp_path / "nothing")
