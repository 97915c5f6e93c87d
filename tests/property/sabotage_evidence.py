"""The rows about evidence that stands by itself: tree, checkpoints and their key, exports, tickets, time stamps.

Each names the one test that must fail, so that all of them are quick.
"""

from sabotage import Sabotage

NODES = "tests/storage/test_tree_nodes.py"
SQLITE_TREE, POSTGRES_TREE = "tests/storage/sqlite/test_sqlite_tree.py", "tests/storage/postgres/test_postgres_tree.py"
TREE_SUITE = "tests/contract/test_suites_tree.py"
CHECKPOINTS, KEY_CHANGE = "tests/storage/test_checkpoints.py", "tests/storage/test_key_change.py"
KEY_FILE = "tests/storage/test_key_file.py"
FAULTS, ARCHIVE = "tests/storage/export/test_export_faults.py", "tests/storage/export/test_archive.py"
EXPORT, JUDGE = "tests/storage/export/test_export.py", "tests/storage/export/test_store_judge.py"
ALONE = "tests/storage/export/test_verify_alone.py"
LOST_LOG = "tests/storage/export/test_lost_log.py"
SHOWN = "tests/storage/test_removal_shown.py"
DESK = "tests/storage/test_desk_notes.py"
STAMPS, STAMPING = "tests/adapters/timestamp/test_authority.py", "tests/adapters/timestamp/test_stamping.py"
WEB, ACCESS = "tests/web/test_evidence_api.py", "tests/web/test_access.py"

