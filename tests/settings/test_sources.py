"""The file and the environment laid over one another, and secrets fetched from where they are kept."""

from codecs import BOM_UTF8, BOM_UTF16_BE
from pathlib import Path
from typing import Any

import pytest

from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.settings.sources import (
    LARGEST_SECRET,
    FromEnvironment,
    SecretProblem,
    Sources,
    VaultEntry,
    read_secret,
    read_sources,
)

CANARY = "canary-3Kd"


def merged(tmp_path: Path, text: str = "", **environment: str) -> dict[str, Any]:
    """The values of a file with that text under that environment."""
    (tmp_path / "s.toml").write_text(text, "utf-8")
    return read_sources(tmp_path / "s.toml", environment).values


def sources(tmp_path: Path, *, private: bool = True, **environment: str) -> Sources:
    """Sources beside which secrets may lie."""
    return Sources({}, tmp_path / "s.toml", private, environment)


def problem(given: Any, where: Sources) -> str:
    """Why a secret cannot be read."""
    with pytest.raises(SecretProblem) as refused:
        read_secret(given, where)
    assert CANARY not in str(refused.value)
    return str(refused.value)


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    """Setting by setting; the rest of a table stays."""
    found = merged(tmp_path, 'a = {b = "file", c = 1}', SPENTKEY_A__B="environment", OTHER="x")
    assert found == {"a": {"b": "environment", "c": 1}}


def test_the_variable_that_names_the_file_is_no_setting(tmp_path: Path) -> None:
    """It may be set wherever the file is found by it; one with more to its name is a setting."""
    found = merged(tmp_path, "a = 1", SPENTKEY_CONFIG="s.toml", SPENTKEY_CONFIG__X="1")
    assert found == {"a": 1, "config": {"x": "1"}}


def test_paths_in_the_environment_are_lower_case_and_may_be_new(tmp_path: Path) -> None:
    """Tables that the file does not have are made."""
    assert merged(tmp_path, "", SPENTKEY_A__B__C="1") == {"a": {"b": {"c": "1"}}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('["a", 1]', ["a", 1]),
        ('{"x": {"y": null}}', {"x": {"y": None}}),
        ("[not json", "[not json"),
        ("{file=x}", "{file=x}"),
        ("7", "7"),
        ("true", "true"),
        ("", ""),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_lists_and_tables_in_the_environment_are_json(tmp_path: Path, text: str, value: object) -> None:
    """What is not JSON is the text itself, for the settings to judge."""
    assert merged(tmp_path, "", SPENTKEY_A=text) == {"a": value}


def test_texts_of_the_environment_are_marked_wherever_they_stand(tmp_path: Path) -> None:
    """Also inside JSON; those of the file are not, so that a literal secret of each can be told apart."""
    found = merged(tmp_path, 'f = "x"', SPENTKEY_A="x", SPENTKEY_B='{"c": ["x"]}')
    marked = [isinstance(text, FromEnvironment) for text in (found["a"], found["b"]["c"][0], found["f"])]
    assert (found, marked) == ({"a": "x", "b": {"c": ["x"]}, "f": "x"}, [True, True, False])


@pytest.mark.parametrize("name", ["production", "PRODUCTION", "Production"])
def test_a_tenants_name_in_the_environment_finds_the_files_in_any_case(tmp_path: Path, name: str) -> None:
    """Environments often know capitals only."""
    found = merged(tmp_path, '[tenants.Production]\nentry = "a"', **{f"SPENTKEY_TENANTS__{name}__ENTRY": "b"})
    assert found == {"tenants": {"Production": {"entry": "b"}}}


def test_a_new_tenants_name_is_kept_as_it_is_written(tmp_path: Path) -> None:
    """There is nothing to match it with."""
    found = merged(tmp_path, "", SPENTKEY_TENANTS__OnderWijs__ENTRY="b")
    assert found == {"tenants": {"OnderWijs": {"entry": "b"}}}


@pytest.mark.parametrize("text", ["a = 1", 'a = "x"', "a = [1]"])
def test_a_path_through_something_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    """The variable is named, its value is not."""
    with pytest.raises(Misconfigured, match=r"^SPENTKEY_A__B: a is not a table of settings$"):
        merged(tmp_path, text, SPENTKEY_A__B=CANARY)


@pytest.mark.parametrize("text", ["tenants = 5", "tenants = [1]", 'tenants = "x"'])
def test_tenants_that_are_no_table_are_refused(tmp_path: Path, text: str) -> None:
    """One line, whatever stands there."""
    with pytest.raises(Misconfigured, match="tenants is not a table of settings"):
        merged(tmp_path, text, SPENTKEY_TENANTS__A__ENTRY="x")


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(
        Misconfigured, match=r"^/.*none\.toml: there is no such configuration file; start one from examples"
    ):
        read_sources(tmp_path / "none.toml", {})


@pytest.mark.parametrize("name", [".", "s.toml/below"])
def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path, name: str) -> None:
    """A folder, or a place below a file."""
    (tmp_path / "s.toml").write_text("")
    with pytest.raises(Misconfigured, match="cannot be read"):
        read_sources(tmp_path / name, {})


