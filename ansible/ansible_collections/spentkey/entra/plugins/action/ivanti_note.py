# SPDX-License-Identifier: Apache-2.0
"""Writes a note on a task."""

from __future__ import annotations

from ansible_collections.spentkey.entra.plugins.module_utils.desk import NOTE, note
from ansible_collections.spentkey.entra.plugins.plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """The action of the module with the same name."""

    PERFORM = note
    ARGUMENTS = NOTE
