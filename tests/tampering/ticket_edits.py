"""What somebody does to the tickets who may write at the desk, here the logs of the folder of requests."""

import json
import random
import re
from pathlib import Path

from store_edits import other_text
from stored_log import Json

LAST_LINE = re.compile(r"^Evidence: .*$", re.M)


def edited(rng: random.Random, requests: Path) -> str | None:
    """Change what a note says of the log; what was done. None where no note says anything."""
    notes = [file for file in sorted(requests.glob("*.log")) if "Evidence: " in file.read_text("utf-8")]
    if not notes:
        return None
    file = rng.choice(notes)
    records: list[Json] = [json.loads(one) for one in file.read_text("utf-8").splitlines()]
    at = rng.choice([at for at, one in enumerate(records) if "Evidence: " in one.get("body", "")])
    body: str = records[at]["body"]
    said = LAST_LINE.search(body)
    assert said is not None
    what = rng.choice(["its size", "its root", "its id", "no line", "no note", "an empty log"])
    if what == "no note":
        del records[at]
    elif what == "an empty log":
        records = []
    elif what == "no line":
        records[at]["body"] = body.replace(said[0], "")
    else:
        records[at]["body"] = body.replace(said[0], _other(rng, said[0], what))
    file.write_text("".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in records))
    return what


def _other(rng: random.Random, text: str, what: str) -> str:
    before, _, after = text.partition(" \u00b7 log ")
    size, _, root = after.partition(" ")
    if what == "its size":
        return f"{before} \u00b7 log {int(size) + rng.choice((-1, 1, 100))} {root}"
    if what == "its root":
        return f"{before} \u00b7 log {size} {'A' if root[0] != 'A' else 'B'}{root[1:]}"
    return f"Evidence: {other_text(rng, before.removeprefix('Evidence: '))} \u00b7 log {size} {root}"
