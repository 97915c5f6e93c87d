"""The table `[notify]`: an address as it stands, and a secret that signs."""

from pathlib import Path
from typing import Any

import pytest
from support_settings import load, problems

SOUND = {"url": "https://notices.example.org/hook/api", "secret": {"env": "NOTIFY"}}


def test_the_address_is_taken_as_it_stands(tmp_path: Path) -> None:
    """Nothing is cut off at its end, unlike that of a service desk."""
    made = load(tmp_path, {"notify": SOUND}, NOTIFY="n" * 32).notify
    assert made is not None
    assert (made.url, made.secret.reveal()) == (SOUND["url"], "n" * 32)


def test_without_the_table_there_are_no_notices(tmp_path: Path) -> None:
    """It is left out by default."""
    assert load(tmp_path, None).notify is None


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no address": ({"secret": "n" * 32}, "url: is missing"),
    "no secret": ({"url": SOUND["url"]}, "secret: is missing"),
    "a short secret": ({**SOUND, "secret": "n" * 31}, "secret: must have at least 32 characters"),
    "in the clear": ({**SOUND, "secret": "n" * 32, "url": "http://a.example.org"}, "url: must begin with https"),
    "with a user": ({**SOUND, "secret": "n" * 32, "url": "https://u:p@a.example.org"}, "url: must be an address"),
    "with a query": ({**SOUND, "secret": "n" * 32, "url": "https://a.example.org/?t=1"}, "url: must be an address"),
    "something else": ({**SOUND, "secret": "n" * 32, "to": "x"}, "to: is not a known setting"),
}


@pytest.mark.parametrize("scenario", WRONG)
def test_what_must_not_be_is_one_line(tmp_path: Path, scenario: str) -> None:
    """Its name and why; the secret is not repeated."""
    table, message = WRONG[scenario]
    (line,) = problems(tmp_path, {"notify": table})
    assert line.startswith(f"notify.{message}")
    assert "nnnn" not in line
