"""A PFX as people have it: base64 text, several pairs, a chain, a password in another form; and what it may cost."""

import base64
import unicodedata

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from support_core import DAY, KEY_ID, NOW, OTHER_KEY_ID, application
from support_pairs import Pair, pair, pfx_of
from support_pfx import PASSWORD, WRONG, open_signers, registered, vector

from spentkey.core import pfx
from spentkey.core.pfx import Pfx, Unusable, read_pfx
from spentkey.core.secret import Secret
from spentkey.core.signer import Signer, in_order
from spentkey.core.signer_reasons import LOCKED, NO_KEY

FIRST, SECOND, THIRD = (pair(NOW - DAY, NOW + days * DAY) for days in (10, 20, 30))
RENEWED = pair(NOW - DAY, NOW + 40 * DAY, FIRST[0])
TEXT = base64.b64encode(vector("modern"))
WRAPPED = base64.encodebytes(vector("modern"))


def reason(content: bytes, *passwords: Secret) -> str:
    """Why nothing can be read from a file."""
    opened = read_pfx("a.pfx", content, passwords or (PASSWORD,))
    assert isinstance(opened, Unusable)
    assert opened.document == "a.pfx"
    return opened.reason


def pairs_in(content: bytes, *passwords: Secret) -> list[Pair]:
    """The pairs of a file."""
    opened = read_pfx("a.pfx", content, passwords or (PASSWORD,))
    assert isinstance(opened, Pfx)
    return list(opened.pairs)


TEXTS = {
    "one line": TEXT,
    "a line feed": TEXT + b"\r\n",
    "lines": WRAPPED,
    "lines of Windows": WRAPPED.replace(b"\n", b"\r\n"),
    "blanks": b"  \t" + TEXT + b" \n\n",
    "a byte order mark": b"\xef\xbb\xbf" + TEXT,
    "UTF-16": TEXT.decode().encode("utf-16"),
    "filled up": TEXT + b"\0" * 8,
    "certutil -encode": b"-----BEGIN CERTIFICATE-----\r\n" + WRAPPED + b"-----END CERTIFICATE-----\r\n",
    "a header of its own": b"-----BEGIN PKCS12-----\n" + WRAPPED + b"-----END PKCS12-----",
}


@pytest.mark.parametrize("scenario", TEXTS)
def test_a_pfx_in_base64_is_read(scenario: str) -> None:
    """As Azure Key Vault and Windows give it."""
    (found,) = pairs_in(TEXTS[scenario])
    assert found[1] == pairs_in(vector("modern"))[0][1]


NO_TEXTS = {
    "base64 twice": base64.b64encode(TEXT),
    "cut off": TEXT[:-5],
    "half a file": base64.b64encode(vector("modern")[:1200]),
    "a foreign letter": TEXT[:40] + b"*" + TEXT[40:],
    "two blocks": TEXTS["a header of its own"] + b"\n" + TEXTS["certutil -encode"],
    "no end": b"-----BEGIN PKCS12-----\n" + WRAPPED,
    "a certificate": base64.b64encode(FIRST[1].public_bytes(Encoding.DER)),
    "half a letter": b"\xff\xfe" + b"M",
    "words": b"see the other entry",
}


@pytest.mark.parametrize("scenario", NO_TEXTS)
def test_a_text_that_spells_no_pfx_is_none(scenario: str) -> None:
    """And no password is tried on it."""
    assert reason(NO_TEXTS[scenario]) == "the file is not a readable PFX (PKCS#12) file"


def test_a_costly_file_is_refused_as_text_too() -> None:
    """The bounds are those of the file that the text spells."""
    message = "the file asks for 2147483647 key-derivation rounds, which is refused"
    assert reason(base64.b64encode(vector("many-rounds"))) == message
    assert reason(b"M" * (pfx.MOST_BYTES + 1)) == "the file is larger than 1000000 bytes"


def locked_by(password: str, iterations: int = 2000) -> bytes:
    """A PFX with that very password."""
    how = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(iterations)
    protected = how.build(password.encode()) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(None, *FIRST, None, protected)


COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "wächtwoord é") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("real", "given"),
    [
        (" blanks ", " blanks "),
        (COMPOSED, DECOMPOSED),
        (DECOMPOSED, COMPOSED),
        ("blanks", " blanks\u00a0"),
        ("line", "line\r\n"),
        (COMPOSED, f" {DECOMPOSED}\u200b"),
        ("", "the old one"),
        ("", "   "),
    ],
)
def test_a_password_is_tried_in_the_forms_that_people_copy(real: str, given: str) -> None:
    """As it is, in NFC and NFD, without blanks at its ends, and empty."""
    assert [one[1] for one in pairs_in(locked_by(real), Secret(given))] == [FIRST[1]]


@pytest.mark.parametrize(
    ("real", "given"),
    [("two words", "twowords"), ("Case", "case"), (" blanks", "blanks"), ("\ufb01le", "file"), ("x", ""), ("", None)],
)
def test_no_other_form_is_guessed(real: str, given: str | None) -> None:
    """Neither another case nor NFKC, nor blanks that nobody gave; and without any password none is tried."""
    assert reason_with(locked_by(real), [] if given is None else [Secret(given)]) == LOCKED(untried="")


