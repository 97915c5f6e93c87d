"""The routes about tasks: what is held, how it ended, the steps, the plan; after real runs against the simulator."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from commands import fits
from evidence_store import lines_in, put_lines
from fault_rules import fault
from queue_worlds import GONE_TASK, LIVE_TASK, SECRET_TASK, UNSUPPORTED_TASK, queue_world
from real_simulator import RealSimulator
from web_support import OPERATOR, Served, served, signed
from worlds import EXPIRED_SECRET, TASK, parameters, world

from spentkey.core.task import TaskRef

TASKS = "/api/v1/tasks"
BAD_NUMBERS = ["0", "-1", "+1", "1.0", "1_0", "x", "%20", "1e3", "99999999999999999999", "٤", "null", str(2**53 + 1)]
OF_OTHERS = ["abc", "SCTASK0010001", "sales-2026-07", "007", "1.0", "1_0", "0"]
"""What some desk might call a task, and Ivanti does not."""


async def test_a_worked_task_shows_its_result(sim: RealSimulator, tmp_path: Path) -> None:
    """The object of the contract, as `run --json` prints it, with when it was put on record."""
    async with served(sim, tmp_path) as one:
        result = await one.work(TASK)
        shown = (await one.get(f"{TASKS}/{TASK}")).json
    fits(shown["last"]["result"], "result.schema.json")
    assert (shown["task"], shown["held"], shown["last"]["result"]) == (str(TASK), None, result.as_json())


async def test_results_come_in_pages_newest_first(sim: RealSimulator, tmp_path: Path) -> None:
    """Pages join without a gap or a repeat, and the last one says that there is no more."""
    numbers = (SECRET_TASK, GONE_TASK, LIVE_TASK, UNSUPPORTED_TASK)
    sim.reset(queue_world(*numbers))
    async with served(sim, tmp_path) as one:
        for number in numbers:
            await one.work(number)
        first = (await one.get(f"{TASKS}?limit=3")).json
        second = (await one.get(f"{TASKS}?limit=3&before={first['next']}")).json
        everything = (await one.get(TASKS)).json
    joined = [*first["results"], *second["results"]]
    assert [str(number) for number in reversed(numbers)] == [one["result"]["task"] for one in joined]
    assert (len(first["results"]), second["next"], everything["results"]) == (3, None, joined)
    assert all(newer["seq"] > older["seq"] for newer, older in pairwise(joined))


async def test_what_is_held_is_listed(sim: RealSimulator, tmp_path: Path) -> None:
    """In the order in which it came, with its stage."""
    async with served(sim, tmp_path) as one:
        for number in (40022, TASK):
            await one.ask("POST", TASKS, OPERATOR, json={"task": number})
        held = (await one.get(TASKS)).json["held"]
        status = (await one.get("/api/v1/status")).json
    assert [(one["task"], one["stage"]) for one in held] == [("40022", "queued"), (str(TASK), "queued")]
    assert status["held"] == {"queued": 2, "working": 0, "later": 0}


async def test_steps_are_the_evidence(sim: RealSimulator, tmp_path: Path) -> None:
    """Record by record as it stands in the file, so that hashes can be compared."""
    async with served(sim, tmp_path) as one:
        await one.work(TASK)
        steps = (await one.get(f"{TASKS}/{TASK}/steps")).json
    records = [record for record in sim.evidence() if record.get("task") == TASK]
    assert (steps["task"], steps["records"]) == (str(TASK), records)
    assert [record["what"] for record in records][:3] == ["intent", "answer", "verified"]


async def test_a_plan_says_what_would_be_done_and_writes_nothing(sim: RealSimulator, tmp_path: Path) -> None:
    """The object of `plan --json`; neither the simulator nor the evidence is written to, and no step is told."""
    async with served(sim, tmp_path) as one:
        plan = (await one.get(f"{TASKS}/{TASK}/plan")).json
        assert "spentkey_step_seconds_count" not in (await one.get("/metrics")).text
    fits({"tasks": [plan], "summary": {"fallback_would_free": 0}}, "plan.schema.json")
    assert (plan["would"], plan["key_id"]) == ("remove", EXPIRED_SECRET)
    assert (sim.writes(), sim.evidence()) == ([], [])


async def test_a_plan_says_why_not(sim: RealSimulator, tmp_path: Path) -> None:
    """A refusal with its guard, a task that does not exist, and a desk that is away."""
    sim.reset(world(parameters(SecretType="Password")))
    async with served(sim, tmp_path) as one:
        refused = (await one.get(f"{TASKS}/{TASK}/plan")).json
        unknown = (await one.get(f"{TASKS}/777/plan")).json
        sim.faults(fault("ivanti", "task-query", "503"))
        away = (await one.get(f"{TASKS}/{TASK}/plan")).json
    assert [(one["would"], one["guard"]) for one in (refused, unknown, away)] == [
        ("hand-off", "G1"),
        ("pass", None),
        ("leave", None),
    ]


@pytest.mark.parametrize("path", ["", "/steps"])
async def test_a_task_that_nothing_is_known_about_is_404(sim: RealSimulator, tmp_path: Path, path: str) -> None:
    """Neither held nor on record; Ivanti is not asked."""
    async with served(sim, tmp_path) as one:
        answer = await one.get(f"{TASKS}/777{path}")
        assert (answer.status, answer.json) == (404, {"detail": "nothing is known about task 777"})
    assert sim.journal() == []


@pytest.mark.parametrize("number", BAD_NUMBERS)
async def test_a_number_that_is_none_is_refused(sim: RealSimulator, tmp_path: Path, number: str) -> None:
    """422 for each route of a task, and nobody is asked."""
    async with served(sim, tmp_path) as one:
        for path in ("", "/steps", "/plan"):
            answer = await one.get(f"{TASKS}/{number}{path}")
            assert (answer.status, list(answer.json)) == (422, ["detail"])
    assert sim.journal() == []


@pytest.mark.parametrize("text", OF_OTHERS)
async def test_a_text_that_the_desk_cannot_have_says_what_it_has(sim: RealSimulator, tmp_path: Path, text: str) -> None:
    """422 in one line with an example, on each route of a task and from the webhook; nobody is asked, nothing is queued."""
    async with served(sim, tmp_path) as one:
        answers = [await one.get(f"{TASKS}/{text}{path}") for path in ("", "/steps", "/plan")]
        answers += [
            await one.ask("POST", TASKS, OPERATOR, json={"task": text}),
            await one.ask("POST", TASKS, signed(json.dumps({"task": text}).encode(), one.clock), json={"task": text}),
        ]
    said = f"task: {text!r} is not a task of [ivanti], such as 40021"
    assert {(answer.status, answer.json["detail"]) for answer in answers} == {(422, said)}
    assert (sim.journal(), one.engine.offered) == ([], [])


async def test_a_desk_of_texts_has_its_tasks_by_their_texts(sim: RealSimulator, tmp_path: Path) -> None:
    """In addresses, answers and the queue, in the only spelling that the desk has for them."""

    def valid(text: str) -> TaskRef:
        return TaskRef(text.upper())

    async with served(sim, tmp_path, valid=valid) as one:
        accepted = await one.ask("POST", TASKS, OPERATOR, json={"task": "sctask0010001"})
        shown = await one.get(f"{TASKS}/sctask0010001")
        steps = await one.get(f"{TASKS}/SCTASK0010001/steps")
        listed = (await one.get(TASKS)).json["held"]
    assert (accepted.status, accepted.json) == (202, {"task": "SCTASK0010001", "url": f"{TASKS}/SCTASK0010001"})
    assert (shown.json["task"], shown.json["held"]["task"]) == ("SCTASK0010001", "SCTASK0010001")
    assert (steps.json, [row["task"] for row in listed]) == (
        {"task": "SCTASK0010001", "records": []},
        ["SCTASK0010001"],
    )
    assert one.engine.offered == [TaskRef("SCTASK0010001")]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=", "before=-1", "before=x", "limit=1.5"])
async def test_a_page_that_cannot_be_is_refused(sim: RealSimulator, tmp_path: Path, query: str) -> None:
    """Limits are limits."""
    async with served(sim, tmp_path) as one:
        assert (await one.get(f"{TASKS}?{query}")).status == 422


async def test_evidence_that_does_not_verify_is_said(sim: RealSimulator, tmp_path: Path) -> None:
    """503 with the reason, on every route that reads it; nothing is shown as true."""
    async with served(sim, tmp_path) as one:
        await one.work(TASK)
        put_lines(sim.state, [*lines_in(sim.state), "{}"])
        answers = [
            await one.get(path) for path in (TASKS, f"{TASKS}/{TASK}", f"{TASKS}/{TASK}/steps", "/api/v1/status")
        ]
    assert {answer.status for answer in answers} == {503}
    assert all("does not continue the chain" in answer.json["detail"] for answer in answers)


async def pause(one: Served, path: str, why: str = "change of keys") -> object:
    """Ask for a pause or for its end."""
    return (await one.ask("POST", f"/api/v1/{path}", OPERATOR, json={"why": why})).json


async def test_a_pause_stops_everything_until_it_is_lifted(sim: RealSimulator, tmp_path: Path) -> None:
    """Tasks stay open by guard G8, in the pause's own words; then the same task is done. Both stand in the evidence."""
    async with served(sim, tmp_path) as one:
        paused = await one.ask("POST", "/api/v1/pause", OPERATOR, json={"why": "change of keys"})
        assert (paused.status, paused.json["paused"]) == (200, True)
        assert paused.json["stopped"].endswith(" by ops: change of keys")
        held = await one.work(TASK)
        assert (held.ticket.value, held.guard, held.reason) == ("open", "G8", paused.json["stopped"])
        assert (await one.get("/api/v1/status")).json["stopped"] == held.reason
        lifted = {"stopped": held.reason, "resumed": True, "lifted": ["0"], "left": []}
        assert await pause(one, "resume", "done") == lifted
        assert (await one.work(TASK)).ticket.value == "closed"
    message = [(record["what"], record["who"], record["why"]) for record in sim.evidence() if "why" in record]
    assert message == [("paused", "ops", "change of keys"), ("resumed", "ops", "done")]
    (resumed,) = [record for record in sim.evidence() if record["what"] == "resumed"]
    assert (resumed["stops"], resumed["left"]) == (["0"], [])


