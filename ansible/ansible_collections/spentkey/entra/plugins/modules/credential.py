#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
# Compatible with the GNU General Public License v3.0 of Ansible itself, which its tools look for here.
"""Remove one expired credential of an app registration."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: credential
short_description: Remove one expired credential of an app registration
version_added: 0.1.0
description:
  - Removes exactly one secret or certificate of an Entra ID app registration, and proves by spaced reads that it is gone
    and that every other credential is still there.
  - Nothing is removed unless every guard agrees. The credential has expired by two clocks (this machine's and the directory's), the application has the name
    that is given, the key id stands once in the list that O(kind) names, nothing protects it, the limits hold.
  - With O(task) the task in the service desk must ask for the same, before and just before the removal. The task itself is not
    written to; RV(ticket) says what is to become of it.
  - The intent is on record in the evidence before the removal is sent.
options:
  state:
    description: The credential is to be absent.
    type: str
    choices: [absent]
    required: true
  app_id:
    description: The AppID (client id) of the application, a UUID in any case. Needed unless O(request) has it.
    type: str
  key_id:
    description:
      - The key id of the credential, a UUID in any case. Needed unless O(request) has it.
      - Empty or null removes nothing; the module fails and says so before anything is contacted.
    type: str
    aliases: [credential_id]
  app_display_name:
    description: The display name that the application must have. Needed unless O(request) has it.
    type: str
  kind:
    description:
      - What the credential is, in any case - V(secret), V(certificate), or a word of C(secret_types) in the
        configuration, by default V(Secret), V(Certificaat) and V(Cert).
      - V(secret) if neither this nor O(request) says it.
    type: str
    aliases: [secret_type]
  task:
    description:
      - The task that must ask for the same, by its reference in the service desk; in Ivanti its AssignmentID, as a
        number or as a text.
    type: str
  pfx_path:
    description:
      - The PFX of a certificate of the application that is valid now, to sign the proof for C(removeKey).
      - Without O(pfx_path) and O(pfx_content) it is looked up in Passwordstate.
    type: path
  pfx_content:
    description: The same as base64.
    type: str
  pfx_password:
    description: The password that opens the PFX.
    type: str
  pki_password:
    description: A second password that may open it.
    type: str
extends_documentation_fragment:
  - spentkey.entra.connection
  - spentkey.entra.connection.attributes
  - spentkey.entra.connection.request
author:
  - Spentkey (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Remove an expired secret, as task 40021 asks
  spentkey.entra.credential:
    state: absent
    app_id: 22222222-2222-4222-8222-222222222222
    key_id: 33333333-3333-4333-8333-333333333333
    app_display_name: Sales
    kind: secret
    request:
      Onderwijs: "No"
    task: 40021
  register: remove_sp_secret

- name: The same with the parameters of the service request, whatever chooses the tenant
  spentkey.entra.credential:
    state: absent
    request: "{{ task_info.servicereq_params }}"
    task: "{{ task_info.AssignmentID }}"

- name: Say what would be removed, without a task, where the tenant is chosen by a region
  spentkey.entra.credential:
    state: absent
    request:
      AppDisplayName: Sales
      AppID: 22222222-2222-4222-8222-222222222222
      SecretID: 44444444-4444-4444-8444-333333333333
      SecretType: Certificaat
      Region: EU
  check_mode: true

- name: The same by the name of the tenant
  spentkey.entra.credential:
    state: absent
    app_id: 22222222-2222-4222-8222-222222222222
    key_id: 44444444-4444-4444-8444-333333333333
    app_display_name: Sales
    kind: certificate
    tenant: production
  check_mode: true
"""

RETURN = r"""
task:
  description: The task, if there is one.
  returned: always
  type: str
  sample: "40021"
tenant:
  description: The name of the tenant in the configuration.
  returned: always
  type: str
app_id:
  description: The AppID, canonical.
  returned: always
  type: str
app_display_name:
  description: The name of the application, in the directory's spelling where it was read.
  returned: always
  type: str
key_id:
  description: The key id, canonical.
  returned: always
  type: str
kind:
  description: C(secret) or C(certificate).
  returned: always
  type: str
outcome:
  description:
    - C(removed), C(already-gone), C(refused), C(failed), C(cannot-tell) or C(not-ours).
    - In check mode it is null where RV(would) is C(remove) or C(close-as-gone).
  returned: always
  type: str
attribution:
  description: C(confirmed) or C(presumed), for what was removed.
  returned: always
  type: str
route:
  description: C(removePassword), C(removeKey) or C(patch).
  returned: always
  type: str
ticket:
  description:
    - What is to become of the task - C(closed), C(handed-off), C(open) or C(untouched).
    - In check mode it is null where something would become of it; RV(would_ticket) says what.
  returned: always
  type: str
guard:
  description: The number of the guard that refused.
  returned: always
  type: str
reason:
  description: Why it ended so, in English.
  returned: always
  type: str
reason_code:
  description: The kind of reason, a code that never changes.
  returned: always
  type: str
evidence:
  description: The id of this try in the evidence.
  returned: always
  type: str
desk_warnings:
  description:
    - What the service desk keeps otherwise than it was written, or shows that cannot be read, each in words.
    - Ansible shows them as warnings, too.
  returned: always
  type: list
  elements: str
resolution:
  description: The text with which such a task is closed.
  returned: when the credential is gone
  type: str
msg:
  description: The same in one line for people, or the reason of a failure.
  returned: always
  type: str
would:
  description: What a run would do - C(remove), C(close-as-gone), C(hand-off), C(leave) or C(pass).
  returned: in check mode
  type: str
would_ticket:
  description: What would become of the task - C(closed), C(handed-off), C(open) or C(untouched).
  returned: in check mode
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.spentkey.entra.plugins.module_utils.facade import Call, perform_safely
from ansible_collections.spentkey.entra.plugins.module_utils.removal import CREDENTIAL, CREDENTIAL_RULES, remove


def main() -> None:
    """Run on the host that the play targets."""
    module = AnsibleModule(argument_spec=CREDENTIAL, supports_check_mode=True, **CREDENTIAL_RULES)
    result = perform_safely(remove, Call(module.params, module.check_mode, os.environ))
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
