"""Guard G1: the five parameters become one exact request, or a refusal that names the field."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import APP_ID, KEY_ID, SOUND, parameters, parameters_without, request, task

from spentkey.core.credential import Kind
from spentkey.core.outcome import Refused
from spentkey.core.task import PARAMETER_NAMES, Parameter, RemovalRequest, asked_type, ours, read_request

NAMES = pytest.mark.parametrize("name", PARAMETER_NAMES)
CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def refusal(*given_parameters: Parameter) -> str:
    """Why these parameters are refused, by G1."""
    refused = read_request(given_parameters)
    assert isinstance(refused, Refused), refused
    assert refused.guard == "G1"
    return refused.reason


def test_the_five_sound_parameters_make_one_request() -> None:
    """Each parameter lands in its own field."""
    assert request() == read_request(parameters())


def test_any_case_and_spaces_around_give_the_canonical_form() -> None:
    """UUIDs become lower case without spaces, the name keeps its own case."""
    asked = parameters(
        AppDisplayName="  Sales ", AppID=f" {APP_ID.upper()}\n", SecretID=f"\t{KEY_ID.upper()}", Onderwijs=" nO "
    )
    assert request() == read_request(asked)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Secret", Kind.SECRET),
        (" SECRET ", Kind.SECRET),
        ("secret", Kind.SECRET),
        ("Certificaat", Kind.CERTIFICATE),
        ("CERTIFICAAT", Kind.CERTIFICATE),
        ("Cert", Kind.CERTIFICATE),
        ("\tcert\n", Kind.CERTIFICATE),
    ],
)
def test_secret_types_in_any_case_name_a_kind(text: str, kind: Kind) -> None:
    """The three spellings of the offering are read, and the requester's own spelling is kept for the note."""
    read = read_request(parameters(SecretType=text))
    assert isinstance(read, RemovalRequest)
    assert (kind, text.strip()) == (read.kind, read.secret_type)


@pytest.mark.parametrize(("text", "canonical"), [("Yes", "Yes"), (" yES", "Yes"), ("NO", "No"), ("no ", "No")])
def test_onderwijs_in_any_case_is_yes_or_no(text: str, canonical: str) -> None:
    """It is canonicalised, so that a tenant's `when` can be compared with it."""
    read = read_request(parameters(Onderwijs=text))
    assert isinstance(read, RemovalRequest)
    assert canonical == read.onderwijs


def test_parameter_names_match_in_any_case() -> None:
    """Names may come in any case and with spaces around."""
    renamed = tuple(Parameter(f" {name.upper()} ", value) for name, value in SOUND.items())
    assert request() == read_request(renamed)


def test_other_parameters_do_not_count() -> None:
    """Parameters of other names, repeated or not, change nothing."""
    others = (Parameter("Comment", "please"), Parameter("comment", 7), Parameter("SecretIDs", None), Parameter("", ""))
    assert request() == read_request((*others, *parameters()))
    assert ours(others) == []


def test_a_name_of_256_characters_is_read() -> None:
    """That is the longest name Graph allows."""
    read = read_request(parameters(AppDisplayName="n" * 256))
    assert isinstance(read, RemovalRequest)
    assert read.app_display_name == "n" * 256


@NAMES
def test_a_missing_parameter_is_named(name: str) -> None:
    """Nothing has a default."""
    assert f"{name} is missing" == refusal(*parameters_without(name))


@NAMES
@pytest.mark.parametrize("empty", [None, "", " ", "\t\r\n", "\u00a0\u2003"])
def test_an_empty_parameter_is_never_a_wildcard(name: str, empty: str | None) -> None:
    """None, nothing and spaces of any kind are refused alike."""
    assert f"{name} is empty" == refusal(*parameters(**{name: empty}))


@NAMES
@pytest.mark.parametrize("value", [0, 1, 4.5, True, False, ["x"], [], {"value": "x"}, {}, b"x"])
def test_what_is_not_a_text_is_refused(name: str, value: object) -> None:
    """Numbers, lists, objects and booleans are not read as texts."""
    assert f"{name} is not a text" == refusal(*parameters(**{name: value}))


@NAMES
@pytest.mark.parametrize("change", ["{}", " {} ", "\t{}"])
@pytest.mark.parametrize("upper", [True, False])
def test_a_repeated_parameter_is_refused_even_with_the_same_value(name: str, change: str, upper: bool) -> None:
    """A name given twice, in any case, is refused before either value is believed."""
    again = Parameter(change.format(name.upper() if upper else name), SOUND[name])
    assert f"{name} is given 2 times" == refusal(*parameters(), again)


def test_an_empty_repetition_is_a_repetition_too() -> None:
    """`secretid` without a value beside `SecretID` is refused."""
    assert (
        refusal(*parameters(), Parameter("secretid", None), Parameter("SECRETID", KEY_ID))
        == "SecretID is given 3 times"
    )


@NAMES
@pytest.mark.parametrize("character", ["\x00", "\n", "\r", "\x1b", "\x7f", "\x85", "\ud800"])
def test_control_characters_inside_are_refused(name: str, character: str) -> None:
    """Also line feeds and lone surrogates, in every field."""
    value = str(SOUND[name])
    assert f"{name} contains control characters" == refusal(*parameters(**{name: value[:1] + character + value[1:]}))


@NAMES
def test_a_text_that_is_too_long_is_refused(name: str) -> None:
    """One character more than Graph allows for a name."""
    assert f"{name} is longer than 256 characters" == refusal(*parameters(**{name: "a" * 257}))


