# SPDX-License-Identifier: Apache-2.0
"""Shows the credentials of an app registration."""

from __future__ import annotations

from ansible_collections.spentkey.entra.plugins.module_utils.removal import CREDENTIAL_INFO, CREDENTIAL_INFO_RULES, show
from ansible_collections.spentkey.entra.plugins.plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """The action of the module with the same name."""

    PERFORM = show
    ARGUMENTS = CREDENTIAL_INFO
    RULES = CREDENTIAL_INFO_RULES
