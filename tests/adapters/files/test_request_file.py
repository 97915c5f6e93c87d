"""`NAME.toml`: what is read of it, and everything for which it is not."""

import hashlib
import os
from pathlib import Path

import pytest

from spentkey.adapters.files.request_file import LARGEST, RequestFile, names_in, read_request_file, strays_in
from spentkey.core.errors import DeskRefused, SpentkeyError

SOUND = b'approved_by = "the owner"\n[request]\nAppID = "1"\nSecretID = "2"\n'


def read(folder: Path, content: bytes, mode: int = 0o640) -> RequestFile:
    """A request with that content, as it is read."""
    file = folder / "a.toml"
    file.write_bytes(content)
    file.chmod(mode)
    found = read_request_file(folder, "a")
    assert found is not None
    return found


def test_a_request_is_its_table_and_who_approved_it(tmp_path: Path) -> None:
    """Nothing else of the file is kept."""
    found = read(tmp_path, SOUND)
    assert (found.table, found.approved_by, found.problem) == ({"AppID": "1", "SecretID": "2"}, "the owner", "")


@pytest.mark.parametrize("content", [SOUND.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + SOUND], ids=["CRLF", "BOM"])
def test_what_editors_of_windows_add_changes_nothing(tmp_path: Path, content: bytes) -> None:
    """Neither the values nor the fingerprint."""
    assert read(tmp_path, content) == read(tmp_path, SOUND)


def test_the_fingerprint_is_of_the_table_as_json(tmp_path: Path) -> None:
    """Keys sorted, no spaces, UTF-8: anybody can make it again."""
    text = '[request]\nSecretID = "é"\nAppID = "1"\n'.encode()
    assert read(tmp_path, text).sha256 == hashlib.sha256('{"AppID":"1","SecretID":"é"}'.encode()).hexdigest()


@pytest.mark.parametrize("other", [SOUND.replace(b'"2"', b'"3"'), SOUND.replace(b'"2"', b"2"), SOUND + b'x = ""\n'])
def test_another_table_has_another_fingerprint(tmp_path: Path, other: bytes) -> None:
    """Another value, another type, one name more."""
    assert read(tmp_path, other).sha256 != read(tmp_path, SOUND).sha256


def test_an_approval_does_not_change_the_fingerprint(tmp_path: Path) -> None:
    """It is about the request, and stands beside it."""
    assert read(tmp_path, SOUND.partition(b"\n")[2]).sha256 == read(tmp_path, SOUND).sha256


@pytest.mark.parametrize("given", ['""', '"  "', '"\\u200b"', '"\\ufeff"'])
def test_an_approval_that_nobody_can_see_is_none(tmp_path: Path, given: str) -> None:
    """Empty, blank, or characters without a shape."""
    assert read(tmp_path, f"approved_by = {given}\n[request]\n".encode()).approved_by == ""


@pytest.mark.parametrize("value", ["1", "1.5", "true", "2026-07-01", "[1]", "{ a = 1 }", "nan", "07:32:00"])
def test_a_value_that_is_no_text_stands_in_the_table_as_it_is(tmp_path: Path, value: str) -> None:
    """Guard G1 says which one it is; the fingerprint knows it too."""
    found = read(tmp_path, f"[request]\nAppID = {value}\n".encode())
    assert (found.problem, isinstance(found.table["AppID"], str), len(found.sha256)) == ("", False, 64)


PROBLEMS = {
    "empty": (b"", "a.toml has no table [request]"),
    "no table": (b'request = "x"\n', "a.toml has no table [request]"),
    "several tables": (b"[[request]]\n[[request]]\n", "a.toml has no table [request]"),
    "something beside it": (SOUND.replace(b"approved_by", b"approvedby"), "a.toml: approvedby is neither"),
    "an approval that is no text": (SOUND.replace(b'"the owner"', b"true"), "a.toml: approved_by is not a text"),
    "no TOML": (b"[request\n", "a.toml is not valid TOML (at line 1"),
    "a name twice": (SOUND + b'AppID = "2"\n', "a.toml is not valid TOML (at line 5"),
    "no UTF-8": (SOUND + b"# \xff\n", "a.toml is not a UTF-8 text"),
    "UTF-16": (SOUND.decode().encode("utf-16"), "a.toml is not a UTF-8 text"),
    "a lone carriage return": (SOUND.replace(b"\n", b"\r"), "a.toml is not valid TOML"),
    "endless digits": (b"[request]\nAppID = 0x" + b"f" * 6000, "a.toml is not valid TOML (ValueError)"),
    "deep in brackets": (b"[request]\nAppID = " + b"[" * 5000, "a.toml is not valid TOML (RecursionError)"),
    "deep by dots": (b"[request]\n" + b"a." * 9000 + b"a = 1\n", "a.toml is not valid TOML (RecursionError)"),
    "huge": (SOUND + b"#" * LARGEST, "a.toml is larger than 65536 bytes"),
}


