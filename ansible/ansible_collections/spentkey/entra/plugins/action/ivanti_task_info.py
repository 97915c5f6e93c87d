# SPDX-License-Identifier: Apache-2.0
"""Shows a task and its parameters."""

from __future__ import annotations

from ansible_collections.spentkey.entra.plugins.module_utils.desk import TASK_INFO, tell
from ansible_collections.spentkey.entra.plugins.plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """The action of the module with the same name."""

    PERFORM = tell
    ARGUMENTS = TASK_INFO
