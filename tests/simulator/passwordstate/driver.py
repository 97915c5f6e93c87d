"""Logs in with the real driver and runs one statement; prints the rows, or the error, as JSON.

A process of its own, because the driver reads its trusted certificates from the environment.
"""

import json
import sys
from typing import Any

import mssql_python

QUERY = "SELECT DocumentID, DocumentName FROM dbo.vw_PfxDocuments WHERE PasswordID = ?"
OPTIONS: dict[str, Any] = {
    "uid": "spentkey_reader",
    "pwd": "reader's password",
    "database": "passwordstate",
    "Encrypt": "yes",
    "TrustServerCertificate": "no",
    "timeout": 5,
}


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one order."""
    driver: Any = mssql_python
    driver.native_provider = "mssql-odbc"
    rows: list[list[Any]] = []
    try:
        with driver.connect(server=f"localhost,{order['port']}", **OPTIONS | order.get("options", {})) as connection:
            cursor = connection.cursor()
            for parameters in order.get("parameters", [[1301]]):
                cursor.execute(order.get("sql", QUERY), *parameters)
                rows += [list(row) for row in cursor.fetchall()]
            return {"columns": [part[0] for part in cursor.description], "rows": rows}
    except driver.Error as problem:
        return {"error": str(problem)}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
