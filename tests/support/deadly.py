"""`spentkey`, whose process dies of one application: a stand-in for data that is more than any program can bear.

`DEADLY_APP` names it, `DEADLY_AT` the moment: `look`, when it is read in the directory; `removed`, when the answer to its
removal arrives; `find`, already when its task is read at the desk (`DEADLY_TASK`).
"""

import os
import signal
from typing import Any

from spentkey.adapters.entra.client import EntraDirectory
from spentkey.adapters.ivanti.client import IvantiDesk
from spentkey.cli.main import main

APP, AT, TASK = (os.environ.get(name, "") for name in ("DEADLY_APP", "DEADLY_AT", "DEADLY_TASK"))
look, remove, find = EntraDirectory.look, EntraDirectory.remove_secret, IvantiDesk.find


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _look(self: EntraDirectory, app_id: str) -> Any:
    if AT == "look" and app_id == APP:
        _die()
    return await look(self, app_id)


async def _remove(self: EntraDirectory, application: Any, *asked: Any) -> Any:
    reply = await remove(self, application, *asked)
    if AT == "removed" and application.app_id == APP:
        _die()
    return reply


async def _find(self: IvantiDesk, ref: Any) -> Any:
    if AT == "find" and ref == TASK:
        _die()
    return await find(self, ref)


setattr(EntraDirectory, "look", _look)  # noqa: B010  # the product as it is, but for this
setattr(EntraDirectory, "remove_secret", _remove)  # noqa: B010
setattr(IvantiDesk, "find", _find)  # noqa: B010

if __name__ == "__main__":
    main()
