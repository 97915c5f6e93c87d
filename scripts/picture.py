"""Records `spentkey demo` on a terminal and draws it as docs/pictures/demo.svg (`make picture`).

What is drawn is what the command printed: its closing table, with rows left out (marked `…`) so that the picture fits
on a page. The same seed gives the same tasks, so the picture changes only when the words of the program do.
"""

import fcntl
import html
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "demo.svg"
COLUMNS, ROWS = 122, 50
SHOWN = ("40021", "40022", "40025", "40026", "40030", "40034", "40035", "40042", "40046", "40047", "40048")
"""The tasks in the picture: none of their lines shows a date, so that a new recording is the same picture."""
CURSOR_BACK = "\x1b[?25h"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
OTHER_CONTROL = re.compile(r"\x1b\[\??[0-9;]*[A-LN-Za-ln-z]")
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.S)
"""Rich names fonts on another host; a picture loads nothing."""
TEXT = re.compile(r'(<text class="[^"]*" x=")([0-9.]+)(" y="[^"]*" textLength=")([0-9.]+)("[^>]*>)([^<]*)</text>')
SPACE = "&#160;"


def recorded() -> str:
    """Everything that `spentkey demo` writes to a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    command = [str(Path(sys.executable).with_name("spentkey")), "demo"]
    variables = {"PATH": os.environ["PATH"], "HOME": str(Path.home()), "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables) as process:
        os.close(theirs)
        drawn = b""
        try:
            while piece := os.read(ours, 65536):
                drawn += piece
        except OSError:  # Linux says so when the last writer has gone
            pass
    if process.returncode:
        sys.exit(f"spentkey demo ended with {process.returncode}")
    return drawn.decode()


def closing_table(drawn: str) -> list[str]:
    """The lines after the moving table, with their colours."""
    text = OTHER_CONTROL.sub("", drawn.rpartition(CURSOR_BACK)[2]).replace("\r", "")
    return [line.rstrip() for line in text.strip("\n").split("\n")]


def shortened(lines: list[str]) -> list[str]:
    """The table with the tasks of `SHOWN` alone, and a mark where others are left out."""
    kept: list[str] = []
    keep = True
    for line in lines:
        plain = COLOUR.sub("", line)
        task = plain[:5]
        if task.isdigit() and not plain.startswith(tuple(f"{number} task" for number in range(1000))):
            keep = task in SHOWN
            if not keep and kept[-1] != "…":
                kept.append("…")
        elif not plain.startswith(" "):
            keep = True
        if keep:
            kept.append(line)
    return kept


def drawing(lines: list[str]) -> str:
    """The SVG."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: PTH123, SIM115
    console.print(Text("$ make demo", style="bold"), end="\n\n")
    for line in lines:
        console.print(Text.from_ansi(line), soft_wrap=True)
    return TEXT.sub(_trimmed, FONTS.sub("", console.export_svg(title="make demo", theme=MONOKAI, unique_id="demo")))


def _trimmed(found: re.Match[str]) -> str:
    """A piece of text without the spaces around it, which some viewers drop; it begins where its first letter stood."""
    start, at, middle, length, end, text = found.groups()
    if len(text) == 0 or not float(length):
        return found[0]
    characters = len(html.unescape(text))
    each = float(length) / characters
    inner = text
    before = after = 0
    while inner.startswith(SPACE):
        inner, before = inner.removeprefix(SPACE), before + 1
    while inner.endswith(SPACE):
        inner, after = inner.removesuffix(SPACE), after + 1
    if not inner.strip():
        return ""
    place, long = float(at) + before * each, (characters - before - after) * each
    return f"{start}{place:.1f}{middle}{long:.1f}{end}{inner}</text>"


def main() -> None:
    """Record, shorten, draw."""
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawing(shortened(closing_table(recorded()))), "utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
