"""How costly a PKCS#12 file is to open, read from its outer structure before any key is derived.

In every password-based scheme of RFC 7292 and RFC 8018 the iteration count is an INTEGER that directly follows the
salt, an OCTET STRING, inside one SEQUENCE (`MacData`, `pkcs-12PbeParams`, `PBKDF2-params`). So the highest such
INTEGER is the cost, whichever scheme a file uses, without knowing the schemes.
"""

_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30
_DEEPEST = 24
_CONSTRUCTED = 0x20


def costliest_iteration_count(content: bytes) -> int | None:
    """The highest iteration count in the file, 0 when it names none, or None when it is not readable DER or BER."""
    try:
        return _walk(content, 0)
    except (ValueError, IndexError, RecursionError):
        return None


def _walk(content: bytes, depth: int) -> int:
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    worst, previous, offset = 0, 0, 0
    while offset < len(content):
        tag, body, offset = _element(content, offset)
        if tag == 0 and not body:
            continue  # the end mark of an indefinite length; what follows belongs to a level further out
        if tag == _INTEGER and previous == _OCTETS:
            worst = max(worst, int.from_bytes(body, "big", signed=True))
        elif tag == _OCTETS | _CONSTRUCTED:
            worst = max(worst, _inside(_joined(body), depth + 1))
        elif tag & _CONSTRUCTED:
            worst = max(worst, _walk(body, depth + 1))
        elif tag == _OCTETS:
            worst = max(worst, _inside(body, depth + 1))
        previous = tag
    return worst


def _inside(octets: bytes, depth: int) -> int:
    """An OCTET STRING may hold another structure (the authenticated safe does) or mere bytes."""
    if not octets.startswith(bytes([_SEQUENCE])):
        return 0
    try:
        return _walk(octets, depth)
    except (ValueError, IndexError):
        return 0


def _joined(chunks: bytes) -> bytes:
    """The content of an OCTET STRING that BER writes in chunks."""
    whole, offset = b"", 0
    while offset < len(chunks):
        tag, body, offset = _element(chunks, offset)
        if tag == _OCTETS:
            whole += body
    return whole


def _element(content: bytes, offset: int) -> tuple[int, bytes, int]:
    tag, length, start = content[offset], content[offset + 1], offset + 2
    if tag & 0x1F == 0x1F:
        raise ValueError("tags of several bytes do not occur in PKCS#12")
    if length == 0x80:
        return tag, content[start:], len(content)  # BER of indefinite length: the rest, up to its end mark
    if length & 0x80:
        size = length & 0x7F
        if size > 4:
            raise ValueError("a length of more than four bytes")
        length, start = int.from_bytes(content[start : start + size], "big"), start + size
    if start + length > len(content):
        raise ValueError("truncated")
    return tag, content[start : start + length], start + length