LOG: dict[str, Sabotage] = {
    "the tree, a leaf is that of its record": Sabotage(
        "storage/tree_nodes.py",
        "    if nodes[:HASH_BYTES] != leaf_hash(record_line):\n        raise faults.other_leaf(seq)\n",
        "    if nodes == leaf_hash(record_line)[:0]:\n        raise faults.other_leaf(seq)\n",
        f"{NODES}::test_a_leaf_is_asked_for_up_to_the_end_of_the_tree",
    ),
    "the tree, nodes follow from the records": Sabotage(
        "storage/tree_nodes.py",
        "        check_leaf(self._faults, seq, record_line, nodes)\n        raise self._faults.changed(seq)\n",
        "        check_leaf(self._faults, seq, record_line, nodes)\n",
        f"{NODES}::test_any_byte_that_is_another_is_found",
    ),
    "the tree, a hole in it": Sabotage(
        "storage/tree_nodes.py",
        "(isinstance(nodes, int) and nodes < seq)",
        "isinstance(nodes, int)",
        f"{NODES}::test_a_hole_in_the_tree_is_found",
    ),
    "the tree, nodes before the first record": Sabotage(
        "storage/tree_nodes.py",
        "        if first is not None and first < 0:\n",
        "        if first is not None and first < -9:\n",
        f"{NODES}::test_nodes_without_a_record_are_found",
    ),
    "the tree, nodes behind the last record": Sabotage(
        "storage/tree_nodes.py",
        "        if last is not None and last >= length:\n",
        "        if last is not None and last > length:\n",
        f"{NODES}::test_nodes_without_a_record_are_found",
    ),
    "a proof of inclusion is checked": Sabotage(
        "storage/tree_nodes.py",
        "        if root_by(seq, size, leaf, path) != self.head(size, known).root:\n",
        "        if not root_by(seq, size, leaf, path):\n",
        f"{NODES}::test_nodes_that_contradict_one_another_prove_nothing",
    ),
    "a proof of inclusion is of its record": Sabotage(
        "storage/tree_nodes.py",
        "        if known[0, seq] != leaf:\n",
        "        if not known[0, seq]:\n",
        f"{NODES}::test_a_proof_of_another_record_is_refused",
    ),
    "a proof of consistency is checked": Sabotage(
        "storage/tree_nodes.py",
        "        if not is_consistent(self.head(old, known), self.head(new, known), path):\n",
        "        if is_consistent(self.head(old, known), self.head(new, known), [*path, b'']):\n",
        f"{NODES}::test_nodes_that_contradict_one_another_show_no_growth",
    ),
    "SQLite, a chain that is shorter than its tree": Sabotage(
        "storage/sqlite/nodes.py",
        "    if last is not None and last >= length:\n",
        "    if last is not None and last < 0:\n",
        f"{SQLITE_TREE}::test_an_end_that_was_cut_off_is_found_by_the_tree",
    ),
    "PostgreSQL, a chain that is shorter than its tree": Sabotage(
        "storage/postgres/nodes.py",
        "    if tree_end is not None and tree_end >= length:\n",
        "    if tree_end is not None and tree_end < 0:\n",
        f"{POSTGRES_TREE}::test_an_end_that_was_cut_off_is_found_by_the_tree",
    ),
    "SQLite, what is not committed is not in the tree": Sabotage(
        "storage/sqlite/evidence.py",
        "            return self._grown.copy()\n",
        "            return self._grown\n",
        f"{SQLITE_TREE}::test_a_record_that_was_taken_back_is_not_in_the_tree",
    ),
    "PostgreSQL, what is not committed is not in the tree": Sabotage(
        "storage/postgres/evidence.py",
        "self._grown.size == length and self._tree_end == length - 1:\n            return self._grown.copy()\n",
        "self._tree_end == length - 1:\n            return self._grown\n",
        f"{POSTGRES_TREE}::test_a_record_that_was_not_committed_is_not_in_the_tree",
    ),
    "PostgreSQL, records of an older worker": Sabotage(
        "storage/postgres/evidence.py",
        " and self._tree_end == length - 1:",
        ":",
        f"{POSTGRES_TREE}::test_workers_of_two_versions_append_beside_each_other",
    ),
    "SQLite, a store without a tree is filled": Sabotage(
        "storage/sqlite/schema.py",
        "                fill(connection)\n",
        "                assert fill\n",
        f"{SQLITE_TREE}::test_a_store_of_the_version_before_is_filled_by_who_writes",
    ),
    "PostgreSQL, tables without a tree are filled": Sabotage(
        "storage/postgres/schema.py",
        "        await fill(connection)\n",
        "        assert fill\n",
        f"{POSTGRES_TREE}::test_tables_of_the_version_before_are_filled_once",
    ),
    "SQLite, what stands beside the records stays": Sabotage(
        "storage/sqlite/schema.py",
        "            for table in APPEND_ONLY\n",
        "            for table in APPEND_ONLY[:0]\n",
        f"{SQLITE_TREE}::test_what_stands_beside_the_records_is_neither_changed_nor_deleted",
    ),
    "PostgreSQL, what stands beside the records stays": Sabotage(
        "storage/postgres/schema.py",
        "            for table in APPEND_ONLY\n",
        "            for table in APPEND_ONLY[:0]\n",
        f"{POSTGRES_TREE}::test_nobody_changes_what_stands_beside_the_records",
    ),
    "PostgreSQL, no worker names the log": Sabotage(
        "storage/postgres/roles.py",
        "    GRANT SELECT ON spentkey_log, spentkey_schema TO {worker};\n",
        "    GRANT SELECT, INSERT ON spentkey_log, spentkey_schema TO {worker};\n",
        f"{POSTGRES_TREE}::test_a_worker_gives_the_log_no_other_name",
    ),
    "the chain, a record sees those before it in its own batch": Sabotage(
        "storage/chain.py",
        "            if tree is not None and len(wanted) > 1:\n",
        "            if tree is not None and len(wanted) < 1:\n",
        "tests/storage/test_chain.py::test_each_record_of_a_batch_is_made_of_the_tree_before_it",
    ),
}
"""The chain, the tree over it, and both stores of them."""

