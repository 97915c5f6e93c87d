"""Runs one statement with mssql-python, as a program of its own; reads what to do as JSON, writes JSON."""

import json
import sys
from typing import Any

import mssql_python


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Log in and ask once."""
    driver: Any = mssql_python
    if order["provider"] is not None:
        driver.native_provider = order["provider"]
    try:
        with driver.connect(server=f"localhost,{order['port']}", **order["options"]) as connection:
            cursor = connection.cursor()
            cursor.execute(order["sql"], *order["parameters"])
            rows = [list(row) for row in cursor.fetchall()]
            return {"columns": [part[0] for part in cursor.description], "rows": rows}
    except driver.Error as problem:
        return {"error": str(problem)}


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
