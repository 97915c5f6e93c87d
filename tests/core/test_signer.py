"""The signer: a PFX is opened, matched with the application, and the longest-lived one signs."""

import traceback
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from support_core import DAY, KEY_ID, NOW, OTHER_KEY_ID, THIRD_KEY_ID, application, secret
from support_pfx import PASSWORD, WRONG, certificate_in, open_signers, registered, vector

from spentkey.core.credential import Target
from spentkey.core.pfx import MOST_BYTES, Unusable, open_pfx
from spentkey.core.reason import reason_for
from spentkey.core.secret import Secret
from spentkey.core.signer import Signer, in_order, match_key

OPENING = ["modern", "legacy-3des", "legacy-rc2", "not-encrypted", "ber-open-lengths"]
KEY = rsa.generate_private_key(65537, 2048)


def made(start: datetime = NOW - DAY, end: datetime = NOW + 30 * DAY, password: bytes = b"vector") -> bytes:
    """A PFX made now, by the library that opens it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
    signed = builder.sign(KEY, hashes.SHA256())
    return pkcs12.serialize_key_and_certificates(None, KEY, signed, None, BestAvailableEncryption(password))


def unusable(content: bytes, *passwords: Secret) -> Unusable:
    """Why a file cannot be opened."""
    opened = open_pfx("a.pfx", content, passwords or (PASSWORD,))
    assert isinstance(opened, Unusable)
    assert opened.document == "a.pfx"
    return opened


@pytest.mark.parametrize("name", OPENING)
def test_files_of_old_and_new_tools_open(name: str) -> None:
    """AES, 3DES, RC2, BER: the key and its own certificate come out."""
    opened = open_pfx(name, vector(name), [PASSWORD])
    assert not isinstance(opened, Unusable)
    key, certificate = opened
    assert isinstance(key, RSAPrivateKey)
    assert key.public_key() == certificate.public_key()


def test_a_file_made_now_opens() -> None:
    """Not only the checked-in ones, also with a password of other letters."""
    assert not isinstance(open_pfx("made", made(password="Pä€ß ".encode()), [Secret("Pä€ß ")]), Unusable)


def test_the_second_password_is_tried_when_the_first_does_not_fit() -> None:
    """The entry's, then the PKI entry's."""
    assert not isinstance(open_pfx("made", vector("modern"), [WRONG, Secret(""), PASSWORD]), Unusable)


def test_an_empty_password_opens_a_file_that_has_one() -> None:
    """Some entries have none."""
    assert not isinstance(open_pfx("empty", vector("empty-password"), [Secret("")]), Unusable)


@pytest.mark.parametrize("password", [WRONG, Secret(""), Secret("VECTOR"), Secret("a\udcff")])
@pytest.mark.parametrize("name", ["modern", "legacy-3des", "ber-open-lengths"])
def test_a_wrong_password_leaves_the_file_locked(name: str, password: Secret) -> None:
    """`locked` says that another password may help."""
    assert unusable(vector(name), password) == Unusable(
        "a.pfx", reason_for("no password at hand opens the file"), locked=True
    )


def test_no_password_at_all_leaves_the_file_locked() -> None:
    """Nothing is guessed."""
    assert open_pfx("a.pfx", vector("modern"), []) == Unusable(
        "a.pfx", reason_for("no password at hand opens the file"), locked=True
    )


def test_a_file_without_a_key_is_of_no_use() -> None:
    """A certificate alone cannot sign."""
    expected = Unusable("a.pfx", reason_for("the file holds no private key with its certificate"))
    assert unusable(vector("no-key")) == expected


def test_a_key_without_its_certificate_is_of_no_use() -> None:
    """Nothing to match with the application."""
    alone = pkcs12.serialize_key_and_certificates(None, KEY, None, None, BestAvailableEncryption(b"vector"))
    assert unusable(alone) == Unusable("a.pfx", reason_for("the file holds no private key with its certificate"))


def test_keys_that_are_not_rsa_are_of_no_use() -> None:
    """Neither of an elliptic curve nor of Edwards's."""
    assert unusable(vector("elliptic-curve")) == Unusable("a.pfx", reason_for("the key is not an RSA key"))
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    certificate = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + DAY).sign(key, None)
    edwards = pkcs12.serialize_key_and_certificates(None, key, certificate, None, BestAvailableEncryption(b"vector"))
    assert unusable(edwards).reason == "the key is not an RSA key"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"0",
        b"\x00" * 100,
        b"-----BEGIN CERTIFICATE-----\nMIIB\n",
        b"<!DOCTYPE html><html><body>Log in</body></html>",
        b"PK\x03\x04 a zip file",
        b"just a text",
        b"\x30\x82\x09\x00",
        vector("modern")[:-1],
        vector("modern")[:1200],
        vector("modern") + b"x",
        b"\xef\xbb\xbf" + vector("modern"),
    ],
)
def test_what_is_no_pfx_is_said_to_be_none(content: bytes) -> None:
    """Text, HTML, PEM, half a file: one reason, and no password is tried on it."""
    assert unusable(content) == Unusable("a.pfx", reason_for("the file is not a readable PFX (PKCS#12) file"))


