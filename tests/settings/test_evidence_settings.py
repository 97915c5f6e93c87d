"""The table `[evidence]`: its name, who signs it, how often, and who else is told."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support_settings import load, problems


def test_without_the_table_a_checkpoint_is_made_each_hour(tmp_path: Path) -> None:
    """By a key that is made, under a name that is drawn."""
    made = load(tmp_path, None).evidence
    assert (made.origin, made.signing_key, made.checkpoint_every) == (None, None, timedelta(hours=1))


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), (" 12h ", 43_200), ("7d", 604_800)])
def test_times_have_a_unit(tmp_path: Path, text: str, seconds: int) -> None:
    """Seconds, minutes, hours or days."""
    made = load(tmp_path, {"evidence": {"checkpoint_every": text}}).evidence
    assert made.checkpoint_every.total_seconds() == seconds


def test_the_key_is_found_beside_the_configuration(tmp_path: Path) -> None:
    """Its path is relative to the file, like every other one."""
    made = load(tmp_path, {"evidence": {"signing_key": {"file": "signing.key"}, "origin": "example.org/log"}}).evidence
    assert made.signing_key is not None
    assert (made.signing_key.file, made.origin) == (tmp_path / "signing.key", "example.org/log")


@pytest.mark.parametrize("url", ["http://tsa.example.org/tsr", "https://tsa.example.org/tsr/", "http://127.0.0.1:3180"])
def test_a_time_stamp_authority_may_speak_plain_http(tmp_path: Path, url: str) -> None:
    """It is shown a hash alone, and its answers are signed; the address is used as it stands."""
    (tmp_path / "tsa.pem").write_text("x")
    (tmp_path / "tsa.pem").chmod(0o600)
    made = load(tmp_path, {"evidence": {"timestamp_url": url, "timestamp_ca": "tsa.pem"}}).evidence
    assert (made.timestamp_url, made.timestamp_ca) == (url, tmp_path / "tsa.pem")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://tsa.example.org",
        "tsa.example.org",
        "http://",
        "http://a@tsa.example.org",
        "http://tsa.example.org?x",
        "http:x",
    ],
)
def test_what_is_no_address_of_an_authority_is_one_line(tmp_path: Path, url: str) -> None:
    """Neither another scheme, nor a user, a query or a fragment."""
    (line,) = problems(tmp_path, {"evidence": {"timestamp_url": url, "timestamp_ca": "tsa.pem"}})
    assert line.startswith("evidence.timestamp_url: must be an address such as"), line


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a time without a unit": ({"checkpoint_every": "60"}, ".checkpoint_every: must be a number and a unit"),
    "a number": ({"checkpoint_every": 60}, ".checkpoint_every: must be a number and a unit"),
    "no time at all": ({"checkpoint_every": "0h"}, ".checkpoint_every: must be a number and a unit"),
    "half an hour": ({"checkpoint_every": "0.5h"}, ".checkpoint_every: must be a number and a unit"),
    "a name with a plus sign": ({"origin": "a+b"}, ".origin: must be a name without blanks"),
    "a name of two words": ({"origin": "a b"}, ".origin: must be a name without blanks"),
    "a long name": ({"origin": "a" * 201}, ".origin: must be a name without blanks"),
    "a key that never leaves a vault": ({"signing_key": {"transit": "log"}}, ".signing_key: transit is not possible"),
    "a key that is nowhere": ({"signing_key": {}}, ".signing_key: must name a file"),
    "a key as text": ({"signing_key": "PRIVATE"}, ".signing_key: "),
    "stamps that nobody can believe": (
        {"timestamp_url": "https://tsa.example.org"},
        ": timestamp_url and timestamp_ca are needed together",
    ),
    "something else": ({"witness": "x"}, ".witness: is not a known setting"),
}


@pytest.mark.parametrize("scenario", WRONG)
def test_what_must_not_be_is_one_line(tmp_path: Path, scenario: str) -> None:
    """Its name and why."""
    table, message = WRONG[scenario]
    (line,) = problems(tmp_path, {"evidence": table})
    assert line.startswith(f"evidence{message}"), line
    assert "PRIVATE" not in line
