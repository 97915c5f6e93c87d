"""Which service desks and vaults there are: ours, and those of installed packages; what is wrong with one is one line."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support_settings import GONE, KEYS, load, problems, write

from spentkey.adapters.ivanti.settings import IvantiSettings
from spentkey.adapters.kinds import DeskKind, VaultKind
from spentkey.adapters.passwordstate.settings import PasswordstateSettings
from spentkey.bootstrap.registry import (
    DESK_GROUP,
    DESKS,
    VAULT_GROUP,
    VAULTS,
    desk_kind,
    desk_names,
    settings_of,
    vault_kind,
)
from spentkey.bootstrap.settings import load_settings, needs_desk
from spentkey.core.errors import Misconfigured

PACKAGE = '''
from spentkey.adapters.ivanti.register import DESK as IVANTI
from spentkey.adapters.kinds import DeskKind, VaultKind
from spentkey.adapters.passwordstate.register import VAULT as PASSWORDSTATE
from spentkey.core.rules import DeskRules
from spentkey.settings.section import Section


class AcmeSettings(Section):
    """A table of two settings."""

    url: str
    team: str = "A"


def reference(text):
    return text if text.startswith("ACME-") else None


DESK = DeskKind(
    AcmeSettings, reference, "ACME-1", lambda _: DeskRules(), IVANTI.open, IVANTI.check, IVANTI.probes
)
VAULT = PASSWORDSTATE
NOTHING = None
NUMBER = 7
KLASS = DeskKind


def made():
    return DESK
'''
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a package that names these desks and vaults."""
    folder = tmp_path / "site"

    def do(desks: dict[str, str] | None = None, vaults: dict[str, str] | None = None, module: str = PACKAGE) -> None:
        about = folder / "acme_desk-1.0.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-desk\nVersion: 1.0\n")
        points = "".join(
            f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in (given or {}).items())
            for group, given in ((DESK_GROUP, desks), (VAULT_GROUP, vaults))
        )
        (about / "entry_points.txt").write_text(points)
        (folder / "acme_desk.py").write_text(module)
        monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
        monkeypatch.delitem(sys.modules, "acme_desk", raising=False)

    return do


def test_ours_are_known_by_their_tables() -> None:
    """And a desk is no vault."""
    assert settings_of("ivanti") == (IvantiSettings, True)
    assert settings_of("passwordstate") == (PasswordstateSettings, False)
    assert isinstance(desk_kind("ivanti"), DeskKind)
    assert isinstance(vault_kind("passwordstate"), VaultKind)
    assert (desk_kind("passwordstate"), vault_kind("ivanti")) == (None, None)


@pytest.mark.parametrize("name", [*DESKS, *VAULTS])
def test_each_of_ours_loads(name: str) -> None:
    """What the table of the registry points at is there."""
    assert settings_of(name) is not None


@pytest.mark.parametrize("name", ["", "Ivanti", "service_now", "os", "spentkey.cli", "..", "a:b"])
def test_what_nobody_installed_is_none(name: str) -> None:
    """Nothing is imported by a name from a configuration."""
    assert (desk_kind(name), vault_kind(name), settings_of(name)) == (None, None, None)


def test_a_desk_of_another_package_is_found(install: Install, tmp_path: Path) -> None:
    """By its entry point, whose name is its table."""
    install({"acme": "acme_desk:DESK"})
    assert desk_names() == sorted({*DESKS, "acme"})
    found = load(tmp_path, {"ivanti": GONE, "acme": {"url": "u"}})
    chosen, kind = needs_desk(found)
    assert (chosen.name, kind.example, kind.reference("ACME-1"), kind.reference("1")) == (
        "acme",
        "ACME-1",
        "ACME-1",
        None,
    )
    assert chosen.section.model_dump() == {"url": "u", "team": "A"}


def test_a_vault_of_another_package_is_found(install: Install) -> None:
    """In a group of its own."""
    install(vaults={"acme_vault": "acme_desk:VAULT"})
    assert settings_of("acme_vault") == (PasswordstateSettings, False)
    assert desk_kind("acme_vault") is None