SIGNING: dict[str, Sabotage] = {
    "checkpoints, others in place of what was signed": Sabotage(
        "storage/checkpoints.py",
        "return None if is_consistent(last.head, before.head, path) else not_continued(last, before.head, where)",
        "return not_continued(last, before.head, where) if is_consistent(last.head, before.head, [b'']) else None",
        f"{CHECKPOINTS}::test_an_end_that_was_written_anew_is_not_signed",
    ),
    "checkpoints, fewer records than were signed": Sabotage(
        "storage/checkpoints.py",
        "        if last.head.size > before.head.size:\n            return not_continued(last, before.head, where)\n",
        "        if last.head.size > before.head.size:\n            return None\n",
        f"{CHECKPOINTS}::test_a_restored_backup_is_not_signed",
    ),
    "checkpoints, the memory of this machine comes first": Sabotage(
        "storage/checkpoints.py",
        "        return self.last or self.newest\n",
        "        return self.newest or self.last\n",
        f"{CHECKPOINTS}::test_a_restored_backup_is_not_signed",
    ),
    "checkpoints, without a memory the store is continued": Sabotage(
        "storage/checkpoints.py",
        "        return self.last or self.newest\n",
        "        return self.last\n",
        f"{CHECKPOINTS}::test_without_the_memory_the_newest_checkpoint_of_the_store_is_continued",
    ),
    "checkpoints, another key signs nothing": Sabotage(
        "storage/checkpoints.py",
        "        if key is not None and _signed_last(latest, key):\n",
        "        if key is not None and latest:\n",
        f"{CHECKPOINTS}::test_another_key_signs_nothing",
    ),
    "checkpoints, a forged memory names no key": Sabotage(
        "storage/checkpoints.py",
        "    return latest.signatures[-1].key_id == verifier.id and bool(latest.signed_by(verifier))\n",
        "    return latest.signatures[-1].key_id == verifier.id\n",
        f"{CHECKPOINTS}::test_a_forged_memory_does_not_hide_that_the_end_was_cut_off",
    ),
    "checkpoints, the last signature is the one that counts": Sabotage(
        "storage/checkpoints.py",
        "    return latest.signatures[-1].key_id == verifier.id and bool(latest.signed_by(verifier))\n",
        "    return bool(latest.signed_by(verifier))\n",
        f"{KEY_CHANGE}::test_a_machine_with_the_old_key_signs_nothing_after_the_change",
    ),
    "checkpoints, no first key beside a damaged memory": Sabotage(
        "storage/checkpoints.py",
        '    if before.damaged is not None:\n        return NotSigned(f"{keys.file} is missing',
        '    if before.damaged == keys.file:\n        return NotSigned(f"{keys.file} is missing',
        f"{CHECKPOINTS}::test_a_missing_key_beside_a_damaged_memory_is_not_replaced",
    ),
    "checkpoints, a damaged memory is not signed over": Sabotage(
        "storage/checkpoints.py",
        '        if before.damaged is not None:\n            return NotSigned(f"{where} is damaged',
        '        if before.damaged == where:\n            return NotSigned(f"{where} is damaged',
        f"{CHECKPOINTS}::test_a_damaged_memory_is_not_signed_over",
    ),
    "checkpoints, on this machine's disk before anybody sees them": Sabotage(
        "storage/checkpoints.py",
        "        await asyncio.to_thread(keys.write_last, note)\n        self._signed = read_checkpoint(note)\n"
        "        await self.tree.keep_checkpoint(head.size, note, self.clock.now())\n",
        "        await self.tree.keep_checkpoint(head.size, note, self.clock.now())\n"
        "        await asyncio.to_thread(keys.write_last, note)\n        self._signed = read_checkpoint(note)\n",
        f"{CHECKPOINTS}::test_this_machine_remembers_what_it_signs_before_the_store_has_it",
    ),
    "checkpoints, the name of the log stays": Sabotage(
        "storage/checkpoints.py",
        "        if newest is not None and newest.origin != origin:\n",
        "        if newest is not None and not newest.origin:\n",
        f"{CHECKPOINTS}::test_a_changed_origin_is_refused_after_the_first_checkpoint",
    ),
    "checkpoints, a memory of another log": Sabotage(
        "storage/checkpoints.py",
        "        if last.origin != before.origin:\n",
        "        if not last.origin:\n",
        f"{CHECKPOINTS}::test_a_store_that_was_begun_anew_is_signed_when_people_say_so",
    ),
    "checkpoints, a restore is on record once": Sabotage(
        "core/heartbeat.py",
        "    return Refused(ASKED_BY, THERE) if same else None\n",
        "    return Refused(ASKED_BY, THERE) if same and not names else None\n",
        f"{CHECKPOINTS}::test_restored_that_died_before_this_machine_remembered_is_on_record_once",
    ),
    "the key, one that is there is not lost": Sabotage(
        "storage/key_change.py",
        "    if lost and isinstance(old, NoteKey):\n",
        "    if lost and old is None:\n",
        f"{KEY_CHANGE}::test_a_key_that_is_there_is_not_lost",
    ),
    "the key, none is overwritten": Sabotage(
        "storage/key_change.py",
        "    if isinstance(old, NotSigned) and keys.read() is not None:\n",
        "    if isinstance(old, NotSigned) and keys.file.is_dir():\n",
        f"{KEY_CHANGE}::test_no_key_is_overwritten_by_a_loss",
    ),
    "the key, a change is on record once": Sabotage(
        "storage/key_change.py",
        '    await checkpoints.record_once(record, ("new",), 0)\n',
        "    await checkpoints.evidence.append(record.what, record.facts())\n",
        f"{KEY_CHANGE}::test_a_change_that_is_killed_at_any_step_is_finished",
    ),
    "the key, a change that is killed goes on with the same key": Sabotage(
        "storage/key_change.py",
        "    new = await asyncio.to_thread(keys.read_next) or await asyncio.to_thread(keys.make_next)\n",
        "    new = await asyncio.to_thread(keys.make_next)\n",
        "tests/crash/test_kill_key_change.py",
    ),
    "the key, for this account alone": Sabotage(
        "storage/key_file.py",
        "GROUP_OR_OTHERS = stat.S_IRWXG | stat.S_IRWXO\n",
        "GROUP_OR_OTHERS = stat.S_IWGRP | stat.S_IRWXO\n",
        f"{KEY_FILE}::test_a_key_that_others_may_read_or_write_is_refused_in_the_state_directory",
    ),
    "small files, none is read through a link": Sabotage(
        "storage/small_file.py",
        "(0 if follow else os.O_NOFOLLOW)",
        "(0 if follow else 0)",
        f"{KEY_FILE}::test_a_link_is_refused_in_the_state_directory_and_followed_elsewhere",
    ),
    "heartbeats, one process at a time": Sabotage(
        "core/heartbeat.py",
        " if due is not None and now < due else None",
        " if due is not None and now < due - every else None",
        "tests/core/test_heartbeat.py::test_one_that_is_young_refuses_another_until_it_is_old_enough",
    ),
}
"""Who signs, and what is not signed."""

