"""report.html of an export: contents, a page for each removal, and what is proven. One file, no script, nothing from outside.

Pages are written as removals end, and wait in a file without a name: memory holds those that are under way.
"""

import re
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import IO

from spentkey.core.evidence import Facts
from spentkey.core.history import ENDS
from spentkey.core.sanitize import plain
from spentkey.core.timeline import timeline
from spentkey.storage.export.statement import not_proven, proven
from spentkey.storage.export.zip_file import Write

MOST_STEPS = 400
"""How many records of one removal are shown; the others are in records.jsonl."""
LONGEST = 2000
"""Longest sentence that is shown, in characters."""
BLOCK = 1 << 16
CODE = re.compile("`([^`<>]{1,60})`")
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:68rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin:1.5rem 0 .5rem}.p h2{margin-top:0}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #ddd}
thead{display:table-header-group}tr{break-inside:avoid}td,p{overflow-wrap:break-word}
.w{overflow-wrap:anywhere;min-width:9rem}
.n,.k{white-space:nowrap;font-variant-numeric:tabular-nums}
.p{margin:3rem 0 0;padding-top:1rem;border-top:2px solid #1a1a1a}
code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}a{color:#0b4f9e}
nav{overflow-x:auto}
@media print{nav{overflow:visible}body{font-size:9pt;line-height:1.35;margin:0;padding:0;max-width:none}.k code{font-size:.8em}
.p{break-before:page;border:0;margin:0;padding:0}a{color:inherit}.w{min-width:0}}
@page{size:A4;margin:15mm}
"""
POLICY = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"


@dataclass(frozen=True)
class Cover:
    """What stands above the removals."""

    title: str
    origin: str
    first: int
    end: int
    records: int
    root: str
    key: str | None
    filters: Sequence[tuple[str, str]]
    filtered: bool


class Report:
    """Takes the records in their order; `folder` is where what waits may lie."""

    def __init__(self, folder: Path) -> None:
        self._contents: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed by `close`
        self._pages: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self._under_way: dict[str, list[Facts]] = {}
        self._left_out: dict[str, int] = {}
        self.removals = 0

    @property
    def under_way(self) -> int:
        """How many tasks and tries have not ended yet."""
        return len(self._under_way)

    def close(self) -> None:
        """Give back what waits."""
        self._contents.close()
        self._pages.close()

    def take(self, record: Facts) -> None:
        """Take the next record."""
        name = str(record.get("task") or record.get("attempt") or "")
        if not name:
            return
        records = self._under_way.setdefault(name, [])
        ends = record.get("what") in ENDS
        if len(records) < MOST_STEPS or ends:
            records.append(record)
        else:
            self._left_out[name] = self._left_out.get(name, 0) + 1
        if ends and record.get("ticket") != "open":
            self._end(name)

    def _end(self, name: str) -> None:
        records, more = self._under_way.pop(name), self._left_out.pop(name, 0)
        if not any(one.get("what") == "intent" or one.get("outcome") == "removed" for one in records):
            return
        self.removals += 1
        known = {
            one: _known(records, one) for one in ("app_name", "app_id", "tenant", "kind", "key_id", "outcome", "task")
        }
        self._contents.write(_in_contents(self.removals, str(records[0]["at"]), known).encode())
        self._pages.write("".join(_page(self.removals, records, known, more)).encode())

    def write(self, cover: Cover, write: Write) -> None:
        """Write the whole file; what is still under way comes last."""
        for name in list(self._under_way):
            self._end(name)
        write("".join(_head(cover, self.removals)).encode())
        for waiting in (self._contents, self._pages):
            waiting.seek(0)
            while block := waiting.read(BLOCK):
                write(block)
            if waiting is self._contents:
                write(b"</tbody></table></nav>\n")
        write("".join(_foot(cover)).encode())


def _known(records: Sequence[Facts], name: str) -> str:
    """What the last record that knows it says."""
    found = [one[name] for one in records if one.get(name) not in (None, "", 0)]
    return _text(found[-1]) if found else "–"


def _text(value: object) -> str:
    return escape(plain(str(value), LONGEST))


def _marked(sentence: str) -> str:
    """A sentence; what stands in backticks is set as code."""
    return CODE.sub(r"<code>\1</code>", _text(sentence))


def _head(cover: Cover, removals: int) -> Iterator[str]:
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{_text(cover.title)}</title><style>{STYLE}</style></head>\n<body>\n<h1>{_text(cover.title)}</h1>\n<table>"
    span = f"{cover.records} of the records {cover.first} to {cover.end - 1}" if cover.end > cover.first else "none"
    rows = [("Log", cover.origin), *cover.filters, ("Records", span), ("Removals", str(removals))]
    rows += [("Root at the end", cover.root), ("Signed by", cover.key or "nobody")]
    yield from (f'<tr><th class="n">{_text(name)}</th><td class="w">{_text(value)}</td></tr>' for name, value in rows)
    yield "</table>\n"
    for heading, sentences in _statements(cover):
        yield f"<h2>{heading}</h2><ul>{''.join(f'<li>{_text(one)}</li>' for one in sentences)}</ul>\n"
    yield "<nav><h2>Contents</h2><table><thead><tr><th>No.</th><th>Began</th><th>Task</th><th>Application</th>"
    yield "<th>Tenant</th><th>Key id</th><th>Outcome</th></tr></thead><tbody>\n"


def _statements(cover: Cover) -> tuple[tuple[str, Sequence[str]], ...]:
    return (
        ("What this proves", proven(filtered=cover.filtered)),
        ("What it does not prove", not_proven(signed=cover.key is not None)),
    )


def _in_contents(number: int, at: str, known: dict[str, str]) -> str:
    cells = f'<td class="n"><a href="#r{number}">{number}</a></td><td class="n">{_time(at)}</td>'
    cells += f'<td>{known["task"]}</td><td class="w">{known["app_name"]}</td><td>{known["tenant"]}</td>'
    return f'<tr>{cells}<td class="k"><code>{known["key_id"]}</code></td><td class="n">{known["outcome"]}</td></tr>\n'


def _page(number: int, records: Sequence[Facts], known: dict[str, str], more: int) -> Iterator[str]:
    yield f'<section class="p" id="r{number}"><h2>{number}. {known["kind"]} of {known["app_name"]}: {known["outcome"]}</h2>\n<p>'
    named = ("task", "tenant", "app_id", "key_id")
    yield " · ".join(f"{name.replace('_', ' ')} <code>{known[name]}</code>" for name in named)
    yield "</p>\n<table><thead><tr><th>Time (UTC)</th><th>Record</th><th>What happened</th></tr></thead><tbody>\n"
    for step in timeline(records):
        at = f'<td class="n">{_time(step.at.isoformat())}</td><td class="n">{step.seq}</td>'
        yield f'<tr>{at}<td class="w">{_marked(step.statement.text)}</td></tr>\n'
    yield "</tbody></table>\n"
    if more:
        yield f"<p>{more} more records of it are in records.jsonl.</p>\n"
    yield "</section>\n"


def _time(at: str) -> str:
    return _text(at.replace("T", " ").replace("+00:00", "")[:19])


def _foot(cover: Cover) -> Iterator[str]:
    yield f'<footer class="p"><p>{_text(cover.origin)}: records.jsonl and the proofs beside this file are what counts; '
    yield "this page retells them.</p></footer>\n</body></html>\n"
