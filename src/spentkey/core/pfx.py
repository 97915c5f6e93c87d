"""A PFX (PKCS#12) file: how it is opened, what that may cost, and every RSA key in it with its certificates.

Vaults hold what people have: the file itself, or its base64 text as Azure Key Vault and `certutil -encode` give it; and
a password that was copied from elsewhere, in another Unicode form or with blanks at its ends. The `cryptography` package
shows one key of a file. The others are in bags of their own, which say where they begin and are read one by one
(RFC 7292, section 4.2); keys inside an encrypted part, or in lengths that are not given, are not found.
"""

import base64
import binascii
import re
import unicodedata
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, pkcs12

from spentkey.core.pkcs12_cost import costliest_iteration_count, read_header
from spentkey.core.reason import Reason, several
from spentkey.core.secret import Secret
from spentkey.core.signer_reasons import (
    LOCKED,
    MANY_UNREAD,
    NO_PAIR,
    NO_PFX,
    NOT_RSA,
    SOME_UNREAD,
    TOO_COSTLY,
    TOO_LARGE,
    TOO_LONG,
    TOO_SHORT,
    TRIED_AS_IT_IS,
    TRIED_IN_FORMS,
)
from spentkey.core.trim import trimmed

MOST_BYTES = 1_000_000
"""Largest PFX file that is opened, in bytes; a file with a long chain has about 20,000."""
MOST_ITERATIONS = 1_000_000
"""Highest key-derivation count that is computed for one password: about half a second; Windows and OpenSSL write 2,000
to 10,000. It bounds all forms of a password together: a file with many rounds is tried in fewer of them."""
MOST_KEYS = 8
"""Most private keys that are read from one file; together they may ask for `MOST_ITERATIONS` as well."""
FEWEST_BITS = 1024
"""Shortest RSA key that is used: a much shorter one cannot hold a PS256 signature at all."""

MOST_BITS = 8192
"""Longest RSA key that is used: to check one of twice that length takes minutes."""

_KEY_BAGS = (bytes.fromhex("060b2a864886f70d010c0a0101"), bytes.fromhex("060b2a864886f70d010c0a0102"))
"""The object ids of a key bag and of one that is encrypted."""
_VERSION_3 = bytes.fromhex("020103")
_ONE_BLOCK = re.compile(r"-----BEGIN [^\n-]*-----([^-]*)-----END [^\n-]*-----")


@dataclass(frozen=True)
class Unusable:
    """Why a document gives no signer, in words for people; `locked` when only the password was wrong."""

    document: str
    reason: Reason
    locked: bool = False


@dataclass(frozen=True, eq=False)
class Pfx:
    """What an open file holds: pairs that belong together, certificates without a key, and what could not be read."""

    pairs: tuple[tuple[RSAPrivateKey, x509.Certificate], ...] = field(repr=False)
    alone: tuple[x509.Certificate, ...] = ()
    unread: tuple[Reason, ...] = ()
    strangers: tuple[x509.Certificate, ...] = ()
    """Certificates whose keys stand in the file too and were left there, because nobody has a use for them."""


def thumbprint(certificate: x509.Certificate) -> bytes:
    """The SHA-256 of a certificate in DER."""
    return certificate.fingerprint(hashes.SHA256())


def only_wanted(opened: Pfx, wanted: Collection[bytes]) -> Pfx:
    """The same without the keys of certificates that are not wanted, which are told by thumbprint."""
    return replace(
        opened,
        pairs=tuple(one for one in opened.pairs if thumbprint(one[1]) in wanted),
        alone=tuple(one for one in opened.alone if thumbprint(one) in wanted),
        strangers=tuple(one for _, one in opened.pairs if thumbprint(one) not in wanted),
    )


def open_pfx(
    document: str, content: bytes, passwords: Sequence[Secret]
) -> tuple[RSAPrivateKey, x509.Certificate] | Unusable:
    """The RSA key and certificate in a PFX; of several pairs, the one that the file shows first."""
    opened = read_pfx(document, content, passwords)
    return opened if isinstance(opened, Unusable) else opened.pairs[0]


