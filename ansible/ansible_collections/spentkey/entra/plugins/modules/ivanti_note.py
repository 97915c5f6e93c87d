#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
# Compatible with the GNU General Public License v3.0 of Ansible itself, which its tools look for here.
"""Write a note on a task of Ivanti, once."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ivanti_note
short_description: Write a note on a task of Ivanti, once
version_added: 0.1.0
description:
  - Writes a note on a task that is ours (guard G0) and reads it back. A marker in its body lets the same note be found
    again, so it is written once for each assignment of the task to us.
  - With O(purpose=hand-over) it is the one note of a hand-over, counts for the limit of hand-overs (guard G8), and says
    what was found, what was not done and what to do next, if it tells of the last try.
  - Control characters are stripped and markup is escaped.
  - Another service desk than Ivanti is refused; M(spentkey.entra.task) works with each.
options:
  subject:
    description: The subject. For a hand-over it may be left out.
    type: str
    default: ""
  body:
    description: The text. For a hand-over, the reason; it may be left out where a try is on record.
    type: str
    default: ""
  purpose:
    description: What the note is for.
    type: str
    choices: [hand-over, remark]
    default: remark
  category:
    description: The category, by default that of the configuration.
    type: str
extends_documentation_fragment:
  - spentkey.entra.connection
  - spentkey.entra.connection.attributes
  - spentkey.entra.connection.number
author:
  - Spentkey (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Say why the task is handed over
  spentkey.entra.ivanti_note:
    number: 40021
    purpose: hand-over
    subject: Secret removal failed
    body: SecretID is empty
"""

RETURN = r"""
subject:
  description: The subject of the note.
  returned: success
  type: str
body:
  description: The text of the note, with its marker.
  returned: success
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.spentkey.entra.plugins.module_utils.desk import NOTE, note
from ansible_collections.spentkey.entra.plugins.module_utils.facade import Call, perform_safely


def main() -> None:
    """Run on the host that the play targets."""
    module = AnsibleModule(argument_spec=NOTE, supports_check_mode=True)
    result = perform_safely(note, Call(module.params, module.check_mode, os.environ))
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
