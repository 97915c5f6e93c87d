"""What other people and the desk's workflows do in a case: to tasks, and to the credentials of an application."""

import uuid
from typing import Any

from any_scenario import Scenario
from invariants import BY_OTHERS, DONE, ESCALATION, LOGIN, QUEUE, asked_by

from spentkey_sim.entra import meddling as directory
from spentkey_sim.entra import state as entra
from spentkey_sim.faults import Fault
from spentkey_sim.ivanti import state as ivanti
from spentkey_sim.ivanti.meddling import meddle
from spentkey_sim.model import Credentials, Task


def meddling(scenario: Scenario, kind: str) -> dict[str, Any]:
    """What somebody does to a task, entered in the ledger beforehand; gives the parameters of the fault."""
    rng, world = scenario.rng, scenario.sim.holder.world
    task = rng.choice(world.ivanti.tasks)
    scenario.ledger.meddled.add(task.number)
    params: dict[str, Any] = {"task": str(task.number)}
    if kind == "move-task":
        params["team"] = rng.choice(["Servicedesk", ESCALATION])
    elif kind == "edit-task":
        params["fields"] = rng.choice([{}, {"ActualEffort": 30}, {"Details": "x"}, {"Owner": "an.other"}])
        edits = rng.choice([{}, {"SecretID": rng.choice([*scenario.made.all_keys, ""])}, {"SecretType": "Secret"}])
        params["parameters"] = edits
        _note_edits(scenario, task, edits)
    return params


def _note_edits(scenario: Scenario, edited: Task, edits: dict[str, str]) -> None:
    """Several edits may come in any order, so every mixture of old and new counts as asked."""
    for task in scenario.sim.holder.world.ivanti.tasks:
        if task.parent == edited.parent:
            asked = scenario.ledger.asked.setdefault(task.number, set())
            for request in scenario.sim.holder.world.ivanti.requests:
                if request.number == task.parent:
                    message = dict(request.parameters)
                    before = {one[1] for one in asked} | {str(message.get("SecretID") or "")}
                    keys = {edits["SecretID"]} if "SecretID" in edits else before
                    mixed = [
                        {**message, "SecretID": key, "SecretType": kind} for key in keys for kind in ("Secret", "Cert")
                    ]
                    asked |= {one for each in mixed if (one := asked_by(each.items())) is not None}


def other_people(scenario: Scenario) -> None:
    """Somebody closes, moves, edits or gives back a task, or removes a credential or registers a certificate, now."""
    what = scenario.rng.choice(
        ["close-task", "move-task", "edit-task", "give back", "remove", "remove", "reopen", "add"]
    )
    if what == "remove":
        _remove_one(scenario)
    elif what == "add":
        add_one(scenario)
    elif what == "give back":
        _give_back(scenario)
    elif what == "reopen":
        _reopen(scenario)
    else:
        params = meddling(scenario, what)
        now = scenario.sim.clock.now()
        meddle(scenario.sim.holder.world, Fault(what, "before", params), "before", params["task"], now)
        scenario.told.append(f"somebody: {what} {params}")


def _give_back(scenario: Scenario) -> None:
    world = scenario.sim.holder.world
    handed = [
        task for task in world.ivanti.tasks if task.owner_team == ESCALATION and task.number in scenario.ledger.ours
    ]
    if handed:
        task = scenario.rng.choice(handed)
        scenario.ledger.meddled.add(task.number)
        scenario.ledger.returned[task.number] += 1
        changes = {"owner_team": QUEUE, "owner": "", "status": "Logged"}
        ivanti.store(world, task, ivanti.merged(world, task, changes, "an.other", scenario.sim.clock.now()))
        scenario.told.append(f"somebody gives {task.number} back")


def _reopen(scenario: Scenario) -> None:
    """A workflow of the desk opens again what we closed, as it does when a requester answers; minutes stay."""
    world, ledger = scenario.sim.holder.world, scenario.ledger
    closed = [task for task in world.ivanti.tasks if (task.status, task.owner, task.owner_team) == (DONE, LOGIN, QUEUE)]
    closed = [task for task in closed if task.number in ledger.ours - ledger.meddled]
    if closed:
        task = scenario.rng.choice(closed)
        ledger.reopened[task.number] += 1
        changes = {"owner": "", "status": "Logged"}
        after = ivanti.merged(world, task, changes, "a workflow", scenario.sim.clock.now())
        after.read_only = False
        ivanti.store(world, task, after)
        scenario.told.append(f"a workflow opens {task.number} again")


def _remove_one(scenario: Scenario) -> None:
    sim = scenario.sim
    tenant = scenario.rng.choice([one for one in sim.holder.world.tenants if one.applications])
    app = scenario.rng.choice(tenant.applications)
    held = [
        *(("secret", one.key_id) for one in app.passwords),
        *(("certificate", one.key_id) for one in app.certificates),
    ]
    if held:
        kind, key = scenario.rng.choice(held)
        scenario.removed_by_others += 1
        old, now = Credentials(app.passwords, app.certificates), sim.clock.now()
        keep, who = entra.without(app, kind, key), f"{BY_OTHERS}-{scenario.removed_by_others}"
        entra.write(app, keep, now)
        entra.record_removals(tenant, app, old, keep, "portal", now, who)
        scenario.told.append(f"somebody removes {kind} {key}")


def add_one(scenario: Scenario) -> None:
    """Somebody registers a certificate; one that no read of ours showed may be lost with a PATCH, but not unseen."""
    sim, rng = scenario.sim, scenario.rng
    tenant = rng.choice([one for one in sim.holder.world.tenants if one.applications])
    app = rng.choice(tenant.applications)
    held = {one.certificate for one in app.certificates}
    missing = [name for name in ("old", "older", "new") if name not in held]
    if missing:
        params = adding_unseen(scenario, rng.choice(missing))
        grant = entra.Grant(tenant, "", (), sim.clock.now())
        fault = Fault("add-certificate", "before", params)
        directory.meddle(sim.holder.world, grant, fault, "before", app.app_id, sim.clock.now())
        scenario.told.append(f"somebody registers {params} on {app.app_id}")


def adding_unseen(scenario: Scenario, certificate: str = "stranger") -> dict[str, str]:
    """A certificate of somebody else, entered in the ledger beforehand; gives the parameters of the fault."""
    key = str(uuid.UUID(int=scenario.rng.getrandbits(128), version=4))
    scenario.ledger.added.add(key)
    return {"key_id": key, "certificate": certificate}