def reason_with(content: bytes, passwords: list[Secret]) -> str:
    """The same for a list that may be empty."""
    opened = read_pfx("a.pfx", content, passwords)
    assert isinstance(opened, Unusable)
    assert opened.locked
    return opened.reason


@pytest.mark.parametrize(
    ("iterations", "message"),
    [
        (600_000, " (each was tried only as it is: the file asks for 600000 key-derivation rounds)"),
        (400_000, " (each was tried in 2 forms at most: the file asks for 400000 key-derivation rounds)"),
    ],
)
def test_all_forms_of_a_password_cost_no_more_than_one_did(iterations: int, message: str) -> None:
    """A file with many rounds is tried in fewer forms, and the reason says so."""
    assert reason(locked_by("blanks", iterations), Secret(f" {DECOMPOSED} ")) == LOCKED(untried=message)
    assert WRONG.reveal() not in reason(locked_by("blanks", iterations), WRONG)


def on_application(*pairs: Pair) -> list[Signer | Unusable]:
    """What a file with these three pairs gives for an application that has the certificates of some."""
    content = pfx_of([FIRST, SECOND, THIRD], b"vector")
    held = [registered(one[1], key_id=f"{KEY_ID[:-1]}{nth}") for nth, one in enumerate(pairs)]
    return open_signers("a.pfx", content, [PASSWORD], application(*held), NOW)


@pytest.mark.parametrize("password", [b"vector", b""])
def test_every_pair_of_a_file_is_found(password: bytes) -> None:
    """Though the library shows one key, and the certificate of a stranger stands first."""
    content = pfx_of([FIRST, SECOND, THIRD], password, pair(NOW, NOW + DAY)[1])
    assert {one[1] for one in pairs_in(content)} == {FIRST[1], SECOND[1], THIRD[1]}
    assert all(key.public_key() == certificate.public_key() for key, certificate in pairs_in(content))


def test_a_renewed_certificate_of_the_same_key_is_found_beside_the_old_one() -> None:
    """Wherever it stands."""
    for content in (pfx_of([FIRST], b"vector", RENEWED[1]), pfx_of([RENEWED], b"vector", FIRST[1])):
        assert {one[1] for one in pairs_in(content)} == {FIRST[1], RENEWED[1]}


@pytest.mark.parametrize("one", [FIRST, SECOND, THIRD])
def test_whichever_pair_is_registered_signs(one: Pair) -> None:
    """The others are told by their thumbprints."""
    found = on_application(one)
    (signer,) = [each for each in found if isinstance(each, Signer)]
    assert signer.certificate == one[1]
    others = [each for each in found if isinstance(each, Unusable)]
    assert {each.reason for each in others} == {"the certificate is not registered on the application"}
    assert len({each.document for each in found}) == 3


def test_a_file_with_several_strangers_gives_no_signer() -> None:
    """Each certificate is told, and none of them matches."""
    assert [type(one) for one in on_application()] == [Unusable] * 3


def test_a_registered_certificate_without_its_key_is_named() -> None:
    """It is valid, and its key is elsewhere."""
    content = pfx_of([FIRST], b"vector", SECOND[1])
    found = open_signers("a.pfx", content, [PASSWORD], application(registered(SECOND[1])), NOW)
    assert [one.reason for one in found if isinstance(one, Unusable)] == [
        "the certificate is not registered on the application",
        NO_KEY(),
    ]


def test_keys_beyond_the_limit_are_not_read_and_that_is_said() -> None:
    """Eight are."""
    many = pfx_of([FIRST, SECOND, THIRD] * 3, b"")
    opened = read_pfx("a.pfx", many, [PASSWORD])
    assert isinstance(opened, Pfx)
    assert opened.unread == ("of more than 8 private keys in the file, 8 can be read",)


def test_a_new_key_goes_after_one_that_is_known() -> None:
    """Sign-in learns of it within minutes; the longest-lived comes first otherwise."""
    content = pfx_of([FIRST, SECOND, THIRD], b"vector")
    starts = {FIRST: None, SECOND: NOW - DAY, THIRD: NOW - DAY / 1440}
    held = [registered(one[1], start=start, key_id=OTHER_KEY_ID) for one, start in starts.items()]
    found = open_signers("a.pfx", content, [PASSWORD], application(*held), NOW)
    signers = [one for one in found if isinstance(one, Signer)]
    assert [one.certificate for one in in_order(signers, NOW)] == [SECOND[1], FIRST[1], THIRD[1]]
    assert [one.certificate for one in in_order(signers, NOW + DAY)] == [THIRD[1], SECOND[1], FIRST[1]]


def test_a_certificate_that_stands_in_two_files_is_tried_once() -> None:
    """The first file is named."""
    held = application(registered(FIRST[1]))
    signers = [
        one
        for name in ("a.pfx", "b.pfx")
        for one in open_signers(name, pfx_of([FIRST], b"vector"), [PASSWORD], held, NOW)
        if isinstance(one, Signer)
    ]
    assert [one.document for one in in_order(signers, NOW)] == ["a.pfx"]
