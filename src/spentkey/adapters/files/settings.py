"""The settings of the desk, in the table `[files]`."""

from typing import Literal

from pydantic import Field

from spentkey.core.rules import SECRET_TYPES
from spentkey.settings.section import Section
from spentkey.settings.values import FilePath, SecretTypes


class FilesSettings(Section):
    """A folder with one TOML file for each request."""

    directory: FilePath
    approve: bool = True
    """Whether a request is worked on only after somebody approved it."""
    secret_types: SecretTypes = Field(default=SECRET_TYPES)
    """The words of SecretType, each with what it means."""
    language: Literal["en", "nl", "fr"] = "en"
