"""One class, one reason, one team for each credential, by the guards themselves."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from support_core import APP_ID, NOW, application, certificate, secret

from spentkey.core.classified import Classified, CredentialClass, ScanRules, Successor
from spentkey.core.credential import Credential, Kind, Target, TargetKind, UnreadableCredential
from spentkey.core.listed import CredentialUse, ListedObject
from spentkey.core.rules import DeskRules, Limits, RequestRules, Rules, TenantRules, VerifyRules
from spentkey.scan.classify import NOT_LOOKED, classify, successor_of, team_of, with_use

TENANT = TenantRules("production", "t", {"Onderwijs": "No"})
RULES = Rules(
    DeskRules(),
    RequestRules(when=("Onderwijs",)),
    (TENANT,),
    VerifyRules(2, 0, 1),
    timedelta(0),
    5,
    Limits(25, 5, 50, 50),
)
OTHER = "0d5f1f0a-8f4e-4f9e-9df1-0a1b2c3d4e5f"
AGO, LATER = NOW - timedelta(days=30), NOW + timedelta(days=300)


def live(**changes: Any) -> Credential:
    """A certificate that is valid now."""
    return certificate(**({"key_id": OTHER, "end": LATER} | changes))


def classes(target: Target, rules: Rules = RULES, scan: ScanRules | None = None, **more: Any) -> list[Classified]:
    """What a scan makes of an object."""
    return classify(TENANT, ListedObject(target), rules, scan or ScanRules(), NOW, **more)


def only(target: Target, rules: Rules = RULES, scan: ScanRules | None = None, **more: Any) -> Classified:
    """The first of its credentials."""
    return classes(target, rules, scan, **more)[0]


def principal(*credentials: Credential) -> Target:
    """A service principal that holds them."""
    return replace(application(*credentials), kind=TargetKind.SERVICE_PRINCIPAL, object_id="sp")


def test_a_secret_that_ended_is_removable() -> None:
    """No guard stands in its way; people read when it ended."""
    found = only(application(secret(end=AGO)))
    assert (found.klass, found.guard, found.lapsed) == (CredentialClass.REMOVABLE, None, True)
    assert f"{AGO:%Y-%m-%d}" in found.reason
    assert found.days_expired(NOW) == 30


@pytest.mark.parametrize(
    ("end", "grace", "klass"),
    [
        (NOW - timedelta(minutes=4), 0, CredentialClass.EXPIRING),
        (NOW - timedelta(days=3), 7, CredentialClass.EXPIRING),
        (NOW - timedelta(days=8), 7, CredentialClass.REMOVABLE),
        (NOW + timedelta(days=30), 0, CredentialClass.EXPIRING),
        (NOW + timedelta(days=31), 0, CredentialClass.LIVE),
        (datetime.fromisoformat("1970-01-01T00:00:00+00:00"), 0, CredentialClass.DOUBTFUL),
        (None, 0, CredentialClass.DOUBTFUL),
    ],
)
def test_the_class_follows_the_end(end: datetime | None, grace: int, klass: CredentialClass) -> None:
    """Ended but inside the grace or the skew of clocks: expiring; an end that nobody meant: doubtful."""
    found = only(application(secret(end=end)), replace(RULES, grace=timedelta(days=grace)))
    assert found.klass is klass
    assert (found.guard == "G5") == (klass is not CredentialClass.REMOVABLE)


@pytest.mark.parametrize(
    ("others", "klass"),
    [
        ([live()], CredentialClass.NEEDS_SIGNER),
        ([live(usage="Sign")], CredentialClass.NO_SIGNER),
        ([live(end=AGO)], CredentialClass.NO_SIGNER),
        ([live(key=b"no certificate")], CredentialClass.NO_SIGNER),
        ([], CredentialClass.NO_SIGNER),
    ],
)
def test_a_certificate_needs_one_that_is_registered_and_valid_now(
    others: list[Credential], klass: CredentialClass
) -> None:
    """Whether somebody has its key only shows when the removal is planned."""
    found = only(application(certificate(end=AGO), *others))
    assert (found.klass, found.guard) == (klass, None)


def test_where_the_list_may_be_written_a_certificate_is_removable() -> None:
    """Only with the right to read the audit log, and where no entry is unreadable, since it is sent again."""
    allowed, reads = replace(RULES, patch_allowed=True), ScanRules(reads_audit_log=True)
    odd = UnreadableCredential("unreadable", Kind.SECRET, None, None, "{}", where="an entry", told="x")
    held = application(certificate(end=AGO))
    assert only(held, allowed, reads).klass is CredentialClass.REMOVABLE
    assert only(held, allowed).klass is CredentialClass.NO_SIGNER
    assert only(held, RULES, reads).klass is CredentialClass.NO_SIGNER
    named_otherwise = replace(odd, told="00000000-0000-4000-8000-000000000000")
    assert only(replace(held, unreadable=(named_otherwise,)), allowed, reads).klass is CredentialClass.NO_SIGNER


def test_an_application_without_a_service_principal_signs_nothing() -> None:
    """Where that is known; a certificate that is registered and valid is of no use then."""
    held = application(certificate(end=AGO), live())
    assert only(held, principal=None).klass is CredentialClass.NO_SIGNER
    assert only(held, principal=principal()).klass is CredentialClass.NEEDS_SIGNER
    assert only(held, principal=NOT_LOOKED).klass is CredentialClass.NEEDS_SIGNER


@pytest.mark.parametrize(
    "rules",
    [
        replace(RULES, protected=(APP_ID,)),
        replace(RULES, protected=("name:old*",)),
        replace(RULES, own_apps=frozenset({APP_ID})),
    ],
)
def test_what_is_protected_is_refused_by_guard_g6(rules: Rules) -> None:
    """By the operator's list, by a name, and since it is the automation's own."""
    found = only(application(secret(end=AGO, display_name="old one")), rules)
    assert (found.klass, found.guard) == (CredentialClass.PROTECTED, "G6")


def test_what_a_service_principal_holds_is_for_people() -> None:
    """In a signing group all of it together; and nothing of it is removable, whatever its end."""
    signing = [
        certificate(end=AGO, usage="Sign", custom_key_identifier="AAECAwQFBgcICQoLDA0ODxAREhM="),
        secret(key_id=OTHER, end=AGO, custom_key_identifier="AAECAwQFBgcICQoLDA0ODxAREhM="),
    ]
    assert [one.klass for one in classes(principal(secret(end=AGO)))] == [CredentialClass.ON_PRINCIPAL]
    assert [one.klass for one in classes(principal(*signing))] == [CredentialClass.SAML_GROUP] * 2
    assert [one.klass for one in classes(application(*signing))] == [CredentialClass.SAML_GROUP] * 2
    assert [one.klass for one in classes(principal(secret(end=LATER)))] == [CredentialClass.LIVE]
    assert {one.guard for one in classes(principal(*signing, secret(end=None)))} == {"G4"}


def test_what_the_principal_of_an_application_holds_too_is_on_the_principal() -> None:
    """Where it is known."""
    held = secret(end=AGO)
    assert only(application(held), principal=principal(held)).klass is CredentialClass.ON_PRINCIPAL


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 257, "a\u0007"])
def test_an_application_without_a_usable_name_is_doubtful(name: str) -> None:
    """No request could give it."""
    assert only(replace(application(secret(end=AGO)), name=name)).klass is CredentialClass.DOUBTFUL


def test_an_object_of_another_type_is_told_by_it() -> None:
    """Such as an agent's blueprint, which the list of applications shows too."""
    found = only(replace(application(secret(end=AGO)), other_kind="agentIdentityBlueprint"))
    assert (found.klass, found.guard) == (CredentialClass.OTHER_KIND, "G2")
    assert "agentIdentityBlueprint" in found.reason