def read_pfx(document: str, content: bytes, passwords: Sequence[Secret]) -> Pfx | Unusable:
    """All pairs of a PFX, at least one. Its size and cost are bounded before any password is tried."""
    large = too_large(document, content)
    if large is not None:
        return large
    binary = content if content.startswith(b"\x30") else _from_text(content)
    iterations = None if binary is None else costliest_iteration_count(binary)
    if binary is None or iterations is None:
        return Unusable(document, NO_PFX())
    if iterations > MOST_ITERATIONS:
        return Unusable(document, TOO_COSTLY(rounds=iterations))
    affordable = max(1, MOST_ITERATIONS // max(1, iterations))
    for password in passwords:
        for form in _forms(password)[:affordable]:
            opened = _unlock(binary, form)
            if opened is not None:
                return _pairs(document, binary, form, *opened)
    return Unusable(document, LOCKED(untried=_untried(passwords, affordable, iterations)), locked=True)


def too_large(document: str, content: bytes) -> Unusable | None:
    """Why a file of that size is not looked at, or None when it is."""
    return Unusable(document, TOO_LARGE(most=MOST_BYTES)) if len(content) > MOST_BYTES else None


def _from_text(content: bytes) -> bytes | None:
    """The PFX that a text spells in base64, whatever its line breaks and its header; None where it spells none."""
    try:
        utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # what `>` of Windows PowerShell writes
        text = content.decode("utf-16" if utf_16 else "utf-8-sig").strip("\0 \t\r\n")
        block = _ONE_BLOCK.fullmatch(text)
        binary = base64.b64decode("".join((block[1] if block else text).split()), validate=True)
        start = read_header(binary, 0, len(binary))[1]
    except (UnicodeError, binascii.Error, ValueError, IndexError):
        return None
    shown = binary.startswith(b"\x30") and binary[start:].startswith(_VERSION_3)
    return binary if shown else None  # else it may be a certificate, or a key: PEM has one header for all


def _forms(password: Secret) -> list[Secret]:
    """The password as it is, in the two Unicode forms, the same without blanks at its ends, and an empty one."""
    text = password.reveal()
    forms = [unicodedata.normalize(form, one) for one in (text, trimmed(text)) for form in ("NFC", "NFD")]
    return [Secret(one) for one in dict.fromkeys((text, *forms[:2], trimmed(text), *forms[2:], ""))]


def _untried(passwords: Sequence[Secret], affordable: int, iterations: int) -> str:
    if all(len(_forms(password)) <= affordable for password in passwords):
        return ""
    if affordable == 1:
        return TRIED_AS_IT_IS(rounds=iterations)
    return TRIED_IN_FORMS(forms=affordable, rounds=iterations)


def _unlock(content: bytes, password: Secret) -> tuple[object, x509.Certificate | None, list[x509.Certificate]] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # BER instead of DER is common in old files and harmless here
            return pkcs12.load_key_and_certificates(content, password.reveal().encode("utf-8"))
    except (ValueError, TypeError, UnicodeEncodeError, OverflowError, UnsupportedAlgorithm):
        return None


def _pairs(
    document: str,
    content: bytes,
    password: Secret,
    key: object,
    certificate: x509.Certificate | None,
    more: Sequence[x509.Certificate],
) -> Pfx | Unusable:
    """Each RSA key with the certificates of it, wherever in the file they stand."""
    bags = _key_bags(content)
    others, unread = _other_keys(bags, password, key) if len(bags) > 1 else ([], [])
    keys = [one for one in (key, *others) if one is not None]
    pairs: list[tuple[RSAPrivateKey, x509.Certificate]] = []
    problems: list[Reason] = []
    alone = list(dict.fromkeys((certificate, *more) if certificate is not None else more))
    for one in keys:
        own = [each for each in alone if (one is key and each is certificate) or _belongs(one, each)]
        alone = [each for each in alone if each not in own]
        problem = _unfit(one) if own else None
        if problem is not None:
            problems.append(problem)
        elif isinstance(one, RSAPrivateKey):
            pairs += [(one, each) for each in own]
    problems = list(dict.fromkeys((*problems, *unread)))
    if not pairs:
        return Unusable(document, several(problems or [NO_PAIR()]))
    return Pfx(tuple(pairs), tuple(alone), tuple(problems))


def _belongs(key: object, certificate: x509.Certificate) -> bool:
    try:
        public = certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return isinstance(key, RSAPrivateKey) and key.public_key() == public


def _unfit(key: object) -> Reason | None:
    return unfit_length(key.key_size) if isinstance(key, RSAPrivateKey) else NOT_RSA()


def unfit_length(bits: int) -> Reason | None:
    """Why an RSA key of that length is not used, or None when it is."""
    if bits > MOST_BITS:
        return TOO_LONG(bits=bits, most=MOST_BITS)
    return TOO_SHORT(bits=bits) if bits < FEWEST_BITS else None


def _key_bags(content: bytes) -> list[bytes | None]:
    """The private keys that stand in bags of their own, one more than are read at most; None where the end is not given."""
    found: list[bytes | None] = []
    for kind in _KEY_BAGS:
        after = content.find(kind)
        while after >= 0 and len(found) <= MOST_KEYS:
            found.append(_inside_bag(content, after + len(kind)))
            after = content.find(kind, after + len(kind))
    return found


def _inside_bag(content: bytes, offset: int) -> bytes | None:
    try:
        tag, start, stop = read_header(content, offset, len(content))
    except (ValueError, IndexError):
        return None
    return content[start:stop] if tag == 0xA0 and stop is not None else None


def _other_keys(bags: Sequence[bytes | None], password: Secret, shown: object) -> tuple[list[object], list[Reason]]:
    """The keys in these bags, and in words how many of them cannot be read."""
    keys: list[object] = []
    spent = 0
    for bag in bags[:MOST_KEYS]:
        cost = None if bag is None else costliest_iteration_count(bag)
        if bag is None or cost is None or spent + cost > MOST_ITERATIONS:
            continue
        spent += cost
        key = _key_in(bag, password)
        keys += [] if key is None else [key]
    if len(keys) == len(bags):
        return keys, []
    readable = max(len(keys), 0 if shown is None else 1)  # the library reads the first one in more ways
    many = len(bags) > MOST_KEYS
    return keys, [
        MANY_UNREAD(most=MOST_KEYS, readable=readable) if many else SOME_UNREAD(count=len(bags), readable=readable)
    ]


def _key_in(bag: bytes, password: Secret) -> object:
    """The key, or None. The library takes no empty password for a key that is encrypted."""
    for given in (password.reveal().encode("utf-8") or None, None):
        try:
            return load_der_private_key(bag, given)
        except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm):
            continue
    return None
