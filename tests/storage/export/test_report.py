"""report.html: one page a removal, everything escaped, nothing from outside."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from export_world import exported, sealed, stored, told, unzipped

from spentkey.storage.export.report import MOST_STEPS, STYLE, Cover, Report
from spentkey.storage.export.statement import not_proven, proven


class Tags(HTMLParser):
    """The tags of a page, its attributes and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page(whole: dict[str, bytes]) -> str:
    """The report of all records."""
    return whole["report.html"].decode()


def test_each_removal_has_a_page_and_a_line_in_the_contents(page: str) -> None:
    """In the order in which they ended; one that is under way comes last."""
    linked = re.findall(r'href="#(r\d+)"', page)
    assert linked == re.findall(r'<section class="p" id="(r\d+)">', page) == [f"r{one}" for one in range(1, 10)]


def test_every_tag_is_closed(page: str) -> None:
    """What opens ends, in its order."""
    assert Tags(page).open == []


def test_nothing_is_run_and_nothing_is_fetched(page: str) -> None:
    """No script, no address, and a policy that forbids both."""
    found = Tags(page)
    assert set(found.tags).isdisjoint({"script", "img", "link", "iframe", "object", "embed", "form", "base", "svg"})
    assert all(not name.startswith("on") and name not in ("src", "style") for name, _ in found.attributes)
    assert all(value is not None and value.startswith("#") for name, value in found.attributes if name == "href")
    assert "default-src 'none'; style-src 'sha256-" in page.replace("&#x27;", "'")
    assert re.search(r"url\(|@import|https?:", STYLE) is None


def test_what_others_named_is_shown_as_they_wrote_it(page: str) -> None:
    """An application's name is text, whatever it looks like."""
    assert "<b>40021</b>" not in page
    assert "Sales & <b>40021</b>" in Tags(page).text


@pytest.mark.parametrize("name", ["whole", "period", "filtered"])
def test_what_is_proven_and_what_is_not_stands_on_it(name: str, request: pytest.FixtureRequest) -> None:
    """In plain words; a filtered export claims no completeness."""
    text = Tags(request.getfixturevalue(name)["report.html"].decode()).text
    is_filtered = name == "filtered"
    assert all(one in text for one in (*proven(filtered=is_filtered), *not_proven(signed=True)))
    assert ("No record between the first and the last one here was left out." in text) is not is_filtered


async def test_an_unsigned_export_says_so_first(exports: Path) -> None:
    """Among what is not proven."""
    text = Tags(unzipped(exports / "unsigned.zip")["report.html"].decode()).text
    assert "The checkpoint is not signed" in text
    assert "nobody" in text


async def test_a_refusal_without_a_removal_has_no_page(tmp_path: Path) -> None:
    """It is among the records."""
    refused = {
        "task": 1,
        "attempt": "a",
        "outcome": "refused",
        "ticket": "handed-off",
        "app_name": "X",
        "kind": "secret",
    }
    await exported(stored(tmp_path / "state", sealed([("result", refused)])), tmp_path / "x.zip")
    files = unzipped(tmp_path / "x.zip")
    assert (b"<section" in files["report.html"], b'"refused"' in files["records.jsonl"]) == (False, True)


def test_memory_holds_what_is_under_way_alone(tmp_path: Path) -> None:
    """A removal that ended waits on the disk."""
    report = Report(tmp_path)
    for number, (what, facts) in enumerate(told(8 * 50)):
        report.take({"what": what, "seq": number, "at": "2026-07-01T00:00:00+00:00", **facts})
        assert report.under_way <= 1
    report.close()
    assert report.removals == 50


def test_a_removal_of_very_many_records_is_cut_on_the_page(tmp_path: Path) -> None:
    """The page says how many more there are, and shows the end."""
    report = Report(tmp_path)
    ending: dict[str, Any] = {"outcome": "removed", "ticket": "closed"}
    steps = ["intent", *["answer"] * (MOST_STEPS + 10), "result"]
    usual: dict[str, Any] = {"task": 1, "attempt": "a", "route": "removePassword", "kind": "secret", "answer": "lost"}
    for number, what in enumerate(steps):
        facts = {**usual, "survivors": [], **(ending if what == "result" else {})}
        report.take({"what": what, "seq": number, "at": "2026-07-01T00:00:00+00:00", **facts})
    written: list[bytes] = []
    report.write(Cover("x", "spentkey/x", 0, 1, 1, "r", None, (), filtered=False), written.append)
    report.close()
    assert (
        f"<p>{len(steps) - 1 - MOST_STEPS} more records of it are in records.jsonl.</p>" in b"".join(written).decode()
    )
