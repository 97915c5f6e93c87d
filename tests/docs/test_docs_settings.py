"""The page of settings says what the code takes, and the example is a configuration that works."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from doc_texts import ROOT, page, settings_rows, tables
from support_settings import ivanti, passwordstate

from spentkey.bootstrap.registry import DESKS, VAULTS
from spentkey.bootstrap.settings import load_settings
from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.settings.schema import Settings

EXAMPLE = ROOT / "examples" / "spentkey.toml"
PLACEHOLDERS = {
    "<host of Ivanti>": "itsm.example.org",
    "<team whose tasks Spentkey takes>": "Automation",
    "<LoginID of the user behind the key>": "svc-spentkey",
    "<host of Passwordstate>": "passwordstate.example.org",
    "<host of SQL Server>": "sql.example.org",
}
SECRET_FILES = (
    "ivanti_api_key",
    "passwordstate_api_key",
    "passwordstate_certificates_api_key",
    "passwordstate_documents_api_key",
)
COMMENTED_SECRET_FILES = ("notify",)
COMMENTED = re.compile(r"^# (?=\[|[a-z_]+ = )", re.M)


def filled_in(text: str) -> str:
    """The example with its placeholders replaced."""
    for placeholder, value in PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    return text


def settle(folder: Path, text: str) -> Path:
    """Write the configuration and its secrets as an operator would."""
    (folder / "secrets").mkdir()
    keys = {name: f"key of {name}" for name in SECRET_FILES} | dict.fromkeys(COMMENTED_SECRET_FILES, "n" * 32)
    for name, key in keys.items():
        (folder / "secrets" / name).write_text(f"{key}\n")
        (folder / "secrets" / name).chmod(0o600)
    file = folder / "spentkey.toml"
    file.write_text(text, "utf-8")
    return file


def loaded(folder: Path, text: str) -> Settings:
    """The settings that the text gives."""
    return load_settings(settle(folder, text), {})


def test_the_table_is_what_the_code_takes() -> None:
    """Every setting stands on the page once, in order, with its default and what it may be."""
    shown = [row[:3] for row in tables(page("docs", "reference", "settings.md"))[0][1:]]
    assert [list(row) for row in settings_rows()] == shown


def test_every_setting_is_explained() -> None:
    """No meaning is empty, and every cell is there."""
    rows = tables(page("docs", "reference", "settings.md"))[0]
    assert [row for row in rows if len(row) != 4 or (len(row[3]) < 10 and row[0] != "setting")] == []


def test_the_example_works_once_it_is_filled_in(tmp_path: Path) -> None:
    """With urls and keys in place the example loads, and its secrets are secrets."""
    settings = loaded(tmp_path, filled_in(EXAMPLE.read_text("utf-8")))
    assert Secret("key of ivanti_api_key") == ivanti(settings).api_key
    assert Secret("key of passwordstate_documents_api_key") == passwordstate(settings).documents_api_key


def test_the_example_is_the_seeds_world(tmp_path: Path) -> None:
    """Tenants, lists, titles and teams are those of the seed."""
    settings = loaded(tmp_path, filled_in(EXAMPLE.read_text("utf-8")))
    message = {
        name: (str(one.tenant_id), one.domain, one.subscription_id, one.entry, dict(one.when))
        for name, one in settings.tenants.items()
    }
    vault = passwordstate(settings)
    assert message == {
        "production": (
            "c3c1e6bb-1ebf-4335-ad13-3419266a9781",
            "gentplus.onmicrosoft.com",
            "9f3c9e4f-7451-44cc-80c0-258e49e49192",
            "Sys_Azure_AppRegs_PR",
            {"Onderwijs": "No"},
        ),
        "onderwijs": (
            "c32c6912-0c85-4d02-8d38-51da93512d64",
            "onderwijsstadgent.onmicrosoft.com",
            "638468ab-6418-4403-8c17-5a03453d5489",
            "Sys_Azure_OND_Admin",
            {"Onderwijs": "Yes"},
        ),
    }
    assert (
        vault.credentials_list,
        vault.certificates_list,
        vault.pki_entry,
        vault.database.entry,
        ivanti(settings).escalation_team,
        ivanti(settings).note_category,
        ivanti(settings).minutes,
    ) == (8620, 6691, "sys_srvaapwin_pki", "sys_pws_ansible_read", "Systeemsoftware", "Status Update", 1)


def test_what_is_commented_out_works_too(tmp_path: Path) -> None:
    """Every commented line can be put in force as it stands, and those that show a default really show it."""
    text = filled_in(EXAMPLE.read_text("utf-8"))
    plain = tomllib.loads(text)
    told = tomllib.loads(COMMENTED.sub("", text))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    settings, as_told = loaded(tmp_path / "a", text), loaded(tmp_path / "b", COMMENTED.sub("", text))
    assert added(plain, told) >= {"ivanti", "passwordstate", "policy", "tls"}
    assert ivanti(settings).model_dump(exclude={"api_key"}) == ivanti(as_told).model_dump(exclude={"api_key"})
    assert passwordstate(settings).certificate_match == passwordstate(as_told).certificate_match
    assert settings.policy.grace_days == as_told.policy.grace_days


def added(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The tables that say more than they did."""
    return {name for name, value in after.items() if value != before.get(name)}


