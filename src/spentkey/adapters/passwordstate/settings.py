"""The settings of the vault, in the table `[passwordstate]`."""

from typing import Literal

from pydantic import Field

from spentkey.settings.section import Section
from spentkey.settings.values import SecretValue, SelectQuery, Text, Url


class PasswordstateDatabaseSettings(Section):
    """Passwordstate's SQL Server database, for finding documents."""

    server: Text
    port: int = Field(default=1433, ge=1, le=65535)
    database: Text = "passwordstate"
    entry: Text = "sys_pws_ansible_read"
    auth: Literal["sql"] = "sql"
    query: SelectQuery = ""


class PasswordstateSettings(Section):
    """Passwordstate, over its API and its database."""

    url: Url
    api_key: SecretValue
    certificates_api_key: SecretValue | None = None
    documents_api_key: SecretValue | None = None
    credentials_list: int = Field(default=8620, ge=1)
    certificates_list: int = Field(default=6691, ge=1)
    pki_entry: Text = "sys_srvaapwin_pki"
    certificate_match: tuple[Literal["appid", "title"], ...] = Field(default=("appid", "title"), min_length=1)
    database: PasswordstateDatabaseSettings
