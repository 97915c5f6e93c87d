"""Ask a running `spentkey serve` whether it lives; the exit code is 0 if it does, else 1.

The address is that of the first argument, else of the variable `HEALTHCHECK_URL`, else the port that the image exposes.
No proxy of the environment is asked. For an `https` address the certificate is verified as always.
"""

import os
import sys
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

ADDRESS = "http://127.0.0.1:8400/healthz"
PATIENCE_S = 5.0


def lives(address: str) -> bool:
    """Whether the address answers 200."""
    try:
        with build_opener(ProxyHandler({})).open(address, timeout=PATIENCE_S) as answer:
            return answer.status == 200
    except (URLError, OSError, ValueError):
        return False


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("HEALTHCHECK_URL", ADDRESS)
    sys.exit(0 if lives(given) else 1)