def test_a_structure_that_is_no_pfx_opens_with_no_password() -> None:
    """Well-formed DER of something else."""
    assert unusable(bytes.fromhex("3003020103")).reason == "no password at hand opens the file"


@pytest.mark.parametrize("name", ["many-rounds", "many-rounds-salt-in-chunks"])
def test_a_file_that_would_take_an_hour_is_refused_at_once(name: str) -> None:
    """Before any password is tried, also where the count is hidden behind a salt in chunks."""
    expected = "the file asks for 2147483647 key-derivation rounds, which is refused"
    assert unusable(vector(name)) == Unusable("a.pfx", reason_for(expected))


def test_a_file_that_is_too_large_is_refused() -> None:
    """One byte more than allowed; a file of just that size is looked at."""
    assert unusable(b"\x30" * (MOST_BYTES + 1)).reason == "the file is larger than 1000000 bytes"
    assert unusable(b"\x01" * MOST_BYTES).reason == "the file is not a readable PFX (PKCS#12) file"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([*OPENING, "elliptic-curve"]), st.data())
def test_a_damaged_file_is_unusable_or_opens_and_never_raises(name: str, data: st.DataObject) -> None:
    """One byte changed anywhere."""
    content = bytearray(vector(name))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    opened = open_pfx("damaged", bytes(content), [PASSWORD])
    assert isinstance(opened, Unusable) or isinstance(opened[0], RSAPrivateKey)


def test_no_password_stands_in_a_reason_or_a_repr() -> None:
    """Nor the private key."""
    reasons = [repr(unusable(vector("modern"), WRONG)), repr(open_signed(vector("modern")))]
    assert not [text for text in reasons if WRONG.reveal() in text or "PRIVATE" in text or "RSAPrivateKey" in text]


def the_only_one(
    document: str, content: bytes, passwords: list[Secret], held: Target, now: datetime
) -> Signer | Unusable:
    """What a file with one pair gives."""
    (found,) = open_signers(document, content, passwords, held, now)
    return found


def open_signed(content: bytes, now: datetime = NOW, **changes: object) -> Signer | Unusable:
    """Open a file whose certificate is registered on the application, in some changed way."""
    on_application = registered(certificate_in(content), **changes)
    return the_only_one("a.pfx", content, [PASSWORD], application(on_application), now)


def why_not(content: bytes, now: datetime = NOW, **changes: object) -> str:
    """Why it cannot sign."""
    opened = open_signed(content, now, **changes)
    assert isinstance(opened, Unusable)
    assert not opened.locked
    return opened.reason


@pytest.mark.parametrize("name", OPENING)
def test_a_registered_certificate_that_is_valid_now_can_sign(name: str) -> None:
    """It is known by the key id of its registration."""
    signer = open_signed(vector(name))
    assert isinstance(signer, Signer)
    assert (signer.key_id, signer.document, signer.valid_until) == (KEY_ID, "a.pfx", datetime(2126, 1, 1, tzinfo=UTC))


