"""What holds for every document: links lead somewhere, nothing local is named, pages stay short and up to date."""

import re
import tomllib
from pathlib import Path

import pytest
from doc_texts import ROOT, blocks, documents, page

DOCUMENTS = documents()
DECISIONS = sorted((ROOT / "docs" / "adr").glob("0*.md"))
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
LOCAL = re.compile(r"(?<![\w.~-])/(?:root|tmp|home|Users|mnt|build)/\S*|file://\S+")
NEEDED = {
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "simulator/README.md",
    "docs/reference/seed.md",
    "docs/reference/settings.md",
    "docs/reference/commands.md",
    "docs/reference/outcomes.md",
    "docs/reference/evidence.md",
    "docs/tutorial/first-day.md",
}


def name(path: Path) -> str:
    """A document by its path from the root."""
    return path.relative_to(ROOT).as_posix()


def without_code(text: str) -> str:
    """A page without its fenced blocks and its code in backticks."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(path: Path, text: str) -> list[str]:
    """The relative links of a page that lead nowhere."""
    found: list[str] = []
    for link in LINK.findall(without_code(text)):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            found.append(link)
    return found


def test_the_documents_are_there() -> None:
    """None of the promised pages is missing or empty."""
    assert {name(path) for path in DOCUMENTS if len(path.read_text("utf-8")) > 500} >= NEEDED


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    """Files and headings that a page links to exist."""
    assert broken_links(path, path.read_text("utf-8")) == []


@pytest.mark.parametrize("link", ["missing.md", "README.md#nowhere", "#nowhere", "../README.md"])
def test_a_broken_link_is_found(link: str) -> None:
    """A file or a heading that does not exist is reported."""
    assert broken_links(ROOT / "README.md", f"# Here\n\n[x]({link})") == [link]


@pytest.mark.parametrize("path", [*DOCUMENTS, ROOT / "examples" / "spentkey.toml"], ids=name)
def test_no_page_names_places_of_one_machine(path: Path) -> None:
    """Nobody's folders stand in a document."""
    assert LOCAL.findall(path.read_text("utf-8")) == []


@pytest.mark.parametrize("text", ["see /mnt/x", "`/home/me/a`", "(/tmp/a.md)", "file:///etc/x"])
def test_a_place_of_one_machine_is_found(text: str) -> None:
    """Such a path is seen, wherever it stands."""
    assert LOCAL.search(text) is not None


def test_the_architecture_fits_on_a_few_screens() -> None:
    """ARCHITECTURE.md has at most 150 lines."""
    assert len(page("ARCHITECTURE.md").splitlines()) <= 150


def mapped() -> set[str]:
    """The paths that the map in ARCHITECTURE.md lists."""
    (tree,) = blocks(page("ARCHITECTURE.md"), "text")
    paths, top = set[str](), ""
    for line in tree.splitlines():
        entry = line.split()[0]
        if not line.startswith(" "):
            top = entry
        paths.add(entry if entry == top else f"{top}{entry}")
    return paths


def test_the_map_shows_what_is_there() -> None:
    """Every path of the map exists, and folders are written as folders."""
    assert [path for path in sorted(mapped()) if not (ROOT / path).exists()] == []
    assert [path for path in sorted(mapped()) if (ROOT / path).is_dir() != path.endswith("/")] == []


def test_the_map_leaves_no_part_of_the_product_out() -> None:
    """Every package and module at the top of the product is on the map."""
    tops = (ROOT / "src" / "spentkey").iterdir()
    there = {
        path.name + ("/" if path.is_dir() else "")
        for path in tops
        if path.name[0] not in "_." and path.suffix != ".typed"
    }
    assert {f"src/spentkey/{one}" for one in there} - mapped() == set()


@pytest.mark.parametrize("path", DECISIONS, ids=name)
def test_a_decision_has_its_four_parts_and_is_short(path: Path) -> None:
    """Context, decision, alternatives, consequences; at most 60 lines; listed in the index."""
    text = path.read_text("utf-8")
    assert re.findall(r"^## (.+)$", text, re.M) == ["Context", "Decision", "Alternatives", "Consequences"]
    assert text.startswith(f"# {path.name[:4]}: ")
    assert len(text.splitlines()) <= 60
    assert f"({path.name})" in page("docs", "adr", "README.md")


def test_decisions_are_numbered_without_gaps() -> None:
    """0001, 0002 and so on."""
    assert [f"{number:04}" for number in range(1, len(DECISIONS) + 1)] == [path.name[:4] for path in DECISIONS]


@pytest.mark.parametrize("project", ["pyproject.toml", "simulator/pyproject.toml"])
def test_every_dependency_has_its_reasons(project: str) -> None:
    """Each runtime dependency of both distributions is weighed in a decision."""
    text = "\n".join(path.read_text("utf-8") for path in DECISIONS).lower()
    declared: list[str] = tomllib.loads(page(*project.split("/")))["project"]["dependencies"]
    assert [one for one in declared if re.split(r"[\[><=~ ]", one)[0].lower() not in text] == []
