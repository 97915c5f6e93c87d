"""One request, answered: what the child process does within its limits."""

import codecs
from typing import BinaryIO

from spentkey.adapters.pfx_child.messages import answer_of, read_request
from spentkey.core.pfx import Unusable, only_wanted, read_pfx

for _encoding in (
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
):  # found in files, before no file can be opened any more
    codecs.lookup(_encoding)


def answer_to(stream: BinaryIO) -> bytes:
    """The answer to the request in that stream."""
    request = read_request(stream)
    opened = read_pfx("", request.content, request.passwords)
    if not isinstance(opened, Unusable) and request.wanted is not None:
        opened = only_wanted(opened, request.wanted)
    return answer_of(opened)
