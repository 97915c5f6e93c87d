"""A scan as one HTML page: no script, nothing from outside, for the screen in light and dark and for paper."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from html import escape

from spentkey.core.sanitize import plain
from spentkey.core.scan_result import ScannedCredential, ScanResult
from spentkey.scan.summary import (
    CountRow,
    by_age,
    by_class,
    by_tenant,
    first_removals,
    in_brief,
    incomplete,
    lists_read,
    owner_of,
)

LONGEST = 1000
"""Longest text that is shown, in characters."""
STYLE = """
:root{color-scheme:light dark;--ink:#1a1a1a;--paper:#fff;--rule:#ddd;--loud:#8a1010;--loud-ink:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#16181b;--rule:#3a3d42;--loud:#b3261e;--loud-ink:#fff}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:80rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin:1.5rem 0 .5rem}table{border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--rule);overflow-wrap:anywhere}
.n{white-space:nowrap;font-variant-numeric:tabular-nums}.c{display:flex;flex-wrap:wrap;gap:0 3rem}
.loud{background:var(--loud);color:var(--loud-ink);padding:.6rem 1rem;font-weight:600}
.loud p{margin:.2rem 0}code{font:.9em ui-monospace,monospace}thead{display:table-header-group}tr{break-inside:avoid}
@media print{:root{--ink:#000;--paper:#fff;--rule:#bbb}body{font-size:9pt;margin:0;max-width:none}
.loud{color:#000;background:#fff;border:2px solid #000}}
@page{size:A4 landscape;margin:14mm}
"""
POLICY = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
HEADINGS = (
    "Class",
    "Ended",
    "Days",
    "Tenant",
    "Application",
    "Credential",
    "Owner",
    "Team",
    "Use",
    "Successor",
    "Request",
    "Why",
)


def write_html(result: ScanResult, write: Callable[[str], object], *, every: bool = False) -> None:
    """Write the page; what has lapsed, or with `every` all that the scan holds."""
    for part in _page(result, result.credentials if every else result.lapsed):
        write(part)


def _page(result: ScanResult, shown: Sequence[ScannedCredential]) -> Iterator[str]:
    title = ("" if result.complete else "INCOMPLETE: ") + f"Expired credentials on {result.at:%Y-%m-%d}"
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{_text(title)}</title><style>{STYLE}</style></head>\n<body>\n"
    told = incomplete(result)
    if told:
        yield f'<div class="loud" role="alert">{"".join(f"<p>{_text(one)}</p>" for one in told)}</div>\n'
    yield f"<h1>{_text(title)}</h1>\n"
    yield "".join(f"<p>{_text(one)}</p>\n" for one in in_brief(result))
    yield '<div class="c">\n'
    for heading, counts in (("Class", by_class(result)), ("Age", by_age(result)), ("Tenant", by_tenant(result))):
        yield _counts(heading, counts)
    yield "</div>\n"
    yield _sentences("What would be removed first", first_removals(result))
    yield _sentences("What was read", lists_read(result))
    yield "<h2>Credentials</h2>\n<table><thead><tr>"
    yield "".join(f'<th scope="col">{one}</th>' for one in HEADINGS) + "</tr></thead><tbody>\n"
    for one in shown:
        yield _row(one, result)
    yield f"</tbody></table>\n<footer><p>Scan <code>{_text(result.scan)}</code>, {_text(result.at.isoformat())}</p></footer>\n"
    yield "</body></html>\n"


def _counts(heading: str, counts: Sequence[CountRow]) -> str:
    rows = "".join(f'<tr><td>{_text(one.what)}</td><td class="n">{one.count}</td></tr>' for one in counts)
    return f'<table><thead><tr><th scope="col">{heading}</th><th scope="col">Lapsed</th></tr></thead><tbody>{rows}</tbody></table>\n'


def _sentences(heading: str, sentences: Sequence[str]) -> str:
    items = "".join(f"<li>{_text(one)}</li>" for one in sentences)
    return f"<h2>{heading}</h2><ul>{items}</ul>\n" if sentences else ""


def _row(one: ScannedCredential, result: ScanResult) -> str:
    classified, use, days = one.classified, one.use, one.classified.days_expired(result.at)
    following, end = classified.successor, classified.credential.end
    used = "not available" if use is None else f"{use.state} {use.last:%Y-%m-%d}" if use.last else str(use.state)
    cells = (
        classified.klass.value,
        "not known" if end is None else f"{end:%Y-%m-%d}",
        "" if days is None else str(days),
        classified.tenant,
        classified.holder.target.name or classified.holder.target.app_id,
        f"{classified.credential.kind.value} {classified.credential.key_id}",
        owner_of(one),
        classified.team or "",
        used,
        "none" if following is None else f"{following.key_id} until {following.end:%Y-%m-%d}, {following.use}",
        one.task or one.opened.value,
        classified.reason,
    )
    return "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in cells) + "</tr>\n"


def _text(value: str) -> str:
    return escape(plain(value, LONGEST))
