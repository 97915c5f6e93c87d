#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
# Compatible with the GNU General Public License v3.0 of Ansible itself, which its tools look for here.
"""Find and read a PFX document of Passwordstate."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: passwordstate_document
short_description: Find and read a PFX document of Passwordstate
version_added: 0.1.0
description:
  - Asks the database of Passwordstate which PFX documents hang on an entry, and downloads one.
  - The bytes stay in memory, as base64 in the result, unless O(dest) asks for a file. A file is written with mode 0600,
    and only on a file system that lives in memory, unless O(allow_disk) says otherwise.
  - The result is hidden from output and logs as with C(no_log), whatever the task says.
  - Another vault than Passwordstate is refused.
options:
  state:
    description: V(absent) deletes the file again.
    type: str
    choices: [present, absent]
    default: present
  entry_id:
    description: The PasswordID of the entry. One of O(entry_id) and O(document_id) is needed.
    type: int
  document_id:
    description: The document, if the entry has several.
    type: int
  dest:
    description: The file to write.
    type: path
  allow_disk:
    description: Whether O(dest) may be on a disk.
    type: bool
    default: false
  download:
    description: Whether to download it; otherwise the documents are only listed.
    type: bool
    default: true
extends_documentation_fragment:
  - spentkey.entra.connection
  - spentkey.entra.connection.attributes
author:
  - Spentkey (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Put the PFX into memory
  spentkey.entra.passwordstate_document:
    entry_id: 1301
    dest: /dev/shm/current.pfx
  no_log: true

- name: Delete it
  spentkey.entra.passwordstate_document:
    dest: /dev/shm/current.pfx
    state: absent
"""

RETURN = r"""
documents:
  description: The PFX documents of the entry, each with C(document_id) and C(name).
  returned: when O(entry_id) is given
  type: list
  elements: dict
document_id:
  description: The document that was downloaded.
  returned: when downloaded
  type: int
name:
  description: Its file name.
  returned: when downloaded
  type: str
content:
  description: Its bytes as base64. Hidden from output and logs.
  returned: when downloaded without O(dest)
  type: str
dest:
  description: The file.
  returned: when O(dest) is given
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.spentkey.entra.plugins.module_utils.facade import Call, perform_safely
from ansible_collections.spentkey.entra.plugins.module_utils.vault import DOCUMENT, DOCUMENT_RULES, document


def main() -> None:
    """Run on the host that the play targets."""
    module = AnsibleModule(argument_spec=DOCUMENT, supports_check_mode=True, **DOCUMENT_RULES)
    result = perform_safely(document, Call(module.params, module.check_mode, os.environ))
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
