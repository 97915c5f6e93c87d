"""The settings of the vault, in the table `[secrets]`."""

from spentkey.settings.section import Section
from spentkey.settings.values import FilePath


class SecretFilesSettings(Section):
    """A folder with a file for each secret."""

    directory: FilePath
