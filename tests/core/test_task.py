"""Guard G1: the parameters become one exact request, or a refusal that names the field."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_core import APP_ID, KEY_ID, REQUEST_RULES, SOUND, parameters, parameters_without, request

from spentkey.core.credential import Kind
from spentkey.core.outcome import Refused
from spentkey.core.rules import ParameterNames, RequestRules
from spentkey.core.task import (
    NO_TASK,
    Fault,
    FaultKind,
    Provenance,
    RemovalRequest,
    Request,
    TaskRef,
    asked_text,
    login_id,
    read_request,
    recorded,
    request_of,
)
from spentkey.core.trim import trimmed

ALL_NAMES = tuple(SOUND)
NAMES = pytest.mark.parametrize("name", ALL_NAMES)
CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def read(shown: Request, rules: RequestRules = REQUEST_RULES) -> RemovalRequest | Refused:
    """What the request asks for."""
    return read_request(shown, rules)


def refusal(shown: Request, rules: RequestRules = REQUEST_RULES) -> str:
    """Why it is refused, by G1."""
    refused = read_request(shown, rules)
    assert isinstance(refused, Refused), refused
    assert refused.guard == "G1"
    return refused.reason


def beside(*others: tuple[str, object]) -> Request:
    """The sound parameters and others after them."""
    return request_of([*SOUND.items(), *others])


def test_the_five_sound_parameters_make_one_request() -> None:
    """Each of the four lands in its own field, and what chooses a tenant stands beside them."""
    assert request() == read(parameters())


def test_any_case_and_spaces_around_give_the_canonical_form() -> None:
    """UUIDs become lower case without spaces, the name keeps its own case."""
    asked = parameters(
        AppDisplayName="  Sales ", AppID=f" {APP_ID.upper()}\n", SecretID=f"\t{KEY_ID.upper()}", Onderwijs=" nO "
    )
    assert request() == read(asked)


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
    found = read(parameters(SecretType=text))
    assert isinstance(found, RemovalRequest)
    assert (kind, text.strip()) == (found.kind, found.secret_type)


@pytest.mark.parametrize("text", ["Yes", " yES", "NO", "no ", "\u200bNo\ufeff", "Ja", "1", "Gent 9000", "ye\u017f"])
def test_what_chooses_a_tenant_is_kept_as_it_is_compared(text: str) -> None:
    """No value is special: whether a tenant has it is guard G2's to say."""
    found = read(parameters(Onderwijs=text))
    assert isinstance(found, RemovalRequest)
    assert {"onderwijs": text.strip("\u200b\ufeff ").lower()} == found.when


@pytest.mark.parametrize("around", ["{}", " {} ", "\t{}\u00a0", "\u200b{}\u2060"])
def test_parameter_names_match_in_any_case(around: str) -> None:
    """Names may come in any case, with spaces and unseen characters around."""
    renamed = request_of((around.format(name.upper()), value) for name, value in SOUND.items())
    assert request() == read(renamed)


def test_other_parameters_do_not_count() -> None:
    """Parameters of other names, repeated or not, change nothing."""
    assert request() == read(beside(("Comment", "please"), ("comment", 7), ("SecretIDs", None), ("", "")))


def test_a_name_of_256_characters_is_read() -> None:
    """That is the longest name Graph allows."""
    found = read(parameters(AppDisplayName="n" * 256))
    assert isinstance(found, RemovalRequest)
    assert found.app_display_name == "n" * 256


@NAMES
def test_a_missing_parameter_is_named(name: str) -> None:
    """Nothing has a default."""
    assert f"{name} is missing" == refusal(parameters_without(name))


@NAMES
@pytest.mark.parametrize("empty", [None, "", " ", "\t\r\n", "\u00a0\u2003", "\u200b", "\ufeff \u00ad"])
def test_an_empty_parameter_is_never_a_wildcard(name: str, empty: str | None) -> None:
    """None, nothing, spaces of any kind and what cannot be seen are refused alike."""
    assert f"{name} is empty" == refusal(parameters(**{name: empty}))


@NAMES
@pytest.mark.parametrize("value", [0, 1, 4.5, True, False, ["x"], [], {"value": "x"}, {}, b"x"])
def test_what_is_not_a_text_is_refused(name: str, value: object) -> None:
    """Numbers, lists, objects and booleans are not read as texts."""
    assert f"{name} is not a text" == refusal(parameters(**{name: value}))


@NAMES
@pytest.mark.parametrize("change", ["{}", " {} ", "\t{}"])
@pytest.mark.parametrize("upper", [True, False])
def test_a_repeated_parameter_is_refused_even_with_the_same_value(name: str, change: str, upper: bool) -> None:
    """A name given twice, in any case, is refused before either value is believed."""
    repeated = (change.format(name.upper() if upper else name), SOUND[name])
    assert f"{name} is given more than once" == refusal(beside(repeated))


