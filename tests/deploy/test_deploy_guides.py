"""The how-to guides: each command of Spentkey in them exists, each file of the repository, each setting, each guide is linked."""

import re
import tomllib
from pathlib import Path

import pytest
from deploy_files import DEPLOY, ROOT, call_problems, calls

from spentkey.settings.schema import Settings

GUIDES = sorted((ROOT / "docs" / "howto").glob("*.md"))
INDEX = (ROOT / "docs" / "README.md").read_text("utf-8")
SETTING = re.compile(r"`((?:ivanti|passwordstate|tenants|policy|engine|service|state|tls)\.[a-z_.]+)(?: = [^`]*)?`")
INSTALLED = "/opt/spentkey/"


def name(path: Path) -> str:
    """A guide by its name."""
    return path.name


def shell_lines(text: str) -> list[str]:
    """Every line of the shell's blocks, continued ones joined, and every span of code that calls Spentkey."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.M | re.S)
    return [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]


def guide_problems(text: str) -> list[str]:
    """Calls, files and settings of a guide that do not exist."""
    lines = shell_lines(text)
    problems = [problem for line in lines if calls(line) for problem in call_problems(calls(line))]
    named = [word for line in lines for word in re.findall(rf"{INSTALLED}([\w./-]+)", line)]
    problems += [f"there is no {word}" for word in named if word[:5] != ".venv" and not (ROOT / word).exists()]
    return problems + [f"no setting {setting}" for setting in SETTING.findall(text) if not is_setting(setting)]


def is_setting(path: str) -> bool:
    """Whether the configuration has a setting or a table of that name."""
    model: object = Settings
    for part in path.split("."):
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            return False
        annotation = fields[part].annotation
        inner = [one for one in (annotation, *getattr(annotation, "__args__", ())) if hasattr(one, "model_fields")]
        model = inner[0] if inner else None
    return True


@pytest.mark.parametrize("path", GUIDES, ids=name)
def test_a_guide_names_what_there_is(path: Path) -> None:
    """Commands with their options, files of the repository, settings."""
    assert guide_problems(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", GUIDES, ids=name)
def test_a_guide_is_found_from_the_index(path: Path) -> None:
    """docs/README.md links it."""
    assert f"(howto/{path.name})" in INDEX


def test_the_index_leads_to_every_page() -> None:
    """Each page of the documents but the decisions, which have an index of their own, is linked."""
    pages = [
        page for kind in ("tutorial", "howto", "reference") for page in sorted((ROOT / "docs" / kind).glob("*.md"))
    ]
    assert [page.name for page in pages if f"({page.parent.name}/{page.name})" not in INDEX] == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```sh\nsudo -u x /opt/spentkey/.venv/bin/spentkey halt --why x\n```\n", "there is no command halt"),
        ("```sh\nspentkey plan --dry-run\n```\n", "plan has no option --dry-run"),
        ("1. Do\n\n   ```sh\n   spentkey \\\n       resume\n   ```\n", "resume needs --why"),
        ("```sh\nsudo /opt/spentkey/scripts/install\n```\n", "there is no scripts/install"),
        ('set `engine.broker = "x"`', "no setting engine.broker"),
        ("set `ivanti.status.closed`", "no setting ivanti.status.closed"),
    ],
)
def test_a_wrong_guide_is_found(text: str, problem: str) -> None:
    """A command, option, file or setting that does not exist is named."""
    assert guide_problems(text) == [problem]


def test_what_the_guides_install_of_the_service_is_declared() -> None:
    """The word `service` of scripts/setup installs every extra, and the image the same ones but that for tests."""
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
    image = (DEPLOY / "container" / "Containerfile").read_text("utf-8")
    assert set(re.findall(r"--extra (\w+)", image)) == extras - {"testing"}
    assert (
        'service) stamp=.venv/.set-up-service groups="--no-dev --all-extras"'
        in (ROOT / "scripts" / "setup").read_text()
    )
