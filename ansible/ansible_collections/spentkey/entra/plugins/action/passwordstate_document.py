# SPDX-License-Identifier: Apache-2.0
"""Finds and reads a PFX document of Passwordstate."""

from __future__ import annotations

from ansible_collections.spentkey.entra.plugins.module_utils.vault import DOCUMENT, DOCUMENT_RULES, document
from ansible_collections.spentkey.entra.plugins.plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """The action of the module with the same name."""

    PERFORM = document
    ARGUMENTS = DOCUMENT
    RULES = DOCUMENT_RULES
    REVEALS = True