def test_an_empty_repetition_is_a_repetition_too() -> None:
    """`secretid` without a value beside `SecretID` is refused, and so is one that is no text."""
    assert refusal(beside(("secretid", None), ("SECRETID", KEY_ID))) == "SecretID is given more than once"
    assert refusal(beside(("secretid", 7))) == "SecretID is given more than once"


@NAMES
@pytest.mark.parametrize("character", ["\x00", "\n", "\r", "\x1b", "\x7f", "\x85", "\ud800"])
def test_control_characters_inside_are_refused(name: str, character: str) -> None:
    """Also line feeds and lone surrogates, in every field."""
    value = str(SOUND[name])
    assert f"{name} contains control characters" == refusal(parameters(**{name: value[:1] + character + value[1:]}))


@NAMES
def test_a_text_that_is_too_long_is_refused(name: str) -> None:
    """One character more than Graph allows for a name."""
    assert f"{name} is longer than 256 characters" == refusal(parameters(**{name: "a" * 257}))


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
        KEY_ID + "," + KEY_ID,
        KEY_ID + "+or+1+eq+1",
        "*",
        "%",
        "null",
        "../" + KEY_ID,
    ],
)
def test_what_only_looks_like_a_uuid_is_refused(name: str, text: str) -> None:
    """Braces, urn, other digits and look-alike letters are not canonical UUIDs."""
    assert refusal(parameters(**{name: text})).startswith(f"{name} is not a UUID")


UNSEEN = [
    (" ", "U+0020 (space)"),
    ("\u00a0", "U+00A0 (no-break space)"),
    ("\u2003", "U+2003 (em space)"),
    ("\u2028", "U+2028 (line separator)"),
    ("\u3000", "U+3000 (ideographic space)"),
    ("\u00ad", "U+00AD (soft hyphen)"),
    ("\u200b", "U+200B (zero width space)"),
    ("\u202e", "U+202E (right-to-left override)"),
    ("\u2060", "U+2060 (word joiner)"),
    ("\ufeff", "U+FEFF (zero width no-break space)"),
    ("\U000e0020", "U+E0020 (tag space)"),
]


@pytest.mark.parametrize(("character", "shown"), UNSEEN)
@pytest.mark.parametrize("name", ["AppID", "SecretID", "SecretType"])
def test_what_cannot_be_seen_inside_a_value_is_named_by_its_code_point(name: str, character: str, shown: str) -> None:
    """Nobody could find it otherwise; a word of SecretType may have plain spaces, though no other ones."""
    value = str(SOUND[name])
    reason = refusal(parameters(**{name: f"{value[:3]}{character}{value[3:]}"}))
    if (name, character) == ("SecretType", " "):
        assert reason.startswith("SecretType is not supported")
    else:
        assert reason == f"{name} has the character {shown} in it"


@pytest.mark.parametrize(("character", "shown"), UNSEEN)
def test_what_cannot_be_seen_is_trimmed_at_the_ends(character: str, shown: str) -> None:
    """A form or a page that was copied from adds it."""
    del shown
    around = {name: f"{character}{value} {character}" for name, value in SOUND.items()}
    assert request() == read(parameters(**around))


@pytest.mark.parametrize(("character", "shown"), UNSEEN)
def test_an_id_of_what_cannot_be_seen_is_empty(character: str, shown: str) -> None:
    """It is no value at all, so it is no wildcard either."""
    del shown
    assert refusal(parameters(SecretID=character * 3)) == "SecretID is empty"


@pytest.mark.parametrize("character", ["x", "0", "-", "\u0301", "\u00b7", "\x00"])
def test_what_can_be_seen_is_not_trimmed(character: str) -> None:
    """Nor a control character, which is refused and not taken away."""
    assert trimmed(f" {character}a{character} ") == f"{character}a{character}"


@given(st.text())
def test_trimming_twice_changes_nothing_more(text: str) -> None:
    """And it takes away at the ends alone."""
    once = trimmed(text)
    assert once == trimmed(once)
    assert once in text


@pytest.mark.parametrize(
    "text", ["Secrets", "Certificate", "Key", "Password", "Secret,Cert", "\u017fecret", "Sec ret", "\u0421ert", "*"]
)
def test_an_unknown_secret_type_is_refused(text: str) -> None:
    """Also words that look like a known one, such as a long s or a Cyrillic letter."""
    assert refusal(parameters(SecretType=text)) == "SecretType is not supported: it must be Secret, Certificaat or Cert"