@pytest.mark.parametrize("placeholder", sorted(PLACEHOLDERS))
def test_a_placeholder_is_where_the_test_thinks(placeholder: str) -> None:
    """Each placeholder stands in the example once."""
    assert EXAMPLE.read_text("utf-8").count(placeholder) == 1


@pytest.mark.parametrize("name", SECRET_FILES)
def test_a_missing_key_is_named(tmp_path: Path, name: str) -> None:
    """A secret file that is not there is named, and nothing is started."""
    file = settle(tmp_path, filled_in(EXAMPLE.read_text("utf-8")))
    (tmp_path / "secrets" / name).unlink()
    with pytest.raises(Misconfigured, match=f"secrets/{name} cannot be read"):
        load_settings(file, {})


NOT_IN_THE_EXAMPLE = ("ivanti.open.offering", "ivanti.open.employee")
OTHERS = ("service", "notify", *DESKS.keys() - {"ivanti"}, *VAULTS.keys() - {"passwordstate"})
"""The tables that the example does not have."""
NEEDED = [name.strip("`") for name, default, _ in settings_rows() if default == "needed"]


@pytest.mark.parametrize(
    "needed", [one for one in NEEDED if one.partition(".")[0] not in OTHERS and one not in NOT_IN_THE_EXAMPLE]
)
def test_what_the_page_calls_needed_is_needed(tmp_path: Path, needed: str) -> None:
    """Without it the configuration is refused, with its name."""
    *section, name = needed.replace("NAME", "production").split(".")
    head, table = f"[{'.'.join(section)}]", filled_in(EXAMPLE.read_text("utf-8"))
    before, rest = table.split(head, 1)
    without = before + head + re.sub(rf"^{name} = .*$", "", rest, count=1, flags=re.M)
    with pytest.raises(Misconfigured, match=re.escape(f"{'.'.join(section)}.{name}: is missing")):
        loaded(tmp_path, without)


@pytest.mark.parametrize("needed", [name for name in NEEDED if name.partition(".")[0] in {*DESKS, *VAULTS}])
def test_what_a_desk_or_a_vault_needs_is_needed_where_its_table_is_used(tmp_path: Path, needed: str) -> None:
    """An empty table is refused with the names of what is missing; without the table nothing of it is needed."""
    table, _, rest = needed.partition(".")
    folder = ".".join((table, *rest.split(".")[:-1]))
    with pytest.raises(Misconfigured, match=re.escape(f"{needed}: is missing")):
        loaded(tmp_path, f"[{folder}]\n")
    (tmp_path / "without").mkdir()
    with pytest.raises(Misconfigured) as refused:
        loaded(tmp_path / "without", "")
    assert table not in str(refused.value).replace(str(tmp_path), "")


def test_a_setting_that_is_not_on_the_page_is_refused(tmp_path: Path) -> None:
    """The table is complete: another name is an error."""
    text = filled_in(EXAMPLE.read_text("utf-8")).replace("[passwordstate]", "[passwordstate]\nverify = false", 1)
    with pytest.raises(Misconfigured, match=r"passwordstate\.verify: is not a known setting"):
        loaded(tmp_path, text)


@pytest.mark.parametrize("later", ['[engine]\ndatabase_url = "postgresql://x"'])
def test_what_comes_later_is_refused_now(tmp_path: Path, later: str) -> None:
    """What the page calls not yet a setting is refused instead of being ignored."""
    with pytest.raises(Misconfigured):
        loaded(tmp_path, filled_in(EXAMPLE.read_text("utf-8")) + "\n" + later)