async def test_a_second_pause_changes_nothing(sim: RealSimulator, tmp_path: Path) -> None:
    """The first one's words stay, and there is one record."""
    async with served(sim, tmp_path) as one:
        await pause(one, "pause", "first")
        again = await one.ask("POST", "/api/v1/pause", OPERATOR, json={"why": "second"})
        assert (again.json["paused"], again.json["stopped"].endswith(": first")) == (False, True)
    assert [record["what"] for record in sim.evidence()] == ["paused"]


LOST: dict[str, Any] = {"task": TASK, "tenant": "production", "route": "removePassword", "app_id": "a", "lost": []}


async def test_the_stop_of_a_lost_survivor_is_lifted_too(sim: RealSimulator, tmp_path: Path) -> None:
    """And a pause on top of it does not hide it."""
    async with served(sim, tmp_path) as one:
        await one.service.context.evidence.append("survivor-lost", {"task": TASK, "lost": []})
        await pause(one, "pause")
        stopped = (await one.get("/api/v1/status")).json["stopped"]
        assert "another credential was lost" in stopped
        assert await pause(one, "resume") == {"stopped": stopped, "resumed": True, "lifted": ["0", "1"], "left": []}
        assert (await one.get("/api/v1/status")).json["stopped"] is None


async def test_a_pause_is_not_lost_with_the_stop_beside_it(sim: RealSimulator, tmp_path: Path) -> None:
    """It stands when the stop alone is ended, and is shown with all that it is."""
    async with served(sim, tmp_path) as one:
        await one.service.context.evidence.append("survivor-lost", LOST)
        made = await one.ask("POST", "/api/v1/pause", OPERATOR, json={"why": "change of keys"})
        assert (made.json["paused"], "change of keys" in made.json["stopped"]) == (True, True)
        shown = (await one.get("/api/v1/status")).json["stops"]
        assert [(each["id"], each["scope"]) for each in shown] == [
            ("0", "application:a"),
            ("0", "route:production/removePassword"),
            ("1", "everything"),
        ]
        ended = await one.ask("POST", "/api/v1/resume", OPERATOR, json={"why": "looked into", "stops": ["0"]})
        left = {"id": "1", "scope": "everything", "kind": "paused", "task": None, "why": "change of keys"}
        assert (ended.json["lifted"], ended.json["resumed"]) == (["0"], True)
        assert [{name: each[name] for name in left} for each in ended.json["left"]] == [left]
        assert (await one.work(TASK)).guard == "G8"