EXPORTS: dict[str, Sabotage] = {
    "exports, a hostile ZIP is looked at first": Sabotage(
        "storage/export/judged.py",
        "        refuse_hostile(file)\n",
        "        assert refuse_hostile\n",
        f"{ARCHIVE}::test_a_link_in_a_zip_is_refused",
    ),
    "exports, an earlier checkpoint shows another log": Sabotage(
        "storage/export/judged.py",
        "        if given.origin != note.origin or root not in (None, given.head.root):\n",
        "        if given.origin != note.origin:\n",
        f"{FAULTS}::test_all_of_it_written_anew_with_the_stolen_key_is_found_by_an_earlier_checkpoint",
    ),
    "exports, an earlier checkpoint shows a cut-off end": Sabotage(
        "storage/export/judged.py",
        '        elif size > note.size and not self.manifest["filters"]["until"]:\n',
        '        elif size < 0 and not self.manifest["filters"]["until"]:\n',
        f"{FAULTS}::test_an_export_that_was_cut_before_it_was_signed_is_found_by_an_earlier_checkpoint",
    ),
    "exports, a time stamp is over its checkpoint": Sabotage(
        "storage/export/judged.py",
        "            if not any(hashlib.new(one, raw).digest() in token for one in DIGESTS):\n",
        "            if not token:\n",
        f"{EXPORT}::test_time_stamps_lie_beside_their_checkpoints",
    ),
    "a hostile ZIP, encrypted": Sabotage(
        "storage/export/archive.py",
        "    if one.flag_bits & ENCRYPTED:\n",
        "    if one.flag_bits < 0:\n",
        f"{ARCHIVE}::test_an_encrypted_file_is_refused",
    ),
    "a hostile ZIP, packed otherwise": Sabotage(
        "storage/export/archive.py",
        "    if one.compress_type not in PACKED:\n",
        "    if one.compress_type < 0:\n",
        f"{ARCHIVE}::test_another_way_of_packing_is_refused",
    ),
    "a hostile ZIP, a link": Sabotage(
        "storage/export/archive.py",
        " not in (0, stat.S_IFREG):\n",
        " < 0:\n",
        f"{ARCHIVE}::test_a_link_in_a_zip_is_refused",
    ),
    "a hostile ZIP, a bomb": Sabotage(
        "storage/export/archive.py",
        "    if one.file_size > DENSEST * one.compress_size + SMALL:\n",
        "    if one.file_size < 0:\n",
        f"{ARCHIVE}::test_a_bomb_is_not_unpacked",
    ),
    "a hostile ZIP, a name that leads out of it": Sabotage(
        "storage/export/archive.py",
        '    if name.startswith(("/", "\\\\")) or',
        '    if not name.startswith(("/", "\\\\")) and "." not in name and',
        f"{ARCHIVE}::test_a_name_that_leads_out_of_the_folder_is_refused",
    ),
    "exports, what does not hold is not exported": Sabotage(
        "storage/export/export.py",
        "    judge = Records(_refuse, first)\n",
        "    judge = Records(lambda *_: None, first)\n",
        f"{EXPORT}::test_what_does_not_hold_is_not_exported",
    ),
    "exports, the records make the root of the store": Sabotage(
        "storage/export/export.py",
        "    if first < size and grown.head() != period.end:\n",
        "    if first < size and grown.head() is None:\n",
        f"{EXPORT}::test_records_that_do_not_make_the_root_of_the_store_are_not_exported",
    ),
    "exports, a file that is there stays": Sabotage(
        "storage/export/zip_file.py",
        "        if os.path.lexists(file):\n",
        "        if file.is_dir():\n",
        f"{EXPORT}::test_a_file_that_is_there_is_refused_before_anything_is_read",
    ),
    "exports, a file that comes meanwhile stays": Sabotage(
        "storage/export/zip_file.py",
        "            os.link(self._half, self.file)\n",
        "            os.rename(self._half, self.file)\n",
        f"{EXPORT}::test_a_file_that_comes_meanwhile_is_not_overwritten_either",
    ),
    "exports, a file that comes meanwhile stays where there are no hard links": Sabotage(
        "storage/export/zip_file.py",
        "os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600",
        "os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600",
        f"{EXPORT}::test_without_hard_links_no_file_is_overwritten_either",
    ),
    "exports, nothing half is left": Sabotage(
        "storage/export/zip_file.py",
        "        made.discard()\n",
        "        assert made\n",
        f"{EXPORT}::test_a_disk_that_is_full_leaves_nothing_behind",
    ),
    "exports, the old key signs the change": Sabotage(
        "storage/export/signers.py",
        'return checkpoint if not record.get("lost") and checkpoint.signed_by(old) else None',
        'return checkpoint if not record.get("lost") and old else None',
        f"{JUDGE}::test_a_change_of_keys_that_the_old_one_did_not_sign_is_a_fault",
    ),
    "the store, a key hands over what it has": Sabotage(
        "storage/export/store_judge.py",
        "bool(change.checkpoint and old and keys[old])",
        "bool(change.checkpoint and old)",
        f"{JUDGE}::test_a_key_that_nobody_knows_hands_nothing_over_to_who_knows_another",
    ),
    "exports, on record before they are there": Sabotage(
        "bootstrap/exports.py",
        "        await storage.evidence.append(record.what, record.facts())\n        made.put_in_place()\n",
        "        made.put_in_place()\n        await storage.evidence.append(record.what, record.facts())\n",
        "tests/bootstrap/test_exports.py",
    ),
    "the store, a checkpoint shows a cut-off end": Sabotage(
        "storage/export/store_judge.py",
        "    if one.head.size > size:\n",
        "    if one.head.size > size + 99:\n",
        f"{JUDGE}::test_an_end_that_was_cut_off_is_found",
    ),
    "the store, a checkpoint shows another log": Sabotage(
        "storage/export/store_judge.py",
        "    elif roots.get(one.head.size, one.head.root) != one.head.root:\n",
        "    elif roots.get(one.head.size, one.head.root) == b'':\n",
        f"{JUDGE}::test_everything_written_anew_behind_a_change_is_a_fork",
    ),
    "the store, time stamps are over kept checkpoints": Sabotage(
        "storage/export/store_judge.py",
        "        if not any(digest in one.token for digest in digests):\n",
        "        if not one.token:\n",
        f"{JUDGE}::test_time_stamps_are_over_kept_checkpoints",
    ),
    "the store, the newest checkpoint is by a key that is believed": Sabotage(
        "storage/export/store_judge.py",
        "key, believed in keys.items() if believed):\n",
        "key, believed in keys.items() if believed or key):\n",
        f"{JUDGE}::test_another_key_is_found_by_who_knows_the_key",
    ),
    "the store, a key without a checkpoint": Sabotage(
        "storage/export/store_judge.py",
        "    if known.key is not None and not stored:\n",
        "    if known.key is not None and stored is None:\n",
        f"{JUDGE}::test_a_store_that_nobody_touched_holds",
    ),
    "a restore explains nothing until it is signed": Sabotage(
        "storage/export/lost_log.py",
        "tree.lines(0, _proven(stored, keys, roots))",
        "tree.lines(0 if _proven(stored, keys, roots) else 0)",
        f"{LOST_LOG}::test_what_no_restore_on_record_explains_stays_a_fault",
    ),
    "a restore explains what was signed before it": Sabotage(
        "storage/export/lost_log.py",
        'return head.size < size and mine.at < datetime.fromisoformat(str(record["at"]))',
        "return head.size < size and isinstance(mine.at, datetime)",
        f"{LOST_LOG}::test_what_no_restore_on_record_explains_stays_a_fault",
    ),
    "a restore explains the checkpoint on record alone": Sabotage(
        "storage/export/lost_log.py",
        '        return in_base64(head.root) == record.get("root")\n',
        "        return bool(in_base64(head.root))\n",
        f"{LOST_LOG}::test_what_no_restore_on_record_explains_stays_a_fault",
    ),
    "a restore explains no more than was lost": Sabotage(
        "storage/export/lost_log.py",
        "    return head.size < size and mine.at",
        "    return mine.at",
        f"{LOST_LOG}::test_what_no_restore_on_record_explains_stays_a_fault",
    ),
    "a restore explains what is of its own log": Sabotage(
        "storage/export/lost_log.py",
        'record.get("origin") != mine.checkpoint.origin or not',
        "not",
        f"{LOST_LOG}::test_what_no_restore_on_record_explains_stays_a_fault",
    ),
    "a restore explains what is signed": Sabotage(
        "storage/export/lost_log.py",
        " or not any(mine.checkpoint.signed_by(key) for key in keys):\n",
        ":\n",
        f"{LOST_LOG}::test_what_no_restore_on_record_explains_stays_a_fault",
    ),
    "a restore explains nothing that others hold": Sabotage(
        "storage/export/store_judge.py",
        "        if lost is not None and mine is not None and one is mine.checkpoint:\n",
        "        if lost is not None and mine is not None:\n",
        f"{LOST_LOG}::test_what_somebody_else_holds_is_never_explained",
    ),
}
"""What an auditor is given, and what is found in it."""

