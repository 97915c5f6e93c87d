# SPDX-License-Identifier: Apache-2.0
"""What the documentation of several modules has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments: `connection` (the default), `attributes`, `number`, `result`."""

    DOCUMENTATION = r"""
options:
  config:
    description:
      - The configuration file of Spentkey, which names every system.
      - A relative path counts from the directory in which Ansible was started.
      - If it is not given, the variable E(SPENTKEY_CONFIG) of the environment is looked at.
    type: path
    default: spentkey.toml
  settings:
    description:
      - Settings that lie over the file and over the variables C(SPENTKEY_...) of the environment, nested as in the file.
      - A secret is never given as a text here, only as a table with C(file) or C(env).
    type: dict
    default: {}
requirements:
  - python >= 3.11
  - spentkey >= 0.2.0
notes:
  - Runs on the host that the play targets, normally C(localhost). With a local connection and without privilege
    escalation it runs inside the process of Ansible, which is quicker.
  - The evidence, the limits and the locks are those of one state directory. Several containers without a common one
    cannot share them.
"""

    ATTRIBUTES = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what would be changed, without changing anything.
    support: full
  diff_mode:
    description: Will return details on what has changed (or would change in C(check_mode)), when in diff mode.
    support: full
"""

    INFO = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what would be changed, without changing anything.
    support: full
    details: Only reads.
  diff_mode:
    description: Will return details on what has changed (or would change in C(check_mode)), when in diff mode.
    support: none
    details: Changes nothing.
"""

    NUMBER = r"""
options:
  number:
    description: The AssignmentID of the task in Ivanti.
    type: int
    required: true
    aliases: [task]
"""
