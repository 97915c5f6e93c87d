"""The child process: it binds itself, reads one request from stdin, opens the file, and answers on stdout.

It imports as little as it can, since it starts anew for each file. Nothing of it is ever on stderr: a traceback could
quote what it worked on. Whatever goes wrong ends it without an answer, and the caller knows what that means.
"""

import os
import sys

from spentkey.adapters.pfx_child.limits import bind_this_process, open_nothing_more


def main() -> None:
    """Answer one request; the exit code is 1 where there is no answer."""
    bind_this_process()
    try:
        from spentkey.adapters.pfx_child.answering import answer_to  # noqa: PLC0415  # within the limits

        open_nothing_more()
        answer = answer_to(sys.stdin.buffer)
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()
    except BaseException:  # noqa: BLE001  # memory that runs out too: there is no answer, and nobody reads a traceback
        os._exit(1)
    os._exit(0)  # nothing is left to be tidied