async def test_a_pause_of_somebody_else_is_another_pause(sim: RealSimulator, tmp_path: Path) -> None:
    """Whoever ends the first one does not end it."""
    async with served(sim, tmp_path) as one:
        await one.service.context.evidence.append("paused", {"who": "night shift", "why": "x"})
        again = await one.ask("POST", "/api/v1/pause", OPERATOR, json={"why": "second"})
        assert again.json["paused"] is True
        ended = await one.ask("POST", "/api/v1/resume", OPERATOR, json={"why": "done", "stops": ["0"]})
        assert [each["why"] for each in ended.json["left"]] == ["second"]


@pytest.mark.parametrize("stops", [["7"], ["0", "7"], ["0 "], [""], ["everything"]])
async def test_a_stop_that_does_not_stand_is_named_and_nothing_is_lifted(
    sim: RealSimulator, tmp_path: Path, stops: list[str]
) -> None:
    """404, by its id."""
    async with served(sim, tmp_path) as one:
        await pause(one, "pause")
        refused = await one.ask("POST", "/api/v1/resume", OPERATOR, json={"why": "x", "stops": stops})
        assert refused.status == 404
        assert "no stop has the id" in refused.json["detail"]
        assert [each["id"] for each in (await one.get("/api/v1/status")).json["stops"]] == ["0"]


