# SPDX-License-Identifier: Apache-2.0
"""Removes one expired credential of an app registration."""

from __future__ import annotations

from ansible_collections.spentkey.entra.plugins.module_utils.removal import CREDENTIAL, CREDENTIAL_RULES, remove
from ansible_collections.spentkey.entra.plugins.plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """The action of the module with the same name."""

    PERFORM = remove
    ARGUMENTS = CREDENTIAL
    RULES = CREDENTIAL_RULES
