"""The floor: the same requests as Spentkey's in the same order, by a script that was told every id beforehand.

It has no guards, no evidence, no retries and no checks but the status of each answer. One removal and out, or with
`--warm` one after another in one process.
"""

import argparse
import asyncio
import json
import os
import ssl
from pathlib import Path
from typing import Any

import aiohttp

from bench.loop import measured_loop

ODATA = "/api/odata/businessobject"
WITH_KEYS = {"$select": "id,appId,displayName,passwordCredentials,keyCredentials,tokenEncryptionKeyId"}
"""Graph answers 150 of these a minute and tenant, so only a certificate's signer is looked for with one."""
KEYS_EVERY_S = 60 / 142

Order = dict[str, Any]


class Bare:
    """The requests of a removal; the automation's token is got once."""

    def __init__(self, order: Order, session: aiohttp.ClientSession) -> None:
        self.order, self.session = order, session
        self.desk = {"Authorization": f"rest_api_key={order['desk_key']}", "Accept": "application/json"}
        self.vault = {"APIKey": order["vault_key"], "Accept": "application/json, */*"}
        self.graph: dict[str, str] = {}
        self.keys_until = 0.0

    async def send(self, method: str, url: str, headers: dict[str, str], **more: Any) -> bytes:
        """One request; any status but a success ends the script."""
        async with self.session.request(method, url, headers=headers, **more) as response:
            body = await response.read()
            if not 200 <= response.status < 300 and response.status != 404:
                raise SystemExit(f"{method} {url}: {response.status} {body[:200]!r}")
            return body

    async def remove(self, one: dict[str, Any]) -> None:
        """One removal, from ticket to close."""
        await self.ticket(one)
        if not self.graph:
            await self.sign_in()
        await self.look(one)
        headers, body, action = self.graph, {"keyId": one["key_id"]}, "removePassword"
        if one["kind"] == "certificate":
            headers, proof = await self.sign(one)
            body, action = {**body, "proof": proof}, "removeKey"
        await self.ticket(one)
        await self.look(one)
        where = f"{self.order['entra']}/v1.0/applications/{one['object_id']}"
        await self.send("POST", f"{where}/{action}", headers, json=body)
        for _ in range(self.order["reads"]):
            await asyncio.sleep(self.order.get("interval", 0))  # noqa: TID251  # a script has no clock to pass in
            json.loads(await self.send("GET", where, self.graph))
        await self.close(one)

    async def sign_in(self) -> None:
        """The automation's token."""
        entry = (await self.search(8620, {"title": f'"{self.order["entry"]}"'}))[0]
        secret = {"client_id": entry["UserName"], "client_secret": entry["Password"]}
        self.graph = {"Authorization": f"Bearer {await self.token(secret)}"}

    async def ticket(self, one: dict[str, Any]) -> None:
        """The task and its parameters."""
        await self.find(one)
        where = f"ParentLink_RecID eq '{one['request_rec_id']}'"
        url = f"{self.order['ivanti']}{ODATA}/ServiceReqParams"
        json.loads(await self.send("GET", url, self.desk, params={"$filter": where, "$top": "100"}))

    async def find(self, one: dict[str, Any]) -> None:
        """The task by its number."""
        url = f"{self.order['ivanti']}{ODATA}/Task__Assignments"
        where = f"AssignmentID eq {one['task']}"
        json.loads(await self.send("GET", url, self.desk, params={"$filter": where, "$top": "100"}))

    async def search(self, in_list: int, query: dict[str, str]) -> list[dict[str, Any]]:
        """Entries of a list of the vault."""
        url = f"{self.order['passwordstate']}/api/searchpasswords/{in_list}"
        return json.loads(await self.send("GET", url, self.vault, params=query))

    async def token(self, proof: dict[str, str]) -> str:
        """A token by client credentials."""
        form = {**proof, "grant_type": "client_credentials", "scope": f"{self.order['entra']}/.default"}
        return json.loads(await self.send("POST", self.endpoint(), {}, data=form))["access_token"]

    def endpoint(self) -> str:
        """Where tokens are got."""
        return f"{self.order['entra']}/{self.order['tenant']}/oauth2/v2.0/token"

    async def look(self, one: dict[str, Any]) -> None:
        """Application and service principal in one batch."""
        key = f"(appId='{one['app_id']}')"
        reads = [
            {"id": "1", "method": "GET", "url": f"/applications{key}"},
            {"id": "2", "method": "GET", "url": f"/servicePrincipals{key}"},
        ]
        json.loads(await self.send("POST", f"{self.order['entra']}/v1.0/$batch", self.graph, json={"requests": reads}))

    async def sign(self, one: dict[str, Any]) -> tuple[dict[str, str], str]:
        """The application's own token and the proof of possession, both signed with the PFX from the vault."""
        from bench import bare_sign  # noqa: PLC0415  # a script for secrets would not import what signs

        await self.room_for_keys()
        where = f"{self.order['entra']}/v1.0/applications/{one['object_id']}"
        json.loads(await self.send("GET", where, self.graph, params=WITH_KEYS))
        entry = (await self.search(6691, {"search": one["app_id"]}))[0]
        login = (await self.search(8620, {"title": f'"{self.order["database"]["entry"]}"'}))[0]
        document = await asyncio.to_thread(bare_sign.document_id, self.order["database"], login, entry["PasswordID"])
        url = f"{self.order['passwordstate']}/api/document/password/{document}"
        signer = bare_sign.Signer(await self.send("GET", url, self.vault), entry["Password"])
        bearer = await self.token(
            {
                "client_id": one["app_id"],
                "client_assertion": signer.assertion(one["app_id"], self.endpoint()),
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            }
        )
        return {"Authorization": f"Bearer {bearer}"}, signer.proof(one["object_id"])

    async def room_for_keys(self) -> None:
        """Six reads with keys at once, and 142 a minute: who sends more is refused."""
        now = asyncio.get_running_loop().time()
        at = max(now, self.keys_until - 5 * KEYS_EVERY_S)
        self.keys_until = max(self.keys_until, at) + KEYS_EVERY_S
        await asyncio.sleep(at - now)  # noqa: TID251  # a script has no clock to pass in

    async def close(self, one: dict[str, Any]) -> None:
        """Note and close, each read back."""
        await self.find(one)
        note = {
            "Subject": "Expired credential removed",
            "NotesBody": f"Expired secret for {one['name']} removed",
            "Category": "Status Update",
            "ParentLink_RecID": one["task_rec_id"],
            "ParentLink_Category": "Task.Assignment",
        }
        notes = f"{self.order['ivanti']}{ODATA}/Journal__Notess"
        made = json.loads(await self.send("POST", notes, self.desk, json=note))
        json.loads(await self.send("GET", f"{notes}('{made['RecId']}')", self.desk))
        task = f"{self.order['ivanti']}{ODATA}/Task__Assignments('{one['task_rec_id']}')"
        change = {"Status": "Completed", "Owner": self.order["login_id"], "ActualEffort": 1}
        await self.send("PATCH", task, self.desk, json=change)
        json.loads(await self.send("GET", task, self.desk))