def test_an_expired_certificate_never_signs() -> None:
    """Though it is registered, as the seed would have used it."""
    assert why_not(vector("expired")) == "the certificate is not valid now (it ends 2026-03-01)"


def test_the_moments_of_validity_are_the_certificates_own() -> None:
    """Its first second counts, its last does not any more."""
    content = made(NOW, NOW + DAY)
    assert isinstance(open_signed(content, NOW), Signer)
    assert isinstance(open_signed(content, NOW + DAY - timedelta(seconds=1)), Signer)
    assert "not valid now" in why_not(content, NOW + DAY)
    assert "not valid now" in why_not(content, NOW - timedelta(seconds=1))


def test_a_certificate_of_nobody_cannot_sign() -> None:
    """Valid, opened, and not on the application: neither alone nor beside others."""
    stranger = registered(certificate_in(made()), key_id=OTHER_KEY_ID)
    for found in (application(), application(secret()), application(stranger)):
        opened = the_only_one("a.pfx", vector("modern"), [PASSWORD], found, NOW)
        assert opened == Unusable("a.pfx", reason_for("the certificate is not registered on the application"))


def test_a_registration_without_its_certificate_matches_nothing() -> None:
    """Graph leaves `key` out of most reads; a missing one is no match."""
    assert why_not(vector("modern"), key=None) == "the certificate is not registered on the application"


@pytest.mark.parametrize(
    ("type_", "usage"),
    [
        ("AsymmetricX509Cert", "Sign"),
        ("AsymmetricX509Cert", "Encrypt"),
        ("X509CertAndPassword", "Sign"),
        ("Symmetric", "Verify"),
        (None, None),
    ],
)
def test_a_certificate_registered_for_something_else_cannot_sign(type_: str | None, usage: str | None) -> None:
    """Only AsymmetricX509Cert/Verify lets a signature be checked."""
    expected = f"the certificate is registered as {type_}/{usage}, which cannot sign"
    assert why_not(vector("modern"), type=type_, usage=usage) == expected


@pytest.mark.parametrize("end", [NOW, NOW - DAY, None])
def test_a_registration_that_has_ended_cannot_sign(end: datetime | None) -> None:
    """It may end before its certificate does; an end that nobody knows is no permission."""
    assert why_not(vector("modern"), end=end) == "the certificate's registration on the application has expired"


def test_of_two_registrations_of_one_certificate_the_one_that_can_sign_counts() -> None:
    """Whichever comes first in the list."""
    content = vector("modern")
    ended = registered(certificate_in(content), end=NOW - DAY)
    for_encryption = registered(certificate_in(content), key_id=OTHER_KEY_ID, usage="Encrypt")
    living = registered(certificate_in(content), key_id=THIRD_KEY_ID)
    for held in ([ended, for_encryption, living], [living, for_encryption, ended]):
        signer = the_only_one("a.pfx", content, [PASSWORD], application(*held), NOW)
        assert isinstance(signer, Signer)
        assert signer.key_id == THIRD_KEY_ID
    opened = the_only_one("a.pfx", content, [PASSWORD], application(ended, for_encryption), NOW)
    assert isinstance(opened, Unusable)
    assert opened.reason.count("; ") == 1


def test_a_secret_of_the_same_key_id_is_not_the_registration() -> None:
    """A password credential never stands for a certificate."""
    found = application(secret(), registered(certificate_in(vector("modern"))))
    assert isinstance(the_only_one("a.pfx", vector("modern"), [PASSWORD], found, NOW), Signer)


def test_a_locked_file_stays_locked_whatever_is_registered() -> None:
    """So that the next password is tried."""
    found = application(registered(certificate_in(vector("modern"))))
    opened = the_only_one("a.pfx", vector("modern"), [WRONG], found, NOW)
    assert isinstance(opened, Unusable)
    assert opened.locked


def test_of_several_signers_the_longest_living_is_chosen() -> None:
    """Whatever their order."""
    signers = [open_signed(made(end=NOW + days * DAY)) for days in (30, 300, 3)]
    usable = [one for one in signers if isinstance(one, Signer)]
    assert in_order(usable, NOW)[0] is in_order(usable[::-1], NOW)[0] is usable[1]