def test_a_key_id_that_stands_twice_or_cannot_be_read_is_doubtful() -> None:
    """Neither can be asked for; the entry that cannot be read is shown by where it stands, and no other one suffers."""
    twice = application(secret(end=AGO), secret(end=AGO, display_name="other"))
    assert [one.klass for one in classes(twice)] == [CredentialClass.DOUBTFUL] * 2
    odd = UnreadableCredential("unreadable", Kind.SECRET, None, AGO, "{}", where="passwordCredentials[0]", told=None)
    found = classes(replace(application(secret(end=AGO)), unreadable=(odd,)))
    assert [(one.klass, one.is_named) for one in found] == [
        (CredentialClass.REMOVABLE, True),
        (CredentialClass.DOUBTFUL, False),
    ]
    assert "passwordCredentials[0]" in found[1].reason


def test_live_ones_may_be_left_out() -> None:
    """What is expiring stays, and what is doubtful."""
    held = application(secret(end=LATER), live(end=NOW + timedelta(days=3)), secret(key_id=APP_ID, end=None))
    assert [one.klass for one in classes(held, with_live=False)] == [CredentialClass.EXPIRING, CredentialClass.DOUBTFUL]


def test_two_clocks_that_disagree_make_everything_doubtful() -> None:
    """As guard G5 refuses it."""
    found = only(application(secret(end=AGO)), directory_time=NOW + timedelta(minutes=9))
    assert (found.klass, found.guard) == (CredentialClass.DOUBTFUL, "G5")


@pytest.mark.parametrize(
    ("team_from", "team"),
    [("serviceManagementReference", "Payroll"), ("notes", None), ("", None)],
)
def test_the_team_is_the_one_that_an_attribute_names(team_from: str, team: str | None) -> None:
    """A value that no team is known for names none."""
    holder = ListedObject(application(), service_management_reference=" 4711 ", notes="free text")
    assert team_of(holder, ScanRules(team_from=team_from, teams={"4711": "Payroll"})) == team


def test_the_successor_is_the_live_one_of_that_kind_that_ends_last() -> None:
    """Not one of another kind, not one that has ended or ends before it, and not itself."""
    old = secret(end=AGO)
    middle, last = (secret(key_id=f"{n}", end=NOW + timedelta(days=n)) for n in (10, 20))
    held = application(old, middle, last, live())
    assert successor_of(old, held, NOW) == Successor("20", NOW + timedelta(days=20))
    assert successor_of(last, held, NOW) is None
    assert successor_of(old, application(old, live()), NOW) is None


def test_whether_the_successor_is_used_comes_from_the_report() -> None:
    """A key id that the report does not show stays unknown, and is never called unused."""
    found = only(application(secret(end=AGO), secret(key_id=OTHER, end=LATER)))
    used = with_use(found, {OTHER: CredentialUse("used", NOW)}).successor
    assert (used and used.use) == "used"
    assert with_use(found, {}) == found
    assert with_use(only(application(secret(end=AGO))), {OTHER: CredentialUse("used")}).successor is None