def test_the_settings_of_another_package_are_checked_like_ours(install: Install, tmp_path: Path) -> None:
    """By name, all at once, from the environment too."""
    install({"acme": "acme_desk:DESK"})
    changes = {"ivanti": GONE, "acme": {"team": 7, "teem": "x"}}
    assert problems(tmp_path, changes, SPENTKEY_ACME__ROLE="x") == [
        'acme.team: must be a text in quotes, such as "x"',
        "acme.teem: is not a known setting; did you mean team?",
        "acme.url: is missing",
        "SPENTKEY_ACME__ROLE: acme.role: is not a known setting",
    ]
    assert load(tmp_path, {"ivanti": GONE}, SPENTKEY_ACME__URL="u").desk is not None


def test_a_desk_of_another_package_beside_ours_is_one_too_many(install: Install, tmp_path: Path) -> None:
    """Whoever made it."""
    install({"acme": "acme_desk:DESK"})
    expected = "acme, ivanti: there can be one service desk; leave the others out"
    assert problems(tmp_path, {"acme": {"url": "u"}}) == [expected]


def test_ours_cannot_be_replaced_by_another_package(install: Install) -> None:
    """A package that calls itself like one of ours is not loaded."""
    install({"ivanti": "acme_desk:DESK"}, {"passwordstate": "acme_desk:NOTHING"})
    assert settings_of("ivanti") == (IvantiSettings, True)
    assert settings_of("passwordstate") == (PasswordstateSettings, False)
    assert "acme_desk" not in sys.modules


def test_a_package_that_is_not_configured_is_not_loaded(install: Install, tmp_path: Path) -> None:
    """Another desk's import must not cost time, or break what does not need it."""
    install({"acme": "acme_desk:DESK"}, module="raise ImportError('broken')\n")
    assert load(tmp_path).desk is not None
    assert "acme_desk" not in sys.modules


@pytest.mark.parametrize("attribute", ["NOTHING", "NUMBER", "KLASS", "made", "VAULT", "AcmeSettings"])
def test_an_entry_point_that_is_no_desk_is_one_line(install: Install, attribute: str) -> None:
    """A vault in the place of a desk neither."""
    install({"acme": f"acme_desk:{attribute}"})
    with pytest.raises(Misconfigured) as refused:
        desk_kind("acme")
    assert str(refused.value) == f"acme: the entry point acme_desk:{attribute} is no DeskKind"


def test_an_entry_point_that_is_no_vault_is_one_line(install: Install) -> None:
    """A desk in the place of a vault neither."""
    install(vaults={"acme": "acme_desk:DESK"})
    with pytest.raises(Misconfigured, match=r"^acme: the entry point acme_desk:DESK is no VaultKind$"):
        vault_kind("acme")


@pytest.mark.parametrize(
    ("value", "module", "why"),
    [
        ("acme_desk:GONE", PACKAGE, "AttributeError"),
        ("no_such_module_of_acme:DESK", PACKAGE, "ModuleNotFoundError"),
        ("acme_desk:DESK", "import no_such_module_of_acme\n", "ModuleNotFoundError"),
        ("acme_desk:DESK", "from spentkey.adapters.kinds import Nothing\n", "ImportError"),
        ("acme_desk:DESK", "raise RuntimeError('canary')\n", "RuntimeError"),
        ("acme_desk:DESK", "def broken(:\n", "SyntaxError"),
        ("acme_desk:DESK", "DESK = 1 / 0\n", "ZeroDivisionError"),
        ("acme_desk:DESK", "from spentkey.adapters.kinds import DeskKind\nDESK = DeskKind()\n", "TypeError"),
    ],
)
def test_an_entry_point_that_does_not_load_is_one_line(
    install: Install, tmp_path: Path, value: str, module: str, why: str
) -> None:
    """Whatever goes wrong in it; what the package says of itself is not repeated."""
    install({"acme": value}, module=module)
    expected = f"acme: the entry point {value} cannot be loaded ({why})"
    with pytest.raises(Misconfigured) as refused:
        load_settings(write(tmp_path, {"ivanti": GONE, "acme": {"url": "u"}}), KEYS)
    assert str(refused.value) == expected
    assert (refused.value.__cause__, refused.value.__suppress_context__) == (None, True)