def test_of_no_signers_none_is_chosen() -> None:
    """That is for people then."""
    assert in_order([], NOW) == []


def test_an_unusable_file_raises_nothing_that_could_quote_it() -> None:
    """Every wrong file is a value; the only thing that is raised is a mistake of ours."""
    with pytest.raises(AttributeError) as wrong:
        open_pfx("a.pfx", vector("modern"), ["canary-not-a-secret"])  # pyright: ignore[reportArgumentType]
    assert "canary" not in str(traceback.format_exception_only(wrong.value))


@dataclass(frozen=True)
class KeptKey:
    """A `KeyInVault` over a certificate of a checked-in file; nobody asks it to sign while it is matched."""

    certificate: x509.Certificate
    name: str = "sales-key"

    async def sign(self, data: bytes) -> bytes:
        """Refuse."""
        raise AssertionError(data)


def in_vault(content: bytes, now: datetime = NOW, **changes: object) -> Signer | Unusable:
    """Match the key of a file as if it stayed in a vault, with an application that has its certificate."""
    found = certificate_in(content)
    return match_key(KeptKey(found), application(registered(found, **changes)), now)


def test_a_key_in_a_vault_is_matched_by_its_certificate() -> None:
    """It becomes a signer under the key id of its registration, without the key itself."""
    signer = in_vault(vector("modern"))
    assert isinstance(signer, Signer)
    assert (signer.key_id, signer.document, isinstance(signer.key, KeptKey)) == (KEY_ID, "sales-key", True)
    assert signer.valid_until == datetime(2126, 1, 1, tzinfo=UTC)


def test_a_key_in_a_vault_that_is_not_rsa_is_of_no_use() -> None:
    """Its certificate tells, so that it never takes the place of a file that can sign."""
    assert in_vault(vector("elliptic-curve")) == Unusable("sales-key", reason_for("the key is not an RSA key"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"usage": "Sign"}, "the certificate is registered as AsymmetricX509Cert/Sign, which cannot sign"),
        ({"type": "Symmetric"}, "the certificate is registered as Symmetric/Verify, which cannot sign"),
        ({"end": NOW}, "the certificate's registration on the application has expired"),
        ({"end": None}, "the certificate's registration on the application has expired"),
        ({"key": None}, "the certificate is not registered on the application"),
    ],
)
def test_a_key_in_a_vault_that_may_not_sign_is_of_no_use(changes: dict[str, object], reason: str) -> None:
    """By the same rules as a file; another password would not help."""
    assert in_vault(vector("modern"), NOW, **changes) == Unusable("sales-key", reason_for(reason))


def test_an_expired_certificate_of_a_vault_never_signs() -> None:
    """Nor one that is not valid yet."""
    expected = Unusable("sales-key", reason_for("the certificate is not valid now (it ends 2026-03-01)"))
    assert in_vault(vector("expired")) == expected
    early = in_vault(made(NOW, NOW + DAY), NOW - timedelta(seconds=1))
    assert isinstance(early, Unusable)
    assert "not valid now" in early.reason


def test_a_key_in_a_vault_of_nobody_cannot_sign() -> None:
    """Though its certificate is valid."""
    stranger = registered(certificate_in(made()), key_id=OTHER_KEY_ID)
    for found in (application(), application(secret()), application(stranger)):
        matched = match_key(KeptKey(certificate_in(vector("modern"))), found, NOW)
        assert matched == Unusable("sales-key", reason_for("the certificate is not registered on the application"))


def test_of_a_file_and_a_key_in_a_vault_the_one_that_lives_longest_signs() -> None:
    """Where a key is, does not matter."""
    file, kept = open_signed(made(end=NOW + DAY)), in_vault(vector("modern"))
    assert isinstance(file, Signer)
    assert isinstance(kept, Signer)
    assert in_order([file, kept], NOW)[0] is kept
    assert in_order([kept, file], NOW)[0] is kept
