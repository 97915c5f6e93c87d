"""`spentkey scan`: what has expired in every tenant, or that not everything could be read; and `spentkey successors`."""

import os
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from spentkey.bootstrap.scanning import ScanMade, ScanWanted, scan_all
from spentkey.bootstrap.settings import load_settings
from spentkey.cli.output import NOT_READ
from spentkey.cli.show import print_json
from spentkey.cli.watching import watching
from spentkey.core.errors import Misconfigured
from spentkey.core.scan_result import ScanResult
from spentkey.system import SystemClock

Write = Callable[[str], object]


async def scan_tenants(
    config: Path,
    tenants: tuple[str, ...],
    within: int | None,
    every: bool,
    form: str,
    out: Path | None,
    opens: bool,
    limit: int | None,
    *,
    as_json: bool,
) -> int:
    """Scan and show it; 0 if everything was read, 4 if not, or if a request could not be opened."""
    _refuse(form, out, opens, limit, as_json=as_json)
    settings = load_settings(config, os.environ)
    wanted = ScanWanted(tenants, None if within is None else timedelta(days=within), every, opens, limit)
    with watching(as_json=as_json or (form != "table" and out is None)) as progress:
        made = await scan_all(settings, wanted, SystemClock(), progress)
    _show(made, form, out, every=every or within is not None, as_json=as_json)
    return 0 if made.result.complete and not made.wanting else NOT_READ


def _refuse(form: str, out: Path | None, opens: bool, limit: int | None, *, as_json: bool) -> None:
    if as_json and form != "table":
        raise Misconfigured("--json, --format: only one of them")
    if out is not None and (as_json or form == "table"):
        raise Misconfigured("--out: goes with --format csv or html; the table and JSON go to the standard output")
    if out is not None and out.exists():
        raise Misconfigured(f"--out: {out} is there already, and is not overwritten")
    if out is not None and not os.access(out.parent, os.W_OK | os.X_OK):
        raise Misconfigured(f"--out: {out.parent} is no folder that can be written to")
    if limit is not None and not opens:
        raise Misconfigured("--limit: goes with --open")


def _show(made: ScanMade, form: str, out: Path | None, *, every: bool, as_json: bool) -> None:
    result = made.result
    if as_json:
        print_json(result.as_json(every=every))
    elif form == "table":
        from spentkey.cli.scan_table import show_scan  # noqa: PLC0415  # rich is loaded where a table is shown

        show_scan(result, every=every)
    elif out is None:
        _write(result, form, sys.stdout.write, every=every)
    else:
        _to_file(result, form, out, every=every)


def _write(result: ScanResult, form: str, write: Write, *, every: bool) -> None:
    if form == "csv":
        from spentkey.scan.csv_view import write_csv  # noqa: PLC0415

        write_csv(result, write, every=every)
    else:
        from spentkey.scan.html_view import write_html  # noqa: PLC0415

        write_html(result, write, every=every)


def _to_file(result: ScanResult, form: str, out: Path, *, every: bool) -> None:
    """A file that only we read: it names people. It has its name when it is whole."""
    made: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
        made = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            _write(result, form, file.write, every=every)
            file.flush()
            os.fsync(file.fileno())
        os.link(made, out)
    except FileExistsError:
        raise Misconfigured(f"--out: {out} is there already, and is not overwritten") from None
    except OSError as problem:
        raise Misconfigured(f"--out: {out} cannot be written ({problem.strerror})") from None
    finally:
        if made is not None:
            made.unlink(missing_ok=True)


async def show_what_ends(config: Path, within: int, *, as_json: bool) -> int:
    """What ends within so many days, and whether something is ready to take over; 0, or 4 if not everything was read."""
    from spentkey.cli.successors import show_successors  # noqa: PLC0415

    settings, span = load_settings(config, os.environ), timedelta(days=within)
    with watching(as_json=as_json) as progress:
        made = await scan_all(settings, ScanWanted(within=span), SystemClock(), progress)
    return show_successors(made.result, span, as_json=as_json)
