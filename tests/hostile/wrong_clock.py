"""`spentkey` on a machine whose clock is off by `WRONG_BY` seconds."""

import os
from datetime import datetime, timedelta

from spentkey.cli.main import main
from spentkey.system import SystemClock

WRONG_BY = timedelta(seconds=float(os.environ["WRONG_BY"]))
now = SystemClock.now


def _wrong(self: SystemClock) -> datetime:
    return now(self) + WRONG_BY


setattr(SystemClock, "now", _wrong)  # noqa: B010  # the product as it is, but for this

if __name__ == "__main__":
    main()
