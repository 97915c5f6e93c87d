"""How costly a PKCS#12 file is to open, read from its outer structure before any key is derived.

In the password-based schemes of RFC 7292 and RFC 8018 the iteration count is an INTEGER that directly follows the
salt, an OCTET STRING, inside one SEQUENCE (`MacData`, `pkcs-12PbeParams`, `PBKDF2-params`). So the highest such
INTEGER is the cost, whichever scheme a file uses, without knowing the schemes. The one exception is scrypt (RFC 7914),
whose cost is in memory too; nobody writes PFX files with it, and it counts as too costly. Old files use BER: lengths
that are not given, and OCTET STRINGs (salts as well) in chunks.
"""

_INTEGER, _OCTETS, _OBJECT_ID, _SEQUENCE = 0x02, 0x04, 0x06, 0x30
_CONSTRUCTED = 0x20
_DEEPEST = 24
_SCRYPT = bytes.fromhex("2b06010401da47040b")
_UNBOUNDED = 2**63


def costliest_iteration_count(content: bytes) -> int | None:
    """The highest iteration count in the file, 0 when it names none, or None when it is not readable DER or BER."""
    try:
        return _level(content, 0, len(content), 0, None)[0]
    except (ValueError, IndexError):
        return None


def _level(content: bytes, offset: int, end: int | None, depth: int, chunks: list[bytes] | None) -> tuple[int, int]:
    """The highest count among the elements from `offset` to `end`, or to their end mark, and the offset after them.

    `chunks` collects the parts of an OCTET STRING that BER writes in several.
    """
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    worst, previous = 0, 0
    while end is None or offset < end:
        tag, start, stop = read_header(content, offset, len(content) if end is None else end)
        if end is None and tag == 0:
            return worst, start
        if tag & _CONSTRUCTED:
            cost, offset = _constructed(content, tag, start, stop, depth, chunks)
        elif stop is None:
            raise ValueError("a primitive element without a length")
        else:
            cost, offset = _primitive(tag, previous, content[start:stop], depth, chunks), stop
        worst, previous = max(worst, cost), tag
    return worst, offset


def _constructed(
    content: bytes, tag: int, start: int, stop: int | None, depth: int, chunks: list[bytes] | None
) -> tuple[int, int]:
    if tag != _OCTETS | _CONSTRUCTED:
        return _level(content, start, stop, depth + 1, None)
    parts: list[bytes] = [] if chunks is None else chunks
    cost, after = _level(content, start, stop, depth + 1, parts)
    return (cost if chunks is not None else max(cost, _inside(b"".join(parts), depth + 1))), after


def _primitive(tag: int, previous: int, body: bytes, depth: int, chunks: list[bytes] | None) -> int:
    if tag == _INTEGER and previous & ~_CONSTRUCTED == _OCTETS:
        return int.from_bytes(body, "big", signed=True)
    if tag == _OBJECT_ID and body == _SCRYPT:
        return _UNBOUNDED
    if tag != _OCTETS:
        return 0
    if chunks is None:
        return _inside(body, depth + 1)
    chunks.append(body)
    return 0


def _inside(octets: bytes, depth: int) -> int:
    """An OCTET STRING may hold another structure (the authenticated safe does) or mere bytes."""
    if not octets.startswith(bytes([_SEQUENCE])):
        return 0
    try:
        return _level(octets, 0, len(octets), depth, None)[0]
    except (ValueError, IndexError):
        return 0


def read_header(content: bytes, offset: int, end: int) -> tuple[int, int, int | None]:
    """The tag at `offset`, where its body starts, and where it stops; None when an end mark says so."""
    tag, length, start = content[offset], content[offset + 1], offset + 2
    if tag & 0x1F == 0x1F:
        raise ValueError("tags of several bytes do not occur in PKCS#12")
    if length == 0x80:
        return tag, start, None
    if length & 0x80:
        size = length & 0x7F
        if size > 4:
            raise ValueError("a length of more than four bytes")
        length, start = int.from_bytes(content[start : start + size], "big"), start + size
    if start + length > end:
        raise ValueError("truncated")
    return tag, start, start + length