@pytest.mark.parametrize(
    "content",
    [
        f"key = {CANARY}".encode(),
        f'key = "{CANARY}'.encode(),
        f'{CANARY} = 1\n{CANARY} = "2"'.encode(),
        b'key = "' + CANARY.encode() + b'\xff"',
        b"\xff\xfe\x00",
        b"key = " + b"[" * 20_000,
        b"key = " + b"9" * 20_000,
        b"key = 2026-99-99",
    ],
)
def test_a_file_that_is_not_toml_is_one_line_without_its_texts(tmp_path: Path, content: bytes) -> None:
    """Where it fails, not what stands there: it may be a secret."""
    (tmp_path / "s.toml").write_bytes(content)
    with pytest.raises(Misconfigured) as refused:
        read_sources(tmp_path / "s.toml", {})
    assert str(refused.value).startswith(f"{tmp_path / 's.toml'}: not valid TOML: ")
    assert CANARY not in str(refused.value)
    assert refused.value.__suppress_context__


TOML = {
    "a = Bool": "a value that is none; is it a text without quotes? (at line 1, column 5)",
    'a = "x': "a text whose end is missing",
    'a = "C:\\dir"': "a \\ in a text: double it",
    "a = 1\na = 2": "a setting that stands there twice",
    "[a]\n[a]": "a [table] that stands there twice",
    "a = [1": "a list or table whose end is missing",
    "just words": "a name without =",
    "a = 1 b = 2": "something stands behind a value",
}


@pytest.mark.parametrize("text", TOML)
def test_what_is_wrong_with_toml_is_told_in_words(tmp_path: Path, text: str) -> None:
    """And where it is."""
    with pytest.raises(Misconfigured) as refused:
        merged(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 's.toml'}: not valid TOML: {TOML[text]}")
    assert "(at " in str(refused.value)


def test_the_whole_path_of_a_secret_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the configuration was named by a relative one."""
    monkeypatch.chdir(tmp_path)
    found = problem({"file": "secrets/none"}, Sources({}, Path("s.toml"), True, {}))
    assert found == f"the file {tmp_path}/secrets/none cannot be read (No such file or directory)"


@pytest.mark.parametrize(("mode", "private"), [(0o600, True), (0o400, True), (0o640, False), (0o604, False)])
def test_a_file_that_others_may_read_is_not_private(tmp_path: Path, mode: int, private: bool) -> None:
    """Group or others, either is enough."""
    (tmp_path / "s.toml").write_text("")
    (tmp_path / "s.toml").chmod(mode)
    assert read_sources(tmp_path / "s.toml", {}).private is private


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n"])
def test_a_secret_is_read_from_its_file_without_line_ends(tmp_path: Path, ending: str) -> None:
    """Relative paths count from the configuration file; spaces belong to the secret."""
    (tmp_path / "key").write_bytes(f" {CANARY} {ending}".encode())
    assert read_secret({"file": "key"}, sources(tmp_path)) == Secret(f" {CANARY} ")
    assert read_secret({"file": str(tmp_path / "key")}, sources(tmp_path / "away")) == Secret(f" {CANARY} ")


def test_a_secret_is_read_from_its_variable(tmp_path: Path) -> None:
    """By name."""
    assert read_secret({"env": "KEY"}, sources(tmp_path, KEY=CANARY)) == Secret(CANARY)


def test_an_entrys_title_is_left_for_the_vault(tmp_path: Path) -> None:
    """The vault is asked later."""
    assert read_secret({"entry": "Sys_Ivanti"}, sources(tmp_path)) == VaultEntry("Sys_Ivanti")


def test_a_literal_is_taken_from_a_private_file_or_the_environment(tmp_path: Path) -> None:
    """Either is nobody else's to read."""
    assert read_secret(CANARY, sources(tmp_path)) == Secret(CANARY)
    assert read_secret(FromEnvironment(CANARY), sources(tmp_path, private=False)) == Secret(CANARY)


def test_a_literal_in_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """Better ways are named."""
    expected = 'a literal secret needs a file of mode 0600; better use { file = "…" } or { env = "…" }'
    assert problem(CANARY, sources(tmp_path, private=False)) == expected


@pytest.mark.parametrize("given", [{}, {"file": "a", "env": "b"}, ["x"], 7, None, True])
def test_a_secret_in_no_known_form_is_refused(tmp_path: Path, given: object) -> None:
    """One way, and one only."""
    assert problem(given, sources(tmp_path)) == 'must be { file = "…" }, { env = "…" } or a text'


