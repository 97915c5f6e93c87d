// Signs in with @azure/identity, by a secret, a certificate or a federated token.
import { ClientAssertionCredential, ClientCertificateCredential, ClientSecretCredential } from "@azure/identity";
import { answer } from "./order.mjs";

function credential({ tenant, client_id, authority, secret, pem, assertion }) {
  const options = { authorityHost: authority, disableInstanceDiscovery: true };
  if (pem) return new ClientCertificateCredential(tenant, client_id, { certificatePath: pem }, options);
  if (assertion) return new ClientAssertionCredential(tenant, client_id, async () => assertion, options);
  return new ClientSecretCredential(tenant, client_id, secret, options);
}

await answer(async (order) => ({ token: (await credential(order).getToken(order.scope)).token }));
