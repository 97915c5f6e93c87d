"""The cost of a PFX is known before any key is derived."""

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
from hypothesis import given
from hypothesis import strategies as st
from support_pfx import vector

from spentkey.core.pkcs12_cost import costliest_iteration_count

SALT = bytes.fromhex("0404deadbeef")


def element(tag: int, *content: bytes) -> bytes:
    """One element in DER."""
    body = b"".join(content)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    return bytes([tag, 0x82]) + len(body).to_bytes(2, "big") + body


def open_ended(tag: int, *content: bytes) -> bytes:
    """One element in BER whose length is not given."""
    return bytes([tag, 0x80]) + b"".join(content) + b"\x00\x00"


def sequence(*content: bytes) -> bytes:
    """A SEQUENCE in DER."""
    return element(0x30, *content)


def number(value: int) -> bytes:
    """An INTEGER."""
    return element(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


@pytest.mark.parametrize(
    ("name", "run_window"),
    [
        ("modern", 20_000),
        ("legacy-3des", 2048),
        ("legacy-rc2", 2048),
        ("empty-password", 2048),
        ("not-encrypted", 2048),
        ("no-key", 20_000),
        ("ber-open-lengths", 2048),
        ("many-rounds", 2**31 - 1),
        ("many-rounds-salt-in-chunks", 2**31 - 1),
    ],
)
def test_the_cost_of_real_files_is_read(name: str, run_window: int) -> None:
    """Of whichever scheme and whichever tool."""
    assert costliest_iteration_count(vector(name)) == run_window


@pytest.mark.parametrize("algorithm", [pkcs12.PBES.PBESv2SHA256AndAES256CBC, pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC])
def test_the_cost_that_was_asked_for_is_found(algorithm: pkcs12.PBES) -> None:
    """A file is made with a count of its own, which no default gives."""
    key, certificate, _ = pkcs12.load_key_and_certificates(vector("modern"), b"vector")
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(34_567).key_cert_algorithm(algorithm)
    made = pkcs12.serialize_key_and_certificates(
        None,
        key,  # pyright: ignore[reportArgumentType]  # an RSA key
        certificate,
        None,
        builder.build(b"x"),
    )
    assert costliest_iteration_count(made) == 34_567


@pytest.mark.parametrize(
    "wrapped",
    [
        sequence(SALT, number(77)),
        sequence(sequence(SALT, number(5)), sequence(SALT, number(77)), sequence(SALT, number(6))),
        sequence(element(0xA0, sequence(SALT, number(77)))),
        sequence(element(0x04, sequence(SALT, number(77)))),
        sequence(element(0x04, element(0x30, element(0x04, sequence(SALT, number(77)))))),
        open_ended(0x30, SALT, number(77)),
        open_ended(0x30, open_ended(0xA0, open_ended(0x30, SALT, number(77))), number(1)),
        open_ended(0x30, open_ended(0x24, element(0x04, b"de"), element(0x04, b"ad")), number(77)),
        sequence(element(0x24, element(0x04, b"de"), element(0x04, b"ad")), number(77)),
        sequence(open_ended(0x24, open_ended(0x24, element(0x04, b"de"))), number(77)),
    ],
)
def test_a_count_is_found_wherever_it_stands(wrapped: bytes) -> None:
    """Nested, in octets, behind open lengths, and after salts in chunks."""
    assert costliest_iteration_count(wrapped) == 77


def test_a_count_inside_octets_that_come_in_chunks_is_found() -> None:
    """The authenticated safe of an old file, cut in the middle of the count."""
    whole = sequence(SALT, number(1_000_001))
    for cut in range(1, len(whole)):
        chunks = element(0x04, whole[:cut]), element(0x04, whole[cut:])
        assert costliest_iteration_count(sequence(open_ended(0x24, *chunks))) == 1_000_001
        assert costliest_iteration_count(sequence(element(0x24, *chunks))) == 1_000_001


@pytest.mark.parametrize(
    "content",
    [
        b"",
        sequence(),
        sequence(number(99), SALT),
        sequence(SALT, sequence(), number(99)),
        sequence(SALT, element(0x02, b"\xff")),
        sequence(element(0x04, b"\x30\x82not a structure"), sequence()),
    ],
)
def test_a_file_that_names_no_count_costs_nothing(content: bytes) -> None:
    """A number that follows no salt is something else; a negative one is none."""
    assert costliest_iteration_count(content) == 0


def test_scrypt_counts_as_too_costly() -> None:
    """Its memory is not in its first number."""
    scrypt = element(0x06, bytes.fromhex("2b06010401da47040b"))
    made = sequence(scrypt, sequence(SALT, number(2), number(2**30), number(1)))
    assert (costliest_iteration_count(made) or 0) > 10**9


@pytest.mark.parametrize(
    "content",
    [
        b"\x30",
        b"\x30\x05\x02",
        b"\x30\x85\x00\x00\x00\x00\x00",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x80",
        b"\x30\x80\x02\x01",
        b"\x3f\x81\x00\x00",
        b"\x04\x80\x00\x00",
        open_ended(0x30, SALT, number(3))[:-2],
        vector("modern")[:-1],
        vector("modern")[:100],
        vector("ber-open-lengths")[:-3],
        b"text, no structure",
    ],
)
def test_what_is_cut_off_or_no_structure_is_not_readable(content: bytes) -> None:
    """None, never an error."""
    assert costliest_iteration_count(content) is None


@pytest.mark.parametrize("levels", [30, 400])
@pytest.mark.parametrize("tag", [0x30, 0xA0, 0x24])
def test_a_file_nested_without_end_is_not_readable(levels: int, tag: int) -> None:
    """So it can be neither opened nor used to exhaust the stack."""
    deep, open_lengths = b"", b""
    for _ in range(levels):
        deep = element(tag, deep)
        open_lengths = open_ended(tag, open_lengths)
    assert costliest_iteration_count(deep) is None
    assert costliest_iteration_count(open_lengths) is None


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_give_a_count_or_none(content: bytes, begins_well: bool) -> None:
    """Nothing raises."""
    found = costliest_iteration_count((b"\x30\x80" if begins_well else b"") + content)
    assert found is None or found >= 0


@given(st.integers(0, 2**40), st.lists(st.integers(0, 2**40), max_size=3))
def test_of_several_counts_the_highest_is_given(one: int, others: list[int]) -> None:
    """Whatever their order."""
    counts = [one, *others]
    made = sequence(*[sequence(SALT, number(count)) for count in counts])
    assert costliest_iteration_count(made) == max(counts)
