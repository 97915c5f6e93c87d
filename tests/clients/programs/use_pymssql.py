"""Runs one statement with pymssql, as a program of its own; reads what to do as JSON, writes JSON.

TLS is settled by the file that FREETDSCONF names, because the driver has no option for a certificate authority.
"""
# The environment in which types are checked has no pymssql.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

import json
import sys
from typing import Any

import pymssql


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Log in and ask once."""
    try:
        with pymssql.connect(server=order["server"], **order["options"]) as connection:
            cursor = connection.cursor()
            cursor.execute(order["sql"], tuple(order["parameters"]))
            rows = [list(row) for row in cursor.fetchall()]
            return {"columns": [part[0] for part in cursor.description], "rows": rows}
    except pymssql.Error as problem:
        number = problem.args[0][0] if isinstance(problem.args[0], tuple) else problem.args[0]
        return {"error": str(problem), "number": number}


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
