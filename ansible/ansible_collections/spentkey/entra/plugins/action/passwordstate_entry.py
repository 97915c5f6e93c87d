# SPDX-License-Identifier: Apache-2.0
"""Reads an entry of Passwordstate."""

from __future__ import annotations

from ansible_collections.spentkey.entra.plugins.module_utils.vault import ENTRY, ENTRY_RULES, entry
from ansible_collections.spentkey.entra.plugins.plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """The action of the module with the same name."""

    PERFORM = entry
    ARGUMENTS = ENTRY
    RULES = ENTRY_RULES
    REVEALS = True