@pytest.mark.parametrize("scenario", PROBLEMS)
def test_what_cannot_be_read_is_a_problem_in_words(tmp_path: Path, scenario: str) -> None:
    """No error, no table, no approval: the other requests are worked on all the same."""
    content, problem = PROBLEMS[scenario]
    found = read(tmp_path, content)
    assert (found.problem[: len(problem)], found.table, found.approved_by) == (problem, {}, "")


def test_values_are_not_repeated_in_a_problem(tmp_path: Path) -> None:
    """A text may be in the wrong file; names lose what would move a terminal's cursor."""
    assert "hidden" not in read(tmp_path, b'[request]\nAppID = "hidden\n').problem
    assert "\x1b" not in read(tmp_path, b'"\\u001b[2J" = 1\n[request]\n').problem


def test_a_file_that_everybody_may_write_is_not_read(tmp_path: Path) -> None:
    """Whoever may write it, may approve; the group may."""
    assert read(tmp_path, SOUND, 0o662).problem == "a.toml may be written by everybody; chmod o-w it"
    assert read(tmp_path, SOUND, 0o664).problem == ""


def test_no_file_is_no_request(tmp_path: Path) -> None:
    """Neither is a folder without it."""
    assert read_request_file(tmp_path, "a") is None


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    """As a mounted ConfigMap has them: the name, the link `..data`, the folder of this version."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "a.toml").write_bytes(SOUND)
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "a.toml").symlink_to("..data/a.toml")
    found = read_request_file(tmp_path, "a")
    assert found is not None
    assert found.approved_by == "the owner"


LINKS = {
    "outside": ("../b.toml", "a.toml is a link to outside of the folder"),
    "an absolute one": ("/etc/hostname", "a.toml is a link to outside of the folder"),
    "nothing": ("b.toml", "a.toml is a link to nothing"),
    "itself": ("a.toml", "a.toml cannot be read (Too many levels of symbolic links)"),
}


@pytest.mark.parametrize("scenario", LINKS)
def test_any_other_link_is_a_problem(tmp_path: Path, scenario: str) -> None:
    """Also one to a sound file."""
    folder = tmp_path / "requests"
    folder.mkdir()
    (tmp_path / "b.toml").write_bytes(SOUND)
    target, problem = LINKS[scenario]
    (folder / "a.toml").symlink_to(target)
    assert read_request_file(folder, "a") == RequestFile(problem=problem)


def test_a_pipe_or_a_folder_is_no_request_and_nobody_waits_for_it(tmp_path: Path) -> None:
    """A pipe that nobody writes to would be waited for without end."""
    os.mkfifo(tmp_path / "a.toml")
    (tmp_path / "b.toml").mkdir()
    found = [read_request_file(tmp_path, name) for name in ("a", "b")]
    assert [one.problem for one in found if one] == ["a.toml is no plain file", "b.toml is no plain file"]


def test_requests_are_found_by_name_in_order(tmp_path: Path) -> None:
    """Whatever is called otherwise is none, and is told of where it looks like one."""
    for name in ("b.toml", "a.b-c_1.toml", "B.toml", "9.toml", "b.log", "README.md", ".a.toml", "x y.toml", "C.TOML"):
        (tmp_path / name).touch()
    (tmp_path / f"{'n' * 64}.toml").touch()
    (tmp_path / f"{'n' * 65}.toml").touch()
    assert names_in(tmp_path) == ["9", "B", "a.b-c_1", "b", "n" * 64]
    assert strays_in(tmp_path) == [".a.toml", "C.TOML", "n" * 65 + ".toml", "x y.toml"]


@pytest.mark.parametrize("broken", ["away", "file"])
def test_a_folder_that_is_none_is_the_operators(tmp_path: Path, broken: str) -> None:
    """It vanished, or is something else."""
    (tmp_path / "file").touch()
    with pytest.raises(SpentkeyError, match=f"files.directory: .*{broken} cannot be used") as caught:
        names_in(tmp_path / broken)
    assert isinstance(caught.value, DeskRefused)