def test_no_parameters_at_all_are_refused_by_the_first_name() -> None:
    """The refusal names a field even then."""
    assert refusal(Request()) == "AppDisplayName is missing"


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
NAME = st.one_of(st.sampled_from(ALL_NAMES), st.sampled_from([n.lower() for n in ALL_NAMES]), st.text(max_size=8))


@given(st.lists(st.tuples(NAME, SPOILED), max_size=8), st.booleans())
def test_whatever_is_given_the_answer_is_canonical_or_names_the_field(
    pairs: list[tuple[str, object]], with_sound_ones: bool
) -> None:
    """No text whatever gives a request whose ids are not canonical, or a refusal without a field's name."""
    found = read(beside(*pairs) if with_sound_ones else request_of(pairs))
    if isinstance(found, Refused):
        assert found.guard == "G1"
        assert any(found.reason.startswith(name) for name in ALL_NAMES)
    else:
        assert all(CANONICAL.fullmatch(uuid) for uuid in (found.app_id, found.key_id))
        assert set(found.when) == {"onderwijs"}
        assert found.app_display_name == trimmed(found.app_display_name) != ""


@given(st.sampled_from(ALL_NAMES), SPOILED)
def test_one_spoiled_parameter_is_refused_by_its_own_name(name: str, value: object) -> None:
    """A refusal names the field that is wrong, never another one."""
    found = read(parameters(**{name: value}))
    assert isinstance(found, RemovalRequest) or found.reason.startswith(f"{name} ")


@pytest.mark.parametrize("name", ["onderwijs", "ONDERWIJS", " Onderwijs\u200b"])
def test_a_request_says_its_values_by_name_in_any_case(name: str) -> None:
    """A tenant's `when` may spell the parameter as it likes."""
    assert request().says(name) == "no"


@pytest.mark.parametrize("name", ["Comment", "", "Onderwijs2"])
def test_a_request_says_nothing_about_other_names(name: str) -> None:
    """So a `when` that was not read never matches."""
    assert request().says(name) is None


OWN_RULES = RequestRules(
    ParameterNames("Toepassing", "Client ID", "Sleutel", "Soort"),
    {"Geheim": Kind.SECRET, "Certificaat (PFX)": Kind.CERTIFICATE},
    ("Omgeving", "Soort"),
)
OWN = {"Toepassing": "Sales", "Client ID": APP_ID, "Sleutel": KEY_ID, "Soort": "Geheim", "Omgeving": "Test"}


def test_names_and_words_of_the_configuration_are_read() -> None:
    """The four names, the words of SecretType, and whatever chooses a tenant, one of the four among it."""
    expected = RemovalRequest("Sales", APP_ID, KEY_ID, Kind.SECRET, "Geheim", {"omgeving": "test", "soort": "geheim"})
    assert expected == read(request_of(OWN.items()), OWN_RULES)


@pytest.mark.parametrize("word", ["Certificaat (PFX)", "CERTIFICAAT (pfx)", " certificaat (PFX)\u00a0"])
def test_a_word_of_the_configuration_may_have_spaces_in_it(word: str) -> None:
    """And it is compared in any case."""
    found = read(request_of({**OWN, "Soort": word}.items()), OWN_RULES)
    assert isinstance(found, RemovalRequest)
    assert found.kind is Kind.CERTIFICATE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Soort": "Secret"}, "Soort is not supported: it must be Geheim or Certificaat (PFX)"),
        ({"Soort": "Certificaat"}, "Soort is not supported: it must be Geheim or Certificaat (PFX)"),
        ({"Soort": "Certificaat\u00a0(PFX)"}, "Soort has the character U+00A0 (no-break space) in it"),
        ({"Client ID": "x"}, "Client ID is not a UUID such as 1b4e28ba-2fa1-11d2-883f-0016d3cca427"),
        ({"Sleutel": f"{KEY_ID[:8]}\u200b{KEY_ID[8:]}"}, "Sleutel has the character U+200B (zero width space) in it"),
        ({"Omgeving": ""}, "Omgeving is empty"),
        ({"Omgeving": 7}, "Omgeving is not a text"),
        ({"OMGEVING": "Test"}, "Omgeving is given more than once"),
        ({"Omgeving": "x" * 257}, "Omgeving is longer than 256 characters"),
        ({"Omgeving": "a\nb"}, "Omgeving contains control characters"),
    ],
)
def test_a_refusal_speaks_in_the_names_of_the_configuration(changes: dict[str, object], reason: str) -> None:
    """People find the field in their own form."""
    assert reason == refusal(request_of({**OWN, **changes}.items()), OWN_RULES)


