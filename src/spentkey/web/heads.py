"""Heads of requests that a proxy in front of us may read in another way: they are refused, and end the connection.

h11 takes two equal lengths for one, prefers chunks to a length, and takes lines that end in LF alone (RFC 9112, sections
2.2, 5.2 and 6.3 allow each of them to be refused). Whoever reads the same bytes otherwise finds another request behind
the body than we do.
"""

import re

import h11

LONE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
END = b"\r\n\r\n"


def ambiguity(received: bytes) -> str | None:
    """What is wrong with the head at the beginning of what was received, in words; None where nothing is, as far as it came."""
    head, end, _ = received.partition(END)
    if LONE.search(head):
        return "a line of the head does not end in CR LF"
    if not end:
        return None
    first, *lines = head.split(b"\r\n")
    if any(line[:1] in (b" ", b"\t") for line in lines):
        return "a header is folded"
    names = [line.partition(b":")[0].strip().lower() for line in lines]
    lengths = [line.partition(b":")[2] for line, name in zip(lines, names, strict=True) if name == b"content-length"]
    if len(lengths) > 1 or any(b"," in one for one in lengths):
        return "the length of the body is given twice"
    if b"transfer-encoding" in names:
        if lengths:
            return "the body has a length and chunks"
        if not first.endswith(b"HTTP/1.1"):
            return "chunks need HTTP/1.1"
    return None


class StrictConnection(h11.Connection):
    """h11, with one look at each head before it is read."""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """As h11; raises `RemoteProtocolError` for a head of two meanings, and again whenever it is asked after that."""
        if self.their_state is h11.IDLE:
            wrong = ambiguity(self.trailing_data[0])
            if wrong is not None:
                raise h11.RemoteProtocolError(wrong, error_status_hint=400)
        return super().next_event()