async def in_step(bare: Bare, order: Order, every_s: float) -> None:
    """All removals of the job, one begun every so many seconds; each goes on by itself."""
    await bare.sign_in()
    begun: list[asyncio.Task[None]] = []
    clock = asyncio.get_running_loop().time
    first = clock()
    for number, one in enumerate(order["removals"]):
        await asyncio.sleep(max(0.0, first + number * every_s - clock()))  # noqa: TID251
        begun.append(asyncio.create_task(bare.remove(one)))
    await asyncio.gather(*begun)


async def main(order: Order, *, warm: bool, every_s: float | None = None) -> None:
    """The first removal of the job, or all of them."""
    context = ssl.create_default_context(cafile=order["ca"])
    os.environ["SSL_CERT_FILE"] = order["ca"]  # for the database driver
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, limit=256)) as session:
        bare = Bare(order, session)
        if every_s is not None:
            await in_step(bare, order, every_s)
        elif warm:
            await measured_loop(order["removals"], bare.remove)
        else:
            await bare.remove(order["removals"][0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("order", type=Path)
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--every", type=float, metavar="S", help="begin one every S seconds, several at a time")
    given = parser.parse_args()
    asyncio.run(main(json.loads(given.order.read_text("utf-8")), warm=given.warm, every_s=given.every))
