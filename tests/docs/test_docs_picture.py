"""The picture in the README: a whole drawing of what the demonstration really shows."""

import re
import xml.etree.ElementTree as ET
from typing import Any

from doc_texts import ROOT, page

from spentkey_sim import seeded

SVG = "{http://www.w3.org/2000/svg}"
PICTURE = page("docs", "pictures", "demo.svg")


def lines() -> list[str]:
    """The lines of text in the picture, from top to bottom."""
    found: dict[float, list[tuple[float, str]]] = {}
    for text in ET.fromstring(PICTURE).iter(f"{SVG}text"):  # noqa: S314  # our own file
        place = (float(text.attrib["x"]), (text.text or "").replace("\xa0", " "))
        found.setdefault(float(text.attrib["y"]), []).append(place)
    return [" ".join(text for _, text in sorted(found[y])) for y in sorted(found)]


def rows() -> dict[str, list[str]]:
    """The first line of each task in the picture, by its number."""
    return {line[:5]: line.split() for line in lines() if re.match(r"\d{5} ", line)}


def test_it_is_well_formed_and_not_empty() -> None:
    """An SVG with a size, and at least twenty lines of text."""
    drawing = ET.fromstring(PICTURE)  # noqa: S314  # our own file
    assert drawing.tag == f"{SVG}svg"
    assert drawing.attrib["viewBox"]
    assert len(lines()) > 20


def test_it_shows_what_the_demonstration_does() -> None:
    """Outcome and ticket of each task are those that the demonstration's tasks expect."""
    expected: dict[str, dict[str, Any]] = seeded.build(1)["expect"]
    assert {task: [task, expected[task]["outcome"], expected[task]["ticket"]] for task in rows()} == {
        task: words[:3] for task, words in rows().items()
    }
    assert {"removed", "already-gone", "refused", "failed"} == {words[1] for words in rows().values()}
    assert f"{len(expected)} of {len(expected)} as expected (seed 1)." in lines()


def test_it_names_nothing_of_a_machine_and_loads_nothing() -> None:
    """No path, no user, no port; no font, script or picture from elsewhere."""
    text = "\n".join(lines())
    assert re.findall(r"(?<!\w)/\w+|localhost|127\.0\.0\.1|\.py\b", text) == []
    assert re.findall(r"url\((?!#)[^)]*\)|href|<script|@import", PICTURE) == []


def test_the_readme_shows_it() -> None:
    """With words for those who cannot see it."""
    found = re.findall(r"!\[([^\]]+)\]\(docs/pictures/demo\.svg\)", page("README.md"))
    assert len(found) == 1
    assert len(found[0].split()) > 5
    assert (ROOT / "scripts" / "picture.py").is_file()
