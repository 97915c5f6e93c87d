"""The settings of the vault, in the table `[passwordstate]`."""

import re
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from spentkey.settings.section import Section
from spentkey.settings.values import FilePath, SecretValue, SelectQuery, Text, Url

_PROTOCOL = re.compile(r"(?i)(tcp|np|lpc|admin):")
_LONGEST_INSTANCE = 16
"""Characters of an instance's name (learn.microsoft.com/sql/sql-server/install/instance-configuration)."""


def _sql_server(server: str) -> str:
    host, _, instance = server.partition("\\")
    if not server.isprintable():
        raise ValueError(r"holds a control character: write 'HOST\INSTANCE' in single quotes")
    if "\\" in instance:
        raise ValueError(r"must have one backslash: write 'HOST\INSTANCE' in single quotes")
    if "," in server:
        raise ValueError("must be without a port: passwordstate.database.port has it")
    if _PROTOCOL.match(server) or re.search(r"[\s;{}=/'\"()]", server) or not _may_be_asked_for(host):
        raise ValueError(r"must be a host name such as sql.example.org, or 'HOST\INSTANCE'")
    if instance.casefold() == "mssqlserver":
        raise ValueError("names MSSQLSERVER, which is the default instance: write the host alone")
    if host != server and not 0 < len(instance) <= _LONGEST_INSTANCE:
        raise ValueError(rf"must name an instance of 1 to {_LONGEST_INSTANCE} characters after the backslash")
    return server


def _may_be_asked_for(host: str) -> bool:
    """Whether the resolver takes that name: no part of it is empty or longer than 63 characters."""
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False


def _host_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name) or not _may_be_asked_for(name):
        raise ValueError("must be a name that the certificate has, such as sql.example.org, without a *")
    return name


def _strict_alone(file: Path, info: ValidationInfo) -> Path:
    if info.data.get("encrypt") != "strict":
        raise ValueError('needs encrypt = "strict": the driver compares the certificate with a file only there')
    if info.data.get("host_name_in_certificate") is not None:
        raise ValueError("leaves host_name_in_certificate nothing to do: leave one of the two out")
    return file


def _not_through_the_browser(wanted: bool, info: ValidationInfo) -> bool:
    if wanted and "\\" in str(info.data.get("server", "")) and info.data.get("port") is None:
        raise ValueError(r"needs passwordstate.database.port where server is HOST\INSTANCE")
    return wanted


def _not_yet(auth: object) -> object:
    if auth == "kerberos":
        raise ValueError('is not there yet for "kerberos"; a log-in of SQL Server, auth = "sql", is')
    return auth


class PasswordstateDatabaseSettings(Section):
    """Passwordstate's SQL Server database, for finding documents."""

    server: Annotated[Text, AfterValidator(_sql_server)]
    port: Annotated[int, Ge(1), Le(65535)] | None = None
    encrypt: Literal["yes", "strict"] = "yes"
    host_name_in_certificate: Annotated[Text, AfterValidator(_host_name)] | None = None
    server_certificate: Annotated[FilePath, AfterValidator(_strict_alone)] | None = None
    multi_subnet_failover: Annotated[bool, AfterValidator(_not_through_the_browser)] = False
    application_intent: Literal["ReadOnly", "ReadWrite"] = "ReadOnly"
    database: Text = "passwordstate"
    entry: Text = "sys_pws_ansible_read"
    auth: Annotated[Literal["sql"], BeforeValidator(_not_yet)] = "sql"
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
