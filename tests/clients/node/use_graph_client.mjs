// Signs in with @azure/identity and asks Graph with @microsoft/microsoft-graph-client.
import { ClientSecretCredential } from "@azure/identity";
import { Client } from "@microsoft/microsoft-graph-client";
import { answer } from "./order.mjs";

await answer(async ({ tenant, client_id, authority, secret, scope, method, path, body }) => {
  const options = { authorityHost: authority, disableInstanceDiscovery: true };
  const credential = new ClientSecretCredential(tenant, client_id, secret, options);
  const getAccessToken = async () => (await credential.getToken(scope)).token;
  const host = new URL(authority).hostname;
  const client = Client.initWithMiddleware({
    authProvider: { getAccessToken }, baseUrl: authority, customHosts: new Set([host]), defaultVersion: "v1.0",
  });
  const request = client.api(path);
  const found = method === "POST" ? await request.post(body) : await request.get();
  return { answer: found ?? null };
});