def test_an_unknown_way_is_refused(tmp_path: Path) -> None:
    """The way is named, what it says is not."""
    assert problem({"command": CANARY}, sources(tmp_path)) == "command is not a way to give a secret; use file or env"


@pytest.mark.parametrize("what", ["", 7, None, ["x"], {}])
@pytest.mark.parametrize("how", ["file", "env", "entry"])
def test_a_way_that_leads_nowhere_is_refused(tmp_path: Path, how: str, what: object) -> None:
    """It must name something."""
    assert problem({how: what}, sources(tmp_path)) == f"{how} must be a text"


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\n"])
def test_an_empty_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    """From a file, a variable or a text."""
    (tmp_path / "key").write_bytes(content)
    expected = "the secret is empty or its variable is not set"
    assert problem({"file": "key"}, sources(tmp_path)) == expected
    assert problem({"env": "KEY"}, sources(tmp_path, KEY=content.decode())) == expected
    assert problem(content.decode(), sources(tmp_path)) == expected


def test_a_variable_that_is_not_set_is_refused(tmp_path: Path) -> None:
    """It is not taken for an empty secret that works."""
    assert problem({"env": "NOT_SET"}, sources(tmp_path)) == "the secret is empty or its variable is not set"


@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\t", "\x7f", "\x1b", "\udcff"])
def test_a_secret_with_control_characters_is_refused(tmp_path: Path, character: str) -> None:
    """It would break out of a header, and no system gives out such a key."""
    found = problem(f"{CANARY}{character}x", sources(tmp_path))
    assert found == "the secret contains control characters or is not UTF-8"


def test_a_secret_file_that_is_missing_or_a_folder_is_named(tmp_path: Path) -> None:
    """The path is no secret."""
    assert problem({"file": "none"}, sources(tmp_path)).startswith(f"the file {tmp_path / 'none'} cannot be read")
    assert problem({"file": "."}, sources(tmp_path)).startswith(f"the file {tmp_path} cannot be read")
    assert problem({"file": "a\x00b"}, sources(tmp_path)) == "the name of its file cannot be a file's name"


def test_a_secret_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """Its bytes are not repeated."""
    (tmp_path / "key").write_bytes(CANARY.encode() + b"\xff\xfe")
    assert problem({"file": "key"}, sources(tmp_path)) == f"the file {tmp_path / 'key'} is not a UTF-8 text"


def test_a_secret_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """The largest that is allowed is read."""
    (tmp_path / "key").write_text("k" * LARGEST_SECRET)
    assert read_secret({"file": "key"}, sources(tmp_path)) == Secret("k" * LARGEST_SECRET)
    (tmp_path / "key").write_text("k" * (LARGEST_SECRET + 1))
    assert problem({"file": "key"}, sources(tmp_path)) == f"the file {tmp_path / 'key'} is too large for a secret"


def test_a_byte_order_mark_before_the_configuration_is_passed_over(tmp_path: Path) -> None:
    """Editors on Windows write one, and line ends of their own."""
    file = tmp_path / "s.toml"
    file.write_bytes(BOM_UTF8 + b'[ivanti]\r\nurl = "https://x"\r\n')
    assert read_sources(file, {}).values == {"ivanti": {"url": "https://x"}}


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be"])
def test_a_configuration_in_utf_16_is_told(tmp_path: Path, codec: str) -> None:
    """What PowerShell writes by `>`."""
    file = tmp_path / "s.toml"
    mark = BOM_UTF16_BE if codec == "utf-16-be" else b""
    file.write_bytes(mark + f'key = "{CANARY}"'.encode(codec))
    with pytest.raises(Misconfigured, match="UTF-16 text; save it as UTF-8") as refused:
        read_sources(file, {})
    assert CANARY not in str(refused.value)


def test_a_byte_order_mark_before_a_secret_is_passed_over(tmp_path: Path) -> None:
    """In its file, or in the variable that was filled from one."""
    (tmp_path / "key").write_bytes(BOM_UTF8 + f"{CANARY}\r\n".encode())
    given = sources(tmp_path, KEY=f"\ufeff{CANARY}")
    for how in ({"file": "key"}, {"env": "KEY"}):
        secret = read_secret(how, given)
        assert isinstance(secret, Secret)
        assert secret.reveal() == CANARY


def test_a_secret_in_utf_16_is_told(tmp_path: Path) -> None:
    """By its file, and nothing of it is repeated."""
    (tmp_path / "key").write_bytes(CANARY.encode("utf-16"))
    told = problem({"file": "key"}, sources(tmp_path))
    assert told == f"the file {tmp_path / 'key'} is UTF-16 text; save it as UTF-8"


def test_a_file_that_holds_a_byte_order_mark_alone_is_empty(tmp_path: Path) -> None:
    """There is no secret in it."""
    (tmp_path / "key").write_bytes(BOM_UTF8 + b"\r\n")
    assert "the secret is empty" in problem({"file": "key"}, sources(tmp_path))