@pytest.mark.parametrize("name", ["AppID", "SecretID"])
@pytest.mark.parametrize(
    "text",
    [
        "{" + KEY_ID + "}",
        "urn:uuid:" + KEY_ID,
        KEY_ID.replace("-", ""),
        KEY_ID[:-1],
        KEY_ID + "0",
        KEY_ID.replace("-", "\u2010"),  # a hyphen that is not the hyphen-minus
        KEY_ID.replace("0", "\uff10"),  # full-width zeros
        KEY_ID.replace("0", "\u0660"),  # Arabic-Indic zeros
        KEY_ID.replace("c", "\u0441"),  # Cyrillic es
        KEY_ID.replace("c", "\uff43"),  # full-width c
        KEY_ID.replace("a", "g"),
        KEY_ID.replace("0000", "00 00", 1),
        KEY_ID + "\u200b",
        KEY_ID + "," + KEY_ID,
        KEY_ID + " or 1 eq 1",
        "*",
        "%",
        "null",
        "../" + KEY_ID,
    ],
)
def test_what_only_looks_like_a_uuid_is_refused(name: str, text: str) -> None:
    """Braces, urn, other digits and look-alike letters are not canonical UUIDs."""
    assert refusal(*parameters(**{name: text})).startswith(f"{name} is not a UUID")


@pytest.mark.parametrize(
    "text", ["Secrets", "Certificate", "Key", "Password", "Secret,Cert", "\u017fecret", "Sec ret", "\u0421ert", "*"]
)
def test_an_unknown_secret_type_is_refused(text: str) -> None:
    """Also words that look like a known one, such as a long s or a Cyrillic letter."""
    assert (
        refusal(*parameters(SecretType=text)) == "SecretType is not supported: it must be Secret, Certificaat or Cert"
    )


@pytest.mark.parametrize("text", ["Ja", "Nee", "true", "Y", "1", "Yes/No", "ye\u017f", "y\u0435s"])
def test_onderwijs_must_be_yes_or_no(text: str) -> None:
    """Other words for yes choose no tenant."""
    assert refusal(*parameters(Onderwijs=text)) == "Onderwijs must be Yes or No"


def test_no_parameters_at_all_are_refused_by_the_first_name() -> None:
    """The refusal names a field even then."""
    assert refusal() == "AppDisplayName is missing"


SPOILED = st.one_of(
    st.none(),
    st.text(max_size=300),
    st.text(alphabet="0123456789abcdefABCDEF-{} \u0441\uff10", max_size=40),
    st.integers(),
    st.lists(st.text(max_size=3), max_size=2),
    st.uuids().map(str),
    st.uuids().map(lambda uuid: f" {uuid} ".upper()),
    st.sampled_from(["Secret", "cert", "CERTIFICAAT", "Yes", "no", " No ", "Sales"]),
)
NAME = st.one_of(
    st.sampled_from(PARAMETER_NAMES), st.sampled_from([n.lower() for n in PARAMETER_NAMES]), st.text(max_size=8)
)


@given(st.lists(st.builds(Parameter, NAME, SPOILED), max_size=8).map(tuple), st.booleans())
def test_whatever_is_given_the_answer_is_canonical_or_names_the_field(
    given_parameters: tuple[Parameter, ...], with_sound_ones: bool
) -> None:
    """No text whatever gives a request whose ids are not canonical, or a refusal without a field's name."""
    read = read_request((*parameters(), *given_parameters) if with_sound_ones else given_parameters)
    if isinstance(read, Refused):
        assert read.guard == "G1"
        assert any(read.reason.startswith(name) for name in PARAMETER_NAMES)
    else:
        assert all(CANONICAL.fullmatch(uuid) for uuid in (read.app_id, read.key_id))
        assert read.onderwijs in ("Yes", "No")
        assert read.app_display_name == read.app_display_name.strip() != ""


@given(st.sampled_from(PARAMETER_NAMES), SPOILED)
def test_one_spoiled_parameter_is_refused_by_its_own_name(name: str, value: object) -> None:
    """A refusal names the field that is wrong, never another one."""
    read = read_request(parameters(**{name: value}))
    assert isinstance(read, RemovalRequest) or read.reason.startswith(f"{name} ")


@pytest.mark.parametrize("name", ["onderwijs", "ONDERWIJS", "Onderwijs"])
def test_a_request_says_its_values_by_name_in_any_case(name: str) -> None:
    """A tenant's `when` may spell the parameter as it likes."""
    assert request().says(name) == "No"


def test_a_request_says_nothing_about_other_names() -> None:
    """So a `when` on an unknown parameter never matches."""
    assert request().says("Comment") is None


def test_the_asked_type_is_kept_as_the_requester_wrote_it() -> None:
    """Also one that is not supported: the note's subject names it."""
    assert asked_type(parameters(SecretType=" API key ")) == "API key"


@pytest.mark.parametrize("value", [None, "", "  ", 7, "a\nb", "x" * 257])
def test_there_is_no_asked_type_without_a_clean_text(value: object) -> None:
    """What cannot be read as a text is not repeated."""
    assert asked_type(parameters(SecretType=value)) == ""


def test_there_is_no_asked_type_when_it_is_given_twice() -> None:
    """Neither of two values is the one."""
    assert asked_type((*parameters(), Parameter("secrettype", "Cert"))) == ""


def test_only_a_service_request_is_a_parent_to_read() -> None:
    """A task below an incident or a change has no parameters of ours."""
    assert task().service_request == "REC-0"
    assert task(parent_category="Incident").service_request is None
    assert task(parent_rec_id=None).service_request is None
