// Signs in with @azure/msal-node, by a secret.
import { ConfidentialClientApplication } from "@azure/msal-node";
import { answer } from "./order.mjs";

await answer(async ({ tenant, client_id, authority, secret, scope }) => {
  const auth = { clientId: client_id, clientSecret: secret, authority: `${authority}/${tenant}` };
  auth.knownAuthorities = [new URL(authority).host];
  const client = new ConfidentialClientApplication({ auth });
  return { token: (await client.acquireTokenByClientCredential({ scopes: [scope] })).accessToken };
});
