"""The controller's configuration as code, and launches that take nothing for granted, against a controller in here."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fake_controller import TOKEN, Controller, accept_or_ignore, controller
from play_runs import BIN, COLLECTIONS, Played, environment, read

AAP = COLLECTIONS / "aap"
TEMPLATES = ["EntraID secrets removal", "EntraID secrets removal, in one action"]
pytestmark = pytest.mark.timeout(600)  # on a busy machine each of several runs takes a minute or two
INTEGER = {"variable": "task_number", "type": "integer", "required": True, "min": 1, "max": 2147483647}


@pytest.fixture
def awx() -> Iterator[Controller]:
    """A controller with the two credentials that people make by hand."""
    with controller() as running:
        for name in ("Spentkey", "Spentkey tenants"):
            running.make("credentials", name=name)
        yield running


def ansible(book: str, awx: Controller, home: Path, token: str = TOKEN, **variables: Any) -> Played:
    """Run a playbook against it."""
    given = {"controller_url": awx.url, **variables}
    ended = subprocess.run(
        [str(BIN / "ansible-playbook"), "-v", book, "-e", json.dumps(given)],
        cwd=home,
        env={**environment(home), "CONTROLLER_OAUTH_TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    out = ended.stdout + ended.stderr
    assert TOKEN not in out
    return Played(ended.returncode, out, tuple(read(ended.stdout)))


def apply(awx: Controller, home: Path, **variables: Any) -> Played:
    """Put the controller into the state that the repository describes, without waiting between looks at the project."""
    given: dict[str, Any] = {"sync_delay": 0, "sync_retries": 5, **variables}
    return ansible(str(AAP / "apply.yml"), awx, home, **given)


def launch(awx: Controller, home: Path, **variables: Any) -> Played:
    """Launch for task 40021 unless said otherwise, without waiting between looks at the job."""
    given: dict[str, Any] = {"task_number": 40021, "launch_delay": 0, "launch_retries": 5, **variables}
    return ansible("spentkey.entra.launch", awx, home, **given)


def with_template(awx: Controller, **changes: Any) -> None:
    """A template with the survey, without a whole run of apply."""
    number = awx.make("job_templates", **{"name": TEMPLATES[0], "survey_enabled": True} | changes)
    awx.surveys[number] = {"spec": [INTEGER]}


def test_the_configuration_is_applied_and_then_left_alone(awx: Controller, tmp_path: Path) -> None:
    """What is missing is made, what somebody changed is put back, and the second run writes nothing."""
    changed = awx.make("job_templates", name=TEMPLATES[0], organization=1, ask_variables_on_launch=True)
    awx.surveys[changed] = {"spec": []}
    awx.attached[changed] = [awx.make("credentials", name="Another")]
    played = apply(awx, tmp_path)
    assert played.code == 0, played.out
    assert [one["name"] for one in awx.things["job_templates"]] == TEMPLATES
    for name in TEMPLATES:
        template = awx.named("job_templates", name)
        asked = {one: value for one, value in template.items() if one.startswith("ask_")}
        assert (set(asked.values()), template["survey_enabled"], template["allow_simultaneous"]) == (
            {False},
            True,
            True,
        )
        assert awx.surveys[template["id"]]["spec"][0].items() >= INTEGER.items()
        credentials = {one["id"]: one["name"] for one in awx.things["credentials"]}
        assert [credentials[one] for one in awx.attached[template["id"]]] == ["Spentkey", "Spentkey tenants"]
        assert (COLLECTIONS.parent / template["playbook"]).is_file()
    types = [one["name"] for one in awx.things["credential_types"]]
    assert types == ["Spentkey", "Spentkey tenants", "Spentkey database"]

    awx.asked.clear()
    assert (apply(awx, tmp_path).code, awx.writes()) == (0, [])


def test_jobs_that_share_a_database_get_its_credential(awx: Controller, tmp_path: Path) -> None:
    """Attached to each template where it is named, and taken off where it is not any more."""
    names = ["Spentkey", "Spentkey tenants", "Spentkey database"]
    awx.make("credentials", name=names[2])
    ids = {one["name"]: one["id"] for one in awx.things["credentials"]}
    assert apply(awx, tmp_path, spentkey_credentials=names).code == 0
    template = awx.named("job_templates", TEMPLATES[1])["id"]
    assert sorted(awx.attached[template]) == sorted(ids[name] for name in names)
    assert apply(awx, tmp_path).code == 0
    assert sorted(awx.attached[template]) == sorted(ids[name] for name in names[:2])


@pytest.mark.parametrize("book", [str(AAP / "apply.yml"), "spentkey.entra.launch"])
def test_a_controller_without_a_gateway_is_asked_at_its_own_address(book: str, awx: Controller, tmp_path: Path) -> None:
    """2.4 and AWX have the API at another path: it is a variable, and without it the answer says so."""
    awx.prefix = "/api/v2/"
    with_template(awx)
    given: dict[str, Any] = {"task_number": 40021, "launch_delay": 0, "sync_delay": 0}
    refused = ansible(book, awx, tmp_path, **given)
    assert (refused.code, awx.asked) == (2, [])
    assert "there is no API at" in refused.out
    assert "controller_api=/api/v2" in refused.out
    played = ansible(book, awx, tmp_path, controller_api="/api/v2", **given)
    assert played.code == 0, played.out


@pytest.mark.parametrize("book", [str(AAP / "apply.yml"), "spentkey.entra.launch"])
@pytest.mark.parametrize(
    "api", ["http://controller.example.org/api/v2", "@controller.example.org/api/v2", "", "/api/v1"]
)
def test_the_token_does_not_follow_the_path_to_another_host(
    book: str, api: str, awx: Controller, tmp_path: Path
) -> None:
    """The path is one of two, so it can neither leave TLS nor name another machine."""
    played = ansible(book, awx, tmp_path, controller_api=api, task_number=1)
    assert (played.code, awx.asked) == (2, [])
    assert "controller_api must be /api/controller/v2, or /api/v2 in 2.4 and AWX" in played.out


@pytest.mark.parametrize("book", [str(AAP / "apply.yml"), "spentkey.entra.launch"])
def test_a_missing_address_is_told_in_plain_words(book: str, awx: Controller, tmp_path: Path) -> None:
    """No error of a template."""
    played = ansible(book, awx, tmp_path, controller_url=None, task_number=1)
    assert (played.code, "controller_url must begin with https://" in played.out) == (2, True)


def test_a_launch_without_a_number_is_told_in_plain_words(awx: Controller, tmp_path: Path) -> None:
    """No error of a template, and nothing is asked."""
    played = ansible("spentkey.entra.launch", awx, tmp_path)
    assert (played.code, awx.asked) == (2, [])
    assert "task_number must be a whole number above 0" in played.out


def test_the_templates_wait_for_the_project(awx: Controller, tmp_path: Path) -> None:
    """A fresh project has no playbooks until its synchronization has ended; before that AWX takes no template."""
    awx.syncs = [("pending", "waiting", "running", "running", "successful")]
    played = apply(awx, tmp_path)
    assert played.code == 0, played.out
    assert [one["name"] for one in awx.things["job_templates"]] == TEMPLATES
    assert ("POST", f"projects/{awx.named('projects', 'Spentkey')['id']}/update/") not in awx.asked


def test_a_project_that_was_not_synchronized_stops_the_run(awx: Controller, tmp_path: Path) -> None:
    """No template is made; the next run asks for another synchronization, and goes on."""
    awx.syncs = [("pending", "running", "failed"), ("pending", "running", "successful")]
    refused = apply(awx, tmp_path)
    assert (refused.code, awx.things["job_templates"]) == (2, [])
    assert "the project Spentkey was not synchronized: failed" in refused.out
    assert apply(awx, tmp_path).code == 0
    assert [one["name"] for one in awx.things["job_templates"]] == TEMPLATES


def test_a_project_that_takes_too_long_stops_the_run(awx: Controller, tmp_path: Path) -> None:
    """After sync_retries looks."""
    awx.syncs = [("pending", *["running"] * 50)]
    played = apply(awx, tmp_path, sync_retries=2)
    assert (played.code, awx.things["job_templates"]) == (2, [])
    assert "the project Spentkey was not synchronized: running" in played.out


def test_a_project_without_our_playbooks_stops_the_run(awx: Controller, tmp_path: Path) -> None:
    """Another repository, or another branch."""
    awx.playbooks = ("site.yml",)
    played = apply(awx, tmp_path)
    assert (played.code, awx.things["job_templates"]) == (2, [])
    assert "the project Spentkey has no playbook ansible/ansible_collections/spentkey/entra/playbooks/" in played.out


def test_a_type_that_is_in_use_is_not_changed_and_the_way_on_is_named(awx: Controller, tmp_path: Path) -> None:
    """Its inputs are fixed once a credential has it; under its new name beside the old one the run goes through."""
    old = awx.make("credential_types", name="Spentkey", kind="cloud", inputs={"fields": []}, injectors={})
    awx.named("credentials", "Spentkey")["credential_type"] = old
    refused = apply(awx, tmp_path)
    assert (refused.code, awx.things["job_templates"]) == (2, [])
    assert "the inputs of a credential type that is in use cannot be changed; docs/howto/upgrade.md" in refused.out
    for kind in ("credential_types", "credentials"):
        awx.named(kind, "Spentkey")["name"] = "Spentkey before"
    assert "there are 0 with the name Spentkey; make one" in apply(awx, tmp_path).out
    new = awx.make("credentials", name="Spentkey", credential_type=awx.named("credential_types", "Spentkey")["id"])
    assert apply(awx, tmp_path).code == 0
    assert new in awx.attached[awx.named("job_templates", TEMPLATES[0])["id"]]


def test_without_the_credentials_no_template_is_made(awx: Controller, tmp_path: Path) -> None:
    """A template without its credentials would run with whatever is lying about."""
    awx.things["credentials"].clear()
    played = apply(awx, tmp_path)
    assert (played.code, awx.things["job_templates"]) == (2, [])
    assert "credentials: there are 0 with the name Spentkey; make one, and run this again" in played.out


def test_two_of_one_name_are_not_chosen_between(awx: Controller, tmp_path: Path) -> None:
    """Nothing is changed where it is not clear what."""
    for _ in range(2):
        awx.make("credential_types", name="Spentkey")
    played = apply(awx, tmp_path)
    assert (played.code, awx.writes()) == (2, [])
    assert "credential_types: there are 2 with the name Spentkey" in played.out


@pytest.mark.parametrize("book", [str(AAP / "apply.yml"), "spentkey.entra.launch"])
def test_the_token_is_not_sent_in_clear(book: str, awx: Controller, tmp_path: Path) -> None:
    """Only https, or loopback."""
    played = ansible(book, awx, tmp_path, controller_url="http://controller.example.org", task_number=1)
    assert (played.code, awx.asked) == (2, [])
    assert "controller_url must begin with https://" in played.out


@pytest.mark.parametrize("book", [str(AAP / "apply.yml"), "spentkey.entra.launch"])
def test_a_wrong_token_stops_at_once(book: str, awx: Controller, tmp_path: Path) -> None:
    """Nothing is written, and it is said in plain words."""
    played = ansible(book, awx, tmp_path, token="wrong", task_number=1)
    assert (played.code, awx.writes()) == (2, [])
    assert "the controller does not take the token in CONTROLLER_OAUTH_TOKEN" in played.out


@pytest.mark.parametrize("book", [str(AAP / "apply.yml"), "spentkey.entra.launch"])
def test_a_controller_that_does_not_answer_is_told(book: str, awx: Controller, tmp_path: Path) -> None:
    """The reason is shown, and not hidden with the token: nobody listens there, or its certificate is not known."""
    played = ansible(book, awx, tmp_path, controller_url="http://127.0.0.1:9", task_number=1)
    assert (played.code, awx.asked) == (2, [])
    assert "http://127.0.0.1:9/api/controller/v2 does not answer: Status code was -1" in played.out
    assert "Connection refused" in played.out


def test_a_launch_waits_for_its_job(awx: Controller, tmp_path: Path) -> None:
    """One job, with the number as a number, whatever it was given as."""
    with_template(awx)
    played = launch(awx, tmp_path, task_number="40021")
    assert played.code == 0, played.out
    assert [job["extra_vars"] for job in awx.jobs] == [{"task_number": 40021}]
    assert played.one("Say which job it is").result["msg"] == "job 100: successful"


@pytest.mark.parametrize("state", ["failed", "canceled"])
def test_a_launch_fails_like_its_job(awx: Controller, tmp_path: Path, state: str) -> None:
    """Whatever way it failed."""
    with_template(awx)
    awx.ends = ("running", state)
    played = launch(awx, tmp_path)
    assert (played.code, f"job 100 ended as {state}" in played.out) == (2, True)


def test_a_launch_whose_variables_were_ignored_fails_and_is_cancelled(awx: Controller, tmp_path: Path) -> None:
    """The controller answers 201 and starts the job without them, as AWX does."""
    with_template(awx)
    played = launch(awx, tmp_path, launch_extra={"fail_on_handover": False})
    assert (played.code, awx.jobs[0]["states"]) == (2, ["canceled"])
    message = played.one("Say what was ignored").result["msg"]
    assert message.endswith('the controller ignored {"extra_vars": {"fail_on_handover": false}}')


def test_a_launch_without_a_survey_is_cancelled(awx: Controller, tmp_path: Path) -> None:
    """Somebody turned it off: the number is dropped, and the job starts with none."""
    with_template(awx, survey_enabled=False)
    played = launch(awx, tmp_path)
    assert (played.code, awx.jobs[0]["states"]) == (2, ["canceled"])
    assert '"task_number": 40021' in played.one("Say what was ignored").result["msg"]


def test_a_launch_that_the_survey_refuses_says_why(awx: Controller, tmp_path: Path) -> None:
    """AWX's own words, and no job."""
    with_template(awx)
    played = launch(awx, tmp_path, task_number=2147483648)
    assert (played.code, awx.jobs) == (2, [])
    assert "is too large (must be no more than 2147483647)" in played.out