READERS: dict[str, Sabotage] = {
    "on record, no names and no mail": Sabotage(
        "core/task.py",
        'return trimmed_text if _LOGIN_ID.fullmatch(trimmed_text) else ""',
        "return trimmed_text",
        "tests/core/test_task.py::test_a_name_or_a_mail_address_is_left_out_of_records",
    ),
    "on record, Ivanti's own workflow asks for nothing": Sabotage(
        "adapters/ivanti/wire.py",
        'return "" if only.casefold() in OF_IVANTI else only',
        "return only",
        "tests/adapters/ivanti/test_ivanti_desk.py::test_what_is_no_persons_login_id_is_nobodys",
    ),
    "one removal, its records are what was signed": Sabotage(
        "storage/removal_shown.py",
        "== checkpoint.head.root\n",
        "is not None\n",
        f"{SHOWN}::test_records_that_were_written_anew_fail",
    ),
    "one removal, records that were signed are there": Sabotage(
        "storage/removal_shown.py",
        "        return ProofState.FAILS  # records that were signed are not there any more\n",
        "        return ProofState.LATER\n",
        f"{SHOWN}::test_an_end_that_was_cut_off_fails",
    ),
    "one removal, what was not signed is for people": Sabotage(
        "cli/evidence_show.py",
        "    return 0 if shown.holds else complain(_unproven(shown), 3)\n",
        "    return 0 if shown.holds else complain(_unproven(shown), 0)\n",
        "tests/cli/test_cli_evidence_show.py::test_a_record_that_is_not_the_one_that_was_signed_is_for_people",
    ),
    "the API, an auditor alone exports": Sabotage(
        "web/access.py",
        "    return _needs(login, Role.AUDITOR)\n",
        "    return _needs(login, Role.AUDITOR, Role.OPERATOR)\n",
        f"{ACCESS}::test_only_an_auditor_exports",
    ),
    "the API, evidence is not for viewers": Sabotage(
        "web/access.py",
        "    return _needs(login, Role.AUDITOR, Role.OPERATOR)\n",
        "    return _needs(login, *Role)\n",
        f"{ACCESS}::test_the_evidence_is_for_auditors_and_operators",
    ),
    "the API, no export is left on the disk": Sabotage(
        "web/evidence.py",
        '        with tempfile.TemporaryDirectory(prefix="spentkey-") as folder:\n',
        '        for folder in (tempfile.mkdtemp(prefix="spentkey-"),):\n',
        f"{WEB}::test_an_export_is_a_zip_for_who_asked",
    ),
    "notes, no longer than the desk keeps them": Sabotage(
        "core/notes.py",
        "        if longest and len(text) + len(end) > longest:\n",
        "        if longest < 0 and len(text) + len(end) > longest:\n",
        "tests/core/test_notes.py::test_a_note_that_is_too_long_is_cut_before_its_marker",
    ),
    "notes, the line behind the last marker counts": Sabotage(
        "core/evidence_line.py",
        "in_words(body).rpartition(MARK)[2]",
        "in_words(body)",
        "tests/core/test_notes.py::test_no_text_of_a_requester_passes_for_the_line",
    ),
    "notes, one behind a close of an earlier try": Sabotage(
        "steps/report.py",
        "        if isinstance(end, Result) and end.ticket is TicketState.CLOSED:\n",
        "        if isinstance(end, Result) and end.ticket is TicketState.OPEN:\n",
        "tests/story/test_story_evidence_line.py::test_a_crash_after_the_close_leaves_the_note_to_the_next_run",
    ),
    "tickets, the try is the one on record": Sabotage(
        "core/ticket_notes.py",
        "    if on_record.id != named.id:\n",
        "    if not on_record.id:\n",
        f"{DESK}::test_a_log_that_was_written_anew_is_found",
    ),
    "tickets, the root is the one on record": Sabotage(
        "core/ticket_notes.py",
        "    if said_root != noted:\n",
        "    if not said_root:\n",
        f"{DESK}::test_a_log_that_was_written_anew_is_found",
    ),
    "tickets, the root is the one of the tree": Sabotage(
        "core/ticket_notes.py",
        "    if on_record.head != tree or named.head != tree:\n",
        "    if on_record.head != named.head:\n",
        f"{DESK}::test_a_log_that_was_written_anew_is_found",
    ),
    "tickets, what others quote accuses nobody": Sabotage(
        "core/ticket_notes.py",
        "for marker in ticket.announced - known)]",
        "for marker in ticket.announced)]",
        f"{DESK}::test_what_others_write_accuses_nobody",
    ),
    "tickets, a note of our own user is ours": Sabotage(
        "core/ticket_notes.py",
        "one.by_us or any(",
        "any(",
        f"{DESK}::test_a_note_of_our_own_user_that_no_record_announced_is_found",
    ),
    "tickets, a line that is gone": Sabotage(
        "core/ticket_notes.py",
        "    if seen.is_whole:\n",
        "    if seen.is_whole is None:\n",
        f"{DESK}::test_a_note_that_was_changed_is_found",
    ),
    "tickets, what the desk cut is no fault": Sabotage(
        "core/ticket_notes.py",
        '            is_whole = not record.get("warnings")\n',
        "            is_whole = True\n",
        f"{DESK}::test_what_the_desk_cut_from_the_start_is_not_compared",
    ),
    "tickets, the end was cut off": Sabotage(
        "storage/desk_notes.py",
        "        if size >= length:\n",
        "        if size >= length + 99:\n",
        f"{DESK}::test_the_end_of_the_log_cut_off_is_found_by_a_ticket",
    ),
    "time stamps, for this question": Sabotage(
        "adapters/timestamp/tokens.py",
        "VerifierBuilder(roots=authorities, nonce=question.request.nonce).build()",
        "VerifierBuilder(roots=authorities).build()",
        f"{STAMPS}::test_what_is_no_time_stamp_of_ours_is_refused",
    ),
    "time stamps, of our time": Sabotage(
        "adapters/timestamp/tokens.py",
        "    if abs(at - now) > SKEW:\n",
        "    if abs(at - now) > 9 * SKEW:\n",
        f"{STAMPS}::test_a_time_that_is_not_ours_is_refused",
    ),
    "time stamps, none without end": Sabotage(
        "adapters/timestamp/tokens.py",
        "    if len(answer) > LARGEST:\n",
        "    if len(answer) < 0:\n",
        f"{STAMPS}::test_an_answer_without_end_is_not_looked_into",
    ),
    "time stamps, no answer without end is read": Sabotage(
        "adapters/timestamp/authority.py",
        ", largest=LARGEST)",
        ", largest=LARGEST * 1000)",
        f"{STAMPS}::test_what_is_no_time_stamp_of_ours_is_refused",
    ),
    "time stamps, over SHA-256": Sabotage(
        "adapters/timestamp/tokens.py",
        ".hash_algorithm.dotted_string != SHA256_OID:\n",
        '.hash_algorithm.dotted_string == "":\n',
        f"{STAMPS}::test_a_time_stamp_over_another_kind_of_hash_is_refused",
    ),
    "time stamps, one question in each interval": Sabotage(
        "adapters/timestamp/stamping.py",
        " and now - self._asked < self.every_s:\n",
        " and now < self._asked:\n",
        f"{STAMPING}::test_a_new_checkpoint_waits_until_the_last_question_is_old_enough",
    ),
    "time stamps, one for each checkpoint": Sabotage(
        "adapters/timestamp/stamping.py",
        "        if any(one.kind == KIND for one in await self.tree.anchors(size)):\n",
        "        if any(not one.kind for one in await self.tree.anchors(size)):\n",
        f"{STAMPING}::test_a_checkpoint_is_stamped_once_by_all_processes_together",
    ),
    "time stamps, another kind of anchor is none": Sabotage(
        "adapters/timestamp/stamping.py",
        "        if any(one.kind == KIND for one in await self.tree.anchors(size)):\n",
        "        if await self.tree.anchors(size):\n",
        f"{STAMPING}::test_an_anchor_of_another_kind_is_no_time_stamp",
    ),
}
"""Who reads evidence, and what others say of it."""

