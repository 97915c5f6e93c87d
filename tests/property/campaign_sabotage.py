"""Sabotage: each protection is taken out of a copy of the product, and a campaign or a test must be seen to fail.

`make campaign-sabotage` (`SABOTAGE="name name"` for some of them, `MOST=400` for the most cases of a campaign). A
replacement whose text does not stand exactly once in the code is an error: then the table is out of date.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "support")]

from sabotage import Sabotage  # noqa: E402
from sabotage_evidence import EVIDENCE  # noqa: E402
from sabotage_outside import OUTSIDE  # noqa: E402
from sabotage_scan import SCANS  # noqa: E402
from supervisor import supervise  # noqa: E402

ROOT = Path(__file__).parents[2]
PROPERTY, REQUESTS, MATRIX = "campaign_property.py", "campaign_requests.py", "campaign_matrix.py"


INSIDE: dict[str, Sabotage] = {
    "the intent before the write": Sabotage(
        "core/records.py",
        "    what = RecordKind.INTENT",
        "    what = RecordKind.NOTED",
        PROPERTY,
        "1",
    ),
    "a look before a repeat of a write": Sabotage(
        "http/client.py",
        "if sent and shows is not None and await shows():",
        "if sent and shows is None:",
        "tests/story/test_story_refused_writes.py",
    ),
    "a look for the note before a note": Sabotage(
        "steps/report.py",
        "    if begun is not None and await written_earlier(attempt, task, begun):",
        "    if begun is None and await written_earlier(attempt, task, note.marker):",
        PROPERTY,
        "3",
    ),
    "the random value of a marker": Sabotage(
        "steps/report.py",
        "    marked = note.marked(drawn or attempt.context.ids.new())",
        '    marked = note.marked(drawn or "0")',
        "tests/story/test_story_markers.py",
    ),
    "no note without a record is ours": Sabotage(
        "steps/report.py",
        "    begun = attempt.history.noting(note.marker)\n",
        "    begun = attempt.history.noting(note.marker) or note.marker\n",
        "tests/story/test_story_markers.py",
    ),
    "two values do not join to a marker": Sabotage(
        "core/notes.py",
        "    application = safe(both, 2 * LONGEST_VALUE + 1)",
        "    application = html.escape(both, quote=False)",
        "tests/core/test_notes.py",
    ),
    "a close is ours only where it shows": Sabotage(
        "adapters/ivanti/client.py",
        "                if answered or hands_over(facts) or is_our_close(",
        "                if True or is_our_close(",
        "tests/story/test_story_refused_writes.py",
    ),
    "what came out otherwise is told": Sabotage(
        "adapters/ivanti/client.py",
        "        return Applied((*otherwise(shown, facts, self.fields.minutes, self.fields.resolution), *more), shown.changed)",
        "        return Applied(more, shown.changed)",
        "tests/story/test_story_refused_writes.py",
    ),
    "a note is looked for by its id": Sabotage(
        "adapters/ivanti/client.py",
        '            if record is not None and same_id(record.get("ParentLink_RecID"), own(task).rec_id):',
        '            if record is not None and note.marker in str(record.get("NotesBody")):',
        "tests/adapters/ivanti/test_note_read_back.py",
    ),
    "verification before a close": Sabotage(
        "core/verification.py",
        "if self.absent_in_a_row >= enough:",
        "if self.reads >= 1:",
        PROPERTY,
        "2",
    ),
    "the absence in several looks": Sabotage(
        "steps/judge.py",
        "for _ in range(rules.reads - 1):",
        "for _ in range(0):",
        "tests/story/test_story_removes.py",
    ),
    "G1, a name given twice": Sabotage(
        "core/task.py", "if known in seen:", "if known in seen and not name:", REQUESTS, "1"
    ),
    "G1, a UUID to its end": Sabotage(
        "core/task.py", "None if is_uuid(value) else _refuse(", "None if value else _refuse(", REQUESTS, ""
    ),
    "G3, the name": Sabotage(
        "core/guards.py",
        "if folded(application.name) == folded(request.app_display_name):",
        "if application.name:",
        REQUESTS,
        "1",
    ),
    "G4, the service principal": Sabotage(
        "core/guards.py",
        "if principal is not None and principal.holding(request.key_id):",
        "if principal is None and request.key_id is None:",
        "tests/core/test_guards_g4.py",
    ),
    "G4, twice in the lists": Sabotage(
        "core/guards.py", "    if len(held) > 1:", "    if len(held) > 99:", "tests/core/test_guards_g4.py"
    ),
    "G4, the other list": Sabotage(
        "core/guards.py", "if held[0].kind is not request.kind:", "if held[0].kind is None:", REQUESTS, "1"
    ),
    "G2, an object of a derived type": Sabotage(
        "core/guards.py",
        "if application.other_kind is not None:",
        'if application.other_kind == "":',
        "tests/story/test_story_odd_applications.py",
    ),
    "G4, an entry that may be it": Sabotage(
        "core/guards.py",
        "    if hidden:\n        return Unread",
        "    if hidden and held:\n        return Unread",
        "tests/story/test_story_odd_applications.py",
    ),
    "a read that may hide the credential": Sabotage(
        "steps/verify.py",
        "if application is None or application.hidden(removal.plan.key_id, removal.plan.fingerprints):",
        "if application is None:",
        "tests/story/test_story_odd_applications.py",
    ),
    "PATCH beside an entry that cannot be read": Sabotage(
        "steps/plan.py",
        "    if unreadable:\n",
        "    if unreadable and not removal.plan:\n",
        "tests/story/test_story_odd_applications.py",
    ),
    "the whole list before a PATCH": Sabotage(
        "core/guards.py",
        "one.raw if raw else one.fingerprint",
        "one.fingerprint",
        "tests/core/test_guards_g10.py",
    ),
    "the pace of reads that select keys": Sabotage(
        "adapters/entra/quota.py",
        "        if counted:\n",
        "        if counted > 99:\n",
        "tests/story/test_story_key_reads.py",
    ),
    "that pace for all processes": Sabotage(
        "storage/files/rates.py",
        "        async with self._held(name) as file:\n            if file is None:\n",
        "        async with self._held(name) as file:\n            if file is None or not self._read_only:\n",
        "tests/storage/files/test_file_rates.py",
    ),
    "an end that changed": Sabotage(
        "core/fingerprint.py",
        '    "endDateTime",\n',
        "",
        "tests/core/test_fingerprint.py",
    ),
    "a survivor of 0.1": Sabotage(
        "core/plan.py",
        "    if not same or not application.with_keys:\n        return not same",
        "    if same or not application.with_keys:\n        return not same",
        "tests/story/test_story_key_reads.py",
    ),
    "G4, a typing error": Sabotage(
        "core/guards.py", "    if not remaining:", "    if True or not remaining:", "tests/core/test_guards_g4.py"
    ),
    "G5, our clock": Sabotage(
        "core/guards.py",
        "    return credential.expired(now, grace) and credential.expired(directory_time, grace)\n",
        "    return credential.expired(directory_time, grace)\n",
        "tests/core/test_guards_g5.py",
    ),
    "G5, the directory's clock": Sabotage(
        "core/guards.py",
        "    return credential.expired(now, grace) and credential.expired(directory_time, grace)\n",
        "    return credential.expired(now, grace)\n",
        "tests/core/test_guards_g5.py",
    ),
    "G5, that it has expired": Sabotage(
        "core/guards.py",
        "    if g5_expired_by_both(credential, now, directory_time, grace):\n        return None\n",
        "    if credential.end:\n        return None\n",
        PROPERTY,
        "1",
    ),
    "G5, an end that stands for unknown": Sabotage(
        "core/guards.py",
        "    if end < NO_END_BEFORE:\n",
        "    if end.year < 1:\n",
        PROPERTY,
        "1",
    ),
    "G5, an end before its start": Sabotage(
        "core/guards.py",
        "    if start is not None and end <= start:\n",
        "    if start is not None and end.year < start.year - 9999:\n",
        PROPERTY,
        "1",
    ),
    "G5, whose clock is wrong": Sabotage(
        "core/guards.py",
        "return min(abs(from_directory), abs(from_third)) > SKEW and abs(from_directory - from_third) <= SKEW",
        "return False and abs(from_directory - from_third) <= SKEW",
        "tests/story/test_story_clocks.py",
    ),
    "G6, protected names": Sabotage(
        "core/guards.py",
        "if any(fnmatchcase(name.casefold(), pattern.casefold()) for name in credential.names()):",
        "if pattern is None:",
        PROPERTY,
        "1",
    ),
    "G6, the automation's own application": Sabotage(
        "core/guards.py", "if application.app_id in own_apps:", "if application.app_id is None:", PROPERTY, "1"
    ),
    "G6, the encryption key": Sabotage(
        "core/guards.py",
        'if (application.token_encryption_key_id or "").lower() == credential.key_id:',
        "if application.app_id is None:",
        PROPERTY,
        "1",
    ),
    "G7 before the removal": Sabotage(
        "steps/confirm.py",
        "            if ticket is not None:",
        "            if ticket is None and lists_at < 0:",
        "tests/story/test_story_under_way.py",
    ),
    "G7 and G10 again before each sending": Sabotage(
        "steps/confirm.py",
        "self.attempt.context.clock.monotonic() - at <= FRESH_S",
        "self.attempt.context.clock.monotonic() >= at",
        "tests/story/test_story_asked_again.py",
    ),
    "the questions before every try of a removal": Sabotage(
        "http/client.py",
        "            await before_try()\n            await check_fence()\n            sent = True",
        "            await check_fence()\n            sent = True",
        "tests/story/test_story_asked_again.py",
    ),
    "G8, a stop or a pause before every try": Sabotage(
        "steps/confirm.py",
        "lambda blast_radius: blast_radius.refuse_any(about) or schedule.refuse(now)",
        "lambda blast_radius: schedule.refuse(now)",
        "tests/story/test_story_asked_again.py",
    ),
    "G8, the window before every try": Sabotage(
        "steps/confirm.py",
        "lambda blast_radius: blast_radius.refuse_any(about) or schedule.refuse(now)",
        "lambda blast_radius: blast_radius.refuse_any(about)",
        "tests/story/test_story_asked_again.py",
    ),
    "G8, the windows": Sabotage(
        "core/windows.py",
        "return not self.windows or any(one.covers(now) for one in self.windows)",
        "return bool(now)",
        "tests/core/test_windows.py",
    ),
    "G8, the freezes": Sabotage(
        "core/windows.py",
        "return self._freeze(now) is None and self._in_window(now)",
        "return self._in_window(now)",
        "tests/core/test_windows.py",
    ),
    "an intent that was refused is none": Sabotage(
        "core/history.py",
        'return [r for r in intents if r.get("client_request_id") is None or r["client_request_id"] not in refused]',
        "return list(intents)",
        "tests/story/test_story_refused_intents.py",
    ),
    "what was not sent is on record": Sabotage(
        "steps/remove.py",
        "await attempt.try_to_record(AnswerRecord(answer.value, _why_given_up(problem), client_request_id, None, route))",
        "attempt.step(answer.value)",
        "tests/story/test_story_refused_intents.py",
    ),
    "a refusal that may hide an effect": Sabotage(
        "adapters/entra/client.py",
        "way.may_have_taken |= not certainly_nothing_done(response)",
        "way.may_have_taken |= not response.status",
        "tests/story/test_story_refused_intents.py",
    ),
    "G7 before the close": Sabotage(
        "steps/report.py",
        "if changed is not None or task is None:",
        "if task is None:",
        "tests/story/test_story_under_way.py",
    ),
    "G8, the limits of removals": Sabotage(
        "core/limits.py",
        "in counts if count >= limit]\n",
        "in counts if count >= limit + 1000]\n",
        "tests/core/test_limits.py",
    ),
    "G8, the stop": Sabotage(
        "core/limits.py",
        "        stopped = self._refuse_removal(About(tenant, route, app_id))",
        "        stopped = None",
        "tests/core/test_stops.py",
    ),
    "G8, the route that a stop stops": Sabotage(
        "core/stops.py",
        'return (application, f"route:{tenant}/{route}") if tenant and route else (EVERYTHING,)',
        "return (application,) if tenant and route else (EVERYTHING,)",
        "tests/core/test_stops.py",
    ),
    "G8, a stop that does not say where": Sabotage(
        "core/stops.py",
        'return (application, f"route:{tenant}/{route}") if tenant and route else (EVERYTHING,)',
        'return (application, f"route:{tenant}/{route}")',
        "tests/core/test_stops.py",
    ),
    "G8, two survivors lost in a day": Sabotage(
        "core/stops.py",
        'if record.get("app_id") != other.get("app_id") and abs(_at(record) - _at(other)) <= ONE_FAULT',
        'if record.get("app_id") != other.get("app_id") and record is other',
        "tests/core/test_stops.py",
    ),
    "G8, an application that is stopped": Sabotage(
        "steps/ask.py",
        "    if held_up is not None:",
        "    if held_up is None and request is None:",
        "tests/story/test_story_stops.py",
    ),
    "G8, whose doing narrows a stop": Sabotage(
        "worker/narrowing.py",
        "any(one.shows is not Shows.OTHERS for one in events)",
        "any(one.shows is Shows.NOT_AVAILABLE for one in events)",
        "tests/story/test_story_stops.py",
    ),
    "G8, a pause beside a stop": Sabotage(
        "core/limits.py",
        "if one.kind == RecordKind.PAUSED and one.who == who:",
        "if one.kind:",
        "tests/core/test_stops.py",
    ),
    "G8, a lift of what nobody has seen": Sabotage(
        "core/limits.py",
        "        if set(ids_of(standing)) == set(seen):",
        "        if set(ids_of(standing)) or set(seen):",
        "tests/core/test_stops.py",
    ),
    "G8, a lift of one stop of several": Sabotage(
        "core/stops.py",
        "            for one in lifted_by(record, self._made):",
        "            for one in list(self._made):",
        "tests/core/test_stops.py",
    ),
    "G8, hand-overs of senseless requests by themselves": Sabotage(
        "core/limits.py",
        "for one in recent if one.limit in (limit, None)}",
        "for one in recent if one.limit is not HandOverLimit.NONE}",
        "tests/core/test_limits.py",
    ),
    "G8, the canary": Sabotage(
        "core/canary.py",
        "    if proof is not None and -AHEAD <= now - _at(proof) < PROVEN_FOR:",
        "    if proof is None or -AHEAD <= now - _at(proof) < PROVEN_FOR:",
        "tests/story/test_story_canary.py",
    ),
    "G8, one unproven PATCH at a time": Sabotage(
        "core/canary.py",
        '    if last.get("key_id") == key_id or _is_over(last, now):',
        '    if last.get("key_id") or _is_over(last, now):',
        "tests/story/test_story_canary.py",
    ),
    "the audit event of a PATCH": Sabotage(
        "steps/awaiting.py",
        "    if removal.plan.route is not RemovalRoute.PATCH:",
        "    if removal.plan.route is not None:",
        PROPERTY,
        "2",
    ),
    "what else a written list changed": Sabotage(
        "adapters/entra/audit_log.py",
        "        if beside:\n            return AuditEvent(Shows.MORE",
        "        if beside and not event:\n            return AuditEvent(Shows.MORE",
        "tests/story/test_story_patch_events.py",
    ),
    "no PATCH without the audit log": Sabotage(
        "steps/plan.py",
        "    if not (await removal.directory.token_claims()).reads_audit_log:",
        "    if not (await removal.directory.token_claims()).app_id:",
        "tests/story/test_story_patch_events.py",
    ),
    "G8, hand-overs while a clock was wrong": Sabotage(
        "core/limits.py",
        "[replace(one, at=at) if one.at > at + SKEW else one for one in self._hand_overs]",
        "[one for one in self._hand_overs]",
        "tests/core/test_limits.py",
    ),
    "G8, a wrong clock of an earlier process": Sabotage(
        "storage/sqlite/past.py",
        "        if young:",
        "        if young and not bounds and self.connection is None:",
        "tests/contract/test_stops_contract.py",
    ),
    "G9, the lock": Sabotage(
        "storage/files/flock.py",
        "fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)",
        "tests/storage/files/test_file_locks.py",
    ),
    "G10, the lists": Sabotage(
        "steps/confirm.py",
        "return ListsChanged(changed) if changed is not None else None",
        "return None",
        "tests/story/test_story_limits.py",
    ),
    "the flush of a record": Sabotage(
        "storage/sqlite/store.py",
        'connection.execute("PRAGMA synchronous = FULL")',
        'connection.execute("PRAGMA synchronous = OFF")',
        "tests/storage/sqlite/test_sqlite_evidence.py",
    ),
    "the hash of a record": Sabotage(
        "core/evidence.py",
        "if not isinstance(claimed, str) or claimed != _digest(record):",
        "if not isinstance(claimed, str):",
        "tests/core/test_evidence.py",
    ),
    "the minutes that were to be written": Sabotage(
        "adapters/ivanti/client.py",
        'if begun is not None and begun.get("minutes") is not None:',
        'if begun is not None and begun.get("no minutes") is not None:',
        PROPERTY,
        "3",
    ),
    "recognising a closed task": Sabotage(
        "steps/ticket.py",
        "if not task.is_open and attempt.history.closed is not None:",
        "if task.is_open and attempt.history.closed is not None:",
        "tests/story/test_story_again.py",
    ),
    "survivors are compared": Sabotage(
        "core/plan.py",
        "if one in lost or one not in shown | by_0_1)",
        "if one in lost)",
        "tests/core/test_plan.py",
    ),
    "no write over somebody's change": Sabotage(
        "adapters/ivanti/client.py",
        "            self._refuse_changed(before, shown, facts)",
        "            del shown",
        "tests/story/test_story_refused_writes.py",
    ),
    "markup in notes": Sabotage(
        "core/sanitize.py",
        "return html.escape(plain(value, longest), quote=False)",
        "return plain(value, longest)",
        REQUESTS,
        "",
    ),
    "control characters in notes": Sabotage(
        "core/sanitize.py",
        'if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))',
        'if unicodedata.category(c) not in ("Cs",))',
        REQUESTS,
        "",
    ),
    "poison, a death that counts": Sabotage(
        "worker/poison.py",
        "counts = mark.alone and not await self._recorded(mark.task, mark.attempt)",
        "counts = False and not await self._recorded(mark.task, mark.attempt)",
        "tests/worker/test_poison.py",
    ),
    "poison, a crowd is not to blame": Sabotage(
        "worker/poison.py",
        "counts = mark.alone and not await self._recorded(mark.task, mark.attempt)",
        "counts = not await self._recorded(mark.task, mark.attempt)",
        "tests/worker/test_poison.py",
    ),
    "poison, a record excuses a death": Sabotage(
        "worker/poison.py",
        "counts = mark.alone and not await self._recorded(mark.task, mark.attempt)",
        "counts = mark.alone",
        "tests/worker/test_poison.py",
    ),
    "poison, suspects are tried alone": Sabotage(
        "worker/poison.py",
        "async with self._gate.alone():",
        "async with self._gate.beside():",
        "tests/worker/test_poison.py",
    ),
    "poison, a stop is no death": Sabotage(
        "worker/poison.py",
        "        await self._slots.stopping.wait()\n        await self._safely(self._marks.end_all())",
        "        await self._slots.stopping.wait()",
        "tests/worker/test_poison.py",
    ),
    "poison, a reboot is no death": Sabotage(
        "storage/sqlite/try_marks.py",
        "if not same_boot(boot, self._boot)]",
        "if boot is None]",
        "tests/storage/test_try_marks.py",
    ),
    "poison, a living process is no dead one": Sabotage(
        "system.py",
        "    return bool(now and started) and now != started",
        "    return True",
        "tests/test_system.py",
    ),
    "the mask of a secret": Sabotage(
        "core/secret.py", 'return "<Secret hidden>"', "return self._value", "tests/core/test_secret.py"
    ),
    "the frames of a bug": Sabotage(
        "core/redaction.py",
        "            bug = _told(problem)\n        raise bug\n\n    return around\n\n\ndef _told",
        "            raise problem\n        raise bug\n\n    return around\n\n\ndef _told",
        "tests/end_to_end/test_canaries_in_bugs.py",
    ),
}
"""What is decided, and what is read and written for it."""
TABLE = INSIDE | OUTSIDE | EVIDENCE | SCANS
SHORT = ("G6, the automation's own application", "the intent before the write", "G3, the name", "the mask of a secret")


@dataclass(frozen=True)
class Caught:
    """What noticed, and after how many cases; `by` is empty where nothing did."""

    by: str
    cases: int


def spoil(folder: Path, one: Sabotage) -> Path:
    """A copy of the product without that protection."""
    source = Path(shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__")))
    file = source / "spentkey" / one.file
    text = file.read_text("utf-8")
    if text.count(one.old) != 1:
        raise ValueError(f"{one.file}: the text to replace stands there {text.count(one.old)} times: {one.old!r}")
    file.write_text(text.replace(one.old, one.new), "utf-8")
    return source


def try_it(one: Sabotage, most: int) -> Caught:
    """Run what must notice against the spoilt copy."""
    with tempfile.TemporaryDirectory() as folder:
        source = spoil(Path(folder), one)
        environment = {**os.environ, "PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
        if one.by.startswith("tests/"):
            return _by_test(one, environment)
        return _by_campaign(one, environment | {"CASES": str(most), "PAIRS": str(most), "SEED": "1"})


def _by_test(one: Sabotage, environment: dict[str, str]) -> Caught:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", one.by]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    failed = re.search(r"^FAILED \S+?::(\w+)", ended.stdout, re.M)
    passed = re.search(r"(\d+) passed", ended.stdout)
    return Caught(failed[1] if ended.returncode == 1 and failed else "", 1 + int(passed[1]) if passed else 1)


def _by_campaign(one: Sabotage, environment: dict[str, str]) -> Caught:
    """Read what the campaign tells until a case breaks as it must, and stop it there."""
    command = [sys.executable, str(ROOT / "tests" / "property" / one.by)]
    wanted = re.compile(
        rf"^{one.invariant or '.'}: .*|^a note holds .*" if not one.invariant else rf"^{one.invariant}: .*"
    )
    cases, caught = 0, ""
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            number = re.match(r"--- seed (\d+)(?:, case (\d+))?", line)
            cases = int(number[2] or number[1]) + (1 if number[2] else 0) if number else cases
            if wanted.match(line) and cases:
                caught = line.strip()[:100]
                run.terminate()
                break
    if caught and one.by == PROPERTY and not _sound(cases):
        return Caught("", cases)
    return Caught(caught, cases)


def _sound(seed: int) -> bool:
    """Whether the whole product holds in that very case: else it is no proof of anything."""
    command = [sys.executable, str(ROOT / "tests" / "property" / PROPERTY)]
    environment = {**os.environ, "CASES": "1", "SEED": str(seed)}
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def main() -> int:
    """Try the chosen protections and print what noticed each; 0 when all were noticed."""
    most, chosen = int(os.environ.get("MOST", "400")), os.environ.get("SABOTAGE", "")
    names = [name for name in TABLE if not chosen or name in chosen.split(";")]
    missed = 0
    for name in names:
        began = time.monotonic()
        found = try_it(TABLE[name], most)
        missed += not found.by
        how = f"caught by {found.by} (case {found.cases})" if found.by else "NOT CAUGHT"
        print(f"{name}: {TABLE[name].by}: {how}, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{len(names)} protections taken out, {len(names) - missed} noticed")
    return 1 if missed or not names else 0


if __name__ == "__main__":
    supervise()
    sys.exit(main())
