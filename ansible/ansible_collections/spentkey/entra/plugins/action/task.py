# SPDX-License-Identifier: Apache-2.0
"""The whole story of one task in one action."""

from __future__ import annotations

from ansible_collections.spentkey.entra.plugins.module_utils.removal import TASK, work
from ansible_collections.spentkey.entra.plugins.plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """The action of the module with the same name."""

    PERFORM = work
    ARGUMENTS = TASK
