"""Asks for the documents of one entry with the real driver, and prints what came: ids, or the error."""

import asyncio
import json
import os
import sys
from pathlib import Path

from spentkey.adapters.passwordstate.sql import find_documents
from spentkey.adapters.passwordstate.sql_server import Database
from spentkey.core.errors import SpentkeyError
from spentkey.core.secret import Secret


async def main() -> str:
    """One order on standard input, one line as the answer."""
    order = json.load(sys.stdin)
    order["ca_file"] = Path(order["ca_file"]) if order["ca_file"] else None
    order["pin"] = bytes.fromhex(order["pin"]) if order["pin"] is not None else None
    where = Database(**order)
    try:
        found = await find_documents(where, "reader", Secret(os.environ["ASK_PASSWORD"]), 1301)
    except SpentkeyError as problem:
        return f"{type(problem).__name__} {problem}"
    return f"documents {' '.join(str(one.document_id) for one in found.documents)}"


if __name__ == "__main__":
    print(asyncio.run(main()))