VERIFIER: dict[str, Sabotage] = {
    f"verify.py, {name}": Sabotage("storage/export/verify.py", old, new, by)
    for name, old, new, by in (
        (
            "a key that nobody knows hands nothing over",
            "            elif old in believed: believed.add(new)\n",
            "            elif old: believed.add(new)\n",
            f"{EXPORT}::test_a_key_that_nobody_knows_hands_nothing_over_to_who_knows_another",
        ),
        (
            "a record is written in one way",
            " and names == sorted(names)\n",
            "\n",
            f"{FAULTS}::test_a_record_whose_hash_stands_elsewhere_is_named",
        ),
        (
            "base64 is written in one way",
            "    if size in (None, len(raw)) and base64.b64encode(raw).decode() == text: return raw\n",
            "    if size in (None, len(raw)): return raw\n",
            f"{FAULTS}::test_a_proof_that_the_log_only_grew_must_be_one",
        ),
        (
            "the key of the manifest",
            ' or said["key"] not in (None, *self.keys):\n',
            ":\n",
            f"{FAULTS}::test_a_manifest_that_lies_is_found",
        ),
        (
            "the content of each file",
            '        if self.files[name] != {"sha256": digest.hexdigest(), "size": size}:\n',
            '        if digest and self.files[name]["size"] != size:\n',
            f"{FAULTS}::test_a_file_of_the_same_size_is_not_the_one_in_the_manifest",
        ),
        (
            "a signature has one number",
            "    if len(signature) != 64 or factor >= ORDER: return False\n",
            "    if len(signature) != 64: return False\n",
            f"{ALONE}::test_a_signature_whose_number_is_too_large_is_refused",
        ),
        (
            "every signature of a key holds",
            "        return {text: all(one for by, one in holds if by == text) for text, _ in holds}\n",
            "        return dict(holds)\n",
            f"{ALONE}::test_of_two_signatures_by_one_key_both_must_hold",
        ),
        (
            "the end is not cut",
            '            if line[-1:] != b"\\n":\n                self.fault("changed"',
            '            if line[-1:] != b"\\n":\n                print("changed"',
            f"{FAULTS}::test_what_stands_behind_the_last_record_is_found",
        ),
    )
}
EVIDENCE = LOG | SIGNING | EXPORTS | READERS | VERIFIER