@pytest.mark.parametrize("stops", [[], [7], "0", {"0": 1}])
async def test_stops_are_a_list_of_texts(sim: RealSimulator, tmp_path: Path, stops: object) -> None:
    """422, and nothing is lifted: an empty list is no "all"."""
    async with served(sim, tmp_path) as one:
        await pause(one, "pause")
        refused = await one.ask("POST", "/api/v1/resume", OPERATOR, json={"why": "x", "stops": stops})
        assert (refused.status, len(sim.evidence())) == (422, 1)


async def test_a_stop_that_comes_at_the_same_moment_is_not_lifted(sim: RealSimulator, tmp_path: Path) -> None:
    """409: it was made after this request had read what stands, and before anything was on record."""
    async with served(sim, tmp_path) as one:
        await pause(one, "pause")
        evidence = one.service.context.evidence
        append = evidence.append_unless

        async def just_before(*arguments: Any) -> Any:
            await evidence.append("survivor-lost", LOST)
            return await append(*arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(evidence, "append_unless", just_before)
            refused = await one.ask("POST", "/api/v1/resume", OPERATOR, json={"why": "done"})
        assert refused.status == 409
        assert "what nobody has seen is not lifted" in refused.json["detail"]
        assert [record["what"] for record in sim.evidence()] == ["paused", "survivor-lost"]


async def test_nothing_to_lift_leaves_no_record(sim: RealSimulator, tmp_path: Path) -> None:
    """As with the command."""
    async with served(sim, tmp_path) as one:
        assert await pause(one, "resume") == {"stopped": None, "resumed": False, "lifted": [], "left": []}
    assert sim.evidence() == []


@pytest.mark.parametrize("path", ["pause", "resume"])
@pytest.mark.parametrize(
    "body",
    ["", "{}", '{"why": ""}', '{"why": " \\u200b"}', '{"why": 1}', '{"why": "x", "who": "y"}', '["x"]', "[" * 999],
)
async def test_without_a_reason_nothing_is_paused_or_lifted(
    sim: RealSimulator, tmp_path: Path, path: str, body: str
) -> None:
    """422, and no record."""
    async with served(sim, tmp_path) as one:
        assert (await one.ask("POST", f"/api/v1/{path}", OPERATOR, data=body)).status == 422
    assert sim.evidence() == []