@pytest.mark.parametrize("number", ["", "-1", "40021 or 1"])
def test_a_number_that_is_none_is_not_sent(awx: Controller, tmp_path: Path, number: str) -> None:
    """Not even the template is looked up."""
    assert (launch(awx, tmp_path, task_number=number).code, awx.asked) == (2, [])


@pytest.mark.parametrize(
    ("given", "accepted", "rejected", "errors"),
    [
        ({"task_number": 7}, {"task_number": 7}, {}, []),
        ({"task_number": 7, "x": 1}, {"task_number": 7}, {"x": 1}, []),
        ({}, {}, {}, ["'task_number' value missing"]),
        ({"x": 1}, {}, {"x": 1}, ["'task_number' value missing"]),
        ({"task_number": "7"}, {}, {"task_number": "7"}, ["Value 7 for 'task_number' expected to be an integer."]),
        ({"task_number": True}, {}, {"task_number": True}, ["Value True for 'task_number' expected to be an integer."]),
        ({"task_number": 0}, {}, {"task_number": 0}, ["'task_number' value 0 is too small (must be at least 1)."]),
    ],
)
def test_the_controller_in_here_follows_the_rule_of_awx(
    given: dict[str, Any], accepted: dict[str, Any], rejected: dict[str, Any], errors: list[str]
) -> None:
    """Accepted, ignored, refused; and everything else is accepted where variables are asked for on launch."""
    spec = cast("list[dict[str, Any]]", [INTEGER])
    assert accept_or_ignore(spec, given, ask_variables=False) == (accepted, rejected, errors)
    assert accept_or_ignore([], given, ask_variables=True) == (given, {}, [])
