# SPDX-License-Identifier: Apache-2.0
"""What the documentation of several modules has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments: `connection` (the default), `attributes`, `info`, `number`, `request`."""

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
  - The evidence, the limits and the locks are those of one PostgreSQL, or of one state directory on a local disk.
    Several containers share them only where all of them have the same one; a network file system is refused.
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
    description: The task by its reference in the service desk; in Ivanti its AssignmentID, as a number or as a text.
    type: str
    required: true
    aliases: [task]
"""

    REQUEST = r"""
options:
  request:
    description:
      - The parameters by name, as the service request has them, in any case of the names.
      - Every parameter that the C(when) of a tenant names goes here, such as C(Onderwijs) or C(Region), and so may
        the four that say which credential is meant, by the names of the configuration.
      - It stands in place of the single options or beside them; where both say something, it must be the same.
      - A value that is not a text is refused by its name, never converted, so write V("No") in quotes. Other parameters
        are not looked at.
      - Without O(tenant), O(request) or O(onderwijs) must say which tenant is meant, unless there is only one tenant
        and it has no C(when).
    type: dict
    version_added: 0.2.0
  onderwijs:
    description:
      - V("Yes") or V("No") in quotes. The same as C(Onderwijs) in O(request); what is not a text is refused.
    type: raw
  tenant:
    description:
      - The name of the tenant in the configuration. Its C(when) fills in the parameters that are not given.
      - Parameters that mean another tenant are refused.
    type: str
"""
