"""Runs one statement with python-tds, as a program of its own; reads what to do as JSON, writes JSON."""
# The environment in which types are checked has no python-tds.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

import json
import sys
from typing import Any

import pytds
from OpenSSL import SSL


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Log in and ask once."""
    try:
        with pytds.connect(**order["options"]) as connection, connection.cursor() as cursor:
            cursor.execute(order["sql"], tuple(order["parameters"]))
            return {"version": hex(connection.tds_version), "rows": [list(row) for row in cursor.fetchall()]}
    except (pytds.Error, SSL.Error, OSError) as problem:
        return {"error": f"{type(problem).__name__} {problem}", "number": getattr(problem, "number", None)}


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