def test_the_usual_names_mean_nothing_where_others_are_configured() -> None:
    """There is one name for each."""
    assert refusal(parameters(), OWN_RULES) == "Toepassing is missing"


@pytest.mark.parametrize("name", OWN)
def test_a_missing_parameter_of_any_name_is_named(name: str) -> None:
    """Those that choose a tenant included."""
    assert refusal(request_of((one, v) for one, v in OWN.items() if one != name), OWN_RULES) == f"{name} is missing"


def test_where_nothing_chooses_a_tenant_four_parameters_are_enough() -> None:
    """One tenant needs no `when`; a parameter that nothing names is not read."""
    found = read(parameters(Onderwijs=7), RequestRules())
    assert isinstance(found, RemovalRequest)
    assert found.when == {}
    assert found == read(parameters_without("Onderwijs"), RequestRules())


def test_pairs_make_a_request_of_values_and_faults() -> None:
    """An empty value is an empty text; what cannot be read is a fault, and stands in no value."""
    shown = request_of([("A", "x"), ("B", None), ("C", 7), ("D", "1"), (" d", "1")])
    assert shown == Request({"A": "x", "B": ""}, (Fault("C", FaultKind.NOT_TEXT), Fault(" d", FaultKind.REPEATED)))
    assert shown.names() == {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("A", "x"),
        (" a\u200b", "x"),
        ("B", ""),
        ("c", FaultKind.NOT_TEXT),
        ("D", FaultKind.REPEATED),
        ("E", FaultKind.MISSING),
        ("", FaultKind.MISSING),
    ],
)
def test_a_request_gives_a_value_or_why_there_is_none(name: str, value: str | FaultKind) -> None:
    """By name, in any case."""
    assert value == request_of([("A", "x"), ("B", None), ("C", 7), ("D", "1"), (" d", "1")]).value(name)


@pytest.mark.parametrize("kind", FaultKind)
def test_a_fault_hides_a_value_of_the_same_name(kind: FaultKind) -> None:
    """A desk that shows both is not believed."""
    assert Request({"SecretID": KEY_ID}, (Fault("secretid", kind),)).value("SecretID") is kind


def test_the_asked_type_is_kept_as_the_requester_wrote_it() -> None:
    """Also one that is not supported: the note's subject names it."""
    assert asked_text("SecretType", parameters(SecretType=" API key\u200b")) == "API key"


@pytest.mark.parametrize("value", [None, "", "  ", 7, "\u200b", ["Cert"]])
def test_there_is_no_asked_type_without_a_text(value: object) -> None:
    """What cannot be read as a text is not repeated."""
    assert asked_text("SecretType", parameters(SecretType=value)) == ""


def test_there_is_no_asked_type_when_it_is_given_twice_or_not_at_all() -> None:
    """Neither of two values is the one."""
    assert asked_text("SecretType", beside(("secrettype", "Cert"))) == ""
    assert asked_text("SecretType", parameters_without("SecretType")) == ""


@pytest.mark.parametrize(
    ("ref", "numbers", "written"),
    [("40021", True, 40021), ("40021", False, "40021"), ("SCTASK0010001", False, "SCTASK0010001"), ("", False, 0)],
)
def test_a_reference_stands_in_records_as_its_desk_counts(ref: str, numbers: bool, written: int | str) -> None:
    """A number where references are numbers, so that the evidence of 0.1 goes on; no task is 0 everywhere."""
    assert recorded(TaskRef(ref), numbers) == written
    assert recorded(NO_TASK, numbers) == 0


def test_a_reference_that_is_no_number_is_never_recorded_as_one() -> None:
    """A desk that says its references are numbers must give numbers."""
    with pytest.raises(ValueError, match="SCTASK"):
        recorded(TaskRef("SCTASK0010001"), numbers=True)


@pytest.mark.parametrize("shown", ["j.jansen", "JJANSEN", " svc_scan-2 ", "CORP\\jjansen", "7"])
def test_a_login_id_may_go_on_record(shown: str) -> None:
    """As it is shown, without what stands around it."""
    assert login_id(shown) == shown.strip()


@pytest.mark.parametrize(
    "shown", [None, "", 7, "Jan Jansen", "j.jansen@example.org", "Jansen, Jan", "j\n.jansen", "Désirée", "x" * 65]
)
def test_a_name_or_a_mail_address_is_left_out_of_records(shown: object) -> None:
    """Whatever has blanks, an at sign, a comma or other letters than login ids have."""
    assert login_id(shown) == ""


def test_who_asked_decides_nothing() -> None:
    """The same parameters are the same request, whoever is shown to have asked."""
    assert Request({"a": "b"}) == Request({"a": "b"}, provenance=Provenance("10196", "j.jansen", "p.peters"))
